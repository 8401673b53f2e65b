"""Momentum read back from the marks: what is carried, where the optimizer goes, how far a coast does."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from grassmann_np.geometry import sphere
from viz import scenes
from viz.losses import LOSSES
from viz.scenes import shared
from viz.scenes.momentum import STOPPED

numbers = {
    "seed": st.integers(0, 10_000),
    "loss": st.sampled_from(list(LOSSES)),
    "lr": st.floats(0.05, 0.3),
    "momentum": st.floats(0, 0.9),
    "steps": st.integers(2, 8),
}
CIRCLE, STOP = 6.0, 5.4  # how long the last two stages last


def ends(steps):
    """The moments at which the stages end."""
    return np.cumsum([4.4, 5.6, 0.8 * (steps - 2), CIRCLE, STOP]) / (21.4 + 0.8 * (steps - 2))


def turned(d, y, v):
    """v turned as y is when it walks along d."""
    return expm(np.outer(d, y) - np.outer(y, d)) @ v


@settings(max_examples=10, deadline=None)
@given(**numbers)
def test_the_trail_is_the_path_of_the_optimizer_of_the_library(seed, loss, lr, momentum, steps):
    scene = scenes.momentum(seed, loss, lr, momentum, steps, size=(160, 160))
    y = scene.frame(0.0).marks["y"].at
    path = shared.path(scene.loss, y, steps, "sgd-g", lr=lr, momentum=momentum)
    marks = scene.frame(1.0).marks
    assert np.allclose(marks["trail"].points, path[:, :-1], atol=1e-9)
    assert np.allclose(marks["y"].at, path[:, -1], atol=1e-9)
    assert np.allclose(marks["walk"].points[:, [0, -1]], path[:, -2:], atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(**numbers)
def test_the_second_step_is_the_first_carried_times_gamma_and_the_new_gradient(seed, loss, lr, momentum, steps):
    scene = scenes.momentum(seed, loss, lr, momentum, steps, size=(160, 160))
    first, second, _, _, _ = ends(steps)
    y, d = scene.frame(0.0).marks["y"].at, scene.frame(0.0).beside[0]["d"].v
    marks = scene.frame(first + (second - first) * 0.4999 / 1.2).marks  # the arrows are whole, y has not begun to walk
    here, carried = turned(d, y, y), turned(d, y, d)
    g = scene.loss(here)[1]
    h = g - (here @ g) * here
    assert np.allclose(marks["y"].at, here) and np.allclose(marks["h"].v, -lr * h)
    assert np.allclose(marks["tau"].v, momentum * carried)
    assert np.allclose(marks["d"].v, marks["tau"].v + marks["h"].v)
    said = scene.frame(second - 0.01).caption
    assert f"{np.degrees(np.linalg.norm(momentum * carried - lr * h)):.1f} degrees" in said


@settings(max_examples=10, deadline=None)
@given(**numbers, s=st.floats(0.02, 0.8))
def test_with_no_gradient_y_keeps_to_one_great_circle_and_d_to_its_length_or_gamma_of_it(
    seed, loss, lr, momentum, steps, s
):
    scene = scenes.momentum(seed, loss, lr, momentum, steps, size=(160, 160))
    _, _, before, closed, _ = ends(steps)
    start = scene.frame(0.0).beside[0]
    y, d = start["y"].at, start["d"].v
    axis = np.cross(y, d)
    for a, b, friction in ((before, closed, 1.0), (closed, 1.0, momentum)):
        marks = scene.frame(a + s * (b - a)).beside[0]
        trail, vector = marks["trail"].points, marks["d"].v
        assert np.allclose(axis @ trail, 0, atol=1e-9) and abs(marks["y"].at @ vector) < 1e-9
        assert np.allclose(trail[:, -1], marks["y"].at)
        steps_taken = trail.shape[1] - 2
        lengths = sphere.distance(trail[:, :-2], trail[:, 1:-1])
        assert np.allclose(lengths, np.linalg.norm(d) * friction ** np.arange(steps_taken), rtol=1e-6, atol=1e-7)
        length = np.linalg.norm(vector) / np.linalg.norm(d)
        rest = max(0.02, (1 - friction) * STOPPED / np.linalg.norm(d))  # the last steps of a coast are one
        assert friction ** (steps_taken + 1) - rest <= length <= friction**steps_taken + 1e-9


@settings(max_examples=10, deadline=None)
@given(**numbers)
def test_it_closes_a_circle_and_stops_after_the_angle_that_is_said(seed, loss, lr, momentum, steps):
    scene = scenes.momentum(seed, loss, lr, momentum, steps, size=(160, 160))
    start = scene.frame(0.0).beside[0]
    y, d = start["y"].at, start["d"].v
    circle = scene.frame(ends(steps)[3] - 1e-9).beside[0]
    assert np.allclose(circle["y"].at, y, atol=1e-5) and circle["degrees"].text == "360°"
    end = scene.frame(1.0).beside[0]
    coasted = sum(momentum**k for k in range(2000)) * np.linalg.norm(d)
    assert np.allclose(end["y"].at, turned(coasted / np.linalg.norm(d) * d, y, y), atol=1e-9)
    assert np.linalg.norm(end["d"].v) < 1e-9 and end["degrees"].text == f"{np.degrees(coasted):.0f}°"
    assert f"= {np.degrees(coasted):.1f} degrees, and stops" in scene.caption
    said = float(re.search(r"after (\d+\.\d) steps", scene.caption)[1])
    assert np.isclose(said, 2 * np.pi / np.linalg.norm(d), atol=0.051)


def test_nothing_jumps():
    scene = scenes.momentum(size=(160, 160))
    views = [[marks["y"].at for marks, _ in scene.frame(float(t)).views] for t in np.linspace(0, 1, 1201)]
    left, right = np.linalg.norm(np.diff(np.array(views), axis=0), axis=2).T
    assert left.max() < 0.06 and np.sum(right > 0.06) <= 1  # only the start of the coast: back to the first point


@pytest.mark.parametrize(
    "wrong",
    [
        {"momentum": 0.999},
        {"momentum": 1.0},
        {"lr": 0.0},
        {"steps": 1},
        {"steps": 101},
        {"seed": -1},
        {"lr": 30.0},
        {"loss": lambda w: (np.zeros(w.shape[1:]), np.zeros_like(w))},
        {"loss": "bowl"},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.momentum(**wrong)
