"""A pool replaces every window of an image by one number per channel: its maximum or its mean.

    max_pool   dx = dy at the first maximum of the window, else 0        avg_pool   dx = dy/size^2 everywhere

Windows are size x size and do not overlap, so H and W must be divisible by the size.
"""

from __future__ import annotations

from functools import reduce
from itertools import product
from operator import add

from .. import ways
from ..backend import Array
from ..checks import check_arrays, check_shape, check_upstream, check_whole
from ..masks import only
from ..pullback import Pullback, quiet
from ..sums import pixel_sums


@quiet
def max_pool(x: Array, size: int) -> tuple[Array, Pullback]:
    """The maximum of every window.  (N, H, W, C) -> (N, H/size, W/size, C).  pullback(dy) = dx.

    >>> import numpy as np
    >>> y, pullback = max_pool(np.array([1.0, 5.0, 2.0, 3.0]).reshape(1, 2, 2, 1), 2)
    >>> y.ravel(), pullback(np.ones_like(y)).ravel()
    (array([5.]), array([0., 1., 0., 0.]))
    """
    xp, size = check_arrays(x=x), check_whole("size", size, 1)
    corners = _corners(x, size)
    if other := ways.find("pool", "max_pool", x):
        return other(x, size)
    y = reduce(xp.maximum, [x[corner] for corner in corners])

    def pullback(dy: Array) -> Array:
        dy = check_upstream(dy, y.shape, y.dtype)
        dx, free = xp.zeros_like(x), xp.ones(y.shape, dtype=bool)  # free: windows whose maximum has not come yet
        for corner in corners:
            first = free & (x[corner] == y)
            dx[corner] = only(dy, first)
            free = free ^ first
        return dx

    return y, pullback


@quiet
def avg_pool(x: Array, size: int) -> tuple[Array, Pullback]:
    """The mean of every window.  (N, H, W, C) -> (N, H/size, W/size, C).  pullback(dy) = dx."""
    xp, size = check_arrays(x=x), check_whole("size", size, 1)
    corners, shape = _corners(x, size), x.shape
    rows = reduce(add, [x[:, i::size] for i in range(size)])
    y = reduce(add, [rows[:, :, j::size] for j in range(size)]) / size**2

    def pullback(dy: Array) -> Array:
        dx = xp.empty(shape, dtype=y.dtype)
        for corner in corners:
            dx[corner] = check_upstream(dy, y.shape, y.dtype) / size**2
        return dx

    return y, pullback


@quiet
def global_avg_pool(x: Array) -> tuple[Array, Pullback]:
    """The mean over all pixels.  (N, H, W, C) -> (N, C).  pullback(dy) = dx."""
    xp = check_arrays(x=x)
    check_shape("x", x, "N", "H", "W", "C")
    (n, h, w, c), dtype = x.shape, x.dtype

    def pullback(dy: Array) -> Array:
        dy = check_upstream(dy, (n, c), dtype) / (h * w)
        return xp.broadcast_to(dy[:, None, None, :], (n, h, w, c)).copy()

    return pixel_sums(x.reshape(n, h * w, c)) / (h * w), pullback


def _corners(x: Array, size: int) -> list[tuple[slice, ...]]:
    """For every place in a window, the index that takes that place from all windows."""
    check_shape("x", x, "N", "H", "W", "C")
    for axis in (1, 2):
        if x.shape[axis] % size:
            raise ValueError(f"x: expected axis {axis} divisible by size {size}, got shape {tuple(x.shape)}")
    return [(slice(None), slice(i, None, size), slice(j, None, size)) for i, j in product(range(size), repeat=2)]
