"""The value of every op against plain loops, over random shapes; evaluation and randomness by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from grassmann_np import ops
from tests.ops import naive

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=40, deadline=None)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@few
@given(
    seeds,
    st.integers(1, 2),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_conv2d(seed, n, height, width, c_in, c_out, kh, kw, stride, padding):
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal((n, height, width, c_in)), rng.standard_normal((kh, kw, c_in, c_out))
    if height + 2 * padding < kh or width + 2 * padding < kw:
        with pytest.raises(ValueError, match="pixels on axis"):
            ops.conv2d(x, w, stride=stride, padding=padding)
    else:
        close(ops.conv2d(x, w, stride=stride, padding=padding)[0], naive.conv2d(x, w, stride, padding))


@few
@given(seeds, st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_pools(seed, n, h, w, size, c):
    x = np.random.default_rng(seed).standard_normal((n, h * size, w * size, c))
    close(ops.max_pool(x, size)[0], naive.pool(x, size, max))
    close(ops.avg_pool(x, size)[0], naive.pool(x, size, naive.mean))
    for s, d in np.ndindex(n, c):
        close(ops.global_avg_pool(x)[0][s, d], naive.mean(x[s, :, :, d].ravel().tolist()))


@few
@given(seeds, st.sampled_from([(2, 1), (9, 4), (1, 2, 1, 3), (2, 3, 4, 2)]), st.sampled_from([0.0, 1e-5, 0.3]))
def test_normalizations(seed, shape, eps):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape) * 3 + 5
    gamma, beta = rng.standard_normal((2, shape[-1]))
    close(ops.batch_norm(x, gamma, beta, eps)[0], naive.batch_norm(x, gamma, beta, eps))
    close(ops.rms_norm(x, gamma, eps)[0], naive.rms_norm(x, gamma, eps))
    if shape[-1] > 1:
        close(ops.layer_norm(x, gamma, beta, eps)[0], naive.layer_norm(x, gamma, beta, eps))


@few
@given(seeds, st.integers(1, 5), st.integers(1, 4), st.integers(1, 4))
def test_weight_normalizations(seed, n, n_in, n_out):
    rng = np.random.default_rng(seed)
    x, v = rng.standard_normal((n, n_in)), rng.standard_normal((n_in, n_out))
    g, beta = rng.standard_normal((2, n_out))
    close(ops.weight_norm(v, g)[0], naive.weight_norm(v, g))
    close(ops.norm_prop(x, v, g, beta)[0], naive.norm_prop(x, v, g, beta))


@few
@given(seeds, st.integers(1, 5), st.integers(1, 6), st.sampled_from([0.0, 0.1, 0.9]))
def test_cross_entropy(seed, n, classes, smoothing):
    rng = np.random.default_rng(seed)
    logits, labels = rng.standard_normal((n, classes)) * 3, rng.integers(0, classes, n)
    close(ops.cross_entropy(logits, labels, smoothing)[0], naive.cross_entropy(logits, labels, smoothing))


def test_batch_norm_counts_every_channel_by_itself():
    x = np.random.default_rng(0).standard_normal((3, 4, 5, 6)) * np.arange(1, 7) + np.arange(6)
    y, _ = ops.batch_norm(x, eps=0.0)
    close(y.mean((0, 1, 2)), np.zeros(6))
    close(y.var((0, 1, 2)), np.ones(6))


def test_batch_norm_in_evaluation_by_hand():
    running = ops.RunningMoments(2)
    running.mean, running.var = np.array([1.0, -2.0]), np.array([4.0, 0.25])
    x, gamma, beta = np.array([[3.0, -1.0]]), np.array([10.0, 1.0]), np.array([0.5, 0.0])
    y, pullback = ops.batch_norm(x, gamma, beta, eps=0.0, running=running, training=False)
    close(y, [[10 * (3 - 1) / 2 + 0.5, (-1 + 2) / 0.5]])
    dx, dgamma, dbeta = pullback(np.array([[1.0, 1.0]]))
    close(dx, [[5.0, 2.0]])
    close(dgamma, [1.0, 2.0])
    close(dbeta, [1.0, 1.0])
    assert running.mean.tolist() == [1.0, -2.0] and running.var.tolist() == [4.0, 0.25]
    y, pullback = ops.mean_only_batch_norm(x, beta, running=running, training=False)
    close(y, [[3 - 1 + 0.5, -1 + 2]])
    close(pullback(np.array([[1.0, 3.0]]))[0], [[1.0, 3.0]])


def test_running_moments_by_hand():
    running = ops.RunningMoments(1, momentum=0.25)
    x = np.array([[1.0], [3.0], [8.0]])  # mean 4, unbiased variance 13, biased 26/3
    y, _ = ops.batch_norm(x, eps=0.0, running=running)
    close(running.mean, [0.25 * 4])
    close(running.var, [0.75 + 0.25 * 13])
    close(y.ravel(), (x.ravel() - 4) / math.sqrt(26 / 3))
    ops.mean_only_batch_norm(x + 6, np.zeros(1), running=running)
    close(running.mean, [0.75 * 1 + 0.25 * 10])
    close(running.var, [0.75 + 0.25 * 13])


def test_running_moments_are_updated_in_place():
    running = ops.RunningMoments(2)
    mean, var = running.mean, running.var
    ops.batch_norm(np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32), running=running)
    assert running.mean is mean and running.var is var and mean.any()


def test_dropout_keeps_the_expected_value():
    x = np.ones((400, 500))
    y, pullback = ops.dropout(x, 0.7, np.random.default_rng(0))
    kept = y != 0
    close(y[kept], 1 / 0.7)
    assert abs(kept.mean() - 0.7) < 4 * math.sqrt(0.7 * 0.3 / x.size)
    close(pullback(3 * x), 3 * y)
    again, _ = ops.dropout(x, 0.7, np.random.default_rng(0))
    np.testing.assert_array_equal(again, y)
    np.testing.assert_array_equal(ops.dropout(x, 1.0, np.random.default_rng(0))[0], x)


def test_max_pool_gives_a_tie_to_the_first():
    y, pullback = ops.max_pool(np.full((1, 2, 2, 1), 7.0), 2)
    assert y.item() == 7.0
    assert pullback(np.ones((1, 1, 1, 1))).ravel().tolist() == [1.0, 0.0, 0.0, 0.0]


def test_a_window_may_have_more_places_than_a_byte_has_numbers():
    x = np.arange(17.0 * 17).reshape(1, 17, 17, 1)
    y, pullback = ops.max_pool(x, 17)
    assert y.item() == 288.0
    np.testing.assert_array_equal(pullback(np.ones((1, 1, 1, 1))), x == 288)


def test_norm_prop_constants_are_the_moments_of_a_rectified_normal():
    def expect(f):
        return quad(lambda z: f(max(z, 0.0)) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi), -20, 20, points=[0])[0]

    u = np.eye(1)

    def o(z):
        return ops.norm_prop(np.array([[z]]), u, np.ones(1), np.zeros(1))[0].item()

    assert abs(expect(o)) < 1e-9
    assert abs(expect(lambda z: o(z) ** 2) - 1) < 1e-9


def test_weight_norm_start_gives_mean_0_and_variance_1():
    rng = np.random.default_rng(0)
    x, v = rng.standard_normal((50, 6)) * 3 + 1, rng.standard_normal((6, 4))
    g, b = ops.weight_norm_start(x, v)
    y = x @ naive.weight_norm(v, g) + b
    close(y.mean(0), np.zeros(4))
    close(y.var(0), np.ones(4))


def test_unfold_and_fold_are_transposes():
    from grassmann_np.ops.conv import fold, unfold

    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 7, 5, 3))
    c = rng.standard_normal((2, 3, 2, 3, 3, 3))
    close(np.sum(unfold(x, (3, 3), 2) * c), np.sum(x * fold(c, (7, 5), 2)))


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (2, 3, 4, 5)])
def test_sums(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    close(ops.column_sums(x), x.reshape(-1, shape[-1]).sum(0))
    close(ops.row_sums(x), x.sum(-1, keepdims=True))


def test_a_class_at_minus_infinity_is_as_if_it_were_not_there():
    logits = np.array([[0.5, -np.inf, 1.0, 2.0], [3.0, -np.inf, 0.0, 1.0]])
    loss, pullback = ops.cross_entropy(logits, np.array([0, 3]))
    without, without_pullback = ops.cross_entropy(np.delete(logits, 1, axis=1), np.array([0, 2]))
    close(loss, without)
    close(np.delete(pullback(), 1, axis=1), without_pullback())
    assert not pullback()[:, 1].any()


@pytest.mark.parametrize("place", range(4))
def test_a_window_with_nan_has_no_maximum_that_could_get_a_gradient(place):
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    x[0, place // 2, place % 2] = np.nan
    y, pullback = ops.max_pool(x, 2)
    assert np.isnan(y.ravel()).tolist() == [True, False, False, False]
    assert pullback(np.ones_like(y)).ravel().tolist() == [float(i in (7, 13, 15)) for i in range(16)]
