"""What several tests of networks need."""

import numpy as np

from grassmann_np import nn, ops


def cast(model, dtype):
    """The model with its parameters in another dtype."""
    for parameter in model.parameters():
        parameter.value = parameter.value.astype(dtype)
    return model


def widen(model, eps=None):
    """The model in float64, and with another eps in its normalizations if given."""
    cast(model, np.float64)
    for _, layer in model.walk():
        if eps is not None and hasattr(layer, "eps"):
            layer.eps = eps
    return model


def descend(model, x, labels, lr=0.1):
    """One step of plain gradient descent; returns the loss before it."""
    logits, pullback = model(x)
    loss, loss_pullback = ops.cross_entropy(logits, labels)
    pullback(loss_pullback())
    for p in model.parameters():
        p.value = p.value - lr * p.grad
    return float(loss)


def batch(shape, classes=10, n=4, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, *shape)).astype(dtype), rng.integers(0, classes, n)


def layers(rng):
    """Every layer once or several times, with the shape of one sample for it."""
    square = nn.Sequential(nn.BatchNorm(3), nn.ReLU(), nn.Conv2D(3, 3, 3, rng, padding=1, bias=False))
    return {
        "Linear": (nn.Linear(5, 4, rng), (5,)),
        "Linear, no bias": (nn.Linear(5, 4, rng, bias=False), (5,)),
        "Conv2D": (nn.Conv2D(3, 2, 3, rng, stride=2, padding=1), (5, 4, 3)),
        "Conv2D, no bias": (nn.Conv2D(3, 2, 2, rng, bias=False), (5, 4, 3)),
        "BatchNorm": (nn.BatchNorm(3), (2, 3, 3)),
        "BatchNorm, no gamma": (nn.BatchNorm(3, gamma=False), (3,)),
        "LayerNorm": (nn.LayerNorm(6), (6,)),
        "RMSNorm": (nn.RMSNorm(6), (6,)),
        "WeightNormLinear": (nn.WeightNormLinear(5, 4, rng), (5,)),
        "NormPropLinear": (nn.NormPropLinear(5, 4, rng), (5,)),
        "ReLU": (nn.ReLU(), (5,)),
        "MaxPool": (nn.MaxPool(2), (4, 2, 3)),
        "AvgPool": (nn.AvgPool(2), (4, 2, 3)),
        "GlobalAvgPool": (nn.GlobalAvgPool(), (4, 2, 3)),
        "Flatten": (nn.Flatten(), (4, 2, 3)),
        "Dropout, all kept": (nn.Dropout(1.0, rng), (5,)),
        "Sequential": (nn.mlp([6, 4, 3], rng), (2, 3)),
        "Residual": (nn.Residual(square), (4, 5, 3)),
        "Residual, shortcut": (nn.Residual(nn.Linear(4, 3, rng), nn.Linear(4, 3, rng, bias=False)), (4,)),
    }
