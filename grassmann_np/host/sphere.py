"""The sphere's walks for large arrays, in one loop each; see geometry/sphere.py.

    exp_y(h)    = y cos|h| + u sin|h|,   u = h/|h|                       (7)
    pt_y(v; h)  = v - (u'v)(sin|h| y + (1 - cos|h|) u)                   (8)
    log_y(x)    = d(y, x) w/|w|,   w = the tangent part of x - sign(y'x) y

A row is a point: its numbers lie side by side, and pass all lines while they are in the cache. Sums are float64. Where
a square leaves the range of numbers, a number is not finite, or a point is opposite to another, there is no result:
None, and the formulas in geometry do it, or say what is wrong.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import Array
from ..room import empty
from .loop import loop
from .share import share

SMALL = float(np.finfo(np.float64).smallest_normal) * 2**30  # a sum of squares below it may have lost some
LARGE = 2.0**600  # a sum of squares above it may have a factor that makes it infinite: loops reorder products


def exp(y: Array, h: Array) -> Array | None:
    """Where the columns y walk to along h."""
    found = _by_rows(_exp, [y, h], 1)
    return found and found[0]


def move(y: Array, h: Array, v: Array) -> list[Array] | None:
    """exp, and v carried along."""
    return _by_rows(_move, [y, h, v], 2)


def log(y: Array, x: Array) -> Array | None:
    """What points from y to x; both may have any length."""
    rounding = 4 * float(np.finfo(y.dtype).eps)
    found = _by_rows(lambda *rows: _log(*rows, rounding), [y, x], 1)
    return found and found[0]


def _by_rows(work: Any, arrays: list[Array], results: int) -> list[Array] | None:
    """The results of a loop over the columns of arrays (n,) or (n, m), laid out as the first; None if it failed."""
    rows = [np.ascontiguousarray(a.T if a.ndim > 1 else a[None]) for a in arrays]
    found = [empty(rows[0].shape, rows[0]) for _ in range(results)]
    like, odd = arrays[0], share(lambda part: work(*[a[part] for a in rows + found]), len(rows[0]), rows[0].nbytes)
    if any(odd):
        return None
    turned = [a.T if like.ndim > 1 else a[0] for a in found]
    return [a if like.flags.f_contiguous else np.ascontiguousarray(a) for a in turned]


@loop
def _exp(y: Any, h: Any, point: Any) -> Any:
    """How many rows could not walk."""
    odd, n, number = 0, y.shape[1], y.dtype.type
    for j in range(y.shape[0]):
        hh, yy = 0.0, 0.0
        for i in range(n):
            hh += np.float64(h[j, i]) * h[j, i]
            yy += np.float64(y[j, i]) * y[j, i]
        theta = math.sqrt(hh)
        cos, sinc = number(math.cos(theta)), number(math.sin(theta) / theta if theta > 0 else 1.0)
        for i in range(n):
            point[j, i] = y[j, i] * cos + h[j, i] * sinc
        odd += not (hh + yy < LARGE and (hh > SMALL or hh == 0))
    return odd


@loop
def _move(y: Any, h: Any, v: Any, point: Any, carried: Any) -> Any:
    """How many rows could not walk."""
    odd, n, number = 0, y.shape[1], y.dtype.type
    for j in range(y.shape[0]):
        hh, hv, yy, vv = 0.0, 0.0, 0.0, 0.0
        for i in range(n):
            h_i, v_i = np.float64(h[j, i]), np.float64(v[j, i])
            hh += h_i * h_i
            hv += h_i * v_i
            yy += np.float64(y[j, i]) * y[j, i]
            vv += v_i * v_i
        theta = math.sqrt(hh)
        divisor = theta if theta > 0 else 1.0
        sinc = math.sin(theta) / divisor if theta > 0 else 1.0
        cos, of_u = number(math.cos(theta)), number(sinc)
        of_y, of_h = number(hv * sinc), number(hv / divisor * 2 * math.sin(theta / 2) ** 2 / divisor)
        for i in range(n):
            point[j, i] = y[j, i] * cos + h[j, i] * of_u
            carried[j, i] = v[j, i] - (y[j, i] * of_y + h[j, i] * of_h)
        odd += not (hh + yy + vv < LARGE and math.isfinite(of_y + of_h) and (hh > SMALL or hh == 0))
    return odd


@loop
def _log(y: Any, x: Any, toward: Any, rounding: Any) -> Any:
    """How many rows have no shortest way."""
    odd, n, number = 0, y.shape[1], y.dtype.type
    for j in range(y.shape[0]):
        yy, xx, yx = 0.0, 0.0, 0.0
        for i in range(n):
            y_i, x_i = np.float64(y[j, i]), np.float64(x[j, i])
            yy += y_i * y_i
            xx += x_i * x_i
            yx += y_i * x_i
        of_y, of_x = 1 / math.sqrt(yy), 1 / math.sqrt(xx)
        cosine = yx * of_y * of_x
        s, yw = math.copysign(1.0, cosine) if cosine != 0 else 0.0, 0.0
        for i in range(n):
            unit = y[j, i] * of_y
            w = x[j, i] * of_x - s * unit
            toward[j, i] = number(w)
            yw += unit * w
        ww = 0.0
        for i in range(n):
            w = toward[j, i] - yw * (y[j, i] * of_y)
            toward[j, i] = number(w)
            ww += w * w
        sine = math.sqrt(ww)
        stretch = number(math.atan2(sine, cosine) / sine if sine > 0 else 1.0)
        for i in range(n):
            toward[j, i] *= stretch
        fine = min(yy, xx) > SMALL and yy + xx < LARGE and (ww > SMALL or ww == 0)
        odd += not (fine and (sine > rounding or s > 0))
    return odd
