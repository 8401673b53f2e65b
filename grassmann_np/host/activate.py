"""A ReLU of a large array, in one loop each way; see ops/activate.py.

    y = max(x, 0)        dx = dy where y > 0, else 0

y says where x was positive, and the layer behind keeps it anyway: no mask is stored.
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


def relu(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """`ops.relu` of a NumPy array that was checked."""
    shape, x = x.shape, np.ascontiguousarray(x).reshape(-1)
    y = empty(x.shape, x)

    def pullback(dy: Array) -> Array:
        dy = np.ascontiguousarray(check_upstream(dy, shape, y.dtype)).reshape(-1)
        dx = empty(y.shape, y)
        share(lambda part: _back(dx[part], dy[part], y[part]), y.size, y.nbytes)
        return dx.reshape(shape)

    share(lambda part: _forward(y[part], x[part]), x.size, x.nbytes)
    return y.reshape(shape), pullback


@loop
def _forward(y: Any, x: Any) -> None:
    zero = x.dtype.type(0)
    for i in range(x.size):
        y[i] = zero if x[i] < zero else x[i]  # NaN stays


@loop
def _back(dx: Any, dy: Any, y: Any) -> None:
    zero = y.dtype.type(0)
    for i in range(y.size):
        dx[i] = dy[i] if y[i] > zero else zero
