"""A minimal filter takes two steps of a filter with three weights in four multiplications, where six seem needed.

    y0 = d0 w0 + d1 w1 + d2 w2         m0 = (d0 - d2) w0                       y0 = m0 + m1 + m2
    y1 = d1 w0 + d2 w1 + d3 w2         m1 = (d1 + d2) (w0 + w1 + w2)/2         y1 = m1 - m2 - m3
                                       m2 = (d2 - d1) (w0 - w1 + w2)/2
                                       m3 = (d1 - d3) w2

In short y = A'm, m = (B'd) (G w), number by number. On both axes of an image, a tile of 4x4 pixels gives 2x2 places:

    y = A'm A,   m_ab = (B'd B)_ab (G w G')_ab       and back       dw = G'u G,   u_ab = (B'd B)_ab' (A dy A')_ab

Nothing says that d and w are numbers. Here d_ij is a pixel with its channels, w_ij a matrix (c_in, c_out): for every
one of the sixteen ab, all tiles make one matrix product, and 16 products take the place of 36. It pays where there are
many channels: else the sums cost what the products save. Rounding errors are a few times as large.
Source: Winograd 1980, F(2, 3); Lavin and Gray 2015, F(2x2, 3x3).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, reduce
from operator import iadd
from typing import Any

import numpy as np

from ..backend import Array
from ..room import empty
from .loop import loop
from .share import share

TILES = 512  # at a time: few stay in the cache, many make good products
WIDE = 16  # channels: where this begins to pay

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
ON_NINE = np.kron(G, G)  # (16, 9): G w G' of the nine weights as one product
TURNED = ON_NINE[:, ::-1]  # of the kernel turned around
# Four sums of two each: p_a d_first[a] + q_a d_second[a]
B = (0, 1, 2, 1), (1, 1, 1, 1), (2, 2, 1, 3), (-1, 1, -1, -1)  # (B'd)_a of four pixels
A = (0, 0, 0, 0), (1, 1, 1, 0), (1, 1, 1, 1), (0, 1, -1, -1)  # (A dy)_a of two


def pays(w: Array, stride: int, padding: int) -> bool:
    """Whether this is the way to go: 3x3 weights, stride 1, many channels."""
    return w.shape[:2] == (3, 3) and stride == 1 and padding < 3 and min(w.shape[2:]) >= WIDE


def forward(x: Array, w: Array, b: Array | None, padding: int, y: Array) -> None:
    """y = the convolution of x with w, plus b.  x (N, H, W, c_in), w (3, 3, c_in, c_out), y (N, H', W', c_out)."""
    u = of_kernel(w).transpose(1, 2, 0)  # (16, c_in, c_out)

    def work(part: slice) -> None:
        for images, v in tiles(x, part, y.shape[1:3], padding):
            gather(np.matmul(v, u, out=empty((*v.shape[:2], u.shape[2]), v)), y[images])
            if b is not None:
                y[images] += b

    share(work, len(x), max(x.nbytes, y.nbytes), products=True)


def back(x: Array, w: Array, dy: Array, padding: int, wanted: bool) -> tuple[Array | None, Array]:
    """dx, dw: the convolution of dy with the kernel turned around, its channels exchanged, gives both; see conv.py."""
    u = of_kernel(w, TURNED).transpose(1, 0, 2)  # (16, c_out, c_in)
    dx = empty(x.shape, x) if wanted else None

    def products(part: slice) -> Iterator[Array]:
        for images, v in tiles(dy, part, x.shape[1:3], 2 - padding):
            m = empty((*v.shape[:2], x.shape[3]), v)
            if dx is not None:
                gather(np.matmul(v, u, out=m), dx[images])
            spread(x[images], m)
            yield v.transpose(0, 2, 1) @ m  # (16, c_out, c_in)

    size = max(x.nbytes, dy.nbytes)
    du = reduce(iadd, share(lambda part: reduce(iadd, products(part)), len(x), size, products=True))
    return dx, to_kernel(du, TURNED)


def of_kernel(w: Array, on_nine: Array = ON_NINE) -> Array:
    """G w G'.  (3, 3, c_in, c_out) -> (c_out, 16, c_in), as the weights lie."""
    return on_nine.astype(w.dtype) @ w.transpose(3, 0, 1, 2).reshape(w.shape[3], 9, -1)


def to_kernel(u: Array, on_nine: Array) -> Array:
    """G'u G.  (16, c_out, c_in) -> (3, 3, c_in, c_out), by columns."""
    w = on_nine.T.astype(u.dtype) @ u.transpose(1, 0, 2)  # (c_out, 9, c_in)
    return w.reshape(len(w), 3, 3, -1).transpose(1, 2, 3, 0)


def tiles(x: Array, part: slice, places: tuple[int, int], border: int) -> Iterator[tuple[slice, Array]]:
    """B'd B of x[part] with a border of zeros, a few images at a time: (which images, (16, n T T', C)).

    T T' tiles of 4x4 pixels, two apart, cover an image. The array is a buffer that the next ones overwrite.
    """
    channels, t_h, t_w = x.shape[3], (places[0] + 1) // 2, (places[1] + 1) // 2
    few = min(part.stop - part.start, -(-TILES // (t_h * t_w)))
    v = empty((16 * few * t_h * t_w * channels,), x)
    padded = np.zeros((few, 2 * t_h + 2, 2, (t_w + 1) * channels), dtype=x.dtype)
    for start in range(part.start, part.stop, few):
        images = slice(start, min(start + few, part.stop))
        n = images.stop - start
        split(x[images], padded, border)
        out = v[: 16 * n * t_h * t_w * channels].reshape(4, 4, n, t_h, t_w * channels)
        combine(padded, out, channels, *_table(B, x.dtype))
        yield images, out.reshape(16, -1, channels)


def spread(y: Array, m: Array) -> None:
    """A y A'.  y (n, H, W, C) -> m (16, n T T', C)."""
    n, height, width, channels = y.shape
    t_h, t_w = (height + 1) // 2, (width + 1) // 2
    padded = (np.zeros if height % 2 or width % 2 else np.empty)((n, 2 * t_h, 2, t_w * channels), dtype=y.dtype)
    split(y, padded, 0)
    combine(padded, m.reshape(4, 4, n, t_h, t_w * channels), channels, *_table(A, y.dtype))


def gather(m: Array, y: Array) -> None:
    """A'm A.  m (16, n T T', C) -> y (n, H, W, C)."""
    n, height = y.shape[:2]
    m = m.reshape(4, 4, n, (height + 1) // 2, -1)
    collect(m, y, np.empty((4, m.shape[4]), y.dtype), np.array([1, -1], y.dtype))


@cache
def _table(sums: tuple[tuple[int, ...], ...], dtype: Any) -> list[Array]:
    """first, p, second, q as arrays."""
    return [np.array(row, dtype=kind) for row, kind in zip(sums, (int, dtype, int, dtype), strict=True)]


@loop
def split(x: Array, parts: Array, border: int) -> None:
    """Even columns of pixels before odd ones, inside a border.  x (n, H, W, C), parts (>= n, >= H, 2, >= W/2 C)."""
    n, height, width, channels = x.shape
    for k in range(n):
        for h in range(height):
            for w in range(width):
                column = w + border
                source, out = x[k, h, w], parts[k, h + border, column % 2, column // 2 * channels :]
                for c in range(channels):
                    out[c] = source[c]


@loop
def combine(x: Array, v: Array, channels: int, first: Array, p: Array, second: Array, q: Array) -> None:
    """v_a = p_a x_first[a] + q_a x_second[a] on both axes, for a whole row of tiles at once.

    x (n, H, 2, W/2 C) as `split` leaves it, v (4, 4, n, T, T' C).
    """
    for k in range(v.shape[2]):
        for h in range(v.shape[3]):
            for a in range(4):
                up, down = x[k, 2 * h + first[a]], x[k, 2 * h + second[a]]
                for b in range(4):
                    left, right = first[b] // 2 * channels, second[b] // 2 * channels
                    d00, d01 = up[first[b] % 2, left:], up[second[b] % 2, right:]
                    d10, d11 = down[first[b] % 2, left:], down[second[b] % 2, right:]
                    s00, s01, s10, s11 = p[a] * p[b], p[a] * q[b], q[a] * p[b], q[a] * q[b]
                    out = v[a, b, k, h]
                    for c in range(out.size):
                        out[c] = s00 * d00[c] + s01 * d01[c] + s10 * d10[c] + s11 * d11[c]


@loop
def collect(m: Array, y: Array, t: Array, sign: Array) -> None:
    """y_i = m_1 + sign_i (m_2 + m_3i) on both axes.  m (4, 4, n, T, T' C), y (n, H, W, C), t (4, T' C)."""
    n, height, width, channels = y.shape
    for k in range(n):
        for h in range(height):
            i = h % 2
            s = sign[i]
            for b in range(4):
                out, m1, m2, m3 = t[b], m[1, b, k, h // 2], m[2, b, k, h // 2], m[3 * i, b, k, h // 2]
                for c in range(out.size):
                    out[c] = m1[c] + s * (m2[c] + m3[c])
            for w in range(width):
                j, first = w % 2, w // 2 * channels
                s, place = sign[j], y[k, h, w]
                t1, t2, t3 = t[1, first:], t[2, first:], t[3 * j, first:]
                for c in range(channels):
                    place[c] = t1[c] + s * (t2[c] + t3[c])
