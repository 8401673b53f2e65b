"""Which identities a geometry obeys: `python -m grassmann_np.testing mypackage.mygeometry`; exit 1 if not all."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..extras import install
from ..files import check_target
from ..terminal import Parser, answer, run
from . import identities
from .cases import KINDS
from .command import check_new, load, some_of, tell, using, whole, write_test, writing
from .counterexample import explained
from .report import Result
from .view import FUNCTIONS, LAYOUTS, View


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
    if options.json and (options.example or options.picture):
        parser.error("--json prints JSON alone: no --example and no --picture with it")
    with writing(parser):
        check_new(options.write_test)
        if options.picture is not None:
            check_target(options.picture / "identity.png")
    if options.picture is not None and (missing := _missing()):
        parser.error(f"--picture: {missing}; {install('viz,test')}")
    looked_at = {"like": options.like, "layout": options.layout, "names": options.names}
    asked = looked_at | {"only": options.only, "seed": options.seed or None}
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
    if options.picture is not None and report.first is not None:
        with using(parser, options.module):
            said = _drawn(report.first, view, options.picture, f"{parser.prog} {options.module}")
        with writing(parser):
            answer(said, sys.stdout)
    if options.write_test is not None:
        with writing(parser):
            write_test(options.write_test, options.module, imports, report, asked)
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
    parser.add_argument("--json", action="store_true", help="print JSON, and no table")
    parser.add_argument("--example", action="store_true", help="print a small case that fails, as code")
    parser.add_argument("--picture", type=Path, metavar="DIR", help="draw a small case that fails into a .png of DIR")
    parser.add_argument("--write-test", type=Path, metavar="FILE", help="write a pytest file with a test an identity")
    return parser


def _missing() -> str:
    """What there is not that a picture needs, in words."""
    try:
        import hypothesis  # noqa: F401

        from viz import counterexample  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""


def _drawn(failure: Result, view: View, folder: Path, command: str) -> str:
    """Draws a small case of a failure into the folder, and says where it is.  Raises OSError if it cannot be there."""
    from viz import counterexample, files

    try:
        figure = counterexample.picture(failure, view).figure
    except ValueError as error:
        return f"no picture: {error}"
    return f"picture in {files.save(figure, folder / f'{failure.identity.name}.png', f'{command} --picture {folder}')}"


def _names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    for ours, _, theirs in pairs:
        if ours not in FUNCTIONS or not theirs.isidentifier():
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(FUNCTIONS)} as name=theirs, got {text!r}")
    return {ours: theirs for ours, _, theirs in pairs}


if __name__ == "__main__":
    run(main)
