"""A pullback carries the gradient back: from dy = dLoss/dy to the gradients of an op's array arguments, in order.

An op with one array argument gives it bare, one with several gives a tuple; an optional array that was None has no
entry. The closure is the only memory between the two: calling the op again disturbs nothing, and dy is never
modified. It holds the arrays it needs and no others, since that is the memory of a training step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Pullback: TypeAlias = Callable[..., Any]
