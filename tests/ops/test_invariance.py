"""What each normalization forgets, and what it does not: scale, sign, shift, one column, the whole matrix."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np import ops

seeds = st.integers(0, 2**32 - 1)
scales = st.floats(-3, 3).map(lambda e: 10.0**e)
many = settings(max_examples=60, deadline=None)


def _draw(seed, n=9, n_in=5, n_out=4):
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal((n, n_in)), rng.standard_normal((n_in, n_out))
    gamma, beta = rng.standard_normal((2, n_out))
    return x, w, gamma, beta, rng.standard_normal((n, n_out))


def _through(normalize, eps=0.0):
    """w -> normalize(x w), and the gradient to w."""

    def network(x, w, *parameters):
        z, to_x = ops.linear(x, w)
        y, to_z = normalize(z, *parameters, eps=eps)
        return y, lambda dy: to_x(to_z(dy)[0])[1]

    return network


def _close(a, b, size=1.0):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * size)


def _cosines(w, dw):
    lengths = np.linalg.norm(w, axis=0) * np.linalg.norm(dw, axis=0)
    return np.abs((w * dw).sum(0)) / np.where(lengths > 0, lengths, 1)


@many
@given(seeds, st.lists(scales, min_size=4, max_size=4))
def test_batch_norm_forgets_the_length_of_every_column(seed, s):
    x, w, gamma, beta, dy = _draw(seed)
    network = _through(ops.batch_norm)
    y, pullback = network(x, w, gamma, beta)
    scaled, scaled_pullback = network(x, w * s, gamma, beta)
    _close(scaled, y)
    dw = pullback(dy)
    _close(scaled_pullback(dy) * s, dw, size=np.abs(dw).max())
    assert _cosines(w, dw).max() < 1e-9


@many
@given(seeds)
def test_batch_norm_keeps_the_sign_and_gamma_can_undo_it(seed):
    x, w, gamma, beta, _ = _draw(seed)
    y, _ = _through(ops.batch_norm)(x, w, gamma, beta)
    flipped, _ = _through(ops.batch_norm)(x, -w, gamma, beta)
    undone, _ = _through(ops.batch_norm)(x, -w, -gamma, beta)
    _close(flipped - beta, beta - y)
    _close(undone, y)
    assert np.abs(flipped - y).max() > 1e-3


@many
@given(seeds, st.floats(-1e3, 1e3))
def test_batch_norm_forgets_a_shift(seed, shift):
    x, _, gamma, beta, _ = _draw(seed, n_in=4)
    y, pullback = ops.batch_norm(x, gamma, beta, eps=0.0)
    _close(ops.batch_norm(x + shift, gamma, beta, eps=0.0)[0], y)
    dx = pullback(np.random.default_rng(seed).standard_normal(x.shape))[0]
    _close(dx.sum(0), 0.0, size=max(1.0, np.abs(dx).max()))


@many
@given(seeds, st.sampled_from([1e-5, 1e-2, 1.0, 10.0]))
def test_eps_relation_of_batch_norm(seed, eps):
    """<w, dL/dw> = (eps/(s2 + eps)) sum yh dL/dyh: what eps leaves of the length."""
    x, w, gamma, beta, dy = _draw(seed)
    _, pullback = _through(ops.batch_norm, eps)(x, w, gamma, beta)
    z = x @ w
    s2 = z.var(0)
    yh = (z - z.mean(0)) / np.sqrt(s2 + eps)
    right = eps / (s2 + eps) * (yh * dy * gamma).sum(0)
    _close((w * pullback(dy)).sum(0), right, size=max(1.0, np.abs(right).max()))


@many
@given(seeds, scales)
def test_layer_norm_forgets_the_whole_matrix_only(seed, c):
    x, w, gamma, beta, dy = _draw(seed)
    for network, parameters in ((_through(ops.layer_norm), (gamma, beta)), (_through(ops.rms_norm), (gamma,))):
        y, pullback = network(x, w, *parameters)
        _close(network(x, c * w, *parameters)[0], y)
        dw = pullback(dy)
        assert abs(np.sum(w * dw)) < 1e-9 * np.linalg.norm(w) * np.linalg.norm(dw)
        assert _cosines(w, dw).max() > 1e-6
        one = w.copy()
        one[:, 0] *= 2
        assert np.abs(network(x, one, *parameters)[0] - y).max() > 1e-6


@many
@given(seeds, st.floats(-1e3, 1e3))
def test_layer_norm_forgets_a_shift_of_a_sample_and_rms_norm_does_not(seed, shift):
    x, _, gamma, beta, _ = _draw(seed, n_in=4)
    shifts = shift * np.arange(9)[:, None]
    _close(ops.layer_norm(x + shifts, gamma, beta, eps=0.0)[0], ops.layer_norm(x, gamma, beta, eps=0.0)[0], size=1e3)
    assert np.abs(ops.rms_norm(x + 1, gamma)[0] - ops.rms_norm(x, gamma)[0]).max() > 1e-6


@many
@given(seeds, st.lists(scales, min_size=4, max_size=4))
def test_weight_norm_and_norm_prop_forget_the_length_of_every_column(seed, s):
    x, v, gamma, beta, dy = _draw(seed)
    w, pullback = ops.weight_norm(v, gamma)
    _close(ops.weight_norm(v * s, gamma)[0], w)
    dw = np.random.default_rng(seed).standard_normal(w.shape)
    dv = pullback(dw)[0]
    assert _cosines(v, dv).max() < 1e-9
    _close(ops.weight_norm(v * s, gamma)[1](dw)[0] * s, dv, size=np.abs(dv).max())

    o, pullback = ops.norm_prop(x, v, gamma, beta)
    _close(ops.norm_prop(x, v * s, gamma, beta)[0], o)
    assert _cosines(v, pullback(dy)[1]).max() < 1e-9


@many
@given(seeds, scales)
def test_mean_only_batch_norm_keeps_the_scale(seed, c):
    x, _, _, beta, _ = _draw(seed, n_in=4)
    y, _ = ops.mean_only_batch_norm(x, beta)
    _close(ops.mean_only_batch_norm(c * x, beta)[0] - beta, c * (y - beta), size=max(1.0, c))


@many
@given(seeds, st.floats(-1e3, 1e3))
def test_cross_entropy_forgets_a_shift_of_a_sample(seed, shift):
    logits = np.random.default_rng(seed).standard_normal((4, 3))
    loss, pullback = ops.cross_entropy(logits, np.array([0, 1, 2, 2]))
    _close(ops.cross_entropy(logits + shift, np.array([0, 1, 2, 2]))[0], loss)
    _close(pullback().sum(1), np.zeros(4))
