"""What the tests of geoopt, pymanopt and geomstats say of their spheres and subspaces, in our words, holds of ours.

Each line of CLAIMS is such a test: where it is published, by file and name; the kinds of points that it speaks of; a
planted bug, which it must catch. Read in geoopt 07598cd, pymanopt a1f52e7 and geomstats 1746a38; nothing is copied,
points are drawn here, and the tolerances are theirs or tighter.
"""

import numpy as np
import pytest

from grassmann_np.geometry import sphere, subspaces

GEOMETRIES = {"sphere": sphere, "subspaces": subspaces}
BOTH = ("sphere", "subspaces")


class Planted:
    """A geometry with some of its functions replaced."""

    def __init__(self, base, **replaced):
        self.base, self.replaced = base, replaced

    def __getattr__(self, name):
        return self.replaced.get(name) or getattr(self.base, name)


class Drawn:
    """Points y, x, z, tangent vectors u, v at y of length 1, and a vector w of the surrounding space."""

    def __init__(self, kind, seed):
        rng = np.random.default_rng(seed)
        shape = (10, 20) if kind == "sphere" else (20, 5, 2)
        g = GEOMETRIES[kind]
        self.kind, self.axis = kind, 0 if kind == "sphere" else (-2, -1)
        self.y, self.x, self.z = (g.random_point(shape, rng) for _ in range(3))
        self.u, self.v = (self.short(g.random_tangent(self.y, rng)) for _ in range(2))
        self.w = rng.standard_normal(shape)

    def short(self, h):
        return h / np.sqrt(np.sum(h * h, axis=self.axis, keepdims=True))

    def size(self, h):
        return np.sqrt(np.sum(h * h, axis=self.axis))

    def normal(self, y, h):
        return np.sum(y * h, axis=0) if self.kind == "sphere" else np.matrix_transpose(y) @ h

    def off(self, y):
        if self.kind == "sphere":
            return np.sum(y * y, axis=0) - 1
        return np.matrix_transpose(y) @ y - np.eye(y.shape[-1])


def near(a, b, atol=1e-12):
    np.testing.assert_allclose(a, b, rtol=0, atol=atol)


# geoopt, tests/test_manifold_basic.py


def a_point_is_its_own_projection(g, d):
    near(g.normalize(d.y), d.y)


def a_vector_is_projected_to_a_point(g, d):
    near(d.off(g.normalize(d.w)), 0)


def a_vector_is_projected_to_a_tangent_one(g, d):
    h = g.project(d.y, d.w)
    near(d.normal(d.y, h), 0)
    expected = d.w - d.y * d.normal(d.y, d.w) if d.kind == "sphere" else d.w - d.y @ d.normal(d.y, d.w)
    near(h, expected)


def one_point_is_as_many(g, d):
    """Of normalize, project, exp and transport."""
    k = (slice(None), 3) if d.kind == "sphere" else (3,)
    y, u, v, w = (np.ascontiguousarray(a[k]) for a in (d.y, d.u, d.v, d.w))
    near(g.normalize(d.w)[k], g.normalize(w))
    near(g.project(d.y, d.w)[k], g.project(y, w))
    near(g.exp(d.y, d.u)[k], g.exp(y, u))
    near(g.transport(d.y, d.u, d.v)[k], g.transport(y, u, v))


def a_step_there_and_back_is_none(g, d):
    there, velocity = g.move(d.y, d.u / 3, d.u / 3)
    back, again = g.move(there, -velocity, velocity)
    near(back, d.y)
    near(again, d.u / 3)


def exp_of_log_of_exp(g, d):
    there = g.exp(d.y, d.u)
    near(g.exp(d.y, g.log(d.y, there)), there)
    near(g.log(d.y, d.y), 0)


def the_distance_walked_is_the_length(g, d):
    near(g.distance(d.y, g.exp(d.y, d.u)), d.size(d.u))


# pymanopt, tests/manifolds/test_sphere.py, test_grassmann.py, test_oblique.py


def distance_is_the_angle(g, d):
    near(g.distance(d.y, d.x), np.arccos(np.sum(d.y * d.x, axis=0)), atol=1e-7)  # what an arccos is good for


def inner_product_and_norm_are_the_surrounding_ones(g, d):
    near(g.inner(d.y, d.u, d.v), np.sum(d.u * d.v, axis=d.axis))
    near(g.norm(d.y, d.u), d.size(d.u))


def a_small_step_retracted_is_nearly_added(g, d):
    near(d.off(g.normalize(d.y + d.u)), 0)
    near(g.normalize(d.y + 1e-6 * d.u), d.y + 1e-6 * d.u)


def random_points_and_tangents(g, d):
    rng = np.random.default_rng(1)
    first, second = (g.random_point(d.y.shape, rng) for _ in range(2))
    near(d.off(first), 0)
    h, k = (g.random_tangent(d.y, rng) for _ in range(2))
    near(d.normal(d.y, h), 0)
    assert d.size(first - second).min() > 1e-3 and d.size(h - k).min() > 1e-3


def exp_of_log_is_the_point(g, d):
    near(g.distance(g.exp(d.y, g.log(d.y, d.x)), d.x), 0)


def log_of_exp_is_the_vector(g, d):
    near(g.log(d.y, g.exp(d.y, d.u)), d.u)


def the_middle_is_as_far_from_both(g, d):
    middle = g.exp(d.y, g.log(d.y, d.x) / 2)
    near(g.distance(middle, d.y), g.distance(middle, d.x))
    if d.kind == "sphere":  # which has pair_mean, the normalized sum
        near(middle, g.normalize(d.y + d.x))


def riemannian_hessian(g, d):
    """P(Hess f u) - u <y, grad f> is P of the derivative of y -> P_y grad f along u."""
    a = np.random.default_rng(2).standard_normal((10, 10))
    a, t = a + a.T, 1e-5
    ahead, behind = (g.project(y, a @ y) for y in (g.exp(d.y, t * d.u), g.exp(d.y, -t * d.u)))
    expected = g.project(d.y, a @ d.u) - d.u * np.sum(d.y * (a @ d.y), axis=0)
    near(g.project(d.y, (ahead - behind) / (2 * t)), expected, atol=1e-7)


# geomstats, geomstats/test_cases/geometry/connection.py, riemannian_metric.py, mixins.py, manifold.py


def exp_belongs(g, d):
    near(d.off(g.exp(d.y, d.u)), 0)


def log_is_tangent(g, d):
    near(d.normal(d.y, g.log(d.y, d.x)), 0)


def distance_is_the_length_of_the_logarithm(g, d):
    near(g.distance(d.y, d.x), d.size(g.log(d.y, d.x)))


def distance_is_symmetric_and_positive(g, d):
    near(g.distance(d.y, d.x), g.distance(d.x, d.y))
    assert np.all(g.distance(d.y, d.x) > 0)


def distance_to_itself_is_zero(g, d):
    near(g.distance(d.y, d.y), 0)  # theirs allows 1e-6


def distance_obeys_the_triangle_inequality(g, d):
    assert np.all(g.distance(d.y, d.z) <= g.distance(d.y, d.x) + g.distance(d.x, d.z) + 1e-12)


def the_geodesic_ends_at_exp(g, d):
    point, h = d.y, d.u
    for _ in range(4):
        point, h = g.move(point, h / 4, h)
    near(point, g.exp(d.y, d.u))


def transported_vectors_are_tangent(g, d):
    for direction in (d.u, g.log(d.y, d.x)):  # of an initial and of a boundary value problem
        near(d.normal(g.exp(d.y, direction), g.transport(d.y, direction, d.v)), 0)


def transport_keeps_the_norm(g, d):
    for direction in (d.u, g.log(d.y, d.x)):
        near(d.size(g.transport(d.y, direction, d.v)), d.size(d.v))


def distance_of_two_given_points(g, d):
    a, b = np.array([10.0, -2, -5, 0, 0]) / np.sqrt(129), np.array([1.0, -20, -5, 0, 3]) / np.sqrt(435)
    near(g.distance(a, b), 1.24864502, atol=1e-8)
    near(g.distance(np.array([10.0, -2, -0.5, 0, 0]), np.array([2.0, 10, 0, 0, 0])), np.pi / 2)


def a_long_tangent_vector_goes_around(g, d):
    y = g.normalize(np.array([16.0, -2, -2.5, 84, 3]))
    h = g.project(y, np.array([9.0, 0, -1, -2, 1]))
    length = np.linalg.norm(h) % (2 * np.pi)
    near(g.distance(y, g.exp(y, h)), min(length, 2 * np.pi - length))


# Bugs, each a function of the geometry that it replaces some functions of.


def bug(**replaced):
    return lambda base: Planted(base, **{name: make(base) for name, make in replaced.items()})


DOUBLED = bug(exp=lambda g: lambda y, h: g.exp(y, 2 * h))
SHORT_LOG = bug(log=lambda g: lambda y, x: 0.99 * g.log(y, x))
UNPROJECTED = bug(project=lambda g: lambda y, w: w)
SQUARED = bug(distance=lambda g: lambda y, x: g.distance(y, x) ** 2)
STRAIGHT = bug(exp=lambda g: lambda y, h: y + h)
LEFT_BEHIND = bug(
    move=lambda g: lambda y, h, v: (g.exp(y, h), v), transport=lambda g: lambda y, h, v: v
)  # carried nowhere
PROJECTED = bug(transport=lambda g: lambda y, h, v: g.project(g.exp(y, h), v))
LONGER = bug(normalize=lambda g: lambda w: 1.001 * g.normalize(w))
TILTED = bug(log=lambda g: lambda y, x: g.log(y, x) + 0.01 * y)
OFFSET = bug(distance=lambda g: lambda y, x: g.distance(y, x) + 1e-7)
SIGNED = bug(distance=lambda g: lambda y, x: g.distance(y, x) * np.sign(np.sum(y - x, axis=0)))
FIRST = bug(normalize=lambda g: lambda w: g.normalize(w) * (1.0 if w.ndim == 1 else 1.001) if w.ndim < 3 else w)
HALVED = bug(inner=lambda g: lambda y, u, v: g.inner(y, u, v) / 2)
CONSTANT = bug(random_point=lambda g: lambda shape, rng: g.random_point(shape, np.random.default_rng(0)))

GEOOPT = "geoopt tests/test_manifold_basic.py::"
SPHERE, GRASSMANN = "pymanopt tests/manifolds/test_sphere.py::", "pymanopt tests/manifolds/test_grassmann.py::"
OBLIQUE = "pymanopt tests/manifolds/test_oblique.py::"
CONNECTION, METRIC, MIXINS, DATA = (
    f"geomstats {path}::"
    for path in (
        "geomstats/test_cases/geometry/connection.py",
        "geomstats/test_cases/geometry/riemannian_metric.py",
        "geomstats/test_cases/geometry/mixins.py",
        "tests/tests_geomstats/test_geometry/data/hypersphere.py",
    )
)
CLAIMS = [
    (GEOOPT + "test_projection_identity", a_point_is_its_own_projection, BOTH, LONGER),
    (GEOOPT + "test_projection_via_assert", a_vector_is_projected_to_a_point, BOTH, LONGER),
    (GEOOPT + "test_vector_projection_via_assert", a_vector_is_projected_to_a_tangent_one, BOTH, UNPROJECTED),
    (GEOOPT + "test_broadcast_projx, _proju, _retr, _transp", one_point_is_as_many, BOTH, FIRST),
    (GEOOPT + "test_reversibility", a_step_there_and_back_is_none, BOTH, LEFT_BEHIND),
    (GEOOPT + "test_logmap", exp_of_log_of_exp, BOTH, SHORT_LOG),
    (GEOOPT + "test_dist", the_distance_walked_is_the_length, BOTH, DOUBLED),
    (SPHERE + "test_dist", distance_is_the_angle, ("sphere",), SQUARED),
    (SPHERE + "test_inner_product, test_norm", inner_product_and_norm_are_the_surrounding_ones, BOTH, HALVED),
    (SPHERE + "test_retraction, also in test_grassmann.py", a_small_step_retracted_is_nearly_added, BOTH, LONGER),
    (SPHERE + "test_random_point, test_random_tangent_vector", random_points_and_tangents, BOTH, CONSTANT),
    (SPHERE + "test_euclidean_to_riemannian_gradient", a_vector_is_projected_to_a_tangent_one, BOTH, UNPROJECTED),
    (SPHERE + "test_euclidean_to_riemannian_hessian", riemannian_hessian, ("sphere",), DOUBLED),
    (SPHERE + "test_exp_log_inverse", exp_of_log_is_the_point, BOTH, SHORT_LOG),
    (SPHERE + "test_log_exp_inverse", log_of_exp_is_the_vector, BOTH, SHORT_LOG),
    (SPHERE + "test_pair_mean", the_middle_is_as_far_from_both, BOTH, DOUBLED),
    (GRASSMANN + "test_dist", distance_is_the_length_of_the_logarithm, BOTH, SQUARED),
    (GRASSMANN + "test_exp_log_inverse, test_log_exp_inverse", log_of_exp_is_the_vector, BOTH, DOUBLED),
    (OBLIQUE + "test_pair_mean", the_middle_is_as_far_from_both, BOTH, SHORT_LOG),
    (CONNECTION + "test_exp_belongs", exp_belongs, BOTH, STRAIGHT),
    (CONNECTION + "test_log_is_tangent", log_is_tangent, BOTH, TILTED),
    (CONNECTION + "test_exp_after_log", exp_of_log_is_the_point, BOTH, DOUBLED),
    (CONNECTION + "test_log_after_exp", log_of_exp_is_the_vector, BOTH, SHORT_LOG),
    (CONNECTION + "test_exp_geodesic_ivp", the_geodesic_ends_at_exp, BOTH, LEFT_BEHIND),
    (CONNECTION + "test_parallel_transport_ivp, _bvp_transported_is_tangent", transported_vectors_are_tangent, BOTH,
     LEFT_BEHIND),
    (METRIC + "test_parallel_transport_ivp_norm, _bvp_norm", transport_keeps_the_norm, BOTH, PROJECTED),
    (METRIC + "test_dist_is_log_norm", distance_is_the_length_of_the_logarithm, BOTH, SHORT_LOG),
    (MIXINS + "test_dist_is_symmetric, _is_positive", distance_is_symmetric_and_positive, ("sphere",), SIGNED),
    (MIXINS + "test_dist_point_to_itself_is_zero", distance_to_itself_is_zero, BOTH, OFFSET),
    (MIXINS + "test_dist_triangle_inequality", distance_obeys_the_triangle_inequality, BOTH, SQUARED),
    (DATA + "dist_test_data", distance_of_two_given_points, ("sphere",), SQUARED),
    (DATA + "exp_and_dist_and_projection_to_tangent_space_test_data", a_long_tangent_vector_goes_around, ("sphere",),
     DOUBLED),
]  # fmt: skip
ASKED = [pytest.param(claim, kind, bug, id=f"{where}-{kind}") for where, claim, kinds, bug in CLAIMS for kind in kinds]


@pytest.mark.parametrize("claim, kind, bug", ASKED)
def test_a_published_assertion_holds_and_its_planted_bug_does_not(claim, kind, bug):
    for seed in range(5):
        claim(GEOMETRIES[kind], Drawn(kind, seed))
    with pytest.raises(AssertionError):
        for seed in range(5):
            claim(bug(GEOMETRIES[kind]), Drawn(kind, seed))
