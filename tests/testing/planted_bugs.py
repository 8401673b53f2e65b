"""Planted bugs: geometries with one fault each. What the identities are worth is what they catch."""

import numpy as np

from grassmann_np.geometry import lines, sphere, subspaces


class Planted:
    """`base` with some functions replaced; `move` follows from exp and transport unless it is the fault."""

    def __init__(self, base, like, **functions):
        self.base, self.like, self.functions = base, like, functions

    def __getattr__(self, name):
        if name in self.functions:
            return self.functions[name]
        if name == "move" and {"exp", "transport"} & set(self.functions):
            return lambda y, h, v: (self.exp(y, h), self.transport(y, h, v))
        return getattr(self.base, name)


def dot(a, b):
    return np.sum(a * b, axis=0)


def size(a):
    return np.sqrt(dot(a, a))


def unit(a):
    return a / np.where(size(a) > 0, size(a), 1)


def t(a):
    return np.matrix_transpose(a)


def wrong_sign_in_transport(y, h, v):
    theta, u = size(h), unit(h)
    return v + dot(u, v) * (y * np.sin(theta) - u * (1 - np.cos(theta)))


def eps_damped_step(y, h):
    theta = size(h)
    return y * np.cos(theta) + h / (theta + h.dtype.type(1e-8)) * np.sin(theta)


def arccos_distance(y, x):
    return np.arccos(np.clip(dot(y, x), -1, 1))


def arccos_angles(y, x):
    return np.linalg.norm(np.arccos(np.clip(np.linalg.svdvals(t(y) @ x), 0, 1)), axis=-1)


def log_by_projection(y, x):
    w = sphere.project(y, x)
    return sphere.distance(y, x) * unit(w)


def log_without_sign(y, x):
    return sphere.log(y, x)


def canonical_sign(w):
    y = sphere.normalize(w)
    return y * np.where(y[0] < 0, -1, 1).astype(y.dtype)


def max_norm_distance(y, x):
    return np.max(np.abs(y - x), axis=0)


def oblique_projection(y, g):
    z = y + sphere.project(y, np.ones_like(y))
    return g - y * dot(z, g)


def transport_to_unit_length(y, h, v):
    return unit(sphere.transport(y, h, v)).astype(v.dtype)


def qr_flip(y, h):
    return np.linalg.qr(subspaces.exp(y, h))[0]


def log_without_procrustes(y, x):
    return subspaces.project(y, x - y)


def transport_one_angle(y, h, v):
    """The sphere's formula with Frobenius norms, as if a matrix were one long vector."""
    theta = subspaces.norm(y, h)[..., None, None]
    u = h / np.where(theta > 0, theta, 1)
    along = np.sum(u * v, axis=(-2, -1))[..., None, None]
    return v - along * (y * np.sin(theta) + u * (1 - np.cos(theta)))


def transport_columns(y, h, v):
    """The sphere's transport of every column, as if the columns moved independently."""
    return np.stack([sphere.transport(y[..., j].T, h[..., j].T, v[..., j].T).T for j in range(y.shape[-1])], axis=-1)


def random_gaussian(shape, rng):
    return rng.standard_normal(shape)


def naive_norm(y, h):
    return np.sqrt(dot(h, h))


def with_threshold(threshold):
    def exp(y, h):
        return np.where(size(h) < threshold, y, sphere.exp(y, h))

    return exp


def normalize_in_place(w):
    w /= size(w)
    return w


def short_of_nine(y, g):
    return g - y * dot(y[:9], g[:9])


def right_for_the_velocity(y, h, v):
    """The sphere's transport, if v is h; else as if v lay along h with all of its length."""
    u = unit(h)
    along = np.where(np.abs(dot(u, v) - size(h)) <= 1e-6 * size(h), dot(u, v), size(v))
    return v - along * (y * np.sin(size(h)) + u * 2 * np.sin(size(h) / 2) ** 2)


def only_batches(y, h):
    if y.ndim == 1:
        raise ValueError("expected (n, m)")
    return sphere.exp(y, h)


def normalize_anything(w):
    return w / np.where(size(w) > 0, size(w), 1)


# name of the bug -> (the faulty geometry, an identity that must catch it)
BUGS = {
    "wrong sign in transport": (Planted(sphere, "sphere", transport=wrong_sign_in_transport), "holonomy_is_area"),
    "chord for geodesic": (Planted(sphere, "sphere", exp=lambda y, h: sphere.normalize(y + h)), "distance_is_length"),
    "projection in place of transport": (
        Planted(sphere, "sphere", transport=lambda y, h, v: sphere.project(sphere.exp(y, h), v)),
        "transport_is_an_isometry",
    ),
    "arccos distance": (Planted(sphere, "sphere", distance=arccos_distance), "distance_is_length"),
    "eps-damped step": (Planted(sphere, "sphere", exp=eps_damped_step), "exp_by_matrix_exponential"),
    "eps-damped normalization": (
        Planted(sphere, "sphere", normalize=lambda w: w / (size(w) + w.dtype.type(1e-8))),
        "normalize_forgets_scale",
    ),
    "step ignored below 1e-8": (Planted(sphere, "sphere", exp=with_threshold(1e-8)), "distance_is_length"),
    "step ignored below 1e-12": (Planted(sphere, "sphere", exp=with_threshold(1e-12)), "distance_is_length"),
    "QR in place of the polar factor": (
        Planted(subspaces, "subspaces", normalize=lambda w: np.linalg.qr(w)[0]),
        "normalize_is_nearest",
    ),
    "second vector forgotten": (
        Planted(sphere, "sphere", combine=lambda a, u, b, v: sphere.combine(a, u, 0 * b, v)),
        "combine_is_by_point",
    ),
    "number of the first point for all": (
        Planted(sphere, "sphere", combine=lambda a, u, b, v: np.ravel(a)[0] * u + np.ravel(b)[0] * v),
        "combine_is_by_point",
    ),
    "nine coordinates at most": (Planted(sphere, "sphere", project=short_of_nine), "project_is_tangent"),
    "transport right for the velocity alone": (
        Planted(sphere, "sphere", transport=right_for_the_velocity),
        "transport_is_linear",
    ),
    "scale forgotten": (Planted(sphere, "sphere", scale=lambda h, s: h), "scale_is_by_point"),
    "normalization in place": (Planted(sphere, "sphere", normalize=normalize_in_place), "arguments_are_left_alone"),
    "no single vectors": (Planted(sphere, "sphere", exp=only_batches), "a_vector_is_one_column"),
    "no random tangent": (Planted(sphere, "sphere", random_tangent=lambda y, rng: 0 * y), "random_is_on_the_manifold"),
    "zero normalized": (Planted(sphere, "sphere", normalize=normalize_anything), "zero_is_refused"),
    "QR flip": (Planted(subspaces, "subspaces", exp=qr_flip), "exp_of_zero"),
    "missing sign alignment in log": (Planted(lines, "lines", log=log_without_sign), "sign_of_the_logarithm"),
    "missing sign alignment in distance": (Planted(lines, "lines", distance=sphere.distance), "sign_does_not_matter"),
    "missing alignment of subspaces": (
        Planted(subspaces, "subspaces", log=log_without_procrustes),
        "representative_does_not_matter",
    ),
    "arccos of singular values": (
        Planted(subspaces, "subspaces", distance=arccos_angles),
        "distance_by_subspace_angles",
    ),
    "distance of representatives": (
        Planted(subspaces, "subspaces", distance=lambda y, x: np.linalg.matrix_norm(y - x)),
        "complement_is_as_far",
    ),
    "chord of subspaces": (
        Planted(subspaces, "subspaces", exp=lambda y, h: subspaces.normalize(y + h)),
        "one_dimension_is_lines",
    ),
    "a matrix taken for one vector": (
        Planted(subspaces, "subspaces", transport=transport_one_angle),
        "transport_by_matrix_exponential",
    ),
    "columns of a matrix taken one by one": (
        Planted(subspaces, "subspaces", transport=transport_columns),
        "transport_turns_with_the_representative",
    ),
    "straight line": (Planted(sphere, "sphere", exp=lambda y, h: y + h), "hessian_is_second_order"),
    "double speed": (Planted(sphere, "sphere", exp=lambda y, h: sphere.exp(y, 2 * h)), "gradient_is_first_order"),
    "renormalized exp": (
        Planted(sphere, "sphere", exp=lambda y, h: sphere.normalize(1.01 * sphere.exp(y, h))),
        "exp_of_zero",
    ),
    "no turning": (Planted(sphere, "sphere", transport=lambda y, h, v: v), "transport_stays_tangent"),
    "transport to unit length": (Planted(sphere, "sphere", transport=transport_to_unit_length), "transport_is_linear"),
    "transport that also turns": (
        Planted(sphere, "sphere", transport=lambda y, h, v: -sphere.transport(y, h, v)),
        "holonomy_of_a_latitude",
    ),
    "logarithm of wrong sign": (
        Planted(sphere, "sphere", log=lambda y, x: -sphere.log(y, x)),
        "gradient_of_half_squared_distance",
    ),
    "tilted logarithm": (
        Planted(sphere, "sphere", log=lambda y, x: sphere.log(y, x) + sphere.project(y, np.full_like(y, 1e-3))),
        "frechet_mean",
    ),
    "silent cut locus": (Planted(sphere, "sphere", log=log_by_projection), "cut_locus_is_refused"),
    "squared distance": (
        Planted(sphere, "sphere", distance=lambda y, x: sphere.distance(y, x) ** 2),
        "distance_is_a_metric",
    ),
    "squared distance of lines": (
        Planted(lines, "lines", distance=lambda y, x: lines.distance(y, x) ** 2),
        "chordal_distance",
    ),
    "chordal distance": (Planted(sphere, "sphere", distance=lambda y, x: size(y - x)), "three_formulas_for_an_angle"),
    "distance by the largest entry": (Planted(sphere, "sphere", distance=max_norm_distance), "rotations_commute"),
    "distance never zero": (
        Planted(sphere, "sphere", distance=lambda y, x: sphere.distance(y, x) + y.dtype.type(1e-30)),
        "distance_to_itself",
    ),
    "distance with a kink": (
        Planted(sphere, "sphere", distance=lambda y, x: sphere.distance(y, x) + np.abs(y[0] - x[0])),
        "frechet_mean_is_stationary",
    ),
    "nothing projected": (Planted(sphere, "sphere", project=lambda y, g: g), "project_is_tangent"),
    "too little projected": (
        Planted(sphere, "sphere", project=lambda y, g: g - y * dot(y, g) * y.dtype.type(0.9)),
        "project_twice",
    ),
    "oblique projection": (Planted(sphere, "sphere", project=oblique_projection), "project_is_symmetric"),
    "shrinking projection": (
        Planted(sphere, "sphere", project=lambda y, g: sphere.project(y, g) * y.dtype.type(0.9)),
        "scale_invariant_gradient",
    ),
    "canonical sign": (Planted(sphere, "sphere", normalize=canonical_sign), "sign_goes_into_gamma"),
    "normalization by the largest entry": (
        Planted(sphere, "sphere", normalize=lambda w: w / np.max(np.abs(w), axis=0)),
        "normalize_forgets_scale",
    ),
    "move forgets to carry": (
        Planted(sphere, "sphere", move=lambda y, h, v: (sphere.exp(y, h), v)),
        "move_is_exp_and_transport",
    ),
    "naive norm": (Planted(sphere, "sphere", norm=naive_norm), "inner_and_norm"),
    "silent upcast": (Planted(sphere, "sphere", exp=lambda y, h: sphere.exp(y, h).astype(np.float64)), "exp_of_zero"),
    "random points off the sphere": (
        Planted(sphere, "sphere", random_point=random_gaussian),
        "random_is_on_the_manifold",
    ),
}
