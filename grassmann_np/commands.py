"""The commands of `python -m grassmann_np`: train, compare, evaluate, export, lessons and recipes."""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from . import lessons
from .extras import install
from .files import beside, check_target, write_json
from .options import NONE, Action, parser
from .terminal import answer, called, describe, say, waiting
from .train import Setup, Trainer, compare, evaluate, recipes, table, weights
from .train import checkpoint as checkpoints
from .train import folder as runs
from .train.cluster import workers
from .train.compare import MOST, SWEPT, planned
from .train.limits import DATA, RATES, SCHEDULES
from .train.own import is_own
from .train.progress import Progress
from .train.results import as_csv

MOST_JOBS = 256
BARE = (["train"], ["compare"], ["evaluate"], ["export"], ["lessons"])
"""Words that are answered with help."""


class UsageError(ValueError):
    """A command line that makes no sense."""


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 when done, 1 when something failed, 2 for a wrong command line, 130 after Ctrl-C or SIGTERM.

    What cannot be printed is no failure where the results are in files.
    """
    words = sys.argv[1:] if arguments is None else arguments
    options = argparse.Namespace(action=None)
    try:
        line = parser(ACTIONS)
        options = line.parse_args([*words, "--help"] if words in BARE else words)
        if options.action is None:
            line.print_help()
            return 0
        result: int = options.action(options, called(shlex.join(["python", "-m", "grassmann_np", *words])))
        return result
    except runs.Stopped:
        say(f"grassmann_np: stopped after a step and saved; go on with\n  {_again(options, words)}", sys.stderr)
        return 130
    except KeyboardInterrupt:
        how = f"; go on with\n  {_again(options, words)}" if options.action in (_train, _compare) else ""
        say(f"grassmann_np: stopped{how}", sys.stderr)
        return 130
    except (ValueError, RuntimeError, FloatingPointError, ImportError, MemoryError, OSError) as error:
        say(f"grassmann_np: {describe(error)}", sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


def _again(options: argparse.Namespace, words: list[str]) -> str:
    """The command that goes on with what was stopped."""
    if options.action is _train and (Path(options.out) / "setup.json").exists():
        words = ["train", "--resume", "--out", options.out]
    words = [word for word in words if word != "--overwrite"]
    return called(shlex.join(["python", "-m", "grassmann_np", *words]))


def _train(options: argparse.Namespace, command: str) -> int:
    changes = {}
    if options.resume:
        changes = _changes(options, runs.MAY_CHANGE)
        if given := [option for name, option in _given(options).items() if name not in changes]:
            raise UsageError(f"--resume: the setup is that of {options.out}; leave out {', '.join(given)}")
        setup = replace(runs.read_setup(options.out), **changes)
    else:
        setup = _setup(options)
    _fetch(setup, options)
    with Progress(setup.optimizer, options.quiet, about=setup.own_data) as progress:
        calls = progress.step, progress.epoch
        trainer = (
            runs.go_on(options.out, *calls, changes, options.log_steps)
            if options.resume
            else runs.begin(options.out, setup, options.overwrite, *calls, options.log_steps)
        )
    say(f"{setup.model} on {setup.data_name} with {setup.optimizer}: {trainer.history.line()}", sys.stdout)
    say(f"setup, history and checkpoint in {options.out}", sys.stdout)
    return 0


def _fetch(setup: Setup, options: argparse.Namespace) -> None:
    """Fetches the images if --download says so; a bar shows it."""
    if options.download:
        with waiting(f"fetching {setup.data_name}, or checking what is there", options.quiet):
            setup.load(download=True)


def _compare(options: argparse.Namespace, command: str) -> int:
    out, sweep = Path(options.out), _sweep(options)
    optimizers = _several("optimizers", options.optimizers, tuple(RATES), own=True)
    options.optimizer = optimizers[0]  # whose setup is tried; the default is none of them, perhaps
    schedules = _several("schedules", options.schedules, SCHEDULES) if options.schedules is not None else []
    setup = _setup(options)
    try:
        runs_in_all = len(planned(setup, optimizers, schedules, sweep)) * options.seeds
    except ValueError as error:
        raise UsageError(error) from error
    if not 1 <= options.seeds <= MOST:
        raise UsageError(f"--seeds: expected at least 1 and at most {MOST}, got {options.seeds}")
    if options.jobs != -1 and not 1 <= options.jobs <= MOST_JOBS:
        raise UsageError(f"--jobs: expected -1, or 1 to {MOST_JOBS}, got {options.jobs}")
    if (options.backend == "dask") != (options.scheduler is not None):
        raise UsageError("--backend dask and --scheduler HOST:PORT go together")
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: expected a folder, got the file {out}")
    for name in ("results.json", "results.csv", "comparison.png"):  # before hours of work, not after them
        check_target(out / name)
    _fetch(setup, options)
    done, before = 0, ExitStack()

    def after_run(name: str, found: dict[str, Any]) -> None:
        nonlocal done
        done += 1
        before.close()
        said = found.get("problem") or f"test error {100 * found['history']['test_error'][-1]:5.2f} %"
        about(f"{done} of {runs_in_all}  {name}  {said}")

    def about(line: str) -> None:
        if not options.quiet:
            say(line, sys.stderr)

    seeds = range(setup.seed, setup.seed + options.seeds)
    before.enter_context(waiting(f"{runs_in_all} runs; a line comes for each that is done", options.quiet))
    with before, workers(options.scheduler, out) if options.backend == "dask" else nullcontext() as spread:
        found = compare(
            out,
            setup,
            optimizers,
            seeds,
            schedules,
            options.jobs,
            overwrite=options.overwrite,
            after_run=after_run,
            spread=spread,
            about=about,
            sweep=sweep,
            steps=options.log_steps,
        )
    results = {"command": command, **found}
    write_json(out / "results.json", results)
    with beside(out / "results.csv") as part:
        part.write_text(as_csv(results), encoding="utf-8")
    figure = _draw(results, out / "comparison.png", command, many=bool(schedules or sweep))
    where = f"{out / 'results.json'} and results.csv"
    say(f"{table(results)}\nresults in {where}\n{figure}", sys.stdout)
    if not results["runs"]:
        raise RuntimeError(f"every run failed; {results['failed'][0]['problem']}")
    return 0


def _draw(results: dict[str, Any], path: Path, command: str, many: bool) -> str:
    """Draws the comparison, if anything can draw here, and says where it is.  Whatever happens, the results stand."""
    if not results["runs"]:
        return "no figure: every run failed"
    try:
        found = importlib.util.find_spec("viz")
        if found is not None and Path(found.origin or "").parent.parent != Path(__file__).parent.parent:
            return f"no figure: {found.origin} is in the place of our viz"
        from viz import cells, curves, files

        figure = cells.cells(results) if many else curves.comparison(results)
        return f"figure in {files.save(figure, path, command)}"
    except ModuleNotFoundError as error:
        return f"no figure: {error.name} is missing; {install('viz')}"
    except Exception as error:  # of matplotlib, or of a setting of its user's
        return f"no figure: {type(error).__name__}: {describe(error)}"


def _several(name: str, text: str, known: tuple[str, ...], own: bool = False) -> list[str]:
    """The words of a comma-separated list, each known, or with `own` a function of the user's, and there once."""
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if not (word in known or (own and is_own(word))) or words.count(word) > 1:
            more = " or package.module:function" if own else ""
            raise UsageError(f"--{name}: expected some of {', '.join(known)}{more}, each once, got {text!r}")
    return words


def _restored(options: argparse.Namespace) -> tuple[Setup, Trainer]:
    """The setup and the training of the checkpoint in a run folder."""
    tree = checkpoints.load(Path(options.run) / "checkpoint.npz")
    setup = Setup.from_dict(tree["setup"])
    changes = _changes(options, ("folder", "device"))
    if options.data is not None and not (setup.own_data and "data" in changes):
        raise UsageError(f"--data: the run is of {setup.data}; leave it out")
    setup = replace(setup, **changes, weights=None)
    with waiting("reading the images"):
        trainer, generators = setup.start()
        checkpoints.restore(trainer, generators, tree)
    return setup, trainer


def _evaluate(options: argparse.Namespace, command: str) -> int:
    setup, trainer = _restored(options)
    if options.weights is not None:
        weights.load(options.weights, trainer.model, trainer.data.shape)
    with waiting(f"trying {len(trainer.data.y_test)} images"):
        loss, error = evaluate(trainer.model, trainer.data.x_test, trainer.data.y_test)
    epochs = f"{len(trainer.history)} of {setup.epochs} epochs"
    words = f"{setup.model} on {setup.data_name} with {setup.optimizer}, {epochs}"
    answer(f"{words}: test loss {loss:.4f}, test error {100 * error:.2f} %", sys.stdout)
    return 0


def _export(options: argparse.Namespace, command: str) -> int:
    check_target(weights.check_suffix(options.out))
    _, trainer = _restored(options)
    weights.save(options.out, trainer.model, trainer.data.shape)
    say(f"weights of epoch {len(trainer.history)} in {options.out}", sys.stdout)
    return 0


def _lessons(options: argparse.Namespace, command: str) -> int:
    kept = lessons.write(options.out, options.overwrite)
    if kept:
        names = ", ".join(path.name for path in kept)
        say(f"left as they were, since they say something else: {names}; --overwrite writes them anew", sys.stderr)
    say(f"{len(lessons.scripts())} lessons, as notebooks and scripts, in {options.out}", sys.stdout)
    return 0


def _recipes(options: argparse.Namespace, command: str) -> int:
    answer(recipes.table(), sys.stdout)
    return 0


def _changes(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """What was given of these options, and of --data the path of one's own."""
    names = names if options.data in DATA else (*names, "data")
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def _given(options: argparse.Namespace) -> dict[str, str]:
    """The options of the setup that were given, as on the command line, by their fields."""
    names = {f.name: "--" + f.name.replace("_", "-") for f in fields(Setup)} | {"recipe": "--recipe"}
    return {key: names[key] for key, value in vars(options).items() if key in names and value is not None}


def _sweep(options: argparse.Namespace) -> dict[str, list[Any]]:
    """The options that were given several values, and these; each keeps its first value, which is as good as any."""
    several = {key: value for key, value in vars(options).items() if key in SWEPT and isinstance(value, list)}
    for key, values in several.items():
        setattr(options, key, values[0])
        several[key] = [None if value is NONE else value for value in values]
    return several


def _setup(options: argparse.Namespace) -> Setup:
    base, known = Setup(), recipes.recipes()
    if options.recipe is not None:
        if options.recipe not in known:
            raise UsageError(f"--recipe: expected one of `python -m grassmann_np recipes`, got {options.recipe!r}")
        base = known[options.recipe]
    given: dict[str, Any] = {name: getattr(options, name, None) for name in base.as_dict()}
    chosen: dict[str, Any] = {
        name: None if value is NONE else value for name, value in given.items() if value is not None
    }
    try:
        return replace(base, **chosen)
    except ValueError as error:
        raise UsageError(error) from error


ACTIONS: dict[str, Action] = {
    "train": _train,
    "compare": _compare,
    "evaluate": _evaluate,
    "export": _export,
    "lessons": _lessons,
    "recipes": _recipes,
}
