"""A drawing is one figure that shows a frame: one sphere or two, formulas, panels with curves, tiles, a caption.

    +---------------------+  title, formulas       title
    |       sphere        |                        +-----------+ +-----------+
    |                     |  tiles, panels         |  sphere   | |  sphere   |
    +---------------------+                        +-----------+ +-----------+
    caption of the stage                           formulas; panels, tiles; caption

A small picture has the title, the spheres and the caption alone: no text is smaller than 9 pixels.

`show(frame)` updates in place the artists of what has changed. `rgba()` draws them by blitting: what stays comes from
two kept pictures (the figure without the spheres; then with all that lies below whatever has changed).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text

from . import lines, panels
from .camera import Camera
from .look import Canvas, Figure, points, usual
from .losses import Loss
from .marks import Mark
from .panels import Panel, Tiles, Trace
from .sphere import View
from .themes import LIGHT, Theme

PITCH = 22  # from formula to formula, in pixels at 480 of height
BAND = 108  # the height of the panels below two spheres, likewise
SMALL = 0.7  # the picture's size, against 640 x 480, below which the panels go
LINE = 1.35  # from line to line of the caption, in heights of its text


@dataclass(frozen=True)
class Frame:
    """What is drawn at one moment: marks by name, seen by a camera, and the words below.

    `formula` is the number of the formula at work; `curves` the parts gone by, (2, k) each, one for every line of the
    panels; `beside` the marks and the camera of the second sphere; `images` what the tiles show, (n, height, width).
    """

    marks: dict[str, Mark]
    camera: Camera
    caption: str
    formula: int | None = None
    curves: tuple[np.ndarray, ...] = ()
    beside: tuple[dict[str, Mark], Camera] | None = None
    images: np.ndarray | None = None

    @property
    def views(self) -> list[tuple[dict[str, Mark], Camera]]:
        """Marks and camera of each sphere."""
        return [(self.marks, self.camera), *([self.beside] if self.beside else [])]


@dataclass(frozen=True)
class Sphere:
    """One of a film's spheres: the loss that colours it, whether -y is drawn with y, a few words above it."""

    loss: Loss | None = None
    ghost: bool = False
    heading: str = ""


@dataclass(frozen=True)
class Formula:
    """A line beside the sphere, in mathtext, with the role whose colour marks it while it is at work."""

    text: str
    role: str


@dataclass
class Drawing:
    """A figure of `size` (width, height) pixels; `windows` has one (x, y, reach) for every sphere.

    `images` is the first of what the tiles show, `captions` those that must find room.
    """

    size: tuple[int, int]
    windows: list[tuple[float, float, float]]
    title: str
    formulas: tuple[Formula, ...]
    spheres: tuple[Sphere, ...]
    panels: tuple[Panel, ...]
    tiles: Tiles | None
    images: np.ndarray | None
    captions: tuple[str, ...] = ()
    theme: Theme = LIGHT
    figure: Figure = field(init=False)

    @usual()
    def __post_init__(self) -> None:
        width, height = self.size
        self.unit = min(width / 640, height / 480)
        self.figure = Figure(width, height)
        self.figure.set_facecolor(self.theme.ground)
        self.canvas: FigureCanvasAgg = Canvas(self.figure)
        self.views: list[View] = []
        self.lines: list[Text] = []
        self.bars: list[Line2D] = []
        self.traces: list[Trace] = []
        self.grid: AxesImage | None = None
        self.caption = self._text(16 * self.unit, 0, "", 9.6, va="top", linespacing=LINE)
        rows = max([2, *(self._wrapped(text).count("\n") + 1 for text in self.captions)])
        self.strip = rows * LINE * self._em() + 16 * self.unit
        self.caption.set_y((self.strip - 5 * self.unit) / height)
        if self.unit < SMALL:
            self._alone()
        elif len(self.spheres) == 1 and (self.formulas or self.panels or self.tiles):
            self._column()
        else:
            self._abreast()
        self._still = self._kept = None
        self._below: list[Artist] = []
        self._changed: set[Artist] = set()
        self._stage: tuple[str, int | None] | None = None

    @usual()
    def show(self, frame: Frame) -> None:
        """Update every artist to this frame; words keep their places within a stage."""
        stage = (frame.caption, frame.formula)
        for view, (marks, camera) in zip(self.views, frame.views, strict=True):
            view.update(marks, camera, anew=stage != self._stage)
        if stage != self._stage:
            self._stage, self._still = stage, None
            self.caption.set_text(self._wrapped(frame.caption))
            for i, (line, bar) in enumerate(zip(self.lines, self.bars, strict=True)):
                line.set_color(self.theme.ink if frame.formula is None or i <= frame.formula else self.theme.faint)
                bar.set_color(
                    self.theme.styles[self.formulas[i].role].color if i == frame.formula else self.theme.ground
                )
        for trace, curve in zip(self.traces, frame.curves, strict=bool(self.traces)):
            if trace.show(curve):
                self._changed.update(trace.artists)
        if self.grid and self.tiles:
            assert frame.images is not None  # a film with tiles has images
            sheet = panels.tiled(frame.images, self.tiles.columns)
            if np.any(self.grid.get_array() != sheet):
                self.grid.set_data(sheet)
                self._changed.add(self.grid)

    @usual()
    def rgba(self) -> memoryview:
        """The picture, (height, width, 4) bytes; valid until the next call."""
        for view in self.views:
            self._changed |= view.changed
            view.changed.clear()
        if self._still is None:
            self.canvas.draw()
            self._still, self._kept = self.canvas.copy_from_bbox(self.figure.bbox), None
        elif not self._changed:
            return memoryview(self.canvas.buffer_rgba())
        layers = [*(view.layers() for view in self.views), *self._beside()]
        below = [artist for layer in layers for artist in takewhile(lambda a: a not in self._changed, layer)]
        if self._kept is None or self._below != below:
            self._draw(self._still, below)
            self._kept, self._below = self.canvas.copy_from_bbox(self.figure.bbox), below
        self._draw(self._kept, [artist for layer in layers for artist in layer if artist not in below])
        self._changed.clear()
        return memoryview(self.canvas.buffer_rgba())

    def _beside(self) -> list[list[Artist]]:
        """What may change in the tiles and in each panel, in drawing order."""
        axes = dict.fromkeys(trace.here.axes for trace in self.traces)
        traces = [[a for trace in self.traces for a in trace.artists if a.axes is one] for one in axes]
        tiles: list[Artist] = [self.grid] if self.grid else []
        return [tiles, *(sorted(one, key=Artist.get_zorder) for one in traces)]

    def _column(self) -> None:
        """One sphere on the left, all else in a column on the right."""
        (width, height), unit = self.size, self.unit
        strip = self.strip
        side = min(height - strip - 10 * unit, 0.64 * width)
        left = 6 * unit
        self._sphere(0, left, strip + (height - strip - side) / 2, side)
        x = left + side + 12 * unit
        lines.fit(self._text(x, height - 26 * unit, self.title, 11, va="center", weight="bold"), width - x - 4 * unit)
        for i in range(len(self.formulas)):
            self._formula(i, left + side + 24 * unit, height - 56 * unit - PITCH * i * unit)
        x, top = left + side + 46 * unit, height - (56 + PITCH * len(self.formulas)) * unit
        if self.tiles:
            narrow = left + side + 24 * unit
            top = self._tiles(narrow, top, width - narrow - 16 * unit, 0.45 * (top - strip)) - 10 * unit
        slot = (top - strip) / max(1, len(self.panels))
        for i, panel in enumerate(self.panels):
            bottom = strip + (len(self.panels) - 1 - i) * slot
            self._panel(panel, x, bottom, width - x - 22 * unit, slot)

    def _abreast(self) -> None:
        """The spheres side by side, formulas, panels and tiles in rows below."""
        (width, height), unit = self.size, self.unit
        across = len(self.panels) + bool(self.tiles)
        heading = 22 * unit if any(sphere.heading for sphere in self.spheres) else 0
        row = 30 * unit if self.formulas else 0
        bottom = self.strip + (BAND * unit if across else 0) + row
        side = min(height - bottom - heading - 36 * unit, width / len(self.spheres) - 8 * unit)
        lines.fit(
            self._text(16 * unit, height - 22 * unit, self.title, 11, va="center", weight="bold"), width - 20 * unit
        )
        lift = bottom + (height - bottom - heading - 36 * unit - side) / 2
        for i, sphere in enumerate(self.spheres):
            centre = (i + 0.5) * width / len(self.spheres)
            self._sphere(i, centre - side / 2, lift, side)
            above = self._text(centre, lift + side + 11 * unit, sphere.heading, 10, ha="center", va="center")
            lines.fit(above, width / len(self.spheres) - 8 * unit)
        for i in range(len(self.formulas)):
            self._formula(i, 28 * unit + i * (width - 28 * unit) / len(self.formulas), bottom - 0.4 * row)
        slot = width / max(1, across)
        for i, panel in enumerate(self.panels):
            self._panel(panel, i * slot + 52 * unit, self.strip, slot - (52 + 26) * unit, BAND * unit)
        if self.tiles:
            start = (across - 1) * slot + 26 * unit
            self._tiles(start, self.strip + BAND * unit, slot - 52 * unit, (BAND - 14) * unit)

    def _alone(self) -> None:
        """The title, the spheres as large as fits, the caption: for panels that could be read there is no room."""
        (width, height), line = self.size, 1.5 * self._em()
        slot, headed = width / len(self.spheres), any(sphere.heading for sphere in self.spheres)
        top = height - line * (2 if headed else 1) - 2
        side = min(top - self.strip, slot - 4)
        lines.fit(self._text(4, height - line / 2 - 1, self.title, 11, va="center", weight="bold"), width - 8)
        for i, sphere in enumerate(self.spheres):
            self._sphere(i, (i + 0.5) * slot - side / 2, self.strip + (top - self.strip - side) / 2, side)
            at = ((i + 0.5) * slot, height - 1.5 * line - 1)
            lines.fit(self._text(*at, sphere.heading, 10, ha="center", va="center"), slot - 4)

    def _em(self) -> float:
        """The size of the caption's font, in pixels."""
        return float(self.caption.get_fontsize()) * self.figure.dpi / 72

    def _wrapped(self, text: str) -> str:
        return lines.wrapped(self.caption, text, self._em(), self.size[0] - 22 * self.unit)

    def _sphere(self, i: int, x: float, y: float, side: float) -> None:
        sphere, axes = self.spheres[i], self._axes(x, y, side, side)
        self.views.append(View(axes, self.windows[i], self.unit, sphere.loss, sphere.ghost, self.theme))

    def _formula(self, i: int, x: float, y: float) -> None:
        """A line of mathtext and the bar before it."""
        line = self._text(x, y, self.formulas[i].text, 11, va="center", math_fontfamily="dejavuserif", parse_math=True)
        lines.fit(line, self.size[0] - x - 4 * self.unit)
        at_x = (x - 8 * self.unit) / self.size[0]
        at_y = [(y + s * self.unit) / self.size[1] for s in (-9, 9)]
        bar = Line2D([at_x] * 2, at_y, linewidth=4 * self.unit, transform=self.figure.transFigure)
        self.figure.add_artist(bar)
        self.lines.append(line)
        self.bars.append(bar)

    def _panel(self, panel: Panel, x: float, y: float, width: float, height: float) -> None:
        """A panel in a box: its axes stand above the ticks and the label, below the title, left of the names."""
        foot = (44 if panel.xlabel else 24) * self.unit
        width, height = width - panels.margin(panel) * self.unit, max(height - foot - 28 * self.unit, 40 * self.unit)
        self.traces += panels.draw(self._axes(x, y + foot, width, height), panel, self.unit, self.theme)

    def _tiles(self, x: float, top: float, width: float, height: float) -> float:
        """The tiles in a box, each pixel of theirs as large as fits, in whole pixels; gives where they end below."""
        tiles, images = self.tiles, self.images
        assert tiles is not None and images is not None  # a film with tiles has images
        tall, wide, _ = panels.tiled(images, tiles.columns).shape
        top = top - 22 * self.unit
        scale = min(width / wide, (height - 22 * self.unit) / tall)
        scale = np.floor(scale) if scale >= 1 else scale
        x, bottom = round(x), round(top - scale * tall)
        axes = self._axes(x, bottom, scale * wide, scale * tall)
        self.grid = panels.grid(axes, tiles, images, self.unit, self.theme)
        return float(bottom)

    def _draw(self, picture: Any, artists: list[Artist]) -> None:
        self.canvas.restore_region(picture)
        for artist in artists:
            artist.draw(self.canvas.get_renderer())

    def _axes(self, x: float, y: float, width: float, height: float) -> Axes:
        return self.figure.add_axes((x / self.size[0], y / self.size[1], width / self.size[0], height / self.size[1]))

    def _text(self, x: float, y: float, text: str, size: float, **style: Any) -> Text:
        style = {
            "fontsize": points(size, self.unit),
            "family": self.theme.font,
            "color": self.theme.ink,
            "parse_math": False,
            **style,
        }
        return self.figure.text(x / self.size[0], y / self.size[1], text, **style)
