"""The neuron that does not see the length of w: the drawn walk is held to Pythagoras and to differences of the loss."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from viz import scenes
from viz.losses import LOSSES
from viz.scenes.scale import LASTING, STATIONS, STEPS

seeds = st.integers(0, 10_000)
rates = st.floats(0.05, 1.5)
FALL = (LASTING[0] + 0.97 * LASTING[1]) / sum(LASTING)


def made(seed, lr=1.0, loss="neuron"):
    try:
        return scenes.scale(seed=seed, lr=lr, loss=loss, size=(160, 160))
    except ValueError as wrong:  # steep where w starts
        assert "keeps |w| below" in str(wrong)
        assume(False)


def gradient(loss, w, step=1e-5):
    """By central differences, as long as w is, so that the step has a meaning."""
    sides = step * np.linalg.norm(w) * np.eye(3)
    return np.array([(loss(w + e)[0] - loss(w - e)[0]) / (2 * step * np.linalg.norm(w)) for e in sides])


@settings(max_examples=10, deadline=None)
@given(seeds, rates, st.sampled_from(["neuron", "rayleigh", "two-wells"]))
def test_every_step_is_minus_lr_times_the_gradient_and_at_a_right_angle_to_w(seed, lr, name):
    scene = made(seed, lr, name)
    walk = scene.frame(1.0).marks["walk"].points
    assert walk.shape == (3, STEPS + 1) and np.isclose(np.linalg.norm(walk[:, 0]), 1)
    moves = np.diff(walk)
    for w, move in zip(walk.T[:6], moves.T[:6], strict=True):
        assert np.allclose(move, -lr * gradient(scene.loss, w), atol=1e-6 * (1 + np.linalg.norm(move) / lr**2))
    assert np.allclose(np.sum(walk[:, :-1] * moves, axis=0), 0, atol=1e-9)
    grown = np.sqrt(1 + np.append(0, np.cumsum(np.sum(moves * moves, axis=0))))  # Pythagoras
    assert np.allclose(scene.panels[0].lines[0].points, [np.arange(STEPS + 1), grown])


@settings(max_examples=10, deadline=None)
@given(seeds, rates)
def test_the_panel_has_the_angle_of_each_step_and_what_it_would_be_if_w_had_stayed_short(seed, lr):
    scene = made(seed, lr)
    frame = scene.frame(1.0)
    walk, ways = frame.marks["walk"].points, frame.marks["directions"].points
    real, short = (line.points[1] for line in scene.panels[1].lines)
    a, b = walk[:, :-1], walk[:, 1:]
    angle = np.degrees(np.arctan2(np.linalg.norm(np.cross(a.T, b.T), axis=1), np.sum(a * b, axis=0)))
    assert np.allclose(real, angle, atol=1e-6)
    at_length_1 = np.degrees([np.arctan(lr * np.linalg.norm(gradient(scene.loss, y))) for y in ways.T[:5]])
    assert np.allclose(short[:5], at_length_1, rtol=1e-4, atol=1e-5)
    assert np.all(real <= short + 1e-9)
    told = [float(x) for x in re.findall(r"([\d.]+)°", frame.caption)]
    assert np.allclose(told, [angle[-1], short[-1]], atol=0.006)
    squared = float(re.search(r"η/\|w\|² = ([\d.]+)\.$", frame.caption)[1])
    assert np.isclose(squared, lr / np.sum(walk[:, -2] ** 2), atol=0.006)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_along_the_ray_the_loss_stays_and_the_gradient_is_across_it_and_shrinks_as_1_over_w(seed):
    scene = made(seed)
    marks = scene.frame(FALL).marks
    arrows = [marks[f"g{i}"] for i in range(len(STATIONS) - 1)]
    y = marks["y"].at
    for arrow, length in zip(arrows, STATIONS, strict=False):
        assert np.allclose(arrow.at, length * y) and abs(arrow.v @ y) < 1e-9
        assert np.allclose(arrow.v, -gradient(scene.loss, arrow.at), atol=1e-6 * (1 + np.linalg.norm(arrow.v)))
        assert np.isclose(scene.loss(arrow.at)[0], scene.loss(y)[0])
    for t in (FALL - 0.06, FALL):
        g = scene.frame(t).marks["g"]
        assert np.isclose(np.linalg.norm(g.v) * (g.at @ y), STATIONS[0] * np.linalg.norm(arrows[0].v))
        assert g.label == f"−g, |g| = {np.linalg.norm(g.v):.2f}"


@settings(max_examples=10, deadline=None)
@given(seeds, st.floats(0, 1))
def test_the_direction_that_is_drawn_is_that_of_w(seed, t):
    marks = made(seed).frame(t).marks
    assert np.isclose(np.linalg.norm(marks["y"].at), 1)
    w = marks["w"].at if hasattr(marks["w"], "label") and marks["w"].label == "w" else marks["w"].v
    assert np.allclose(np.cross(w, marks["y"].at), 0, atol=1e-9) and w @ marks["y"].at > 0.99


def test_w_moves_without_a_jump_from_stage_to_stage():
    scene = scenes.scale(size=(160, 160))
    ends = np.cumsum(LASTING)[:-1] / sum(LASTING)
    for end in ends:
        before, after = (scene.frame(t).marks for t in (end - 1e-9, end + 1e-9))
        assert np.allclose(before["y"].at, after["y"].at)
    assert scene.frame(0.3).caption != scene.frame(0.9).caption


def test_a_flat_loss_goes_nowhere():
    scene = scenes.scale(loss=lambda w: (np.zeros(w.shape[1:]), np.zeros_like(w)), size=(160, 160))
    assert "from |w| = 1 to 1.00" in scene.caption
    scene.still(0.3), scene.still(1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "linear"},
        {"loss": "bowl"},
        {"lr": 0.0},
        {"lr": float("nan")},
        {"lr": 1e9},
        {"seed": -1},
        {"loss": lambda w: (np.sum(w * w, axis=0), 2 * w)},
        {"orbit": float("inf")},
    ],
)
def test_a_loss_that_sees_the_length_of_w_and_numbers_that_cannot_be_drawn_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.scale(**wrong)


def test_the_loss_names_that_pass_are_those_that_do_not_see_length():
    fine = []
    for name in LOSSES:
        try:
            scenes.scale(seed=3, lr=0.2, loss=name)
            fine.append(name)
        except ValueError as wrong:
            assert "f(2w) = f(w)" in str(wrong)
    assert fine == ["neuron", "rayleigh", "two-wells"]
