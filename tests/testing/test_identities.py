"""The catalogue holds for our geometries, on any backend. What it catches is in tests/kit."""

from types import SimpleNamespace

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from grassmann_np.testing import cases, identities, strategies
from grassmann_np.testing.view import FUNCTIONS

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


class OneByOne(np.ndarray):
    """An array whose products are added one after the other, in its own dtype, as by NumPy without a BLAS."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        a, *others = (np.asarray(one) if isinstance(one, np.ndarray) else one for one in inputs)
        if ufunc is np.vecdot:
            found = np.add.accumulate(np.moveaxis(a * others[0], -1, 0))[-1]
        elif ufunc is np.matmul:
            (b,) = others
            found = sum(a[..., :, k, None] * b[..., k, None, :] for k in range(a.shape[-1]))
        else:
            found = getattr(ufunc, method)(a, *others, **options)
        return tuple(map(one_by_one, found)) if isinstance(found, tuple) else one_by_one(found)


def one_by_one(array):
    return np.asarray(array).view(OneByOne)


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_identities_hold_where_long_sums_are_added_one_by_one(kind, monkeypatch):
    """In 1000 dimensions 8 eps are too few for it, and sqrt(n) are enough."""
    size, seeds = (1000, 3, 2) if kind == "subspaces" else (1000, 1, 8), (0, 3)
    seen = identities.view_of(GEOMETRIES[kind], like=kind, layout="columns", to=one_by_one)
    for seed in seeds:
        report = identities.check(seen, sizes=[size], seed=seed, dtypes=[np.float32])
        assert report.holds, str(report)
    if kind in ("sphere", "lines"):
        monkeypatch.setattr(cases.Case, "long_sum", 1.0)
        asked = {"sizes": [size], "seed": 3, "dtypes": [np.float32], "only": ["log_back", "equation_nine"]}
        assert identities.check(seen, **asked).failed == ("log_back", "equation_nine")


def test_few_numbers_are_allowed_no_more_than_eight_eps():
    for n, expected in ((2, 1.0), (12, 1.0), (64, 1.0), (1000, 1000**0.5 / 8)):
        (case,) = identities.drawn(identities.view_of(sphere), sizes=[(n, 1, 2)], dtypes=[np.float32])
        assert case.long_sum == pytest.approx(expected)


def test_what_looks_at_no_case_is_tried_once():
    calls = []
    counted = SimpleNamespace(**{name: getattr(sphere, name) for name in FUNCTIONS})
    counted.transport = lambda y, h, v: calls.append(len(y)) or sphere.transport(y, h, v)
    (one,) = identities.check(counted, only=["holonomy_of_a_latitude"]).results
    assert one.holds and calls == 6 * [3]  # six polygons


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
