"""The catalogue holds for our geometries, on any backend, and catches every planted bug."""

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from grassmann_np.testing import __main__ as command
from grassmann_np.testing import identities, strategies
from grassmann_np.testing.through import Through
from tests.testing.planted_bugs import BUGS

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

    report = identities.check(Through(GEOMETRIES[kind], to, back), sizes=(4,))
    assert report.holds, str(report)


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_identities_hold_on_a_device(kind, device):
    through = Through(GEOMETRIES[kind], device.asarray, lambda array: array.get())
    report = identities.check(through, sizes=(4,))
    assert report.holds, str(report)


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bug_is_caught_by_its_identity(bug):
    faulty, name = BUGS[bug]
    assert name in identities.check(faulty, like=faulty.like).failed


def test_every_identity_catches_some_planted_bug():
    caught = {name for faulty, _ in BUGS.values() for name in identities.check(faulty, like=faulty.like).failed}
    assert {identity.name for identity in identities.CATALOGUE} - caught == set()


def test_catalogue_has_every_number():
    assert {identity.number for identity in identities.CATALOGUE} == set(range(45))


def test_missing_function_is_reported_not_raised():
    class Incomplete:
        __name__ = "incomplete"
        random_point, distance, exp = (staticmethod(getattr(sphere, f)) for f in ("random_point", "distance", "exp"))

    report = identities.check(Incomplete())
    assert not report.holds
    assert "AttributeError" in str(report)
    assert "distance_folds" not in report.failed


def test_command_prints_the_table_and_its_status(capsys):
    assert command.main(["grassmann_np.geometry.lines"]) == 0
    assert "tested as lines" in capsys.readouterr().out
    assert command.main(["grassmann_np.geometry.lines", "--like", "sphere"]) == 1
    assert " NO distance_folds" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        command.main(["no.such.module"])


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
