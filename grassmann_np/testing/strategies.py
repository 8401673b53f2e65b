"""Hypothesis strategies: points, tangent vectors, subspaces, scales, lengths, and whole cases for the identities.

    from hypothesis import given
    from grassmann_np.testing import strategies

    @given(strategies.points(n=3, m=2))
    def test_my_code(y): ...

Needs the package hypothesis (the extra `test`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..backend import Array
from .cases import KINDS, Case, draw


def lengths(longest: float = np.pi, shortest: float = 1e-150) -> st.SearchStrategy[float]:
    """Lengths of tangent vectors, radians: log-uniform, and exactly 0, longest, longest/2 and longest - 10^-k."""
    logarithms = st.floats(float(np.log10(shortest)), float(np.log10(longest)))
    return st.one_of(
        st.sampled_from([0.0, longest, longest / 2]),
        st.integers(1, 12).map(lambda k: longest - min(longest, 10.0**-k)),
        logarithms.map(lambda e: min(longest, 10.0**e)),
    )


def scales(decades: int = 20) -> st.SearchStrategy[float]:
    """Positive factors from 10^-decades to 10^decades, log-uniform."""
    return st.floats(-decades, decades).map(lambda e: float(10.0**e))


@st.composite
def points(draw: st.DrawFn, n: int, m: int, dtype: Any = np.float64) -> Array:
    """Unit columns (n, m): each uniform, axis-aligned, or the same as the one before or its negative."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y = np.empty((n, m))
    for j in range(m):
        how = draw(st.sampled_from(["uniform", "axis", "same", "opposite"] if j else ["uniform", "axis"]))
        if how == "uniform":
            y[:, j] = rng.standard_normal(n)
        elif how == "axis":
            y[:, j] = np.eye(n)[draw(st.integers(0, n - 1))] * draw(st.sampled_from([-1.0, 1.0]))
        else:
            y[:, j] = y[:, j - 1] * (1 if how == "same" else -1)
    return (y / np.linalg.norm(y, axis=0)).astype(dtype)


@st.composite
def tangents(draw: st.DrawFn, y: Array, longest: float = np.pi) -> Array:
    """Tangent vectors at the unit columns y (n, m), n >= 2, with drawn `lengths`."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    point = np.asarray(y, np.float64)
    h = rng.standard_normal(y.shape)
    for _ in range(2):  # once is not enough where little is left
        h -= point * np.sum(point * h, axis=0)
        h /= np.linalg.norm(h, axis=0)
    return (h * [draw(lengths(longest)) for _ in range(y.shape[1])]).astype(y.dtype)


@st.composite
def subspaces(draw: st.DrawFn, n: int, p: int, m: int, dtype: Any = np.float64) -> Array:
    """Orthonormal matrices (m, n, p), n >= p: uniform, or spanned by coordinate axes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y = np.linalg.qr(rng.standard_normal((m, n, p)))[0]
    for j in range(m):
        if draw(st.booleans()):
            y[j] = np.eye(n)[:, draw(st.permutations(range(n)))[:p]]
    return y.astype(dtype)


@st.composite
def cases(draw_one: st.DrawFn, geometry: Any, kind: str) -> Case:
    """A `Case` for the identities, in float32 or float64, in dimensions from 2 (subspaces: from 2p) to 12."""
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    p = draw_one(st.integers(1, 3)) if kind == "subspaces" else 1
    n = draw_one(st.integers(2 * p, 12))
    rng = np.random.default_rng(draw_one(st.integers(0, 2**32 - 1)))
    return draw(geometry, kind, rng, n, p, m=4, dtype=draw_one(st.sampled_from([np.float32, np.float64])))
