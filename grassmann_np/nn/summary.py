"""A summary is a table of a model: one row per layer with its output shape, its parameters and their geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..backend import Array, asarray_like
from .parameter import Parameter


class Model(Protocol):
    """What a table asks of a model."""

    def parameters(self) -> list[Parameter]: ...

    def trace(self, x: Array, visit: Callable[[str, Any, Array], Array], name: str = "") -> Array: ...


class Row(NamedTuple):
    """One innermost layer; the shape is that of one sample."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    geometry: str


def rows(model: Model, input_shape: tuple[int, ...]) -> list[Row]:
    """The rows of the table, found by sending one sample of zeros through the model in evaluation."""
    found: list[Row] = []

    def visit(name: str, layer: Any, x: Array) -> Array:
        y, _ = layer(x, training=False)
        inside = [p for p in vars(layer).values() if isinstance(p, Parameter)]
        places = sorted({p.geometry.__name__.rpartition(".")[2] for p in inside}, reverse=True)
        count = sum(p.value.size for p in inside)
        found.append(Row(name, type(layer).__name__, tuple(y.shape[1:]), count, ", ".join(places)))
        return y

    parameters = model.parameters()
    x = np.zeros((1, *input_shape), dtype=np.float32)
    model.trace(asarray_like(x, parameters[0].value) if parameters else x, visit)
    return found


def table(model: Model, input_shape: tuple[int, ...]) -> str:
    """The rows as aligned text, with the total below.

    >>> from grassmann_np import nn
    >>> print(table(nn.mlp([4, 3], np.random.default_rng(0)), (2, 2)))
    layer      output  parameters  geometry
    0 Flatten  4                0
    1 Linear   3               15  euclidean
    total                      15
    """
    found = rows(model, input_shape)
    lines = [("layer", "output", "parameters", "geometry")]
    for row in found:
        shape = "x".join(map(str, row.output_shape))
        lines.append((f"{row.name} {row.kind}", shape, f"{row.parameters:,}", row.geometry))
    lines.append(("total", "", f"{sum(p.value.size for p in model.parameters()):,}", ""))
    return aligned(lines, "<<><")


def aligned(lines: Sequence[tuple[str, ...]], sides: str) -> str:
    """Text in columns, flush left where `sides` has "<" and flush right where it has ">"."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    columns = list(zip(sides, widths, strict=True))
    return "\n".join(
        "  ".join(f"{text:{side}{width}}" for text, (side, width) in zip(line, columns, strict=True)).rstrip()
        for line in lines
    )
