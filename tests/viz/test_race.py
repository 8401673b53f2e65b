"""The race read back from trails and panels, against updates written out here."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np import optim
from grassmann_np.geometry import sphere
from viz import scenes
from viz.losses import LOSSES
from viz.scenes import shared

options = {
    "seed": st.integers(0, 10_000),
    "loss": st.sampled_from(list(LOSSES)),
    "lr": st.floats(0.05, 0.6),
    "momentum": st.floats(0, 0.8),
    "decay": st.floats(0, 0.05),
    "steps": st.integers(2, 20),
}
ROLES = ["sgd", "decay", "sgd-g", "adam-g"]


def unit(w):
    return w / np.linalg.norm(w, axis=0)


def sgd(loss, w, lr, momentum, decay, steps):
    """The weights that SGD visits: the momentum as a sum over all gradients so far."""
    seen, gradients = [w], []
    for k in range(steps):
        gradients.append(loss(w)[1] + decay * w)
        w = w - lr * sum(momentum ** (k - i) * g for i, g in enumerate(gradients))
        seen.append(w)
    return np.stack(seen, axis=1)


def angle(a, b):
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b, axis=0), axis=0), np.sum(a * b, axis=0)))


@settings(max_examples=15, deadline=None)
@given(**options)
def test_the_trails_are_the_directions_of_the_four_from_one_start(seed, loss, lr, momentum, decay, steps):
    scene = scenes.race(seed, loss, "none", lr, momentum, decay, steps, size=(160, 160))
    marks = scene.frame(1.0).marks
    y = marks["start"].at
    assert all(np.allclose(marks[role].points[:, 0], y) for role in ROLES)
    for role, held in (("sgd", 0.0), ("decay", decay)):
        assert np.allclose(marks[role].points, unit(sgd(scene.loss, y, lr, momentum, held, steps)), atol=1e-6)
    g = shared.path(scene.loss, y, steps, "sgd-g", lr=lr, momentum=momentum)
    assert np.allclose(marks["sgd-g"].points, g, atol=1e-9)
    adam = shared.path(scene.loss, y, steps, "adam-g", lr=lr / 4)
    assert np.allclose(marks["adam-g"].points, adam, atol=1e-9)
    first = angle(y, marks["adam-g"].points[:, 1])
    h = sphere.project(y, scene.loss(y)[1])
    assert np.linalg.norm(h) < 0.1 or np.isclose(first, np.degrees(lr / 4), rtol=1e-3)


@settings(max_examples=15, deadline=None)
@given(**options, t=st.floats(0, 1))
def test_the_panels_are_the_losses_and_turns_of_the_trails_and_go_in_step_with_them(
    seed, loss, lr, momentum, decay, steps, t
):
    scene = scenes.race(seed, loss, "none", lr, momentum, decay, steps, size=(160, 160))
    losses, turns = scene.panels
    end, now = scene.frame(1.0), scene.frame(t)
    walked = steps * np.clip((28.6 * t - 6.8) / 9, 0, 1)
    for i, role in enumerate(ROLES):
        points = end.marks[role].points
        assert losses.lines[i].role == turns.lines[i].role == role
        assert np.allclose(losses.lines[i].points, [np.arange(steps + 1), scene.loss(points)[0]])
        per_step = np.maximum(angle(points[:, :-1], points[:, 1:]), 0.01)
        assert np.allclose(turns.lines[i].points, [np.arange(1, steps + 1), per_step], rtol=1e-6)
        loss_gone, turn_gone = now.curves[i], now.curves[len(ROLES) + i]
        assert np.isclose(loss_gone[0, -1], walked) and np.isclose(turn_gone[0, -1], max(1.0, walked))
        value = np.interp(walked, *losses.lines[i].points)
        assert np.isclose(loss_gone[1, -1], value)
        trail = now.marks[role].points
        whole = int(walked + 1e-9)
        assert np.allclose(trail[:, : whole + 1], points[:, : whole + 1]) and np.allclose(np.sum(trail**2, axis=0), 1)
        if whole < steps and trail.shape[1] > whole + 1:  # the end is on the way to the next point
            a, b = points[:, whole], points[:, whole + 1]
            assert np.isclose(angle(a, trail[:, -1]) + angle(trail[:, -1], b), angle(a, b), atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(**options)
def test_the_captions_are_numbers_of_the_trails(seed, loss, lr, momentum, decay, steps):
    scene = scenes.race(seed, loss, "none", lr, momentum, decay, steps, size=(160, 160))
    marks, early = scene.frame(1.0).marks, max(1, steps // 4)
    points = [marks[role].points for role in ROLES]
    said = scene.frame(0.5).caption
    turned, lengths = said.split(". The longer w")
    numbers = [float(x) for x in re.findall(r"(?<=[A-Za-z] )\d+\.\d+", turned)]
    assert np.allclose(numbers, [angle(p[:, early - 1], p[:, early]) for p in points], atol=0.012)
    y = marks["start"].at
    grown = [np.linalg.norm(sgd(scene.loss, y, lr, momentum, held, steps)[:, early]) for held in (0.0, decay)]
    assert np.allclose([float(x) for x in re.findall(r"\d+\.\d+", lengths)], grown, atol=0.0051)
    values = [scene.loss(p)[0] for p in points]
    best = min(range(4), key=lambda i: values[i].min())
    there = points[best][:, np.argmin(values[best])]
    pairs = re.findall(r"(−?-?\d+\.\d{4}) and (\d+\.\d)°", scene.caption)
    assert np.allclose([float(loss_) for loss_, _ in pairs], [v[-1] for v in values], atol=5.1e-5)
    assert np.allclose([float(way) for _, way in pairs], [angle(p[:, -1], there) for p in points], atol=0.051)


def test_the_film_shown_first_tells_what_it_is_there_for():
    scene = scenes.race(size=(160, 160))
    marks, (_, turns) = scene.frame(1.0).marks, scene.panels
    final = {role: scene.loss(marks[role].points[:, -1])[0] for role in ROLES}
    assert final["sgd-g"] < final["decay"] < final["sgd"] < final["adam-g"]
    at_10 = [line.points[1, 9] for line in turns.lines]
    assert at_10[0] < at_10[1] < at_10[2] < at_10[3]


def test_a_fifth_runs_too():
    own = scenes.race(optimizer=lambda parameters: optim.SGD(parameters, 0.5, 0.5), size=(160, 160))
    marks = own.frame(1.0).marks
    assert np.array_equal(marks["frame"].points, marks["sgd-g"].points) and own.panels[0].lines[-1].name == "yours"
    named = scenes.race(optimizer="adam", size=(160, 160))
    assert len(named.frame(0.5).curves) == 10 and "Adam-G and Adam start" in named.caption
    named.still(0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 1},
        {"steps": 501},
        {"decay": -0.1},
        {"lr": 0.0},
        {"optimizer": "lion"},
        {"loss": "bowl"},
        {"seed": -1},
        {"momentum": 1.0},
        {"orbit": float("nan")},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.race(**wrong)
