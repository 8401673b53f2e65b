"""Words and spheres of every scene, at three sizes: none over the edge, no two on each other, no sphere cut."""

import dataclasses

import numpy as np
import pytest
from matplotlib.text import Text

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


@pytest.mark.parametrize("name", scenes.SCENES)
def test_captions_stand_long_enough_to_be_read_and_take_at_most_two_lines(name):
    scene = scenes.SCENES[name]()
    captions = [scene.frame(float(t)).caption for t in np.linspace(0, 1, 401)]
    for caption in set(captions):
        shown = scene.seconds * captions.count(caption) / 401
        assert shown >= len(caption) / 15 - scene.seconds / 200, (caption, shown, len(caption) / 15)
    for size in SIZES:
        drawing = scenes.SCENES[name](size=size).drawing()
        for caption in set(captions):
            drawing.show(dataclasses.replace(scene.frame(0.0), caption=caption))
            assert drawing.caption.get_text().count("\n") < 2, (size, caption)
            assert drawing.caption.get_window_extent().x1 <= size[0]


@pytest.mark.parametrize("name", scenes.SCENES)
def test_no_words_are_smaller_than_nine_pixels_and_small_pictures_have_no_panels(name):
    for size in ((160, 160), (320, 240), (480, 360)):
        drawing = scenes.SCENES[name](size=size).drawing()
        for text in drawing.figure.findobj(Text):
            assert text.get_fontsize() * drawing.figure.dpi / 72 >= 9 - 1e-9, (size, text.get_text())
        assert len(drawing.figure.axes) == len(drawing.views) or size == (480, 360)
