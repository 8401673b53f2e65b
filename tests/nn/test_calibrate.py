"""Calibration: weight normalization started from data, moments estimated again after training."""

import numpy as np
import pytest

from grassmann_np import nn


def test_weight_norm_starts_layer_after_layer():
    rng = np.random.default_rng(0)
    inner = nn.Sequential(nn.WeightNormLinear(6, 6, rng), nn.ReLU())
    model = nn.Sequential(nn.WeightNormLinear(5, 6, rng), nn.ReLU(), nn.Residual(inner), nn.WeightNormLinear(6, 4, rng))
    x = (rng.standard_normal((64, 5)) * 3 + 1).astype(np.float32)
    nn.start_weight_norm(model, x)
    outputs = []

    def visit(name, layer, x):
        y, _ = layer(x)
        if isinstance(layer, nn.WeightNormLinear):
            outputs.append(y)
        return y

    model.trace(x, visit)
    assert len(outputs) == 3
    for y in outputs:
        np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(y.std(0), 1, rtol=1e-5)
    assert all(p.value.dtype == np.float32 for p in model.parameters())


def test_moments_become_the_average_over_the_batches():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.BatchNorm(3, momentum=0.3), nn.ReLU(), nn.Residual(nn.BatchNorm(3)))
    x = rng.standard_normal((5, 20, 3)).astype(np.float32) * 2 + 1
    model(100 * x[0])  # to be forgotten
    nn.estimate_moments(model, (batch for batch in x))
    running = model.moments()["0.running"]
    np.testing.assert_allclose(running.mean, x.mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(running.var, x.var(1, ddof=1).mean(0), rtol=1e-5)
    assert [r.momentum for r in model.moments().values()] == [0.3, 0.1]


def test_moments_of_no_batches_raise_and_change_nothing():
    model = nn.Sequential(nn.BatchNorm(3))
    with pytest.raises(ValueError, match="batches: expected at least one, got none"):
        nn.estimate_moments(model, [])
    running = model.moments()["0.running"]
    assert not running.mean.any() and (running.var == 1).all() and running.momentum == 0.1


def test_a_bad_batch_leaves_the_momentum_as_it_was():
    model = nn.Sequential(nn.BatchNorm(3))
    with pytest.raises(ValueError):
        nn.estimate_moments(model, [np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)])
    assert model.moments()["0.running"].momentum == 0.1
