"""A linear op takes every sample's inner product with the columns of w: a column is a unit's weight vector.

y = x w + b        dx = dy w'        dw = x' dy        db = 1'dy
y = a + b          da = db = dy
"""

from __future__ import annotations

from typing import Any

from .. import ways
from ..backend import Array
from ..checks import check_arrays, check_shape, check_upstream, given
from ..pullback import Pullback, quiet
from ..sums import column_sums


@quiet
def linear(x: Array, w: Array, b: Array | None = None) -> tuple[Array, Pullback]:
    """y = x w + b.  x (N, n_in), w (n_in, n_out), b (n_out,) -> y (N, n_out).

    pullback(dy) = dx, dw[, db]; pullback(dy, wanted=False) leaves dx out, None, where x is data.

    >>> import numpy as np
    >>> y, pullback = linear(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    >>> y, pullback(np.array([[1.0]]))[0]
    (array([[11.]]), array([[3., 4.]]))
    """
    check_arrays(x=x, w=w, **given(b=b))
    check_shape("x", x, "N", "n_in")
    check_shape("w", w, x.shape[1], "n_out")
    if b is not None:
        check_shape("b", b, w.shape[1])
    if other := ways.find("linear", "linear", x, w):
        return other(x, w, b)
    shape = x.shape[0], w.shape[1]

    def pullback(dy: Array, wanted: bool = True) -> Any:
        dy = check_upstream(dy, shape, x.dtype)
        dx = dy @ w.T if wanted else None
        dw = (dy.T @ x).T  # a unit's weights side by side, as in w
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    return x @ w if b is None else x @ w + b, pullback


@quiet
def add(a: Array, b: Array) -> tuple[Array, Pullback]:
    """a + b, of one shape.  pullback(dy) = da, db, which are dy itself."""
    check_arrays(a=a, b=b)
    check_shape("a", a, ...)
    check_shape("b", b, *a.shape)
    shape, dtype = a.shape, a.dtype

    def pullback(dy: Array) -> tuple[Array, Array]:
        dy = check_upstream(dy, shape, dtype)
        return dy, dy

    wing = ways.wing("linear", a, b)
    return (wing.add(a, b) if wing else a + b), pullback


@quiet
def flatten(x: Array) -> tuple[Array, Pullback]:
    """Every sample as one row.  x (N, ...) -> (N, n).  pullback(dy) = dx."""
    check_arrays(x=x)
    check_shape("x", x, *(("N",) if x.ndim == 1 else (..., "n")))
    shape, y = x.shape, x.reshape(x.shape[0], -1)
    flat, dtype = y.shape, x.dtype

    def pullback(dy: Array) -> Array:
        return check_upstream(dy, flat, dtype).reshape(shape)

    return y, pullback
