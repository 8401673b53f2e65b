"""Columns that turn apart, read back from the marks: L is a sum over pairs, the bound one of eigenvalues."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viz import scenes

SIZE = (160, 160)
seeds, crowds = st.integers(0, 10_000), st.integers(4, 12)


def columns(marks):
    """(3, m)."""
    names = [name for name in marks if name[0] == "y"]
    return np.stack([marks[name].at for name in names], axis=1)


def pairs(Y, alpha):
    """alpha/2 |Y'Y - I|^2 of unit columns: alpha for every pair's squared cosine."""
    return alpha * sum(float(a @ b) ** 2 for a, b in combinations(Y.T, 2))


@settings(max_examples=10, deadline=None)
@given(seeds, crowds, st.floats(0, 1), st.floats(0.2, 2))
def test_l_is_that_of_the_columns_drawn_and_never_below_the_bound(seed, m, t, alpha):
    scene = scenes.orthogonality(seed=seed, columns=m, alpha=alpha, lr=0.02 / alpha, size=SIZE)
    before, frame = scene.frame(0.0), scene.frame(t)
    few, crowd, bound = (curve[1, -1] for curve in frame.curves)
    assert np.isclose(bound, alpha / 2 * (m * m / 3 - m)) and f"{bound:.2f}" in scene.caption
    whole = float(frame.curves[0][0, -1]).is_integer()  # between two steps the panel joins them by a line
    for Y, value in ((columns(frame.marks), few), (columns(frame.beside[0]), crowd)):
        assert np.allclose(np.sum(Y * Y, axis=0), 1)
        assert np.isclose(value, pairs(Y, alpha), rtol=1e-9 if whole else 0.15, atol=0.02)
    assert columns(frame.beside[0]).shape == (3, m) and (scene.panels[1].lines[0].points[1] >= bound - 1e-9).all()
    assert pairs(columns(frame.beside[0]), alpha) >= bound - 1e-9
    assert np.isclose(pairs(columns(before.marks), alpha), scene.panels[0].lines[0].points[1, 0])


@settings(max_examples=10, deadline=None)
@given(seeds, crowds)
def test_the_first_step_is_straight_down_the_slope_of_l(seed, m):
    scene = scenes.orthogonality(seed=seed, columns=m, lr=0.02, size=SIZE)
    start, stop = 6.6 / 20, 14.6 / 20
    Y = columns(scene.frame(0.0).beside[0])
    after = columns(scene.frame(start + (stop - start) / 40).beside[0])
    for j in range(m):
        e = np.linalg.qr(np.column_stack([Y[:, j], np.eye(3)]))[0][:, 1:]  # tangent directions
        slope = np.zeros(3)
        for v in e.T:
            up, down = Y.copy(), Y.copy()
            up[:, j], down[:, j] = np.cos(1e-5) * Y[:, j] + np.sin(1e-5) * v, np.cos(1e-5) * Y[:, j] - np.sin(1e-5) * v
            slope += (pairs(up, 1.0) - pairs(down, 1.0)) / 2e-5 * v
        turn = 0.02 * np.linalg.norm(slope)
        there = np.cos(turn) * Y[:, j] - np.sin(turn) * slope / max(np.linalg.norm(slope), 1e-12)
        assert np.allclose(after[:, j], there, atol=1e-6)


def test_three_end_at_right_angles_and_six_on_the_bound_and_the_labels_say_so():
    scene = scenes.orthogonality(size=SIZE)
    end = scene.frame(1.0)
    three, six = columns(end.marks), columns(end.beside[0])
    assert np.allclose(three.T @ three, np.eye(3), atol=0.01)
    assert np.allclose(six @ six.T, 2 * np.eye(3), atol=0.02)
    assert {mark.text for name, mark in end.marks.items() if name.startswith("angle")} == {"90°"}
    for t in (0.0, 0.3, 0.5):
        marks = scene.frame(t).marks
        for i, j in combinations(range(3), 2):
            angle = np.degrees(np.arccos(marks[f"y{i}"].at @ marks[f"y{j}"].at))
            assert abs(float(marks[f"angle{i}{j}"].text[:-1]) - angle) <= 0.5 + 1e-9


def test_the_same_seed_is_the_same_film():
    film, again = (scenes.orthogonality(seed=3, columns=12, size=SIZE) for _ in range(2))
    now, later = film.frame(0.6), [again.frame(t) for t in (0.0, 1.0, 0.6)][-1]  # what was drawn leaves no trace
    assert now.caption == later.caption
    for i in range(12):
        assert np.array_equal(now.beside[0][f"trail{i}"].points, later.beside[0][f"trail{i}"].points)


@pytest.mark.parametrize("wrong", [{"columns": 3}, {"columns": 13}, {"alpha": 0.0}, {"lr": 1.0}, {"momentum": 1.0}])
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.orthogonality(**wrong)
