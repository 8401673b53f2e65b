"""`python -m grassmann_np.testing`, the code that it prints and the tests that it writes."""

import json
import os
import subprocess
import sys

import pytest

from grassmann_np.geometry import sphere
from grassmann_np.testing import __main__ as command
from grassmann_np.testing import identities, parametrize_with_identities

LINES = "grassmann_np.geometry.lines"
ONLY = ["--only", "transport_is_an_isometry,flow,project_twice"]
TARGETS = {  # each the same sphere: how it is named, and how the code gets at it
    "rowsphere": "import rowsphere as geometry",
    "rowsphere:here": "from rowsphere import here as geometry",
    "rowsphere:Sphere": "from rowsphere import Sphere\ngeometry = Sphere()",
    "rowsphere:Inside.here": "from rowsphere import Inside\ngeometry = Inside.here",
    "rowsphere:Inside.Sphere": "from rowsphere import Inside\ngeometry = Inside.Sphere()",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder to import from, with a sphere of points in rows that transports by projection."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "rowsphere.py").write_text(
        "from grassmann_np.geometry.sphere import *\n"
        "from grassmann_np.geometry import sphere\n"
        "import numpy as np\n"
        "for name in ('exp', 'log', 'project', 'distance', 'normalize', 'inner', 'norm'):\n"
        "    exec(f'def {name}(*a): return np.transpose(sphere.{name}(*map(np.transpose, a)))')\n"
        "def transport(y, h, v): return project(exp(y, h), v)\n"
        "def move(y, h, v): return exp(y, h), transport(y, h, v)\n"
        "def random_point(shape, rng): return sphere.random_point(shape[::-1], rng).T\n"
        "def random_tangent(y, rng): return sphere.random_tangent(y.T, rng).T\n"
        "Sphere = type('Sphere', (), {k: staticmethod(f) for k, f in globals().items() if callable(f)})\n"
        "here = Sphere()\n"
        "class Inside: here, Sphere = Sphere(), Sphere\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder


def test_command_prints_the_table_and_its_status(capsys):
    assert command.main([LINES, "--only", "project_twice"]) == 0
    out = capsys.readouterr().out
    assert "tested as lines" in out and "1 of 1 identities hold" in out
    assert command.main([LINES, "--like", "sphere", "--only", "distance_folds,flow"]) == 1
    assert " NO distance_folds" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected a module, or --list"),
        (["no.such.module"], "cannot use 'no.such.module': ModuleNotFoundError: No module named 'no'"),
        ([f"{LINES}:nobody"], "AttributeError: module 'grassmann_np.geometry.lines' has no attribute 'nobody'"),
        ([LINES, "--only", "flow,flaw"], "argument --only: no identity is called 'flaw'"),
        ([LINES, "--only", "complement_is_as_far"], "no identity of lines is called complement_is_as_far"),
        ([LINES, "--names", "expmap=exp"], "argument --names: expected some of normalize, "),
        ([LINES, "--layout", "diagonal"], "argument --layout: invalid choice"),
        ([LINES, "--seed", "1.5"], "argument --seed: expected a whole number from 0 on, got '1.5'"),
        ([LINES, "--json", "--example"], "--json prints JSON alone: no --example and no --picture with it"),
        ([LINES, "--json", "--picture", "."], "--json prints JSON alone: no --example and no --picture with it"),
        ([LINES, "--picture", __file__], "this is not a folder"),
        ([LINES, "--write-test", __file__], f"{__file__}: there is such a file already"),
        ([LINES, "--write-test", f"{__file__}/test.py"], "this is not a folder"),
    ],
)
def test_command_says_in_one_line_what_is_wrong(words, said, capsys, monkeypatch):
    monkeypatch.setattr(identities, "drawn", None)  # and says so before it tries anything
    with pytest.raises(SystemExit, match="2"):
        command.main(words)
    out, err = capsys.readouterr()
    assert not out and said in err and err.count("\n") == 1


def test_command_lists_the_catalogue(capsys):
    assert command.main(["--list"]) == 0
    out = capsys.readouterr().out
    assert out.strip() == identities.page().strip()
    for identity in identities.CATALOGUE:
        assert f"**{identity.number} {identity.name}** (" in out and f"`{identity.statement}`\n" in out
        assert f"As with: {identity.catches}." in out


def test_command_gives_json(folder, capsys):
    assert command.main(["rowsphere", *ONLY, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "sphere" and "points in rows" in found["notes"][0]
    held = {row["name"]: row["holds"] for row in found["identities"]}
    assert held == {"transport_is_an_isometry": False, "flow": False, "project_twice": True}


@pytest.mark.parametrize("target", TARGETS)
def test_an_example_is_code_that_runs(folder, target, capsys):
    assert command.main([target, *ONLY, "--example"]) == 1
    out = capsys.readouterr().out
    assert "look at transport" in out and "y = np.array([[1.0, 0.0]])" in out
    code = out[out.index("import numpy as np\n") :]
    assert f"\n{TARGETS[target]}\n\n" in code
    names = {}
    exec(code, names)
    assert names["r1"][1].shape == names["y"].shape == (1, 2)


@pytest.mark.parametrize("target", TARGETS)
def test_command_writes_a_test_of_every_target(folder, target, tmp_path):
    assert command.main([target, *ONLY, "--write-test", str(tmp_path / "test_it.py")]) == 1
    written = (tmp_path / "test_it.py").read_text()
    assert all(f"{line}\n" in written for line in TARGETS[target].split("\n"))
    names = {}
    exec(written, names)
    (mark,) = names["test_geometry"].pytestmark
    tried = {case.id: case for case in mark.args[1]}
    assert list(tried) == ["project_twice", "flow", "transport_is_an_isometry"]
    tried["project_twice"].values[0]()
    with pytest.raises(AssertionError, match="transport_is_an_isometry: <T u, T v> = <u, v>"):
        tried["transport_is_an_isometry"].values[0]()


def test_a_written_test_keeps_what_was_said(folder, tmp_path):
    """Names, layout and kind; what is lent is not tried, and pytest says so."""
    (folder / "other.py").write_text(
        "from rowsphere import exp as expmap, project, transport, random_point, normalize, log, distance\n"
    )
    words = [
        "--names",
        "exp=expmap",
        "--layout",
        "rows",
        "--like",
        "sphere",
        "--only",
        "scale_is_by_point,project_twice",
    ]
    assert command.main(["other", *words, "--seed", "3", "--write-test", str(tmp_path / "test_other.py")]) == 0
    names = {}
    exec((tmp_path / "test_other.py").read_text(), names)
    (mark,) = names["test_geometry"].pytestmark
    tried = {case.id: case.values[0] for case in mark.args[1]}
    tried["project_twice"]()
    with pytest.raises(pytest.skip.Exception, match="lent"):
        tried["scale_is_by_point"]()
    assert "names={'exp': 'expmap'}, only=" in (tmp_path / "test_other.py").read_text()
    assert ", seed=3)" in (tmp_path / "test_other.py").read_text()


def test_an_example_borrows_what_is_missing(folder, capsys):
    """Its code calls our function where there is none, and runs."""
    (folder / "bare.py").write_text(
        "from grassmann_np.geometry.sphere import exp, log, project, normalize, transport, distance\n"
        "def random_point(shape, rng): return 0 * rng.standard_normal(shape) + shape[0] ** -0.5\n"
    )
    assert command.main(["bare", "--like", "sphere", "--only", "random_is_on_the_manifold", "--example"]) == 1
    out = capsys.readouterr().out
    code = out[out.index("import numpy as np\n") :]
    assert "from grassmann_np.geometry import sphere as ours" in code and "r3 = ours.random_tangent(y, " in code, code
    exec(code, {})


def test_pytest_runs_what_was_written(folder):
    """Failures of today are expected, with their reason; one that is expected and holds is an error."""
    assert command.main(["rowsphere", *ONLY, "--write-test", str(folder / "test_now.py")]) == 1
    written = (folder / "test_now.py").read_text()
    (folder / "test_wrong.py").write_text(written.replace("'flow': ", "'project_twice': "))
    path = os.pathsep.join([str(folder), *sys.path])
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", "test_now.py", "test_wrong.py"]
    ran = subprocess.run(line, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert "2 failed, 1 passed, 3 xfailed" in ran.stdout, ran.stdout
    assert "PASSED test_now.py::test_geometry[project_twice]" in ran.stdout
    assert "XFAIL test_now.py::test_geometry[flow] - " in ran.stdout and " eps of at most " in ran.stdout
    assert "[XPASS(strict)]" in ran.stdout and "FAILED test_wrong.py::test_geometry[project_twice]" in ran.stdout
    assert "flow: exp_{c(s)}" in ran.stdout and "r1 = geometry.move(" in ran.stdout  # its counterexample


def test_warnings_of_numpy_are_not_printed(folder, capsys):
    """Of an overflow in the user's code: the table says what came of it."""
    (folder / "plain.py").write_text(
        "import numpy as np\ndef normalize(w): return w / np.sqrt(np.sum(w * w, axis=0))\n"
    )
    assert command.main(["plain", "--like", "sphere", "--only", "normalize_forgets_scale"]) == 1
    out, err = capsys.readouterr()
    assert "only for float32" in out and "Warning" not in out + err


def test_command_draws_a_picture(folder, tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib", reason="the extra viz")
    asked = ["rowsphere", "--only", "transport_is_an_isometry", "--picture", str(tmp_path / "new")]
    assert command.main(asked) == 1
    path = tmp_path / "new" / "transport_is_an_isometry.png"
    assert f"picture in {path}" in capsys.readouterr().out and path.read_bytes().startswith(b"\x89PNG")
    assert command.main(["rowsphere", "--only", "project_twice", "--picture", str(tmp_path / "none")]) == 0
    assert not (tmp_path / "none").exists()
    for missing in ("matplotlib", "hypothesis"):
        with monkeypatch.context() as patch, pytest.raises(SystemExit, match="2"):
            patch.delitem(sys.modules, "viz.counterexample", raising=False)
            patch.delattr("viz.counterexample", raising=False)
            for name in [name for name in sys.modules if name.startswith("viz.")]:
                patch.delitem(sys.modules, name)
            patch.setitem(sys.modules, missing, None)
            command.main(asked)
        said = capsys.readouterr().err
        assert missing in said and "pip install 'grassmann-np[viz,test]'" in said and said.count("\n") == 1


def test_a_wrong_expectation_is_refused():
    with pytest.raises(ValueError, match="no identity of sphere is called isometry"):
        parametrize_with_identities(sphere, {"isometry": "why"})
