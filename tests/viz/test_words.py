"""Words and spheres of every scene, at three sizes: none over the edge, no two on each other, no sphere cut."""

import numpy as np
import pytest

from viz import scenes

from .test_layouts import words_of

SIZES = [(320, 240), (640, 480), (1280, 720)]
MOMENTS = (0.02, 0.3, 0.5, 0.62, 0.8, 0.9)


def shown(drawing):
    """The words that can be seen, and their boxes."""
    words = [word for word in words_of(drawing.figure) if word.get_text().strip() and word.get_visible()]
    return words, [word.get_window_extent() for word in words]


def faults(drawing, size):
    words, boxes = shown(drawing)
    found = []
    for i, (word, box) in enumerate(zip(words, boxes, strict=True)):
        if box.x0 < 0 or box.y0 < 0 or box.x1 > size[0] or box.y1 > size[1]:
            found.append((word.get_text(), "over the edge", np.round(box.extents)))
        found += [(word.get_text(), "on", words[j].get_text()) for j in range(i) if box.overlaps(boxes[j])]
    return found


@pytest.mark.parametrize("name", scenes.SCENES)
def test_words_of_a_scene_stand_apart_and_on_the_page(name):
    for size in SIZES:
        scene = scenes.SCENES[name](size=size)
        drawing = scene.drawing()
        scene.draw(drawing, scene.key)
        for t in (scene.key, *MOMENTS):
            drawing.show(scene.frame(t))
            assert faults(drawing, size) == [], (size, t)


@pytest.mark.parametrize("name", scenes.SCENES)
def test_a_sphere_is_whole_with_room_around_it(name):
    for size in SIZES:
        drawing = scenes.SCENES[name](size=size).drawing()
        for view in drawing.views:
            low, high = (view.axes.transData.transform([s, s]) for s in (-1, 1))
            room = 5 * drawing.unit
            assert (low > room).all() and (high < np.array(size) - room).all(), (size, low, high)
