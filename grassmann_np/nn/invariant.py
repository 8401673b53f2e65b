"""A weight is invariant if the network forgets the length of its columns; such a column is a point of the sphere.

Batch normalization forgets it: BN(s z) = BN(z), s > 0, so the loss is a function on V(1,n), the unit sphere. Which
weights are invariant is read off the structure here, and measured in nn/measure.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..geometry import sphere
from .compose import Sequential
from .layer import Layer
from .layers import BatchNorm, Linear
from .parameter import Parameter


def on_sphere(model: Layer, rule: str = "invariant") -> list[Parameter]:
    """Puts weights on the sphere, every column divided by its length; returns those parameters.

    rule "invariant": exactly the weights whose output goes straight into a normalization that forgets their length.

    >>> import numpy as np
    >>> from grassmann_np import nn
    >>> [p.name for p in on_sphere(nn.mlp([64, 32, 10], np.random.default_rng(0)))]
    ['1.w']
    """
    rules = {"invariant": invariant_weights, "published": published_weights}
    if rule not in rules:
        raise ValueError(f"rule: expected one of {', '.join(map(repr, rules))}, got {rule!r}")
    model.parameters()  # sets the names
    chosen = list(rules[rule](model))
    for parameter in chosen:
        parameter.matrix = sphere.normalize(parameter.matrix)
        parameter.geometry = sphere
    return chosen


def invariant_weights(model: Layer) -> Iterator[Parameter]:
    """The weights whose output goes nowhere but into a normalization that forgets the length of every column."""
    if isinstance(model, Sequential):
        for layer, following in pairwise(model.layers):
            if isinstance(layer, Linear) and isinstance(following, BatchNorm):
                yield layer.w
    for _, child in model.children():
        yield from invariant_weights(child)


def published_weights(model: Layer) -> Iterator[Parameter]:
    """The authors' choice: 3x3 convolutions with fan_in > fan_out, whatever follows; no dense layer."""
    for parameter in model.parameters():
        if parameter.value.ndim == 4 and parameter.value.shape[:2] == (3, 3):
            fan_in, fan_out = parameter.matrix.shape
            if fan_in > fan_out:
                yield parameter
