"""Identities 7 to 14: the exponential map walks geodesics."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

from ...backend import Array
from ..cases import CURVED, KINDS, Case
from .catalogue import identity, worst


def rotated_along(c: Case, h: Array, a: Array) -> Array:
    """ORACLE: a after the rotation expm(h y' - y h') of the space, which walks y along h; float64 matrices (m, n, p).

    In many dimensions the rotation is that of the span of y and h, from an orthonormal basis Q of it:
    Q expm(Q'(h y' - y h')Q) Q' + (1 - QQ').
    """
    y, h, a = c.matrices(c.y), c.matrices(h), c.matrices(a)
    q = np.linalg.qr(np.concatenate([y, h], axis=-1))[0] if 4 * c.p < c.n else np.eye(c.n)
    q = np.broadcast_to(q, (*a.shape[:-1], q.shape[-1]))
    turn = np.matrix_transpose(q) @ h @ (np.matrix_transpose(y) @ q)
    inside = np.matrix_transpose(q) @ a
    return a + q @ (expm(turn - np.matrix_transpose(turn)) @ inside - inside)


@identity(7, kinds=CURVED)
def exp_stays_on_the_manifold(c: Case) -> float:
    """|exp_x h| = 1; exp_Y H is orthonormal.

    Catches: straight line; eps-damped step.
    """
    y = c.matrices(c.geometry.exp(c.y, c.h))
    gram = np.matrix_transpose(y) @ y - np.eye(y.shape[-1])
    return worst(np.linalg.matrix_norm(gram) / 2 / (c.eps * c.weight))


@identity(7, limit=0.0, promise="exp(y, 0) is y to the last bit")
def exp_of_zero(c: Case) -> float:
    """exp_x 0 = x, bitwise.

    Catches: renormalized exp; QR flip; chord of subspaces.
    """
    return worst(c.error(c.geometry.exp(c.y, 0 * c.h), c.y))


@identity(8)
def distance_is_length(c: Case) -> float:
    """d(x, exp_x h) = |h|, while no shorter way leads there: up to pi on the sphere, pi/2 on lines.

    Catches: arccos distance; step ignored below 1e-12; step ignored below 1e-8.
    """
    length = c.size(c.k)
    return worst(c.number_error(c.geometry.distance(c.y, c.geometry.exp(c.y, c.k)), length, np.maximum(1, length)))


@identity(8, kinds=("sphere", "lines"))
def distance_folds(c: Case) -> float:
    """d(x, exp_x h) = |h| folded to [0, pi] on the sphere, [0, pi/2] on lines, also for |h| up to 3 pi.

    Catches: missing sign alignment in distance; chordal distance; squared distance.
    """
    period = 2 * c.reach
    long = 3 * c.h
    length = c.size(long)
    folded = np.abs(length - period * np.round(length / period))
    return worst(c.number_error(c.geometry.distance(c.y, c.geometry.exp(c.y, long)), folded, np.maximum(1, length)))


@identity(9, kinds=CURVED, room=True)
def half_turn_and_full_turn(c: Case) -> float:
    """exp_x(pi e) = -x and exp_x(2 pi e) = x.

    Catches: QR flip; chord of subspaces; chord for geodesic.
    """
    pi = np.asarray(np.pi, c.y.dtype)
    return worst(
        c.error(c.geometry.exp(c.y, pi * c.e), -c.y, np.pi * c.weight),
        c.error(c.geometry.exp(c.y, 2 * pi * c.e), c.y, 2 * np.pi * c.weight),
    )


@identity(10)
def flow(c: Case) -> float:
    """exp_{c(s)}((t - s) c'(s)) = c(t): walking on from a point of the geodesic stays on it.

    Catches: move forgets to carry; columns of a matrix taken one by one; a matrix taken for one vector.
    """
    s, rest = c.h * 0.25, 0.75
    middle, velocity = c.geometry.move(c.y, s, c.h)
    return worst(
        c.error(
            c.geometry.exp(middle, rest * velocity), c.geometry.exp(c.y, c.h), c.weight * np.maximum(1, c.size(c.h))
        )
    )


@identity(11)
def no_acceleration(c: Case) -> float:
    """P_c c'' = 0: c(t + s) - 2 c(t) + c(t - s) has no tangent part, for any s.

    Catches: nothing projected; too little projected; QR flip.
    """
    before, middle, after = (c.geometry.exp(c.y, t * c.h) for t in (0.25, 0.5, 0.75))
    tangent = c.geometry.project(middle, before - 2 * middle + after)
    return worst(c.error(tangent, 0 * tangent, c.weight * np.maximum(1, c.size(c.h))))


@identity(12)
def constant_speed(c: Case) -> float:
    """d(c(s), c(t)) = |t - s| |h|, while no shorter way leads there.

    Catches: chordal distance; distance of representatives; squared distance.
    """
    length = c.size(c.k)
    points = [c.geometry.exp(c.y, t * c.k) for t in (0.0, 0.25, 0.75)]
    return worst(
        *(
            c.number_error(c.geometry.distance(a, b), t * length, np.maximum(1, length))
            for a, b, t in zip(points, points[1:], (0.25, 0.5), strict=False)
        )
    )


@identity(13)
def exp_by_matrix_exponential(c: Case) -> float:
    """exp_x h = expm(h x' - x h') x, computed by scipy.

    Catches: eps-damped step; step ignored below 1e-12; step ignored below 1e-8.
    """
    if c.kind == "euclidean":
        return worst(c.error(c.geometry.exp(c.y, c.h), c.y + c.h, c.weight))
    expected = rotated_along(c, c.h, c.y)
    difference = c.matrices(c.geometry.exp(c.y, c.h)) - expected
    scale = c.weight * np.maximum(1, c.size(c.h))
    return worst(np.linalg.matrix_norm(difference) / (c.eps * scale))


@identity(14, kinds=KINDS)
def rotations_commute(c: Case) -> float:
    """R exp_x h = exp_{Rx} Rh for orthogonal R; the same for log, transport and distance.

    Catches: distance by the largest entry; arccos distance; arccos of singular values.
    """
    r, (exp, log) = c.rotation, (c.geometry.exp, c.geometry.log)
    x = exp(c.y, c.k / 2)
    scale = c.weight * np.maximum(1, c.size(c.h)) * np.sqrt(len(r))
    return worst(
        c.error(exp(r @ c.y, r @ c.h), r @ exp(c.y, c.h), scale),
        c.error(log(r @ c.y, r @ x), r @ log(c.y, x), scale),
        c.error(
            c.geometry.transport(r @ c.y, r @ c.h, r @ c.v),
            r @ c.geometry.transport(c.y, c.h, c.v),
            scale * np.maximum(1, c.size(c.v)),
        ),
        c.number_error(c.geometry.distance(r @ c.y, r @ x), c.geometry.distance(c.y, x), scale),
    )
