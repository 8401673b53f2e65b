"""Identities 0 to 6: what the functions promise, projection onto the tangent space, gradients, invariance."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import polar

from ... import ops
from ...backend import Array
from ..cases import CURVED, ROUND, Case
from ..view import Wrong
from .catalogue import identity, refuses, slope_deficit, worst


def normal_part(c: Case, y: Array, a: Array) -> Array:
    """|y'a| (columns) or |Y'A| (matrices), one number per point, in float64: zero for a tangent vector."""
    return np.linalg.matrix_norm(np.matrix_transpose(c.matrices(y)) @ c.matrices(a))


@identity(0)
def move_is_exp_and_transport(c: Case) -> float:
    """move(y, h, v) = (exp(y, h), transport(y, h, v)).

    Catches: move forgets to carry.
    """
    point, carried = c.geometry.move(c.y, c.h, c.v)
    return worst(
        c.error(point, c.geometry.exp(c.y, c.h), c.weight),
        c.error(carried, c.geometry.transport(c.y, c.h, c.v), c.size(c.v)),
    )


@identity(0)
def inner_and_norm(c: Case) -> float:
    """<a, b> is the surrounding space's, |h| its root, also where |h|^2 underflows.

    Catches: naive norm.
    """
    return worst(
        c.number_error(c.geometry.inner(c.y, c.u, c.v), c.dot(c.u, c.v), c.size(c.u) * c.size(c.v)),
        c.number_error(c.geometry.norm(c.y, c.h), c.size(c.h), np.maximum(c.size(c.h), 1e-300)),
    )


@identity(0)
def scale_is_by_point(c: Case) -> float:
    """scale(h, s) multiplies every tangent vector by its own number.

    Catches: scale forgotten.
    """
    return worst(c.error(c.geometry.scale(c.u, c.scales), c.times(c.scales, c.u), c.scales * c.size(c.u)))


@identity(0)
def combine_is_by_point(c: Case) -> float:
    """combine(a, u, b, v) = a u + b v, with numbers and with one of them per point.

    Catches: second vector forgotten; number of the first point for all.
    """
    combine, scales = c.geometry.combine, c.scales
    size = c.size(c.u) + c.size(c.v)
    return worst(
        c.error(combine(2.0, c.u, -3.0, c.v), 2 * c.u - 3 * c.v, 3 * size),
        c.error(combine(scales, c.u, -0.5, c.v), c.times(scales, c.u) - c.v / 2, np.maximum(scales, 0.5) * size),
        c.error(combine(-0.5, c.u, scales, c.v), c.times(scales, c.v) - c.u / 2, np.maximum(scales, 0.5) * size),
    )


@identity(0, limit=0.0)
def arguments_are_left_alone(c: Case) -> float:
    """No function writes into its arguments.

    Catches: normalization in place.
    """
    y, u, g = (a.copy() for a in (c.y, c.u, c.g))
    c.geometry.normalize(y), c.geometry.project(y, g), c.geometry.move(y, u, u), c.geometry.exp(y, u)
    c.geometry.transport(y, u, u), c.geometry.log(y, c.geometry.exp(y, u / 4)), c.geometry.distance(y, y)
    return worst(*(c.error(now, before) for now, before in ((y, c.y), (u, c.u), (g, c.g))))


@identity(0, kinds=ROUND)
def a_vector_is_one_column(c: Case) -> float:
    """An array (n,) is treated as the column of an (n, 1) array is.

    Catches: no single vectors.
    """
    one = c.geometry.exp(c.y[:, 0], c.u[:, 0]), c.geometry.project(c.y[:, 0], c.w[:, 0])
    all_of_them = c.geometry.exp(c.y, c.u), c.geometry.project(c.y, c.w)
    return worst(
        *(
            np.abs(a - b[:, 0]) / c.eps / np.maximum(1, np.abs(b[:, 0]).max())
            for a, b in zip(one, all_of_them, strict=True)
        )
    )


@identity(0, promise="what is drawn at random is good to 8 eps, also where 0 is the only tangent vector")
def random_is_on_the_manifold(c: Case) -> float:
    """random_point gives points, random_tangent tangent vectors, all different; a seed gives the same ones again.

    Catches: no random tangent; random points off the sphere.
    """
    first, second = (c.geometry.random_point(c.y.shape, np.random.default_rng(5)) for _ in range(2))
    h = c.geometry.random_tangent(c.y, np.random.default_rng(6))
    if np.ptp(first) == 0 or np.array_equal(first[..., 0, :], first[..., 1, :]):
        raise Wrong("random_point: expected points that differ")
    if not np.array_equal(first, second):
        raise Wrong("random_point: expected the same points from the same seed")
    if np.min(c.size(h)) == 0 and c.p < c.n:
        raise Wrong("random_tangent: expected a vector that is not 0")
    if c.kind == "euclidean":
        return 0.0
    y = c.matrices(first)
    gram = np.matrix_transpose(y) @ y - np.eye(y.shape[-1])
    tangent = normal_part(c, c.y, h) / (c.eps * np.maximum(np.sqrt(len(c.y)), c.size(h)))
    return worst(np.linalg.matrix_norm(gram) / 2 / (2.0**-52 * c.weight), tangent)


@identity(0, kinds=ROUND, promise="normalize takes vectors of any length, 1e-20 or 1e20")
def normalize_forgets_scale(c: Case) -> float:
    """normalize(a w) = normalize(w) = w/|w| for a > 0, also for a = 1e-20 and 1e20.

    Catches: eps-damped normalization; normalization by the largest entry; zero normalized.
    """
    w = np.asarray(c.w, np.float64)
    unit = (w / c.size(w)).astype(c.y.dtype)
    return worst(*(c.error(c.geometry.normalize(c.w * np.asarray(a, c.w.dtype)), unit) for a in (1e-20, 1.0, 1e20)))


@identity(0, promise="normalize gives the nearest point, which QR does not")
def normalize_is_nearest(c: Case) -> float:
    """normalize(y) = y for points; normalize(w) is the nearest point, for matrices the polar factor of w.

    Catches: QR in place of the polar factor; eps-damped normalization; normalization by the largest entry.
    """
    if c.kind == "euclidean":
        return worst(c.error(c.geometry.normalize(c.w), c.w, c.size(c.w)))
    w = c.y + c.w / 10  # well-conditioned
    nearest = np.stack([polar(matrix)[0] for matrix in c.matrices(w)])
    found = np.linalg.matrix_norm(c.matrices(c.geometry.normalize(w)) - nearest)
    return worst(c.error(c.geometry.normalize(c.y), c.y, c.weight), found / (c.eps * 2 * c.weight))


@identity(0, kinds=CURVED, promise="a zero vector is refused with a ValueError")
def zero_is_refused(c: Case) -> float:
    """normalize(0) raises ValueError: zero has no direction.

    Catches: zero normalized; QR in place of the polar factor; eps-damped normalization.
    """
    return refuses(c.geometry.normalize, 0 * c.y)


@identity(1)
def project_twice(c: Case) -> float:
    """P P g = P g.

    Catches: too little projected; shrinking projection.
    """
    once = c.geometry.project(c.y, c.g)
    return worst(c.error(c.geometry.project(c.y, once), once, c.size(c.g)))


@identity(2)
def project_is_symmetric(c: Case) -> float:
    """<P g, w> = <g, P w>.

    Catches: oblique projection.
    """
    left = c.dot(c.geometry.project(c.y, c.g), c.w)
    right = c.dot(c.g, c.geometry.project(c.y, c.w))
    return worst(c.number_error(left, right, c.size(c.g) * c.size(c.w)))


@identity(3, kinds=CURVED)
def project_is_tangent(c: Case) -> float:
    """<x, P g> = 0 and |g|^2 = |P g|^2 + <x, g>^2.

    Catches: nothing projected; oblique projection; too little projected.
    """
    tangent, size = c.geometry.project(c.y, c.g), c.size(c.g)
    pythagoras = (c.size(tangent) / size) ** 2 + (normal_part(c, c.y, c.g) / size) ** 2 - 1
    return worst(normal_part(c, c.y, tangent) / (c.eps * size), np.abs(pythagoras) / c.eps / c.weight)


@identity(4, unit="slope", limit=0.1)
def gradient_is_first_order(c: Case) -> float:
    """f(exp_x tu) - f(x) - t <P grad f, u> has slope 2 in t.

    Catches: double speed; shrinking projection.
    """
    f, grad, _ = _example(c)
    rate = c.dot(c.geometry.project(c.y, grad), c.u)
    return slope_deficit(lambda t: f(c.geometry.exp(c.y, t * c.u)) - f(c.y) - t * rate, 2)


@identity(4, unit="slope", limit=0.15)
def hessian_is_second_order(c: Case) -> float:
    """... minus t^2/2 <u, P(Hess f u) - <x, grad f> u> has slope 3.

    Catches: straight line; shrinking projection; eps-damped step.
    """
    f, grad, hess = _example(c)
    rate = c.dot(c.geometry.project(c.y, grad), c.u)
    bend = c.dot(c.u, c.geometry.project(c.y, hess) - _times_normal(c, c.u, grad))
    return slope_deficit(lambda t: f(c.geometry.exp(c.y, t * c.u)) - f(c.y) - t * rate - t**2 / 2 * bend, 3)


@identity(5, kinds=ROUND)
def scale_invariant_gradient(c: Case) -> float:
    """f(cx) = f(x), a batch-normalized neuron: <x, grad f> = 0 and grad f(cx) = grad f(x)/c.

    Catches: shrinking projection; oblique projection.
    """
    y = c.geometry.normalize(c.w)
    grad, noise = _neuron(c, y)
    shrunk, _ = _neuron(c, c.times(c.scales, y))
    return worst(c.error(c.geometry.project(y, grad), grad, noise), c.error(c.times(c.scales, shrunk), grad, noise))


@identity(6, kinds=ROUND)
def sign_goes_into_gamma(c: Case) -> float:
    """f(y, gamma, beta) = f(-y, -gamma, beta), a batch-normalized neuron with y = normalize(w).

    Catches: canonical sign.
    """
    inputs = np.sin(np.arange(7 * c.y.shape[0], dtype=c.y.dtype)).reshape(7, -1)
    gamma = 1 + np.arange(c.y.shape[1], dtype=c.y.dtype)

    def neuron(w: Array, gamma: Array) -> Array:
        return ops.batch_norm(inputs @ c.geometry.normalize(w), gamma, np.ones_like(gamma))[0]

    return worst(c.error(neuron(c.w, gamma), neuron(-c.w, -gamma), c.size(neuron(c.w, gamma))))


def _example(c: Case) -> tuple[Any, Array, Array]:
    """A smooth f, one number per point, its gradient at y, and its Hessian at y applied to u."""
    if c.kind == "euclidean":
        return np.sin, np.cos(c.y), -np.sin(c.y) * c.u
    a = c.symmetric.astype(c.y.dtype)
    return lambda y: c.dot(y, a @ y) / 2, a @ c.y, a @ c.u


def _times_normal(c: Case, u: Array, grad: Array) -> Array:
    """u <x, grad f>, or U (Y' grad f): how the manifold's own bending enters the second derivative."""
    if c.kind == "euclidean":
        return 0 * u
    if c.kind == "subspaces":
        return u @ (np.matrix_transpose(c.y) @ grad)
    return u * c.dot(c.y, grad)


def _neuron(c: Case, w: Array) -> tuple[Array, Array]:
    """(gradient of sum(r BN(Xw)) to w, the size of the terms it is summed from), eps = 0 in BN."""
    rng = np.random.default_rng(c.y.shape[0])
    inputs = rng.standard_normal((3 * c.y.shape[0], c.y.shape[0])).astype(c.y.dtype)
    upstream = rng.standard_normal((len(inputs), c.y.shape[1])).astype(c.y.dtype)
    ones = np.ones(c.y.shape[1], c.y.dtype)
    z, back_linear = ops.linear(inputs, w)
    _, back_norm = ops.batch_norm(z, ones, 0 * ones, eps=0.0)
    dz = back_norm(upstream)[0]
    terms = np.abs(inputs).T @ np.abs(upstream) / c.size(z / np.sqrt(np.float32(len(z))))
    return back_linear(dz)[1], c.size(terms)
