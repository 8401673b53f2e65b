"""The inner products of large arrays, column by column, added up in float64; see geometry/columns.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array
from .loop import loop
from .share import share


def dot(a: Array, b: Array) -> Array:
    """a'b of every column.  (n,) or (n, m) -> () or (m,)."""
    sums = np.zeros(a.shape[1:] or 1)
    if a.ndim > 1 and a.flags.c_contiguous and b.flags.c_contiguous:
        share(lambda part: _across(a, b, part.start, sums[part]), len(sums), a.nbytes)
    else:
        rows = [np.ascontiguousarray(one.T if one.ndim > 1 else one[None]) for one in (a, b)]
        share(lambda part: _along(rows[0][part], rows[1][part], sums[part]), len(sums), a.nbytes)
    with np.errstate(over="ignore"):  # of float32: the caller looks
        return sums.astype(a.dtype).reshape(a.shape[1:])


@loop
def _along(a: Any, b: Any, sums: Any) -> None:
    """Of rows: a column as it lies in memory."""
    for j in range(a.shape[0]):
        total = 0.0
        for i in range(a.shape[1]):
            total += np.float64(a[j, i]) * b[j, i]
        sums[j] = total


@loop
def _across(a: Any, b: Any, first: Any, sums: Any) -> None:
    """Of the columns from `first` on, where a row lies in memory."""
    for i in range(a.shape[0]):
        left, right = a[i, first:], b[i, first:]
        for j in range(sums.size):
            sums[j] += np.float64(left[j]) * right[j]
