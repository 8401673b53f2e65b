"""`python -m grassmann_np.testing.optimizers mypackage.module:make` prints which properties an optimizer obeys.

make(y, rate) returns an object whose step(gradient) returns the new y; y and gradient are (n, m), unit columns.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
from typing import Any

import numpy as np

from ...terminal import Parser, answer, describe, run, say
from . import CATALOGUE, KINDS, LAWS, TRANSPORTS, check


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every property holds, 1 if one does not, 2 if that cannot be said, 130 after Ctrl-C.

    It cannot be said for a wrong command line, a `make` that cannot be used or a table that cannot be written; a line
    on stderr says why.
    """
    options = _parser().parse_args(arguments)
    try:
        report = check(
            _found(options.make),
            options.kind,
            options.law,
            options.transport,
            options.clip,
            options.rate,
            options.steps,
            options.seed,
            [np.dtype(name) for name in options.dtype],
            only=options.only,
        )
    except KeyboardInterrupt:
        say("grassmann_np.testing.optimizers: stopped", sys.stderr)
        return 130
    except (Exception, SystemExit) as error:  # whatever a user's module raises while it is imported, or its make
        _parser().error(f"cannot use {options.make!r}: {type(error).__name__}: {describe(error)}")
    try:
        answer(json.dumps(report.as_dict(), indent=1) if options.json else str(report), sys.stdout)
    except OSError as error:
        _parser().error(describe(error))
    return 0 if report.holds else 1


def _parser() -> Parser:
    parser = Parser(prog="python -m grassmann_np.testing.optimizers", description=__doc__)
    parser.add_argument("make", help="package.module:name, for example that of a class with __init__(self, y, rate)")
    parser.add_argument("--kind", choices=KINDS, default="sgd", help="adam-g: one second moment a vector; adam: n")
    parser.add_argument("--law", choices=LAWS, default="exp", help="how a step gets back to the sphere")
    parser.add_argument("--transport", choices=TRANSPORTS, default="parallel", help="what its momentum is meant to do")
    parser.add_argument("--clip", type=_positive, help="the length to which it shortens gradients")
    parser.add_argument("--rate", type=_positive, default=0.1, help="of the long runs (0.1)")
    parser.add_argument("--steps", type=_whole, default=10_000, help="of the longest run (10000)")
    parser.add_argument("--dtype", type=_dtypes, default=["float64", "float32"], help="float32, float64 or both (,)")
    parser.add_argument("--only", type=_names, metavar="NAME,NAME", help="the properties to try")
    parser.add_argument("--json", action="store_true", help="the table as JSON")
    parser.add_argument("--seed", type=_whole, default=0)
    return parser


def _found(target: str) -> Any:
    """The object called module:name.  Raises ValueError for another form, and what importing it raises."""
    module, colon, name = target.partition(":")
    if not (module and colon and name):
        raise ValueError("expected package.module:name")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"expected a function make(y, rate), got {type(found).__name__}")
    return found


def _names(text: str) -> list[str]:
    known = {one.name for one in CATALOGUE}
    if unknown := sorted(set(text.split(",")) - known):
        raise argparse.ArgumentTypeError(f"no property is called {', '.join(map(repr, unknown))}")
    return text.split(",")


def _dtypes(text: str) -> list[str]:
    if set(text.split(",")) - {"float32", "float64"}:
        raise argparse.ArgumentTypeError(f"expected float32, float64 or float64,float32, got {text!r}")
    return text.split(",")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return number


if __name__ == "__main__":
    run(main)
