"""A counterexample is small, and is code that runs."""

import numpy as np
import pytest

from grassmann_np.geometry import lines, sphere
from grassmann_np.testing import counterexample, identities
from tests.testing.planted_bugs import BUGS


@pytest.mark.parametrize(
    ("bug", "lines"),
    [
        ("chord for geodesic", ["y = np.array([[1.0], [0.0]])", "k = np.array([[0.0], [1.0]])",
                                "r1 = geometry.exp(y, k)", "# got r2 = [0.785398"]),
        ("silent upcast", ["dtype=np.float32)", "# exp_of_zero: exp: expected float32 as its arguments are"]),
        ("nine coordinates at most", ["r1 = geometry.project(y, g)", "# project_is_tangent: "]),
        ("move forgets to carry", ["r1 = geometry.move(y, h, v)", "r3 = geometry.transport(y, h, v)"]),
        ("no random tangent", ["r1 = geometry.random_point((2, 1), np.random.default_rng(0))", "that is not 0"]),
    ],
)  # fmt: skip
def test_a_counterexample_is_small_and_is_code(bug, lines):
    faulty, name = BUGS[bug]
    seen = identities.view_of(faulty, like=faulty.like, layout="columns")
    identity = next(identity for identity in identities.CATALOGUE if identity.name == name)
    result = identities.measure(identity, identities.drawn(seen))
    assert not result.holds
    found = counterexample.explained(result, seen, ["# geometry is given"])
    assert all(line in found for line in lines), found
    names = {"geometry": faulty}
    exec(found, names)  # it runs, whatever it shows
    assert isinstance(names["r1"], np.ndarray | tuple)
    if bug == "nine coordinates at most":
        assert 10 <= len(names["y"]) <= 12


def test_the_worst_of_several_comparisons_is_shown():
    def measure(case):
        one = np.ones(case.m)
        return np.maximum(case.number_error(one, 3 * one), case.number_error(one, one))

    two = identities.Identity(0, "two", "", ("sphere",), "eps", 8.0, measure)
    case = identities.draw(sphere, "sphere", np.random.default_rng(0), 2, m=1)
    assert "# got [1.], expected [3.]\n# two: " in counterexample.reproduced(two, case, ["# given"])


@pytest.mark.parametrize(("geometry", "kind"), [(sphere, "sphere"), (lines, "lines")])
def test_a_case_is_resized(geometry, kind):
    case = counterexample.resized(identities.draw(geometry, kind, np.random.default_rng(0), 4, m=3), 0.3)
    for name in "hgw":
        np.testing.assert_allclose(case.size(getattr(case, name)), 0.3, rtol=1e-14, err_msg=name)
    np.testing.assert_allclose(case.size(case.k), 0.3 * min(1, case.reach / np.pi), rtol=1e-14)
    np.testing.assert_allclose(geometry.exp(case.y, case.h), case.x, rtol=0, atol=1e-15)
