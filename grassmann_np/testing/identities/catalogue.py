"""An identity is a named statement that a geometry must obey, and a function that measures by how much it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...backend import Array
from ..cases import KINDS, Case
from ..report import stated
from ..view import Wrong


@dataclass(frozen=True)
class Identity:
    """`measure(case)` returns residuals; the identity holds where none is above `limit`.

    unit "eps": residuals count machine epsilons times the natural scale of the quantity; in more than 64 dimensions
    times `Case.long_sum`, so that a limit of 8 is one of sqrt(n) eps there.
    unit "slope": by how much the log-log slope of a finite-difference error falls short; only tried in float64.
    """

    number: int  # in the list of identities; 0 for what the Protocol itself promises
    name: str
    statement: str
    kinds: tuple[str, ...]
    unit: str
    limit: float
    measure: Callable[[Case], Array | float]
    catches: str = ""  # the planted bugs that are its own, in words
    room: bool = False  # needs as many directions orthogonal to a subspace as it has itself: 2p <= n
    once: bool = False  # looks at nothing of a case but its geometry: one case is enough
    promise: str = ""  # what of it no mathematics demands, only the Protocol of this library, in words


def identity(
    number: int,
    kinds: tuple[str, ...] = KINDS,
    unit: str = "eps",
    limit: float = 8.0,
    room: bool = False,
    once: bool = False,
    promise: str = "",
) -> Callable[[Callable[[Case], Array | float]], Identity]:
    """Makes a function an Identity: its name is the name, the first line of its docstring the statement.

    A line "Catches: ..." says which mistakes it is there for.
    """

    def wrap(measure: Callable[[Case], Array | float]) -> Identity:
        statement, catches = stated(measure)
        return Identity(number, measure.__name__, statement, kinds, unit, limit, measure, catches, room, once, promise)

    return wrap


def slope_deficit(error: Callable[[float], Array], order: int) -> float:
    """By how much the slope of log |error(t)| against log t falls short of `order`.

    t runs over six halvings, short enough that the next order does not hide this one, long enough that t^order is
    far above rounding. All points count together, so that one accidental zero cannot hide or feign anything.
    """
    steps = 2.0 ** -np.arange(6, 12) if order > 2 else 2.0 ** -np.arange(8, 14)
    sizes = np.array([np.linalg.norm(np.ravel(error(float(t)))) for t in steps])
    if not np.all(np.isfinite(sizes)):
        return np.inf
    if np.max(sizes) < 1e-10:
        return 0.0  # exact: there is nothing to measure a slope on
    slope = np.polyfit(np.log(steps), np.log(np.maximum(sizes, 1e-300)), 1)[0]
    return max(0.0, float(order - slope))


def worst(*residuals: Array | float) -> float:
    """The largest residual; NaN counts as infinite."""
    return max(float(np.max(np.nan_to_num(r, nan=np.inf, posinf=np.inf), initial=0.0)) for r in residuals)


def refuses(f: Callable[..., object], *arguments: Array) -> float:
    """0 if f raises ValueError.  Raises Wrong if it gives an answer."""
    try:
        f(*arguments)
    except ValueError:
        return 0.0
    raise Wrong("expected ValueError, got an answer")
