"""One step of SGD-G, read back from what is drawn: screen coordinates of the artists are lifted to R^3 and measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from grassmann_np.geometry import sphere
from viz import scenes
from viz.camera import Camera
from viz.marks import Curve, Plane, Point, Ring, Vector
from viz.sphere import View

seeds = st.integers(0, 10_000)
DURING = {"h": 0.5, "d": 0.68, "end": 1.0}
SIZE = (480, 360)  # with its panel


@pytest.fixture(scope="module")
def view():
    return View(Figure(figsize=(3, 3)).add_axes((0, 0, 1, 1)))


def lifted(view, artist, front=True):
    """The points of the sphere drawn by a line of the view, seen from the front or hidden behind: (3, k)."""
    x, y = np.array(artist.get_data(), dtype=float)
    keep = np.isfinite(x)
    x, y = x[keep], y[keep]
    z = np.sqrt(np.maximum(0, 1 - x * x - y * y)) * (1 if front else -1)
    return view.camera.basis @ np.stack([x, y, z])


def on_plane(view, screen, y):
    """The point of y's tangent plane (p'y = 1) seen at screen (2,)."""
    right, up, eye = view.camera.basis.T
    depth = (1 - screen[0] * (right @ y) - screen[1] * (up @ y)) / (eye @ y)
    return screen[0] * right + screen[1] * up + depth * eye


def drawn(seed, t, **numbers):
    """The view of the scene at time t, and its loss panel."""
    scene = scenes.step(seed=seed, size=SIZE, **numbers)
    drawing = scene.drawing()
    drawing.show(scene.frame(t))
    return drawing.views[0], drawing, scene


def tip(view, name, y):
    return on_plane(view, view.artists[f"{name}.head"].get_xy()[0], y) - y


def the_point(view, name="y"):
    return lifted(view, view.artists[f"{name}.dot"])[:, 0]


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_the_walk_is_a_great_circle_in_the_span_of_y_and_h_and_as_long_as_the_clipped_step(seed):
    view, _, scene = drawn(seed, DURING["end"], momentum=0.0, lr=0.8, clip=0.7)
    curve = lifted(view, view.artists["walk.front"])
    y = the_point(view, "from")
    h = sphere.project(y, scene.loss(y)[1])
    assert np.allclose(np.linalg.det(np.stack([np.stack([y, h, p]) for p in curve.T])), 0, atol=1e-6)
    steps = sphere.distance(curve[:, :-1], curve[:, 1:])
    assert np.isclose(steps.sum(), 0.8 * min(np.linalg.norm(h), 0.7), atol=1e-5)
    assert np.allclose(curve[:, 0], y, atol=1e-6) and np.allclose(curve[:, -1], the_point(view), atol=1e-6)
    assert sphere.log(y, the_point(view)) @ h <= 0  # downhill


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_the_momentum_is_carried_in_parallel(seed):
    before, _, _ = drawn(seed, DURING["d"])
    after, _, _ = drawn(seed, DURING["end"])
    y, end = the_point(before), the_point(after)
    d, tau = tip(before, "d", y), tip(after, "tau", end)
    assert np.isclose(np.linalg.norm(d), np.linalg.norm(tau), atol=1e-6)
    assert np.isclose(sphere.distance(y, end), np.linalg.norm(d), atol=1e-6)
    u = sphere.normalize(sphere.log(end, y))
    assert np.allclose(tau, -u * np.linalg.norm(tau), atol=1e-5)  # along the walk, onward
    for view, base, vector in ((before, y, d), (after, end, tau)):  # the plane's edge keeps its angle to it
        corners = [on_plane(view, c, base) - base for c in view.artists["plane.plane"].get_xy()[:4]]
        edge = corners[0] - corners[2]
        assert np.isclose(edge @ vector / np.linalg.norm(edge) / np.linalg.norm(vector), np.sqrt(0.5), atol=1e-5)


@settings(max_examples=8, deadline=None)
@given(seeds)
def test_the_arrows_are_minus_h_its_clip_and_their_sum_with_the_momentum(seed):
    view, drawing, scene = drawn(seed, DURING["h"])
    y = the_point(view)
    g = scene.loss(y)[1]
    h = sphere.project(y, g)
    assert np.allclose(tip(view, "h", y), -h, atol=1e-6)
    assert np.allclose(view.artists["g.head"].get_xy()[0], view.camera.screen(y - g), atol=1e-6)
    drawing.show(scene.frame(DURING["d"]))
    clipped = h * min(1.0, 0.5 / np.linalg.norm(h))
    assert np.allclose(tip(view, "h", y), -clipped, atol=1e-6)
    assert np.allclose(tip(view, "d", y), tip(view, "tau", y) - clipped, atol=1e-6)
    ring = np.array(view.artists["ring.line"].get_data()).T
    assert np.allclose([np.linalg.norm(on_plane(view, p, y) - y) for p in ring], 0.5, atol=1e-6)


@settings(max_examples=6, deadline=None)
@given(seeds, st.floats(0, 1))
def test_the_loss_panel_is_the_loss_of_the_y_that_is_drawn(seed, t):
    view, drawing, scene = drawn(seed, t)
    (angle,), (value,) = drawing.traces[0].here.get_data()
    y = the_point(view)
    assert np.isclose(value, scene.loss(y)[0], atol=1e-6)
    assert drawing.traces[0].value.get_text() == f"{value:.3f}"
    start = the_point(view, "from") if "from.dot" in view.artists else y
    assert np.isclose(angle, np.degrees(sphere.distance(start, y)), atol=1e-4)
    ahead = np.interp(angle, *scene.panels[0].lines[0].points)
    assert np.isclose(ahead, value, atol=1e-3)  # the dot runs on the curve


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1).map(np.random.default_rng))
def test_marks_are_drawn_where_they_are_under_any_camera(view, rng):
    y = sphere.random_point((3,), rng)
    h = sphere.random_tangent(y, rng)
    camera = Camera(rng.standard_normal(3))
    front = camera.depth(y) > 0
    path = np.stack([sphere.exp(y, s * h) for s in np.linspace(0, 1, 50)], axis=1)
    marks = {
        "y": Point(y, "y"),
        "h": Vector(y, h, "h", "h"),
        "walk": Curve(path),
        "ring": Ring(y, 0.3),
        "plane": Plane(y, sphere.normalize(h), 0.5),
    }
    view.update(marks, camera)
    seen = view.artists
    points = np.hstack([lifted(view, seen["walk.front"]), lifted(view, seen["walk.back"], front=False)])
    assert all(np.min(np.linalg.norm(points - p[:, None], axis=0)) < 1e-6 for p in path.T)
    assert np.allclose(sphere.normalize(np.cross(y, h)) @ points, 0, atol=1e-6)
    assert np.allclose(seen["h.head"].get_xy()[0], camera.screen(y + h), atol=1e-12)
    assert (seen["plane.plane"].get_zorder() > seen["limb.line"].get_zorder()) == front
    assert (seen["plane.plane"].get_zorder() < view.disc.get_zorder()) == (not front)
    assert (seen["y.dot"].get_markerfacecolor() == "none") == (not front)
    head = np.array([on_plane(view, corner, y) for corner in seen["h.head"].get_xy()[:3]])
    if abs(camera.depth(y)) > 0.05:
        assert np.allclose(head @ y, 1) and np.isclose(
            np.linalg.norm(head[0] - head[1:].mean(axis=0)), min(0.11, 0.6 * np.linalg.norm(h)), atol=1e-6
        )


def test_y_walks_without_a_jump():
    scene = scenes.step(size=(160, 160))
    y = np.stack([scene.frame(float(t)).marks["y"].at for t in np.linspace(0, 1, 301)], axis=1)
    steps = sphere.distance(y[:, :-1], y[:, 1:])
    assert np.isclose(steps.sum(), np.radians(scene.panels[0].marks[0])) and steps.max() < 0.05


def test_a_name_that_is_gone_is_not_drawn(view):
    y = np.array([0.0, 0.0, 1.0])
    view.update({"y": Point(y), "h": Vector(y, np.array([0.5, 0, 0]), "h", "h")}, Camera(y))
    view.update({"y": Point(y)}, Camera(y))
    assert not any(a.get_visible() for gid, a in view.artists.items() if gid.startswith("h."))
    assert view.artists["y.dot"].get_visible()


def test_the_ghost_is_the_mirror_image():
    view = View(Figure(figsize=(3, 3)).add_axes((0, 0, 1, 1)), ghost=True)
    y, h = np.array([0.6, 0.0, 0.8]), np.array([0.0, 0.5, 0.0])
    view.update({"y": Point(y, "y"), "h": Vector(y, h, "h")}, Camera(np.array([1.0, 0.2, 0.3])))
    assert np.allclose(view.artists["y-ghost.dot"].get_data(), -np.array(view.artists["y.dot"].get_data()))
    head, ghost = (view.artists[f"{name}.head"].get_xy()[:3] for name in ("h", "h-ghost"))
    assert np.allclose(ghost, -head[[0, 2, 1]])
    assert view.artists["y-ghost.label"].get_text() == "−y"


@pytest.mark.parametrize("numbers", [{"momentum": 0.0}, {"clip": 9.0}, {"lr": 0.01}, {"orbit": 60.0}, {"lr": 4.0}])
def test_other_numbers_draw_too_and_the_captions_fit_them(numbers):
    scene = scenes.step(size=(160, 160), **numbers)
    drawing = scene.drawing()
    for t in np.linspace(0, 1, 15):
        drawing.show(scene.frame(float(t)))
    assert f"learning rate {numbers.get('lr', 1):g}" in scene.caption
    y = the_point(drawing.views[0], "from")
    longer = np.linalg.norm(sphere.project(y, scene.loss(y)[1])) > numbers.get("clip", 0.5)
    assert ("is clipped from" in scene.caption) == longer
    assert ("drawn large" in scene.caption) == (numbers.get("lr") != 0.01)


def test_a_flat_loss_draws_a_step_that_stays():
    scene = scenes.step(loss=lambda w: (np.zeros(w.shape[1:]), np.zeros_like(w)), size=(160, 160))
    assert "turns by 0.0" in scene.caption and "stays" in scene.caption
    scene.still(0.5), scene.still(1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lr": 0.0},
        {"lr": float("nan")},
        {"momentum": 1.0},
        {"clip": -1.0},
        {"size": (641, 480)},
        {"size": (20, 20)},
        {"seconds": 0.0},
        {"loss": lambda w: (w, w)},
        {"loss": "bowl"},
        {"lr": 1e300},
        {"clip": float("inf")},
        {"seed": -1},
        {"momentum": float("nan")},
        {"seconds": float("inf")},
        {"size": (100_000, 100_000)},
        {"orbit": float("inf")},
    ],
)
def test_what_cannot_be_drawn_is_refused_at_the_door(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.step(**wrong)
