"""What the commands of the kit share: the target they are pointed at, the words they take, how they end.

mypackage.module        mypackage.module:object        mypackage.module:Class        mypackage.module:object.part
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..files import beside, check_target
from ..target import find
from ..terminal import Parser, answer, describe, say
from .report import Report


def load(target: str, name: str, instances: bool) -> tuple[Any, list[str]]:
    """What is called so, and the lines of code that call it `name`; with `instances`, an object of a class.

    Raises what importing it raises, and AttributeError if the module has no such object.
    """
    module, _, path = target.partition(":")
    found = find(target)
    if not path:
        return found, [f"import {module} as {name}"]
    call = instances and isinstance(found, type)
    first, dot, _ = path.partition(".")
    if dot or call:
        lines = [f"from {module} import {first}", f"{name} = {path}{'()' * call}"]
    else:
        lines = [f"from {module} import {first} as {name}"]
    return found() if call else found, lines


def whole(text: str) -> int:
    """A whole number from 0 on, for argparse."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


def some_of(names: Iterable[str], what: str) -> Callable[[str], list[str]]:
    """For argparse: reads NAME,NAME,... of which each is one of `names`, the names of every `what`."""
    known = set(names)

    def read(text: str) -> list[str]:
        if unknown := sorted(set(text.split(",")) - known):
            raise argparse.ArgumentTypeError(f"no {what} is called {', '.join(map(repr, unknown))}")
        return text.split(",")

    return read


@contextmanager
def using(parser: Parser, target: str) -> Iterator[None]:
    """Ends the program with a line if the user's code fails: status 2, or 130 after Ctrl-C.

    NumPy's warnings are not printed: the report says what became NaN.
    """
    try:
        with np.errstate(all="ignore"):
            yield
    except KeyboardInterrupt:
        say(f"{parser.module}: stopped", sys.stderr)
        sys.exit(130)
    except (Exception, SystemExit) as error:  # whatever a user's module raises while it is imported, or asked
        parser.error(f"cannot use {target!r}: {type(error).__name__}: {describe(error)}")


@contextmanager
def writing(parser: Parser) -> Iterator[None]:
    """Ends the program with a line and status 2 if something cannot be written."""
    try:
        yield
    except OSError as error:
        parser.error(describe(error))


def tell(report: Report, as_json: bool) -> None:
    """Prints the report.  Raises OSError if it cannot be written."""
    answer(json.dumps(report.as_dict(), indent=1) if as_json else str(report), sys.stdout)


def check_new(path: Path | None) -> None:
    """Raises FileExistsError if there is a file already, and OSError where none can be."""
    if path is not None and path.exists():
        raise FileExistsError(f"{path}: there is such a file already")
    if path is not None:
        check_target(path)


def write_test(path: Path, target: str, lines: list[str], report: Report, given: Mapping[str, Any]) -> None:
    """A pytest file with a test for every row of the report; what fails now is expected to.

    `lines` are those of `load`; `given` the keywords of parametrize_with_..., of which those that are None are left
    out.  Raises what `check_new` raises.
    """
    check_new(path)
    (name, item), home = {
        "identities": (("geometry", "identity"), "grassmann_np.testing"),
        "properties": (("make", "prop"), "grassmann_np.testing.optimizers"),
    }[report.noun]
    decorator, imported, *assigned = f"parametrize_with_{report.noun}", *lines
    options = "".join(f", {key}={value!r}" for key, value in given.items() if value is not None)
    text = [f'"""The {report.noun} that {target} obeys."""', ""]
    text += [f"from {home} import {decorator}", imported, "", *assigned, *[""] * len(assigned)]
    text += ["EXPECTED_FAILURES = {"]
    text += [f"    {r.identity.name!r}: {r.reason!r}," for r in report.results if not r.holds]
    text += ["}", "", "", f"@{decorator}({name}, EXPECTED_FAILURES{options})"]
    text += [f"def test_{name}({item}):", f"    {item}()", ""]
    with beside(path) as part:
        part.write_text("\n".join(text), encoding="utf-8")
