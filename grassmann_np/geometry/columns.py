"""Columns are multiplied and added: all that the sphere does to them is inner products and combinations.

    dot(a, b)_j = sum_i a_ij b_ij

It is fastest where every column is contiguous in memory, as nn.Parameter keeps them; any layout will do.
"""

from __future__ import annotations

import numpy as np

from ..backend import Array, get_xp


def dot(a: Array, b: Array) -> Array:
    """a'b of every column.  (n,) or (n, m) -> () or (m,)."""
    xp = get_xp(a, b)
    if xp is not np:
        return xp.sum(a * b, axis=0)
    if a.strides[0] == b.strides[0] == a.itemsize:  # columns are contiguous
        return np.asarray(np.vecdot(a.T, b.T))
    return np.asarray(np.einsum("i...,i...->...", a, b))
