"""The unit sphere V(1,n): every column y of an (n, m) array is a point with y'y = 1; (n,) is one column.

    grad f      = g - (y'g) y                                           (6)
    exp_y(h)    = y cos|h| + u sin|h|,   u = h/|h|                       (7)
    pt_y(v; h)  = v - (u'v)(sin|h| y + (1 - cos|h|) u)                   (8)
    d(y, x)     = 2 atan2(|x - y|, |x + y|)                             Kahan's angle
    log_y(x)    = theta w/|w|,   w = the tangent part of x - sign(y'x) y,   theta = atan2(|w|, y'x) = d(y, x)

Numbers in brackets are equations of Cho and Lee, NIPS 2017. Points must be unit vectors and h tangent (y'h = 0):
`normalize` and `project` make them so. All lengths are angles, in radians. The arrays of a call have one shape, dtype
(float32 or float64) and backend; anything else raises (see geometry/checks.py).
"""

from __future__ import annotations

from typing import Any

from .. import ways
from ..backend import Array, asarray_like
from ..checks import check_generator, check_option
from .checks import check_alike_columns, check_columns, check_finite, check_numbers, check_products, check_shape, quiet
from .columns import dot
from .lengths import directions, length, polar, scaled


def normalize(w: Array) -> Array:
    """w/|w|, every column.  w (n, m).  Raises ValueError for a zero column: it has no direction.

    >>> import numpy as np
    >>> normalize(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    check_alike_columns(w=w)
    return directions("w", w)


@quiet
def project(y: Array, g: Array) -> Array:
    """The tangent part of g: g - (y'g) y.  Equation (6).

    >>> import numpy as np
    >>> project(np.array([1.0, 0.0]), np.array([5.0, 2.0]))
    array([0., 2.])
    """
    check_alike_columns(y=y, g=g)
    check_finite(y=y)
    factor, _, g = scaled(g, "g")  # 1 and g, unless a square of g overflows or underflows
    h = g - dot(y, g) * y
    return factor * (h - dot(y, h) * y)  # again, because what rounding left along y may be more than h


def inner(y: Array, a: Array, b: Array) -> Array:
    """a'b, one number per column: (m,)."""
    check_alike_columns(y=y, a=a, b=b)
    products = dot(a, b)
    check_products(products, a=a, b=b)
    return products


def norm(y: Array, h: Array) -> Array:
    """|h|, one number per column: (m,).  No overflow or underflow inside."""
    check_alike_columns(y=y, h=h)
    return length(h)


@quiet
def scale(h: Array, s: Array) -> Array:
    """s h: every column of h times its own number.  h (n, m), s (m,)."""
    check_columns(h=h)
    (s,) = check_numbers(h, h.shape[1:], s=s)
    return h * s


@quiet
def combine(a: float | Array, u: Array, b: float | Array, v: Array) -> Array:
    """a u + b v, where a and b are Python numbers or (m,), one number per column.  NaN and inf stay what they are."""
    check_alike_columns(u=u, v=v)
    a, b = check_numbers(u, u.shape[1:], a=a, b=b)
    return a * u + b * v


def exp(y: Array, h: Array) -> Array:
    """Walk from y along h, for the distance |h|: y cos|h| + u sin|h|.  Equation (7).

    >>> import numpy as np
    >>> exp(np.array([1.0, 0.0]), np.array([0.0, np.pi / 6])).round(3)
    array([0.866, 0.5  ])
    """
    xp = check_alike_columns(y=y, h=h)
    if (found := ways.tried("sphere", "exp", y, h)) is not None:
        return found
    check_finite(y=y)
    theta, u = polar(h)
    return y * xp.cos(theta) + u * xp.sin(theta)


def transport(y: Array, h: Array, v: Array) -> Array:
    """v carried in parallel along exp(y, t h): v - (u'v)(sin|h| y + (1 - cos|h|) u).  Equation (8)."""
    return move(y, h, v)[1]


@quiet
def move(y: Array, h: Array, v: Array) -> tuple[Array, Array]:
    """(exp(y, h), transport(y, h, v)), computed once: walk along h, carrying v.  Equations (7) and (8)."""
    xp = check_alike_columns(y=y, h=h, v=v)
    if (found := ways.tried("sphere", "move", y, h, v)) is not None:
        point, carried = found
        return point, carried
    check_finite(y=y)
    factor, _, v = scaled(v, "v")
    theta, u = polar(h)
    cos, sin = xp.cos(theta), xp.sin(theta)
    one_minus_cos = 2 * xp.sin(theta / 2) ** 2  # does not cancel
    point = y * cos + u * sin
    carried = v - dot(u, v) * (y * sin + u * one_minus_cos)
    return point, factor * carried


def distance(y: Array, x: Array) -> Array:
    """The angle between y and x in [0, pi], one number per column; their lengths do not matter.

    >>> import numpy as np
    >>> float(distance(np.array([1.0, 0.0]), np.array([1.0, 1e-9])))
    1e-09
    """
    xp = check_alike_columns(y=y, x=x)
    y, x = directions("y", y), directions("x", x)
    return 2 * xp.atan2(length(x - y), length(x + y))


def log(y: Array, x: Array, cut: str | Array = "raise") -> Array:
    """The tangent vector at y that points to x and is as long as their distance; x may have any length.

    At the antipode every direction is shortest: ValueError where x/|x| = -y/|y| to within 4 eps, which is what rounding
    of the two may make of it, unless `cut` is an array like y whose tangent part says which way to go there.

    >>> import numpy as np
    >>> log(np.array([1.0, 0.0]), np.array([0.0, 2.0])) / np.pi
    array([0. , 0.5])
    """
    xp = check_alike_columns(y=y, x=x)
    if (found := ways.tried("sphere", "log", y, x)) is not None:
        return found
    y, x = directions("y", y), directions("x", x)
    cosine = dot(y, x)
    s = xp.sign(cosine)
    # x and x - s y have the same tangent part; the latter is short where x is near y or -y, and loses no digits.
    sine, u = polar(project(y, x - s * y))
    opposite = (sine <= 4 * float(xp.finfo(y.dtype).eps)) & (s < 0)
    if isinstance(cut, str):
        check_option("cut", cut, ("raise",))
        if xp.any(opposite):
            raise ValueError("log(y, x): x = -y, where every direction is shortest; choose one with cut=<direction>")
    else:
        check_columns(y=y, cut=cut)
        chosen, way = polar(project(y, cut))
        if xp.any(opposite & (chosen == 0)):
            raise ValueError("cut: expected a direction along the sphere where x = -y, got none there")
        u = xp.where(opposite, way, u)
    return u * xp.atan2(sine, cosine)


def random_point(shape: tuple[int, ...], rng: Any) -> Array:
    """Uniform points: an (n,) or (n, m) float64 NumPy array, drawn by the numpy Generator `rng`."""
    check_generator(rng)
    return normalize(rng.standard_normal(check_shape(shape, 1, 2)))


def random_tangent(y: Array, rng: Any) -> Array:
    """A standard normal vector of the tangent space at every column of y."""
    check_generator(rng)
    check_columns(y=y)
    return project(y, asarray_like(rng.standard_normal(y.shape), y))
