"""A convolution is a linear op on every window of an image, with the same weights in each.

    columns = unfold(x)          every window as one row (kh kw c_in); the trade says im2col
    y  = columns w + b           dw = columns' dy          dx = fold(dy w')          db = 1'dy

`fold` is the transpose of `unfold`: it adds every number back to the place it was copied from (col2im). Seen as the
matrix (kh kw c_in, c_out), a column of w is a unit's weight vector, as in a dense layer; no kernel is turned around.
All columns together are kh kw times as large as x, so they are made again on the way back, not kept.
"""

from __future__ import annotations

from typing import Any

from .. import ways
from ..backend import Array, get_xp
from ..checks import check_arrays, check_shape, check_upstream
from ..pullback import Pullback
from ..sums import column_sums


def conv2d(x: Array, w: Array, b: Array | None = None, stride: int = 1, padding: int = 0) -> tuple[Array, Pullback]:
    """y_hw = sum_ij x_(h+i, w+j) w_ij + b.

    x (N, H, W, c_in), w (kh, kw, c_in, c_out), b (c_out,) -> y (N, H', W', c_out) where
    H' = (H + 2 padding - kh)//stride + 1.
    pullback(dy) = dx, dw[, db]; pullback(dy, wanted=False) leaves dx out, None, where x is data.
    Zeros stand outside the image. Raises ValueError where the kernel does not fit into the padded image.

    >>> import numpy as np
    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> conv2d(image, np.ones((2, 2, 1, 1)))[0].reshape(2, 2)
    array([[ 8., 12.], [20., 24.]])
    """
    places = _check(x, w, b, stride, padding)
    if other := ways.find("conv", "conv2d", x, w):
        return other(x, w, b, stride, padding, places)
    (n, height, width, _), (kh, kw, _, c_out) = x.shape, w.shape
    matrix = w.reshape(-1, c_out)
    y = (unfold(x, (kh, kw), stride, padding) @ matrix).reshape(n, *places, c_out)
    if b is not None:
        y += b

    def pullback(dy: Array, wanted: bool = True) -> Any:
        rows = check_upstream(dy, (n, *places, c_out), x.dtype).reshape(-1, c_out)
        dw = (rows.T @ unfold(x, (kh, kw), stride, padding)).T.reshape(w.shape)  # a unit's weights side by side
        dx = fold(rows @ matrix.T, (n, *places), (kh, kw), (height, width), stride, padding) if wanted else None
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    return y, pullback


def unfold(x: Array, kernel: tuple[int, int], stride: int, padding: int) -> Array:
    """Every window of x with a border of zeros as a row.  (N, H, W, C) -> (N H' W', kh kw C)."""
    xp, (n, height, width, channels), p = get_xp(x), x.shape, padding
    padded = xp.zeros((n, height + 2 * p, width + 2 * p, channels), dtype=x.dtype)
    padded[:, p : p + height, p : p + width] = x
    windows = xp.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kernel[0] * kernel[1] * channels)


def fold(
    columns: Array,
    places: tuple[int, int, int],
    kernel: tuple[int, int],
    size: tuple[int, int],
    stride: int,
    padding: int,
) -> Array:
    """The transpose of `unfold`: every number added to where it came from.  (N H' W', kh kw C) -> (N, H, W, C)."""
    (n, h, w), (kh, kw), (height, width), p = places, kernel, size, padding
    columns = columns.reshape(n, h, w, kh, kw, -1)
    x = get_xp(columns).zeros((n, height + 2 * p, width + 2 * p, columns.shape[-1]), dtype=columns.dtype)
    for i in range(kh):
        for j in range(kw):
            x[:, i : i + stride * h : stride, j : j + stride * w : stride] += columns[:, :, :, i, j]
    return x[:, p : p + height, p : p + width]


def _check(x: Array, w: Array, b: Array | None, stride: int, padding: int) -> tuple[int, int]:
    """(H', W'), the number of places where the kernel fits."""
    check_arrays(x=x, w=w, b=b)
    check_shape("x", x, "N", "H", "W", "c_in")
    check_shape("w", w, "kh", "kw", x.shape[3], "c_out")
    if b is not None:
        check_shape("b", b, w.shape[3])
    if stride < 1 or padding < 0:
        raise ValueError(f"expected stride >= 1 and padding >= 0, got stride {stride}, padding {padding}")
    for axis in (1, 2):
        if x.shape[axis] + 2 * padding < w.shape[axis - 1]:
            expected = f"at least {w.shape[axis - 1]} pixels on axis {axis} with padding"
            raise ValueError(f"x: expected {expected}, got {x.shape[axis] + 2 * padding}")
    height, width = ((x.shape[axis] + 2 * padding - w.shape[axis - 1]) // stride + 1 for axis in (1, 2))
    return height, width
