"""A pullback (vector-Jacobian product) carries the gradient back: from dy = dLoss/dy to those of an op's arguments.

They come in the order of the arguments. An op with one array argument gives it bare, one with several gives a tuple; an
optional array that was None has no entry. The closure is the only memory between the two: calling the op again disturbs
nothing, and dy is never modified. It holds the arrays it needs and no others: they are the memory of a training step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

import numpy as np

from .backend import Array

Pullback: TypeAlias = Callable[..., Any]
Given = ParamSpec("Given")


def gradients(dx: Array, *others: tuple[Array | None, Array]) -> Any:
    """dx and, for every (parameter, gradient) whose parameter is there, the gradient; bare if there is none."""
    given = [gradient for parameter, gradient in others if parameter is not None]
    return (dx, *given) if given else dx


def quiet(op: Callable[Given, tuple[Array, Pullback]]) -> Callable[Given, tuple[Array, Pullback]]:
    """`op` and its pullback without NumPy's warnings: beyond the largest number is inf, and inf - inf is NaN."""

    @wraps(op)
    def run(*args: Given.args, **options: Given.kwargs) -> tuple[Array, Pullback]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            y, pullback = op(*args, **options)

        def quiet_pullback(*upstream: Any, **asked: Any) -> Any:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                return pullback(*upstream, **asked)

        return y, quiet_pullback

    return run
