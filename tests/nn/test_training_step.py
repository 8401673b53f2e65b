"""A whole training step of every optimizer on a device: the same numbers as on the host, and nothing fetched."""

import numpy as np
import pytest

from grassmann_np import nn, ops, optim
from grassmann_np.geometry import euclidean, sphere
from tests import fake_cupy
from tests.nn.helpers import batch, cast

MODELS = {
    "mlp": (lambda rng: nn.mlp([12, 8, 10], rng), (2, 2, 3)),
    "cnn": (lambda rng: nn.cnn((8, 8, 3), 10, rng), (8, 8, 3)),
    "wide_resnet": (lambda rng: nn.wide_resnet(10, 2, 10, rng, keep=0.7), (8, 8, 3)),
    "weight_norm": (lambda rng: weight_normed(rng), (2, 2, 3)),
}
OPTIMIZERS = {
    "sgd": lambda model: optim.SGD(model.parameters(), 0.1, nesterov=True, weight_decay=5e-4),
    "adam": lambda model: optim.Adam(model.parameters(), 0.01),
    "sgd_g": optim.sgd_g,
    "adam_g": optim.adam_g,
}


def weight_normed(rng):
    return nn.Sequential(
        nn.Flatten(), nn.WeightNormLinear(12, 8, rng), nn.ReLU(), nn.Dropout(0.7, rng), nn.WeightNormLinear(8, 10, rng)
    )


def train(model, optimizer, x, labels, steps=3):
    losses = []
    for _ in range(steps):
        logits, pullback = model(x)
        loss, loss_pullback = ops.cross_entropy(logits, labels)
        pullback(loss_pullback())
        optimizer.step()
        losses.append(float(loss))
    return losses


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_host_and_device_agree(name, optimizer, dtype, device):
    """To 256 eps after three steps: nothing but the order of the sums differs, which Adam's quotients make larger."""
    make, shape = MODELS[name]
    x, labels = batch(shape, n=6, dtype=dtype)
    tolerance = 256 * np.finfo(dtype).eps

    def run(where, x, labels):
        model = cast(make(np.random.default_rng(0)), dtype)
        if optimizer.endswith("_g"):
            nn.on_sphere(model)
        model.to(where)
        return model, train(model, OPTIMIZERS[optimizer](model), x, labels)

    host, losses = run("cpu", x, labels)
    there, losses_there = run("gpu", device.asarray(x), device.asarray(labels))
    np.testing.assert_allclose(losses_there, losses, rtol=tolerance)
    assert losses[0] != losses[-1]
    for p, q in zip(host.parameters(), there.parameters(), strict=True):
        assert p.value.dtype == q.value.dtype == dtype
        assert isinstance(q.value, device.ndarray)
        np.testing.assert_allclose(q.value.get(), p.value, rtol=0, atol=tolerance * max(1.0, np.abs(p.value).max()))
        if p.geometry is sphere:
            np.testing.assert_allclose(np.linalg.norm(p.matrix, axis=0), 1, rtol=tolerance)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_a_step_fetches_nothing(name, optimizer, monkeypatch):
    """A number fetched is a device waited for.  The fake counts."""
    cupy = fake_cupy.install(monkeypatch)
    make, shape = MODELS[name]
    x, labels = (cupy.asarray(a) for a in batch(shape, n=6))
    model = make(np.random.default_rng(0))
    nn.on_sphere(model)
    model.to("gpu")
    if not optimizer.endswith("_g"):
        for p in model.parameters():
            p.geometry = euclidean
    stepping = OPTIMIZERS[optimizer](model)
    with fake_cupy.counting() as fetched:
        for _ in range(2):
            logits, pullback = model(x)
            loss, loss_pullback = ops.cross_entropy(logits, labels)
            pullback(loss_pullback())
            stepping.step()
    assert fetched == []
    assert np.isfinite(float(loss))
