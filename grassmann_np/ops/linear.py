"""A linear op takes every sample's inner product with the columns of w: a column is a unit's weight vector.

y = x w + b        dx = dy w'        dw = x' dy        db = 1'dy
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from ..backend import Array
from ..checks import check_arrays, check_shape
from ..room import empty
from .share import share
from ..sums import column_sums
from ..pullback import Pullback


def linear(x: Array, w: Array, b: Array | None = None) -> tuple[Array, Pullback]:
    """y = x w + b.  x (N, n_in), w (n_in, n_out), b (n_out,) -> y (N, n_out).  pullback(dy) = dx, dw[, db].

    >>> import numpy as np
    >>> y, pullback = linear(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    >>> y, pullback(np.array([[1.0]]))[0]
    (array([[11.]]), array([[3., 4.]]))
    """
    xp = check_arrays(x=x, w=w, b=b)
    check_shape("x", x, "N", "n_in")
    check_shape("w", w, x.shape[1], "n_out")
    if b is not None:
        check_shape("b", b, w.shape[1])
    y = empty((x.shape[0], w.shape[1]), x)

    def forward(part: slice) -> None:
        xp.matmul(x[part], w, out=y[part])
        if b is not None:
            y[part] += b

    def pullback(dy: Array) -> Any:
        check_shape("dy", dy, *y.shape)
        dx = empty(x.shape, x)

        def back(part: slice) -> Array:
            xp.matmul(dy[part], w.T, out=dx[part])
            return (dy[part].T @ x[part]).T  # by columns, as the weights are

        dw = reduce(add, share(back, [x, dy]))
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    share(forward, [x, y])
    return y, pullback


def flatten(x: Array) -> tuple[Array, Pullback]:
    """Every sample as one row.  x (N, ...) -> (N, n).  pullback(dy) = dx."""
    check_arrays(x=x)
    check_shape("x", x, *(("N",) if x.ndim == 1 else (..., "n")))
    shape, y = x.shape, x.reshape(x.shape[0], -1)
    flat = y.shape

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, *flat)
        return dy.reshape(shape)

    return y, pullback
