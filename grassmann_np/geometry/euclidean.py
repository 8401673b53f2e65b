"""Euclidean space, seen as n points of the line R: the geometry in which SGD-G is plain SGD.

    grad f = g        exp_y(h) = y + h        log_y(x) = x - y        transport: nothing turns

Every coordinate is a point of its own, so `inner`, `norm` and `distance` are elementwise and keep the shape of y,
which may be any. That is what makes Adam-G plain Adam here: one second moment per point is one per coordinate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, asarray_like
from ..checks import check_generator
from .checks import check, check_alike, check_finite, check_numbers, check_shape, is_finite, quiet


def normalize(w: Array) -> Array:
    """w itself: every real number is a point."""
    check(w=w)
    return w


def project(y: Array, g: Array) -> Array:
    """g itself: every vector is tangent."""
    check(y=y, g=g)
    return g


@quiet
def inner(y: Array, a: Array, b: Array) -> Array:
    """a b, elementwise; the shape of y."""
    check(y=y, a=a, b=b)
    return a * b


def norm(y: Array, h: Array) -> Array:
    """|h|, elementwise; the shape of y."""
    return check(y=y, h=h).abs(h)


@quiet
def scale(h: Array, s: Array) -> Array:
    """s h, elementwise."""
    check(h=h)
    (s,) = check_numbers(h, h.shape, s=s)
    return h * s


@quiet
def combine(a: float | Array, u: Array, b: float | Array, v: Array) -> Array:
    """a u + b v, where a and b are Python numbers or like u.  NaN and inf stay what they are."""
    check_alike(u=u, v=v)
    a, b = check_numbers(u, u.shape, a=a, b=b)
    return a * u + b * v


def exp(y: Array, h: Array) -> Array:
    """y + h.  Raises ValueError where that overflows."""
    check_alike(y=y, h=h)
    return _sum(y, h)


@quiet
def log(y: Array, x: Array) -> Array:
    """x - y."""
    check(y=y, x=x)
    return x - y


@quiet
def distance(y: Array, x: Array) -> Array:
    """|x - y|, elementwise; the shape of y."""
    return check(y=y, x=x).abs(x - y)


def transport(y: Array, h: Array, v: Array) -> Array:
    """v itself: the space is flat."""
    check(y=y, h=h, v=v)
    return v


def move(y: Array, h: Array, v: Array) -> tuple[Array, Array]:
    """(y + h, v).  Raises ValueError where y + h overflows."""
    check_alike(y=y, h=h, v=v)
    x = _sum(y, h)
    if v is not h:
        check_finite(v=v)
    return x, v


def random_point(shape: tuple[int, ...], rng: Any) -> Array:
    """Standard normal numbers; a float64 NumPy array."""
    check_generator(rng)
    return rng.standard_normal(check_shape(shape, 0))


def random_tangent(y: Array, rng: Any) -> Array:
    """Standard normal numbers, with the shape, dtype and device of y."""
    check_generator(rng)
    check(y=y)
    return asarray_like(rng.standard_normal(y.shape), y)


def _sum(y: Array, h: Array) -> Array:
    """y + h, which is finite only where both are."""
    with np.errstate(over="ignore", invalid="ignore"):  # an error says more than a warning
        x = y + h
    if not is_finite(x):
        check_finite(y=y, h=h, **{"y + h": x})
    return x
