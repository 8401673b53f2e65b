"""The blitted picture against a full draw, five baselines without text, and words that neither meet nor leave the page.

Make the baselines again, after looking at what changed:  python tests/viz/test_drawing.py
"""

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from grassmann_np.geometry import sphere
from viz import lossmap, scenes
from viz.camera import Camera
from viz.losses import neuron
from viz.marks import Curve, Plane, Point, Ring, Vector
from viz.sphere import View

BASELINE = Path(__file__).parent / "baseline"
MOMENTS = {"gradient": 0.33, "displacement": 0.68, "walk": 0.84, "momentum": 1.0}


def full(figure):
    """The figure drawn from nothing, every artist in the order of its layer."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=figure.dpi)
    width, height = (round(n) for n in figure.bbox.size)
    return np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)


@pytest.mark.parametrize("orbit", [0.0, 50.0])
def test_blitting_draws_what_a_full_draw_draws(orbit):
    scene = scenes.step(size=(320, 240), orbit=orbit)
    drawing = scene.drawing()
    for t in (0.0, 0.2, 0.3, 0.31, 0.5, 0.66, 0.67, 0.8, 0.1, 1.0):
        blitted = np.array(scene.draw(drawing, t))
        assert np.array_equal(blitted, full(drawing.figure)), t


def test_a_plane_that_goes_behind_is_drawn_behind_in_the_blitted_picture_too():
    scene = scenes.step(size=(160, 160), orbit=500.0)
    drawing = scene.drawing()
    for t in np.linspace(0, 1, 9):
        assert np.array_equal(np.array(scene.draw(drawing, float(t))), full(drawing.figure)), t


def far_side():
    """A ghost and a step on the far side: planes behind, hidden halves, no loss map."""
    figure = Figure(figsize=(2.4, 2.4), dpi=100)
    view = View(figure.add_axes((0, 0, 1, 1)), unit=0.5, ghost=True, window=(0, 0, 1.6))
    y, h = sphere.normalize(np.array([-0.5, 0.6, 0.4])), np.array([0.6, 0.5, 0.0]) * 1.2
    path = np.stack([sphere.exp(y, s * h) for s in np.linspace(0, 1, 60)], axis=1)
    view.update(
        {
            "plane": Plane(y, sphere.normalize(h), 0.6),
            "h": Vector(y, h, "h", "h"),
            "walk": Curve(path),
            "ring": Ring(y, 0.4),
            "y": Point(y, "y"),
        },
        Camera(np.array([1.0, -0.4, 0.3])),
    )
    return figure


def pictures():
    scene = scenes.step(size=(480, 360))
    figures = {name: scene.still(t) for name, t in MOMENTS.items()} | {"far": far_side()}
    for figure in figures.values():
        for text in figure.findobj(Text):
            text.set_visible(False)
    return {name: full(figure)[..., :3] for name, figure in figures.items()}


def test_the_baselines():
    for name, picture in pictures().items():
        with Image.open(BASELINE / f"{name}.png") as kept:
            difference = np.asarray(kept, dtype=float) - picture
        assert np.sqrt(np.mean(difference**2)) <= 1, name


@pytest.mark.parametrize("size", [(640, 480), (480, 360), (1280, 720)])
def test_no_two_words_meet_and_none_is_cut_off(size):
    scene = scenes.step(size=size, seconds=6)
    drawing = scene.drawing()
    for t in np.linspace(0, 1, 36):
        scene.draw(drawing, float(t))
        labels = [a for gid, a in drawing.views[0].artists.items() if gid.endswith(".label") and a.get_visible()]
        boxes = [label.get_window_extent() for label in labels]
        words = [drawing.caption, drawing.traces[0].value, *drawing.lines]
        for box in [*boxes, *(word.get_window_extent() for word in words)]:
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= size[0] and box.y1 <= size[1], (t, box)
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[i + 1 :]), (t, [label.get_text() for label in labels])
        assert drawing.caption.get_window_extent().y1 < drawing.figure.axes[0].bbox.y0 + 1


def test_the_loss_map_shows_the_loss_at_every_pixel():
    loss, camera = neuron(np.random.default_rng(1)), Camera(np.array([0.3, -0.8, 0.5]))
    low, high = lossmap.limits(loss)
    image = lossmap.coloured(loss, (low, high), camera, 60)
    assert image.dtype == np.uint8 and image.shape == (60, 60, 4)
    yellow = image[..., 0].astype(int) - image[..., 2]
    worst, best = [], []
    for row in range(5, 55, 4):
        for column in range(5, 55, 4):
            x, y = (column + 0.5) / 30 - 1, (row + 0.5) / 30 - 1
            if x * x + y * y < 0.9:
                p = camera.right * x + camera.up * y + camera.direction * np.sqrt(1 - x * x - y * y)
                f = (loss(p)[0] - low) / (high - low)
                (best if f < 0.3 else worst if f > 0.7 else []).append(yellow[row, column])
    assert best and (not worst or min(best) > max(worst))
    assert image[0, 0, 3] == 0 and image[30, 30, 3] == 255
    lines = lossmap.contours(loss, (low, high), camera)
    lines = lines[:, np.isfinite(lines[0]) & (np.hypot(*lines) < 0.98)]
    depth = np.sqrt(1 - lines[0] ** 2 - lines[1] ** 2)
    level = (loss(camera.basis @ np.vstack([lines, depth]))[0] - low) / (high - low) * 11
    assert np.abs(level - np.round(level)).max() < 0.08


def test_a_film_s_picture_does_not_depend_on_the_frames_before():
    scene = scenes.step(size=(160, 160))
    one, other = scene.drawing(), scene.drawing()
    for t in (0.9, 0.2, 0.6):
        scene.draw(one, t)
    assert bytes(scene.draw(one, 0.4)) == bytes(scene.draw(other, 0.4))


if __name__ == "__main__":
    BASELINE.mkdir(exist_ok=True)
    for name, picture in pictures().items():
        Image.fromarray(picture).save(BASELINE / f"{name}.png", optimize=True)
