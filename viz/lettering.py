"""Lettering is the words of a view, each beside its mark: measured here, put where `labels` finds the best places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

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
                label.set(text=text, color=color, visible=True)
                words.append(labels.Word(name, centre + radius * at, self._half(label), toward))
                artists.append(label)
        self.taken = labels.places(words, self._obstacles(marks, camera, centre, radius), self.taken, self.unit)
        for word, label in zip(words, artists, strict=True):
            box = labels.candidates(word, self.unit)[self.taken[word.name]]
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
        return self.axes.text(
            0,
            0,
            "",
            ha="center",
            va="center",
            fontsize=points(13, self.unit),
            fontstyle="italic",
            family=self.theme.font,
            parse_math=False,
            path_effects=[withStroke(linewidth=3.2 * self.unit, foreground=self.theme.ground)],
        )


def tall(length: float) -> float:
    """How long the head is of an arrow of that length."""
    return min(0.11, 0.6 * length)
