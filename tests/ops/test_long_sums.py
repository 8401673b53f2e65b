"""A sum of a hundred thousand numbers or more loses no digits, whatever their layout."""

import math

import numpy as np
import pytest

from grassmann_np import nn, ops, optim
from grassmann_np.nn import measure

EPS = 2.0**-23
LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "backward": lambda a: a[::-1].copy()[::-1],
}
layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def draw(*shape, seed=0):
    """Positive numbers, whose sum cancels nothing."""
    return np.random.default_rng(seed).random(shape, dtype=np.float32) + np.float32(0.1)


def off(found, exact):
    """The largest relative error, in eps of float32."""
    assert found.dtype == np.float32
    return float(np.max(np.abs(found / exact - 1))) / EPS


def wide(a):
    return a.astype(np.float64)


@layouts
@pytest.mark.parametrize("n", [255, 257, 100_003, 1_000_000])
def test_sums(n, layout):
    x = layout(draw(n, 2))
    exact = [math.fsum(column) for column in wide(x.T)]
    assert off(ops.column_sums(x), exact) < 6
    assert off(ops.row_sums(layout(draw(2, n))), wide(draw(2, n)).sum(1, keepdims=True)) < 6


@layouts
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(training, layout):
    x, dy = layout(draw(300_000, 2)), layout(draw(300_000, 2, seed=1))
    gamma, beta = draw(2), draw(2)
    running, exact = (ops.RunningMoments(2, momentum=1.0) for _ in range(2))
    y, pullback = ops.batch_norm(x, gamma, beta, running=running)
    ops.batch_norm(wide(x), running=exact)
    np.testing.assert_allclose(running.mean, wide(x).mean(0), rtol=4 * EPS)
    np.testing.assert_allclose(running.var, wide(x).var(0, ddof=1), rtol=6 * EPS)
    y, pullback = ops.batch_norm(x, gamma, beta, running=running, training=training)
    right, to_right = ops.batch_norm(wide(x), wide(gamma), wide(beta), running=exact, training=training)
    np.testing.assert_allclose(y, right, atol=16 * EPS)
    (dx, dgamma, dbeta), (right_dx, _, right_dbeta) = pullback(dy), to_right(wide(dy))
    np.testing.assert_allclose(dx, right_dx, atol=32 * EPS)
    assert off(dbeta, right_dbeta) < 6
    xh = (right - wide(beta)) / wide(gamma)
    np.testing.assert_allclose(dgamma, np.sum(wide(dy) * xh, axis=0), atol=8 * EPS * len(x))


@layouts
def test_layer_and_rms_norm(layout):
    x, gamma, beta = layout(draw(2, 200_000)), draw(200_000, seed=1), draw(200_000, seed=2)
    right = (wide(x) - wide(x).mean(1, keepdims=True)) / np.sqrt(wide(x).var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(ops.layer_norm(x, gamma, beta)[0], right * gamma + beta, atol=16 * EPS)
    assert off(ops.rms_norm(x, gamma)[0], wide(x) / np.sqrt((wide(x) ** 2).mean(1, keepdims=True) + 1e-5) * gamma) < 6


@layouts
def test_weight_norm(layout):
    v, g = layout(draw(500_000, 2)), draw(2)
    w, pullback = ops.weight_norm(v, g)
    u = wide(v) / np.linalg.norm(wide(v), axis=0)
    assert off(w, u * g) < 4
    assert off(pullback(v)[1], np.sum(wide(v) * u, axis=0)) < 4


@layouts
def test_cross_entropy(layout):
    logits = layout(draw(200_000, 3))
    labels = np.arange(len(logits)) % 3
    p = np.exp(wide(logits)) / np.exp(wide(logits)).sum(1, keepdims=True)
    assert off(ops.cross_entropy(logits, labels)[0], -np.mean(np.log(p[np.arange(len(p)), labels]))) < 4
    many = layout(draw(2, 500_000))
    exact = np.mean(np.log(np.exp(wide(many)).sum(1)) - wide(many[:, 0]))
    assert off(ops.cross_entropy(many, np.zeros(2, int))[0], exact) < 6


@layouts
def test_pools(layout):
    x = layout(draw(2, 600, 600, 2))
    exact = wide(x).mean((1, 2))
    assert off(ops.global_avg_pool(x)[0], exact) < 6
    assert off(ops.avg_pool(x, 600)[0][:, 0, 0], exact) < 16


@layouts
def test_orthogonality_and_the_measure_of_invariance(layout):
    w = layout(draw(400_000, 3))
    exact = wide(w).T @ wide(w) - np.eye(3)
    assert off(optim.orthogonality(w, 1.0), np.sum(exact**2) / 2) < 8
    parameter = nn.Parameter(w)
    parameter.grad = draw(400_000, 3, seed=1)
    right = np.sum(wide(w) * parameter.grad, axis=0) / np.linalg.norm(wide(w), axis=0)
    assert off(measure._cosines(parameter), right / np.linalg.norm(wide(parameter.grad), axis=0)) < 6
