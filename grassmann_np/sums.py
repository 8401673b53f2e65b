"""A sum over the batch keeps the last axis, the channels; a sum over the channels keeps the rest.

    column_sums(x)_c = sum_i x_ic = 1'x          row_sums(x)_i = sum_c x_ic = x 1

Both are products with a vector of ones, many times faster than `x.sum(0)`. A long sum is one of sums of PART numbers
each, so that rounding hardly grows with its length.
"""

from __future__ import annotations

import math

from .backend import Array, get_xp

PART = 256  # numbers that are added up one after another


def column_sums(x: Array) -> Array:
    """The sum over all axes but the last.  x (..., C) -> (C,).

    >>> import numpy as np
    >>> column_sums(np.array([[1.0, 10.0], [2.0, 20.0]]))
    array([ 3., 30.])
    """
    *others, channels = x.shape
    return pixel_sums(x.reshape(1, math.prod(others), channels))[0]


def pixel_sums(x: Array) -> Array:
    """The sum over the middle axis, for every image.  x (N, n, C) -> (N, C)."""
    xp, (images, n, channels) = get_xp(x), x.shape
    if n > PART:
        whole = n - n % PART
        wide = x[:, :whole].reshape(images, PART, -1)  # the sum of every (whole/PART)-th pixel
        sums = pixel_sums(wide).reshape(images, -1, channels)
        return pixel_sums(xp.concatenate([sums, x[:, whole:]], axis=1))
    return xp.ones(n, dtype=x.dtype) @ x


def row_sums(x: Array) -> Array:
    """The sum over the last axis, which stays with length 1.  x (..., C) -> (..., 1)."""
    (*others, c), xp = x.shape, get_xp(x)
    if c > PART:
        whole = c - c % PART
        sums = row_sums(x[..., :whole].reshape(*others, -1, PART))[..., 0]
        return row_sums(xp.concatenate([sums, x[..., whole:]], axis=-1))
    return (x.reshape(math.prod(others), c) @ xp.ones(c, dtype=x.dtype)).reshape(*others, 1)


def inner_products(w: Array) -> Array:
    """W'W, the inner products of the columns of w (n, p): (p, p)."""
    if (n := w.shape[0]) <= 16 * PART:
        return w.T @ w
    return inner_products(w[: n // 2]) + inner_products(w[n // 2 :])
