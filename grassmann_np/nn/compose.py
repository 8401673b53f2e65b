"""A composition is a layer made of layers: one after another, or side by side with a shortcut.

Sequential   y = f_k(... f_1(x))             dx = f_1'(... f_k'(dy))
Residual     y = body(x) + shortcut(x)       dx = body'(dy) + shortcut'(dy)

A prime stands for the pullback of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..backend import Array
from ..checks import check_kind, check_shape
from ..ops import Pullback, add
from .layer import Layer, dotted, identity, pull_to_data
from .layers import BatchNorm, ReLU
from .parameter import Parameter


class Sequential(Layer):
    """The layers one after another."""

    skips_dx = True

    def __init__(self, *layers: Layer) -> None:
        for layer in layers:
            check_kind("layers", layer, Layer)
        self.layers = layers

    def children(self) -> list[tuple[str, Layer]]:
        return [(str(index), layer) for index, layer in enumerate(self.layers)]

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        steps = []
        for layer, options in _steps(self.layers):
            x, layer_pullback = layer(x, training, **options)
            steps.append((layer, layer_pullback))

        def pullback(dy: Array, wanted: bool = True) -> Array:
            first = 0 if wanted else next((i for i, (layer, _) in enumerate(steps) if _is_trained(layer)), 0)
            for i in reversed(range(first, len(steps))):
                layer, layer_pullback = steps[i]
                dy = layer_pullback(dy) if wanted or i > first else pull_to_data(layer, layer_pullback, dy)
            return dy

        return x, pullback

    def trace(self, x: Array, visit: Callable[[str, Layer, Array], Array], name: str = "") -> Array:
        for key, layer in self.children():
            x = layer.trace(x, visit, dotted(name, key))
        return x


class Residual(Layer):
    """body(x) + shortcut(x), side by side; without a shortcut x itself."""

    def __init__(self, body: Layer, shortcut: Layer | None = None) -> None:
        for name, layer in {"body": body, "shortcut": shortcut}.items():
            if layer is not None or name == "body":
                check_kind(name, layer, Layer)
        self.body, self.shortcut = body, shortcut

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        y, body_pullback = self.body(x, training)
        check_shape("x", x, ...)
        beside, shortcut_pullback = self.shortcut(x, training) if self.shortcut else identity(x)
        _check_sum(y, beside)

        def pullback(dy: Array) -> Array:
            return add(body_pullback(dy), shortcut_pullback(dy))[0]

        return add(y, beside)[0], pullback

    def trace(self, x: Array, visit: Callable[[str, Layer, Array], Array], name: str = "") -> Array:
        y = self.body.trace(x, visit, dotted(name, "body"))
        beside = self.shortcut.trace(x, visit, dotted(name, "shortcut")) if self.shortcut else x
        _check_sum(y, beside)
        return y + beside


def _steps(layers: Sequence[Layer]) -> Iterator[tuple[Layer, dict[str, bool]]]:
    """The layers with their options; a batch normalization and the ReLU behind it are one, which reads less."""
    rest = list(layers)
    while rest:
        layer = rest.pop(0)
        together = type(layer) is BatchNorm and bool(rest) and type(rest[0]) is ReLU
        if together:
            rest.pop(0)
        yield layer, {"relu": True} if together else {}


def _is_trained(layer: Layer) -> bool:
    return any(isinstance(value, Parameter) for _, inside in layer.walk() for value in vars(inside).values())


def _check_sum(y: Array, beside: Array) -> None:
    if y.shape != beside.shape:
        raise ValueError(f"expected body and shortcut of one shape, got {tuple(y.shape)} and {tuple(beside.shape)}")
