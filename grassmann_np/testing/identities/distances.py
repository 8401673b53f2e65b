"""Identities 15 to 23: the logarithm and the distance."""

from __future__ import annotations

import numpy as np

from ...backend import Array
from ..cases import CURVED, ROUND, Case
from .catalogue import identity, slope_deficit, worst
from .projection import normal_part


def log_scale(c: Case, h: Array) -> Array:
    """The natural scale of log at h, its condition number: theta/sin(theta), theta the largest angle by which h turns.

    On subspaces two angles act together, theta = theta_1 + theta_2: near pi, two planes turn into each other freely.
    """
    if c.kind == "euclidean":
        return c.weight * np.maximum(1, c.size(h))
    theta = np.sum(c.angles(h)[:, :2], axis=1)
    return c.weight / np.maximum(np.sinc(theta / np.pi), c.eps)


@identity(15)
def exp_of_log(c: Case) -> float:
    """exp_x(log_x y) = y.

    Catches: missing sign alignment in log; logarithm of wrong sign; missing alignment of subspaces.
    """
    return worst(c.gap(c.geometry.exp(c.y, c.geometry.log(c.y, c.x)), c.x) / 2)  # two maps


@identity(16)
def log_of_exp(c: Case) -> float:
    """log_x(exp_x h) = h, |h| below the injectivity radius.

    Catches: logarithm of wrong sign; missing alignment of subspaces; step ignored below 1e-12.
    """
    return worst(c.error(c.geometry.log(c.y, c.geometry.exp(c.y, c.k)), c.k, log_scale(c, c.k)))


@identity(17)
def log_is_tangent_and_as_long_as_the_distance(c: Case) -> float:
    """<x, log_x y> = 0, |log_x y| = d(x, y), log_x x = 0.

    Catches: missing sign alignment in distance; missing sign alignment in log; chordal distance.
    """
    log, self_log = c.geometry.log(c.y, c.x), c.geometry.log(c.y, c.y)
    normal = normal_part(c, c.y, log) if c.kind in CURVED else 0.0
    return worst(
        normal / (c.eps * c.weight * np.pi),
        c.number_error(c.geometry.distance(c.y, c.x), c.size(log), np.maximum(1, c.size(log))),
        c.error(self_log, 0 * self_log, c.weight),
    )


@identity(18)
def distance_is_a_metric(c: Case) -> float:
    """d(x, y) = d(y, x) >= 0, d(x, x) = 0, d(x, z) <= d(x, y) + d(y, z).

    Catches: squared distance; arccos distance; arccos of singular values.
    """
    d = c.geometry.distance
    there, back, through = d(c.y, c.x), d(c.x, c.y), d(c.x, c.z) + d(c.z, c.y)
    scale = c.eps * c.weight * np.maximum(1, c.size(c.x) + c.size(c.z))
    return worst(
        c.number_error(there, back, scale / c.eps),
        -there / scale,
        (there - through) / scale,
        c.number_error(d(c.y, c.y), 0 * there, c.weight),
    )


@identity(18, kinds=("euclidean", *ROUND), limit=0.0, promise="d(y, y) is 0 to the last bit")
def distance_to_itself(c: Case) -> float:
    """d(x, x) = 0, exactly.

    Catches: distance never zero; arccos distance.
    """
    return worst(c.geometry.distance(c.y, c.y) / c.eps)


@identity(19, kinds=ROUND)
def three_formulas_for_an_angle(c: Case) -> float:
    """d = 2 asin(|x - y|/2) = atan2(|P_x y|, <x, y>).

    Catches: chordal distance; missing sign alignment in distance; squared distance.
    """
    y, x = (np.asarray(a, np.float64) for a in (c.y, c.x))
    if c.kind == "lines":
        x = x * np.where(c.dot(y, x) < 0, -1, 1)
    by_tangent = np.arctan2(c.size(x - y * c.dot(y, x) / c.dot(y, y)), c.dot(y, x))
    half = np.minimum(1.0, c.size(x - y) / 2)
    by_chord = 2 * np.arcsin(half)
    blunt = 1 / np.maximum(np.sqrt(1 - half**2), np.sqrt(c.eps))  # asin is blind near 1
    d = c.geometry.distance(c.y, c.x)
    return worst(c.number_error(d, by_tangent, np.pi), c.number_error(d, by_chord, np.pi * blunt))


@identity(20, kinds=ROUND)
def cosine_law(c: Case) -> float:
    """cos d(b, c) = cos d(a, b) cos d(a, c) + sin d(a, b) sin d(a, c) cos A, A the angle between the logs at a.

    Catches: chordal distance; squared distance; distance by the largest entry.
    """
    a, b, z = c.triangle
    d, inner = c.geometry.distance, c.geometry.inner
    to_b, to_z = c.geometry.log(a, b), c.geometry.log(a, z)
    cos_angle = inner(a, to_b, to_z) / (d(a, b) * d(a, z))
    right = np.cos(d(a, b)) * np.cos(d(a, z)) + np.sin(d(a, b)) * np.sin(d(a, z)) * cos_angle
    return worst(c.number_error(np.cos(d(b, z)), right))


@identity(21)
def log_back(c: Case) -> float:
    """log_y x = -T log_x y.

    Catches: columns of a matrix taken one by one; logarithm of wrong sign; a matrix taken for one vector.
    """
    there = c.geometry.log(c.y, c.geometry.exp(c.y, c.k))
    back = c.geometry.log(c.geometry.exp(c.y, there), c.y)
    return worst(c.error(back, -c.geometry.transport(c.y, there, there), log_scale(c, c.k)))


@identity(22, unit="slope", limit=0.1)
def gradient_of_half_squared_distance(c: Case) -> float:
    """d(exp_x tu, y)^2/2 - d(x, y)^2/2 + t <log_x y, u> has slope 2 in t.

    Catches: logarithm of wrong sign; chordal distance; missing alignment of subspaces.
    """
    x = c.geometry.exp(c.y, 0.5 * c.e)
    half_square = c.geometry.distance(c.y, x) ** 2 / 2
    rate = c.geometry.inner(c.y, c.geometry.log(c.y, x), c.u)
    return slope_deficit(
        lambda t: c.geometry.distance(c.geometry.exp(c.y, t / 2 * c.u), x) ** 2 / 2 - half_square + t / 2 * rate, 2
    )


@identity(23)
def frechet_mean(c: Case) -> float:
    """The sum of log_m x_i is 0 at the mean m, here the middle of the pairs exp_m(+-h).

    Catches: tilted logarithm; double speed.
    """
    pairs = [c.geometry.exp(c.y, sign * h) for h in (c.k, 0.7 * c.e, 0.3 * c.k) for sign in (1, -1)]
    total = sum(c.geometry.log(c.y, x) for x in pairs)
    return worst(c.error(total, 0 * c.y, 2 * log_scale(c, c.k)))


@identity(23, unit="slope", limit=0.1)
def frechet_mean_is_stationary(c: Case) -> float:
    """The sum of d(m, x_i)^2 changes only in second order around the mean m.

    Catches: distance with a kink; distance by the largest entry.
    """
    pairs = [c.geometry.exp(c.y, sign * 0.7 * c.e) for sign in (1, -1)]

    def spread(m: Array) -> Array:
        return sum(c.geometry.distance(m, x) ** 2 for x in pairs)

    return slope_deficit(lambda t: spread(c.geometry.exp(c.y, t / 2 * c.u)) - spread(c.y), 2)
