"""A pullback (vector-Jacobian product) carries the gradient back: from dy = dLoss/dy to those of an op's arguments.

They come in the order of the arguments. An op with one array argument gives it bare, one with several gives a tuple; an
optional array that was None has no entry. The closure is the only memory between the two: calling the op again disturbs
nothing, and dy is never modified. It holds the arrays it needs and no others: they are the memory of a training step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from .backend import Array

Pullback: TypeAlias = Callable[..., Any]


def gradients(dx: Array, *others: tuple[Array | None, Array]) -> Any:
    """dx and, for every (parameter, gradient) whose parameter is there, the gradient; bare if there is none."""
    given = [gradient for parameter, gradient in others if parameter is not None]
    return (dx, *given) if given else dx
