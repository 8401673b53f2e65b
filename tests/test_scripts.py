"""The console scripts are the same programs as `python -m`, and say the name that they were called by."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from grassmann_np.target import find
from grassmann_np.terminal import SCRIPTS, called

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def script(name, *words, **environment):
    """Runs a console script as an installer writes it."""
    module, _, function = PROJECT["scripts"][name].partition(":")
    code = f"import sys; sys.argv[0] = '/somewhere/{name}'; from {module} import {function}; sys.exit({function}())"
    command, environment = [sys.executable, "-c", code, *words], os.environ | environment
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)


def test_there_is_one_for_each_name():
    assert set(PROJECT["scripts"]) == set(SCRIPTS)
    assert all(callable(find(target)) for target in PROJECT["scripts"].values())


@pytest.mark.parametrize(
    ("name", "words", "usage"),
    [
        ("grassmann-np", ["train", "--help"], "usage: grassmann-np train [-h]"),
        ("grassmann-np", [], "usage: grassmann-np [-h]"),
        ("grassmann-viz", ["--help"], "usage: grassmann-viz [-h]"),
    ],
)
def test_the_usage_is_of_the_script(name, words, usage):
    done = script(name, *words)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(usage)
    assert "python -m" not in done.stdout.partition("\n\n")[0]


def test_what_is_wrong_is_told_as_ever():
    done = script("grassmann-np", "train", "--lr", "x", "--out", "y")
    assert done.returncode == 2 and done.stderr.startswith("grassmann_np: argument --lr: expected a number")


def test_a_command_to_repeat_is_that_of_the_script(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["C:/Scripts/grassmann-np.exe"])
    assert called("python -m grassmann_np train --out 'a  b'") == "grassmann-np train --out 'a  b'"
    assert called("python -m grassmann_np") == "grassmann-np"
    for other in ("python -m grassmann_np.testing x", "python -m viz list", "grassmann-np train"):
        assert called(other) == other
    monkeypatch.setattr(sys, "argv", ["/x/grassmann_np/__main__.py"])
    assert called("python -m grassmann_np train") == "python -m grassmann_np train"


@pytest.mark.parametrize(
    ("line", "expected"),
    [("grassmann-np tra", {"train"}), ("grassmann-np train --sche", {"--schedule"}),
     ("grassmann-np train --schedule co", {"constant", "cosine"})],
)  # fmt: skip
def test_a_shell_completes(tmp_path, line, expected):
    pytest.importorskip("argcomplete", reason="pip install 'grassmann-np[completion]'")
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    script("grassmann-np", **asked, _ARGCOMPLETE_STDOUT_FILENAME=str(tmp_path / "found"))
    assert {word.strip() for word in (tmp_path / "found").read_text().split("\n")} == expected


def test_a_shell_finds_the_marker():
    home = find(PROJECT["scripts"]["grassmann-np"].partition(":")[0])
    assert b"PYTHON_ARGCOMPLETE_OK" in Path(home.__file__).read_bytes()[:1024]


def test_a_script_finds_what_is_ones_own_in_this_folder(tmp_path, monkeypatch):
    """As `python -m` does, but what is installed comes first."""
    (tmp_path / "mine.py").write_text("def make(*_): raise ValueError('it was called')\n")
    (tmp_path / "argparse.py").write_text("raise ImportError('in the place of another')\n")
    monkeypatch.chdir(tmp_path)
    module, _, function = PROJECT["scripts"]["grassmann-np"].partition(":")
    words = "sys.argv[1:] = ['train', '--model', 'mine:make', '--out', 'run']; sys.path.remove('')"
    code = f"import sys; {words}; from {module} import {function}; {function}()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 1 and "it was called" in done.stderr
