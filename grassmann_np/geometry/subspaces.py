"""The Grassmann manifold G(p,n), the p-dimensional subspaces of R^n: orthonormal n x p matrices Y, Y'Y = I.

Y and YQ span the same subspace, Q orthogonal. A tangent vector is an n x p matrix H with Y'H = 0; H = U S V' (SVD).

    grad f      = G - Y (Y'G)
    exp_Y(H)    = Y V cos(S) V' + U sin(S) V'
    pt_Y(X; H)  = X - (Y V sin(S) + U (1 - cos(S))) U'X
    d(Y, X)     = |theta|_2, theta the principal angles = atan2(sv((I - YY')X), sv(Y'X))
    log_Y(X)    = L R (theta/sin(theta)) R',  L = the tangent part of X Q R',  X'Y = Q cos(theta) R'

Source: Edelman, Arias and Smith, SIAM J. Matrix Anal. Appl. 20 (1998), section 2.5; angles: Knyazev and Argentati,
SIAM J. Sci. Comput. 23 (2002). With p = 1 this is `lines`. Arrays are (..., n, p), n >= p, float32 or float64.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array, asarray_like, get_xp
from ..checks import check_generator, check_option
from .checks import check_matrices, check_numbers, check_shape, is_finite, quiet


def normalize(w: Array) -> Array:
    """The nearest orthonormal matrix, the polar factor of w; unlike QR it keeps the representative.

    Raises ValueError if the columns of a matrix are linearly dependent, to rounding.
    """
    xp = check_matrices(w=w)
    u, s, vt = _svd("w", _scaled(xp, w)[1])
    rounding = w.shape[-2] * float(xp.finfo(w.dtype).eps) * s[..., :1]  # what an exact 0 may have become
    if not xp.all(s > rounding):
        raise ValueError("w: expected linearly independent columns, got a matrix of lower rank")
    return u @ vt


@quiet
def project(y: Array, g: Array) -> Array:
    """The tangent part of g: G - Y (Y'G)."""
    factor, g = _scaled(check_matrices(y=y, g=g), g)
    return factor * _project(y, g)


@quiet
def inner(y: Array, a: Array, b: Array) -> Array:
    """trace(A'B), one number per matrix: (...)."""
    return _sum(check_matrices(y=y, a=a, b=b), a * b, (-2, -1))


@quiet
def norm(y: Array, h: Array) -> Array:
    """The Frobenius norm |H|, one number per matrix: (...).  No overflow or underflow inside."""
    return _norm(check_matrices(y=y, h=h), h, (-2, -1))


@quiet
def scale(h: Array, s: Array) -> Array:
    """s H: every matrix of h times its own number.  h (..., n, p), s (...)."""
    check_matrices(h=h)
    (s,) = check_numbers(h, h.shape[:-2], s=s)
    return _times(s, h)


@quiet
def combine(a: float | Array, u: Array, b: float | Array, v: Array) -> Array:
    """a U + b V, where a and b are Python numbers or (...), one number per matrix."""
    check_matrices(u=u, v=v)
    a, b = check_numbers(u, u.shape[:-2], a=a, b=b)
    return _times(a, u) + _times(b, v)


def exp(y: Array, h: Array) -> Array:
    """Walk from Y along H: the subspace turns by the singular values of H, in radians."""
    return move(y, h, h)[0]


def transport(y: Array, h: Array, v: Array) -> Array:
    """v carried in parallel along exp(y, t h)."""
    return move(y, h, v)[1]


@quiet
def move(y: Array, h: Array, v: Array) -> tuple[Array, Array]:
    """(exp(y, h), transport(y, h, v)), computed once from one SVD: walk along h, carrying v."""
    xp = check_matrices(y=y, h=h, v=v)
    u, s, vt = _svd("h", h)
    if not is_finite(s):
        raise ValueError("h: expected singular values that are numbers, got one beyond the largest")
    factor, v = _scaled(xp, v)
    yv = y @ _t(vt)
    sine, one_minus_cos = xp.sin(s)[..., None, :], 2 * xp.sin(s / 2)[..., None, :] ** 2
    point = y + (u * sine - yv * one_minus_cos) @ vt
    carried = v - (yv * sine + u * one_minus_cos) @ (_t(u) @ v)
    return point, factor * carried


@quiet
def distance(y: Array, x: Array) -> Array:
    """The root of the sum of the squared principal angles, one number per matrix: (...); at most sqrt(p) pi/2."""
    xp = check_matrices(y=y, x=x)
    return _norm(xp, principal_angles(y, x), -1)


@quiet
def principal_angles(y: Array, x: Array) -> Array:
    """The p angles between two subspaces, smallest first, each in [0, pi/2]: (..., p)."""
    xp = check_matrices(y=y, x=x)
    cosine = _svd("y, x", _t(y) @ x)[1]
    sine = xp.flip(_svd("y, x", _project(y, x))[1], axis=-1)
    return xp.atan2(sine, cosine)


@quiet
def log(y: Array, x: Array, cut: str = "raise") -> Array:
    """The shortest tangent vector H at Y with exp(Y, H) spanning the same subspace as X.

    Where a principal angle is pi/2 (Y'X singular) there are several: ValueError, unless cut="any" takes the one that
    the SVD happens to give. After rounding, that is a cosine <= 4 sqrt(n p) eps: 4 sqrt(n) eps in every entry of Y'X,
    as for lines, and p entries in a column.
    """
    xp = check_matrices(y=y, x=x)
    check_option("cut", cut, ("raise", "any"))
    q, cosine, rt = _svd("y, x", _t(x) @ y)
    rounding = 4 * math.sqrt(y.shape[-2] * y.shape[-1]) * float(xp.finfo(y.dtype).eps)
    if cut == "raise" and not xp.all(cosine > rounding):
        raise ValueError('log(y, x): a principal angle is pi/2, where several geodesics are shortest; choose cut="any"')
    toward = _project(y, x @ (q @ rt) - y)  # X turned within its subspace to be nearest to Y
    lr = toward @ _t(rt)  # orthogonal columns of length sin(theta)
    sine = _norm(xp, lr, -2)
    theta = xp.atan2(sine, cosine)
    stretch = xp.where(sine > 0, theta / xp.where(sine > 0, sine, 1.0), 1.0)
    return (lr * stretch[..., None, :]) @ rt


def random_point(shape: tuple[int, ...], rng: Any) -> Array:
    """Uniform subspaces: a (..., n, p) float64 NumPy array, drawn by the numpy Generator `rng`."""
    check_generator(rng)
    return normalize(rng.standard_normal(check_shape(shape, 2)))


def random_tangent(y: Array, rng: Any) -> Array:
    """A standard normal vector of the tangent space at every matrix of y."""
    check_generator(rng)
    check_matrices(y=y)
    return project(y, asarray_like(rng.standard_normal(y.shape), y))


def _t(a: Array) -> Array:
    """The transpose of every matrix."""
    return get_xp(a).matrix_transpose(a)


def _times(s: float | Array, h: Array) -> Array:
    """s H, s a number or one per matrix."""
    return h * (s if isinstance(s, int | float) else s[..., None, None])


def _project(y: Array, g: Array) -> Array:
    h = g - y @ (_t(y) @ g)
    return h - y @ (_t(y) @ h)  # again, because what rounding left in Y may be more than H


def _norm(xp: Any, a: Array, axis: int | tuple[int, int]) -> Array:
    """The root of the sum of squares over `axis`. Division by the largest entry keeps squares in range."""
    largest = _largest(xp, a, axis)
    return xp.squeeze(largest, axis=axis) * xp.sqrt(_sum(xp, (a / largest) ** 2, axis))


def _svd(name: str, a: Array) -> Any:
    """The thin SVD.  Raises ValueError for NaN and inf, which points that are not orthonormal may lead to."""
    if not is_finite(a):
        raise ValueError(f"{name}: expected orthonormal matrices, got products beyond the largest number")
    return get_xp(a).linalg.svd(a, full_matrices=False)


def _scaled(xp: Any, a: Array) -> tuple[Array, Array]:
    """(s, A/s) of every matrix: s = 1, or the largest entry where products of entries could leave the range."""
    largest, tiny = _largest(xp, a, (-2, -1)), float(xp.finfo(a.dtype).smallest_normal) ** 0.25
    largest = xp.where((largest > tiny) & (largest < 1 / tiny), 1.0, largest)
    return largest, a / largest


def _largest(xp: Any, a: Array, axis: int | tuple[int, int]) -> Array:
    """The largest |entry| over `axis`, which stays; 1 where all are 0."""
    largest = xp.max(xp.abs(a), axis=axis, keepdims=True)
    return xp.where(largest > 0, largest, 1.0)


def _sum(xp: Any, a: Array, axis: int | tuple[int, int]) -> Array:
    """The sum over `axis`, added up in float64: rounding does not grow with the length."""
    return xp.astype(xp.sum(a, axis=axis, dtype=xp.float64), a.dtype)
