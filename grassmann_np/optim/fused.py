"""A fused step does all that a step does to a column while that is in the cache: the wings do, for the rules they know.

    m = a tau + b h            SGD: a = gamma, b = -eta, and m is the step      Adam: a = b1, b = 1 - b1
    d = m, or -eta_t m/sqrt(v + eps)                                            v <- b2 v + (1 - b2) |h|^2

y, tau <- exp and transport of m along d. See optim/sgd.py and optim/adam.py for the rules in full. Whatever a loop does
not like (a number that is not finite, a zero column, a square out of range) it leaves to the functions of the geometry.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from .. import ways
from ..backend import Array
from ..geometry import euclidean, lines, sphere
from ..nn.parameter import Parameter
from .penalty import gram, orthogonality_gradient

Method = TypeVar("Method", bound=Callable[..., Any])
KNOWN = (euclidean, sphere, lines)  # the geometries that the wings know


def known(name: str) -> Callable[[Method], Method]:
    """Marks a method that the wings know by this name. One that overrides it has no mark, and is obeyed."""

    def mark(method: Method) -> Method:
        method.known = name  # type: ignore[attr-defined]
        return method

    return mark


class Numbers(NamedTuple):
    """The settings of one step, in the order in which the wings take them; see the formulas above."""

    a: float
    b: float
    clip: float = math.inf
    decay: float = 0.0
    nesterov: int = 0
    beta2: float = 0.0
    rate: float = 0.0
    eps: float = 1.0


def numbers(optimizer: Any) -> Numbers | None:
    """The next step of this optimizer in numbers; None if its `advance` or `next` is not one that the wings know."""
    clip, decay = optimizer.clip or math.inf, optimizer.weight_decay
    match getattr(optimizer.next, "known", "") and getattr(optimizer.advance, "known", ""):
        case "SGD":
            return Numbers(optimizer.momentum, -optimizer.rate, clip, decay, int(optimizer.nesterov))
        case "Adam":
            b1, b2 = optimizer.beta1, optimizer.beta2
            return Numbers(b1, 1 - b1, clip, decay, 0, b2, optimizer.corrected_rate, optimizer.eps)
    return None


class Loops(NamedTuple):
    """The wing for NumPy arrays, the numbers of a step, and the orthogonality terms by the parameter's id."""

    wing: ModuleType
    numbers: Numbers
    terms: dict[int, tuple[Array, bool]]

    def next(self, parameter: Parameter, state: dict[str, Array]) -> Any:
        """(the next point, the next state) of a parameter; None where its geometry must do it."""
        if parameter.geometry not in KNOWN:
            return None
        w, g, (extra, unit) = parameter.matrix, parameter.matrix_grad, self.terms.get(id(parameter), (None, True))
        if parameter.geometry is euclidean:
            return self.wing.move_numbers(w, g if extra is None else g + extra, state, self.numbers, parameter.decay)
        return self.wing.move_columns(w, g, extra, state, self.numbers) if unit else None


def loops(optimizer: Any) -> Loops | None:
    """What takes the next step of an optimizer in loops; None if nothing does."""
    values = [p.value for p in optimizer.parameters]
    wing, shares, found = ways.wing("step", *values), ways.wing("share", *values), numbers(optimizer)
    return Loops(wing, found, _orthogonality_terms(optimizer, shares)) if wing and shares and found else None


def _orthogonality_terms(optimizer: Any, shares: ModuleType) -> dict[int, tuple[Array, bool]]:
    """{id: (the gradient of the term, whether the columns are unit)}; every thread takes some of the weights.

    That beats threads inside BLAS, which would stay awake for a while, in the way of the next forward pass.
    """
    weights = [p for p in optimizer.parameters if p.value.ndim > 1 and p.geometry in KNOWN]
    if not optimizer.orthogonality or not weights:
        return {}

    def term(parameter: Parameter) -> tuple[Array, bool]:
        w = parameter.matrix
        products = gram(w)
        unit = np.abs(products.diagonal() - 1) <= 64 * np.finfo(w.dtype).eps  # to rounding, as after a step
        return orthogonality_gradient(w, optimizer.orthogonality, products), bool(np.all(unit))

    weights.sort(key=lambda p: -p.value.size * p.value.shape[-1])
    weights = weights[::2] + weights[1::2]  # so that halves are alike
    size = max(p.value.nbytes for p in weights) * len(weights)
    found = shares.share(lambda part: [term(p) for p in weights[part]], len(weights), size, products=True)
    return {id(p): one for p, one in zip(weights, chain.from_iterable(found), strict=True)}
