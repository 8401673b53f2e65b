"""The fast ways agree with the plain ones to rounding: any shape, layout, block and precision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.geometry import columns, sphere
from tests.geometry import plain

LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "upside down": lambda a: a[::-1].copy()[::-1],
}


@given(
    st.integers(1, 40),
    st.integers(0, 9),
    st.sampled_from(list(LAYOUTS)),
    st.sampled_from(["f4", "f8"]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=150, deadline=None)
def test_products(n, m, layout, dtype, seed):
    rng = np.random.default_rng(seed)
    a, b = (LAYOUTS[layout](rng.standard_normal((n, m) if m else (n,)).astype(dtype)) for _ in range(2))
    found = columns.dot(a, b)
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_allclose(found, np.sum(a * b, axis=0), atol=80 * np.finfo(dtype).eps * n)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(2, 5), (300, 7), (9, 1), (64,), (1200, 256)])
def test_the_sphere_is_the_plain_one(shape, layout, dtype):
    rng = np.random.default_rng(0)
    draw = LAYOUTS[layout]
    y = plain.normalize(rng.standard_normal(shape))
    h, v = (plain.project(y, rng.standard_normal(shape)) / shape[0] ** 0.5 for _ in range(2))
    w = rng.standard_normal(shape)
    narrow = {name: draw(a.astype(dtype)) for name, a in {"y": y, "h": h, "v": v, "w": w}.items()}
    y, h, v, w = (a.astype("f8") for a in narrow.values())
    y_, h_, v_, w_ = narrow.values()
    for actual, right in (
        (sphere.normalize(w_), plain.normalize(w)),
        (sphere.project(y_, w_), plain.project(y, w)),
        (sphere.exp(y_, h_), plain.exp(y, h)),
        (sphere.transport(y_, h_, v_), plain.transport(y, h, v)),
        (sphere.move(y_, h_, h_)[1], plain.transport(y, h, h)),
        (sphere.log(y_, w_), plain.log(plain.normalize(y), w)),
    ):
        assert actual.dtype == np.dtype(dtype)
        np.testing.assert_allclose(actual, right, atol=60 * np.finfo(dtype).eps)


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_points_lie_in_memory_as_before(layout):
    y = LAYOUTS[layout](np.eye(6)[:, :3])
    h = LAYOUTS[layout](np.eye(6)[:, 3:])
    for a in (sphere.exp(y, h), *sphere.move(y, h, h), sphere.log(y, h)):
        assert a.strides == y.strides
