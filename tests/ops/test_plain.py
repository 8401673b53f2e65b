"""An op agrees with a plain version of it to rounding, in float32 and float64, on random shapes and long or short rows;
and no two pullbacks share memory.
"""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np import ops
from grassmann_np.host import lanes
from tests.ops import plain
from tests.ops.cases import CASES, as_tuple, draw

some = settings(max_examples=80, deadline=None)
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])


def agree(ours, theirs, terms):
    """Rounding of a sum of so many terms of size 1, relative to the largest number."""
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        scale = max(1.0, float(np.abs(b).max(initial=0.0)))
        assert np.abs(a - b).max(initial=0.0) <= 4 * np.sqrt(terms) * np.finfo(b.dtype).eps * scale


@some
@given(
    seeds,
    dtypes,
    st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.sampled_from([1, 2, 3, 5, 16]), st.sampled_from([1, 3, 4, 16])),
    st.integers(1, 3),
    st.integers(0, 4),
)
def test_conv2d(seed, dtype, images, kernel, stride, padding):
    (n, height, width), (kh, kw, c_in, c_out) = images, kernel
    height, width = max(height, kh - 2 * padding), max(width, kw - 2 * padding)
    rng = np.random.default_rng(seed)
    shapes = (n, height, width, c_in), kernel, (c_out,)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    y, pullback = ops.conv2d(*arrays, stride=stride, padding=padding)
    plain_y, plain_pullback = plain.conv2d(*arrays, stride=stride, padding=padding)
    dy = rng.standard_normal(y.shape).astype(dtype)
    grads = pullback(dy)
    terms = max(y.size, kh * kw * c_in * c_out)
    agree((y, *grads), (plain_y, *plain_pullback(dy)), terms)
    none, *others = pullback(dy, wanted=False)
    assert none is None
    agree(others, grads[1:], terms)  # few channels are unfolded another way


@some
@given(
    seeds,
    dtypes,
    st.sampled_from([2, 3, 40, 400]),
    st.integers(1, 5),
    st.integers(1, 9),
    st.sampled_from([1, 16, 2048]),
)
def test_batch_norm(seed, dtype, n, width, channels, row):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal((2, n, width, channels)).astype(dtype)
    gamma, beta, mean, deviation = rng.standard_normal((4, channels)).astype(dtype)
    x = x * (1 + deviation**2) + mean
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "ROW", row)
        y, pullback = ops.batch_norm(x, gamma, beta)
        plain_y, plain_pullback = plain.batch_norm(x, gamma, beta)
        spread = np.abs(x - x.mean((0, 1))).max((0, 1)) + 1e-3
        condition = float((1 + np.abs(x).max((0, 1)) / spread).max())  # digits that x - <x> loses
        agree((y, *pullback(dy)), (plain_y, *plain_pullback(dy)), terms=64 * x.size * condition**2)


@some
@given(seeds, dtypes, st.integers(2, 40), st.integers(1, 9), st.booleans(), st.sampled_from([1, 16, 2048]))
def test_batch_norm_relu_is_one_after_the_other(seed, dtype, n, channels, training, row):
    """To the bit: the same operations, in fewer passes."""
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal((2, n, channels)).astype(dtype)
    gamma, beta = rng.standard_normal((2, channels)).astype(dtype)
    given_dy = dy.copy()
    options = {"training": training, "running": None if training else ops.RunningMoments(channels)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "ROW", row)
        y, pullback = ops.batch_norm(x, gamma, beta, relu=True, **options)
        z, to_x = ops.batch_norm(x, gamma, beta, **options)
        both, to_z = ops.relu(z)
        for a, b in zip((y, *pullback(dy), dy), (both, *to_x(to_z(dy)), given_dy), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("other", [np.float64, np.int32])
@pytest.mark.parametrize("op", [partial(ops.batch_norm, relu=True), lambda x: ops.max_pool(x, 2)])
def test_dy_of_another_dtype(op, other):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 4, 6, 3), dtype=np.float32)
    y, pullback = op(x)
    dy = rng.integers(-9, 9, y.shape)
    a, b = pullback(dy.astype(other)), pullback(dy.astype(np.float32))
    assert a.dtype == b.dtype == np.float32
    np.testing.assert_array_equal(a, b)


@some
@given(seeds, dtypes, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_relu_and_max_pool(seed, dtype, n, h, w, size, channels):
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, (n, h * size, w * size, channels)).astype(dtype)  # zeros and ties
    pools = [partial(module.max_pool, size=size) for module in (ops, plain)]
    for op, plain_op in ((ops.relu, plain.relu), pools):
        (y, pullback), (plain_y, plain_pullback) = op(x), plain_op(x)
        dy = rng.standard_normal(y.shape).astype(dtype)
        dy[rng.random(y.shape) < 0.1] = np.inf
        for a, b in ((y, plain_y), (pullback(dy), plain_pullback(dy))):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", CASES)
def test_pullbacks_share_no_memory(name):
    op, arrays = draw(name)
    others = [a[::-1].copy() for a in arrays]
    rng = np.random.default_rng(4)
    y, pullback = op(*arrays)
    dy = rng.standard_normal(np.shape(y))
    alone = [np.copy(a) for a in (y, *as_tuple(pullback(dy)))]

    y, pullback = op(*arrays)
    other_y, other_pullback = op(*others)
    grads = as_tuple(pullback(dy))
    other_pullback(rng.standard_normal(np.shape(other_y)))
    for a, b in zip((y, *grads), alone, strict=True):
        np.testing.assert_array_equal(a, b)
    again = as_tuple(pullback(dy))
    for a, b in zip(again, alone[1:], strict=True):
        np.testing.assert_array_equal(a, b)
