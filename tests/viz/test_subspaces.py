"""A plane that turns into another, read back from the discs: the oracle is the angle between their normals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from viz import scenes
from viz.camera import Camera
from viz.marks import Disc
from viz.sphere import View

SIZE = (160, 160)
seeds, angles = st.integers(0, 10_000), st.floats(2, 88)
START, STOP = 13.0 / 27, 20.4 / 27  # of the turn


def normal(marks, name):
    """Unit, of a disc, whose edge must be a great circle around it."""
    n, edge = marks[f"{name} disc"].normal, marks[name].points
    assert np.isclose(n @ n, 1) and np.allclose(n @ edge, 0, atol=1e-12) and np.allclose(np.sum(edge**2, axis=0), 1)
    return n


def between(n, m):
    """Degrees between two planes, from their normals."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(n, m)), abs(n @ m)))


@settings(max_examples=15, deadline=None)
@given(seeds, angles, st.floats(0, 1))
def test_the_plane_turns_about_the_common_line_by_the_angle_that_is_shown(seed, degrees, r):
    scene = scenes.subspaces(seed=seed, degrees=degrees, size=SIZE)
    frame = scene.frame(START + r * (STOP - START) * 0.999)
    marks, (turned, left, other) = frame.marks, frame.curves
    Y, X, P = (normal(marks, name) for name in ("Y", "X", "P"))
    line = marks["line"].v / np.linalg.norm(marks["line"].v)
    assert np.isclose(between(Y, X), degrees) and np.allclose([line @ n for n in (Y, X, P)], 0, atol=1e-9)
    part = turned[0, -1]
    assert np.isclose(between(Y, P), part * degrees, atol=1e-5) and np.isclose(turned[1, -1], part * degrees, atol=1e-5)
    assert np.isclose(left[1, -1], between(P, X), atol=1e-5) and np.isclose(other[1, -1], 0, atol=1e-5)
    basis = np.stack([marks["y₁"].at, marks["y₂"].at])
    assert np.allclose(basis @ basis.T, np.eye(2)) and np.allclose(basis @ P, 0, atol=1e-9)
    arc = marks["angle"].points
    assert np.isclose(arc[:, 0] @ Y, 0, atol=1e-9) and np.isclose(arc[:, -1] @ P, 0, atol=1e-9)
    assert np.allclose(line @ arc, 0, atol=1e-9)
    assert abs(float(marks["number"].text[:-1]) - between(Y, P)) <= 0.5 + 1e-6


@settings(max_examples=10, deadline=None)
@given(seeds, angles)
def test_it_arrives_at_the_plane_and_not_at_its_basis_and_the_captions_say_how_far(seed, degrees):
    scene = scenes.subspaces(seed=seed, degrees=degrees, size=SIZE)
    end = scene.frame(1.0)
    X, P = (normal(end.marks, name) for name in ("X", "P"))
    assert np.isclose(between(X, P), 0, atol=1e-5)
    y, x = end.marks["y₁"].at, end.marks["x₁"].at
    off = np.degrees(np.arccos(np.clip(x @ y, -1, 1)))
    assert np.isclose(x @ P, 0, atol=1e-9) and f"y₁ is {off:.0f}° from x₁" in end.caption
    assert f"distance {np.radians(degrees):.2f} rad" in end.caption
    assert f"{degrees:.1f} degrees; the other is 0.0" in scene.caption


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1).map(np.random.default_rng))
def test_a_disc_is_two_halves_and_the_fainter_one_is_behind(rng):
    view = View(Figure(figsize=(3, 3)).add_axes((0, 0, 1, 1)))
    n, camera = rng.standard_normal(3), Camera(rng.standard_normal(3))
    n = n / np.linalg.norm(n)
    view.update({"plane": Disc(n)}, camera)
    faces = [view.artists[f"plane.{part}"] for part in ("front", "back")]
    for half, sign in zip(faces, (1, -1), strict=True):
        screen = half.get_xy().T
        depth = -(n @ camera.basis[:, :2] @ screen) / (n @ camera.direction)  # of the plane, there
        assert np.allclose(np.hypot(*screen) ** 2 + depth**2, 1, atol=1e-6) and (sign * depth > -1e-9).all()
    assert faces[0].get_facecolor()[3] > faces[1].get_facecolor()[3]


@pytest.mark.parametrize("wrong", [{"degrees": 0.0}, {"degrees": 90.0}, {"degrees": float("nan")}, {"seed": -1}])
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.subspaces(**wrong)
