"""A step on a device moves all weight vectors of a group in one launch: a block of threads takes one column.

    y = y/|y|,  h = g - (y'g) y, twice,  s = min(1, nu/|h|)                    on the sphere; a column is a point
    m = a tau + b s h                                   SGD: a = gamma, b = -eta         Adam: a = b1, b = 1 - b1
    d = c m                                             SGD: c = 1           Adam: c = -eta_t/sqrt(v + eps), v as below
    y <- y cos t + d sin t/t,  tau <- m cos t - c |m|^2 y sin t/t              t = |d|: exp and transport of m along d

v <- b2 v + (1 - b2) s^2 |h|^2 is one number per column. Flat parameters go number by number: s, m and v are each
number's own, y <- y + d, tau <- m, and Nesterov's step is a m + b s h. A column is read once and written once; what
lies between stays in the block's own memory. h comes first and |h| is its length: |g|^2 - (y'g)^2 would cancel.
Lengths are added up in float64; float64 itself is divided by its largest number first where squares leave the range.

A gradient that is not finite must stop the step of all. So a launch before looks at all gradients, and leaves the
number of the step in `stop`; while that is not 0, every step only hands on what there was. Nobody waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backend import Array, get_xp
from .kernel import TYPES, blocks_for, launch

SHARED = 48 * 1024  # bytes that a block may have without asking; a longer column lies in the main memory
CHUNK = 4096  # numbers of a flat parameter for one block

SOURCE = """
struct Parameter {                                           // a row of the table: addresses, and two lengths
    const T *y, *g, *extra, *tau, *v;
    T *next_y, *next_tau, *next_v;
    long long each, size, decays;                            // numbers of a column or chunk, and of all
};

struct Part { long long first, last; };                      // the numbers of a parameter that a block works on

__device__ Part part(const Parameter &p, long long index) {
    const long long first = index * p.each, last = first + p.each;
    return {first, last < p.size ? last : p.size};
}

__device__ T gradient(const Parameter &p, long long i) { return p.extra ? p.g[i] + p.extra[i] : p.g[i]; }

// The sum, or the largest, of what all threads of the block bring; every thread gets it.
__device__ double all(double own, bool largest = false) {
    __shared__ double found[THREADS];
    const int t = threadIdx.x;
    __syncthreads();                                         // whoever still reads the last result
    found[t] = own;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (t < half) found[t] = largest ? fmax(found[t], found[t + half]) : found[t] + found[t + half];
    }
    __syncthreads();
    return found[0];
}

// What numbers up to `largest` are divided by, so that their squares are in the range of numbers.
__device__ double unit(double largest) {
    return largest > 0 && (largest < 1e-100 || largest > 1e100) ? largest : 1;
}

__device__ T over(T x, double unit) { return sizeof(T) == 8 ? x / unit : x; }

extern "C" __global__ void look(const long long *table, const int *where, int *bad, int *stop, long long step,
                                long long columns, double limit) {
    if (stop[0] && stop[0] != step) return;                  // an earlier step has stopped
    const int k = where[2 * blockIdx.x];
    const Parameter p = ((const Parameter *)table)[k];
    const Part mine = part(p, where[2 * blockIdx.x + 1]);
    double squares = 0, odd = 0;
    for (long long i = mine.first + threadIdx.x; i < mine.last; i += THREADS) {
        const double g = p.g[i];
        if (!(g - g == 0)) odd = 1;                          // NaN or inf
        squares = columns ? squares + g * g : fmax(squares, g * g);
    }
    odd = all(odd, true);
    squares = all(squares, !columns);
    if (threadIdx.x != 0 || (odd == 0 && squares <= limit)) return;
    bad[2 * k + (odd == 0)] = 1;
    stop[0] = step;
}

__device__ void hand_on(const Parameter &p, Part mine, long long column) {
    for (long long i = mine.first + threadIdx.x; i < mine.last; i += THREADS) {
        p.next_y[i] = p.y[i];
        p.next_tau[i] = p.tau[i];
        if (p.v && column < 0) p.next_v[i] = p.v[i];
    }
    if (p.v && column >= 0 && threadIdx.x == 0) p.next_v[column] = p.v[column];
}

extern "C" __global__ void move_columns(const long long *table, const int *where, const int *stop, long long in_memory,
                                        double a, double b, double clip, double decay, long long nesterov,
                                        double beta2, double rate, double eps) {
    extern __shared__ double memory[];
    const Parameter p = ((const Parameter *)table)[where[2 * blockIdx.x]];
    const long long column = where[2 * blockIdx.x + 1];
    const Part mine = part(p, column);
    if (stop[0]) return hand_on(p, mine, column);
    const T *y = p.y + mine.first, *tau = p.tau + mine.first;
    T *next_y = p.next_y + mine.first, *next_tau = p.next_tau + mine.first;
    T *m = in_memory ? (T *)memory : next_tau;
    const int n = mine.last - mine.first;

    double of_w = 1, of_g = 1, of_step = 1;                  // the units of y, g and m
    if (sizeof(T) == 8) {
        double most_w = 0, most_g = 0;
        for (int i = threadIdx.x; i < n; i += THREADS) {
            most_w = fmax(most_w, (double)fabs(y[i]));
            most_g = fmax(most_g, (double)fabs(gradient(p, mine.first + i)));
        }
        of_w = unit(all(most_w, true));
        of_g = unit(all(most_g, true));
    }
    double yy = 0, yg = 0, hh = 0, yh = 0, mm = 0, most = 0;
    for (int i = threadIdx.x; i < n; i += THREADS) {
        const double w = over(y[i], of_w);
        yy += w * w;
        yg += w * over(gradient(p, mine.first + i), of_g);
    }
    const T length = sqrt(all(yy)), along = all(yg) / length;
    for (int i = threadIdx.x; i < n; i += THREADS) {
        const T one = over(y[i], of_w) / length;
        m[i] = over(gradient(p, mine.first + i), of_g) - along * one;          // h
        yh += (double)m[i] * one;
    }
    const T rest = all(yh);                                  // what rounding left along y
    for (int i = threadIdx.x; i < n; i += THREADS) {
        m[i] -= rest * (over(y[i], of_w) / length);
        hh += (double)m[i] * m[i];
    }
    hh = sqrt(all(hh));
    const double size = of_g * hh > clip ? clip : of_g * hh; // |s h|
    const T of_tau = a, of_h = b * (of_g * hh > clip ? clip / hh : of_g);
    for (int i = threadIdx.x; i < n; i += THREADS) {
        m[i] = of_tau * tau[i] + of_h * m[i];
        most = fmax(most, (double)fabs(m[i]));
    }
    if (sizeof(T) == 8) of_step = unit(all(most, true));
    for (int i = threadIdx.x; i < n; i += THREADS) mm += (double)over(m[i], of_step) * over(m[i], of_step);
    mm = of_step * sqrt(all(mm));
    double c = 1;
    if (p.v) {
        const double v = beta2 * p.v[column] + (1 - beta2) * size * size;
        if (threadIdx.x == 0) p.next_v[column] = v;
        c = -rate / sqrt(v + eps);
    }
    const double t = fabs(c) * mm, sinc = t > 0 ? sin(t) / t : 1;
    const T cosine = cos(t), of_m = c * sinc, of_y = c < 0 ? mm * sin(t) : -mm * sin(t);
    for (int i = threadIdx.x; i < n; i += THREADS) {
        const T one = over(y[i], of_w) / length, walked = m[i];
        next_y[i] = cosine * one + of_m * walked;
        next_tau[i] = cosine * walked + of_y * one;
    }
}

extern "C" __global__ void move_numbers(const long long *table, const int *where, const int *stop, long long in_memory,
                                        double a, double b, double clip, double decay, long long nesterov,
                                        double beta2, double rate, double eps) {
    const Parameter p = ((const Parameter *)table)[where[2 * blockIdx.x]];
    const Part mine = part(p, where[2 * blockIdx.x + 1]);
    if (stop[0]) return hand_on(p, mine, -1);
    for (long long i = mine.first + threadIdx.x; i < mine.last; i += THREADS) {
        const T y = p.y[i], decayed = p.decays ? (T)decay * y : 0;
        T h = gradient(p, i) + decayed;
        if (fabs(h) > clip) h *= (T)(clip / fabs(h));
        const T m = (T)a * p.tau[i] + (T)b * h;
        T d = nesterov ? (T)a * m + (T)b * h : m;
        if (p.v) {
            const T v = (T)beta2 * p.v[i] + (T)(1 - beta2) * h * h;
            p.next_v[i] = v;
            d = -(T)rate * m / sqrt(v + (T)eps);
        }
        p.next_y[i] = y + d;
        p.next_tau[i] = m;
    }
}

// What the rows of y are multiplied by in the orthogonality gradient, from their products.
extern "C" __global__ void repel(const T *products, T *factors, long long count, double alpha, long long unit) {
    EACH(at, count * count) {
        const long long i = at / count, j = at % count;
        const double length_i = unit ? sqrt((double)products[i * count + i]) : 1;
        const double length_j = unit ? sqrt((double)products[j * count + j]) : 1;
        const double cosine = products[at] / (length_i * length_j);
        factors[at] = 2 * alpha * (cosine - (i == j)) / length_j;
    }
}
"""


def look(
    table: Array, where: Array, bad: Array, stop: Array, step: int, columns: bool, limit: float, dtype: Any
) -> None:
    """Leaves `step` in `stop` (1,), and in bad (P, 2) a 1, if a gradient is not finite, or its square above `limit`."""
    launch(SOURCE, "look", dtype, len(where), (table, where, bad, stop, step, int(columns), limit))


def move(
    table: Array, where: Array, stop: Array, columns: bool, longest: int, numbers: Sequence[float], dtype: Any
) -> None:
    """One step of every part in `where` (B, 2): which parameter, and which of its columns or chunks."""
    memory = longest * dtype.itemsize if columns else 0
    fits = memory <= SHARED - 4096
    launch(
        SOURCE,
        "move_columns" if columns else "move_numbers",
        dtype,
        len(where),
        (table, where, stop, int(fits), *numbers),
        memory if fits else 0,
    )


def repel(rows: Array, alpha: float, unit: bool) -> Array:
    """2 alpha (Y Y' - I) Y of rows (m, n), the orthogonality gradient; `unit` divides every row by its length first."""
    xp, count = get_xp(rows), rows.shape[0]
    products = rows @ rows.T
    factors = xp.empty((count, count), dtype=rows.dtype)
    launch(SOURCE, "repel", rows.dtype, blocks_for(count * count), (products, factors, count, float(alpha), int(unit)))
    return factors @ rows


def largest(dtype: str) -> float:
    """The largest number of "float32" or "float64"."""
    assert dtype in TYPES
    return 3.4028234663852886e38 if dtype == "float32" else 1.7976931348623157e308
