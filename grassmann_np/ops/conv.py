"""A convolution is a linear op on every window of an image, with the same weights in each.

    columns = unfold(x)        every window as one row (kh kw c_in)
    y  = columns w + b         dw = columns' dy         dx = fold(dy w')        db = 1'dy

`fold` is the transpose of `unfold`: it adds every number back to the place it was copied from. Seen as the matrix
(kh kw c_in, c_out), a column of w is a unit's weight vector, as in a dense layer; no kernel is turned around.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array, get_xp
from .checks import check_arrays, check_shape
from .sums import column_sums
from .types import Pullback


def conv2d(x: Array, w: Array, b: Array | None = None, stride: int = 1, padding: int = 0) -> tuple[Array, Pullback]:
    """y_hw = sum_ij x_(h+i, w+j) w_ij + b.  pullback(dy) = dx, dw[, db].

    x (N, H, W, c_in), w (kh, kw, c_in, c_out), b (c_out,) -> y (N, H', W', c_out) where
    H' = (H + 2 padding - kh)//stride + 1.
    Zeros stand outside the image. Raises ValueError where the kernel does not fit into the padded image.

    >>> import numpy as np
    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> conv2d(image, np.ones((2, 2, 1, 1)))[0].reshape(2, 2)
    array([[ 8., 12.], [20., 24.]])
    """
    xp = check_arrays(x=x, w=w, b=b)
    check_shape("x", x, "N", "H", "W", "c_in")
    check_shape("w", w, "kh", "kw", x.shape[3], "c_out")
    if b is not None:
        check_shape("b", b, w.shape[3])
    if stride < 1 or padding < 0:
        raise ValueError(f"expected stride >= 1 and padding >= 0, got stride {stride}, padding {padding}")
    _, height, width, _ = x.shape
    kh, kw, _, c_out = w.shape
    border = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    padded = xp.pad(x, border) if padding else x
    matrix = w.reshape(-1, c_out)  # (kh kw c_in, c_out)

    def pullback(dy: Array) -> Any:
        check_shape("dy", dy, *y.shape)
        rows = dy.reshape(-1, c_out)  # (N H' W', c_out)
        columns = unfold(padded, kh, kw, stride)  # made again: nine times the memory of x for a 3x3 kernel
        dw = (columns.reshape(-1, matrix.shape[0]).T @ rows).reshape(w.shape)
        d_columns = (rows @ matrix.T).reshape(columns.shape)
        dx = fold(d_columns, padded.shape, stride)[:, padding : padding + height, padding : padding + width]
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    columns = unfold(padded, kh, kw, stride)
    y = (columns.reshape(-1, matrix.shape[0]) @ matrix).reshape(*columns.shape[:3], c_out)
    return (y if b is None else y + b), pullback


def unfold(x: Array, kh: int, kw: int, stride: int) -> Array:
    """Every window of x, copied.  (N, H, W, C) -> (N, H', W', kh, kw, C)."""
    for axis, kernel in ((1, kh), (2, kw)):
        if x.shape[axis] < kernel:
            raise ValueError(f"x: expected at least {kernel} pixels on axis {axis} with padding, got {x.shape[axis]}")
    windows = get_xp(x).lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def fold(columns: Array, shape: tuple[int, ...], stride: int) -> Array:
    """The transpose of `unfold`: every number added to where it came from.  (N, H', W', kh, kw, C) -> shape."""
    _, h, w, kh, kw, _ = columns.shape
    x = get_xp(columns).zeros(shape, dtype=columns.dtype)
    for i in range(kh):
        for j in range(kw):
            x[:, i : i + stride * h : stride, j : j + stride * w : stride] += columns[:, :, :, i, j]
    return x
