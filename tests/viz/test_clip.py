"""A step with and without clipping, read back from the marks: circles, lengths, and the numbers that are said."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from viz import scenes
from viz.losses import LOSSES

numbers = {
    "seed": st.integers(0, 10_000),
    "loss": st.sampled_from(list(LOSSES)),
    "lr": st.floats(0.2, 9),
    "clip": st.floats(0.02, 1),
}


def spheres(scene, t):
    """The marks of the two spheres: without clipping, with it."""
    return [marks for marks, _ in scene.frame(t).views]


def length(h):
    return float(np.linalg.norm(h))


@settings(max_examples=25, deadline=None)
@given(**numbers)
def test_both_walk_the_great_circle_of_h_one_by_its_length_the_other_by_at_most_the_clip(seed, loss, lr, clip):
    scene = scenes.clip(seed, loss, lr, clip, size=(160, 160))
    marks = spheres(scene, 0.0)
    y, h = marks[0]["y"].at, -marks[0]["h"].v
    g = scene.loss(y)[1]
    assert np.allclose(h, g - (y @ g) * y) and abs(y @ h) < 1e-12 and np.array_equal(h, -marks[1]["h"].v)
    for now, shown in zip(spheres(scene, 1.0), (1.0, min(1.0, clip / length(h))), strict=True):
        d = -lr * shown * h
        assert np.allclose(now["y"].at, expm(np.outer(d, y) - np.outer(y, d)) @ y, atol=1e-9)
        walk, walked = now["walk"].points, length(d)
        assert np.allclose(np.sum(walk**2, axis=0), 1) and np.allclose(np.cross(y, h) @ walk, 0, atol=1e-9)
        arcs = np.arccos(np.clip(np.sum(walk[:, 1:] * walk[:, :-1], axis=0), -1, 1))
        assert np.isclose(arcs.sum(), min(walked, 2 * np.pi), atol=1e-4)
        assert now["degrees"].text == f"{np.degrees(walked):.0f}°" and np.array_equal(now["from"].at, y)


@settings(max_examples=25, deadline=None)
@given(**numbers)
def test_the_last_caption_says_how_far_each_walked_how_far_away_it_is_and_what_it_gained(seed, loss, lr, clip):
    scene = scenes.clip(seed, loss, lr, clip, size=(160, 160))
    said = [float(word) for word in re.findall(r"\d+\.?\d*", scene.caption)]
    y = spheres(scene, 0.0)[0]["y"].at
    h = length(spheres(scene, 0.0)[0]["h"].v)
    for now, words, longest in zip(spheres(scene, 1.0), (said[:4], said[4:]), (np.inf, clip), strict=True):
        end = now["y"].at
        values = [
            np.degrees(lr * min(h, longest)),
            np.degrees(np.arccos(np.clip(y @ end, -1, 1))),
            scene.loss(y)[0],
            scene.loss(end)[0],
        ]
        assert np.allclose(words, values, atol=[0.51, 0.51, 0.0051, 0.0051])
    assert ("shortens it" in scene.frame(0.3).caption) == (h > clip)


def test_the_clipped_arrow_is_as_long_as_the_ring_and_the_other_stays():
    scene = scenes.clip(size=(160, 160))
    free, held = spheres(scene, 0.45)
    ring = held["ring"].points() - held["y"].at[:, None]
    assert np.allclose(np.linalg.norm(ring, axis=0), 0.1) and np.isclose(length(held["h"].v), 0.1)
    assert np.allclose(held["h"].v / 0.1, free["h"].v / length(free["h"].v)) and "ring" not in free


def test_the_film_shown_first_goes_once_round_and_gains_less():
    scene = scenes.clip(size=(160, 160))
    free, held = spheres(scene, 1.0)
    assert free["degrees"].text == "368°" and scene.loss(free["y"].at)[0] > scene.loss(held["y"].at)[0]
    jumps = [
        np.linalg.norm(scene.frame(a).marks["y"].at - scene.frame(a + 0.002).marks["y"].at)
        for a in np.linspace(0, 0.998, 300)
    ]
    assert max(jumps) < 0.1


def test_a_flat_loss_stays_where_it_is():
    scene = scenes.clip(loss=lambda w: (np.zeros(w.shape[1:]), np.zeros_like(w)), size=(160, 160))
    assert "0° walked, 0° away" in scene.caption
    for t in (0.0, 0.3, 0.6, 1.0):
        scene.still(t)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lr": 0.0},
        {"clip": -1.0},
        {"clip": 9.0},
        {"seed": -1},
        {"loss": "bowl"},
        {"orbit": float("nan")},
        {"seconds": 0.0},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.clip(**wrong)
