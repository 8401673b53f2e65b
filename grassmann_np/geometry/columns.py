"""Columns are multiplied and added: all that the sphere does to them is inner products and combinations.

    dot(a, b)_j = sum_i a_ij b_ij          combine(s, a, t, b) = s a + t b, every column with its own s and t

These two decide how long a step of an optimizer takes. Large arrays are therefore passed over in blocks of rows, in
which the terms meet in the processor's cache and nothing is allocated but the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np

from ..backend import Array, get_xp

BLOCK = 2**19  # bytes of every array: a core's own cache is 1 MiB or so


def dot(a: Array, b: Array) -> Array:
    """a'b of every column.  (n,) or (n, m) -> () or (m,)."""
    xp = get_xp(a, b)
    return xp.asarray(np.einsum("i...,i...->...", a, b)) if xp is np else xp.sum(a * b, axis=0)


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
    height = max(1, BLOCK * len(first) // max(1, first.nbytes))
    buffer = np.empty_like(first[:height])
    for start in range(0, len(first), height):
        block = slice(start, start + height)
        parts = [a[block] for a in arrays]
        for result, row in zip(results, rows, strict=True):
            (s, a), *others = _terms(row, parts)
            total = np.multiply(s, a, out=result[block])
            for t, b in others:
                total += b if _is(t, 1.0) else np.multiply(t, b, out=buffer[: len(b)])
    return results


def combine(s: float | Array, a: Array, t: float | Array, b: Array) -> Array:
    """s a + t b, one of `combinations`."""
    return combinations([a, b], [s, t])[0]


def _terms(row: Sequence[float | Array], arrays: Sequence[Array]) -> list[tuple[float | Array, Array]]:
    return [(s, a) for s, a in zip(row, arrays, strict=True) if not _is(s, 0.0)]


def _is(s: float | Array, number: float) -> bool:
    return isinstance(s, float) and s == number
