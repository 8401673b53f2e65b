"""An invariance measure tells, weight by weight, whether the loss really forgets the length of the columns.

    cosine = max_j |<w_j, grad_j>|/(|w_j||grad_j|)     0 where the loss does not change with the length of w_j
    column = |loss(w_j -> 2 w_j) - loss|               at the column j of the largest cosine
    matrix = |loss(W -> 2 W) - loss|                   0 for layer normalization too, which forgets only this

If the loss forgets the length of every column, all cosines and the change of `column` are 0, and the sphere is the
quotient by the length. The measure goes one way only: a cosine of 0 at one point and on one batch is what invariance
asks for, not a proof of it. Any other weight can be put on the sphere too, as the authors do with the second
convolution of a residual block, but then it is constrained: the network could have used its length.
"""

from __future__ import annotations

import copy
import math
from typing import NamedTuple

from ..backend import Array, get_xp
from ..checks import check_kind, check_several
from ..geometry.columns import dot
from ..geometry.lengths import polar
from ..ops import cross_entropy
from .invariant import invariant_weights
from .layer import Layer
from .parameter import Parameter
from .summary import aligned

FORGOTTEN = 0.01  # cosine: far more than an eps in BatchNorm leaves


class Invariance(NamedTuple):
    """One weight of a model, with the three measures above, and whether its layers say that it is invariant."""

    name: str
    geometry: str
    cosine: float
    column: float
    matrix: float
    said: bool = False


def measure_invariance(model: Layer, x: Array, labels: Array) -> list[Invariance]:
    """One row per weight, for the cross-entropy in training of one batch; the model is left as it was.

    Every loss is that of a fresh copy, so that running moments stay and dropout draws the same masks. The eps in
    BatchNorm breaks the invariance by about eps/variance.
    """
    check_kind("model", model, Layer)
    base = copy.deepcopy(model)
    loss = _loss(base, x, labels, pull=True)
    if not math.isfinite(loss):
        raise ValueError(f"x: expected a batch with a finite loss, got {loss}")

    def change(index: int, column: int | None) -> float:
        """|loss - loss before| after column j, or every column, of one weight is made twice as long."""
        other = copy.deepcopy(model)
        matrix = other.parameters()[index].matrix.copy()
        matrix[:, slice(None) if column is None else column] *= 2
        other.parameters()[index].matrix = matrix
        return abs(_loss(other, x, labels) - loss)

    found, said = [], list(invariant_weights(base))
    for index, parameter in enumerate(base.parameters()):
        if parameter.value.ndim > 1:
            cosine = _cosines(parameter)
            j = int(cosine.argmax())
            place = parameter.geometry.__name__.rpartition(".")[2]
            claim = any(parameter is one for one in said)
            measures = float(cosine[j]), change(index, j), change(index, None)
            found.append(Invariance(parameter.name, place, *measures, claim))
    return found


def invariance_table(measured: list[Invariance]) -> str:
    """The rows as aligned text; a line below for every weight of which its layers say something else."""
    for one in check_several("measured", measured):
        check_kind("measured", one, Invariance)
    lines = [Invariance._fields[:5]] + [(m.name, m.geometry, *(f"{number:.1e}" for number in m[2:5])) for m in measured]
    wrong = [
        f"{m.name}: its layers say that the length of its columns is forgotten, and it is not: see nn.Layer.forgets"
        for m in measured
        if m.said and m.cosine > FORGOTTEN
    ]
    return "\n".join([aligned(lines, "<<>>>"), *wrong])


def _loss(model: Layer, x: Array, labels: Array, pull: bool = False) -> float:
    logits, pullback = model(x)
    loss, loss_pullback = cross_entropy(logits, labels)
    if pull:
        pullback(loss_pullback())
    return float(loss)


def _cosines(parameter: Parameter) -> Array:
    """|<w_j, grad_j>|/(|w_j||grad_j|) of every column, 0 where the gradient is 0."""
    _, u = polar(parameter.matrix)
    _, v = polar(parameter.matrix_grad)
    return get_xp(u, v).abs(dot(u, v))
