"""`python -m grassmann_np.testing.optimizers mypackage.module:make` prints which properties an optimizer obeys.

make(y, rate) returns an object whose step(gradient) returns the new y; y and gradient are (n, m), unit columns.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ...terminal import Parser, run
from ..command import check_new, load, some_of, tell, using, whole, write_test, writing
from . import CATALOGUE, KINDS, LAWS, TRANSPORTS, check


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every property holds, 1 if one does not, 2 if that cannot be said, 130 after Ctrl-C.

    It cannot be said for a wrong command line, a `make` that cannot be used or a table that cannot be written; a line
    on stderr says why.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    said = {name: getattr(options, name) for name in ("kind", "law", "transport", "clip", "rate", "steps", "seed")}
    said |= {"dtypes": options.dtype, "only": options.only}
    with writing(parser):
        check_new(options.write_test)
    with using(parser, options.make):
        make, imports = _make(options.make)
        report = check(make, **said)
    with writing(parser):
        tell(report, options.json)
        if options.write_test is not None:
            write_test(options.write_test, options.make, imports, report, said)
    return 0 if report.holds else 1


def _parser() -> Parser:
    parser = Parser(prog="python -m grassmann_np.testing.optimizers", description=__doc__)
    parser.add_argument("make", help="package.module:name, for example that of a class with __init__(self, y, rate)")
    parser.add_argument("--kind", choices=KINDS, default="sgd", help="adam-g: one second moment a vector; adam: n")
    parser.add_argument("--law", choices=LAWS, default="exp", help="how a step gets back to the sphere")
    parser.add_argument("--transport", choices=TRANSPORTS, default="parallel", help="what its momentum is meant to do")
    parser.add_argument("--clip", type=_positive, help="the length to which it shortens gradients")
    parser.add_argument("--rate", type=_positive, default=0.1, help="of the long runs (0.1)")
    parser.add_argument("--steps", type=whole, default=10_000, help="of the longest run (10000)")
    parser.add_argument("--dtype", type=_dtypes, default=["float64", "float32"], help="float32, float64 or both (,)")
    only = some_of([one.name for one in CATALOGUE], "property")
    parser.add_argument("--only", type=only, metavar="NAME,NAME", help="the properties to try")
    parser.add_argument("--json", action="store_true", help="the table as JSON")
    parser.add_argument("--seed", type=whole, default=0)
    parser.add_argument("--write-test", type=Path, metavar="FILE", help="write a pytest file with a test a property")
    return parser


def _make(target: str) -> tuple[Any, list[str]]:
    """What `load` gives, of a function or class called module:name.  Raises ValueError for another form."""
    module, _, name = target.partition(":")
    if not (module and name):
        raise ValueError("expected package.module:name")
    make, imports = load(target, "make", instances=False)
    if not callable(make):
        raise TypeError(f"expected a function make(y, rate), got {type(make).__name__}")
    return make, imports


def _dtypes(text: str) -> list[str]:
    if set(text.split(",")) - {"float32", "float64"}:
        raise argparse.ArgumentTypeError(f"expected float32, float64 or float64,float32, got {text!r}")
    return text.split(",")


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
