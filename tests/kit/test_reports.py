"""Every planted bug is caught by its identity; a report says where and why, and leads to the fault."""

from types import SimpleNamespace

import numpy as np
import pytest

from grassmann_np.geometry import sphere
from grassmann_np.testing import identities
from grassmann_np.testing.report import Report, Result
from tests.testing.planted_bugs import BUGS, Planted


def report_of(bug, only=None):
    """Of a planted bug, on small cases."""
    faulty, _ = BUGS[bug]
    sizes = (4, 5, 9, 12) if faulty.like == "subspaces" else (2, 3, 4, 5, 9, 12)
    return identities.check(faulty, like=faulty.like, layout="columns", sizes=sizes, only=only)


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bug_is_caught(bug):
    """By its identity, and by those that say so."""
    catchers = {BUGS[bug][1]} | {one.name for one in identities.CATALOGUE if bug in one.catches.split("; ")}
    assert set(report_of(bug, catchers).failed) == catchers


def test_every_identity_says_what_it_catches():
    for identity in identities.CATALOGUE:
        assert set(identity.catches.split("; ")) <= set(BUGS), identity.name


def test_a_report_leads_to_the_fault():
    """Which sizes, which dtype, which function: three bugs that a smaller set of cases would miss or not tell apart."""
    nine = report_of("nine coordinates at most")
    found = {result.identity.name: result for result in nine.results}
    assert found["project_is_tangent"].where == "only for n = 12"
    assert next(iter(nine.suspects)) == "project"
    velocity = report_of("transport right for the velocity alone")
    assert "transport_of_the_velocity" not in velocity.failed and "equation_nine" not in velocity.failed
    assert next(iter(velocity.suspects)) == "transport"
    upcast = report_of("silent upcast")
    assert "exp: expected float32 as its arguments are, got float64: an upcast; only for float32" in str(
        {result.reason for result in upcast.results}
    )
    assert next(iter(upcast.suspects)) == "exp"


def test_the_suspect_is_the_function_whose_callers_all_fail():
    """exp is called by what fails, and by nothing else; distance by as many failures, and by what holds."""
    one = identities.CATALOGUE[0]
    failing = [Result(one, 1e9, uses=("exp", "distance")) for _ in range(3)]
    holding = [Result(one, 0.0, uses=("distance",)) for _ in range(7)]
    said = Report("theirs", "sphere", (*holding, *failing, Result(one, 1e9, uses=("log",))))
    assert said.suspects == {"exp": "3 of the 3 that call it fail", "log": "1 of the 1 that call it fail"}


def test_the_first_failure_calls_little_and_is_large():
    said = report_of("chord for geodesic")
    assert next(iter(said.suspects)) == "exp" and said.first.uses == ("exp",)
    assert said.first.residual > 1e14 and said.first.identity.unit == "eps"
    assert identities.check(sphere, sizes=(4,), only=["project_twice"]).first is None


def test_what_only_this_library_promises_comes_last():
    """Neither looked at nor drawn first, however often it fails; and said to be so."""
    asked = {"like": "sphere", "layout": "columns", "sizes": (4,)}
    plain = {"normalize": lambda w: w / np.sqrt(np.sum(w * w, axis=0) + 1e-12)}
    faulty = Planted(sphere, "sphere", combine=lambda a, u, b, v: a * u - b * v, **plain)
    said = identities.check(faulty, **asked, only=["combine_is_by_point", "zero_is_refused", "normalize_forgets_scale"])
    assert len(said.failed) == 3 and list(said.suspects) == ["combine", "normalize"]
    assert said.first.identity.name == "combine_is_by_point"
    long = Planted(sphere, "sphere", log=lambda y, x: 2 * sphere.log(y, x, cut=np.roll(y, 1, axis=0)))
    first = identities.check(long, **asked).first
    assert "log" in first.uses and first.identity.name != "cut_locus_is_refused"
    assert "only grassmann_np promises that a zero vector is refused with a ValueError" in str(said)
    rows = {row["name"]: row["promise"] for row in said.as_dict()["identities"]}
    assert rows["zero_is_refused"] and not rows["combine_is_by_point"]
    assert "Only grassmann_np promises that a zero vector is refused" in identities.page()


def test_no_number_of_json_is_infinite():
    said = identities.check(Planted(sphere, "sphere", exp=None), like="sphere", sizes=(4,), only=["exp_of_zero"])
    (row,) = said.as_dict()["identities"]
    assert row["residual"] is None and "not callable" in row["reason"] and not row["holds"]


@pytest.mark.parametrize("layout", ["columns", "rows"])
def test_a_product_of_spheres_is_of_no_kind(layout):
    """It is neither taken for R^n, nor refused without advice; each factor can be tried, and obeys all."""

    def random_point(shape, rng):
        n, m = shape if layout == "columns" else shape[::-1]
        halves = [sphere.random_point((k, m), rng) for k in (n // 2, n - n // 2)]
        return np.concatenate(halves) if layout == "columns" else np.concatenate(halves).T

    said = "of no kind that is known: its random points all have the length 1.41; of a product, try each factor"
    with pytest.raises(ValueError, match=said):
        identities.check(SimpleNamespace(random_point=random_point))
    seen = identities.view_of(SimpleNamespace(random_point=random_point), like="euclidean")
    assert seen.kind == "euclidean"  # whoever says so knows


@pytest.mark.parametrize(
    ("function", "answer", "words"),
    [
        ("exp", lambda y, h: sphere.exp(y, h)[0], "exp: expected shape (4, 16), got (16,)"),
        ("distance", lambda y, x: None, "distance: expected shape (16,), got ()"),
        ("distance", lambda y, x: sphere.distance(y, x)[None], "distance: expected shape (16,), got (1, 16)"),
        ("log", lambda y, x: sphere.log(y, x) / 0, "log: 64 of 64 numbers are NaN or inf"),
        ("move", lambda y, h, v: sphere.exp(y, h), "move: expected a pair (point, vector), got ndarray"),
        ("move", lambda y, h, v: (y, v, v), "move: expected a pair (point, vector), got 3 answers"),
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
