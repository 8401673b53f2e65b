"""`python -m grassmann_np.testing MODULE` prints which identities the geometry MODULE obeys; exit 1 if not all."""

from __future__ import annotations

import argparse
import importlib
import sys

from . import identities
from .cases import KINDS


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every identity holds, 1 if one does not, 2 if the module cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m grassmann_np.testing", description=__doc__)
    parser.add_argument("module", help="a module with the functions of grassmann_np.geometry.Geometry")
    parser.add_argument("--like", choices=KINDS, help="its kind; told from its points if not given")
    parser.add_argument("--seed", type=_seed, default=0)
    options = parser.parse_args(arguments)
    try:
        geometry = importlib.import_module(options.module)
        kind = options.like or identities.kind_of(geometry)
    except Exception as error:  # whatever a user's module raises while it is imported or asked for points
        parser.error(f"cannot use {options.module!r}: {type(error).__name__}: {error}")
    report = identities.check(geometry, like=kind, seed=options.seed)
    try:
        print(report, flush=True)
    except BrokenPipeError:  # the reader of a pipe has had enough
        sys.stdout = None
    return 0 if report.holds else 1


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
