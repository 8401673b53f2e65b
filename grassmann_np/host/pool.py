"""A maximum pool of large images, in one loop each way; see ops/pool.py.

    y_pq = max_ij x_(p size + i, q size + j)        dx = dy at the first place where x = y, else 0

Forward leaves behind which place that was, i size + j: one byte takes the place of x and y on the way back. A window
with NaN, which is nowhere equal to itself, has size^2: no place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array
from ..checks import check_upstream
from ..room import empty
from .loop import loop
from .share import share


def max_pool(x: Array, size: int) -> tuple[Array, Callable[[Array], Array]]:
    """`ops.max_pool` of a NumPy array that was checked."""
    x, (n, height, width, channels), dtype = np.ascontiguousarray(x), x.shape, x.dtype
    shape, bytes_of_x = (n, height // size, width // size, channels), x.nbytes
    y, place = empty(shape, x), np.empty(shape, np.min_scalar_type(size * size))

    def pullback(dy: Array) -> Array:
        dy = np.ascontiguousarray(check_upstream(dy, shape, dtype))
        dx = empty((n, height, width, channels), dy)
        share(lambda part: _back(dx[part], dy[part], place[part], size), n, bytes_of_x)
        return dx

    share(lambda part: _forward(y[part], place[part], x[part], size), n, bytes_of_x)
    return y, pullback


@loop
def _forward(y: Any, place: Any, x: Any, size: Any) -> None:
    n, height, width, channels = y.shape
    nowhere = size * size
    for s in range(n):
        for p in range(height):
            for q in range(width):
                best, where = y[s, p, q], place[s, p, q]
                for c in range(channels):
                    best[c] = x[s, p * size, q * size, c]
                    where[c] = 0 if best[c] == best[c] else nowhere
                for k in range(1, size * size):
                    here = x[s, p * size + k // size, q * size + k % size]
                    for c in range(channels):
                        larger = not here[c] <= best[c] and best[c] == best[c]  # the first NaN stays
                        best[c] = here[c] if larger else best[c]
                        where[c] = (k if here[c] == here[c] else nowhere) if larger else where[c]


@loop
def _back(dx: Any, dy: Any, place: Any, size: Any) -> None:
    n, height, width, channels = dy.shape
    zero = dy.dtype.type(0)
    for s in range(n):
        for p in range(height):
            for q in range(width):
                given, where = dy[s, p, q], place[s, p, q]
                for k in range(size * size):
                    here = dx[s, p * size + k // size, q * size + k % size]
                    for c in range(channels):
                        here[c] = given[c] if where[c] == k else zero
