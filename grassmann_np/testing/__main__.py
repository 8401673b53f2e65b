"""`python -m grassmann_np.testing MODULE` prints which identities the geometry MODULE obeys; exit 1 if not all."""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from contextlib import suppress
from typing import NoReturn

from . import identities
from .cases import KINDS


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        for words, where in (("", "stdout"), (message or "", "stderr")):  # the help may wait in stdout
            with suppress(OSError):
                _say(words, where)
        sys.exit(status)


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every identity holds, 1 if one does not, 2 if that cannot be said, 130 after Ctrl-C.

    It cannot be said for a wrong command line, a module that cannot be used or a table that cannot be written; a line
    on stderr says why.
    """
    parser = _Parser(prog="python -m grassmann_np.testing", description=__doc__)
    parser.add_argument("module", help="a module with the functions of grassmann_np.geometry.Geometry")
    parser.add_argument("--like", choices=KINDS, help="its kind; told from its points if not given")
    parser.add_argument("--seed", type=_seed, default=0)
    options = parser.parse_args(arguments)
    try:
        report = identities.check(importlib.import_module(options.module), options.like, options.seed)
    except KeyboardInterrupt:
        parser.exit(130, f"{parser.prog}: stopped\n")
    except (Exception, SystemExit) as error:  # whatever a user's module raises while it is imported or asked for points
        parser.error(f"cannot use {options.module!r}: {type(error).__name__}: {error}")
    try:
        _say(f"{report}\n", "stdout")
    except BrokenPipeError:
        pass  # the reader of a pipe has had enough
    except OSError as error:
        parser.error(f"cannot write to stdout: {error}")
    return 0 if report.holds else 1


def _say(words: str, where: str) -> None:
    """Writes to sys.stdout or sys.stderr, if it is open; what it cannot encode is escaped.  Raises OSError."""
    stream = getattr(sys, where)
    try:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        if stream is not None:
            print(words, end="", file=stream, flush=True)
    except OSError:
        setattr(sys, where, None)  # or Python tries once more at its end
        raise


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
