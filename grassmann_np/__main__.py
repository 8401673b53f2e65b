"""The command line: `python -m grassmann_np train`, `compare`, `evaluate` and `recipes`."""

from __future__ import annotations

import argparse
import shlex
import sys
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from .files import write_json
from .train import Setup, compare, evaluate, recipes, table
from .train import checkpoint as checkpoints
from .train import folder as runs
from .train.cluster import workers
from .train.progress import Progress
from .train.setup import DATA, MODELS, RATES, SCHEDULES


class UsageError(ValueError):
    """A command line that makes no sense."""


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 when done, 1 when something failed, 2 for a wrong command line, 130 after Ctrl-C."""
    words = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(words)
    try:
        result: int = options.action(options, shlex.join(["python", "-m", "grassmann_np", *words]))
        return result
    except runs.Stopped:
        print(f"grassmann_np: stopped after a step and saved; go on with\n  {_again(options, words)}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("grassmann_np: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has had enough; everything is written by then
        sys.stdout = None
        return 0
    except (ValueError, RuntimeError, FloatingPointError, ImportError, OSError) as error:
        print(f"grassmann_np: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


def _again(options: argparse.Namespace, words: list[str]) -> str:
    """The command that goes on with what was stopped."""
    if options.action is _train:
        words = ["train", "--resume", "--out", options.out]
    return shlex.join(["python", "-m", "grassmann_np", *(word for word in words if word != "--overwrite")])


def _train(options: argparse.Namespace, command: str) -> int:
    if options.resume:
        if given := _given(options):
            raise UsageError(f"--resume: the setup is that of {options.out}; leave out {', '.join(given)}")
        setup = runs.read_setup(options.out)
    else:
        setup = _setup(options)
    with Progress(setup.optimizer, options.quiet) as progress:
        calls = progress.step, progress.epoch
        trainer = (
            runs.go_on(options.out, *calls)
            if options.resume
            else runs.begin(options.out, setup, options.overwrite, *calls)
        )
    print(f"{setup.model} on {setup.data} with {setup.optimizer}: {trainer.history.line()}")
    print(f"setup, history and checkpoint in {options.out}")
    return 0


def _compare(options: argparse.Namespace, command: str) -> int:
    out, setup = Path(options.out), _setup(options)
    optimizers = _several("optimizers", options.optimizers, tuple(RATES))
    schedules = _several("schedules", options.schedules, SCHEDULES) if options.schedules is not None else []
    if options.seeds < 1:
        raise UsageError(f"--seeds: expected at least 1, got {options.seeds}")
    if (options.backend == "dask") != (options.scheduler is not None):
        raise UsageError("--backend dask and --scheduler HOST:PORT go together")
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: expected a folder, got the file {out}")

    def after_run(name: str, found: dict[str, Any]) -> None:
        if not options.quiet:
            said = found.get("problem") or f"test error {100 * found['history']['test_error'][-1]:5.2f} %"
            print(f"{name}  {said}", file=sys.stderr, flush=True)

    seeds = range(setup.seed, setup.seed + options.seeds)
    with workers(options.scheduler, out) if options.backend == "dask" else nullcontext():
        found = compare(out, setup, optimizers, seeds, schedules, options.jobs, options.overwrite, after_run)
    results = {"command": command, **found}
    write_json(out / "results.json", results)
    figure = _draw(results, out / "comparison.png", command, many=bool(schedules))
    print(f"{table(results)}\nresults in {out / 'results.json'}\n{figure}")
    return 0


def _draw(results: dict[str, Any], path: Path, command: str, many: bool) -> str:
    """Draws the comparison, if anything can draw here, and says where it is."""
    if not results["runs"]:
        return "no figure: every run failed"
    try:
        from viz import cells, curves, files
    except ModuleNotFoundError as error:
        return f"no figure: {error.name} is missing; pip install 'grassmann-np[viz]'"
    figure = cells.cells(results) if many else curves.comparison(results)
    return f"figure in {files.save(figure, path, command)}"


def _several(name: str, text: str, known: tuple[str, ...]) -> list[str]:
    """The words of a comma-separated list, each known and there once."""
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in known or words.count(word) > 1:
            raise UsageError(f"--{name}: expected some of {', '.join(known)}, each once, got {text!r}")
    return words


def _evaluate(options: argparse.Namespace, command: str) -> int:
    tree = checkpoints.load(Path(options.run) / "checkpoint.npz")
    setup = Setup.from_dict(tree["setup"])
    trainer, generators = setup.start()
    checkpoints.restore(trainer, generators, tree)
    loss, error = evaluate(trainer.model, trainer.data.x_test, trainer.data.y_test)
    print(
        f"{setup.model} on {setup.data} with {setup.optimizer}, {len(trainer.history)} of {setup.epochs} epochs: "
        f"test loss {loss:.4f}, test error {100 * error:.2f} %"
    )
    return 0


def _recipes(options: argparse.Namespace, command: str) -> int:
    print(recipes.table())
    return 0


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The options of the setup that were given, by the name on the command line."""
    names = {f.name: "--" + f.name.replace("_", "-") for f in fields(Setup)} | {"recipe": "--recipe"}
    return {names[key]: value for key, value in vars(options).items() if key in names and value is not None}


def _setup(options: argparse.Namespace) -> Setup:
    base, known = Setup(), recipes.recipes()
    if options.recipe is not None:
        if options.recipe not in known:
            raise UsageError(f"--recipe: expected one of `python -m grassmann_np recipes`, got {options.recipe!r}")
        base = known[options.recipe]
    given = {key: value for key, value in vars(options).items() if value is not None}
    try:
        return replace(base, **{f.name: given[f.name] for f in fields(Setup) if f.name in given})
    except ValueError as error:
        raise UsageError(error) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grassmann_np", description="Train networks on the sphere.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, action: Any, about: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(action=action)
        return one

    train = command("train", _train, "Train one network; a run folder with setup, history and checkpoint.")
    _add_setup(train)
    train.add_argument("--optimizer", choices=RATES, help=f"default {Setup.optimizer}")
    train.add_argument("--schedule", choices=SCHEDULES, help=f"of the rate; default {Setup.schedule}")
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, to the same bits")
    several = command("compare", _compare, "Train with several optimizers and seeds; a table, a figure, a JSON.")
    _add_setup(several)
    several.add_argument("--optimizers", default="sgd,sgd-g,adam-g", help="separated by commas; default %(default)s")
    several.add_argument("--schedules", help=f"separated by commas; default {Setup.schedule}")
    several.add_argument("--seeds", type=int, default=5, help="how many, from --seed on; default %(default)s")
    several.add_argument("--jobs", type=int, default=-1, help="runs at a time; default one per core")
    several.add_argument("--backend", choices=("cores", "dask"), default="cores", help="where; default %(default)s")
    several.add_argument("--scheduler", metavar="HOST:PORT", help="of Dask; its workers must all see the folder --out")
    one = command("evaluate", _evaluate, "Loss and error on the test images, of the checkpoint in a run folder.")
    one.add_argument("run", metavar="FOLDER")
    command("recipes", _recipes, "List the recipes: every cell of the paper's tables, and small ones.")
    return parser


def _add_setup(parser: argparse.ArgumentParser) -> None:
    """The options of a setup that train and compare share; what is not given is the recipe's or the default."""
    numbers: dict[str, tuple[Any, str]] = {
        "epochs": (int, ""),
        "seed": (int, "of the weights and the order of the batches; "),
        "batch-size": (int, ""),
        "lr-euclidean": (float, "rate of what is not on the sphere, in the G runs; "),
        "momentum": (float, ""),
        "weight-decay": (float, ""),
        "clip": (float, "longest gradient on the sphere; "),
        "orthogonality": (float, "alpha; "),
        "drop": (float, "factor of the step schedule; "),
        "end": (float, "factor that linear, exponential and cosine lead to; "),
        "keep": (float, "of dropout in WRN; "),
        "warm-up": (float, "fraction of the training; "),
    }
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where the results go")
    parser.add_argument("--overwrite", action="store_true", help="write into a folder that is not empty")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--recipe", metavar="NAME", help="what to start from; `recipes` lists them")
    parser.add_argument("--data", choices=DATA, help=f"default {Setup.data}")
    parser.add_argument("--folder", help="that holds CIFAR or SVHN")
    parser.add_argument("--model", help=f"{MODELS}; default {Setup.model}")
    parser.add_argument(
        "--lr", type=float, help="default: " + ", ".join(f"{name} {rate:g}" for name, rate in RATES.items())
    )
    parser.add_argument("--rule", choices=("invariant", "published"), help="which weights live on the sphere")
    parser.add_argument("--decay", choices=("weights", "all"), help="all: biases, gamma and beta too")
    parser.add_argument("--device", choices=("cpu", "gpu"), help=f"default {Setup.device}")
    parser.add_argument("--per-epoch", action="store_true", default=None, help="change the rate between epochs only")
    for name, (kind, about) in numbers.items():
        default = getattr(Setup, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=kind, help=f"{about}default {default}")


if __name__ == "__main__":
    sys.exit(main())
