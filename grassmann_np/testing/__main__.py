"""Which identities a geometry obeys: `python -m grassmann_np.testing mypackage.mygeometry`; exit 1 if not all."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import beside
from ..terminal import Parser, answer, describe, run, say
from . import identities
from .cases import KINDS
from .counterexample import explained
from .view import FUNCTIONS, LAYOUTS


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every identity holds, 1 if one does not, 2 if that cannot be said, 130 after Ctrl-C.

    It cannot be said for a wrong command line, a module that cannot be used or a file that cannot be written; a line
    on stderr says why.
    """
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
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,...", help="these identities alone")
    parser.add_argument("--seed", type=_seed, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON, and no table")
    parser.add_argument(
        "--example", action="store_true", help="print a small case that the first failure fails on, as code"
    )
    parser.add_argument("--write-test", type=Path, metavar="FILE", help="write a pytest file with a test an identity")
    options = parser.parse_args(arguments)
    if options.list:
        return _answered(parser, identities.page())
    if options.module is None:
        parser.error("expected a module, or --list")
    looked_at = {"like": options.like, "layout": options.layout, "names": options.names}
    try:
        view = identities.view_of(_found(options.module), **looked_at)
        report = identities.check(view, seed=options.seed, only=options.only)
    except KeyboardInterrupt:
        say("grassmann_np.testing: stopped", sys.stderr)
        return 130
    except (Exception, SystemExit) as error:  # whatever a user's module raises while it is imported or asked for points
        parser.error(f"cannot use {options.module!r}: {type(error).__name__}: {describe(error)}")
    try:
        answer(json.dumps(report.as_dict(), indent=1) if options.json else str(report), sys.stdout)
        if options.example and not report.holds:
            failed = next(r for r in report.results if not r.holds and next(iter(report.suspects), "") in ("", *r.uses))
            answer("\n" + explained(failed, view, options.module), sys.stdout)
        if options.write_test is not None:
            write_test(options.write_test, options.module, report, looked_at)
    except OSError as error:
        parser.error(describe(error))
    return 0 if report.holds else 1


def write_test(path: Path, module: str, report: identities.Report, looked_at: Mapping[str, Any]) -> None:
    """A pytest file for this geometry; what fails now is expected to.  Raises FileExistsError if there is a file."""
    if path.exists():
        raise FileExistsError(f"{path}: there is such a file already")
    package, _, attribute = module.partition(":")
    lines = [f'"""The identities that {module} obeys."""', ""]
    lines += [f"from {package} import {attribute} as geometry" if attribute else f"import {package} as geometry"]
    lines += ["from grassmann_np.testing import parametrize_with_identities", "", "EXPECTED_FAILURES = {"]
    lines += [f"    {r.identity.name!r}: {r.reason!r}," for r in report.results if not r.holds]
    given = "".join(f", {name}={value!r}" for name, value in looked_at.items() if value is not None)
    lines += ["}", "", "", f"@parametrize_with_identities(geometry, EXPECTED_FAILURES{given})"]
    lines += ["def test_geometry(identity):", "    identity()", ""]
    with beside(path) as part:
        part.write_text("\n".join(lines), encoding="utf-8")


def _answered(parser: Parser, text: str) -> int:
    try:
        answer(text, sys.stdout)
    except OSError as error:
        parser.error(describe(error))
    return 0


def _found(text: str) -> Any:
    module, _, attribute = text.partition(":")
    found = importlib.import_module(module)
    for name in filter(None, attribute.split(".")):
        found = getattr(found, name)
    return found() if isinstance(found, type) else found


def _names(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    for ours, _, theirs in pairs:
        if ours not in FUNCTIONS or not theirs.isidentifier():
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(FUNCTIONS)} as name=theirs, got {text!r}")
    return {ours: theirs for ours, _, theirs in pairs}


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


if __name__ == "__main__":
    run(main)
