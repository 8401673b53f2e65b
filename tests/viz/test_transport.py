"""Holonomy: what is drawn is held to rotations by scipy's matrix exponential, and to the area's tangent formula."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.spatial import geometric_slerp

from viz import scenes
from viz.scenes.transport import LASTING, LONG, WIDEST, excess

seeds = st.integers(0, 10_000)
radii = st.floats(0.05, WIDEST)
ENDS = np.cumsum(LASTING) / sum(LASTING)


def corners(scene):
    marks = scene.frame(0.0).marks
    return [marks[name].at for name in "abc"]


def area(a, b, c):
    """tan(area/2), after van Oosterom and Strackee."""
    return 2 * np.arctan2(a @ np.cross(b, c), 1 + a @ b + b @ c + c @ a) % (4 * np.pi)


def rotation(x, y):
    """The rotation that takes x to y in their plane and leaves what is orthogonal to both: it carries in parallel."""
    normal = np.cross(x, y)
    angle = np.arctan2(np.linalg.norm(normal), x @ y)
    u = np.cross(normal, x) / np.linalg.norm(normal)
    return expm(angle * (np.outer(u, x) - np.outer(x, u)))


def made(seed, radius):
    return scenes.transport(seed=seed, radius=radius, size=(160, 160))


@settings(max_examples=12, deadline=None)
@given(seeds, radii)
def test_the_frame_comes_back_turned_by_the_area(seed, radius):
    scene = made(seed, radius)
    a, b, c = corners(scene)
    start, end = scene.frame(0.0).marks, scene.frame(1.0).marks
    around = rotation(c, a) @ rotation(b, c) @ rotation(a, b)
    for name in "vw":
        assert np.allclose(end[name].v, around @ start[name].v, atol=1e-9) and np.allclose(end[name].at, a)
    e, f = start["v"].v / LONG, np.cross(a, start["v"].v) / LONG
    measured = np.arctan2(f @ end["v"].v, e @ end["v"].v)
    assert np.isclose(np.angle(np.exp(1j * (measured - area(a, b, c)))), 0, atol=1e-7)
    both = float(end["angle"].text[:-1]), float(end["size"].text[:-1])
    assert np.allclose(both, np.degrees(area(a, b, c)), atol=0.051)
    assert scene.frame(1.0).caption.count(end["angle"].text) >= 2
    assert f"{area(a, b, c):.3f} rad, out of 4π = 12.57" in scene.caption


@settings(max_examples=12, deadline=None)
@given(seeds, radii)
def test_the_angles_in_the_caption_are_those_between_the_sides(seed, radius):
    scene = made(seed, radius)
    a, b, c = corners(scene)
    told = [float(x) for x in re.findall(r"([\d.]+)°", scene.frame(1.0).caption.split("= ")[1])][:3]
    for said, (p, q, r) in zip(told, ((a, b, c), (b, c, a), (c, a, b)), strict=True):
        cosine = (q @ r - (p @ q) * (p @ r)) / np.sqrt((1 - (p @ q) ** 2) * (1 - (p @ r) ** 2))  # law of cosines
        assert np.isclose(said, np.degrees(np.arccos(np.clip(cosine, -1, 1))), atol=0.06)


@settings(max_examples=15, deadline=None)
@given(seeds, radii, st.integers(1, 3), st.floats(0.02, 0.8))
def test_on_a_side_parallel_keeps_length_and_angle_and_projection_keeps_what_is_tangent(seed, radius, side, part):
    scene = made(seed, radius)
    start = ENDS[side - 1]
    t = start + part * (ENDS[side] - start)
    first, now = scene.frame(float(start) + 1e-12), scene.frame(float(t))
    here, corner = now.marks["y"].at, first.marks["y"].at
    vertices = corners(scene)
    normal = np.cross(vertices[side - 1], vertices[side % 3])
    normal = normal / np.linalg.norm(normal)
    assert np.isclose(np.linalg.norm(here), 1) and abs(normal @ here) < 1e-7
    ways = [np.cross(normal, x) for x in (corner, here)]
    for name in "vw":
        v0, v1 = first.marks[name].v, now.marks[name].v
        assert np.isclose(np.linalg.norm(v1), LONG) and abs(v1 @ here) < 1e-7
        assert np.isclose(v1 @ ways[1], v0 @ ways[0], atol=1e-6) and np.isclose(v1 @ normal, v0 @ normal, atol=1e-6)
        p0, p1 = (frame.beside[0][name].v for frame in (first, now))
        assert np.allclose(p1, (np.eye(3) - np.outer(here, here)) @ p0, atol=1e-6)
        assert np.linalg.norm(p1) <= np.linalg.norm(p0) + 1e-9
    met = np.degrees(np.arccos(np.clip(now.marks["v"].v @ ways[1] / LONG, -1, 1)))
    assert np.isclose(float(re.search(r"([\d.]+)°", now.caption)[1]), met, atol=0.051)
    assert abs(now.marks["v"].v @ now.marks["w"].v) < 1e-9 and (side > 1 or np.isclose(met, 45))
    assert now.marks["v"].label == "100 %"
    assert now.beside[0]["v"].label == f"{100 * np.linalg.norm(now.beside[0]['v'].v) / LONG:.0f} %"


@settings(max_examples=8, deadline=None)
@given(seeds, radii)
def test_what_projection_leaves_is_told_for_one_a_side_and_for_ten(seed, radius):
    scene = made(seed, radius)
    a, b, c = corners(scene)
    v = scene.frame(0.0).marks["v"].v
    kept = []
    for parts in (1, 10):
        left = v
        for x, y in ((a, b), (b, c), (c, a)):
            for point in geometric_slerp(x, y, np.arange(1, parts + 1) / parts):
                left = left - (point @ left) * point
            kept.append(100 * np.linalg.norm(left) / LONG)
    captions = [scene.frame(float(t)).caption for t in ENDS[1:4] - 1e-9]
    told = [int(re.search(r"(\d+) %", caption)[1]) for caption in captions]
    assert np.allclose(told, kept[:3], atol=0.51)
    assert f"ten projections a side, {kept[-1]:.0f} %" in captions[-1]


def test_the_octant_has_a_right_angle_of_area():
    assert np.isclose(excess(list(np.eye(3))), np.pi / 2)


@pytest.mark.parametrize(
    "wrong",
    [{"radius": 0.0}, {"radius": -0.7}, {"radius": 1.5}, {"radius": float("nan")}, {"seed": -1}, {"orbit": 1e9}],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected"):
        scenes.transport(**wrong)
