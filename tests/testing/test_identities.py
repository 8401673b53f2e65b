"""The catalogue holds for our geometries, on any backend, and catches every planted bug."""

import json
import os
import subprocess
import sys
from functools import cache

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from grassmann_np.testing import __main__ as command
from grassmann_np.testing import counterexample, identities, parametrize_with_identities, strategies, view
from tests.testing.planted_bugs import BUGS, Planted

GEOMETRIES = {"euclidean": euclidean, "sphere": sphere, "lines": lines, "subspaces": subspaces}
PAIRS = [(i, kind) for i in identities.CATALOGUE for kind in i.kinds]


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_our_geometries_obey_every_identity(kind):
    report = identities.check(GEOMETRIES[kind])
    assert report.kind == kind
    assert report.holds, str(report)


@pytest.mark.parametrize(("identity", "kind"), PAIRS, ids=[f"{i.name}-{kind}" for i, kind in PAIRS])
def test_identity_on_drawn_cases(identity, kind):
    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(strategies.cases(GEOMETRIES[kind], kind))
    def holds(case):
        result = identities.measure(identity, [case])
        assert result.holds, result

    holds()


@pytest.mark.parametrize("kind", GEOMETRIES)
@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1"])
def test_identities_hold_inside_the_array_api(kind, device):
    def to(array):
        return strict.asarray(array, device=strict.Device(device))

    def back(array):
        return np.asarray(array.to_device(strict.Device("CPU_DEVICE")))

    report = identities.check(GEOMETRIES[kind], sizes=(2 if kind != "subspaces" else 5, 4), to=to, back=back)
    assert report.holds, str(report)


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_identities_hold_on_a_device(kind, device):
    report = identities.check(GEOMETRIES[kind], to=device.asarray, back=lambda array: array.get())
    assert report.holds, str(report)


@cache
def report_of(bug):
    """Of a planted bug, on small cases."""
    faulty, _ = BUGS[bug]
    sizes = (4, 5, 9, 12) if faulty.like == "subspaces" else (2, 3, 4, 5, 9, 12)
    return identities.check(faulty, like=faulty.like, layout="columns", sizes=sizes)


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bug_is_caught_by_its_identity(bug):
    assert BUGS[bug][1] in report_of(bug).failed


def test_every_identity_catches_what_it_says():
    """And something, each of them; in one test, so that one process makes all reports."""
    for identity in identities.CATALOGUE:
        named = identity.catches.split("; ")
        assert named and set(named) <= set(BUGS), (identity.name, named)
        for bug in named:
            assert identity.name in report_of(bug).failed, (identity.name, bug)


def test_a_report_leads_to_the_fault():
    """Which sizes, which dtype, which function: three bugs that a smaller set of cases would miss or not tell apart."""
    found = {result.identity.name: result for result in report_of("nine coordinates at most").results}
    assert found["project_is_tangent"].where == "only for n = 12"
    assert next(iter(report_of("nine coordinates at most").suspects)) == "project"
    velocity = report_of("transport right for the velocity alone")
    assert "transport_of_the_velocity" not in velocity.failed and "equation_nine" not in velocity.failed
    assert next(iter(velocity.suspects)) == "transport"
    upcast = report_of("silent upcast")
    assert "exp: expected float32 as its arguments are, got float64: an upcast; only for float32" in str(
        {result.reason for result in upcast.results}
    )
    assert next(iter(upcast.suspects)) == "exp"


class Rows:
    """`base` with points in rows, or one vector at a time, under other names."""

    def __init__(self, base, single=False, **renamed):
        def turned(f):
            def g(*arguments):
                one = (lambda a: a) if single else (lambda a: np.swapaxes(a, -1, -2) if np.ndim(a) > 1 else a)
                if single and any(np.ndim(a) > 1 for a in arguments):
                    raise ValueError("one vector at a time")
                given = [a[:-2] + a[:-3:-1] if isinstance(a, tuple) and not single else a for a in arguments]
                found = f(*(one(a) if isinstance(a, np.ndarray) else a for a in given))
                return tuple(map(one, found)) if isinstance(found, tuple) else one(found)

            return g

        for name in view.FUNCTIONS:
            setattr(self, renamed.get(name, name), turned(getattr(base, name)))


@pytest.mark.parametrize("kind", ["sphere", "lines", "subspaces"])
def test_points_in_rows_are_seen(kind):
    report = identities.check(Rows(GEOMETRIES[kind]), like=kind, layout="rows", sizes=(4, 5))
    assert report.holds, str(report)
    if kind != "subspaces":
        told = identities.check(Rows(GEOMETRIES[kind]), sizes=(4,))
        assert told.holds and told.kind == kind and "points in rows" in told.notes[0]


def test_one_vector_at_a_time_is_seen():
    report = identities.check(Rows(sphere, single=True), like="sphere", layout="single", sizes=(4,))
    assert report.holds, str(report)


def test_other_names_are_taken_and_what_is_missing_is_ours():
    theirs = Rows(sphere, exp="expmap", log="logmap", transport="carry")
    for name in ("move", "random_tangent", "scale", "norm"):
        delattr(theirs, name)
    names = {"exp": "expmap", "log": "logmap", "transport": "carry"}
    report = identities.check(theirs, sizes=(4,), names=names)
    assert report.holds and "random_tangent, norm, scale" in report.notes[-1], str(report)
    with pytest.raises(ValueError, match="names: expected some of"):
        identities.check(theirs, like="sphere", names={"expmap": "exp"})
    del theirs.expmap
    del theirs.random_point
    report = identities.check(theirs, like="sphere", layout="rows", sizes=(4,), names=names)
    assert {r.problem for r in report.results if not r.holds} == {"it has no function expmap"}
    assert "project_twice" not in report.failed
    with pytest.raises(ValueError, match="its kind cannot be told, since it has no random_point"):
        identities.check(theirs, names=names)


@pytest.mark.parametrize(
    ("function", "answer", "words"),
    [
        ("exp", lambda y, h: sphere.exp(y, h)[0], "exp: expected shape (4, 16), got (16,)"),
        ("distance", lambda y, x: None, "distance: expected shape (16,), got ()"),
        ("distance", lambda y, x: sphere.distance(y, x)[None], "distance: expected shape (16,), got (1, 16)"),
        ("log", lambda y, x: sphere.log(y, x) / 0, "log: 64 of 64 numbers are NaN or inf"),
        ("move", lambda y, h, v: sphere.exp(y, h), "move: expected a pair (point, vector), got ndarray"),
        ("project", lambda y, g: 1 / 0, "ZeroDivisionError: division by zero"),
        ("normalize", lambda w: sphere.normalize(w) if np.any(w) else w, "expected ValueError, got an answer"),
        ("random_point", lambda shape, rng: np.ones(shape) / 2, "random_point: expected points that differ"),
        ("random_tangent", lambda y, rng: 0 * y, "random_tangent: expected a vector that is not 0"),
    ],
)
def test_every_failure_has_a_reason_in_words(function, answer, words):
    with np.errstate(all="ignore"):
        faulty = Planted(sphere, "sphere", **{function: answer})
        report = identities.check(faulty, like="sphere", layout="columns", sizes=(4,))
    assert words in {result.problem for result in report.results}, {result.problem for result in report.results}
    assert all(result.reason for result in report.results if not result.holds)


@pytest.mark.parametrize(
    ("bug", "lines"),
    [
        ("chord for geodesic", ["y = np.array([[1.0], [0.0]])", "k = np.array([[0.0], [1.0]])",
                                "r1 = geometry.exp(y, k)", "# got r2 = [0.785398"]),
        ("silent upcast", ["dtype=np.float32)", "# exp_of_zero: exp: expected float32 as its arguments are"]),
        ("nine coordinates at most", ["r1 = geometry.project(y, g)", "# project_is_tangent: "]),
        ("no random tangent", ["r1 = geometry.random_point((2, 1), np.random.default_rng(0))", "that is not 0"]),
    ],
)  # fmt: skip
def test_a_counterexample_is_small_and_is_code(bug, lines):
    faulty, name = BUGS[bug]
    seen = identities.view_of(faulty, like=faulty.like, layout="columns")
    result = next(result for result in report_of(bug).results if result.identity.name == name)
    found = counterexample.explained(result, seen, "tests.testing.planted_bugs:faulty")
    assert all(line in found for line in lines), found
    code = found.replace("from tests.testing.planted_bugs import faulty as geometry", "")
    names = {"geometry": faulty}
    exec(code, names)  # it runs, whatever it shows
    assert isinstance(names["r1"], np.ndarray)
    if bug == "nine coordinates at most":
        assert 10 <= len(names["y"]) <= 12


def test_catalogue_has_every_number():
    assert {identity.number for identity in identities.CATALOGUE} == set(range(45))


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
        assert f"**{identity.number} {identity.name}** (" in out and f"    {identity.statement}\n" in out
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


@given(strategies.points(4, 3, np.float32), st.data())
@settings(max_examples=40, deadline=None)
def test_strategies_draw_what_they_say(y, data):
    assert y.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(y, axis=0), 1, atol=1e-6)
    h = data.draw(strategies.tangents(y, longest=2.0))
    assert h.dtype == y.dtype
    assert np.all(np.linalg.norm(h, axis=0) <= 2.0 + 1e-6)
    np.testing.assert_allclose(np.sum(h * y, axis=0), 0, atol=1e-6)
    matrices = data.draw(strategies.subspaces(5, 2, 3))
    np.testing.assert_allclose(np.matrix_transpose(matrices) @ matrices, np.tile(np.eye(2), (3, 1, 1)), atol=1e-14)
    assert 1e-20 <= data.draw(strategies.scales()) <= 1e20
