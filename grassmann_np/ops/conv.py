"""A convolution is a linear op on every window of an image, with the same weights in each.

    columns = unfold(x)          every window as one row (kh kw c_in); the trade says im2col
    y  = columns w + b           dw = columns' dy          dx = fold(dy w')          db = 1'dy

`fold` is the transpose of `unfold`: it adds every number back to the place it was copied from (col2im). Seen as the
matrix (kh kw c_in, c_out), a column of w is a unit's weight vector, as in a dense layer. No kernel is turned around, so
mathematicians would say cross-correlation. All columns together are kh kw H'W'/(HW) times as large as x, nine times for
3x3 with stride 1 and padding 1, so they are made again on the way back, not kept.
"""

from __future__ import annotations

from typing import Any

from .. import ways
from ..backend import Array, get_xp
from ..checks import check_arrays, check_shape, check_upstream, check_whole, given
from ..pullback import Pullback, quiet
from ..sums import column_sums


@quiet
def conv2d(x: Array, w: Array, b: Array | None = None, stride: int = 1, padding: int = 0) -> tuple[Array, Pullback]:
    """y_pq = sum_ij x_(s p + i, s q + j) w_ij + b: s the stride, x with its border, x_pq a row, w_ij a matrix.

    x (N, H, W, c_in), w (kh, kw, c_in, c_out), b (c_out,) -> y (N, H', W', c_out) where
    H' = (H + 2 padding - kh)//stride + 1.
    pullback(dy) = dx, dw[, db]; pullback(dy, wanted=False) leaves dx out, None, where x is data.
    Zeros stand outside the image. Raises ValueError where the kernel does not fit into the padded image.

    >>> import numpy as np
    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> conv2d(image, np.ones((2, 2, 1, 1)))[0].reshape(2, 2)
    array([[ 8., 12.], [20., 24.]])
    """
    stride, padding = check_whole("stride", stride, 1), check_whole("padding", padding, 0)
    places = _check(x, w, b, stride, padding)
    if other := ways.find("conv", "conv2d", x, w):
        return other(x, w, b, stride, padding, places)
    kh, kw, c_in, c_out = w.shape
    matrix, shape = w.reshape(-1, c_out), (x.shape[0], *places, c_out)
    y = (unfold(pad(x, padding), (kh, kw), stride).reshape(-1, kh * kw * c_in) @ matrix).reshape(shape)
    if b is not None:
        y += b

    def pullback(dy: Array, wanted: bool = True) -> Any:
        rows = check_upstream(dy, shape, x.dtype).reshape(-1, c_out)
        columns = unfold(pad(x, padding), (kh, kw), stride).reshape(-1, kh * kw * c_in)
        dw = (rows.T @ columns).T.reshape(w.shape)  # a unit's weights side by side
        dx = None
        if wanted:
            (height, width), p = x.shape[1:3], padding
            d_columns = (rows @ w.transpose(0, 1, 3, 2)).reshape(kh, kw, *shape[:3], c_in)  # dy w', place by place
            d_columns = d_columns.transpose(2, 3, 4, 0, 1, 5)
            dx = fold(d_columns, (height + 2 * p, width + 2 * p), stride)[:, p : p + height, p : p + width]
        return (dx, dw) if b is None else (dx, dw, column_sums(rows))

    return y, pullback


def pad(x: Array, padding: int) -> Array:
    """x with a border of zeros.  (N, H, W, C) -> (N, H + 2 padding, W + 2 padding, C)."""
    n, height, width, channels = x.shape
    padded = get_xp(x).zeros((n, height + 2 * padding, width + 2 * padding, channels), dtype=x.dtype)
    padded[:, padding : padding + height, padding : padding + width] = x
    return padded


def unfold(x: Array, kernel: tuple[int, int], stride: int) -> Array:
    """Every window of x, copied.  (N, H, W, C) -> (N, H', W', kh, kw, C)."""
    windows = get_xp(x).lib.stride_tricks.sliding_window_view(x, kernel, axis=(1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def fold(columns: Array, size: tuple[int, int], stride: int) -> Array:
    """The transpose of `unfold`: every number added to where it came from.  (N, H', W', kh, kw, C) -> (N, *size, C)."""
    n, h, w, kh, kw, channels = columns.shape
    x = get_xp(columns).zeros((n, *size, channels), dtype=columns.dtype)
    for i in range(kh):
        for j in range(kw):
            x[:, i : i + stride * h : stride, j : j + stride * w : stride] += columns[:, :, :, i, j]
    return x


def _check(x: Array, w: Array, b: Array | None, stride: int, padding: int) -> tuple[int, int]:
    """(H', W'), the number of places where the kernel fits."""
    check_arrays(x=x, w=w, **given(b=b))
    check_shape("x", x, "N", "H", "W", "c_in")
    check_shape("w", w, "kh", "kw", x.shape[3], "c_out")
    if b is not None:
        check_shape("b", b, w.shape[3])
    for axis in (1, 2):
        if x.shape[axis] + 2 * padding < w.shape[axis - 1]:
            expected = f"at least {w.shape[axis - 1]} pixels on axis {axis} with padding"
            raise ValueError(f"x: expected {expected}, got {x.shape[axis] + 2 * padding}")
    height, width = ((x.shape[axis] + 2 * padding - w.shape[axis - 1]) // stride + 1 for axis in (1, 2))
    return height, width
