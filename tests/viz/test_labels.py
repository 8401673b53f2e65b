"""Words of random scenes, from random cameras, at every size: their boxes read back from the artists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.geometry import sphere
from viz import labels
from viz.camera import Camera
from viz.look import Figure
from viz.marks import Curve, Label, Point, Vector
from viz.scenes.shared import along
from viz.sphere import View

SIZES = [(320, 240), (480, 360), (640, 480), (1280, 720), (1920, 1080)]
SEEDS = range(12)


def drawn(seed, size):
    """Two walks with arrows, names and numbers, on a sphere as large as a film's."""
    rng, unit = np.random.default_rng(seed), min(size[0] / 640, size[1] / 480)
    figure, side = Figure(*size), min(size)
    axes = figure.add_axes((0.1 * side / size[0], 0.15, 0.8 * side / size[0], 0.8 * side / size[1]))
    view, camera = View(axes, (0.0, 0.0, 1.3), unit), Camera(rng.standard_normal(3))
    y = sphere.normalize(camera.direction + 0.5 * rng.standard_normal(3))
    h = sphere.random_tangent(y, rng)
    d = 0.8 * sphere.normalize(h + 0.7 * sphere.random_tangent(y, rng))
    marks = {
        "walk": Curve(along(y, d, np.linspace(0, 1, 41))),
        "h": Vector(y, 0.7 * sphere.normalize(h), "h", "−ηĥ"),
        "d": Vector(y, d, "d", "d"),
        "degrees": Label(sphere.exp(y, d), f"{np.degrees(np.linalg.norm(d)):.1f}°", aside=d),
        "end": Point(sphere.exp(y, d), "Adam-G"),
        "y": Point(y, "y", aside=-d),
    }
    view.update(marks, camera)
    return view, marks, camera


def boxes_of(view):
    shown = [a for gid, a in view.artists.items() if gid.endswith(".label") and a.get_visible()]
    return {a.get_gid().split(".")[0]: np.array(a.get_window_extent().extents) for a in shown}


def meet(box, other):
    return np.all(np.minimum(box[2:], other[2:]) > np.maximum(box[:2], other[:2]))


@pytest.mark.parametrize("size", SIZES)
def test_no_word_lies_on_a_word_a_point_or_a_head_or_over_the_edge(size):
    on_limb = 0
    for seed in SEEDS:
        view, _, _ = drawn(seed, size)
        boxes = boxes_of(view)
        assert set(boxes) == {"h", "d", "degrees", "end", "y"}
        for name, box in boxes.items():
            assert (box[:2] >= 0).all() and (box[2:] <= size).all(), (seed, name)
            others = [other for other in boxes if other != name and meet(box, boxes[other])]
            assert not others, (seed, name, others)
            for point in ("y", "end"):
                dot = view.artists[f"{point}.dot"]
                x, y = view.axes.transData.transform(np.ravel(dot.get_data()))
                reach = 0.6 * dot.get_markersize() / 2 * 100 / 72
                assert not meet(box, np.array([x, y, x, y]) + reach * np.array([-1, -1, 1, 1])), (seed, name, point)
            for arrow in ("h", "d"):
                tip = view.axes.transData.transform(view.artists[f"{arrow}.head"].get_xy())
                inner = tip.mean(axis=0) + 0.5 * (tip - tip.mean(axis=0))
                assert not np.any((inner > box[:2]).all(axis=1) & (inner < box[2:]).all(axis=1)), (seed, name, arrow)
            centre, corner = view.axes.transData.transform([[0, 0], [1, 0]])
            on_limb += labels.crosses(box[None], centre, corner[0] - centre[0])[0]
    assert on_limb <= 0.15 * 5 * len(SEEDS)


def test_the_same_marks_give_the_same_places_and_a_word_stays_while_its_mark_moves_a_little():
    moved = 0
    for seed in SEEDS:
        view, marks, camera = drawn(seed, (640, 480))
        first = dict(view.lettering.taken)
        assert drawn(seed, (640, 480))[0].lettering.taken == first
        for i in range(1, 16):
            view.update(marks, camera.turned(0.2 * i))
            moved += sum(first[name] != place for name, place in view.lettering.taken.items())
            first = dict(view.lettering.taken)
    assert moved <= 0.02 * 15 * 5 * len(SEEDS)


def test_a_word_leaves_its_place_for_one_that_is_clearly_better():
    half, away = np.array([20.0, 8.0]), np.array([0.0, 1.0])
    nothing = np.empty((2, 0))
    free = labels.Obstacles(nothing, nothing, nothing, (np.zeros(2), 1e6), np.array([0.0, 0.0, 400.0, 300.0]))
    word = labels.Word("a", np.array([200.0, 150.0]), half, away)
    assert labels.places([word], free, {}) == {"a": 0}
    assert labels.places([word], free, {"a": 1}) == {"a": 1}
    box = labels.candidates([word])[0][1]
    full = labels.Obstacles((box[:2] + box[2:])[:, None] / 2, nothing, nothing, *(free.limb, free.bounds))
    assert labels.places([word], full, {"a": 1})["a"] != 1


def test_two_words_of_one_mark_make_room_for_each_other_whichever_comes_first():
    nothing = np.empty((2, 0))
    free = labels.Obstacles(nothing, nothing, nothing, (np.zeros(2), 1e6), np.array([0.0, 0.0, 400.0, 300.0]))
    half, up = np.array([30.0, 8.0]), np.array([0.0, 1.0])
    words = [labels.Word(name, np.array([200.0, 150.0]), half, up) for name in "ab"]
    for order in (words, words[::-1]):
        taken = labels.places(order, free, {})
        a, b = (labels.candidates([word])[0][taken[word.name]] for word in order)
        assert not meet(a, b)


def test_two_words_in_one_line_are_not_read_as_one():
    nothing = np.empty((2, 0))
    free = labels.Obstacles(nothing, nothing, nothing, (np.zeros(2), 1e6), np.array([0.0, 0.0, 400.0, 300.0]))
    half, up = np.array([20.0, 8.0]), np.array([0.0, 1.0])
    for apart in np.arange(40.5, 60):  # a word is 40 wide
        words = [labels.Word(name, np.array([x, 150.0]), half, up) for name, x in (("a", 150.0), ("b", 150.0 + apart))]
        taken = labels.places(words, free, {})
        a, b = (labels.candidates([word])[0][taken[word.name]] for word in words)
        assert b[0] - a[2] >= 6 or max(a[1], b[1]) - min(a[3], b[3]) >= 2, apart


@pytest.mark.parametrize("corner", [(5.0, 5.0), (395.0, 5.0), (5.0, 295.0), (395.0, 295.0)])
def test_a_word_at_a_corner_stays_in_the_picture_whichever_side_is_asked_for(corner):
    nothing, bounds = np.empty((2, 0)), np.array([0.0, 0.0, 400.0, 300.0])
    free = labels.Obstacles(nothing, nothing, nothing, (np.zeros(2), 1e6), bounds)
    for angle in np.linspace(0, 2 * np.pi, 24):
        toward = np.array([np.cos(angle), np.sin(angle)])
        word = labels.Word("a", np.array(corner), np.array([20.0, 8.0]), toward)
        inside = [(box[:2] >= 0).all() and (box[2:] <= bounds[2:]).all() for box in labels.candidates([word])[0]]
        if any(inside):
            assert inside[labels.places([word], free, {})["a"]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_crosses_and_overlap_against_sampling(seed):
    rng = np.random.default_rng(seed)
    low = rng.uniform(-2, 2, (8, 2))
    boxes = np.hstack([low, low + rng.uniform(0.1, 1.5, (8, 2))])
    circle = np.stack([np.cos(a := np.linspace(0, 2 * np.pi, 4001)), np.sin(a)])
    found = labels.within(boxes, circle, 0).any(axis=1)
    assert np.all(labels.crosses(boxes, np.zeros(2), 1.0)[found])
    met = labels.overlap(boxes, boxes)
    assert np.allclose(np.diag(met), 2) and np.array_equal(met > 0, [[meet(a, b) for b in boxes] for a in boxes])
