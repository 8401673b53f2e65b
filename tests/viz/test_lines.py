"""The shorter of two ways between lines, read back from the marks; the oracle is arccos |y'x|."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.geometry import lines as g1
from viz import scenes

SIZE = (160, 160)
seeds, moments = st.integers(0, 10_000), st.floats(0.225, 1)


def length(curve):
    """Of a curve on the sphere through points (3, k), in degrees."""
    return np.degrees(np.sum(2 * np.arcsin(np.linalg.norm(np.diff(curve.points), axis=0) / 2)))


def leaving(curve):
    """The unit vector along which a curve leaves its first point."""
    v = curve.points[:, 1] - curve.points[:, 0]
    return v / np.linalg.norm(v)


@settings(max_examples=20, deadline=None)
@given(seeds, moments, st.floats(91, 179))
def test_the_way_drawn_out_is_the_shorter_and_as_long_as_the_lines_are_apart(seed, t, degrees):
    scene = scenes.lines(seed=seed, degrees=degrees, size=SIZE)
    frame = scene.frame(t)
    marks, (sphere, tent, jump) = frame.marks, frame.curves
    y, x = marks["y"].at, marks["x"].at
    apart = np.degrees(np.arccos(np.clip(abs(y @ x), 0, 1)))
    short, other = marks["shorter"], marks["other"]
    assert np.allclose([y @ y, x @ x], 1) and np.allclose(np.sum(short.points**2, axis=0), 1)
    assert np.isclose(length(short), apart, atol=1e-3) and np.isclose(length(other), 180 - apart, atol=1e-3)
    assert marks["shorter length"].text == f"{round(apart)}°" or abs(apart % 1 - 0.5) < 1e-6
    for way in (short, other):
        assert np.allclose(way.points[:, 0], y) and np.isclose(abs(way.points[:, -1] @ x), 1)
    assert np.isclose(tent[1, -1], apart, atol=1e-5) and np.isclose(abs(jump[1, -1]), apart, atol=1e-5)
    assert np.isclose(np.cos(np.radians(sphere[1, -1])), y @ x)
    if abs(y @ x) > 1e-6:
        assert np.allclose(g1.log(y, x) / np.radians(apart), leaving(short), atol=0.05)
        assert np.sign(jump[1, -1]) == np.sign(y @ x) and short.role == "h" and other.role == "guide"


@settings(max_examples=10, deadline=None)
@given(seeds, st.floats(0.6, 1))
def test_the_cut_locus_is_a_right_angle_away_and_there_both_ways_are_drawn_out(seed, t):
    scene = scenes.lines(seed=seed, size=SIZE)
    marks, at_cut = scene.frame(t).marks, scene.frame(0.55)
    assert np.allclose(marks["y"].at @ marks["cut"].points, 0, atol=1e-12)
    assert abs(at_cut.marks["y"].at @ at_cut.marks["x"].at) < 1e-12
    assert {at_cut.marks[name].role for name in ("shorter", "other")} == {"h"}
    assert at_cut.marks["shorter length"].text == at_cut.marks["other length"].text == "90°"


def test_log_jumps_by_half_a_turn_and_the_distance_does_not():
    scene = scenes.lines(size=SIZE)
    (_, tent), (jump,) = (panel.lines for panel in scene.panels)
    steps = np.abs(np.diff(jump.points[1]))
    assert np.isclose(steps.max(), 180) and np.sum(steps > 1) == 1
    assert np.abs(np.diff(tent.points[1])).max() < 1 and tent.points[1].max() == 90
    assert scene.spheres[0].ghost and "falls again to 50" in scene.caption


@pytest.mark.parametrize("wrong", [{"degrees": 90.0}, {"degrees": 180.0}, {"degrees": float("nan")}, {"seed": -1}])
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.lines(**wrong)
