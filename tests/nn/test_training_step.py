"""A whole training step of every optimizer on the fake device: the same numbers as on the host, nothing stray."""

import numpy as np
import pytest

from grassmann_np import nn, ops, optim
from grassmann_np.geometry import sphere
from tests import fake_cupy
from tests.nn.helpers import batch

MODELS = {
    "mlp": (lambda rng: nn.mlp([12, 8, 10], rng), (2, 2, 3)),
    "cnn": (lambda rng: nn.cnn((8, 8, 3), 10, rng), (8, 8, 3)),
    "wide_resnet": (lambda rng: nn.wide_resnet(10, 2, 10, rng, keep=0.7), (8, 8, 3)),
}
OPTIMIZERS = {
    "sgd": lambda model: optim.SGD(model.parameters(), 0.1, nesterov=True, weight_decay=5e-4),
    "adam": lambda model: optim.Adam(model.parameters(), 0.01),
    "sgd_g": optim.sgd_g,
    "adam_g": optim.adam_g,
}


def train(model, optimizer, x, labels, steps=3):
    losses = []
    for _ in range(steps):
        logits, pullback = model(x)
        loss, loss_pullback = ops.cross_entropy(logits, labels)
        pullback(loss_pullback())
        optimizer.step()
        losses.append(float(loss))
    return losses


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_host_and_device_agree(name, optimizer, monkeypatch):
    cupy = fake_cupy.install(monkeypatch)
    make, shape = MODELS[name]
    x, labels = batch(shape, n=6)

    def run(device, x, labels):
        model = make(np.random.default_rng(0))
        if optimizer.endswith("_g"):
            nn.on_sphere(model)
        model.to(device)
        return model, train(model, OPTIMIZERS[optimizer](model), x, labels)

    host, losses = run("cpu", x, labels)
    device, device_losses = run("gpu", cupy.asarray(x), cupy.asarray(labels))
    np.testing.assert_allclose(device_losses, losses, rtol=1e-5)  # a device adds in another order
    assert losses[0] != losses[-1]
    for p, q in zip(host.parameters(), device.parameters(), strict=True):
        assert p.value.dtype == q.value.dtype == np.float32
        assert isinstance(q.value, fake_cupy.ndarray)
        np.testing.assert_allclose(q.value.get(), p.value, rtol=1e-4, atol=1e-6)
        if p.geometry is sphere:
            np.testing.assert_allclose(np.linalg.norm(p.matrix, axis=0), 1, rtol=1e-5)
