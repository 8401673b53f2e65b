"""A composition is a layer made of layers: one after another, or side by side with a shortcut.

    Sequential   y = f_k(... f_1(x))             dx = f_1'(... f_k'(dy))
    Residual     y = body(x) + shortcut(x)       dx = body'(dy) + shortcut'(dy)
"""

from __future__ import annotations

from collections.abc import Callable

from ..backend import Array
from ..ops import Pullback
from .layer import Layer, dotted


class Sequential(Layer):
    """The layers one after another."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def children(self) -> list[tuple[str, Layer]]:
        return [(str(index), layer) for index, layer in enumerate(self.layers)]

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        pullbacks = []
        for layer in self.layers:
            x, layer_pullback = layer(x, training)
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
