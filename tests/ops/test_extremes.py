"""Extreme but legal input: no NaN, no infinity, no warning, and the value that the limit has."""

import numpy as np
import pytest

from grassmann_np import ops

both = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@both
def test_cross_entropy_of_huge_logits(dtype):
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]], dtype=dtype)
    loss, pullback = ops.cross_entropy(logits, np.array([0, 0]))
    assert loss.dtype == dtype and loss == 1e4  # (0 + 2e4)/2
    np.testing.assert_array_equal(pullback(), [[0, 0, 0], [-0.5, 0.5, 0]])
    assert np.isfinite(ops.cross_entropy(logits, np.array([0, 0]), smoothing=0.1)[0])


@both
@pytest.mark.parametrize("constant", [0.0, 1.0, 1e4, -1e30, 1e-30, 0.1])
def test_a_constant_channel_is_normalized_to_beta(dtype, constant):
    x = np.full((7, 2, 3, 2), constant, dtype=dtype)
    gamma, beta = np.array([3.0, -2.0], dtype=dtype), np.array([0.5, 7.0], dtype=dtype)
    running = ops.RunningMoments(2)
    y, pullback = ops.batch_norm(x, gamma, beta, running=running)
    np.testing.assert_array_equal(y, np.broadcast_to(beta, x.shape))
    assert all(np.isfinite(d).all() for d in pullback(np.ones_like(x)))
    assert np.isfinite(running.mean).all() and np.isfinite(running.var).all()
    beta = np.arange(7, dtype=dtype)
    y, _ = ops.layer_norm(np.full((3, 7), constant, dtype=dtype), np.ones_like(beta), beta)
    np.testing.assert_array_equal(y, np.broadcast_to(beta, (3, 7)))


@both
def test_a_large_mean_costs_no_digits_of_the_variance(dtype):
    digits = np.finfo(dtype).eps
    x = np.random.default_rng(0).standard_normal((1000, 1))
    far = (x + 1e3).astype(dtype)
    exact, _ = ops.batch_norm(far.astype(np.float64))
    y, _ = ops.batch_norm(far)
    assert np.abs(y - exact).max() < 1e2 * digits  # E[x^2] - E[x]^2 would lose 1e6 eps


@both
@pytest.mark.parametrize("start", [slice(0, 1), slice(0, 20_000)])
def test_a_batch_that_starts_far_away_costs_no_digits_of_the_variance(dtype, start, way):
    """The loops add up in float64; the plain way leaves it to BLAS, where ones are added to 1e8."""
    x = np.random.default_rng(0).standard_normal((400_000, 1))
    x[start] += 1e4
    x = x.astype(dtype)
    exact = x.astype(np.float64).var()
    running = ops.RunningMoments(1, momentum=1.0)
    ops.batch_norm(x, running=running)
    assert (
        abs(running.var[0] / exact * (len(x) - 1) / len(x) - 1) < (1e2 if way == "loops" else 1e3) * np.finfo(dtype).eps
    )


def test_rms_norm_of_zeros_is_zero():
    y, pullback = ops.rms_norm(np.zeros((2, 3)), np.ones(3))
    assert not y.any()
    assert np.isfinite(pullback(np.ones((2, 3)))[0]).all()


def test_one_sample():
    x = np.array([[1.0, -2.0, 5.0]])
    assert np.isfinite(ops.layer_norm(x, np.ones(3), np.zeros(3))[0]).all()
    image = np.random.default_rng(0).standard_normal((1, 2, 2, 3))
    assert np.isfinite(ops.batch_norm(image)[0]).all()
    assert float(ops.cross_entropy(np.zeros((1, 1)), np.array([0]))[0]) == 0.0


@pytest.mark.parametrize("place", range(4))
def test_nan_stays_nan(place):
    """A maximum does not hide what went wrong before it."""
    x = np.array([1.0, -2.0, 3.0, 0.5])
    x[place] = np.nan
    assert np.isnan(ops.max_pool(x.reshape(1, 2, 2, 1), 2)[0]).all()
    for relu in (False, True):
        y, _ = ops.batch_norm(x[:, None], running=ops.RunningMoments(1), training=False, relu=relu)
        np.testing.assert_array_equal(np.isnan(y[:, 0]), np.isnan(x))


def test_a_relu_behind_a_normalization_gives_no_gradient_at_zero():
    y, pullback = ops.batch_norm(np.array([[-1.0], [0.0], [1.0]]), np.ones(1), np.zeros(1), relu=True)
    assert y[1] == 0
    assert not any(d.any() for d in pullback(np.array([[5.0], [7.0], [0.0]])))


def test_relu_at_zero_and_beyond():
    y, pullback = ops.relu(np.array([0.0, -0.0, np.inf, -np.inf, np.nan]))
    np.testing.assert_array_equal(y, [0, 0, np.inf, 0, np.nan])
    np.testing.assert_array_equal(pullback(np.array([1.0, 1.0, 1.0, np.inf, 1.0])), [0, 0, 1, 0, 0])


@both
@pytest.mark.parametrize("size", [1e-25, 1e25])
def test_weight_norm_of_columns_whose_squares_leave_the_range(dtype, size):
    v, g = np.array([[3.0], [-4.0]], dtype=dtype) * dtype(size), np.ones(1, dtype=dtype)
    w, pullback = ops.weight_norm(v, g)
    np.testing.assert_allclose(w, [[0.6], [-0.8]], rtol=1e-6)
    assert all(np.isfinite(d).all() for d in pullback(np.ones_like(w)))


def test_numpy_scalars_do_not_widen_float32():
    x, ones, wide = np.ones((4, 3), np.float32), np.ones(3, np.float32), np.float64
    for y in (
        ops.dropout(x, wide(0.5), np.random.default_rng(0))[0],
        ops.batch_norm(x, ones, ones, eps=wide(1e-5))[0],
        ops.layer_norm(x, ones, ones, eps=wide(1e-5))[0],
        ops.rms_norm(x, ones, eps=wide(1e-5))[0],
        ops.cross_entropy(x, np.zeros(4, int), smoothing=wide(0.1))[0],
        ops.cross_entropy(x, np.zeros(4, int))[1](wide(2.0)),
    ):
        assert y.dtype == np.float32


SIZES = [
    (np.float32, 1e20), (np.float32, 1e30), (np.float32, 1e37), (np.float32, 1e-25), (np.float32, 1e-37),
    (np.float64, 1e160), (np.float64, 1e200), (np.float64, 1e306), (np.float64, 1e-200), (np.float64, 1e-306),
]  # fmt: skip
NORMALIZATIONS = {
    "batch_norm": (lambda x, eps, **kw: ops.batch_norm(x, eps=eps, **kw), -1),
    "layer_norm": (lambda x, eps: ops.layer_norm(x, np.ones(3, x.dtype), np.zeros(3, x.dtype), eps), -1),
    "rms_norm": (lambda x, eps: ops.rms_norm(x, np.ones(3, x.dtype), eps), -1),
}


def drawn(seed=0):
    return np.random.default_rng(seed).standard_normal((40, 3))


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize(("dtype", "size"), SIZES)
@pytest.mark.parametrize("mixed", [False, True])
def test_a_normalization_forgets_any_size(name, dtype, size, mixed):
    """Of all of x, or of one channel or sample beside others; also on the way back."""
    op, _ = NORMALIZATIONS[name]
    factor = np.ones((40, 3))
    factor[:, 1 if name == "batch_norm" else slice(None)][slice(None) if name == "batch_norm" else slice(3)] = size
    factor = factor if mixed else np.full((40, 3), size)
    x, dy = drawn(), drawn(1)
    y, pullback = op((x * factor).astype(dtype), 0.0)
    right, to_right = op(x, 0.0)
    tolerance = 60 * max(np.finfo(dtype).eps, float(np.finfo(dtype).smallest_subnormal) / size)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, right, rtol=tolerance, atol=tolerance)
    dx, right_dx = (d[0] if isinstance(d, tuple) else d for d in (pullback(dy.astype(dtype)), to_right(dy)))
    if size > 1:
        with np.errstate(under="ignore"):
            np.testing.assert_allclose(dx * factor, right_dx, atol=max(tolerance, 1e-4 if size > 1e30 else 0))
    assert dx.dtype == dtype and np.isfinite(dx).all()


@pytest.mark.parametrize("size", [1e10, 1e18, 1e19, 1e20, 1e30])
def test_the_variance_that_a_float32_square_does_not_hold_is_kept_and_used(size):
    x, running, right = drawn() * size, ops.RunningMoments(3, momentum=1.0), ops.RunningMoments(3, momentum=1.0)
    ops.batch_norm(x.astype(np.float32), running=running)
    ops.batch_norm(drawn(), running=right)
    np.testing.assert_allclose(running.mean, right.mean * size, rtol=1e-5, atol=1e-7 * size)
    np.testing.assert_allclose(running.var, right.var * size**2, rtol=1e-5)
    y, _ = ops.batch_norm(x.astype(np.float32), running=running, training=False)
    np.testing.assert_allclose(y, ops.batch_norm(drawn(), running=right, training=False)[0], rtol=1e-4, atol=1e-5)


def test_eps_counts_beside_a_small_variance():
    x = 1e-20 * drawn().astype(np.float32)
    right = ops.batch_norm(x.astype(np.float64), eps=1e-40)[0]
    np.testing.assert_allclose(ops.batch_norm(x, eps=1e-40)[0], right, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(ops.batch_norm(np.zeros((3, 2)), eps=1e-300)[0], 0)
    np.testing.assert_array_equal(ops.layer_norm(np.full((2, 3), 1e-30), np.ones(3), np.ones(3), eps=1e-60)[0], 1)


def test_a_constant_channel_beside_a_huge_one_is_normalized_to_beta():
    x = np.full((7, 2), 5.0, np.float32)
    x[:, 1] = np.arange(7) * np.float32(1e30)
    y, pullback = ops.batch_norm(x, np.ones(2, np.float32), np.ones(2, np.float32))
    np.testing.assert_array_equal(y[:, 0], 1)
    assert np.isfinite(pullback(x / np.float32(1e30))[0]).all()


@pytest.mark.parametrize("size", [1e-20, 1e20, 1e36])
def test_weight_norm_starts_from_samples_of_any_size(size):
    v, x = np.eye(3, dtype=np.float32), (drawn() * size).astype(np.float32)
    g, b = ops.weight_norm_start(x, v)
    y, _ = ops.linear(x, ops.weight_norm(v, g)[0], b)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(0), 1, rtol=1e-5)


@both
def test_beyond_the_largest_number_is_infinite_without_a_warning(dtype):
    """And infinity minus infinity is NaN, which an optimizer refuses by name."""
    huge = np.full((2, 2, 2, 2), np.finfo(dtype).max)
    flat = huge.reshape(4, 4)
    for y, pullback in (
        ops.add(huge, huge),
        ops.linear(flat, flat, flat[0]),
        ops.conv2d(huge, huge, huge[0, 0, 0]),
        ops.avg_pool(huge, 2),
        ops.global_avg_pool(huge),
        ops.dropout(huge, 0.5, np.random.default_rng(0)),
        ops.mean_only_batch_norm(np.stack([flat, -flat]), flat[0] / 2),
        ops.cross_entropy(np.stack([flat[0], -flat[0]]) * np.array([1, -1, 0, 1], dtype), np.array([1, 1])),
    ):
        assert not np.isnan(y).any() and np.isinf(y).any() and y.dtype == dtype
        pullback(y)
        pullback(np.full(np.shape(y), np.inf))


@both
def test_a_mean_whose_sum_is_beyond_the_largest_number(dtype):
    x = np.full((3, 2, 2), np.finfo(dtype).max / 2) * np.array([[[1]], [[-1]], [[1.5]]], dtype)
    y, _ = ops.mean_only_batch_norm(x, np.zeros(2, dtype))
    np.testing.assert_allclose(y, x - x[0] / 2, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("op", [ops.batch_norm, ops.layer_norm, ops.rms_norm])
@pytest.mark.parametrize(("size", "dtype"), [(1e25, np.float32), (1e200, np.float64)])
def test_eps_is_nothing_beside_large_numbers(op, size, dtype):
    """Scaled down with x, twice: eps of 0.1 would be seen in the first digit if it were not."""
    x = np.random.default_rng(0).standard_normal((8, 5))
    parameters = {
        "batch_norm": {},
        "layer_norm": {"gamma": np.ones(5), "beta": np.zeros(5)},
        "rms_norm": {"gamma": np.ones(5)},
    }
    given = {key: a.astype(dtype) for key, a in parameters[op.__name__].items()}
    found = op((x * size).astype(dtype), **given, eps=0.1)[0]
    right = op(x, **parameters[op.__name__], eps=0.0)[0]
    np.testing.assert_allclose(found, right, rtol=0, atol=8 * np.finfo(dtype).eps)
