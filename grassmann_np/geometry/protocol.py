"""A geometry is a module with these functions. An optimizer or a test that knows them works on every geometry.

One name for one thing: y and x are points, h, u, v tangent vectors at y, g a vector of the surrounding space.
"One number per point" is an array with one entry per column (sphere, lines), per matrix (subspaces), or per
coordinate (euclidean, where every coordinate is a point of R).
"""

from __future__ import annotations

from typing import Any, Protocol

from ..backend import Array


class Geometry(Protocol):
    """What the modules euclidean, sphere, lines and subspaces have in common."""

    __name__: str

    def normalize(self, w: Array) -> Array:
        """The point nearest to w."""

    def project(self, y: Array, g: Array) -> Array:
        """The part of g that is tangent at y."""

    def inner(self, y: Array, a: Array, b: Array) -> Array:
        """<a, b> of tangent vectors at y, one number per point."""

    def norm(self, y: Array, h: Array) -> Array:
        """|h|, one number per point."""

    def scale(self, h: Array, s: Array) -> Array:
        """Every tangent vector h times its own number s."""

    def combine(self, a: float | Array, u: Array, b: float | Array, v: Array) -> Array:
        """a u + b v of tangent vectors at one point; a and b are numbers, or one per point."""

    def exp(self, y: Array, h: Array) -> Array:
        """Where the geodesic from y with velocity h is after unit time."""

    def log(self, y: Array, x: Array) -> Array:
        """The shortest h with exp(y, h) = x, as points: on lines that may be -x, on subspaces another basis."""

    def distance(self, y: Array, x: Array) -> Array:
        """The length of the shortest geodesic from y to x, one number per point."""

    def transport(self, y: Array, h: Array, v: Array) -> Array:
        """v carried in parallel along exp(y, t h), 0 <= t <= 1."""

    def move(self, y: Array, h: Array, v: Array) -> tuple[Array, Array]:
        """(exp(y, h), transport(y, h, v)), computed once: walk along h, carrying v."""

    def random_point(self, shape: tuple[int, ...], rng: Any) -> Array:
        """Points drawn by a numpy Generator, as a float64 NumPy array."""

    def random_tangent(self, y: Array, rng: Any) -> Array:
        """A standard normal vector of the tangent space at y, drawn on the host, with y's dtype and device."""
