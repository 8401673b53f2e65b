"""Two optimizers in two coordinate systems, read back from the marks and held to formulas of this file."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from grassmann_np import optim
from grassmann_np.geometry import sphere
from viz import scenes
from viz.losses import LOSSES

options = {
    "seed": st.integers(0, 10_000),
    "loss": st.sampled_from(list(LOSSES)),
    "lr": st.floats(0.02, 0.2),
    "steps": st.integers(1, 25),
    "turn": st.floats(5, 120),
}


def film(seed, loss, lr, steps, turn, **more):
    return scenes.adam(seed, loss, lr=lr, steps=steps, turn=turn, size=(160, 160), **more)


def adam_g(loss, y, steps, lr):
    """The directions that Adam-G visits, by its formulas; on the sphere m stays tangent by a turn of the plane y, d."""
    m, v, seen = np.zeros(3), 0.0, [y]
    for t in range(1, steps + 1):
        h = loss(y)[1] - (y @ loss(y)[1]) * y
        m, v = 0.9 * m + 0.1 * h, 0.999 * v + 0.001 * (h @ h)
        d = -lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / np.sqrt(v + 1e-8)
        R = Rotation.from_rotvec(np.cross(y, d)).as_matrix()
        y, m = R @ y, R @ m
        seen.append(y)
    return np.stack(seen, axis=1)


def adam(loss, w, steps, lr):
    """The directions that Adam visits, by its formulas."""
    m, v, seen = np.zeros(3), np.zeros(3), [w]
    for t in range(1, steps + 1):
        g = loss(w)[1]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / np.sqrt(v + 1e-8)
        seen.append(w / np.linalg.norm(w))
    return np.stack(seen, axis=1)


@settings(max_examples=15, deadline=None)
@given(**options)
def test_each_sphere_shows_the_paths_in_its_own_coordinates(seed, loss, lr, steps, turn):
    scene = film(seed, loss, lr, steps, turn)
    frame = scene.frame(1.0)
    Q = Rotation.from_rotvec(np.radians(turn) * frame.camera.direction).as_matrix()
    left, right = (marks for marks, _ in frame.views)
    f = scene.loss
    assert np.allclose(right["start"].at, Q @ left["start"].at)

    def turned(x):
        return f(Q.T @ x)[0], Q @ f(Q.T @ x)[1]

    for marks, loss_here in ((left, f), (right, turned)):
        y = marks["start"].at
        assert np.allclose(marks["adam-g"].points, adam_g(loss_here, y, steps, lr), atol=1e-7)
        assert np.allclose(marks["adam"].points, adam(loss_here, y, steps, lr), atol=1e-7)
    x = np.random.default_rng(seed).standard_normal((3, 5)) + np.array([[0], [0], [3]])
    value, gradient = scene.spheres[1].loss(x)
    expected = [turned(column) for column in x.T]
    assert np.allclose(value, [v for v, _ in expected]) and np.allclose(gradient.T, [g for _, g in expected])


@settings(max_examples=15, deadline=None)
@given(**options)
def test_turned_back_adam_g_is_the_same_path_and_the_gap_of_adam_is_the_one_that_is_said(seed, loss, lr, steps, turn):
    scene = film(seed, loss, lr, steps, turn)
    left, right = (marks for marks, _ in scene.frame(1.0).views)
    Q = Rotation.from_rotvec(np.radians(turn) * scene.frame(1.0).camera.direction).as_matrix()
    assert np.allclose(Q @ left["adam-g"].points, right["adam-g"].points, atol=1e-9)
    assert "Adam-G: the same path" in scene.caption and left["adam-g-end"].label == "Adam-G 0°"
    back = Q.T @ right["adam"].points
    gap = np.degrees(np.arccos(np.clip(np.sum(left["adam"].points * back, axis=0), -1, 1)))
    if gap.max() < 0.01:
        return
    said, step = re.search(r"Adam: another path, up to ([\d.]+) degrees away, at step (\d+)", scene.caption).groups()
    assert np.isclose(float(said), gap.max(), atol=0.051) and np.isclose(gap[int(step)], gap.max(), atol=1e-4)
    assert left["adam-end"].label == right["adam-end"].label == f"Adam {gap.max():.0f}°"
    for marks, rolled in ((left, back), (right, Q @ left["adam"].points)):
        ends = marks["adam-gap"].points[:, [0, -1]]
        assert np.allclose(ends, np.stack([marks["adam"].points, rolled])[:, :, int(step)].T, atol=1e-9)
        carried = marks["adam-carried"].points
        assert all(np.min(np.linalg.norm(carried - p[:, None], axis=0)) < 1e-9 for p in rolled.T)


def test_the_paths_of_the_other_sphere_roll_from_where_they_are_to_where_they_belong():
    scene = scenes.adam(size=(160, 160))
    place = [scene.frame(t).marks["adam-carried"].points for t in (13.701 / 26.3, 15.2 / 26.3, 0.756)]
    other = scene.frame(0.6).beside[0]["adam"].points
    assert np.allclose(place[0][:, -1], other[:, -1], atol=1e-3)
    heights = [scene.frame(0.6).camera.depth(points) for points in place]
    assert np.allclose(heights[0], heights[1]) and np.allclose(heights[0], heights[2])
    assert np.linalg.norm(place[2] - place[0]) > np.linalg.norm(place[1] - place[0]) > 0.01


@pytest.mark.parametrize("optimizer", ["sgd", "sgd-g", lambda parameters: optim.SGD(parameters, 0.1, 0.5)])
def test_another_optimizer_can_be_tried_and_those_of_one_number_do_not_depend_on_coordinates(optimizer):
    scene = scenes.adam(optimizer=optimizer, size=(160, 160))
    name = {"sgd": "SGD", "sgd-g": "SGD-G"}.get(optimizer, "yours")
    assert f"{name}: the same path" in scene.caption and (name == "yours") == (scene.command == "")
    scene.still(1.0)


def test_an_optimizer_of_the_user_s_that_looks_at_coordinates_is_found_out():
    class Sign:
        def __init__(self, parameters):
            self.parameters = parameters

        def step(self):
            for p in self.parameters:
                p.value = sphere.normalize(p.value - 0.1 * np.sign(p.grad))

    assert "yours: another path" in scenes.adam(optimizer=Sign, size=(160, 160)).caption


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 201},
        {"turn": 200.0},
        {"turn": float("nan")},
        {"lr": -1.0},
        {"optimizer": "lion"},
        {"loss": "bowl"},
        {"seed": -1},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.adam(**wrong)
