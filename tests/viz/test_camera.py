"""The camera's hidden-point rule against a ray march that knows nothing of it; the halves of curves and segments."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from grassmann_np.geometry import sphere
from viz.camera import Camera, facing, on_sphere

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def marched(p, camera, start=0.0):
    """Whether the ray from p to the eye enters the open ball: 4000 small steps, no formula of the camera's."""
    s = np.linspace(start, 4, 4000)
    return np.any(np.linalg.norm(p[:, None] + np.outer(camera.direction, s), axis=0) < 1 - 1e-6)


@given(seeds)
def test_right_up_and_the_eye_are_an_orthonormal_right_handed_frame(rng):
    basis = Camera(rng.standard_normal(3)).basis
    assert np.allclose(basis.T @ basis, np.eye(3), atol=1e-14)
    assert np.linalg.det(basis) > 0 and basis[2, 0] == 0  # the horizon stays level


@given(seeds)
def test_a_point_off_the_sphere_is_hidden_where_the_ray_march_says(rng):
    camera, p = Camera(rng.standard_normal(3)), rng.standard_normal(3) * rng.uniform(0.2, 1.6)
    rho = np.hypot(*camera.screen(p))
    assume(abs(rho - 1) > 1e-2 and abs(np.linalg.norm(p) - 1) > 1e-2)
    assert camera.hidden(p, on_sphere=False) == marched(p, camera)


@given(seeds)
def test_a_point_of_the_sphere_is_hidden_where_the_ray_march_says(rng):
    camera, p = Camera(rng.standard_normal(3)), sphere.random_point((3,), rng)
    assume(abs(camera.depth(p)) > 5e-2)
    assert camera.hidden(p, on_sphere=True) == marched(p, camera, start=1e-3)


@given(seeds)
def test_a_curve_is_split_at_the_limb_and_both_halves_hold_the_crossing(rng):
    camera = Camera(rng.standard_normal(3))
    y = sphere.random_point((3,), rng)
    h = sphere.random_tangent(y, rng) * 2
    curve = np.stack([sphere.exp(y, s * h) for s in np.linspace(0, 1, 40)], axis=1)
    visible, hidden = camera.split_curve(curve)
    shown, gone = visible[:, np.isfinite(visible[0])], hidden[:, np.isfinite(hidden[0])]
    assert np.allclose(np.linalg.norm(np.hstack([shown, gone]), axis=0), 1)
    assert np.all(camera.depth(shown) > -1e-12) and np.all(camera.depth(gone) < 1e-12)
    both = np.isfinite(visible[0]) & np.isfinite(hidden[0])
    assert both.sum() == np.count_nonzero(np.diff(np.sign(camera.depth(curve))))
    assert np.allclose(np.hypot(*camera.screen(visible[:, both])), 1, atol=1e-12)
    assert np.allclose(np.cross(y, h) @ visible[:, both], 0, atol=1e-9)  # on the same great circle


@given(seeds)
def test_every_piece_of_a_path_in_space_is_as_visible_as_the_ray_march_says(rng):
    camera, path = Camera(rng.standard_normal(3)), rng.standard_normal((3, 4))
    path[:, 0] = sphere.random_point((3,), rng)
    visible, hidden = camera.split_path(path)
    total = 0.0
    for part, expected in ((visible, False), (hidden, True)):
        for a, b in zip(part.T[:-1], part.T[1:], strict=True):
            if np.isfinite(a).all() and np.isfinite(b).all():
                total += np.linalg.norm(b - a)
                for p in (a + s * (b - a) for s in (0.05, 0.5, 0.95)):
                    if abs(np.hypot(*camera.screen(p)) - 1) > 1e-2 and abs(np.linalg.norm(p) - 1) > 1e-2:
                        assert marched(p, camera) == expected
    assert np.isclose(total, np.linalg.norm(np.diff(path), axis=0).sum())


@given(seeds)
def test_a_tangent_plane_is_wholly_in_front_iff_its_point_is(rng):
    camera, y = Camera(rng.standard_normal(3)), sphere.random_point((3,), rng)
    assume(abs(camera.depth(y)) > 0.05)
    plane = [y + 0.7 * sphere.random_tangent(y, rng) for _ in range(20)]
    inside = [p for p in plane if np.hypot(*camera.screen(p)) < 0.98]
    assert all(camera.hidden(p, on_sphere=False) == (camera.depth(y) < 0) for p in inside)


@given(seeds)
def test_lifting_a_visible_point_inverts_the_projection(rng):
    camera, p = Camera(rng.standard_normal(3)), sphere.random_point((3,), rng)
    assume(camera.depth(p) > 0.01)
    assert np.allclose(camera.basis @ on_sphere(camera.screen(p)[:, None])[:, 0], p, atol=1e-12)


@given(seeds)
def test_the_default_camera_stands_before_the_middle_of_the_walk(rng):
    y = sphere.random_point((3,), rng)
    d = sphere.random_tangent(y, rng)
    d = d / np.linalg.norm(d)
    camera, middle = facing(y, d), sphere.exp(y, d / 2)
    assert np.isclose(camera.depth(middle), 1 / np.hypot(1, 0.4))
    assert camera.depth(np.cross(y, d)) > 0 and camera.depth(y) > 0 and camera.depth(sphere.exp(y, d)) > 0
