"""Columns are multiplied: all that the sphere asks of a column is its inner products.

    dot(a, b)_j = sum_i a_ij b_ij

It is fastest where every column is contiguous in memory, as nn.Parameter keeps them; any layout will do. A long sum is
added up in parts, and the parts in float64: rounding does not grow with the length.
"""

from __future__ import annotations

import numpy as np

from .. import ways
from ..backend import Array, by_columns, get_xp

PART = 4096  # numbers: BLAS adds so many in float32 without losing more than a digit of the last place


def dot(a: Array, b: Array) -> Array:
    """a'b of every column.  (n,) or (n, m) -> () or (m,)."""
    xp = get_xp(a, b)
    if xp is not np:
        return xp.sum(a * b, axis=0)
    if (found := ways.tried("columns", "dot", a, b)) is not None:
        return found
    with np.errstate(over="ignore", invalid="ignore"):  # the caller looks, and an error says more than a warning
        if len(a) <= PART:
            return np.asarray(np.vecdot(a.T, b.T))
        a, b = by_columns(a), by_columns(b)
        parts = [np.vecdot(a[i : i + PART].T, b[i : i + PART].T) for i in range(0, len(a), PART)]
        return np.asarray(np.sum(parts, axis=0, dtype=np.float64), dtype=a.dtype)
