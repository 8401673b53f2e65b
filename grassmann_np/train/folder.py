"""A run folder holds one training: its setup, its last checkpoint, and its history as JSON and CSV.

    setup.json        what was asked for, complete            checkpoint.npz    where it is
    history.json      what was measured; "done" at the end    history.csv       the same, a row an epoch
    steps.csv         on request, a row a step                events/           the same for TensorBoard (steps.py)

Every epoch ends with a new checkpoint. A training stopped at any moment, even by kill -9, goes on from the last one
to the same bits as if it had not been stopped. One process at a time writes into the folder (lock.py).
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from ..files import beside, check_target, read_json, write_json
from . import checkpoint
from .lock import alone, is_empty
from .loop import Trainer
from .setup import Generators, Setup
from .steps import check_kinds, forget_events, going_on, recorded

Callback = Callable[[Trainer], None]
FILES = ("setup.json", "checkpoint.npz", "history.json", "history.csv", "steps.csv")
STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
MAY_CHANGE = ("epochs", "lr", "folder", "device")
"""What a run may go on with anew: for longer, at another rate, with its images elsewhere, on another device."""


def may_change(setup: Setup) -> tuple[str, ...]:
    """MAY_CHANGE, and where one's own data lie."""
    return (*MAY_CHANGE, "data") if setup.own_data else MAY_CHANGE


class Stopped(KeyboardInterrupt):
    """Ctrl-C, SIGTERM or SIGHUP came; the step was finished and the run saved."""


def begin(
    folder: str | Path,
    setup: Setup,
    overwrite: bool = False,
    after_step: Callback = lambda trainer: None,
    after_epoch: Callback = lambda trainer: None,
    steps: Sequence[str] = (),
) -> Trainer:
    """Makes the folder and runs the training from beginning to end; otherwise as `go_on`.

    `steps` names some of steps.KINDS, for a record of every step. Raises ValueError if the folder holds anything,
    unless `overwrite`, and as steps.check_kinds. Nothing is written or lost unless data, model and optimizer can be
    made.
    """
    folder = Path(folder)
    _check(folder, overwrite)
    check_kinds(steps)
    trainer, generators = setup.start()
    with alone(folder):
        _check(folder, overwrite)  # while the images were read, another may have been faster
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        forget_events(folder)
        write_json(folder / "setup.json", setup.as_dict())
        return _run(folder, setup, trainer, generators, after_step, after_epoch, steps)


def go_on(
    folder: str | Path,
    after_step: Callback = lambda trainer: None,
    after_epoch: Callback = lambda trainer: None,
    change: Mapping[str, Any] | None = None,
    steps: Sequence[str] = (),
) -> Trainer:
    """Runs the training of this folder to its end, from its checkpoint if there is one, and returns its trainer.

    `change` gives some of `may_change` anew; `steps` adds to what is recorded of every step. Raises RuntimeError if
    another process trains there, Stopped after Ctrl-C; as steps.check_kinds; ValueError for another `change`, or if
    setup or checkpoint cannot be read or do not belong together; FloatingPointError as Trainer.run.
    """
    folder, change = Path(folder), change or {}
    check_kinds(steps)
    steps = going_on(folder, steps)
    check_kinds(steps)
    allowed = may_change(read_setup(folder))  # before a lock is laid into a folder that holds no run
    if wrong := [name for name in change if name not in allowed]:
        raise ValueError(f"{wrong[0]}: a run goes on with the same; only {', '.join(allowed)} may be given anew")
    with alone(folder):
        setup = replace(read_setup(folder), **change)
        there = (folder / "checkpoint.npz").exists()
        trainer, generators = (replace(setup, weights=None) if there else setup).start()
        if there:
            tree = checkpoint.load(folder / "checkpoint.npz")
            written = Setup.from_dict(tree["setup"])
            changed = [key for key, value in written.as_dict().items() if value != setup.as_dict()[key]]
            if changed := [key for key in changed if key not in may_change(written)]:
                raise ValueError(
                    f"{folder}: setup.json and checkpoint.npz are of two runs, with another "
                    f"{', '.join(changed)}; put setup.json back as it was, or say --overwrite"
                )
            checkpoint.restore(trainer, generators, tree)
            if setup.lr != written.lr:
                setup.set_rate(trainer.optimizer)
            if len(trainer.history) > setup.epochs:
                raise ValueError(f"epochs: expected at least the {len(trainer.history)} done, got {setup.epochs}")
        if change:
            write_json(folder / "setup.json", setup.as_dict())
        _save_history(folder, trainer, setup)  # a kill may have come after the checkpoint and before this
        return _run(folder, setup, trainer, generators, after_step, after_epoch, steps)


def _check(folder: Path, overwrite: bool) -> None:
    """Raises ValueError or OSError unless a run may begin in this folder."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--out: expected a folder, got the file {folder}")
    if folder.exists() and not is_empty(folder) and not overwrite:
        raise ValueError(f"--out: {folder} is not empty; choose another folder, or say --resume or --overwrite")
    for name in FILES:
        check_target(folder / name)


def _run(
    folder: Path,
    setup: Setup,
    trainer: Trainer,
    generators: Generators,
    after_step: Callback,
    after_epoch: Callback,
    steps: Sequence[str],
) -> Trainer:
    """Runs the trainer to its end, saving after every epoch, and returns it."""

    def save(trainer: Trainer) -> None:
        record.save(trainer)
        _save(folder, trainer, generators, setup)

    def save_epoch(trainer: Trainer) -> None:
        save(trainer)
        after_epoch(trainer)

    with recorded(folder, steps, trainer) as record, _finishing_the_step() as interrupted:

        def check(trainer: Trainer) -> None:
            record.step(trainer)
            after_step(trainer)
            if interrupted:
                save(trainer)
                raise Stopped

        trainer.run(check, save_epoch)
    return trainer


def read_setup(folder: str | Path) -> Setup:
    """The setup of a run folder.  Raises ValueError if there is none or it cannot be read."""
    path = Path(folder) / "setup.json"
    if not path.exists():
        raise ValueError(f"{path}: expected the setup of a run, got no such file")
    values = read_json(path)
    try:
        return Setup.from_dict(values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected the setup of a run: {error}") from error


def read_history(folder: str | Path) -> dict[str, Any] | None:
    """What history.json holds, {"done", "setup", "history"}, or None if there is none.

    Raises ValueError if it cannot be read.
    """
    path = Path(folder) / "history.json"
    if not path.exists():
        return None
    found = read_json(path)
    if set(found) != {"done", "setup", "history"}:
        raise ValueError(f"{path}: expected the history of a run, got {sorted(found)}")
    return found


def _save(folder: Path, trainer: Trainer, generators: Generators, setup: Setup) -> None:
    checkpoint.save(folder / "checkpoint.npz", trainer, generators, setup.as_dict())
    _save_history(folder, trainer, setup)


def _save_history(folder: Path, trainer: Trainer, setup: Setup) -> None:
    done = len(trainer.history) == trainer.epochs
    write_json(folder / "history.json", {"done": done, "setup": setup.as_dict(), "history": trainer.history.as_dict()})
    with beside(folder / "history.csv") as part:
        part.write_text(trainer.history.as_csv(), encoding="utf-8")


@contextmanager
def _finishing_the_step() -> Iterator[list[int]]:
    """Turns Ctrl-C, SIGTERM and SIGHUP into an entry of the list: no step is cut in two.  A second stops at once.

    What the program ignores, as SIGHUP under nohup, stays ignored.
    """
    pressed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before: dict[int, Any] = {}
    try:
        for number in STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, note)
    except ValueError:  # not the main thread: no signal comes here
        pass
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
