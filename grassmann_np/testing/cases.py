"""A case is what one identity is tried on: points, tangent vectors and rotations, many of each, drawn on purpose.

Points are drawn here, never by the geometry under test. Lengths are log-uniform down to 1e-150 (1e-30 in float32),
and exactly 0, pi/2 and pi - 10^-k; some points are axis-aligned, some repeated, some pairs nearly antipodal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array
from .view import View

KINDS = ("euclidean", "sphere", "lines", "subspaces")
SIZES = {  # (n, p, m): m points in R^n; subspaces of it have p dimensions, and 2p > n is tried too
    **dict.fromkeys(
        KINDS[:3],
        ((2, 1, 16), (3, 1, 16), (4, 1, 16), (5, 1, 16), (9, 1, 16), (12, 1, 300), (40, 1, 1), (1000, 1, 8)),
    ),
    "subspaces": (
        (4, 2, 16), (5, 2, 16), (9, 2, 16), (6, 1, 8), (5, 4, 8), (4, 4, 4), (40, 7, 4), (1000, 3, 2),
    ),
}  # fmt: skip
CURVED = ("sphere", "lines", "subspaces")
ROUND = ("sphere", "lines")  # whose points are unit columns


@dataclass(frozen=True, eq=False)
class Case:
    """Arrays of one dtype; m points a batch: (n, m) columns, or (m, n, p) matrices for subspaces."""

    geometry: Any  # the functions under test, a View
    kind: str
    y: Array  # points
    x: Array  # points at every distance from y
    z: Array  # points
    g: Array  # vectors of the surrounding space, lengths 1e-20 ... 1e20
    w: Array  # vectors of the surrounding space, lengths near 1
    h: Array  # tangent at y, lengths 0 ... pi (for subspaces: singular values)
    k: Array  # tangent at y, shorter than the injectivity radius
    e: Array  # tangent at y, of length 1 (for subspaces: all singular values 1)
    u: Array  # tangent at y, lengths near 1
    v: Array  # tangent at y, lengths near 1
    scales: Array  # one number per point, 1e-3 ... 1e3
    rotation: Array  # an isometry R of the space of points: y -> R y
    turn: Array  # an orthogonal p x p matrix Q: y -> y Q
    triangle: tuple[Array, ...]  # three corners in R^3, less than pi/2 apart: (3, m) each
    symmetric: Array  # a symmetric n x n matrix

    @property
    def n(self) -> int:
        """The dimension of the space."""
        return int(self.y.shape[-2])

    @property
    def p(self) -> int:
        """The dimension of a point: 1, but for subspaces."""
        return int(self.y.shape[-1]) if self.kind == "subspaces" else 1

    @property
    def m(self) -> int:
        """How many points there are."""
        return int(self.y.shape[0] if self.kind == "subspaces" else self.y.shape[-1])

    @property
    def room(self) -> bool:
        """Whether there are as many directions orthogonal to a point as it has dimensions."""
        return 2 * self.p <= self.n

    @property
    def axis(self) -> Any:
        """The axes that hold one point."""
        return {"euclidean": (), "subspaces": (-2, -1)}.get(self.kind, 0)

    @property
    def reach(self) -> float:
        """The injectivity radius: log is defined for tangent vectors shorter than this."""
        return {"sphere": np.pi, "euclidean": np.inf}.get(self.kind, np.pi / 2)

    @property
    def eps(self) -> float:
        """The machine epsilon of the arrays."""
        return float(np.finfo(self.y.dtype).eps)

    @property
    def long_sum(self) -> float:
        """How many times 8 eps a sum of n products may lose, added one after the other: sqrt(n)/8, at least 1.

        Each of the n additions rounds either way, so that the errors grow like a random walk. A good BLAS does better,
        but NumPy without one, and np.sum over the first axis, add like this.
        """
        return max(1.0, float(np.sqrt(self.n)) / 8)

    def dot(self, a: Array, b: Array) -> Array:
        """<a, b> in the surrounding space, one number per point."""
        return np.sum(a * b, axis=self.axis)

    def size(self, a: Array) -> Array:
        """|a| in the surrounding space, one number per point, in float64."""
        a = np.asarray(a, np.float64)
        largest = np.max(np.abs(a), axis=self.axis, initial=1e-300, keepdims=True)
        root = largest * np.sqrt(np.sum((a / largest) ** 2, axis=self.axis, keepdims=True))
        return np.squeeze(root, axis=self.axis)

    def times(self, s: Array, h: Array) -> Array:
        """s h, every vector times its own number, in the dtype of h."""
        return np.expand_dims(np.asarray(s, h.dtype), self.axis) * h

    def matrices(self, a: Array) -> Array:
        """float64 matrices (m, n, p), whatever the kind: a column is an n x 1 matrix."""
        a = np.asarray(a, np.float64)
        return a if self.kind == "subspaces" else a.T[:, :, None]

    def error(self, actual: Array, expected: Array, scale: Array | float = 1.0) -> Array:
        """|actual - expected|, one number per point, in units of eps times `scale`."""
        error = self.ratio(self.size(actual - expected), scale)
        self.geometry.compare(actual, expected, error)
        return error

    def number_error(self, actual: Array, expected: Array, scale: Array | float = 1.0) -> Array:
        """`error`, for one number per point."""
        error = self.ratio(np.abs(np.asarray(actual, np.float64) - expected), scale)
        self.geometry.compare(actual, expected, error)
        return error

    def ratio(self, error: Array, scale: Array | float) -> Array:
        """error/(eps scale), and 0 where there is no error, whatever the scale.

        With more than two columns LAPACK's singular vectors are good to 90 eps (tolmul in xBDSQR): a twelfth counts.
        """
        unit = self.eps * np.asarray(scale, np.float64) * (12.0 if self.p > 2 else 1.0)
        return np.where(error == 0, 0.0, error) / np.where(error == 0, 1.0, unit)

    def gap(self, a: Array, b: Array) -> Array:
        """How far apart a and b are as points, in units of eps: a line or a subspace is its projector aa'."""
        if self.kind not in ("lines", "subspaces"):
            return self.error(a, b, self.weight)
        m, x = self.matrices(a), self.matrices(b)
        difference = m @ np.matrix_transpose(m) - x @ np.matrix_transpose(x)
        error = self.ratio(np.linalg.matrix_norm(difference), self.weight)
        self.geometry.compare(a, b, error)
        return error

    @property
    def weight(self) -> Array:
        """The natural scale of a point: its size, at least 1."""
        return np.maximum(1.0, self.size(self.y))

    def angles(self, h: Array) -> Array:
        """The angles by which a walk along h turns, one row per point: |h|, or the singular values of H."""
        return np.linalg.svdvals(self.matrices(h))


def draw(
    geometry: Any,
    kind: str,
    rng: np.random.Generator,
    n: int,
    p: int = 2,
    m: int = 16,
    dtype: Any = np.float64,
    order: Any = "C",
) -> Case:
    """A case of m points in R^n (p-dimensional subspaces of it, p <= n), its arrays in this order of memory.

    `geometry` is a View, or seen through one.  Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    columns = p if kind == "subspaces" else 1
    y, z = _orthonormal(rng, m, n, columns), _orthonormal(rng, m, n, columns)
    if m > 2:
        y[0] = np.eye(n)[:, :columns]
        z[0] = -np.eye(n)[:, ::-1][:, :columns]
        y[2] = z[2] = y[1]
    directions = _tangent_frame(rng, y)
    turns = np.linalg.qr(rng.standard_normal((m, columns, columns)))[0]
    angles = lengths(rng, (m, columns), np.dtype(dtype))
    flip = rng.choice([-1.0, 1.0], (m, 1, 1))
    signs = np.diag(rng.choice([-1.0, 1.0], n))
    u, v = (rng.standard_normal(y.shape) * rng.uniform(0.5, 2, (m, 1, 1)) for _ in range(2))

    def scaled(low: float, high: float) -> Array:
        return 10 ** rng.uniform(low, high, (m, 1, 1))

    return assemble(
        geometry, kind, dtype, order,
        y=y, z=z, directions=directions, turns=turns, angles=angles, flip=flip, u=u, v=v,
        g=rng.standard_normal(y.shape) * scaled(-20, 20),
        w=rng.standard_normal(y.shape),
        scales=scaled(-3, 3),
        rotation=signs if kind == "euclidean" else np.linalg.qr(rng.standard_normal((n, n)))[0],
        triangle=_triangle(rng, m),
        symmetric=(lambda a: a + a.T)(rng.standard_normal((n, n))),
    )  # fmt: skip


def assemble(geometry: Any, kind: str, dtype: Any, order: Any, **given: Any) -> Case:
    """The case that follows from float64 matrices (m, n, p), one column but for subspaces.

    y, z points; directions orthonormal and orthogonal to y, or zeros; angles (m, p) by which h turns along them, in the
    basis `turns` (m, p, p); flip (m, 1, 1) signs of x; g, w, u, v any vectors, of which u and v are made tangent, with
    their length; scales (m, 1, 1); rotation and symmetric (n, n); triangle three corners (3, m).
    """
    y, directions, turns = given["y"], given["directions"], given["turns"]
    n, columns = y.shape[-2:]
    angles = given["angles"] * (np.arange(columns) < n - columns)  # where there is room
    reach = 0.5 if kind in ("lines", "subspaces") else 1.0
    h = directions * angles[:, None, :] @ np.matrix_transpose(turns)
    if kind in ("lines", "subspaces"):
        angles = np.where(angles == np.pi / 2, 1.5, angles)  # at pi/2 the logarithm has no answer
    x = (y @ turns * np.cos(angles)[:, None, :] + directions * np.sin(angles)[:, None, :]) @ np.matrix_transpose(turns)

    def tangent(a: Array) -> Array:
        length = np.linalg.matrix_norm(a, keepdims=True)
        if kind != "euclidean":
            for _ in range(2):  # once is not enough where little is left
                a = a - y @ (np.matrix_transpose(y) @ a)
                size = np.linalg.matrix_norm(a, keepdims=True)
                a = np.where(size > 1e-9, a / np.maximum(size, 1e-9), 0)  # 0 where nothing is tangent: p = n
            a = a * np.minimum(2, length)
        return a

    def layout(a: Array) -> Array:
        return np.asarray(a if kind == "subspaces" else a[:, :, 0].T).astype(dtype, order=order)

    return Case(
        geometry=geometry if isinstance(geometry, View) else View(geometry, kind),
        kind=kind,
        y=layout(y),
        z=layout(given["z"]),
        x=layout(x * given["flip"] if kind == "lines" else x),
        h=layout(h),
        k=layout(reach * h),
        e=layout(directions @ np.matrix_transpose(turns)),
        u=layout(tangent(given["u"])),
        v=layout(tangent(given["v"])),
        g=layout(given["g"]),
        w=layout(given["w"]),
        scales=layout(given["scales"] + 0 * y) if kind == "euclidean" else given["scales"][:, 0, 0].astype(dtype),
        rotation=given["rotation"].astype(dtype),
        turn=turns[0].astype(dtype),
        triangle=tuple(corner.astype(dtype) for corner in given["triangle"]),
        symmetric=given["symmetric"],
    )


def lengths(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Lengths from 0 to pi of six sorts, drawn alike: tiny, short, long, near pi, pi/2, 0.

    The first two are always short, between the machine epsilon and 1e-3, where a threshold would show; but where there
    are few, the first is long.
    """
    lowest, shortest, nearest = (-150, -15, 8) if dtype == np.float64 else (-30, -6, 4)
    short = 10.0 ** rng.uniform(shortest, -3, shape)
    sorts = np.stack(
        [
            np.pi * 10.0 ** rng.uniform(lowest, shortest, shape),
            short,
            np.pi * 10.0 ** rng.uniform(-3, 0, shape),
            np.pi - 10.0 ** -rng.integers(1, nearest, shape),
            np.full(shape, np.pi / 2),
            np.zeros(shape),
        ]
    )
    drawn = np.take_along_axis(sorts, rng.integers(0, len(sorts), (1, *shape)), axis=0)[0]
    few = len(drawn) < 8
    drawn[: 1 if few else 2] = np.pi * rng.uniform(0.1, 0.9, drawn[:1].shape) if few else short[:2]
    return drawn


def _orthonormal(rng: np.random.Generator, m: int, n: int, p: int) -> Array:
    return np.linalg.qr(rng.standard_normal((m, n, p)))[0]


def _tangent_frame(rng: np.random.Generator, y: Array) -> Array:
    """(m, n, p) matrices orthogonal to y: orthonormal columns, as many as there is room for, then zeros."""
    n, p = y.shape[-2:]
    room = min(p, n - p)
    drawn = rng.standard_normal(y.shape)[..., :room]
    frame = np.linalg.qr(np.concatenate([y, drawn], axis=-1))[0][..., p:]
    return np.concatenate([frame, np.zeros((*y.shape[:-1], p - room))], axis=-1)


def _triangle(rng: np.random.Generator, m: int) -> list[Array]:
    """Three corners in R^3, each less than 45 degrees from a common centre."""
    centre = rng.standard_normal((3, m))
    centre /= np.linalg.norm(centre, axis=0)
    corners = []
    for _ in range(3):
        a = rng.standard_normal((3, m))
        a -= centre * np.sum(a * centre, axis=0)
        corner = centre + a / np.linalg.norm(a, axis=0) * rng.uniform(0.1, 0.9, m)
        corners.append(corner / np.linalg.norm(corner, axis=0))
    return corners
