"""A comparison is the same setup with several optimizers and schedules, each over the same seeds: not one run each.

Every run has a folder of its own, and runs go on in parallel, one per core. What is finished is not run again.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ..extras import install
from . import folder as run_folder
from .limits import RANGES
from .lock import alone
from .results import Result, folder_name, paired, summary
from .setup import Setup
from .steps import check_kinds

MOST = 10_000
"""Runs of a comparison; more are a slip of the hand."""
PATIENCE = 5
"""Seconds that a run may take to be saved when nobody waits for it any more."""
SWEPT = ("batch_size", *(name for name in RANGES if name != "test_fraction"))
"""The numbers of a setup that a comparison may take several of."""
Run = tuple[Path, Setup, bool, tuple[str, ...]]  # its folder, its setup, whether to begin anew, what of its steps
Spread = Callable[[Callable[[Run], Result], Sequence[Run]], Iterable[Result]]


def compare(
    out: str | Path,
    setup: Setup,
    optimizers: Sequence[str],
    seeds: Sequence[int],
    schedules: Sequence[str] = (),
    jobs: int = -1,
    overwrite: bool = False,
    after_run: Callable[[str, Result], None] = lambda name, found: None,
    spread: Spread | None = None,
    about: Callable[[str], None] = lambda line: None,
    sweep: Mapping[str, Sequence[Any]] | None = None,
    steps: Sequence[str] = (),
) -> Result:
    """Runs every optimizer with every schedule and seed, in out/runs/NAME; the results as JSON takes them.

    `sweep` gives several values of some of SWEPT, as {"lr": [0.1, 0.2]}: every run is made with each, and each with all
    of the others. `steps` is what `folder.begin` records of every step.

    `jobs` processes at a time, -1 for one per core; or wherever `spread` maps the runs, as `cluster.workers` does.
    `about` hears a line on the user's own data.
    Raises ImportError without joblib and filelock (the extra `data`); RuntimeError if another process works in `out`;
    ValueError if out/runs holds a run of another setup, or for more than MOST runs. With `overwrite`, every run begins
    anew in its folder.

    {"data", "model", "epochs", "seeds", "setup", "sweep", "runs": [{"optimizer", "seed", "cell", "history"}],
    "summary", "paired", "failed": [{"optimizer", "seed", "cell", "problem"}]}; "optimizer" is a label, with what is not
    the same for all, and "cell" says the same by name; a run whose loss is not finite is in "failed" and nowhere else.
    """
    check_kinds(steps)
    cells = planned(setup, optimizers, schedules, sweep or {})
    if len(cells) * len(seeds) > MOST:
        raise ValueError(f"seeds: expected at most {MOST} runs, got {len(cells)} times {len(seeds)}")
    runs = [(label, replace(cell, seed=seed)) for label, cell in cells.items() for seed in seeds]
    places = [Path(out).absolute() / "runs" / folder_name(label, one.seed) for label, one in runs]
    _try(cells.values(), about)
    with alone(out):
        for (_, one), place in zip(runs, places, strict=True):
            if not overwrite and (place / "setup.json").exists():
                _expect(place, one, run_folder.read_setup(place))
        asked = [(place, one, overwrite, tuple(steps)) for (_, one), place in zip(runs, places, strict=True)]
        return _gather(setup, sweep or {}, cells, runs, (spread or on_cores(jobs))(_finish, asked), after_run)


def planned(
    setup: Setup, optimizers: Sequence[str], schedules: Sequence[str], sweep: Mapping[str, Sequence[Any]]
) -> dict[str, Setup]:
    """The setup of every label, with the first seed.  Raises ValueError for what cannot be swept, or is there twice."""
    for name, values in sweep.items():
        if name not in SWEPT or not values:
            raise ValueError(f"{name}: expected one of {', '.join(SWEPT)}, with its values, got {values!r}")
        if len({str(value) for value in values}) < len(values):
            raise ValueError(f"{name}: expected values that differ, got {', '.join(map(str, values))}")
    cells = {}
    for optimizer, schedule, *values in product(optimizers, schedules or [setup.schedule], *sweep.values()):
        changes = dict(zip(sweep, values, strict=True))
        label = [optimizer, *([schedule] if len(schedules) > 1 else [])]
        label += [f"{name}={'none' if value is None else value}" for name, value in changes.items()]
        cells[" ".join(label)] = replace(setup, optimizer=optimizer, schedule=schedule, **changes)
    return cells


def _try(cells: Iterable[Setup], about: Callable[[str], None]) -> None:
    """Raises what is wrong with what is the user's own before any run begins, and says what his data are."""
    one_each = {cell.optimizer: cell for cell in cells if cell.owns}
    images = None
    for cell in one_each.values():
        if images is None:
            images = cell.load()
            if cell.own_data:
                about(images.line())
        replace(cell, device="cpu").build(images, np.random.default_rng(cell.seed))


def on_cores(jobs: int) -> Spread:
    """Maps runs over `jobs` processes of this machine, -1 for one per core.  Raises ImportError without joblib.

    They end with this process, however it ends.
    """
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise ImportError(f"runs go in parallel through joblib: {install('data')}") from error
    options = {"return_as": "generator", "batch_size": 1, "pre_dispatch": "n_jobs"}
    parallel = Parallel(jobs, "loky", **options, initializer=_end_with, initargs=(os.getpid(),))
    return lambda function, runs: parallel(delayed(function)(run) for run in runs)


def _gather(
    setup: Setup,
    sweep: Mapping[str, Sequence[Any]],
    cells: dict[str, Setup],
    runs: list[tuple[str, Setup]],
    histories: Iterable[Result],
    after_run: Callable[[str, Result], None],
) -> Result:
    """What `compare` returns, from the results of its runs in their order."""
    results: list[Result] = []
    failed: list[Result] = []
    for (label, one), found in zip(runs, histories, strict=True):
        after_run(f"{label} seed {one.seed}", found)
        cell = {"optimizer": one.optimizer, "schedule": one.schedule, **{name: getattr(one, name) for name in sweep}}
        row = {"optimizer": label, "seed": one.seed, "cell": {**cell, "lr": one.rate}, **found}
        (failed if "problem" in found else results).append(row)
    finished = [label for label in cells if any(run["optimizer"] == label for run in results)]
    common = {key: value for key, value in setup.as_dict().items() if key not in ("optimizer", "seed")}
    return {
        "data": setup.data_name,
        "model": setup.model,
        "epochs": setup.epochs,
        "seeds": list(dict.fromkeys(one.seed for _, one in runs)),
        "setup": common,
        "sweep": {name: list(values) for name, values in sweep.items()},
        "runs": results,
        "failed": failed,
        "summary": [summary(label, results) for label in finished],
        "paired": [paired(label, finished[0], results) for label in finished[1:]],
    }


def _finish(run: Run) -> Result:
    """{"history"} of a run, finished if it is not yet; {"problem"} if its loss is not finite."""
    place, setup, overwrite, steps = run
    written = None if overwrite else run_folder.read_history(place)
    if written is None or not written["done"]:
        try:
            if overwrite or not (place / "setup.json").exists():
                run_folder.begin(place, setup, overwrite, steps=steps)
            else:
                run_folder.go_on(place, steps=steps)
        except FloatingPointError as error:
            return {"problem": str(error)}
        written = run_folder.read_history(place)
    assert written is not None
    _expect(place, setup, Setup.from_dict(written["setup"]))
    return {"history": written["history"]}


def _expect(place: Path, wanted: Setup, found: Setup) -> None:
    """Raises ValueError if a folder holds a run of another setup, but for where its images lie."""
    if replace(found, folder=wanted.folder, device=wanted.device) != wanted:
        raise ValueError(f"--out: {place} holds a run of another setup; choose another folder, or say --overwrite")


def _end_with(parent: int) -> None:
    """From now on this process, a child of `parent`, ends when that does, its run saved, its queue left."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        for _ in range(4):  # a run is saved, a process that waits for one ends; one may begin that was in the queue
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(PATIENCE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
