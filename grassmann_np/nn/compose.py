"""A composition is a layer made of layers: one after another, or side by side with a shortcut.

Sequential   y = f_k(... f_1(x))             dx = f_1'(... f_k'(dy))
Residual     y = body(x) + shortcut(x)       dx = body'(dy) + shortcut'(dy)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ..backend import Array, get_xp
from ..ops import Pullback
from ..ops.blocks import on_samples
from ..room import empty
from .layer import Layer, dotted, identity
from .layers import BatchNorm, ReLU


class Sequential(Layer):
    """The layers one after another."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def children(self) -> list[tuple[str, Layer]]:
        return [(str(index), layer) for index, layer in enumerate(self.layers)]

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        pullbacks = []
        for step in _steps(self.layers):
            x, layer_pullback = step(x, training)
            pullbacks.append(layer_pullback)

        def pullback(dy: Array) -> Array:
            for layer_pullback in reversed(pullbacks):
                dy = layer_pullback(dy)
            return dy

        return x, pullback

    def trace(self, x: Array, visit: Callable[[str, Layer, Array], Array], name: str = "") -> Array:
        for key, layer in self.children():
            x = layer.trace(x, visit, dotted(name, key))
        return x


class Residual(Layer):
    """body(x) + shortcut(x), side by side; without a shortcut x itself."""

    def __init__(self, body: Layer, shortcut: Layer | None = None) -> None:
        self.body, self.shortcut = body, shortcut

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        y, body_pullback = self.body(x, training)
        beside, shortcut_pullback = self.shortcut(x, training) if self.shortcut else identity(x)
        _check_sum(y, beside)
        return _sum(y, beside), lambda dy: _sum(body_pullback(dy), shortcut_pullback(dy))

    def trace(self, x: Array, visit: Callable[[str, Layer, Array], Array], name: str = "") -> Array:
        y = self.body.trace(x, visit, dotted(name, "body"))
        beside = self.shortcut.trace(x, visit, dotted(name, "shortcut")) if self.shortcut else x
        _check_sum(y, beside)
        return y + beside


def _steps(layers: Sequence[Layer]) -> Iterator[Callable[..., tuple[Array, Pullback]]]:
    """The layers, but a batch normalization and the ReLU behind it as one: together they read and write less."""
    rest = list(layers)
    while rest:
        layer = rest.pop(0)
        if type(layer) is BatchNorm and rest and type(rest[0]) is ReLU:
            rest.pop(0)
            yield partial(layer, relu=True)
        else:
            yield layer


def _check_sum(y: Array, beside: Array) -> None:
    if y.shape != beside.shape:
        raise ValueError(f"expected body and shortcut of one shape, got {tuple(y.shape)} and {tuple(beside.shape)}")


def _sum(a: Array, b: Array) -> Array:
    out = empty(a.shape, a)
    on_samples(get_xp(a, b).add, [a, b, out])
    return out
