"""A ReLU and a dropout on a device, in one launch each way; see ops/activate.py.

    y = max(x, 0)                                   dx = dy where y > 0, else 0
    (u_4k, ..., u_4k+3) = Philox(key, k + 1)        y_i = x_i m_i,  m_i = 1/keep where u_i < keep, else 0

y says where x was positive, and the layer behind keeps it anyway: no mask is stored. A dropout draws its mask again on
the way back: Philox scrambles a counter, so whoever has the key can compute any number of the sequence by itself.
Threads need no state and the mask no memory. These are the very bits of `numpy.random.Philox`.
Source: Salmon, Moraes, Dror and Shaw 2011, Philox4x64-10.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..backend import Array, get_xp
from ..checks import check_upstream
from .kernel import blocks_for, contiguous, launch

RELU = """
extern "C" __global__ void relu(const T *x, T *y, long long size) {
    EACH(at, size)
        y[at] = x[at] < 0 ? 0 : x[at];                       // NaN stays
}

extern "C" __global__ void relu_back(const T *y, const T *dy, T *dx, long long size) {
    EACH(at, size)
        dx[at] = y[at] > 0 ? dy[at] : 0;
}
"""

DROPOUT = """
typedef unsigned long long u64;

extern "C" __global__ void dropout(const T *x, T *y, long long size, long long key0, long long key1, double keep) {
    const u64 M0 = 0xD2E7470EE14C6C93ULL, M1 = 0xCA5A826395121157ULL;
    const T kept = (T)1 / (T)keep;
    EACH(quadruple, (size + 3) / 4) {
        u64 c0 = quadruple + 1, c1 = 0, c2 = 0, c3 = 0, k0 = key0, k1 = key1;
        for (int round = 0; round < 10; round++) {
            const u64 high0 = __umul64hi(M0, c0), low0 = M0 * c0, high1 = __umul64hi(M1, c2), low1 = M1 * c2;
            c0 = high1 ^ c1 ^ k0; c1 = low1; c2 = high0 ^ c3 ^ k1; c3 = low0;
            k0 += 0x9E3779B97F4A7C15ULL;
            k1 += 0xBB67AE8584CAA73BULL;
        }
        const u64 drawn[4] = {c0, c1, c2, c3};
        for (int i = 0; i < 4 && 4 * quadruple + i < size; i++) {
            const double u = (drawn[i] >> 11) * (1.0 / 9007199254740992.0);      // 53 bits
            y[4 * quadruple + i] = x[4 * quadruple + i] * (u < keep ? kept : 0);
        }
    }
}
"""


def relu(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """`ops.relu` of a CuPy array that was checked."""
    x = contiguous(x)
    y = get_xp(x).empty(x.shape, dtype=x.dtype)
    launch(RELU, "relu", x.dtype, blocks_for(x.size), (x, y, x.size))

    def pullback(dy: Array) -> Array:
        dy = contiguous(check_upstream(dy, y.shape, y.dtype))
        dx = get_xp(y, dy).empty(y.shape, dtype=y.dtype)
        launch(RELU, "relu_back", y.dtype, blocks_for(y.size), (y, dy, dx, y.size))
        return dx

    return y, pullback


def dropout(x: Array, keep: float, key: Sequence[int]) -> tuple[Array, Callable[[Array], Array]]:
    """`ops.dropout` of a CuPy array that was checked, with the mask of this key: two numbers below 2^63."""
    shape, dtype = x.shape, x.dtype

    def masked(a: Array) -> Array:
        out = get_xp(a).empty(shape, dtype=a.dtype)
        launch(
            DROPOUT, "dropout", a.dtype, blocks_for(-(-a.size // 4)), (contiguous(a), out, a.size, *key, float(keep))
        )
        return out

    def pullback(dy: Array) -> Array:
        return masked(check_upstream(dy, shape, dtype))

    return masked(x), pullback
