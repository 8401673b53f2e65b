"""A weight is invariant if the network forgets the length of its columns; such a column is a point of the sphere.

Batch normalization forgets it, but for its eps: BN(s z) = BN(z), s > 0, so the loss is a function on V(1,n), the unit
sphere. Which weights are invariant is read off the structure here, and measured in nn/measure.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..backend import Array
from ..checks import check_kind, check_option
from ..geometry import euclidean, sphere
from .compose import Sequential
from .layer import Layer
from .parameter import Parameter

FORGOTTEN = ("scale", "shift")


def on_sphere(model: Layer, rule: str = "invariant") -> list[Parameter]:
    """Puts weights on the sphere, every column divided by its length, and all others off it; returns the chosen.

    rule "invariant": exactly the weights whose output goes straight into a normalization that forgets their length;
    a layer of your own says by `forgets`, `scales_with` or `invariant` that it belongs to these (nn.Layer).
    rule "published": the authors' choice, every 3x3 convolution with fan_in > fan_out.

    >>> import numpy as np
    >>> from grassmann_np import nn
    >>> [p.name for p in on_sphere(nn.mlp([64, 32, 10], np.random.default_rng(0)))]
    ['1.w']
    """
    chosen = normalized_weights(model, rule)
    points = [_point(parameter) for parameter in chosen]  # all of them before the first is changed
    for parameter in model.parameters():
        if parameter.geometry is sphere:
            parameter.geometry = euclidean  # what another rule had chosen
    for parameter, y in zip(chosen, points, strict=True):
        parameter.matrix, parameter.geometry = y, sphere
    return chosen


def normalized_weights(model: Layer, rule: str = "invariant") -> list[Parameter]:
    """The weights that `on_sphere` would choose, by the same rules; nothing is changed but the parameters' names.

    For an optimizer that has a rate of its own for them, on the sphere or not.
    """
    rules = {"invariant": invariant_weights, "published": published_weights}
    check_option("rule", rule, rules)
    check_kind("model", model, Layer)
    model.parameters()  # this sets the names
    return list(rules[rule](model))


def _point(parameter: Parameter) -> Array:
    try:
        return sphere.normalize(parameter.matrix)
    except ValueError as error:
        raise ValueError(f"{parameter.name}: {error}") from error


def invariant_weights(model: Layer) -> Iterator[Parameter]:
    """The weights whose output goes nowhere but into a normalization that forgets the length of every column.

    Those are: a linear or convolutional weight followed by BatchNorm (a bias between them cancels), the weights that
    WeightNorm and NormProp normalize themselves, and what layers of the user's own say of themselves (nn.Layer). Not: a
    convolution that feeds a residual sum, or a layer normalization, which forgets the length of the whole matrix only.
    Raises TypeError or ValueError for a layer that says what cannot be.
    """
    layers = list(_in_line(model))
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        for name in layer.invariant:
            yield _named(layer, name)
        if layer.scales_with is not None:
            weight = _named(layer, layer.scales_with)
            shifted = any(isinstance(p, Parameter) and p is not weight for p in vars(layer).values())
            forgotten = _forgotten(following)
            if "scale" in forgotten and ("shift" in forgotten or not shifted):
                yield weight
        for _, child in layer.children():
            yield from invariant_weights(child)


def _named(layer: Layer, name: str) -> Parameter:
    found = getattr(layer, name, None)
    if not isinstance(found, Parameter):
        kind = type(layer).__name__
        raise TypeError(f"{kind}: expected its parameter {name!r}, as it says of itself, got {type(found).__name__}")
    return found


def _forgotten(layer: Layer | None) -> tuple[str, ...]:
    forgotten = () if layer is None else layer.forgets
    if unknown := [word for word in forgotten if word not in FORGOTTEN]:
        raise ValueError(
            f"{type(layer).__name__}.forgets: expected a tuple of {', '.join(map(repr, FORGOTTEN))}, got {unknown[0]!r}"
        )
    return forgotten


def _in_line(layer: Layer) -> Iterator[Layer]:
    """The layers that follow straight upon each other: a Sequential inside a Sequential makes no difference."""
    if isinstance(layer, Sequential):
        for _, child in layer.children():
            yield from _in_line(child)
    else:
        yield layer


def published_weights(model: Layer) -> Iterator[Parameter]:
    """The authors' choice: 3x3 convolutions with fan_in > fan_out, whatever follows; no dense layer."""
    for parameter in model.parameters():
        if parameter.value.ndim == 4 and parameter.value.shape[:2] == (3, 3):
            fan_in, fan_out = parameter.matrix.shape
            if fan_in > fan_out:
                yield parameter
