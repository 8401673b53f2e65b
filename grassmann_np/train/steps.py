"""What happens in every step, on request: a row of steps.csv, or numbers for TensorBoard in events/, in a run folder.

    step, epoch         from 1 on
    loss                of the batch, before the step
    rate                of the optimizer's first group: the normalized weights
    norm, angle, ...    of the scale-invariant weights, as train/monitor.py has them

They are written when the run is saved, before its checkpoint; a run that goes on cuts off what is later than that.
To know the loss and the angle of a step is to wait for them, which makes it slower, on a GPU much.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..extras import install
from ..files import beside
from .loop import Trainer, present_rate

KINDS = {"csv": "steps.csv", "tensorboard": "events"}
"""What may be asked for, and where it lies in a run folder."""
Row = dict[str, Any]


def check_kinds(kinds: Sequence[str]) -> None:
    """Raises ValueError unless all are in KINDS, ImportError for TensorBoard's without tensorboardX."""
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ValueError(f"steps: expected some of {', '.join(KINDS)}, got {unknown[0]!r}")
    if "tensorboard" in kinds:
        _writer()


def going_on(folder: Path, kinds: Sequence[str]) -> list[str]:
    """These kinds, and those of which this run folder holds a record already."""
    there = {"csv": (folder / KINDS["csv"]).exists(), "tensorboard": bool(_events(folder))}
    return [kind for kind in KINDS if kind in kinds or there[kind]]


@contextmanager
def recorded(folder: Path, kinds: Sequence[str], trainer: Trainer) -> Iterator[Record]:
    """The record of a training in this folder, of these kinds."""
    record = Record(folder, kinds, trainer)
    try:
        yield record
    finally:  # a loss that is not finite: how it came to that is what one wants to see
        record.save(trainer)
        if record.events is not None:
            record.events.close()


class Record:
    """Steps on their way into the files of a run folder."""

    def __init__(self, folder: Path, kinds: Sequence[str], trainer: Trainer) -> None:
        self.path = folder / KINDS["csv"] if "csv" in kinds else None
        self.rows: list[Row] = []
        self.epochs = len(trainer.history)  # that are in the events
        self.events: Any = None
        if self.path is not None and self.path.exists():
            _cut(self.path, trainer.step)
        if "tensorboard" in kinds:
            self.events = _writer()(str(folder / KINDS["tensorboard"]), purge_step=trainer.step + 1)
        self.wanted = trainer.every_step = bool(kinds)

    def step(self, trainer: Trainer) -> None:
        """One more step."""
        if self.wanted:
            row = {"step": trainer.step, "epoch": len(trainer.history) + 1, "loss": trainer.loss}
            self.rows.append(row | present_rate(trainer.optimizer) | trainer.measured)

    def save(self, trainer: Trainer) -> None:
        """Writes what came since the last time."""
        rows, self.rows = self.rows, []
        if self.path is not None and rows:
            text = _text(rows, header=not self.path.exists())
            with self.path.open("a", encoding="utf-8", newline="") as file:
                file.write(text)
        if self.events is not None:
            self._tell(rows, trainer)

    def _tell(self, rows: Sequence[Row], trainer: Trainer) -> None:
        for row in rows:
            for name in row.keys() - {"step", "epoch"}:
                self.events.add_scalar(f"step/{name}", row[name], row["step"])
        for epoch in range(self.epochs, len(trainer.history)):
            for name, numbers in trainer.history.as_dict().items():
                self.events.add_scalar(f"epoch/{name}", numbers[epoch], (epoch + 1) * trainer.steps_per_epoch)
        self.epochs = len(trainer.history)
        self.events.flush()


def forget_events(folder: Path) -> None:
    """Removes what was written for TensorBoard in this run folder, and nothing else."""
    for path in _events(folder):
        path.unlink()
    with suppress(OSError):  # there is none, or something else is in it
        (folder / KINDS["tensorboard"]).rmdir()


def _events(folder: Path) -> list[Path]:
    return list((folder / KINDS["tensorboard"]).glob("events.out.tfevents.*"))


def _writer() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ImportError(f"TensorBoard's files need tensorboardX: {install('tensorboard')}") from error
    return SummaryWriter


def _text(rows: Sequence[Row], header: bool) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    if header:
        table.writeheader()
    table.writerows(rows)
    return out.getvalue()


def _cut(path: Path, last: int) -> None:
    """Leaves the rows up to step `last`; a kill may have come after a later one was written, or while it was."""
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    numbers = [int(number) if (number := row.partition(",")[0]).isdecimal() else last + 1 for row in rows]
    kept = [row for row, number in zip(rows, numbers, strict=True) if number <= last and row.endswith("\n")]
    if not kept:
        path.unlink()  # the next row brings a header
    elif len(kept) < len(rows):
        with beside(path) as part:
            part.write_text("".join([header, *kept]), encoding="utf-8")
