"""Which identities a geometry obeys: `python -m grassmann_np.testing mypackage.mygeometry`; exit 1 if not all."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..terminal import Parser, answer, run
from . import identities
from .cases import KINDS
from .command import check_new, load, some_of, tell, using, whole, write_test, writing
from .counterexample import explained
from .view import FUNCTIONS, LAYOUTS


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every identity holds, 1 if one does not, 2 if that cannot be said, 130 after Ctrl-C.

    It cannot be said for a wrong command line, a module that cannot be used or a file that cannot be written; a line
    on stderr says why.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list:
        with writing(parser):
            answer(identities.page(), sys.stdout)
        return 0
    if options.module is None:
        parser.error("expected a module, or --list")
    with writing(parser):
        check_new(options.write_test)
    looked_at = {"like": options.like, "layout": options.layout, "names": options.names}
    with using(parser, options.module):
        geometry, imports = load(options.module, "geometry", instances=True)
        view = identities.view_of(geometry, **looked_at)
        report = identities.check(view, seed=options.seed, only=options.only)
    with writing(parser):
        tell(report, options.json)
    if options.example and report.first is not None:
        with using(parser, options.module):
            example = explained(report.first, view, imports)
        with writing(parser):
            answer("\n" + example, sys.stdout)
    if options.write_test is not None:
        with writing(parser):
            write_test(options.write_test, options.module, imports, report, {**looked_at, "only": options.only})
    return 0 if report.holds else 1


def _parser() -> Parser:
    parser = Parser(prog="python -m grassmann_np.testing", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the identities, and try none")
    parser.add_argument(
        "module", nargs="?", help="a module with the functions of grassmann_np.geometry.Geometry, or module:object"
    )
    parser.add_argument("--like", choices=KINDS, help="its kind; told from its points if not given")
    parser.add_argument(
        "--layout", choices=LAYOUTS, help="points in columns, in rows, or one at a time; told if not given"
    )
    parser.add_argument("--names", type=_names, metavar="exp=expmap,...", help="what its functions are called")
    only = some_of([one.name for one in identities.CATALOGUE], "identity")
    parser.add_argument("--only", type=only, metavar="NAME,...", help="these identities alone")
    parser.add_argument("--seed", type=whole, default=0)
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print JSON, and no table")
    printed.add_argument(
        "--example", action="store_true", help="print a small case that the first failure fails on, as code"
    )
    parser.add_argument("--write-test", type=Path, metavar="FILE", help="write a pytest file with a test an identity")
    return parser


def _names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    for ours, _, theirs in pairs:
        if ours not in FUNCTIONS or not theirs.isidentifier():
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(FUNCTIONS)} as name=theirs, got {text!r}")
    return {ours: theirs for ours, _, theirs in pairs}


if __name__ == "__main__":
    run(main)
