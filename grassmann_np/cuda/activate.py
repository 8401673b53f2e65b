"""A ReLU on a device, in one launch each way; see ops/activate.py.

    y = max(x, 0)        dx = dy where y > 0, else 0

y says where x was positive, and the layer behind keeps it anyway: no mask is stored.
"""

from __future__ import annotations

from collections.abc import Callable

from ..backend import Array, get_xp
from ..checks import check_shape
from .kernel import blocks_for, contiguous, launch

SOURCE = """
extern "C" __global__ void relu(const T *x, T *y, long long size) {
    EACH(at, size)
        y[at] = x[at] < 0 ? 0 : x[at];                       // NaN stays
}

extern "C" __global__ void relu_back(const T *y, const T *dy, T *dx, long long size) {
    EACH(at, size)
        dx[at] = y[at] > 0 ? dy[at] : 0;
}
"""


def relu(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """`ops.relu` of a CuPy array that was checked."""
    x = contiguous(x)
    y = get_xp(x).empty(x.shape, dtype=x.dtype)
    launch(SOURCE, "relu", x.dtype, blocks_for(x.size), (x, y, x.size))

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, *y.shape)
        dx = get_xp(y, dy).empty(y.shape, dtype=y.dtype)
        launch(SOURCE, "relu_back", y.dtype, blocks_for(y.size), (y, contiguous(dy, y.dtype), dx, y.size))
        return dx

    return y, pullback
