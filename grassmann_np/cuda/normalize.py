"""A batch normalization on a device, with the ReLU behind it, if there is one, in three launches each way.

    moments   every thread looks at some rows of one channel: count n, mean m and M = sum (x - m)^2, counted from its
              own first number; two such triples make one (Chan, Golub and LeVeque 1979):
                  m = m_a + t n_b/n,   M = M_a + M_b + t^2 n_a n_b/n,   t = m_b - m_a,   n = n_a + n_b
    apply     z = (x - m) s + beta,   y = z, or max(z, 0)
    sums      sum dz, sum (x - m) dz,   dz = dy, or dy where z > 0, else 0
    back      dx = s (dz - <dz> - (x - m) slope)

See ops/normalize.py for the formulas. With a ReLU z is not kept but computed again: that costs nothing, while to read
an array does.

A sum over everything is made in two stages, always in the same order: many blocks leave a partial result each, then
one block per channel puts those together. There it also moves the running moments, so that nobody has to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import Array, get_xp
from ..checks import check_upstream
from ..pullback import gradients
from .kernel import BLOCKS, THREADS, blocks_for, contiguous, launch

LANES = 32  # channels side by side in a block of the first stage, at most
PARTS = THREADS  # partial results of a channel, at most: one for each thread of the second stage

SOURCE = """
// A block of the first stage is `lanes` channels wide; thread (lane, row) takes every rows-th row of the block's part.
struct Place {
    int rows, lane, row;
    long long c, part, first, last;
    __device__ Place(long long n, long long lanes, long long parts)
        : rows(THREADS / lanes), lane(threadIdx.x % lanes), row(threadIdx.x / lanes),
          c(blockIdx.x / parts * lanes + lane), part(blockIdx.x % parts),
          first(n * part / parts + row), last(n * (part + 1) / parts) {}
};

struct Moments { double n, mean, m2; };

__device__ Moments together(Moments a, Moments b) {
    const double n = a.n + b.n, t = b.mean - a.mean;
    if (n == 0) return a;
    return {n, a.mean + t * (b.n / n), a.m2 + b.m2 + t * t * (a.n * b.n / n)};
}

extern "C" __global__ void some_moments(const T *x, double *partial, long long n, long long channels,
                                        long long lanes, long long parts) {
    __shared__ Moments found[THREADS];
    const Place at(n, lanes, parts);
    Moments own = {0, 0, 0};
    if (at.c < channels && at.first < at.last) {
        const T origin = x[at.first * channels + at.c];
        T sum = 0, squares = 0;
        long long count = 0;
        for (long long r = at.first; r < at.last; r += at.rows, count++) {
            const T d = x[r * channels + at.c] - origin;
            sum += d;
            squares += d * d;
        }
        double total = sum, square = squares;
        if (sizeof(T) == 4 && square - square != 0) {        // a square has left the range of numbers
            total = square = 0;
            for (long long r = at.first; r < at.last; r += at.rows) {
                const double d = (double)x[r * channels + at.c] - origin;
                total += d;
                square += d * d;
            }
        }
        const double mean = total / count;
        const double m2 = square - mean * total;
        own = {(double)count, origin + mean, m2 < 0 ? 0 : m2};
    }
    found[threadIdx.x] = own;
    __syncthreads();
    if (at.row != 0 || at.c >= channels) return;
    for (int row = 1; row < at.rows; row++) own = together(own, found[row * (int)lanes + at.lane]);
    double *to = partial + 3 * (at.c * parts + at.part);
    to[0] = own.n; to[1] = own.mean; to[2] = own.m2;
}

// One block per channel. momentum 0 leaves the running moments alone.
extern "C" __global__ void all_moments(const double *partial, const T *gamma, T *mean, T *inverse, T *scale,
                                       double *running_mean, double *running_var, long long parts,
                                       long long has_gamma, double eps, double momentum) {
    __shared__ Moments found[THREADS];
    const long long c = blockIdx.x;
    const double *from = partial + 3 * (c * parts + threadIdx.x);
    found[threadIdx.x] = threadIdx.x < parts ? Moments{from[0], from[1], from[2]} : Moments{0, 0, 0};
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) found[threadIdx.x] = together(found[threadIdx.x], found[threadIdx.x + half]);
    }
    if (threadIdx.x != 0) return;
    const Moments all = found[0];
    const double found_inverse = 1 / sqrt(all.m2 / all.n + eps);
    mean[c] = all.mean;
    inverse[c] = found_inverse;
    scale[c] = has_gamma ? gamma[c] * found_inverse : found_inverse;
    if (momentum > 0) {
        running_mean[c] += momentum * (all.mean - running_mean[c]);
        running_var[c] += momentum * (all.m2 / (all.n - 1) - running_var[c]);
    }
}

extern "C" __global__ void apply(const T *x, const T *mean, const T *scale, const T *beta, T *y, long long size,
                                 long long channels, long long has_beta, long long relu) {
    const long long stride = gridDim.x * (long long)THREADS, first = blockIdx.x * (long long)THREADS + threadIdx.x;
    const int around = stride % channels;                    // the channel moves on by this much, without a division
    int c = first % channels;
    for (long long at = first; at < size; at += stride) {
        const T z = (x[at] - mean[c]) * scale[c] + (has_beta ? beta[c] : 0);
        y[at] = relu && z < 0 ? 0 : z;                       // NaN stays
        c = c + around < channels ? c + around : c + around - channels;
    }
}

extern "C" __global__ void some_sums(const T *x, const T *dy, const T *mean, const T *scale, const T *beta,
                                     double *partial, long long n, long long channels, long long lanes,
                                     long long parts, long long has_beta, long long relu) {
    __shared__ double found[2 * THREADS];
    const Place at(n, lanes, parts);
    T sum = 0, dot = 0;
    if (at.c < channels) {
        const T m = mean[at.c], s = scale[at.c], b = has_beta ? beta[at.c] : 0;
        for (long long r = at.first; r < at.last; r += at.rows) {
            const T centered = x[r * channels + at.c] - m;
            const T d = relu && !(centered * s + b > 0) ? 0 : dy[r * channels + at.c];
            sum += d;
            dot += centered * d;
        }
    }
    found[2 * threadIdx.x] = sum;
    found[2 * threadIdx.x + 1] = dot;
    __syncthreads();
    if (at.row != 0 || at.c >= channels) return;
    double sums = 0, dots = 0;
    for (int row = 0; row < at.rows; row++) {
        sums += found[2 * (row * (int)lanes + at.lane)];
        dots += found[2 * (row * (int)lanes + at.lane) + 1];
    }
    partial[2 * (at.c * parts + at.part)] = sums;
    partial[2 * (at.c * parts + at.part) + 1] = dots;
}

// One block per channel: dbeta, dgamma, and what `back` needs of them.
extern "C" __global__ void all_sums(const double *partial, const T *inverse, T *dbeta, T *dgamma, T *d_mean, T *slope,
                                    long long parts, double n) {
    __shared__ double sums[THREADS], dots[THREADS];
    const long long c = blockIdx.x;
    const int t = threadIdx.x;
    sums[t] = t < parts ? partial[2 * (c * parts + t)] : 0;
    dots[t] = t < parts ? partial[2 * (c * parts + t) + 1] : 0;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (t < half) {
            sums[t] += sums[t + half];
            dots[t] += dots[t + half];
        }
    }
    if (t != 0) return;
    const double i = inverse[c];
    dbeta[c] = sums[0];
    dgamma[c] = i * dots[0];
    d_mean[c] = sums[0] / n;
    slope[c] = i * i * dots[0] / n;
}

extern "C" __global__ void back(const T *x, const T *dy, const T *mean, const T *scale, const T *beta,
                                const T *d_mean, const T *slope, T *dx, long long size, long long channels,
                                long long has_beta, long long relu) {
    const long long stride = gridDim.x * (long long)THREADS, first = blockIdx.x * (long long)THREADS + threadIdx.x;
    const int around = stride % channels;                    // the channel moves on by this much, without a division
    int c = first % channels;
    for (long long at = first; at < size; at += stride) {
        const T centered = x[at] - mean[c], z = centered * scale[c] + (has_beta ? beta[c] : 0);
        dx[at] = scale[c] * ((relu && !(z > 0) ? 0 : dy[at]) - d_mean[c] - centered * slope[c]);
        c = c + around < channels ? c + around : c + around - channels;
    }
}
"""


def batch_norm(
    x: Array, gamma: Array | None, beta: Array | None, eps: float, running: Any, training: bool, relu: bool
) -> tuple[Array, Callable[[Array], Any]]:
    """`ops.batch_norm` of CuPy arrays that were checked."""
    xp, channels = get_xp(x), x.shape[-1]
    x = contiguous(x)
    if training:
        mean, inverse, scale = moments(x, gamma, eps, running)
    else:
        mean = running.mean.astype(x.dtype)
        inverse = (1 / xp.sqrt(running.var + float(eps))).astype(x.dtype)
        scale = inverse if gamma is None else gamma * inverse
    y, (shift, has_beta) = xp.empty(x.shape, dtype=x.dtype), _given(beta, mean)
    launch(
        SOURCE, "apply", x.dtype, blocks_for(x.size), (x, mean, scale, shift, y, x.size, channels, has_beta, int(relu))
    )

    def pullback(dy: Array) -> Any:
        dy = contiguous(check_upstream(dy, x.shape, x.dtype))
        dbeta, dgamma, d_mean, slope = sums(x, dy, mean, inverse, scale, beta, relu)
        dx = xp.empty(x.shape, dtype=x.dtype)
        if not training:  # the moments are constants
            d_mean = slope = xp.zeros(channels, dtype=x.dtype)
        launch(
            SOURCE,
            "back",
            x.dtype,
            blocks_for(x.size),
            (x, dy, mean, scale, shift, d_mean, slope, dx, x.size, channels, has_beta, int(relu)),
        )
        return gradients(dx, (gamma, dgamma), (beta, dbeta))

    return y, pullback


def moments(x: Array, gamma: Array | None, eps: float, running: Any) -> tuple[Array, Array, Array]:
    """mean, 1/sqrt(var + eps) and gamma/sqrt(var + eps) of every channel; moves `running`, if not None.  x (..., C)."""
    xp, channels = get_xp(x), x.shape[-1]
    lanes, parts, blocks = _stages(x)
    partial = xp.empty((channels, parts, 3), dtype="float64")
    launch(SOURCE, "some_moments", x.dtype, blocks, (x, partial, x.size // channels, channels, lanes, parts))
    mean, inverse, scale = (xp.empty(channels, dtype=x.dtype) for _ in range(3))
    factor, has_gamma = _given(gamma, mean)
    kept = (partial, partial, 0.0) if running is None else (running.mean, running.var, float(running.momentum))
    launch(
        SOURCE,
        "all_moments",
        x.dtype,
        channels,
        (partial, factor, mean, inverse, scale, *kept[:2], parts, has_gamma, float(eps), kept[2]),
    )
    return mean, inverse, scale


def sums(
    x: Array, dy: Array, mean: Array, inverse: Array, scale: Array, beta: Array | None, relu: bool
) -> tuple[Array, Array, Array, Array]:
    """dbeta, dgamma, <dz> and the slope of every channel: (C,) each."""
    xp, channels = get_xp(x, dy), x.shape[-1]
    lanes, parts, blocks = _stages(x)
    partial, (shift, has_beta) = xp.empty((channels, parts, 2), dtype="float64"), _given(beta, mean)
    launch(
        SOURCE,
        "some_sums",
        x.dtype,
        blocks,
        (x, dy, mean, scale, shift, partial, x.size // channels, channels, lanes, parts, has_beta, int(relu)),
    )
    dbeta, dgamma, d_mean, slope = (xp.empty(channels, dtype=x.dtype) for _ in range(4))
    launch(
        SOURCE,
        "all_sums",
        x.dtype,
        channels,
        (partial, inverse, dbeta, dgamma, d_mean, slope, parts, float(x.size // channels)),
    )
    return dbeta, dgamma, d_mean, slope


def _given(array: Array | None, other: Array) -> tuple[Array, int]:
    """What a kernel gets for an array that may be missing: (array, 1), or (another one, not to be read, 0)."""
    return (other, 0) if array is None else (contiguous(array), 1)


def _stages(x: Array) -> tuple[int, int, int]:
    """(channels side by side in a block, partial results of a channel, blocks) of a first stage."""
    channels = x.shape[-1]
    lanes = min(channels, LANES)
    n, rows, tiles = x.size // channels, THREADS // lanes, -(-channels // lanes)
    parts = max(1, min(PARTS, n // (4 * rows), BLOCKS // tiles))
    return lanes, parts, tiles * parts
