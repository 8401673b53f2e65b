"""A minimal filter takes two steps of a filter with three weights in four multiplications, where six seem needed.

    y0 = d0 w0 + d1 w1 + d2 w2         m0 = (d0 - d2) w0                       y0 = m0 + m1 + m2
    y1 = d1 w0 + d2 w1 + d3 w2         m1 = (d1 + d2) (w0 + w1 + w2)/2         y1 = m1 - m2 - m3
                                       m2 = (d2 - d1) (w0 - w1 + w2)/2
                                       m3 = (d1 - d3) w2

Nothing says that d and w are numbers. Here d0 to d3 are four rows of an image, unfolded, and w0 to w2 the three rows of
a kernel as matrices: every multiplication is a matrix product, so a third of the arithmetic is saved. In short

    y = A'm,   m_i = (B'd)_i (G w)_i           and back           dw = G'u,   u_i = (B'd)_i' (A dy)_i

where A', B' and G are the sums above, and A and G' their transposes. It pays where there are many channels: else the
sums cost what the products save. Rounding errors are about twice as large. Source: Winograd 1980, F(2, 3). Lavin and
Gray 2015 take both axes of an image; over one axis the runs of numbers stay long, which suits NumPy better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from operator import iadd

import numpy as np

from ..backend import Array, get_xp
from .room import empty
from .share import share

BLOCK = 2**22  # bytes of unfolded rows at a time
WIDE = 48  # channels: where this begins to pay


def pays(x: Array, w: Array, stride: int, padding: int) -> bool:
    """Whether this is the way to go: three rows of weights, stride 1, many channels; in NumPy."""
    kh, kw, c_in, c_out = w.shape
    return get_xp(x) is np and kh == 3 and stride == 1 and padding < min(kh, kw) and min(c_in, c_out) >= WIDE


def forward(x: Array, w: Array, padding: int, y: Array) -> None:
    """y = the convolution of x with w.  x (N, H, W, c_in), w (3, kw, c_in, c_out), y (N, H', W', c_out)."""
    u = of_kernel(w)

    def work(part: slice) -> None:
        for images, v in unfold(x, part, w.shape[1], (padding, padding)):
            add_up(multiply(v, u), y[images])

    share(work, [x, y])


def back(x: Array, turned: Array, dy: Array, padding: int) -> tuple[Array, Array]:
    """dx, dw~ by the convolution of dy with w~, the kernel turned around (3, kw, c_out, c_in); see conv.py."""
    kw = turned.shape[1]
    u, dx = of_kernel(turned), empty(x.shape, x)

    def products(part: slice) -> Iterator[Array]:
        for images, v in unfold(dy, part, kw, (2 - padding, kw - 1 - padding)):
            add_up(multiply(v, u), dx[images])
            yield v.transpose(0, 2, 1) @ spread(x[images])

    du = reduce(iadd, share(lambda part: reduce(iadd, products(part)), [x, dy]))
    return dx, to_kernel(du).reshape(turned.shape)


def unfold(x: Array, part: slice, kw: int, border: tuple[int, int]) -> Iterator[tuple[slice, Array]]:
    """B'd of x[part], a few images at a time: (which images, (4, n T W', kw C)) for T pairs of rows of the output.

    The array is a buffer that the next ones overwrite. A last row without a partner gets one of zeros.
    """
    (height, width, channels), (top, left) = x.shape[1:], border
    t = (height + 2 * top - 1) // 2
    shape = (t, width + 2 * left - kw + 1, kw, channels)
    n = part.stop - part.start
    count = -(-n * 4 * math.prod(shape) * x.itemsize // BLOCK)
    parts = [slice(a, b) for a, b in pairwise(part.start + n * i // count for i in range(count + 1)) if a < b]
    most = max(images.stop - images.start for images in parts)
    buffer = empty((4 * most * math.prod(shape),), x)
    padded = np.zeros((most, 2 * t + 2, width + 2 * left, channels), dtype=x.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kw, axis=2)
    windows = windows.transpose(0, 1, 2, 4, 3)  # (most, 2 T + 2, W', kw, C), still a view
    for images in parts:
        n = images.stop - images.start
        padded[:n, top : top + height, left : left + width] = x[images]
        v = buffer[: 4 * n * math.prod(shape)].reshape(4, n, *shape)
        d0, d1, d2, d3 = (windows[:n, k : k + 2 * t : 2] for k in range(4))
        np.subtract(d0, d2, out=v[0])
        np.add(d1, d2, out=v[1])
        np.subtract(d2, d1, out=v[2])
        np.subtract(d1, d3, out=v[3])
        yield images, v.reshape(4, -1, kw * channels)


def of_kernel(w: Array) -> list[Array]:
    """G w.  (3, kw, C, c_out) -> four (kw C, c_out), laid out as w is."""
    w0, w1, w2 = w
    even, odd = (w0 + w2) / 2, w1 / 2
    return [u.reshape(-1, w.shape[-1]) for u in (w0, even + odd, even - odd, w2)]


def multiply(v: Array, u: list[Array]) -> Array:
    """m.  (4, rows, kw C), four (kw C, c_out) -> (4, rows, c_out)."""
    m = empty((4, v.shape[1], u[0].shape[1]), v)
    for v_i, u_i, m_i in zip(v, u, m, strict=True):
        np.matmul(v_i, u_i, out=m_i)
    return m


def to_kernel(u: Array) -> Array:
    """G'u.  (4, kw C, c_out) -> (3, kw C, c_out)."""
    w = np.empty((3, *u.shape[1:]), dtype=u.dtype)
    np.subtract(u[1], u[2], out=w[1])
    w[1] /= 2
    np.add(w[1], u[2], out=w[2])
    np.add(u[0], w[2], out=w[0])
    w[2] += u[3]
    return w


def add_up(m: Array, y: Array) -> None:
    """y = A'm.  m (4, n T W, C), y (n, H, W, C), where T = H/2, rounded up."""
    n, height, width, channels = y.shape
    m0, m1, m2, m3 = m.reshape(4, n, -1, width, channels)
    y0, y1 = y[:, 0::2], y[:, 1::2]
    np.add(m0, m1, out=y0)
    y0 += m2
    paired = slice(height // 2)
    np.subtract(m1[:, paired], m2[:, paired], out=y1)
    y1 -= m3[:, paired]


def spread(y: Array) -> Array:
    """A y.  (n, H, W, C) -> (4, n T W, C)."""
    n, height, width, channels = y.shape
    m = empty((4, n, (height + 1) // 2, width, channels), y)
    y0, y1 = y[:, 0::2], y[:, 1::2]
    paired = slice(height // 2)
    m[:3] = y0
    m[1, :, paired] += y1
    m[2, :, paired] -= y1
    np.negative(y1, out=m[3, :, paired])
    m[3, :, height // 2 :] = 0
    return m.reshape(4, -1, channels)
