"""A maximum pool on a device, in one launch each way; see ops/pool.py.

A thread owns a window: forward it looks for the maximum, backward it gives dy to the first place that has it, else 0.
"""

from __future__ import annotations

from collections.abc import Callable

from ..backend import Array, get_xp
from ..checks import check_upstream
from .kernel import blocks_for, contiguous, launch

SOURCE = """
// Where window number `at` of y (n, rows, places, channels) begins in x.
__device__ long long corner(long long at, long long rows, long long places, long long channels, long long size) {
    const unsigned C = channels, P = rows, Q = places;
    const unsigned c = at % C;
    const long long pixel = at / C;
    const long long q = pixel % Q, p = pixel / Q % P, n = pixel / Q / P;
    return (((n * P + p) * size * Q + q) * size) * C + c;
}

extern "C" __global__ void max_pool(const T *x, T *y, long long windows, long long rows, long long places,
                                    long long channels, long long size) {
    EACH(at, windows) {
        const T *from = x + corner(at, rows, places, channels, size);
        T best = from[0];
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++) {
                const T one = from[(i * places * size + j) * channels];
                if (!(one <= best)) best = best == best ? one : best;      // the first NaN stays
            }
        y[at] = best;
    }
}

extern "C" __global__ void max_pool_back(const T *x, const T *y, const T *dy, T *dx, long long windows, long long rows,
                                         long long places, long long channels, long long size) {
    EACH(at, windows) {
        const long long begin = corner(at, rows, places, channels, size);
        bool come = false;
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++) {
                const long long here = begin + (i * places * size + j) * channels;
                const bool first = !come && x[here] == y[at];
                dx[here] = first ? dy[at] : 0;
                come = come || first;
            }
    }
}
"""


def max_pool(x: Array, size: int) -> tuple[Array, Callable[[Array], Array]]:
    """`ops.max_pool` of a CuPy array that was checked."""
    x, (n, height, width, channels) = contiguous(x), x.shape
    shape = (n, height // size, width // size, channels)
    y = get_xp(x).empty(shape, dtype=x.dtype)
    launch(SOURCE, "max_pool", x.dtype, blocks_for(y.size), (x, y, y.size, *shape[1:], size))

    def pullback(dy: Array) -> Array:
        dy = contiguous(check_upstream(dy, shape, x.dtype))
        dx = get_xp(x, dy).empty(x.shape, dtype=x.dtype)
        launch(SOURCE, "max_pool_back", x.dtype, blocks_for(y.size), (x, y, dy, dx, y.size, *shape[1:], size))
        return dx

    return y, pullback
