"""A linear op of large arrays, and a sum of two; see ops/linear.py.

    y = x w + b        dx = dy w'        dw = x' dy        db = 1'dy

The products are BLAS's, which shares large ones between its threads. A small one is not worth waking these: they stay
awake for a while, in the way of our own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array
from ..checks import check_upstream
from ..pullback import Pullback
from ..room import empty
from ..sums import column_sums
from .share import share

LARGE = 2**22  # multiplications: less is done sooner by one thread


def linear(x: Array, w: Array, b: Array | None) -> tuple[Array, Pullback]:
    """`ops.linear` of NumPy arrays that were checked."""
    shape, count = (len(x), w.shape[1]), x.size * w.shape[1]

    def pullback(dy: Array, wanted: bool = True) -> Any:
        dy = check_upstream(dy, shape, x.dtype)
        dx = _product(dy, w.T, count) if wanted else None
        dw = _product(dy.T, x, count).T  # a unit's weights side by side, as in w
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    y = _product(x, w, count)
    if b is not None:
        y += b
    return y, pullback


def _product(a: Array, b: Array, multiplications: int) -> Array:
    """a b, by one thread if that is little work."""
    out = empty((len(a), b.shape[1]), a)
    if multiplications >= LARGE:
        np.matmul(a, b, out=out)
    else:
        share(lambda _: np.matmul(a, b, out=out), 1, out.nbytes, products=True)
    return out


def add(a: Array, b: Array) -> Array:
    """a + b, of one shape and dtype."""
    out = empty(a.shape, a)
    share(lambda part: np.add(a[part], b[part], out=out[part]), len(a), a.nbytes)
    return out
