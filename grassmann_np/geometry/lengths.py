"""A length is the root of a sum of squares; here no square overflows or underflows.

    |h| = a |h/a|,  a = 1, unless a square of h would leave the range of numbers: then its largest entry

Every function looks at h for NaN and inf on the way: one pass over h tells both.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..backend import Array, get_xp
from .checks import check_finite, is_finite
from .columns import dot


def length(h: Array) -> Array:
    """|h| of every column.  (n,) or (n, m) -> () or (m,).  Raises ValueError for NaN or inf."""
    factor, rest, _ = scaled(h)
    return _in_range(factor, rest)


def polar(h: Array) -> tuple[Array, Array]:
    """(|h|, h/|h|) of every column, (0, 0) for a zero column.  Raises ValueError for NaN or inf."""
    factor, rest, h = scaled(h)
    return _in_range(factor, rest), h / get_xp(h).where(rest > 0, rest, 1.0)


def directions(name: str, w: Array) -> Array:
    """w/|w| of every column.  Raises ValueError for NaN, inf, or a zero column: it has no direction."""
    _, rest, w = scaled(w, name)
    if not get_xp(w).all(rest > 0):
        raise ValueError(f"{name}: expected columns that are not zero, got a zero column; it has no direction")
    return w / rest


def scaled(h: Array, name: str = "h") -> tuple[float | Array, Array, Array]:
    """(a, |h/a|, h/a) of every column, with a = 1 where that is accurate, and for a zero column."""
    xp = get_xp(h)
    with np.errstate(over="ignore"):
        squares = dot(h, h)
    smallest, largest = _limits(xp, h.dtype)
    if xp.all((squares > h.shape[0] * smallest) & (squares <= largest)):
        return 1.0, xp.sqrt(squares), h
    check_finite(**{name: h})
    entry = xp.max(xp.abs(h), axis=0)
    entry = xp.where(entry > 0, entry, 1.0)
    rest = h / entry
    return entry, xp.sqrt(dot(rest, rest)), rest


def _in_range(factor: float | Array, rest: Array) -> Array:
    """factor rest.  Raises ValueError where that is beyond the largest number."""
    with np.errstate(over="ignore"):
        product = factor * rest
    if not is_finite(product):
        raise ValueError("h: expected a length that is a number, got one beyond the largest")
    return product


@cache
def _limits(xp: Any, dtype: Any) -> tuple[float, float]:
    """The smallest normal number and the largest one."""
    return float(xp.finfo(dtype).smallest_normal), float(xp.finfo(dtype).max)
