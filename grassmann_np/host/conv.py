"""A convolution is a linear op on every window of an image, with the same weights in each.

    columns = unfold(x)          every window as one row (kh kw c_in); the trade says im2col
    y  = columns w + b           dw = columns' dy          dx = fold(dy w')          db = 1'dy

As ops/conv.py has it, but a few images at a time, in one buffer that stays in the cache: all columns together would be
kh kw times as large as x, and are never kept. A row of a window is kw c_in numbers that lie side by side in the padded
image, so to unfold is to copy runs of numbers, and to fold is to add them. The rest is matrix products.
A kernel of 3x3 with many channels needs fewer of these: see winograd.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from operator import iadd
from typing import Any

import numpy as np

from ..backend import Array, by_columns
from ..checks import check_upstream
from ..pullback import Pullback
from ..room import empty
from ..sums import column_sums
from . import winograd
from .loop import loop
from .share import share

FEW = 8  # channels: fewer are unfolded by planes, at stride 1
BLOCK = 2**20  # bytes of columns at a time: they stay in the cache, and are enough for a fast matrix product


def conv2d(
    x: Array, w: Array, b: Array | None, stride: int, padding: int, places: tuple[int, int]
) -> tuple[Array, Pullback]:
    """`ops.conv2d` of large NumPy arrays that were checked; `places` = (H', W')."""
    x, w = np.ascontiguousarray(x), by_columns(w)
    shape = (len(x), *places, w.shape[3])
    way = winograd if winograd.pays(w, stride, padding) else None
    y = empty(shape, x)
    if way:
        winograd.forward(x, w, b, padding, y)
    else:
        forward(x, w, b, stride, padding, y)

    def pullback(dy: Array, wanted: bool = True) -> Any:
        dy = np.ascontiguousarray(check_upstream(dy, shape, x.dtype))
        if way:
            dx, dw = winograd.back(x, w, dy, padding, wanted)
        else:
            dx, dw = back(x, w, dy, stride, padding, wanted)
        return (dx, dw) if b is None else (dx, dw, column_sums(dy))

    return y, pullback


def forward(x: Array, w: Array, b: Array | None, stride: int, padding: int, y: Array) -> None:
    """y = unfold(x) w + b."""
    unfolded = planes if w.shape[2] < FEW and stride == 1 else windows

    def work(part: slice) -> None:
        for images, columns in unfolded(x, part, w, stride, padding, y.shape[1:3]):
            np.matmul(columns, _matrix(w), out=_rows(y[images]))
            if b is not None:
                y[images] += b

    share(work, len(x), max(x.nbytes, y.nbytes), products=True)


def back(x: Array, w: Array, dy: Array, stride: int, padding: int, wanted: bool) -> tuple[Array | None, Array]:
    """dx = fold(dy w'), dw = unfold(x)'dy; dx only if it is wanted."""
    unfolded = planes if w.shape[2] < FEW and stride == 1 and not wanted else windows
    dx = empty(x.shape, x) if wanted else None

    def products(part: slice) -> Iterator[Array]:
        for images, columns in unfolded(x, part, w, stride, padding, dy.shape[1:3]):
            yield np.dot(columns.T, _rows(dy[images]))  # matmul keeps Python's lock where its result is small
            if dx is None:
                continue
            if is_open(w, stride, padding):
                np.matmul(_rows(dy[images]), _matrix(w).T, out=_rows(dx[images]))
            else:
                np.matmul(_rows(dy[images]), _matrix(w).T, out=columns)
                add_windows(columns.reshape(*dy[images].shape[:3], len(w), -1), dx[images], stride, padding)

    size = max(x.nbytes, dy.nbytes)
    dw = reduce(iadd, share(lambda part: reduce(iadd, products(part)), len(x), size, products=True))
    return dx, by_columns(dw.reshape(w.shape))


def is_open(w: Array, stride: int, padding: int) -> bool:
    """Whether every pixel is a window: nothing is to be unfolded."""
    return w.shape[:2] == (1, 1) and stride == 1 and padding == 0


def windows(
    x: Array, part: slice, w: Array, stride: int, padding: int, places: tuple[int, int]
) -> Iterator[tuple[slice, Array]]:
    """Every window of x[part], a few images at a time: (which images, (n H' W', kh kw C)).

    The matrix is a buffer that the next ones overwrite.
    """
    kh, kw, channels, _ = w.shape
    (height, width), shape = x.shape[1:3], (*places, kh, kw * channels)
    few = min(part.stop - part.start, -(-BLOCK // (math.prod(shape) * x.itemsize)))
    buffer = empty((few, *shape), x)
    padded = np.zeros((few, height + 2 * padding, (width + 2 * padding) * channels), dtype=x.dtype)
    for start in range(part.start, part.stop, few):
        images = slice(start, min(start + few, part.stop))
        n = images.stop - start
        if is_open(w, stride, padding):
            yield images, _rows(x[images])
        else:
            inside = padded[:n, padding : padding + height, padding * channels : (padding + width) * channels]
            inside[...] = x[images].reshape(inside.shape)
            unfold(padded[:n], buffer[:n], stride, stride * channels)
            yield images, buffer[:n].reshape(-1, kh * kw * channels)


def planes(
    x: Array, part: slice, w: Array, stride: int, padding: int, places: tuple[int, int]
) -> Iterator[tuple[slice, Array]]:
    """`windows` of few channels, laid out by columns: a column is a shifted image, and its rows are long runs."""
    kh, kw, channels, _ = w.shape
    height, width = x.shape[1:3]
    few = min(part.stop - part.start, -(-BLOCK // (kh * kw * channels * math.prod(places) * x.itemsize)))
    buffer = empty((few * kh * kw * channels * math.prod(places),), x)
    padded = np.zeros((channels, few, height + 2 * padding, width + 2 * padding), dtype=x.dtype)
    inside = padded[:, :, padding : padding + height, padding : padding + width]
    for start in range(part.start, part.stop, few):
        images = slice(start, min(start + few, part.stop))
        n = images.stop - start
        inside[:, :n] = x[images].transpose(3, 0, 1, 2)
        columns = buffer[: n * len(buffer) // few].reshape(kh, kw, channels, n, *places)
        shift(padded, columns)
        yield images, columns.reshape(kh * kw * channels, -1).T


def add_windows(columns: Array, x: Array, stride: int, padding: int) -> None:
    """The transpose of `windows`: every number added to where it came from."""
    n, height, width, channels = x.shape
    padded = np.zeros((n, height + 2 * padding, (width + 2 * padding) * channels), dtype=x.dtype)
    fold(columns, padded, stride, stride * channels)
    inside = padded[:, padding : padding + height, padding * channels : (padding + width) * channels]
    x[...] = inside.reshape(x.shape)


@loop
def unfold(x: Array, columns: Array, down: int, right: int) -> None:
    """Run i of the window at (h, w): the numbers of row h down + i from w right on.

    x (n, height, width C), columns (n, H', W', kh, kw C).
    """
    n, height, width, kh, run = columns.shape
    for k in range(n):
        for h in range(height):
            for w in range(width):
                for i in range(kh):
                    source, out = x[k, down * h + i, right * w :], columns[k, h, w, i]
                    for c in range(run):
                        out[c] = source[c]


@loop
def shift(x: Array, columns: Array) -> None:
    """columns_ijc = channel c of x from pixel (i, j) on.  x (C, >= n, H, W), columns (kh, kw, C, n, H', W')."""
    kh, kw, channels, n, height, width = columns.shape
    for i in range(kh):
        for j in range(kw):
            for c in range(channels):
                for k in range(n):
                    for h in range(height):
                        source, out = x[c, k, h + i, j:], columns[i, j, c, k, h]
                        for w in range(width):
                            out[w] = source[w]


@loop
def fold(columns: Array, x: Array, down: int, right: int) -> None:
    """The transpose of `unfold`: adds every run to where it came from."""
    n, height, width, kh, run = columns.shape
    for k in range(n):
        for h in range(height):
            for w in range(width):
                for i in range(kh):
                    out, source = x[k, down * h + i, right * w :], columns[k, h, w, i]
                    for c in range(run):
                        out[c] += source[c]


def _matrix(w: Array) -> Array:
    """(kh, kw, c_in, c_out) -> (kh kw c_in, c_out), no copy where w lies by columns."""
    return w.transpose(3, 0, 1, 2).reshape(w.shape[3], -1).T


def _rows(x: Array) -> Array:
    """All axes but the last as one."""
    return x.reshape(-1, x.shape[-1])
