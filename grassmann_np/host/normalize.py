"""A batch normalization of a large array, with the ReLU behind it, if there is one: two loops each way.

    moments   sum d, sum d^2,  d = x - o                 <x> = o + <d>,  var = <d^2> - <d>^2
    apply     y = (x - m) s + beta, or at least 0
    sums      sum dz, sum (x - m) dz,   dz = dy, or dy where (x - m) s + beta > 0, else 0
    back      dx = s (dz - <dz> - (x - m) slope)

See ops/normalize.py for the formulas. With a ReLU the sign of y is computed again: that costs less than to read y.
The origin o is the mean of the first samples. If these are one of B parts of the
batch, <d>^2 is at most B times the variance: the difference loses a factor B of rounding and no more. Of a constant
channel every d is exactly 0. Sums of a few hundred numbers are added up in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array
from ..checks import check_upstream
from ..pullback import gradients
from ..room import empty
from .lanes import folded, lanes, repeated, rows
from .loop import loop
from .share import share

FEW = 256  # rows whose sum is exact enough in float32


def batch_norm(
    x: Array, gamma: Array | None, beta: Array | None, eps: float, running: Any, training: bool, relu: bool
) -> tuple[Array, Callable[[Array], Any]] | None:
    """`ops.batch_norm` of NumPy arrays that were checked; None where a square leaves the range of numbers."""
    shape, channels, dtype = x.shape, x.shape[-1], x.dtype
    x = np.ascontiguousarray(x).reshape(-1, channels)
    n, info = len(x), np.finfo(dtype)
    mean, var = moments(x) if training else running.moments(np.float64)
    if training and not np.all((var + eps > info.smallest_normal / info.eps) & (var <= info.max)):
        return None
    y = empty(x.shape, x)
    if training and running is not None:
        running.update(mean, var * (n / (n - 1)))
    inverse = 1 / np.sqrt(var + eps)
    scale = inverse if gamma is None else gamma * inverse
    m, s, b = (repeated(a.astype(dtype)) for a in (mean, scale, np.zeros(channels) if beta is None else beta))
    least = dtype.type(0 if relu else -np.inf)

    def forward(part: slice) -> None:
        for some_y, some_x in rows(part, y, x):
            _apply(some_y, some_x, m, s, b, least)

    def pullback(dy: Array) -> Any:
        dy = np.ascontiguousarray(check_upstream(dy, shape, dtype)).reshape(x.shape)
        dx = empty(x.shape, x)

        def add_up(part: slice) -> Array:
            sums = np.zeros((2, len(m)))
            for some in rows(part, x, dy):
                _add_products(*some, m, s, b, relu, sums[0], sums[1])
            return folded(sums, channels)

        dbeta, dots = np.sum(share(add_up, n, x.nbytes), axis=0)
        dgamma = inverse * dots
        slopes = (dbeta / n, inverse * dgamma / n) if training else (np.zeros(channels),) * 2
        d_mean, slope = (repeated(a.astype(dtype)) for a in slopes)

        def back(part: slice) -> None:
            for some in rows(part, dx, x, dy):
                _back(*some, m, s, b, d_mean, slope, relu)

        share(back, n, x.nbytes)
        return gradients(dx.reshape(shape), (gamma, dgamma.astype(dtype)), (beta, dbeta.astype(dtype)))

    share(forward, n, x.nbytes)
    return y.reshape(shape), pullback


def moments(x: Array) -> tuple[Array, Array]:
    """(<x>, <(x - <x>)^2>) of every channel, float64, in one pass.  x (N, C), contiguous."""
    first = x[: FEW * lanes(x.shape[1])]
    origin = x[0] + (_powers(first, x[0])[0] / len(first)).astype(x.dtype)
    mean, square = np.sum(share(lambda part: _powers(x[part], origin), len(x), x.nbytes), axis=0) / len(x)
    return origin + mean, np.maximum(square - mean * mean, 0)


def _powers(x: Array, origin: Array) -> Array:
    """(sum d, sum d^2) of every channel, (2, C)."""
    o = repeated(origin)
    sums = np.zeros((2, len(o)))
    for (some,) in rows(slice(0, len(x)), x):
        _add_powers(some, o, sums[0], sums[1])
    return folded(sums, x.shape[1])


@loop
def _add_powers(x: Any, origin: Any, totals: Any, squares: Any) -> None:
    some, some_squares = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    for start in range(0, x.shape[0], FEW):
        some[:] = 0
        some_squares[:] = 0
        for r in range(start, min(start + FEW, x.shape[0])):
            for c in range(x.shape[1]):
                d = x[r, c] - origin[c]
                some[c] += d
                some_squares[c] += d * d
        for c in range(x.shape[1]):
            totals[c] += some[c]
            squares[c] += some_squares[c]


@loop
def _apply(y: Any, x: Any, mean: Any, scale: Any, beta: Any, least: Any) -> None:
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            z = (x[r, c] - mean[c]) * scale[c] + beta[c]
            y[r, c] = least if z < least else z


@loop
def _add_products(x: Any, dy: Any, mean: Any, scale: Any, beta: Any, relu: Any, totals: Any, dots: Any) -> None:
    some, some_dots, zero = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype), x.dtype.type(0)
    for start in range(0, x.shape[0], FEW):
        some[:] = 0
        some_dots[:] = 0
        for r in range(start, min(start + FEW, x.shape[0])):
            for c in range(x.shape[1]):
                d = x[r, c] - mean[c]
                dz = zero if relu and not d * scale[c] + beta[c] > zero else dy[r, c]
                some[c] += dz
                some_dots[c] += d * dz
        for c in range(x.shape[1]):
            totals[c] += some[c]
            dots[c] += some_dots[c]


@loop
def _back(
    dx: Any, x: Any, dy: Any, mean: Any, scale: Any, beta: Any, d_mean: Any, slope: Any, relu: Any
) -> None:  # fmt: skip
    zero = x.dtype.type(0)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            d = x[r, c] - mean[c]
            dz = zero if relu and not d * scale[c] + beta[c] > zero else dy[r, c]
            dx[r, c] = scale[c] * (dz - d_mean[c] - d * slope[c])
