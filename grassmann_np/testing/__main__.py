"""`python -m grassmann_np.testing MODULE` prints which identities the geometry MODULE obeys; exit 1 if not all."""

from __future__ import annotations

import argparse
import importlib
import sys

from ..terminal import Parser, answer, describe, run, say
from . import identities
from .cases import KINDS


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every identity holds, 1 if one does not, 2 if that cannot be said, 130 after Ctrl-C.

    It cannot be said for a wrong command line, a module that cannot be used or a table that cannot be written; a line
    on stderr says why.
    """
    parser = Parser(prog="python -m grassmann_np.testing", description=__doc__)
    parser.add_argument("module", help="a module with the functions of grassmann_np.geometry.Geometry")
    parser.add_argument("--like", choices=KINDS, help="its kind; told from its points if not given")
    parser.add_argument("--seed", type=_seed, default=0)
    options = parser.parse_args(arguments)
    try:
        report = identities.check(importlib.import_module(options.module), options.like, options.seed)
    except KeyboardInterrupt:
        say("grassmann_np.testing: stopped", sys.stderr)
        return 130
    except (Exception, SystemExit) as error:  # whatever a user's module raises while it is imported or asked for points
        parser.error(f"cannot use {options.module!r}: {type(error).__name__}: {describe(error)}")
    try:
        answer(str(report), sys.stdout)
    except OSError as error:
        parser.error(describe(error))
    return 0 if report.holds else 1


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


if __name__ == "__main__":
    run(main)
