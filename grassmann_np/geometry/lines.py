"""The Grassmann manifold G(1,n), the lines of R^n: the unit sphere with y and -y one point.

A line is stored as one of its two unit vectors. Nothing local changes, so gradient, geodesic and transport are the
sphere's. Only what compares two points must choose the nearer of x and -x:

    d(y, x)   = 2 atan2(shorter, longer)   of |x - y| and |x + y|;  at most pi/2
    log_y(x)  = the sphere's log_y(sign(y'x) x)

Batch normalization forgets the length of w but not its sign: BN(-z) = -BN(z). So with gamma fixed, or absent, what is
left of w is a point of the sphere, which covers G(1,n) twice. With gamma free, (y, gamma) and (-y, -gamma) are one
network.
"""

from __future__ import annotations

import math

from ..backend import Array
from ..checks import check_option
from . import sphere
from .checks import check_alike_columns
from .columns import dot
from .lengths import directions, length
from .sphere import combine, exp, inner, move, norm, normalize, project, random_point, random_tangent, scale, transport

__all__ = [
    "combine",
    "distance",
    "exp",
    "inner",
    "log",
    "move",
    "norm",
    "normalize",
    "project",
    "random_point",
    "random_tangent",
    "scale",
    "transport",
]


def distance(y: Array, x: Array) -> Array:
    """The angle between the lines of y and x in [0, pi/2], one number per column; length and sign do not matter.

    >>> import numpy as np
    >>> float(distance(np.array([1.0, 0.0]), np.array([-2.0, 0.0])))
    0.0
    """
    xp = check_alike_columns(y=y, x=x)
    y, x = directions("y", y), directions("x", x)
    near, far = length(x - y), length(x + y)
    return 2 * xp.atan2(xp.minimum(near, far), xp.maximum(near, far))


def log(y: Array, x: Array, cut: str = "raise") -> Array:
    """The tangent vector at y that points to the nearer of x and -x, as long as their distance.

    Where y'x = 0 both are equally near: ValueError, unless cut="x" or cut="-x" says where to go. After rounding, that
    is |y'x| <= 4 sqrt(n) eps: the unit vectors have lost 2 eps, and the n roundings of a sum go either way.

    >>> import numpy as np
    >>> log(np.array([1.0, 0.0]), np.array([0.0, 3.0]), cut="-x") / np.pi
    array([-0. , -0.5])
    """
    xp = check_alike_columns(y=y, x=x)
    check_option("cut", cut, ("raise", "x", "-x"))
    y, x = directions("y", y), directions("x", x)
    cosine = dot(y, x)
    at_cut = xp.abs(cosine) <= 4 * math.sqrt(y.shape[0]) * float(xp.finfo(y.dtype).eps)
    if cut == "raise" and xp.any(at_cut):
        raise ValueError('log(y, x): y\'x = 0, where x and -x are equally near; choose with cut="x" or cut="-x"')
    s = xp.where(at_cut, -1.0 if cut == "-x" else 1.0, xp.sign(cosine))
    return sphere.log(y, x * s)
