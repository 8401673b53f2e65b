"""Geodesic, straight line and retraction: the dots are read back from the marks and measured by plane trigonometry."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viz import scenes
from viz.scenes.exp import LASTING, LONGEST, STEPS

seeds = st.integers(0, 10_000)
lengths = st.floats(0.01, LONGEST)
BACK = sum(LASTING[:3]) / sum(LASTING)  # when the retraction starts


def marks_at(seed, length, t):
    return scenes.exp(seed=seed, length=length, size=(160, 160)).frame(t).marks


def angle(a, b):
    """Between vectors, by their cross product: columns."""
    return np.arctan2(np.linalg.norm(np.cross(a.T, b.T), axis=-1), np.sum(a * b, axis=0))


@settings(max_examples=20, deadline=None)
@given(seeds, lengths)
def test_at_the_end_the_three_ways_are_what_they_are_called(seed, length):
    marks = marks_at(seed, length, 1.0)
    walk, line, back = (marks[name].points for name in ("walk", "line", "back"))
    y = marks["y"].at
    assert np.allclose(np.linalg.norm(walk, axis=0), 1) and np.allclose(np.linalg.norm(back, axis=0), 1)
    assert np.allclose(angle(walk[:, :-1], walk[:, 1:]), length / STEPS)  # constant speed
    parts = length * np.arange(STEPS + 1) / STEPS
    assert np.allclose((line - y[:, None]).T @ y, 0) and np.allclose(np.linalg.norm(line - y[:, None], axis=0), parts)
    assert np.allclose(angle(back, np.outer(y, np.ones(STEPS + 1))), np.arctan(parts), atol=1e-7)
    assert np.allclose(np.cross(line.T, back.T), 0)  # towards the centre
    normal = np.cross(y, line[:, -1])
    assert np.allclose(normal @ walk, 0) and np.allclose(walk[:, 1] @ (line[:, -1] - y) >= 0, True)


@settings(max_examples=20, deadline=None)
@given(seeds, lengths, st.floats(0, 1))
def test_the_walk_stays_on_the_sphere_and_the_line_off_it_at_all_times(seed, length, t):
    marks = marks_at(seed, length, t)
    if "walk" in marks:
        assert np.allclose(np.linalg.norm(marks["walk"].points, axis=0), 1)
        assert np.array_equal(marks["exp"].at, marks["walk"].points[:, -1])
    if "line" in marks:
        assert np.all(np.linalg.norm(marks["line"].points[:, 1:], axis=0) > 1)
    if "back" in marks:
        between = np.linalg.norm(marks["back"].points, axis=0), np.linalg.norm(marks["line"].points, axis=0)
        assert np.all(between[0] >= 1 - 1e-12) and np.all(between[0] <= between[1] + 1e-12)


@settings(max_examples=20, deadline=None)
@given(seeds, lengths)
def test_captions_labels_and_panels_tell_both_angles(seed, length):
    scene = scenes.exp(seed=seed, length=length, size=(160, 160))
    frame = scene.frame(1.0)
    short = np.degrees(np.arctan2(length, 1.0))
    told = [float(x) for x in re.findall(r"([\d.]+)°", frame.caption)][:3]
    assert np.allclose(told, [np.degrees(length), short, np.degrees(length) - short], atol=0.051)
    assert frame.marks["exp"].label == f"exp {np.degrees(length):.1f}°"
    assert frame.marks["R"].label == f"R {short:.1f}°"
    ends = [curve[1, -1] for curve in frame.curves]
    assert np.allclose(ends, [np.degrees(length), short, np.hypot(1, length)])
    assert f"= {np.hypot(1, length):.3f}." in scene.caption


def test_each_curve_of_the_panels_runs_with_its_own_way():
    scene = scenes.exp(size=(160, 160))
    starts = np.append(0, np.cumsum(LASTING)) / sum(LASTING)
    gone = [[curve.shape[1] > 1 for curve in scene.frame(float(t)).curves] for t in starts[1:-1] + 0.05]
    assert gone == [[True, False, False], [True, False, True], [True, True, True], [True, True, True]]


def test_short_steps_differ_by_a_third_of_the_cube():
    short = [marks_at(1, length, 1.0) for length in (0.02, 0.04)]
    gaps = [float(angle(m["exp"].at, m["R"].at)) for m in short]
    assert np.isclose(gaps[0], 0.02**3 / 3, rtol=1e-3) and np.isclose(gaps[1] / gaps[0], 8, rtol=2e-3)


@pytest.mark.parametrize(
    "wrong",
    [{"length": 0.0}, {"length": -1.0}, {"length": 7.0}, {"length": float("nan")}, {"seed": -1}, {"orbit": 1e9}],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected"):
        scenes.exp(**wrong)
