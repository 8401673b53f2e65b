"""The unit sphere V(1,n): every column y of an (n, m) array is a point with y'y = 1; (n,) is one column.

    grad f      = g - (y'g) y                                           (6)
    exp_y(h)    = y cos|h| + u sin|h|,   u = h/|h|                       (7)
    pt_y(v; h)  = v - (u'v)(sin|h| y + (1 - cos|h|) u)                   (8)
    d(y, x)     = 2 atan2(|x - y|, |x + y|)                             Kahan's angle
    log_y(x)    = d(y, x) w/|w|,   w = the tangent part of x - sign(y'x) y

Numbers in brackets are equations of Cho and Lee, NIPS 2017. Points must be unit vectors and h tangent (y'h = 0):
`normalize` and `project` make them so. All lengths are angles, in radians. The arrays of a call have one shape, dtype
(float32 or float64) and backend; anything else raises (see geometry/checks.py).
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array, asarray_like, get_xp
from .checks import check, check_columns, check_option


def normalize(w: Array) -> Array:
    """w/|w|, every column.  w (n, m).  Raises ValueError for a zero column: it has no direction.

    >>> import numpy as np
    >>> normalize(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    xp = check_columns(w=w)
    if not xp.all(xp.any(w != 0, axis=0)):
        raise ValueError("w: expected columns that are not zero, got a zero column; it has no direction")
    return _direction(w)[2]


def project(y: Array, g: Array) -> Array:
    """The tangent part of g: g - (y'g) y.  Equation (6).

    >>> import numpy as np
    >>> project(np.array([1.0, 0.0]), np.array([5.0, 2.0]))
    array([0., 2.])
    """
    check_columns(y=y, g=g)
    return _project(y, g)


def inner(y: Array, a: Array, b: Array) -> Array:
    """a'b, one number per column: (m,)."""
    check_columns(y=y, a=a, b=b)
    return _dot(a, b)


def norm(y: Array, h: Array) -> Array:
    """|h|, one number per column: (m,).  No overflow or underflow inside."""
    check_columns(y=y, h=h)
    return _polar(h)[0]


def scale(h: Array, s: Array) -> Array:
    """s h: every column of h times its own number.  h (n, m), s (m,)."""
    check_columns(h=h)
    if check(s=s) is not get_xp(h) or s.shape != h.shape[1:] or s.dtype != h.dtype:
        raise ValueError(f"s: expected {h.dtype} of shape {tuple(h.shape[1:])}, got {s.dtype} of {tuple(s.shape)}")
    return h * s


def exp(y: Array, h: Array) -> Array:
    """Walk from y along h, for the distance |h|: y cos|h| + u sin|h|.  Equation (7).

    >>> import numpy as np
    >>> exp(np.array([1.0, 0.0]), np.array([0.0, np.pi / 6])).round(3)
    array([0.866, 0.5  ])
    """
    xp = check_columns(y=y, h=h)
    theta, u = _polar(h)
    return y * xp.cos(theta) + u * xp.sin(theta)


def transport(y: Array, h: Array, v: Array) -> Array:
    """v carried in parallel along exp(y, t h): v - (u'v)(sin|h| y + (1 - cos|h|) u).  Equations (8) and (9)."""
    xp = check_columns(y=y, h=h, v=v)
    theta, u = _polar(h)
    return _transport(xp, y, theta, u, v)


def move(y: Array, h: Array, v: Array) -> tuple[Array, Array]:
    """(exp(y, h), transport(y, h, v)), computed once: walk along h, carrying v.  Equations (7) and (8)."""
    xp = check_columns(y=y, h=h, v=v)
    theta, u = _polar(h)
    return y * xp.cos(theta) + u * xp.sin(theta), _transport(xp, y, theta, u, v)


def distance(y: Array, x: Array) -> Array:
    """The angle between y and x in [0, pi], one number per column; their lengths do not matter.

    >>> import numpy as np
    >>> float(distance(np.array([1.0, 0.0]), np.array([1.0, 1e-9])))
    1e-09
    """
    check_columns(y=y, x=x)
    return _angle(normalize(y), normalize(x))


def log(y: Array, x: Array, cut: str | Array = "raise") -> Array:
    """The tangent vector at y that points to x and is as long as their distance; x may have any length.

    At the antipode every direction is shortest: ValueError where x/|x| = -y/|y| after rounding, unless `cut` is an
    array like y whose tangent part says which way to go there.

    >>> import numpy as np
    >>> log(np.array([1.0, 0.0]), np.array([0.0, 2.0])) / np.pi
    array([0. , 0.5])
    """
    xp = check_columns(y=y, x=x)
    y, x = normalize(y), normalize(x)
    s = xp.sign(_dot(x, y))
    # x and x - s y have the same tangent part; the latter is short where x is near y or -y, and loses no digits.
    length, u = _polar(_project(y, x - s * y))
    opposite = (length == 0) & (s < 0)
    if isinstance(cut, str):
        check_option("cut", cut, ("raise",))
        if xp.any(opposite):
            raise ValueError("log(y, x): x = -y, where every direction is shortest; choose one with cut=<direction>")
    else:
        check_columns(y=y, cut=cut)
        chosen, way = _polar(_project(y, cut))
        if xp.any(opposite & (chosen == 0)):
            raise ValueError("cut: expected a direction along the sphere where x = -y, got none there")
        u = xp.where(opposite, way, u)
    return u * xp.where(opposite, math.pi, _angle(y, x))


def random_point(shape: tuple[int, ...], rng: Any) -> Array:
    """Uniform points: an (n,) or (n, m) float64 NumPy array, drawn by the numpy Generator `rng`."""
    return normalize(rng.standard_normal(shape))


def random_tangent(y: Array, rng: Any) -> Array:
    """A standard normal vector of the tangent space at every column of y."""
    return project(y, asarray_like(rng.standard_normal(y.shape), y))


def _dot(a: Array, b: Array) -> Array:
    """a'b of every column."""
    return get_xp(a, b).sum(a * b, axis=0)


def _project(y: Array, g: Array) -> Array:
    """(6), without the checks."""
    return g - y * _dot(y, g)


def _direction(h: Array) -> tuple[Array, Array, Array]:
    """(a, b, u) with |h| = a b and u = h/|h|; all 0 for a zero column.

    a is the largest entry: dividing by it first keeps the squares from overflowing and underflowing.
    """
    xp = get_xp(h)
    largest = xp.max(xp.abs(h), axis=0)
    u = h / xp.where(largest > 0, largest, 1.0)
    length = xp.sqrt(_dot(u, u))
    return largest, length, u / xp.where(largest > 0, length, 1.0)


def _polar(h: Array) -> tuple[Array, Array]:
    """(|h|, h/|h|), and (0, 0) for a zero column."""
    largest, length, u = _direction(h)
    return largest * length, u


def _transport(xp: Any, y: Array, theta: Array, u: Array, v: Array) -> Array:
    """(8), where theta = |h|; 1 - cos|h| is written as a square, which does not cancel."""
    one_minus_cos = 2 * xp.sin(theta / 2) ** 2
    return v - (y * xp.sin(theta) + u * one_minus_cos) * _dot(u, v)


def _angle(y: Array, x: Array) -> Array:
    """The angle between unit columns, accurate from 0 to pi (Kahan)."""
    return 2 * get_xp(y, x).atan2(_polar(x - y)[0], _polar(x + y)[0])
