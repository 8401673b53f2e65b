"""Two spheres, several panels, tiles, trails and areas: read back from the artists, and blitted against a full draw."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from grassmann_np.geometry import sphere
from viz import panels
from viz.animation import Animation
from viz.camera import Camera
from viz.drawing import Formula, Frame, Sphere
from viz.lines import wrapped
from viz.losses import LOSSES
from viz.marks import Area, Curve, Label, Point, Trail, Vector
from viz.panels import Line, Panel, Tiles
from viz.scenes.shared import along, gone
from viz.sphere import View
from viz.themes import LIGHT

from .test_drawing import full

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
SIZES = [(640, 480), (320, 240), (960, 540)]
CAPTION = "Two walks from one point, and what they measure."
Y, D = np.array([0.6, 0.0, 0.8]), np.array([0.0, 1.2, 0.0])
STEPS = np.linspace(0, 1, 13)
WALK = along(Y, D, STEPS)
SPIRAL = WALK * (1 + 0.6 * STEPS)
PANELS = (
    Panel(
        (Line(np.stack([STEPS, 2 - STEPS]), "sgd", "SGD"), Line(np.stack([STEPS, 2 - STEPS**2]), "sgd-g", "SGD-G")),
        "Loss",
        "steps",
    ),
    Panel((Line(np.stack([STEPS, 10 ** (3 * STEPS)])),), "|w|", "", log=True, number="{:.0f}"),
)


def film(two, panels=PANELS, tiles=True, formulas=(), size=(480, 360), orbit=40.0):
    """Every kind of mark, panel and tile there is."""
    rng = np.random.default_rng(0)
    pictures, camera, loss = rng.random((2, 5, 4, 3)), Camera(np.array([1.0, 0.5, 0.6])), LOSSES["rayleigh"](rng)

    def frame(t):
        far = 12 * t
        triangle = np.column_stack([WALK, Y * 0 + [0.0, 0.0, 1.0], Y])
        marks = {
            "walk": Trail(gone(WALK, far), "sgd-g"),
            "spiral": Trail(gone(SPIRAL, far), "sgd"),
            "line": Curve(np.stack([Y, Y + D], axis=1), "guide"),
            "area": Area(triangle),
            "w": Vector(np.zeros(3), 1.5 * Y, "y", "w"),
            "word": Label(np.array([0, 0, 1.0]), "area 0.42", "d"),
            "y": Point(Y, "y"),
        }
        curves = tuple(gone(line.points, far) for panel in panels for line in panel.lines)
        beside = ({"y": Point(-Y, "y"), "walk": Curve(-WALK)}, camera.turned(orbit * t)) if two else None
        images = (1 - t) * pictures[0] + t * pictures[1] if tiles else None
        return Frame(marks, camera, CAPTION, int(2 * t) if t < 0.9 else None, curves, beside, images)

    spheres = (Sphere(loss, heading="with"), Sphere(heading="without")) if two else (Sphere(loss),)
    return Animation(
        frame,
        "Everything at once",
        CAPTION,
        1.0,
        size,
        spheres,
        formulas,
        panels,
        Tiles("Weights", 3) if tiles else None,
    )


FORMULAS = (Formula("$y'y = 1$", "y"), Formula("$|w|$", "g"), Formula("$h$", "h"))
FILMS = {
    "alone": {"two": False, "panels": (), "tiles": False},
    "column": {"two": False},
    "column with formulas": {"two": False, "formulas": FORMULAS, "tiles": False},
    "two": {"two": True, "panels": (), "tiles": False},
    "two with all": {"two": True, "formulas": FORMULAS},
}


@pytest.mark.parametrize("name", FILMS)
def test_blitting_draws_what_a_full_draw_draws(name):
    scene = film(**FILMS[name])
    drawing = scene.drawing()
    for t in (0.0, 0.3, 0.7, 0.2, 1.0):
        assert np.array_equal(np.array(scene.draw(drawing, t)), full(drawing.figure)), t


def words_of(figure):
    """Titles, labels, numbers on axes (those beyond their ends are kept, but not drawn)."""
    words = list(figure.texts)
    for axes in figure.axes:
        words += [*axes.texts, axes._left_title]
        if axes.axison:
            ticks = [*axes.xaxis._update_ticks(), *axes.yaxis._update_ticks()]
            words += [axes.xaxis.label, *(tick.label1 for tick in ticks)]
    return words


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", FILMS)
def test_no_words_meet_and_none_is_cut_off(name, size):
    scene = film(**FILMS[name], size=size)
    drawing = scene.drawing()
    for t in (0.0, 0.5, 1.0):
        scene.draw(drawing, t)
        words = [word for word in words_of(drawing.figure) if word.get_text() and word.get_visible()]
        boxes = [word.get_window_extent() for word in words]
        for word, box in zip(words, boxes, strict=True):
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= size[0] and box.y1 <= size[1]
            assert inside, (t, word.get_text(), box)
        for i, box in enumerate(boxes):
            met = [words[j].get_text() for j in range(i) if box.overlaps(boxes[j])]
            assert not met, (t, words[i].get_text(), met)


def test_each_sphere_shows_its_own_marks_and_both_have_one_scale():
    scene = film(two=True)
    drawing = scene.drawing()
    drawing.show(scene.frame(1.0))
    one, other = drawing.views
    assert np.allclose(one.artists["y.dot"].get_data(), one.camera.screen(Y)[:, None])
    assert np.allclose(other.artists["y.dot"].get_data(), other.camera.screen(-Y)[:, None])
    assert "spiral.dots" not in other.artists and np.allclose(one.camera.turned(40).direction, other.camera.direction)
    assert one.reach == other.reach and one.loss and not other.loss
    spiral = one.camera.screen(SPIRAL)
    low, high = np.array([one.axes.get_xlim(), one.axes.get_ylim()]).T
    assert np.all(spiral > low[:, None]) and np.all(spiral < high[:, None])


def test_every_line_is_drawn_as_far_as_the_film_has_gone():
    scene = film(two=False)
    drawing = scene.drawing()
    drawing.show(scene.frame(0.5))
    lines = [line for panel in PANELS for line in panel.lines]
    for trace, line in zip(drawing.traces, lines, strict=True):
        assert np.allclose(trace.walked.get_data(), line.points[:, :7])
        assert np.allclose(trace.here.get_data(), line.points[:, 6:7])
    assert [trace.value and trace.value.get_text() for trace in drawing.traces] == [None, None, "32"]
    loss, norm = (trace.walked.axes for trace in drawing.traces[1:])
    assert [text.get_text() for text in loss.texts] == ["SGD", "SGD-G"]
    assert (loss.get_yscale(), norm.get_yscale()) == ("linear", "log")
    assert drawing.traces[0].walked.get_color() != drawing.traces[1].walked.get_color()


def test_a_frame_that_does_not_fit_its_film_is_refused():
    scene = film(two=False)
    frame = scene.frame(0.5)
    with pytest.raises(ValueError):
        scene.drawing().show(Frame(frame.marks, frame.camera, CAPTION, curves=frame.curves[:1], images=frame.images))


def test_the_tiles_are_the_images():
    scene = film(two=False)
    drawing = scene.drawing()
    drawing.show(scene.frame(0.25))
    sheet, images = drawing.grid.get_array(), scene.frame(0.25).images
    assert sheet.shape == (2 * 5 + 1, 3 * 4 + 1, 4)
    for i, image in enumerate(images):
        row, column = 1 + i // 3 * 5, 1 + i % 3 * 4
        assert np.array_equal(sheet[row : row + 4, column : column + 3, 0], np.round(255 * image))
    assert np.all(sheet[0] == 255) and np.all(sheet[:, 4] == 255) and np.all(sheet[6:, 9:] == 255)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_trail_is_great_circles_on_the_sphere_and_straight_off_it(rng):
    view, camera = View(Figure(figsize=(3, 3)).add_axes((0, 0, 1, 1))), Camera(rng.standard_normal(3))
    points = np.stack([sphere.random_point((3,), rng) for _ in range(3)], axis=1)
    view.update({"on": Trail(points, "sgd-g"), "off": Trail(1.5 * points, "sgd")}, camera)
    dense = Trail(points).path()
    assert np.allclose(np.linalg.norm(dense, axis=0), 1)
    gaps = sphere.distance(dense[:, :-1], dense[:, 1:])
    assert np.isclose(gaps.sum(), sphere.distance(points[:, :-1], points[:, 1:]).sum()) and gaps.max() < 0.07
    assert np.array_equal(Trail(1.5 * points).path(), 1.5 * points)
    seen = points[:, camera.depth(points) >= 0]
    assert np.allclose(view.artists["on.dots"].get_data(), camera.screen(seen))
    front, back = (np.array(view.artists[f"off.{half}"].get_data()) for half in ("front", "back"))
    drawn = sum(np.nansum(np.hypot(*np.diff(half))) for half in (front, back))
    assert np.isclose(drawn, np.hypot(*np.diff(camera.screen(1.5 * points))).sum())


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_an_area_is_filled_where_it_is_in_front(rng):
    view, camera = View(Figure(figsize=(3, 3)).add_axes((0, 0, 1, 1))), Camera(rng.standard_normal(3))
    centre, angle = sphere.random_point((3,), rng), np.linspace(0, 2 * np.pi, 200)
    assume(camera.depth(centre) > -0.5)
    e = sphere.normalize(sphere.random_tangent(centre, rng))
    rim = np.outer(e, np.cos(angle)) + np.outer(np.cross(centre, e), np.sin(angle))
    cap = np.cos(0.6) * centre[:, None] + np.sin(0.6) * rim
    assume(np.any(camera.depth(cap) > 0.05))
    view.update({"cap": Area(cap)}, camera)
    outline = view.artists["cap.area"].get_path()
    points = sphere.random_point((3, 60), rng)
    points = points[:, camera.depth(points) > 0.02]
    inside = centre @ points > np.cos(0.6)
    clear = np.abs(centre @ points - np.cos(0.6)) > 0.02
    found = outline.contains_points(camera.screen(points).T)
    assert np.array_equal(found[clear], inside[clear])


def test_an_arrow_from_the_origin_is_hidden_within_the_sphere_and_seen_beyond_it():
    view, w = View(Figure(figsize=(3, 3)).add_axes((0, 0, 1, 1))), np.array([0.0, 1.6, 0.0])
    view.update({"w": Vector(np.zeros(3), w, "y", "w")}, Camera(np.array([1.0, 0.0, 0.0])))
    front, back = (np.array(view.artists[f"w.{half}"].get_data()) for half in ("front", "back"))
    assert np.isclose(np.nanmin(front[0]), 1) and np.isclose(np.nanmax(back[0]), 1) and np.nanmin(back[0]) == 0
    head = view.artists["w.head"].get_xy()
    assert np.allclose(head[0], [1.6, 0]) and np.ptp(head[:, 1]) > 0.05  # it faces the eye


AHEAD, TURNED = Camera(np.array([1.0, 0.5, 0.6])), Camera(np.array([0.8, 0.6, 0.6]))
WHITE, BLACK = np.ones((5, 4, 3)), np.zeros((5, 4, 3))
CHANGES = {
    "nothing": {},
    "a mark goes": {"without": "walk"},
    "a word goes": {"without": "word"},
    "the lowest mark moves": {"area": Area(np.column_stack([WALK, Y * 0 + [0.0, 1.0, 0.0], Y]))},
    "the highest mark moves": {"y": Point(WALK[:, 4], "y")},
    "a mark takes another role": {"walk": Curve(WALK, "d")},
    "the order changes": {"without": "walk", "walk": Curve(WALK)},
    "the camera turns": {"camera": TURNED},
    "a curve goes on": {"curves": 7},
    "the tiles change": {"images": BLACK},
}


def after(change):
    """A frame, and the same with one change."""
    marks = {
        "area": Area(np.column_stack([WALK, Y * 0 + [0.0, 0.0, 1.0], Y])),
        "walk": Curve(WALK),
        "w": Vector(np.zeros(3), 1.5 * Y, "y", "w"),
        "word": Label(np.array([0, 0, 1.0]), "area 0.42", "d"),
        "y": Point(Y, "y"),
    }

    def frame(without="", camera=AHEAD, curves=4, images=WHITE, **other):
        shown = {name: mark for name, mark in marks.items() if name != without} | other
        lines = tuple(line.points[:, :curves] for panel in PANELS for line in panel.lines)
        return Frame(shown, camera, CAPTION, None, lines, images=images)

    return frame(), frame(**change)


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_drawn_as_if_from_nothing(change):
    drawing, frames = film(two=False).drawing(), after(CHANGES[change])
    for frame in (frames[0], frames[0], frames[1], frames[1], frames[0]):
        drawing.show(frame)
        assert np.array_equal(np.array(drawing.rgba()), full(drawing.figure))


def test_a_mark_that_goes_is_gone_even_where_nothing_else_changes():
    drawing = film(two=False, panels=(), tiles=False).drawing()
    for marks in ({"y": Point(Y), "x": Point(WALK[:, 4])}, {"y": Point(Y)}):
        drawing.show(Frame(marks, AHEAD, CAPTION))
        assert np.array_equal(np.array(drawing.rgba()), full(drawing.figure))


def test_a_frame_like_the_one_before_is_not_drawn_again(monkeypatch):
    drawing, (frame, other) = film(two=False).drawing(), after(CHANGES["the highest mark moves"])
    drawn = []
    monkeypatch.setattr(type(drawing), "_draw", lambda self, picture, artists: drawn.append(artists))
    for one, layers in ((frame, 2), (frame, 0), (other, 2), (other, 0)):
        drawn.clear()
        drawing.show(one)
        drawing.rgba()
        assert len(drawn) == layers
    moved = drawing.views[0].artists
    drawing.show(frame)
    drawing.rgba()
    assert moved["y.dot"] in drawn[-1] and moved["area.area"] not in drawn[-1]


def test_a_value_below_zero_has_a_true_minus():
    steps = np.arange(3.0)
    panel = Panel((Line(np.stack([steps, 0.5 - steps])),), "Loss", "steps")
    (trace,) = panels.draw(Figure(figsize=(3, 2)).add_axes((0.2, 0.2, 0.6, 0.6)), panel, 1.0, LIGHT)
    trace.show(panel.lines[0].points)
    assert trace.value.get_text() == "−1.500"


@pytest.mark.parametrize("unit", ["%", "rad", "degrees"])
def test_a_number_and_its_unit_stand_in_one_line(unit):
    caption = Figure(figsize=(6, 4)).text(0, 0, "")
    words = f"The part that is left of them is 12.5 {unit} and no more."
    for room in range(90, 400, 5):
        text = wrapped(caption, words, 10, room)
        assert f"12.5 {unit}" in text and "\u00a0" not in text
        assert text.replace("\n", " ") == words
