"""The command ends with an answer, or with one line that says why there is none; never with a traceback."""

import os
import subprocess
import sys

import numpy as np
import pytest

from grassmann_np.geometry import sphere
from grassmann_np.testing import identities

SPHERE = "grassmann_np.geometry.sphere"
RIGHT = f"{SPHERE} --only project_twice"
WRONG = f"{SPHERE} --like lines --only sign_does_not_matter"
MODULES = {
    "broken": 'raise RuntimeError("one\\ntwo\\nthree")',
    "leaving": "import sys; sys.exit('bye')",
    "empty": "",
    "misspelt": "def (",
    "pointless": "def random_point(shape, rng): return None",
    "stopped": "raise KeyboardInterrupt",
    "foreign": "from grassmann_np.geometry.sphere import *; __name__ = 'sph\u00e4re'",
}


@pytest.fixture
def shell(tmp_path):
    """shell(words, python=options, **environment): (exit status of the command, stdout, stderr)."""
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")

    def run(words, python="", **environment):
        line = f"set -o pipefail; {sys.executable} {python} -m grassmann_np.testing {words}"
        path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        done = subprocess.run(
            ["bash", "-c", line],
            env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": ""} | environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=100,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        ("broken", 2, "cannot use 'broken': RuntimeError: one two three"),
        ("leaving", 2, "cannot use 'leaving': SystemExit: bye"),
        ("empty", 2, "cannot use 'empty': ValueError: geometry: expected some of normalize, project, inner, "),
        ("empty --like sphere", 2, "cannot use 'empty': ValueError: geometry: expected some of normalize, "),
        ("misspelt", 2, "cannot use 'misspelt': SyntaxError: invalid syntax (misspelt.py, line 1)"),
        ("pointless", 2, "cannot use 'pointless': "),
        ("stopped", 130, "stopped"),
        ("no.such.module", 2, "cannot use 'no.such.module': ModuleNotFoundError: No module named 'no'"),
        (".relative", 2, "cannot use '.relative': TypeError: "),
        ("''", 2, "cannot use '': ValueError: Empty module name"),
        ("", 2, "expected a module, or --list"),
        (f"{SPHERE} --verbose", 2, "unrecognized arguments: --verbose"),
        (f"{SPHERE} --like torus", 2, "argument --like: invalid choice: 'torus'"),
        (f"{SPHERE} --seed -1", 2, "argument --seed: expected a whole number from 0 on, got '-1'"),
        (f"{RIGHT} >/dev/full", 2, "standard output: No space left on device"),
        ("--help >/dev/full", 1, "standard output: No space left on device"),
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_stops_it_is_one_line(shell, words, status, reason, unbuffered):
    found, out, err = shell(words, PYTHONUNBUFFERED=unbuffered)
    assert (found, out) == (status, "")
    assert err.startswith(f"grassmann_np.testing: {reason}") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (f"{RIGHT} >&-", 0),
        (f"{WRONG} >&-", 1),
        (f"{RIGHT} >&- 2>&-", 0),
        (f"{RIGHT} | true", 0),
        (f"{WRONG} | true", 1),
        ("broken 2>/dev/full", 2),
        ("broken 2>&-", 2),
        ("broken >&- 2>&-", 2),
        ("--help | true", 0),
    ],
)
def test_it_is_silent_where_nobody_listens(shell, words, status):
    assert shell(words) == (status, "", "")


def test_the_first_line_is_enough_for_some_readers(shell):
    assert shell(f"{RIGHT} | head -1") == (0, f"{SPHERE}, tested as sphere\n", "")


def test_without_docstrings(shell):
    status, out, err = shell(SPHERE, python="-OO")
    assert status == 0 and err == "" and "55 of 55 identities hold" in out and "cut_locus_is_refused: \n" in out


def test_a_terminal_of_ascii(shell):
    status, out, err = shell("foreign --only project_twice", PYTHONIOENCODING="ascii")
    assert status == 0 and err == "" and out.startswith("sph\\xe4re, tested as sphere\n")


def test_an_identity_that_cannot_be_measured_does_not_hold():
    nothing = identities.Identity(0, "nothing", "", ("sphere",), "eps", 8.0, lambda case: float("nan"))
    case = identities.draw(sphere, "sphere", np.random.default_rng(0), 4, 2)
    assert not identities.measure(nothing, [case]).holds
