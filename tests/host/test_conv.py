"""The convolution of large arrays agrees with its plain version to rounding: on every path, in float32 and float64, for
any number of threads, any layout of its arguments, and without a change to any of them.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.host import conv, share, winograd
from tests.ops import plain

some = settings(max_examples=60, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])


@pytest.fixture(autouse=True, params=[1, 2**20], ids=["shared", "alone"])
def smallest(request, monkeypatch):
    """Arrays of any size are shared between the threads of BLAS, or none here is."""
    monkeypatch.setattr(share, "SMALLEST", request.param)


def both(x, w, b, stride, padding, dy=None):
    """((y, dx, dw[, db]) of the loops, the same of the plain version)."""
    kept = [a.copy() for a in (x, w)]
    y, pullback = plain.conv2d(x, w, b, stride, padding)
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(x.dtype) if dy is None else dy
    theirs = y, *pullback(dy.astype(x.dtype))
    y, pullback = conv.conv2d(x, w, b, stride, padding, y.shape[1:3])
    ours = y, *pullback(dy)
    assert all(np.array_equal(a, b) for a, b in zip((x, w), kept, strict=True))
    dx, *rest = pullback(dy, wanted=False)
    assert dx is None
    agree(rest, ours[2:], x, w)  # few channels are unfolded another way
    assert np.moveaxis(ours[2], -1, 0).flags.c_contiguous  # by columns
    return ours, theirs


def agree(ours, theirs, x, w):
    """Rounding of a sum of so many terms of size 1, relative to the largest number."""
    terms = max(w.size, x.size)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype == x.dtype and a.shape == b.shape
        scale = max(1.0, float(np.abs(b).max(initial=0.0)))
        assert np.abs(a - b).max(initial=0.0) <= 8 * np.sqrt(terms) * np.finfo(b.dtype).eps * scale


def draw(seed, dtype, n, height, width, c_in, c_out, kh, kw, padding):
    height, width = max(height, kh - 2 * padding), max(width, kw - 2 * padding)
    rng = np.random.default_rng(seed)
    shapes = (n, height, width, c_in), (kh, kw, c_in, c_out), (c_out,)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


@some
@given(
    seeds,
    dtypes,
    st.integers(1, 7),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 5) | st.sampled_from([16, 32, 64]),
    st.integers(1, 5) | st.sampled_from([16, 32, 64]),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 4),
    st.sampled_from([1, 2**12, 2**20]),
    st.booleans(),
)
def test_any_window(seed, dtype, n, height, width, c_in, c_out, kh, kw, stride, padding, block, biased):
    x, w, b = draw(seed, dtype, n, height, width, c_in, c_out, kh, kw, padding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "BLOCK", block)
        patch.setattr(winograd, "WIDE", 100)
        agree(*both(x, w, b if biased else None, stride, padding), x, w)


@some
@given(
    seeds,
    dtypes,
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 5) | st.sampled_from([16, 32, 64]),
    st.integers(1, 5) | st.sampled_from([16, 32, 64]),
    st.integers(0, 2),
    st.sampled_from([1, 10, 512]),
    st.booleans(),
)
def test_minimal_filters(seed, dtype, n, height, width, c_in, c_out, padding, tiles, biased):
    """Every number of rows and columns, odd or even."""
    x, w, b = draw(seed, dtype, n, height, width, c_in, c_out, 3, 3, padding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "TILES", tiles)
        patch.setattr(winograd, "WIDE", 1)
        assert winograd.pays(w, 1, padding)
        agree(*both(x, w, b if biased else None, 1, padding), x, w)


@pytest.mark.parametrize("stride, kernel, padding", [(1, 3, 3), (1, 3, 4), (2, 3, 1), (1, 2, 1), (1, 4, 1)])
def test_what_minimal_filters_cannot_do_is_left_to_windows(stride, kernel, padding, monkeypatch):
    monkeypatch.setattr(winograd, "WIDE", 1)
    x, w, b = draw(0, np.float64, 3, 7, 8, 4, 5, kernel, kernel, padding)
    agree(*both(x, w, b, stride, padding), x, w)


@pytest.mark.parametrize("wide", [1, 100], ids=["minimal", "windows"])
@pytest.mark.parametrize("stride, kernel", [(1, 3), (2, 3), (1, 1), (2, 1)])
def test_any_layout(wide, stride, kernel, monkeypatch):
    """Views in any order, read-only, and a dy of another dtype."""
    monkeypatch.setattr(winograd, "WIDE", wide)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 5, 14, 9)).transpose(0, 3, 2, 1)[:, ::-1, ::2]
    w = rng.standard_normal((4, 5, kernel, kernel)).T
    size = (x.shape[1] + 2 - kernel) // stride + 1, (x.shape[2] + 2 - kernel) // stride + 1
    x.flags.writeable = w.flags.writeable = False
    for dy in (
        rng.standard_normal((4, *size[::-1], 3)).T,
        rng.integers(-3, 3, (3, *size, 4)),
        rng.standard_normal((3, *size, 4), dtype=np.float32),
        np.broadcast_to(np.float64(1), (3, *size, 4)),
    ):
        agree(*both(x, w, None, stride, 1, dy), x, w)


@pytest.mark.parametrize("wide", [1, 100], ids=["minimal", "windows"])
def test_nothing_is_shared(wide, monkeypatch):
    """Two pullbacks, each called twice, give arrays that keep their numbers; the same call gives the same bits."""
    monkeypatch.setattr(winograd, "WIDE", wide)
    rng = np.random.default_rng(0)
    x, other = rng.standard_normal((2, 4, 6, 5, 3), dtype=np.float32)
    w, dy = rng.standard_normal((3, 3, 3, 2), dtype=np.float32), rng.standard_normal((4, 6, 5, 2), dtype=np.float32)
    y, pullback = conv.conv2d(x, w, None, 1, 1, (6, 5))
    first = y, *pullback(dy)
    kept = [a.copy() for a in first]
    conv.conv2d(other, w, None, 1, 1, (6, 5))[1](2 * dy)
    again = conv.conv2d(x, w, None, 1, 1, (6, 5))
    for a, b, c in zip(first, kept, (again[0], *again[1](dy)), strict=True):
        assert np.array_equal(a, b) and np.array_equal(a, c) and not np.shares_memory(a, c)


def test_wrong_dy():
    x, w = np.ones((2, 4, 4, 1)), np.ones((3, 3, 1, 2))
    with pytest.raises(ValueError, match=r"dy: expected shape \(2, 2, 2, 2\)"):
        conv.conv2d(x, w, None, 1, 0, (2, 2))[1](np.ones((2, 2, 2, 1)))
