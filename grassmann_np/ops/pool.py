"""A pool replaces every window of an image by one number per channel: its maximum or its mean.

    max_pool   dx = dy at the first maximum of the window, else 0        avg_pool   dx = dy/size^2 everywhere

Windows are size x size and do not overlap, so H and W must be divisible by the size.
"""

from __future__ import annotations

from itertools import product

from ..backend import Array
from ..cuda import pool as gpu
from ..cuda.kernel import on_gpu
from .blocks import on_samples
from ..checks import check_arrays, check_shape
from .only import only
from ..room import empty
from ..pullback import Pullback


def max_pool(x: Array, size: int) -> tuple[Array, Pullback]:
    """The maximum of every window.  (N, H, W, C) -> (N, H/size, W/size, C).  pullback(dy) = dx.

    >>> import numpy as np
    >>> y, pullback = max_pool(np.array([1.0, 5.0, 2.0, 3.0]).reshape(1, 2, 2, 1), 2)
    >>> y.ravel(), pullback(np.ones_like(y)).ravel()
    (array([5.]), array([0., 1., 0., 0.]))
    """
    xp = check_arrays(x=x)
    corners = _corners(x, size)
    if on_gpu(x):
        return gpu.max_pool(x, size)
    y = empty((x.shape[0], x.shape[1] // size, x.shape[2] // size, x.shape[3]), x)

    def forward(y: Array, x: Array) -> None:
        y[...] = x[corners[0]]
        for corner in corners[1:]:
            xp.maximum(y, x[corner], out=y)

    def back(dx: Array, dy: Array, y: Array, x: Array) -> None:
        free = xp.ones(y.shape, dtype=bool)  # windows whose maximum has not come yet
        for corner in corners:
            first = x[corner] == y
            first &= free
            free ^= first
            only(dy, first, out=dx[corner])

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, *y.shape)
        dx = empty(x.shape, x)
        on_samples(back, [dx, dy, y, x])
        return dx

    on_samples(forward, [y, x])
    return y, pullback


def avg_pool(x: Array, size: int) -> tuple[Array, Pullback]:
    """The mean of every window.  (N, H, W, C) -> (N, H/size, W/size, C).  pullback(dy) = dx."""
    check_arrays(x=x)
    corners = _corners(x, size)
    shape = x.shape
    y = x[corners[0]].copy()
    for corner in corners[1:]:
        y += x[corner]
    y /= size**2

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, *y.shape)
        dx, share = empty(shape, dy), dy / size**2
        for corner in corners:
            dx[corner] = share
        return dx

    return y, pullback


def global_avg_pool(x: Array) -> tuple[Array, Pullback]:
    """The mean over all pixels.  (N, H, W, C) -> (N, C).  pullback(dy) = dx."""
    xp = check_arrays(x=x)
    check_shape("x", x, "N", "H", "W", "C")
    n, h, w, c = x.shape

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, n, c)
        return xp.broadcast_to((dy / (h * w))[:, None, None, :], (n, h, w, c)).copy()

    return xp.ones(h * w, dtype=x.dtype) @ x.reshape(n, h * w, c) / (h * w), pullback


def _corners(x: Array, size: int) -> list[tuple[slice, ...]]:
    """For every place in a window, the index that takes that place from all windows."""
    check_shape("x", x, "N", "H", "W", "C")
    for axis in (1, 2):
        if size < 1 or x.shape[axis] % size:
            raise ValueError(f"x: expected axis {axis} divisible by size {size}, got shape {tuple(x.shape)}")
    return [(slice(None), slice(i, None, size), slice(j, None, size)) for i, j in product(range(size), repeat=2)]
