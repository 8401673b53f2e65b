"""Columns are multiplied and added: all that the sphere does to them is inner products and combinations.

    dot(a, b)_j = sum_i a_ij b_ij          combine(s, a, t, b) = s a + t b, every column with its own s and t

These two decide how long a step of an optimizer takes. They are fastest where every column is contiguous in memory, as
nn.Parameter keeps them; any layout will do. Large arrays are passed over in blocks, in which the terms meet in the
processor's cache and nothing is allocated but the results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add

import numpy as np

from ..backend import Array, get_xp

BLOCK = 2**20  # bytes of every array: a few of them stay in the cache


def dot(a: Array, b: Array) -> Array:
    """a'b of every column.  (n,) or (n, m) -> () or (m,)."""
    xp = get_xp(a, b)
    if xp is not np:
        return xp.sum(a * b, axis=0)
    if a.strides[0] == b.strides[0] == a.itemsize:  # columns are contiguous
        return np.asarray(np.vecdot(a.T, b.T))
    return np.asarray(np.einsum("i...,i...->...", a, b))


def combinations(arrays: Sequence[Array], *rows: Sequence[float | Array]) -> list[Array]:
    """The sum of s a over `arrays` a (n,) or (n, m) and their coefficients s, for every row of coefficients.

    A coefficient is a Python number, or an array (m,), one number per column; 0.0 leaves a term out.

    >>> point, carried = combinations([np.eye(2), np.ones((2, 2))], [np.array([1.0, 10.0]), 0.5], [0.0, 2.0])
    >>> point
    array([[ 1.5,  0.5],
           [ 0.5, 10.5]])
    """
    first = arrays[0]
    if get_xp(*arrays) is not np or first.ndim == 1:
        return [reduce(add, (s * a for s, a in _terms(row, arrays))) for row in rows]
    results = [np.empty_like(first) for _ in rows]
    for block, part in _blocks(first):
        parts = [a[block] for a in arrays]
        for result, row in zip(results, rows, strict=True):
            (s, a), *others = [(s if isinstance(s, float) else s[part], a) for s, a in _terms(row, parts)]
            total = np.multiply(s, a, out=result[block])
            for t, b in others:
                total += b if _is(t, 1.0) else t * b
    return results


def combine(s: float | Array, a: Array, t: float | Array, b: Array) -> Array:
    """s a + t b, one of `combinations`."""
    return combinations([a, b], [s, t])[0]


def _blocks(a: Array) -> Iterator[tuple[tuple[slice, slice], slice]]:
    """Cuts a (n, m) across its memory: the index of every block, and of the columns in it."""
    whole = slice(None)
    axis = 1 if a.strides[0] < a.strides[1] else 0
    few = max(1, BLOCK * a.shape[axis] // max(1, a.nbytes))
    for start in range(0, a.shape[axis], few):
        part = slice(start, start + few)
        yield ((whole, part), part) if axis else ((part, whole), whole)


def _terms(row: Sequence[float | Array], arrays: Sequence[Array]) -> list[tuple[float | Array, Array]]:
    return [(s, a) for s, a in zip(row, arrays, strict=True) if not _is(s, 0.0)]


def _is(s: float | Array, number: float) -> bool:
    return isinstance(s, float) and s == number
