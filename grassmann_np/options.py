"""The options of `python -m grassmann_np`: what may be said on its command line, and how each word is read."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from . import __version__
from .terminal import Parser
from .train import Setup, recipes
from .train.compare import SWEPT
from .train.limits import DATA, MODELS, RATES, SCHEDULES
from .train.steps import KINDS

Action: TypeAlias = Callable[[argparse.Namespace, str], int]  # the options, and the command as it was given
NONE = object()  # what `none` on the command line stands for; None is what was not given


def parser(actions: Mapping[str, Action]) -> Parser:
    """The command line; `actions` says what each of its commands does."""
    parser = Parser(prog="python -m grassmann_np", description="Train networks on the sphere.")
    parser.add_argument("--version", action="version", version=f"grassmann_np {__version__}")
    parser.set_defaults(action=None)
    commands = parser.add_subparsers(metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        one.set_defaults(action=actions[name])
        return one

    train = command("train", "Train one network; a run folder with setup, history and checkpoint.")
    _add_setup(train)
    train.add_argument("--optimizer", help=f"{', '.join(RATES)} or package.module:function; default {Setup.optimizer}")
    train.add_argument("--schedule", choices=SCHEDULES, help=f"of the rate; default {Setup.schedule}")
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, to the same bits")
    several = command("compare", "Train with several optimizers and seeds; a table, a figure, a JSON.")
    _add_setup(several, sweeps=True)
    several.add_argument(
        "--optimizers", default=",".join(recipes.OPTIMIZERS), help="separated by commas; default %(default)s"
    )
    several.add_argument("--schedules", help=f"separated by commas; default {Setup.schedule}")
    several.add_argument("--seeds", type=int, default=5, help="how many, from --seed on; default %(default)s")
    several.add_argument("--jobs", type=int, default=-1, help="runs at a time; default one per core")
    several.add_argument("--backend", choices=("cores", "dask"), default="cores", help="where; default %(default)s")
    several.add_argument("--scheduler", metavar="HOST:PORT", help="of Dask; its workers must all see the folder --out")
    one = command("evaluate", "Loss and error on the test images, of the checkpoint in a run folder.")
    one.add_argument("run", metavar="FOLDER", type=os.path.expanduser)
    _add_places(one)
    one.add_argument(
        "--weights", metavar="FILE", type=os.path.expanduser, help="other weights, as `export` writes them"
    )
    out = command("export", "Write the weights of a run by name: .npz, or PyTorch's state_dict .pt.")
    out.add_argument("run", metavar="FOLDER", type=os.path.expanduser)
    out.add_argument(
        "--out", required=True, metavar="FILE", type=os.path.expanduser, help="ends with .npz, .pt or .pth"
    )
    _add_places(out)
    some = command("lessons", "Write every lesson as a notebook and as a script.")
    some.add_argument("--out", required=True, metavar="FOLDER", type=os.path.expanduser)
    some.add_argument("--overwrite", action="store_true", help="also those that were changed there")
    command("recipes", "List the recipes: every cell of the paper's tables, and small ones.")
    return parser


def _add_setup(parser: argparse.ArgumentParser, sweeps: bool = False) -> None:
    """The options of a setup that train and compare share; what is not given is the recipe's or the default.

    With `sweeps`, those in SWEPT take several values.
    """
    numbers: dict[str, tuple[Any, str]] = {
        "epochs": (int, ""),
        "seed": (int, "of the weights and the order of the batches; "),
        "batch-size": (int, ""),
        "lr-euclidean": (_number_or_none, "rate of all other weights, or none: sgd and adam then have one for all; "),
        "momentum": (float, ""),
        "weight-decay": (float, ""),
        "clip": (_number_or_none, "longest gradient on the sphere, or none; "),
        "orthogonality": (float, "alpha; "),
        "drop": (float, "factor of the step schedule; "),
        "end": (float, "factor that linear, exponential and cosine lead to; "),
        "keep": (float, "of dropout in WRN; "),
        "warm-up": (float, "fraction of the training; "),
    }
    parser.add_argument("--out", required=True, metavar="FOLDER", type=os.path.expanduser, help="where the results go")
    parser.add_argument("--overwrite", action="store_true", help="write into a folder that is not empty")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--recipe", metavar="NAME", help="what to start from; `recipes` lists them")
    parser.add_argument(
        "--test-fraction", type=float, help="of one's own data, where they are not divided; default a fifth"
    )
    parser.add_argument("--download", action="store_true", help="fetch the images into --folder if they are not there")
    parser.add_argument(
        "--no-extra", dest="extra", action="store_false", default=None, help="SVHN without its easier images"
    )
    _add_places(parser)
    parser.add_argument("--model", help=f"{MODELS}; default {Setup.model}")
    parser.add_argument(
        "--lr",
        type=_numbers(float, sweeps),
        help="of the normalized weights; default: " + ", ".join(f"{name} {rate:g}" for name, rate in RATES.items()),
    )
    parser.add_argument("--rule", choices=("invariant", "published"), help="which weights are the normalized ones")
    parser.add_argument("--decay", choices=("weights", "all"), help="all: biases, gamma and beta too")
    parser.add_argument("--per-epoch", action="store_true", default=None, help="change the rate between epochs only")
    for name, (kind, about) in numbers.items():
        key = name.replace("-", "_")
        read = _numbers(kind, sweeps) if key in SWEPT else kind
        parser.add_argument(f"--{name}", type=read, help=f"{about}default {getattr(Setup, key)}")
    parser.add_argument("--weights", metavar="FILE", help="to begin from, as `export` writes them")
    parser.add_argument(
        "--log-steps",
        type=_words,
        default=(),
        metavar="KINDS",
        help="csv, tensorboard or both: loss, angle and rate of every step, in the run folder",
    )


def _add_places(parser: argparse.ArgumentParser) -> None:
    """The images, where they lie, and the device: what may be given anew for a run that is there."""
    own = "or a path: an .npz file with x_train, y_train, x_test, y_test or x, y; or a folder of images by class"
    parser.add_argument("--data", help=f"{', '.join(DATA)}, {own}; default {Setup.data}")
    parser.add_argument("--folder", help="that holds CIFAR or SVHN")
    parser.add_argument("--device", choices=("cpu", "gpu"), help=f"default {Setup.device}")


def _numbers(kind: Callable[[str], Any], sweeps: bool) -> Callable[[str], Any]:
    """What reads an option: one number, or with `sweeps` also a list of several."""

    def read(text: str) -> Any:
        try:
            found = [kind(word) for word in text.split(",")] if sweeps else [kind(text)]
        except ValueError:
            wanted = "a number, or several for a sweep, as in 0.1,0.2" if sweeps else "a number"
            advice = "; `compare` takes several" if "," in text and not sweeps else ""
            raise argparse.ArgumentTypeError(f"expected {wanted}, got {text!r}{advice}") from None
        return found if len(found) > 1 else found[0]

    return read


def _words(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in KINDS]:
        raise argparse.ArgumentTypeError(f"expected some of {', '.join(KINDS)}, got {unknown[0]!r}")
    return words


def _number_or_none(text: str) -> Any:
    return NONE if text == "none" else float(text)
