"""Lettering is the words of a view, each beside its mark: measured here, put where `labels` finds the best places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from . import labels
from .camera import Camera
from .look import points
from .marks import Curve, Mark, Point, Trail, Vector
from .themes import Theme

EDGE = 4  # pixels between words and the edge of the picture, at 480 of height, as are all lengths here
SAMPLES = 40  # places along a line that words should not hide
Asked = tuple[str, str, np.ndarray, np.ndarray, str]  # the mark's name, the text, its place, a way aside, the colour


class Lettering:
    """Words on `axes`, `unit` times as large as at 480 pixels of height, with a halo in the colour of the ground."""

    def __init__(self, axes: Axes, unit: float, theme: Theme) -> None:
        self.axes, self.unit, self.theme = axes, unit, theme
        self.measured: dict[str, np.ndarray] = {}
        self.taken: dict[str, int] = {}  # the place of every word, among its candidates

    def place(
        self, asked: list[Asked], marks: Iterable[Mark], camera: Camera, get: Callable[[str, Callable[[], Text]], Text]
    ) -> Iterator[Text]:
        """Each word's artist, put in its place beside its mark; `get` gives the artist of a gid, or makes it."""
        corners = self.axes.transData.transform([[0.0, 0.0], [1.0, 1.0]])
        centre, radius = corners[0], float(corners[1, 0] - corners[0, 0])
        words, artists = [], []
        for name, text, at, toward, color in asked:
            if text:
                label = get(f"{name}.label", self._text)
                label.set_text(text)
                label.set_color(color)
                label.set_visible(True)  # what is not seen measures nothing
                words.append(labels.Word(name, centre + radius * at, self._half(label), toward))
                artists.append(label)
        self.taken = labels.places(words, self._obstacles(marks, camera, centre, radius), self.taken, self.unit)
        for boxes, word, label in zip(labels.candidates(words, self.unit), words, artists, strict=True):
            box = boxes[self.taken[word.name]]
            label.set_position(((box[:2] + box[2:]) / 2 - centre) / radius)
            yield label

    def _obstacles(self, marks: Iterable[Mark], camera: Camera, centre: np.ndarray, radius: float) -> labels.Obstacles:
        """What words should not hide, in pixels; they may leave the axes a little at the sides, not above or below."""
        heads, dots, lines = [np.empty((3, 0))], [np.empty((3, 0))], [np.empty((3, 0))]
        for mark in marks:
            match mark:
                case Point(at):
                    dots.append(at[:, None])
                case Vector(at, v, _, _, head):
                    lines.append(at[:, None] + np.outer(v, np.linspace(0, 1, SAMPLES // 2)))
                    if head and (length := float(np.linalg.norm(v))):
                        heads.append((at + v)[:, None] - np.outer(v, tall(length) / length * np.array([0.1, 0.5, 0.9])))
                case Curve(curve) | Trail(curve):
                    lines.append(curve[:, :: max(1, curve.shape[1] // SAMPLES)])
        at, points, along = (centre[:, None] + radius * camera.screen(np.hstack(g)) for g in (heads, dots, lines))
        page, own = self.axes.get_figure(root=True), np.array(self.axes.bbox.extents)
        assert page is not None  # axes are of a figure
        beside, edge = np.array([8 * self.unit, 0]), EDGE * self.unit
        least = np.maximum(edge, own[:2] - beside)
        most = np.minimum(np.array(page.bbox.extents)[2:] - edge, own[2:] + beside)
        return labels.Obstacles(at, points, along, (centre, radius), np.concatenate([least, most]))

    def _half(self, label: Text) -> np.ndarray:
        """Half the width and the height of a word, in pixels; measured once."""
        text = label.get_text()
        if text not in self.measured:
            box = label.get_window_extent()
            self.measured[text] = np.array([box.width, box.height]) / 2
        return self.measured[text]

    def _text(self) -> Text:
        style = {"fontsize": points(13, self.unit), "fontstyle": "italic", "family": self.theme.font}
        word = Word(0, 0, "", ha="center", va="center", parse_math=False, **style)
        word.halo = self.theme.ground, 3.2 * self.unit
        self.axes.add_artist(word)
        return word


class Word(Text):
    """A text with a `halo` of that colour and width in points, whose outline is kept from frame to frame."""

    halo: tuple[str, float] = ("white", 0.0)
    shapes: dict[str, Path]
    boxes: dict[tuple[str, float], tuple[float, float, float]]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.shapes, self.boxes = {}, {}

    def draw(self, renderer: Any) -> None:
        """The outline twice, its halo below: matplotlib's own way would lay the text out anew every time."""
        text = self.get_text()
        if not self.get_visible() or not text:
            return
        size = renderer.points_to_pixels(self.get_fontsize())
        width, height, descent = self._box(renderer, text, size)
        x, y = self.get_transform().transform(self.get_position())
        place = Affine2D().scale(size).translate(x - width / 2, y - height / 2 + descent)
        renderer.open_group("text", self.get_gid())
        gc, colour = renderer.new_gc(), to_rgba(self.get_color())
        for edge, wide in (self.halo, (self.get_color(), 0.0)):
            gc.set_foreground(edge)
            gc.set_linewidth(wide)
            renderer.draw_path(gc, self._shape(text), place, colour)
        gc.restore()
        renderer.close_group("text")
        self.stale = False

    def _shape(self, text: str) -> Path:
        """Its outline, one unit to the em."""
        if text not in self.shapes:
            points, codes = text_to_path.get_text_path(self.get_fontproperties(), text, ismath=False)
            self.shapes[text] = Path(np.asarray(points) / text_to_path.FONT_SCALE, codes)
        return self.shapes[text]

    def _box(self, renderer: Any, text: str, size: float) -> tuple[float, float, float]:
        """Width, height and descent in pixels; no word is lower than "lp"."""
        if (text, size) not in self.boxes:
            font = self.get_fontproperties()
            width, *own = renderer.get_text_width_height_descent(text, font, False)
            _, *least = renderer.get_text_width_height_descent("lp", font, False)
            self.boxes[text, size] = (width, *map(max, own, least))
        return self.boxes[text, size]


def tall(length: float) -> float:
    """How long the head is of an arrow of that length."""
    return min(0.11, 0.6 * length)
