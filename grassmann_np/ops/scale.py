"""A normalization forgets a scale that x and sqrt(eps) share: where a square would leave the range, x is divided first.

xh(x) = xh(x/r) with eps/r^2        <x> = r <x/r>        var x = r^2 var x/r        dx = d(x/r)/r
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..backend import Array, on_gpu
from ..pullback import Pullback


def scale_of(x: Array, mean_square: Array) -> Array | None:
    """r = max |x| over the axes along which the mean was taken, 1 where its squares are in range; None if all are.

    On a GPU nobody waits to see.  mean_square has the shape of x, 1 along those axes, or (C,) for all but the last.
    """
    if on_gpu(x):
        return None
    smallest, largest = _limits(x.dtype)
    fits = (mean_square > smallest) & (mean_square <= largest)
    if fits.all():
        return None
    axes = tuple(range(x.ndim - 1)) if mean_square.ndim < x.ndim else -1
    r = np.max(np.abs(x), axis=axes, keepdims=mean_square.ndim == x.ndim)
    r = np.where(fits | (r == 0) | ~np.isfinite(r), 1.0, r).astype(x.dtype)
    return None if (r == 1).all() else r


def divided(r: Array, y: Array, pullback: Pullback) -> tuple[Array, Pullback]:
    """The op of x from that of x/r: its value, and dx/r instead of dx."""

    def back(dy: Array) -> Any:
        found = pullback(dy)
        return (found[0] / r, *found[1:]) if isinstance(found, tuple) else found / r

    return y, back


@cache
def _limits(dtype: Any) -> tuple[float, float]:
    """Mean squares between these have lost no digits."""
    info = np.finfo(dtype)
    return float(info.smallest_normal / info.eps), float(info.max)
