"""What projection loses: the arrows that are drawn are held to differences of the loss and to Pythagoras."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viz import scenes
from viz.losses import LOSSES, neuron
from viz.scenes.project import FAR, LASTING

seeds = st.integers(0, 10_000)
WALK = sum(LASTING[:2]) / sum(LASTING)  # when it starts
losses = st.sampled_from(list(LOSSES))


def gradient(loss, w, step=1e-5):
    return np.array([(loss(w + step * e)[0] - loss(w - step * e)[0]) / (2 * step) for e in np.eye(3)])


@settings(max_examples=15, deadline=None)
@given(seeds, losses, st.floats(WALK, 1.0))
def test_h_is_tangent_and_what_is_lost_is_along_y(seed, name, t):
    scene = scenes.project(seed=seed, loss=name, size=(160, 160))
    frame = scene.frame(t)
    y, g, h, lost = frame.marks["y"].at, -frame.marks["g"].v, -frame.marks["h"].v, frame.marks["lost"]
    size = 1 + np.linalg.norm(g)
    assert np.allclose(g, gradient(scene.loss, y), atol=1e-5 * size**2)
    assert abs(y @ h) < 1e-9 * size and np.allclose(np.cross(g - h, y), 0, atol=1e-9 * size)
    assert np.allclose(lost.at, y - g) and np.allclose(lost.at + lost.v, y - h)  # from the tip of -g to that of -h
    whole, tangent, radial = (curve[1, -1] for curve in frame.curves)
    assert np.isclose(whole**2, tangent**2 + radial**2)
    walked = np.degrees(np.arccos(np.clip(y @ frame.marks["walk"].points[:, 0], -1, 1)))
    assert np.allclose(frame.marks["walk"].points[:, -1], y)
    assert np.allclose([curve[0, -1] for curve in frame.curves], walked, atol=1e-4)
    assert np.allclose([whole, tangent, radial], [np.linalg.norm(g), np.linalg.norm(h), y @ g])


@settings(max_examples=10, deadline=None)
@given(seeds, losses)
def test_the_walk_starts_downhill_and_is_a_great_circle(seed, name):
    scene = scenes.project(seed=seed, loss=name, size=(160, 160))
    walk = scene.frame(1.0).marks["walk"].points
    assert np.allclose(np.linalg.norm(walk, axis=0), 1)
    assert np.allclose(np.linalg.svd(walk)[1][2], 0, atol=1e-9)  # in a plane through the origin
    steps = np.linalg.norm(np.diff(walk), axis=0)
    far = 2 * np.arcsin(steps / 2).sum()
    assert FAR / 4 - 1e-9 <= far <= FAR + 1e-9 and np.ptp(steps) < 1e-9
    u = walk[:, 1] - walk[:, 0] * (walk[:, 0] @ walk[:, 1])
    s = np.linspace(FAR / 4, FAR, 500)
    circle = np.outer(walk[:, 0], np.cos(s)) + np.outer(u / np.linalg.norm(u), np.sin(s))
    assert scene.loss(walk[:, -1])[0] <= scene.loss(circle)[0].min() + 1e-5  # it ends where f is least
    assert (walk[:, 1] - walk[:, 0]) @ gradient(scene.loss, walk[:, 0]) < 0


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_a_linear_loss_loses_all_of_its_gradient_at_the_least_and_the_neuron_nothing_anywhere(seed):
    linear, exact = (scenes.project(seed=seed, loss=name, size=(160, 160)) for name in ("linear", "neuron"))
    assert "nothing is lost." in exact.caption and "nothing is lost." not in linear.caption
    assert np.allclose(exact.panels[1].lines[0].points[1], 0, atol=1e-9)
    degrees, radial = linear.panels[1].lines[0].points
    place, most, left = re.search(
        r"lost at (\d+)°, where \|y'g\| = ([\d.]+) and \|h\| = ([\d.]+)\.", linear.caption
    ).groups()
    k = np.argmax(np.abs(radial))
    assert np.allclose([int(place), float(most)], [degrees[k], abs(radial[k])], atol=[0.51, 0.0051])
    assert np.isclose(float(left), np.sqrt(1 - min(1, radial[k] ** 2)), atol=0.0051)  # |g| = 1


def test_with_eps_the_neuron_loses_some():
    scene = scenes.project(loss=neuron(np.random.default_rng(0), eps=0.003), size=(160, 160))
    assert "Most is lost" in scene.caption and 0 < np.abs(scene.panels[1].lines[0].points[1]).max() < 0.05


def test_the_arrows_grow_without_a_jump():
    scene = scenes.project(size=(160, 160))
    for end in np.cumsum(LASTING)[:-1] / sum(LASTING):
        before, after = (scene.frame(t).marks for t in (end - 1e-6, end + 1e-6))
        assert np.allclose(before["g"].v, after["g"].v, atol=1e-4)
        assert np.allclose(before["y"].at, after["y"].at, atol=1e-4)


def test_a_flat_loss_draws_a_walk_without_arrows():
    scene = scenes.project(loss=lambda w: (np.zeros(w.shape[1:]), np.zeros_like(w)), size=(160, 160))
    assert "nothing is lost." in scene.caption
    scene.still(0.5), scene.still(1.0)


@pytest.mark.parametrize("wrong", [{"loss": "bowl"}, {"seed": -1}, {"orbit": float("nan")}, {"loss": lambda w: (w, w)}])
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.project(**wrong)
