"""`python -m grassmann_np.testing`, and the tests that it writes."""

import json
import os
import subprocess
import sys

import pytest

from grassmann_np.geometry import sphere
from grassmann_np.testing import __main__ as command
from grassmann_np.testing import identities, parametrize_with_identities


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """A folder to import from, with a sphere of points in rows that transports by projection."""
    (tmp_path / "rowsphere.py").write_text(
        "from grassmann_np.geometry.sphere import *\n"
        "from grassmann_np.geometry import sphere\n"
        "import numpy as np\n"
        "for name in ('exp', 'log', 'project', 'distance', 'normalize', 'inner', 'norm'):\n"
        "    exec(f'def {name}(*a): return np.transpose(sphere.{name}(*map(np.transpose, a)))')\n"
        "def transport(y, h, v): return project(exp(y, h), v)\n"
        "def move(y, h, v): return exp(y, h), transport(y, h, v)\n"
        "def random_point(shape, rng): return sphere.random_point(shape[::-1], rng).T\n"
        "def random_tangent(y, rng): return sphere.random_tangent(y.T, rng).T\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return tmp_path


def test_command_prints_the_table_and_its_status(capsys):
    assert command.main(["grassmann_np.geometry.lines"]) == 0
    assert "tested as lines" in capsys.readouterr().out
    assert command.main(["grassmann_np.geometry.lines", "--like", "sphere", "--only", "distance_folds,flow"]) == 1
    assert " NO distance_folds" in capsys.readouterr().out
    lines_with = ["grassmann_np.geometry.lines"]
    for arguments in (
        ["no.such.module"],
        [*lines_with, "--only", "flaw"],
        [*lines_with, "--names", "expmap=exp"],
        [*lines_with, "--layout", "diagonal"],
    ):
        with pytest.raises(SystemExit, match="2"):
            command.main(arguments)


def test_command_lists_the_catalogue(capsys):
    assert command.main(["--list"]) == 0
    out = capsys.readouterr().out
    assert out.strip() == identities.page().strip()
    for identity in identities.CATALOGUE:
        assert f"**{identity.number} {identity.name}** (" in out and f"`{identity.statement}`\n" in out
        assert f"As with: {identity.catches}." in out
    with pytest.raises(SystemExit, match="2"):
        command.main([])


def test_command_gives_json_and_an_example(on_path, capsys):
    only = ["--only", "transport_is_an_isometry,flow"]
    assert command.main(["rowsphere", *only, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "sphere" and "points in rows" in found["notes"][0]
    held = {row["name"]: row["holds"] for row in found["identities"]}
    assert held == {"transport_is_an_isometry": False, "flow": False}
    assert command.main(["rowsphere", *only, "--example"]) == 1
    out = capsys.readouterr().out
    assert "import rowsphere as geometry" in out and "y = np.array([[1.0, 0.0]])" in out
    assert "look at transport" in out


def test_command_writes_a_test_that_pytest_runs(on_path, capsys):
    """Failures of today are expected, with their reason; one that is expected and holds is an error."""
    file = on_path / "test_rowsphere.py"
    only = ["--only", "transport_is_an_isometry,flow,project_twice"]
    assert command.main(["rowsphere", *only, "--write-test", str(file)]) == 1
    with pytest.raises(SystemExit, match="2"):
        command.main(["rowsphere", *only, "--write-test", str(file)])
    written = file.read_text()
    asked = "only=['flow', 'project_twice', 'transport_is_an_isometry']"
    file.write_text(written.replace("EXPECTED_FAILURES)", f"EXPECTED_FAILURES, {asked})"))

    def run(*options):
        line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", str(file), *options]
        return subprocess.run(line, cwd=on_path, capture_output=True, text=True)

    ran = run()
    assert ran.returncode == 0 and "1 passed, 2 xfailed" in ran.stdout, ran.stdout
    assert "test_geometry[flow]" in ran.stdout
    file.write_text(file.read_text().replace("'flow': ", "'project_twice': "))
    ran = run("-k", "flow or project")
    assert ran.returncode == 1 and "[XPASS(strict)]" in ran.stdout and "flow: exp_{c(s)}" in ran.stdout, ran.stdout
    assert "r1 = geometry.move(" in ran.stdout  # its counterexample


def test_a_wrong_expectation_is_refused():
    with pytest.raises(ValueError, match="no identity of sphere is called isometry"):
        parametrize_with_identities(sphere, {"isometry": "why"})
