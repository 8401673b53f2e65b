"""Identities 37 to 44: lines and subspaces, where several matrices are one point."""

from __future__ import annotations

import numpy as np
from scipy.linalg import subspace_angles

from ... import geometry as house
from ...backend import Array
from ..cases import CURVED, Case
from .catalogue import identity, refuses, worst
from .distances import log_scale

LINES, SUBSPACES = ("lines",), ("subspaces",)


@identity(37, kinds=LINES)
def sign_does_not_matter(c: Case) -> float:
    """d(x, -x) = 0, all d(+-x, +-y) are equal and at most pi/2.

    Catches: missing sign alignment in distance; squared distance of lines.
    """
    d = c.geometry.distance
    base = d(c.y, c.x)
    return worst(
        c.number_error(d(c.y, -c.y), 0 * base),
        (base - np.pi / 2) / c.eps,
        *(c.number_error(d(s * c.y, t * c.x), base) for s, t in ((1, -1), (-1, 1), (-1, -1))),
    )


@identity(38, kinds=LINES)
def sign_of_the_logarithm(c: Case) -> float:
    """log_x(-x) = 0, log_x(-y) = log_x y, log_{-x} y = -log_x y, exp_{-x}(-h) = -exp_x h.

    Catches: missing sign alignment in log.
    """
    log, exp, x = c.geometry.log, c.geometry.exp, c.geometry.exp(c.y, c.k)
    there = log(c.y, x)
    return worst(
        c.error(log(c.y, -c.y), 0 * c.y),
        c.error(log(c.y, -x), there),
        c.error(log(-c.y, x), -there),
        c.error(exp(-c.y, -c.h), -exp(c.y, c.h)),
    )


@identity(39, kinds=CURVED, room=True, promise="log at the cut locus is refused with a ValueError")
def cut_locus_is_refused(c: Case) -> float:
    """log raises where the shortest way is not unique: <x, y> = 0 on lines, y = -x on the sphere.

    Catches: silent cut locus; missing sign alignment in log; missing alignment of subspaces.
    """
    if c.kind == "sphere":
        return refuses(c.geometry.log, c.y, -c.y)
    n, p = c.y.shape[-2:] if c.kind == "subspaces" else (len(c.y), 1)
    axes = np.eye(n, dtype=c.y.dtype)
    y, x = axes[:, :p], axes[:, p : 2 * p]
    return refuses(c.geometry.log, y, x)


@identity(40, kinds=LINES)
def chordal_distance(c: Case) -> float:
    """|xx' - yy'|_F = sqrt(2) sin d(x, y).

    Catches: squared distance of lines.
    """
    y, x = c.matrices(c.y), c.matrices(c.x)
    chord = np.linalg.matrix_norm(y @ np.matrix_transpose(y) - x @ np.matrix_transpose(x))
    return worst(c.number_error(np.sqrt(2, dtype=c.y.dtype) * np.sin(c.geometry.distance(c.y, c.x)), chord))


@identity(41, kinds=SUBSPACES)
def distance_by_subspace_angles(c: Case) -> float:
    """d(Y, Z) = |Theta|_2, Theta by scipy.linalg.subspace_angles.

    Catches: arccos of singular values; distance of representatives.
    """
    pairs = zip(c.matrices(c.y), c.matrices(c.x), strict=True)
    angles = np.array([subspace_angles(y, x) for y, x in pairs])
    blunt = 1 / np.maximum(np.cos(angles[:, 0]), np.sqrt(c.eps))  # scipy takes some large angles from their sine
    scale = np.pi * c.weight * blunt
    return worst(c.number_error(c.geometry.distance(c.y, c.x), np.linalg.norm(angles, axis=1), scale))


@identity(42, kinds=SUBSPACES)
def representative_does_not_matter(c: Case) -> float:
    """exp_{YQ}(HQ) = exp_Y(H) Q, log_Y(ZQ) = log_Y Z, d(Y, ZQ) = d(Y, Z).

    Catches: missing alignment of subspaces; distance of representatives; arccos of singular values.
    """
    exp, log, d, q = c.geometry.exp, c.geometry.log, c.geometry.distance, c.turn
    z = exp(c.y, c.k)
    return worst(
        c.error(exp(c.y @ q, c.h @ q), exp(c.y, c.h) @ q, c.weight * np.maximum(1, c.size(c.h))),
        c.error(log(c.y, z @ q), log(c.y, z), log_scale(c, c.k)),
        c.number_error(d(c.y, z @ q), d(c.y, z), np.pi * c.weight),
    )


@identity(43, kinds=SUBSPACES)
def transport_turns_with_the_representative(c: Case) -> float:
    """T_{HQ}(XQ) = T_H(X) Q; that T is tangent, isometric and an expm is 24, 25 and 30.

    Catches: columns of a matrix taken one by one.
    """
    transport, q = c.geometry.transport, c.turn
    scale = c.weight * np.maximum(1, c.size(c.v)) * np.maximum(1, c.size(c.h))
    return worst(c.error(transport(c.y @ q, c.h @ q, c.v @ q), transport(c.y, c.h, c.v) @ q, scale))


@identity(44, kinds=SUBSPACES)
def one_dimension_is_lines(c: Case) -> float:
    """With p = 1, exp, log, transport and distance are those of lines.

    Catches: chord of subspaces; missing alignment of subspaces; distance of representatives.
    """
    y, h, v = (np.ascontiguousarray(a[..., 0].T) for a in (c.y, c.e / 2, c.v))
    y, v = house.sphere.normalize(y), house.sphere.project(y, v)
    x = house.lines.exp(y, h)

    def matrices(a: Array) -> Array:
        return np.ascontiguousarray(a.T)[..., None]

    def columns(a: Array) -> Array:
        return a[..., 0].T

    ours, lines = c.geometry, house.lines
    size = np.maximum(1, np.linalg.norm(v, axis=0))
    errors = [
        columns(ours.exp(matrices(y), matrices(h))) - lines.exp(y, h),
        columns(ours.log(matrices(y), matrices(x))) - lines.log(y, x),
        (columns(ours.transport(matrices(y), matrices(h), matrices(v))) - lines.transport(y, h, v)) / size,
        ours.distance(matrices(y), matrices(x)) - lines.distance(y, x),
    ]
    return worst(*(np.abs(error) / c.eps for error in errors))


@identity(44, kinds=SUBSPACES, room=True)
def complement_is_as_far(c: Case) -> float:
    """d(Y, Z) = d(Y^perp, Z^perp).

    Catches: distance of representatives; arccos of singular values.
    """
    p = c.p
    if c.n > 100:
        return 0.0  # a complement of a thousand dimensions takes seconds, and says no more

    def complement(y: Array) -> Array:
        return np.linalg.qr(np.asarray(y, np.float64), mode="complete")[0][..., p:].astype(c.y.dtype)

    d = c.geometry.distance
    return worst(c.number_error(d(complement(c.y), complement(c.x)), d(c.y, c.x), np.pi * np.sqrt(c.y.shape[-2])))
