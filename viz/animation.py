"""An animation is a scene in time: frame(t), t from 0 to 1, gives data in R^3; stills and films draw the same data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from grassmann_np.files import beside

from . import files, html, render, themes, tikz, words
from .drawing import Drawing, Formula, Frame, Sphere
from .look import Figure
from .losses import Loss
from .marks import outline
from .panels import FONT, Panel, Tiles

MARGIN = 0.08  # around everything drawn, in radii of the sphere
SUFFIXES = (*render.FILMS, *files.STILLS, ".tex", ".html", ".json")
SMALLEST, LARGEST = 160, 4096  # pixels on a side


@dataclass(frozen=True)
class Animation:
    """A scene of `seconds`, drawn at `size` (width, height, even numbers of pixels).

    `caption` says what the whole film shows: it is the alt text, and goes into every file. `key` is the moment of the
    still, `command` what makes the film again, `style` one of themes.THEMES, `font` the name of an installed font.
    """

    frame: Callable[[float], Frame]
    title: str
    caption: str
    seconds: float
    size: tuple[int, int]
    spheres: tuple[Sphere, ...] = (Sphere(),)
    formulas: tuple[Formula, ...] = ()
    panels: tuple[Panel, ...] = ()
    tiles: Tiles | None = None
    key: float = 1.0
    command: str = ""
    style: str = "light"
    font: str = FONT

    def __post_init__(self) -> None:
        themes.theme(self.style, self.font)
        if not self.caption:
            raise ValueError("caption: expected a sentence that says what is drawn, got none; it is the alt text")
        if not 0 < self.seconds <= 600:
            raise ValueError(f"seconds: expected more than 0 and at most 600, got {self.seconds}")
        if len(self.size) != 2 or any(n % 2 or not SMALLEST <= n <= LARGEST for n in self.size):
            raise ValueError(f"size: expected two even numbers of pixels, {SMALLEST} to {LARGEST}, got {self.size}")

    @property
    def alt(self) -> str:
        """The text for those who do not see the picture: the caption."""
        return self.caption

    @property
    def loss(self) -> Loss | None:
        """The loss that colours the first sphere."""
        return self.spheres[0].loss

    def still(self, t: float | None = None) -> Figure:
        """The figure at time t in [0, 1]; by default at the key moment."""
        t = self.key if t is None else t
        if not 0 <= t <= 1:
            raise ValueError(f"t: expected a moment from 0 to 1, got {t}")
        drawing = self.drawing()
        drawing.show(self.frame(t))
        drawing.figure.set_label(self.caption)
        return drawing.figure

    def save(self, path: str | Path) -> Path:
        """Write a film (.mp4, .gif, .webp, .html), the still of the key moment (.png, .svg, .tex), or words (.json).

        Returns the path. What `ready` raises is raised before anything is drawn; after any error nothing on disk has
        changed.
        """
        path = ready(path)
        suffix = path.suffix.lower()
        if suffix in files.STILLS:
            return files.save(self.still(), path, self.command)
        if suffix == ".tex":
            drawing = self.drawing()
            drawing.show(self.frame(self.key))
            with beside(path) as part:
                part.write_text(tikz.source(drawing, self.caption, self.command), encoding="utf-8")
            return path
        if suffix == ".json":
            return words.write(path, self)
        if suffix == ".html":
            with beside(path) as part:
                part.write_text(html.page(self.title, self._repr_html_(), self.command), encoding="utf-8")
            return path
        self._film(path, render.FILMS[suffix])
        return path

    def _film(self, path: Path, rate: float) -> None:
        """Write the film, `rate` frames a second."""
        suffix, drawing, count = path.suffix.lower(), self.drawing(), max(2, round(self.seconds * rate))
        sample = [] if suffix == ".mp4" else [bytes(self.draw(drawing, t)) for t in (0.0, 0.4, 0.7, 1.0)]
        about = {"title": "grassmann_np", "description": self.caption, "comment": self.command}
        render.write(path, self._frames(drawing, count), self.size, rate, sample, about)

    def _repr_html_(self) -> str:
        """The film and its caption, for a notebook: an mp4, or a WebP where there is no ffmpeg."""
        suffix, kind = (".mp4", "video/mp4") if render.can_encode() else (".webp", "image/webp")
        with TemporaryDirectory() as folder:
            path = ready(Path(folder) / f"film{suffix}")
            self._film(path, render.IN_A_PAGE)
            film = path.read_bytes()
        return html.figure(film, kind, self.caption, self.size)

    def drawing(self) -> Drawing:
        """A fresh figure for this scene; a window holds its sphere and whatever 41 moments of the film show there.

        Two windows have one scale.
        """
        seen = [[np.array([[-1.0, 1.0], [-1.0, 1.0]])] for _ in self.spheres]
        captions: dict[str, None] = {}  # in their order
        for t in np.linspace(0, 1, 41):
            frame = self.frame(float(t))
            captions[frame.caption] = None
            for points, sphere, (marks, camera) in zip(seen, self.spheres, frame.views, strict=True):
                shown = [camera.screen(outline(mark)) for mark in marks.values()]
                points += shown + [-p for p in shown if sphere.ghost]
        ends = [(np.min(np.hstack(points), axis=1), np.max(np.hstack(points), axis=1)) for points in seen]
        reach = max(float(np.max(high - low)) for low, high in ends) / 2 + MARGIN
        windows = [(*(low + high) / 2, reach) for low, high in ends]
        made = self.size, windows, self.title, self.formulas, self.spheres, self.panels, self.tiles, frame.images
        return Drawing(*made, tuple(captions), themes.theme(self.style, self.font))

    def draw(self, drawing: Drawing, t: float) -> memoryview:
        """The picture at time t, (height, width, 4) bytes."""
        drawing.show(self.frame(t))
        return drawing.rgba()

    def _frames(self, drawing: Drawing, count: int) -> Iterator[memoryview]:
        for i in _with_bar(range(count)):
            yield self.draw(drawing, i / (count - 1))


def ready(path: str | Path) -> Path:
    """The path, if a film or a still can be written there.

    ValueError for another suffix, OSError where no file can be, RuntimeError without an encoder.
    """
    path = files.ready(path, SUFFIXES)
    if path.suffix.lower() == ".mp4":
        render.encoder()
    return path


def _with_bar(numbers: range) -> Iterable[int]:
    """The numbers, with a bar at a terminal where tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return numbers
    if sys.stderr is None:  # closed
        return numbers
    shown: Iterable[int] = tqdm(numbers, desc="frames", unit="frame", disable=None, leave=False)
    return shown
