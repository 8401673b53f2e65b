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

from functools import cache
from typing import Any

import numpy as np

from ..backend import Array, asarray_like, get_xp
from . import columns
from .checks import check_alike_columns, check_columns, check_finite, check_numbers, check_option, check_products
from .columns import dot


def normalize(w: Array) -> Array:
    """w/|w|, every column.  w (n, m).  Raises ValueError for a zero column: it has no direction.

    >>> import numpy as np
    >>> normalize(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    check_alike_columns(w=w)
    _, length, w = _nonzero("w", w)
    return w / length


def project(y: Array, g: Array) -> Array:
    """The tangent part of g: g - (y'g) y.  Equation (6).

    >>> import numpy as np
    >>> project(np.array([1.0, 0.0]), np.array([5.0, 2.0]))
    array([0., 2.])
    """
    check_alike_columns(y=y, g=g)
    return _project(y, g)


def inner(y: Array, a: Array, b: Array) -> Array:
    """a'b, one number per column: (m,)."""
    check_alike_columns(y=y, a=a, b=b)
    products = dot(a, b)
    check_products(products, a=a, b=b)
    return products


def norm(y: Array, h: Array) -> Array:
    """|h|, one number per column: (m,).  No overflow or underflow inside."""
    check_alike_columns(y=y, h=h)
    return _length(h)


def scale(h: Array, s: Array) -> Array:
    """s h: every column of h times its own number.  h (n, m), s (m,)."""
    check_columns(h=h)
    check_numbers(h, h.shape[1:], s=s)
    return h * s


def combine(a: float | Array, u: Array, b: float | Array, v: Array) -> Array:
    """a u + b v, where a and b are Python numbers or (m,), one number per column.  NaN and inf stay what they are."""
    check_alike_columns(u=u, v=v)
    check_numbers(u, u.shape[1:], a=a, b=b)
    return columns.combine(a, u, b, v)


def exp(y: Array, h: Array) -> Array:
    """Walk from y along h, for the distance |h|: y cos|h| + u sin|h|.  Equation (7).

    >>> import numpy as np
    >>> exp(np.array([1.0, 0.0]), np.array([0.0, np.pi / 6])).round(3)
    array([0.866, 0.5  ])
    """
    check_alike_columns(y=y, h=h)
    check_finite(y=y)
    cos, sinc, _ = _turn(_length(h))
    return columns.combine(cos, y, sinc, h)


def transport(y: Array, h: Array, v: Array) -> Array:
    """v carried in parallel along exp(y, t h): v - (u'v)(sin|h| y + (1 - cos|h|) u).  Equations (8) and (9)."""
    _, to_carry = _coefficients(y, h, v)
    return columns.combinations([y, h, v], to_carry)[0]


def move(y: Array, h: Array, v: Array) -> tuple[Array, Array]:
    """(exp(y, h), transport(y, h, v)), computed once: walk along h, carrying v.  Equations (7) and (8)."""
    point, carried = columns.combinations([y, h, v], *_coefficients(y, h, v))
    return point, carried


def distance(y: Array, x: Array) -> Array:
    """The angle between y and x in [0, pi], one number per column; their lengths do not matter.

    >>> import numpy as np
    >>> float(distance(np.array([1.0, 0.0]), np.array([1.0, 1e-9])))
    1e-09
    """
    check_alike_columns(y=y, x=x)
    return _angle(normalize(y), normalize(x))


def log(y: Array, x: Array, cut: str | Array = "raise") -> Array:
    """The tangent vector at y that points to x and is as long as their distance; x may have any length.

    At the antipode every direction is shortest: ValueError where x/|x| = -y/|y| after rounding, unless `cut` is an
    array like y whose tangent part says which way to go there.

    >>> import numpy as np
    >>> log(np.array([1.0, 0.0]), np.array([0.0, 2.0])) / np.pi
    array([0. , 0.5])
    """
    xp = check_alike_columns(y=y, x=x)
    (_, y_length, y), (_, x_length, x) = _nonzero("y", y), _nonzero("x", x)
    cosine = dot(y, x) / y_length / x_length
    s = xp.sign(cosine)
    # x and x - s y have the same tangent part; the latter is short where x is near y or -y, and loses no digits.
    toward = columns.combine(-s / y_length, y, 1 / x_length, x)
    toward = columns.combine(-dot(y, toward) / y_length**2, y, 1.0, toward)
    factor, length, u = _scaled(toward)
    angle = xp.atan2(factor * length, cosine)
    opposite = (length == 0) & (s < 0)
    if isinstance(cut, str):
        check_option("cut", cut, ("raise",))
        if xp.any(opposite):
            raise ValueError("log(y, x): x = -y, where every direction is shortest; choose one with cut=<direction>")
    else:
        check_columns(y=y, cut=cut)
        chosen, way = _polar(_project(y / y_length, cut))
        if xp.any(opposite & (chosen == 0)):
            raise ValueError("cut: expected a direction along the sphere where x = -y, got none there")
        u, length = xp.where(opposite, way, u), xp.where(opposite, 1.0, length)
    return u * (angle / xp.where(length > 0, length, 1.0))


def random_point(shape: tuple[int, ...], rng: Any) -> Array:
    """Uniform points: an (n,) or (n, m) float64 NumPy array, drawn by the numpy Generator `rng`."""
    return normalize(rng.standard_normal(shape))


def random_tangent(y: Array, rng: Any) -> Array:
    """A standard normal vector of the tangent space at every column of y."""
    return project(y, asarray_like(rng.standard_normal(y.shape), y))


def _project(y: Array, g: Array) -> Array:
    """(6), with a check for NaN and inf."""
    along = dot(y, g)
    check_products(along, y=y, g=g)
    return columns.combine(-along, y, 1.0, g)


def _coefficients(y: Array, h: Array, v: Array) -> tuple[list[float | Array], list[float | Array]]:
    """What y, h and v are multiplied by in (7) and in (8), with the checks of `move`."""
    check_alike_columns(y=y, h=h, v=v)
    check_finite(y=y)
    theta = _length(h)
    cos, sinc, versinc = _turn(theta)
    if v is h:
        return [cos, sinc, 0.0], [-theta * theta * sinc, cos, 0.0]  # (9)
    along = dot(h, v)
    check_products(along, h=h, v=v)
    return [cos, sinc, 0.0], [-along * sinc, -along * versinc, 1.0]  # (8)


def _turn(theta: Array) -> tuple[Array, Array, Array]:
    """cos, sin/theta and (1 - cos)/theta^2 of theta; the last as a square, which does not cancel.

    The last two multiply h, which is 0 where theta is: there they may be anything.
    """
    xp = get_xp(theta)
    divisor = xp.where(theta > 0, theta, 1.0)
    return xp.cos(theta), xp.sin(theta) / divisor, 2 * (xp.sin(theta / 2) / divisor) ** 2


def _length(h: Array) -> Array:
    """|h| of every column, with a check for NaN and inf."""
    factor, length, _ = _scaled(h)
    return factor * length


def _polar(h: Array) -> tuple[Array, Array]:
    """(|h|, h/|h|), and (0, 0) for a zero column, with a check for NaN and inf."""
    factor, length, u = _scaled(h)
    return factor * length, u / get_xp(h).where(length > 0, length, 1.0)


def _nonzero(name: str, w: Array) -> tuple[float | Array, Array, Array]:
    """`_scaled`, with a check for zero columns."""
    factor, length, scaled = _scaled(w)
    if not get_xp(w).all(length > 0):
        raise ValueError(f"{name}: expected columns that are not zero, got a zero column; it has no direction")
    return factor, length, scaled


def _scaled(h: Array) -> tuple[float | Array, Array, Array]:
    """(a, |h/a|, h/a) of every column, with a check for NaN and inf.

    a is 1, unless a square of h overflows or underflows: then it is the largest entry, or 1 for a zero column.
    """
    xp, (squares, came_out) = get_xp(h), _squares(h)
    if came_out:
        return 1.0, xp.sqrt(squares), h
    check_finite(h=h)
    largest = xp.max(xp.abs(h), axis=0)
    largest = xp.where(largest > 0, largest, 1.0)
    scaled = h / largest
    return largest, xp.sqrt(dot(scaled, scaled)), scaled


def _squares(h: Array) -> tuple[Array, bool]:
    """|h|^2 of every column, and whether all came out: without overflow, underflow, NaN or 0."""
    with np.errstate(over="ignore"):
        squares = dot(h, h)
    smallest, largest = _limits(get_xp(h), h.dtype)
    return squares, bool(get_xp(h).all((squares > h.shape[0] * smallest) & (squares <= largest)))


@cache
def _limits(xp: Any, dtype: Any) -> tuple[float, float]:
    """The smallest normal number and the largest one."""
    return float(xp.finfo(dtype).smallest_normal), float(xp.finfo(dtype).max)


def _angle(y: Array, x: Array) -> Array:
    """The angle between unit columns, accurate from 0 to pi (Kahan)."""
    return 2 * get_xp(y, x).atan2(_length(x - y), _length(x + y))
