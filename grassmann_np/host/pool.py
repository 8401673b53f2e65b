"""A maximum pool of large images, in one loop each way; see ops/pool.py.

y_pq = max_ij x_(p size + i, q size + j)        dx = dy at the first place where x = y, else 0
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
    x, (n, height, width, channels) = np.ascontiguousarray(x), x.shape
    y = empty((n, height // size, width // size, channels), x)

    def pullback(dy: Array) -> Array:
        dy = np.ascontiguousarray(check_upstream(dy, y.shape, y.dtype))
        dx = empty(x.shape, x)
        share(lambda part: _back(dx[part], dy[part], y[part], x[part], size), n, x.nbytes)
        return dx

    share(lambda part: _forward(y[part], x[part], size), n, x.nbytes)
    return y, pullback


@loop
def _forward(y: Any, x: Any, size: Any) -> None:
    n, height, width, channels = y.shape
    for s in range(n):
        for p in range(height):
            for q in range(width):
                for c in range(channels):
                    y[s, p, q, c] = x[s, p * size, q * size, c]
                for i in range(size):
                    for j in range(size):
                        for c in range(channels):
                            a, b = y[s, p, q, c], x[s, p * size + i, q * size + j, c]
                            y[s, p, q, c] = a if b <= a or a != a else b  # the first NaN stays


@loop
def _back(dx: Any, dy: Any, y: Any, x: Any, size: Any) -> None:
    n, height, width, channels = y.shape
    left, zero = np.empty(channels, y.dtype), y.dtype.type(0)  # what of dy has not found its place yet
    for s in range(n):
        for p in range(height):
            for q in range(width):
                for c in range(channels):
                    left[c] = dy[s, p, q, c]
                for i in range(size):
                    for j in range(size):
                        for c in range(channels):
                            here = x[s, p * size + i, q * size + j, c] == y[s, p, q, c]
                            dx[s, p * size + i, q * size + j, c] = left[c] if here else zero
                            left[c] = zero if here else left[c]
