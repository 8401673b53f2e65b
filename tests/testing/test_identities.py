"""The catalogue holds for our geometries, on any backend. What it catches is in tests/kit."""

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from grassmann_np.testing import identities, strategies

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
    sizes = (4, 5) if kind == "subspaces" else (2, 3, 4, 9)
    report = identities.check(GEOMETRIES[kind], sizes=sizes, to=device.asarray, back=lambda array: array.get())
    assert report.holds, str(report)


def test_catalogue_has_every_number():
    assert {identity.number for identity in identities.CATALOGUE} == set(range(45))


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
