"""The command line: `python -m grassmann_np train ...` and `python -m grassmann_np compare ...`."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from .files import write_json
from .optim.schedule import SCHEDULES
from .train import Setup, compare, table
from .train.progress import Progress
from .train.setup import DATA, MODELS, RATES


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 when done, 1 when training failed, 2 for a wrong command line, 130 after Ctrl-C."""
    words = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(words)
    command = shlex.join(["python", "-m", "grassmann_np", *words])
    try:
        result: int = options.action(options, command)
        return result
    except KeyboardInterrupt:
        print("grassmann_np: stopped; nothing was written", file=sys.stderr)
        return 130
    except (ValueError, FloatingPointError, ImportError, OSError) as error:
        print(f"grassmann_np: {error}", file=sys.stderr)
        return 1


def _train(options: argparse.Namespace, command: str) -> int:
    out, setup = _folder(options), _setup(options)
    with Progress(setup.epochs) as progress:
        _, history = setup.run(lambda history: progress.show(setup.optimizer, history))
    write_json(out / "history.json", {"command": command, "setup": asdict(setup), "history": history.as_dict()})
    print(f"{setup.model} on {setup.data} with {setup.optimizer}: {history.line()}")
    print(f"history in {out / 'history.json'}")
    return 0


def _compare(options: argparse.Namespace, command: str) -> int:
    out, setup, optimizers = _folder(options), _setup(options), options.optimizers.split(",")
    for name in optimizers:
        if name not in RATES:
            raise ValueError(f"--optimizers: expected some of {', '.join(RATES)}, got {name!r}")
    if options.seeds < 1:
        raise ValueError(f"--seeds: expected at least 1, got {options.seeds}")
    seeds = range(setup.seed, setup.seed + options.seeds)

    with Progress(len(optimizers) * len(seeds) * setup.epochs, every=setup.epochs) as progress:
        results = compare(setup, optimizers, seeds,
                          lambda one, history: progress.show(f"{one.optimizer} seed {one.seed}", history))
    results = {"command": command, **results}
    write_json(out / "results.json", results)
    print(table(results))
    print(f"results in {out / 'results.json'}")
    try:
        from viz import curves, files
    except ImportError:
        print("no figure: matplotlib is missing; pip install 'grassmann-np[viz]'", file=sys.stderr)
        return 0
    figure = files.save(curves.comparison(results), out / "comparison.png", command)
    print(f"figure in {figure}")
    return 0


def _setup(options: argparse.Namespace) -> Setup:
    given = {key: value for key, value in vars(options).items() if value is not None}
    return replace(Setup(), **{f.name: given[f.name] for f in fields(Setup) if f.name in given})


def _folder(options: argparse.Namespace) -> Path:
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: expected a folder, got the file {out}")
    if out.exists() and any(out.iterdir()) and not options.overwrite:
        raise ValueError(f"--out: {out} is not empty; choose another folder, or say --overwrite")
    return out


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grassmann_np", description="Train networks on the sphere.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    default = Setup()

    def command(name: str, action: Any, about: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(action=action)
        one.add_argument("--out", required=True, metavar="FOLDER", help="where the results go")
        one.add_argument("--overwrite", action="store_true", help="write into a folder that is not empty")
        one.add_argument("--data", choices=DATA, help=f"default {default.data}")
        one.add_argument("--model", help=f"{MODELS}; default {default.model}")
        one.add_argument("--epochs", type=int, help=f"default {default.epochs}")
        one.add_argument("--seed", type=int, help="of the weights and the order of the batches; default 0")
        one.add_argument("--batch-size", type=int, help=f"default {default.batch_size}")
        one.add_argument("--schedule", choices=SCHEDULES, help=f"of the learning rate; default {default.schedule}")
        one.add_argument("--rule", choices=("invariant", "published"), help="which weights live on the sphere")
        return one

    train = command("train", _train, "Train one network.")
    train.add_argument("--optimizer", choices=RATES, help=f"default {default.optimizer}")
    train.add_argument("--lr", type=float, help="default: " + ", ".join(f"{key} {rate:g}" for key, rate in RATES.items()))
    several = command("compare", _compare, "Train with several optimizers and seeds; a table, a figure, a JSON.")
    several.add_argument("--optimizers", default="sgd,sgd-g,adam-g", help="separated by commas; default %(default)s")
    several.add_argument("--seeds", type=int, default=5, help="how many, from --seed on; default %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
