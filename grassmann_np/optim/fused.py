"""A fused step does all that a step does to a column while that is in the cache: the wings do, for the rules they know.

    m = a tau + b h            SGD: a = gamma, b = -eta, and m is the step      Adam: a = b1, b = 1 - b1
    d = m, or -eta_t m/sqrt(v + eps)                                            v <- b2 v + (1 - b2) |h|^2

y, tau <- exp and transport of m along d. See optim/sgd.py and optim/adam.py for the rules in full. Whatever a loop does
not like (a number that is not finite, a zero column, a square out of range) it leaves to the functions of the geometry.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from .. import ways
from ..backend import Array
from ..geometry import euclidean, lines, sphere
from ..nn.parameter import Parameter
from .penalty import gram, orthogonality_gradient

Method = TypeVar("Method", bound=Callable[..., Any])


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
    """The wing for NumPy arrays, and the numbers of a step."""

    wing: ModuleType
    numbers: Numbers
    orthogonality: float

    def next(self, parameter: Parameter, state: dict[str, Array]) -> Any:
        """(the next point, the next state) of a parameter; None where its geometry must do it."""
        w, g = parameter.matrix, parameter.matrix_grad
        curved, extra = parameter.geometry is not euclidean, None
        if parameter.geometry not in (euclidean, sphere, lines):
            return None
        if self.orthogonality and w.ndim == 2:
            products = gram(w)
            if curved and not _are_one(products.diagonal()):
                return None
            extra = orthogonality_gradient(w, self.orthogonality, products)
        if curved:
            return self.wing.move_columns(w, g, extra, state, self.numbers)
        return self.wing.move_numbers(w, g if extra is None else g + extra, state, self.numbers, parameter.decay)


def _are_one(squares: Array) -> bool:
    """To rounding, as the lengths of points are after a step."""
    return bool(np.all(np.abs(squares - 1) <= 64 * np.finfo(squares.dtype).eps))


def loops(optimizer: Any) -> Loops | None:
    """What takes the next step of an optimizer in loops; None if nothing does."""
    values = [p.value for p in optimizer.parameters]
    if (found := numbers(optimizer)) is None or (wing := ways.wing("step", *values)) is None:
        return None
    return Loops(wing, found, optimizer.orthogonality)
