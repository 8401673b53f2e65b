"""A model is a layer that maps inputs to logits: the networks of the paper, and small ones to learn with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .compose import Sequential
from .layer import Layer
from .layers import BatchNorm, Flatten, Linear, ReLU


def mlp(sizes: Sequence[int], rng: Any) -> Sequential:
    """A multilayer perceptron: Linear-BatchNorm-ReLU for every hidden size, then Linear.  sizes = inputs, ..., classes.

    >>> import numpy as np
    >>> model = mlp([64, 32, 10], np.random.default_rng(0))
    >>> [p.name for p in model.parameters()]
    ['1.w', '2.gamma', '2.beta', '4.w', '4.b']
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes: expected at least inputs and classes, got {list(sizes)}")
    *hidden, classes = sizes[1:]
    layers: list[Layer] = [Flatten()]
    for n_in, n_out in zip(sizes, hidden, strict=False):
        layers += [Linear(n_in, n_out, rng, bias=False), BatchNorm(n_out), ReLU()]
    return Sequential(*layers, Linear(sizes[-2], classes, rng))
