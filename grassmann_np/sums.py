"""A sum over the batch keeps the last axis, the channels; a sum over the channels keeps the rest.

    column_sums(x)_c = sum_i x_ic = 1'x          row_sums(x)_i = sum_c x_ic = x 1

Both are products with a vector of ones: many times faster than `x.sum(0)`, and more accurate, because the matrix
product adds in blocks.
"""

from __future__ import annotations

from .backend import Array, get_xp


def column_sums(x: Array) -> Array:
    """The sum over all axes but the last.  x (..., C) -> (C,).

    >>> import numpy as np
    >>> column_sums(np.array([[1.0, 10.0], [2.0, 20.0]]))
    array([ 3., 30.])
    """
    matrix = x.reshape(-1, x.shape[-1])
    return get_xp(x).ones(matrix.shape[0], dtype=x.dtype) @ matrix


def row_sums(x: Array) -> Array:
    """The sum over the last axis, which stays with length 1.  x (..., C) -> (..., 1)."""
    return (x @ get_xp(x).ones(x.shape[-1], dtype=x.dtype))[..., None]
