"""`python -m grassmann_np.testing MODULE` prints which identities the geometry MODULE obeys; exit 1 if not all."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from . import identities
from .cases import KINDS


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every identity holds, 1 if one does not, 2 if the module cannot be imported."""
    parser = argparse.ArgumentParser(prog="python -m grassmann_np.testing", description=__doc__)
    parser.add_argument("module", help="a module with the functions of grassmann_np.geometry.Geometry")
    parser.add_argument("--like", choices=KINDS, help="its kind; told from its points if not given")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        geometry = importlib.import_module(options.module)
    except ImportError as error:
        parser.error(f"cannot import {options.module!r} from {Path.cwd().name}/ or the environment: {error}")
    report = identities.check(geometry, like=options.like, seed=options.seed)
    print(report)
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
