"""Identities 24 to 36: parallel transport, curvature, and what is only nearly a geodesic."""

from __future__ import annotations

import numpy as np

from ...backend import Array
from ..cases import CURVED, ROUND, Case
from .catalogue import identity, slope_deficit, worst
from .geodesics import rotated_along
from .projection import normal_part


def around(c: Case, corners: list[Array], v: Array) -> Array:
    """v carried around the closed geodesic polygon with these corners."""
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        v = c.geometry.transport(a, c.geometry.log(a, b), v)
    return v


def turning_angle(a: Array, before: Array, after: Array) -> Array:
    """The angle from `before` to `after`, tangent at a in R^3, counterclockwise seen from outside."""
    return np.arctan2(np.sum(np.cross(a, before, axis=0) * after, axis=0), np.sum(before * after, axis=0))


def corner_frame(c: Case) -> tuple[Array, Array, Array]:
    """A point a of R^3 and two orthogonal unit vectors tangent there."""
    a, b, _ = c.triangle
    e1 = b
    for _ in range(2):  # once is not enough where little is left
        e1 = e1 - a * np.sum(a * e1, axis=0)
        e1 = e1 / np.linalg.norm(e1, axis=0)
    return a, e1, np.cross(a, e1, axis=0)


def carried_scale(c: Case, v: Array) -> Array:
    """The natural scale of a transported v: (8) sums terms as large as 2 |v|."""
    return 2 * c.weight * np.maximum(1, c.size(v))


@identity(24, kinds=CURVED)
def transport_stays_tangent(c: Case) -> float:
    """<exp_x h, T v> = 0.

    Catches: no turning; move forgets to carry; columns of a matrix taken one by one.
    """
    point, carried = c.geometry.move(c.y, c.h, c.v)
    return worst(normal_part(c, point, carried) / (c.eps * carried_scale(c, c.v)))


@identity(25)
def transport_is_an_isometry(c: Case) -> float:
    """<T u, T v> = <u, v>.

    Catches: projection in place of transport; a matrix taken for one vector; transport to unit length.
    """
    u, v = (c.geometry.transport(c.y, c.h, a) for a in (c.u, c.v))
    return worst(c.number_error(c.dot(u, v), c.dot(c.u, c.v), c.size(c.u) * carried_scale(c, c.v)))


@identity(26)
def transport_is_linear(c: Case) -> float:
    """T(2u - 3v) = 2 T u - 3 T v.

    Catches: transport to unit length.
    """
    u, v, both = (c.geometry.transport(c.y, c.h, a) for a in (c.u, c.v, 2 * c.u - 3 * c.v))
    return worst(c.error(both, 2 * u - 3 * v, c.weight * (2 * c.size(c.u) + 3 * c.size(c.v))))


@identity(26, kinds=ROUND)
def transport_leaves_the_rest_alone(c: Case) -> float:
    """T v = v if <h, v> = 0.

    Catches: transport to unit length; transport that also turns.
    """
    v = c.v - c.e * c.dot(c.e, c.v)
    return worst(c.error(c.geometry.transport(c.y, c.h, v), v, carried_scale(c, c.v)))


@identity(27, unit="slope", limit=0.1)
def transport_of_the_velocity(c: Case) -> float:
    """T_h h = c'(1): the central difference of exp_x(th) at t = 1 has slope 2.

    Catches: a matrix taken for one vector; no turning; QR flip.
    """
    exp, h = c.geometry.exp, c.e
    velocity = c.geometry.transport(c.y, h, h)
    return slope_deficit(lambda t: (exp(c.y, (1 + t) * h) - exp(c.y, (1 - t) * h)) / (2 * t) - velocity, 2)


@identity(27, kinds=ROUND)
def equation_nine(c: Case) -> float:
    """T_h h = h cos|h| - x |h| sin|h|: (9) is (8).

    Catches: no turning; transport to unit length; projection in place of transport.
    """
    theta = c.size(c.h)
    expected = c.times(np.cos(theta), c.h) - c.times(theta * np.sin(theta), c.y)
    return worst(c.error(c.geometry.transport(c.y, c.h, c.h), expected, np.maximum(1, theta) ** 2))


@identity(28)
def transport_back(c: Case) -> float:
    """Carrying back undoes carrying there; carrying in two legs along one geodesic is carrying once.

    Catches: move forgets to carry; columns of a matrix taken one by one; a matrix taken for one vector.
    """
    transport, size = c.geometry.transport, carried_scale(c, c.v) * np.maximum(1, c.size(c.h))
    point, velocity = c.geometry.move(c.y, c.h, c.h)
    once = transport(c.y, c.h, c.v)
    middle, rest = c.geometry.move(c.y, 0.25 * c.h, 0.75 * c.h)
    return worst(
        c.error(transport(point, -velocity, once), c.v, size),
        c.error(transport(middle, rest, transport(c.y, 0.25 * c.h, c.v)), once, size),
    )


@identity(29, kinds=ROUND)
def transport_is_a_reflection(c: Case) -> float:
    """T v = v - <v, y>/(1 + <x, y>) (x + y), y = exp_x h.

    Catches: no turning; step ignored below 1e-12; step ignored below 1e-8.
    """
    half = c.h / 2  # so that 1 + <x, y> >= 1
    y = c.geometry.exp(c.y, half)
    expected = c.v - (c.y + y) * (c.dot(c.v, y) / (1 + c.dot(c.y, y)))
    return worst(c.error(c.geometry.transport(c.y, half, c.v), expected, carried_scale(c, c.v)))


@identity(30)
def transport_by_matrix_exponential(c: Case) -> float:
    """T_h v = expm(h x' - x h') v, computed by scipy.

    Catches: a matrix taken for one vector; columns of a matrix taken one by one; no turning.
    """
    if c.kind == "euclidean":
        return worst(c.error(c.geometry.transport(c.y, c.h, c.v), c.v))
    difference = c.matrices(c.geometry.transport(c.y, c.h, c.v)) - rotated_along(c, c.h, c.v)
    scale = carried_scale(c, c.v) * np.maximum(1, c.size(c.h))
    return worst(np.linalg.matrix_norm(difference) / (c.eps * scale))


@identity(31, kinds=ROUND)
def projection_is_not_transport(c: Case) -> float:
    """P_y v = T v - (1 - cos|h|) <e, v> T e: projecting shortens what lies along the way.

    Catches: nothing projected; oblique projection; too little projected.
    """
    theta = c.size(c.h)
    y, carried = c.geometry.move(c.y, c.h, c.v)
    lost = 2 * np.sin(theta / 2) ** 2 * c.dot(c.e, c.v)
    expected = carried - c.times(lost, c.geometry.transport(c.y, c.h, c.e))
    return worst(c.error(c.geometry.project(y, c.v), expected, carried_scale(c, c.v) + np.abs(lost)))


@identity(32, kinds=ROUND)
def holonomy_is_area(c: Case) -> float:
    """Around a geodesic triangle abc the tangent plane turns by the area O, tan(O/2) = a.(b x c)/(1 + ab + bc + ca).

    Catches: wrong sign in transport; logarithm of wrong sign; no turning.
    """
    a, b, z = c.triangle
    _, e1, _ = corner_frame(c)
    angle = turning_angle(a, e1, around(c, [a, b, z], e1))
    volume = np.sum(a * np.cross(b, z, axis=0), axis=0)
    area = 2 * np.arctan2(volume, 1 + np.sum(a * b + b * z + z * a, axis=0))
    return worst(c.number_error(angle, area, 3))  # three legs


@identity(33, kinds=ROUND, unit="slope", limit=0.1, once=True)
def holonomy_of_a_latitude(c: Case) -> float:
    """Around the circle at colatitude alpha the tangent plane turns by 2 pi (1 - cos alpha).

    Catches: transport that also turns; tilted logarithm.
    """

    def error(step: float) -> Array:
        """North, carried over every leg of an inscribed polygon, lags behind the next corner's north."""
        turn, alpha = 2 * np.pi * step * np.arange(round(1 / step)), 0.6
        east = np.stack([-np.sin(turn), np.cos(turn), 0 * turn])
        corner = np.stack([np.sin(alpha) * np.cos(turn), np.sin(alpha) * np.sin(turn), np.cos(alpha) + 0 * turn])
        north = np.cross(corner, east, axis=0)
        following = np.roll(corner, -1, axis=1)
        carried = c.geometry.transport(corner, c.geometry.log(corner, following), north)
        lag = turning_angle(following, carried, np.roll(north, -1, axis=1))
        return np.sum(lag) - 2 * np.pi * np.cos(alpha)  # the tangent frame of the corners itself turns by 2 pi

    return slope_deficit(error, 2)


@identity(34, kinds=ROUND, unit="slope", limit=0.1)
def curvature_is_one(c: Case) -> float:
    """(T_loop - 1) v / area tends to v turned by 90 degrees: K = 1.

    Catches: logarithm of wrong sign; no turning; projection in place of transport.
    """
    a, e1, e2 = corner_frame(c)

    def error(t: float) -> Array:
        corners = [a, c.geometry.exp(a, t * e1), c.geometry.exp(a, t * e2)]
        return (around(c, corners, e1) - e1) / (t**2 / 2) - e2

    return slope_deficit(error, 1)


@identity(35, kinds=ROUND, unit="slope", limit=0.1)
def geodesics_converge(c: Case) -> float:
    """D exp_x(te)[w] = (sin t/t) T w for w orthogonal to e.

    Catches: transport that also turns; chord for geodesic; straight line.
    """
    a, e, w = corner_frame(c)
    exp, length = c.geometry.exp, 1.2
    expected = np.sin(length) / length * c.geometry.transport(a, length * e, w)
    return slope_deficit(lambda s: (exp(a, length * e + s * w) - exp(a, length * e - s * w)) / (2 * s) - expected, 2)


@identity(36, kinds=CURVED)
def retraction_turns_by_the_arctangent(c: Case) -> float:
    """R_x(h) = (x + h)/|x + h| turns by atan|h| instead of |h|.

    Catches: canonical sign; chordal distance; distance of representatives.
    """
    retracted = c.geometry.normalize(c.y + c.h)
    expected = np.linalg.norm(np.arctan(c.angles(c.h)), axis=1)
    return worst(c.number_error(c.geometry.distance(c.y, retracted), expected, c.weight * np.maximum(1, c.size(c.h))))


@identity(36, kinds=CURVED, unit="slope", limit=0.1)
def retraction_is_second_order(c: Case) -> float:
    """d(R_x(th), exp_x(th)) = t^3 |h|^3/3 + ..., slope 3.

    Catches: canonical sign; arccos distance; arccos of singular values.
    """
    exp, distance, normalize = c.geometry.exp, c.geometry.distance, c.geometry.normalize
    return slope_deficit(lambda t: distance(normalize(c.y + t * c.e), exp(c.y, t * c.e)), 3)
