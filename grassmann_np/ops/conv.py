"""A convolution is a linear op on every window of an image, with the same weights in each.

    columns = unfold(x)          every window as one row (kh kw c_in)
    y  = columns w + b           dw = columns' dy          dx = fold(dy w')          db = 1'dy

`fold` is the transpose of `unfold`: it adds every number back to the place it was copied from. Seen as the matrix
(kh kw c_in, c_out), a column of w is a unit's weight vector, as in a dense layer; no kernel is turned around.

At stride 1 the way back is a convolution too: of dy, with w~, the kernel turned around and its channels exchanged.
One unfolding of dy then gives both gradients, and nothing is folded:

    columns = unfold(dy)         dx = columns w~           dw~ = columns' x

All columns together would be kh kw times as large as x. So they are made for a few images at a time, in one buffer
small enough for the cache, and never kept. A row of a window is kw c_in numbers that lie side by side in the padded
image: to unfold is to copy long runs, and the rest is matrix products. Where channels are many and the kernel has three
rows, a third of these products can be saved: winograd.py has the same two loops, with other rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from operator import iadd
from typing import Any

from ..backend import Array, by_columns, get_xp
from ..cuda import conv as gpu
from ..cuda.kernel import on_gpu
from . import winograd
from .blocks import at_a_time
from ..checks import check_arrays, check_shape
from ..room import empty
from .share import share
from ..sums import column_sums
from ..pullback import Pullback

BLOCK = 2**22  # bytes of columns at a time: they stay in the cache, and are enough for a fast matrix product


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
    kh, kw, c_in, c_out = w.shape
    border = (padding, padding)
    shape = (x.shape[0], *_places(x, (kh, kw), stride, border), c_out)
    if on_gpu(x):
        return gpu.conv2d(x, w, b, stride, padding, shape[1:3])

    minimal = winograd.pays(x, w, stride, padding)

    def forward(part: slice) -> None:
        for images, columns in unfold(x, part, (kh, kw), stride, border):
            xp.matmul(columns, _rows(w), out=_rows(y[images]))

    def pullback(dy: Array) -> Any:
        check_shape("dy", dy, *shape)
        few = c_out > 8 * c_in  # dy unfolded would be much larger than x unfolded
        if stride == 1 and padding < min(kh, kw) and not few:
            dx, dw = (winograd.back if minimal else _back_by_turning)(x, _turn(w), dy, padding)
            dw = by_columns(_turn(dw))  # as the weights are
        else:
            dx, dw = _back_by_folding(x, w, dy, stride, padding)
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    y = empty(shape, x)
    if minimal:
        winograd.forward(x, w, padding, y)
    else:
        share(forward, [x, y])
    if b is not None:
        y += b
    return y, pullback


def _back_by_turning(x: Array, turned: Array, dy: Array, padding: int) -> tuple[Array, Array]:
    """dx, dw~ at stride 1: the convolution of dy with w~."""
    xp = get_xp(x, turned, dy)
    kh, kw = turned.shape[:2]
    dx, matrix = empty(x.shape, x), _rows(turned)

    def products(part: slice) -> Iterator[Array]:
        for images, columns in unfold(dy, part, (kh, kw), 1, (kh - 1 - padding, kw - 1 - padding)):
            xp.matmul(columns, matrix, out=_rows(dx[images]))
            yield columns.T @ _rows(x[images])

    d_turned = reduce(iadd, share(lambda part: reduce(iadd, products(part)), [x, dy]))
    return dx, d_turned.reshape(turned.shape)


def _back_by_folding(x: Array, w: Array, dy: Array, stride: int, padding: int) -> tuple[Array, Array]:
    """dx, dw at any stride."""
    height, width = x.shape[1:3]
    dx = empty(x.shape, x)

    def products(part: slice) -> Iterator[Array]:
        for images, columns in unfold(x, part, w.shape[:2], stride, (padding, padding)):
            yield _rows(dy[images]).T @ columns  # (c_out, kh kw c_in): by columns, as the weights are
            d_columns = (_rows(dy[images]) @ _rows(w).T).reshape(*dy[images].shape[:3], *w.shape[:3])
            padded = fold(d_columns, (height + 2 * padding, width + 2 * padding), stride)
            dx[images] = padded[:, padding : padding + height, padding : padding + width]

    return dx, reduce(iadd, share(lambda part: reduce(iadd, products(part)), [x, dy])).T.reshape(w.shape)


def unfold(
    x: Array, part: slice, kernel: tuple[int, int], stride: int, border: tuple[int, int]
) -> Iterator[tuple[slice, Array]]:
    """Every window of x[part] with a border of zeros as a row, a few images at a time: (which images, their rows).

    x (N, H, W, C) -> rows (n H' W', kh kw C), in a buffer that the next ones overwrite.
    """
    xp = get_xp(x)
    n, (height, width, channels) = part.stop - part.start, x.shape[1:]
    (kh, kw), (top, left) = kernel, border
    if kernel == (1, 1) and stride == 1 and border == (0, 0):
        yield part, _rows(x[part])  # every pixel is a row already
        return
    shape = (*_places(x, kernel, stride, border), kh, kw, channels)
    few = min(n, at_a_time(x, math.prod(shape) * x.itemsize, BLOCK))
    columns = empty((few, *shape), x)
    padded = xp.zeros((few, height + 2 * top, width + 2 * left, channels), dtype=x.dtype)
    inside = padded[:, top : top + height, left : left + width]
    windows = xp.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))[:, ::stride, ::stride]
    windows = windows.transpose(0, 1, 2, 4, 5, 3)  # (few, H', W', kh, kw, C), still a view
    for start in range(part.start, part.stop, few):
        images = slice(start, min(start + few, part.stop))
        count = images.stop - start
        inside[:count] = x[images]
        columns[:count] = windows[:count]
        yield images, columns[:count].reshape(-1, kh * kw * channels)


def fold(columns: Array, size: tuple[int, int], stride: int) -> Array:
    """The transpose of `unfold`: every number added to where it came from.  (n, H', W', kh, kw, C) -> (n, *size, C)."""
    n, h, w, kh, kw, channels = columns.shape
    x = get_xp(columns).zeros((n, *size, channels), dtype=columns.dtype)
    for i in range(kh):
        for j in range(kw):
            x[:, i : i + stride * h : stride, j : j + stride * w : stride] += columns[:, :, :, i, j]
    return x


def _turn(w: Array) -> Array:
    """w~: the kernel turned around, its channels exchanged.  (kh, kw, a, b) -> (kh, kw, b, a), a view."""
    return w[::-1, ::-1].transpose(0, 1, 3, 2)


def _rows(x: Array) -> Array:
    """All axes but the last as one."""
    return x.reshape(-1, x.shape[-1])


def _places(x: Array, kernel: tuple[int, int], stride: int, border: tuple[int, int]) -> tuple[int, int]:
    """(H', W'), the number of places where the kernel fits."""
    sizes = [x.shape[axis] + 2 * border[axis - 1] for axis in (1, 2)]
    for axis in (1, 2):
        if sizes[axis - 1] < kernel[axis - 1]:
            expected = f"at least {kernel[axis - 1]} pixels on axis {axis} with padding"
            raise ValueError(f"x: expected {expected}, got {sizes[axis - 1]}")
    return (sizes[0] - kernel[0]) // stride + 1, (sizes[1] - kernel[1]) // stride + 1
