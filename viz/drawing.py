"""A drawing is one figure that shows a frame: the sphere, the formulas with the one at work marked, a curve, a caption.

    +---------------------+  title, formulas
    |       sphere        |
    |                     |  the loss along the walk
    +---------------------+
    caption of the stage

`show(frame)` updates artists in place. `rgba()` draws them by blitting: the still parts come from two kept pictures
(the figure without the sphere; then with the parts of the sphere that stay while the camera does).
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .camera import Camera
from .losses import Loss
from .marks import STYLES, Mark
from .sphere import View

DPI = 100
FONT = "DejaVu Sans"
PITCH = 22  # from formula to formula, in pixels at 480 of height


@dataclass(frozen=True)
class Frame:
    """What is drawn at one moment; `formula` is the number of the formula at work, `curve` (2, k) the part gone by."""

    marks: dict[str, Mark]
    camera: Camera
    caption: str
    formula: int
    curve: np.ndarray


@dataclass(frozen=True)
class Panel:
    """The curve beside the sphere, points (2, k), and what its axes measure."""

    points: np.ndarray
    title: str
    xlabel: str
    marks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Formula:
    """A line beside the sphere, in mathtext, with the role whose colour marks it while it is at work."""

    text: str
    role: str


@dataclass
class Drawing:
    """A figure of `size` (width, height) pixels."""

    size: tuple[int, int]
    window: tuple[float, float, float]
    title: str
    formulas: tuple[Formula, ...]
    panel: Panel
    loss: Loss | None
    ghost: bool
    figure: Figure = field(init=False)

    def __post_init__(self) -> None:
        width, height = self.size
        self.unit = min(width / 640, height / 480)
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        strip = 68 * self.unit
        side = min(height - strip, 0.64 * width)
        left = 4 * self.unit
        axes = self._axes(left, strip + (height - strip - side) / 2, side, side)
        self.view = View(axes, self.window, self.unit, self.loss, self.ghost)
        self._text(left + side + 12 * self.unit, height - 26 * self.unit, self.title, 11, va="center", weight="bold")
        self._write_formulas(left + side + 24 * self.unit, height - 56 * self.unit)
        top = height - (56 + PITCH * len(self.formulas) + 28) * self.unit
        x, bottom = left + side + 46 * self.unit, strip + 44 * self.unit
        self._draw_panel(x, bottom, width - x - 22 * self.unit, max(top - bottom, 40 * self.unit))
        self.caption = self._text(16 * self.unit, strip - 8 * self.unit, "", 9.6, va="top", linespacing=1.35)
        self._still = self._kept = None
        self._stage: tuple = ()

    def show(self, frame: Frame) -> None:
        """Update every artist to this frame."""
        self.view.update(frame.marks, frame.camera)
        stage = (frame.caption, frame.formula)
        if stage != self._stage:
            self._stage, self._still = stage, None
            self.caption.set_text(_wrapped(frame.caption, int(self.size[0] / (7.0 * self.unit)) - 4))
            for i, (line, formula) in enumerate(zip(self.lines, self.formulas, strict=True)):
                active = i == frame.formula
                line.set_color("black" if i <= frame.formula else "#9aa0a6")
                self.bars[i].set_color(STYLES[formula.role].color if active else "white")
        self.walked.set_data(frame.curve)
        self.here.set_data(frame.curve[:, -1:])
        self.value.set_text(f"{frame.curve[1, -1]:.3f}")

    def rgba(self) -> memoryview:
        """The picture, (height, width, 4) bytes; valid until the next call."""
        background, foreground = self.view.layers()
        if self._still is None:
            self.canvas.draw()
            self._still, self._kept = self.canvas.copy_from_bbox(self.figure.bbox), None
        key = (self.view.camera, tuple(a.get_xy().tobytes() for a in background if hasattr(a, "get_xy")))
        if self._kept is None or self._kept_key != key:
            self._draw(self._still, background)
            self._kept, self._kept_key = self.canvas.copy_from_bbox(self.figure.bbox), key
        self._draw(self._kept, [*foreground, self.walked, self.here, self.value])
        return self.canvas.buffer_rgba()

    def _draw(self, picture, artists) -> None:
        self.canvas.restore_region(picture)
        for artist in artists:
            artist.draw(self.canvas.get_renderer())

    def _axes(self, x: float, y: float, width: float, height: float):
        return self.figure.add_axes((x / self.size[0], y / self.size[1], width / self.size[0], height / self.size[1]))

    def _text(self, x: float, y: float, text: str, size: float, **style):
        style = {"fontsize": size * self.unit, "family": FONT, **style}
        return self.figure.text(x / self.size[0], y / self.size[1], text, **style)

    def _write_formulas(self, x: float, y: float) -> None:
        self.lines, self.bars = [], []
        for i, formula in enumerate(self.formulas):
            at = y - PITCH * i * self.unit
            line = self._text(x, at, formula.text, 11, va="center", math_fontfamily="dejavuserif")
            at_x = (x - 8 * self.unit) / self.size[0]
            at_y = [(at + s * self.unit) / self.size[1] for s in (-9, 9)]
            bar = Line2D([at_x] * 2, at_y, linewidth=4 * self.unit, transform=self.figure.transFigure)
            self.figure.add_artist(bar)
            self.lines.append(line)
            self.bars.append(bar)

    def _draw_panel(self, x: float, y: float, width: float, height: float) -> None:
        axes, panel = self._axes(x, y, width, height), self.panel
        axes.set_title(panel.title, loc="left", fontsize=9.5 * self.unit, family=FONT)
        axes.set_xlabel(panel.xlabel, fontsize=8.5 * self.unit, family=FONT, labelpad=2 * self.unit)
        axes.tick_params(labelsize=8 * self.unit, length=3 * self.unit, pad=2 * self.unit)
        axes.spines[["top", "right"]].set_visible(False)
        for at in panel.marks:
            axes.axvline(at, color="#9aa0a6", linewidth=0.8 * self.unit, linestyle=(0, (3, 3)))
        (low, high), spread = (panel.points[1].min(), panel.points[1].max()), np.ptp(panel.points[1]) or 1.0
        start, end = panel.points[0, [0, -1]]
        axes.set(xlim=(start, end if end > start else start + 1), ylim=(low - 0.1 * spread, high + 0.25 * spread))
        axes.plot(*panel.points, color="#9aa0a6", linewidth=1.2 * self.unit, linestyle=(0, (2, 2)))
        (self.walked,) = axes.plot([], [], color=STYLES["arc"].color, linewidth=2.4 * self.unit, gid="loss.walked",
                                 zorder=4)
        (self.here,) = axes.plot([], [], "o", color="black", markersize=7 * self.unit, gid="loss.here", zorder=5)
        self.here.set(markeredgecolor="white", markeredgewidth=1.2 * self.unit)
        for line in (self.walked, self.here):
            line.set(animated=True, clip_on=False)
        self.value = axes.text(1, 1, "", transform=axes.title.get_transform(), ha="right", va="baseline", family=FONT,
                               fontsize=9.5 * self.unit, weight="bold", animated=True, gid="loss.value", zorder=6)


def _wrapped(text: str, columns: int) -> str:
    """The text in as few lines as that many columns allow, the lines of even length."""
    lines = textwrap.wrap(text, columns)
    while columns > 1 and len(shorter := textwrap.wrap(text, columns := columns - 1)) == len(lines):
        lines = shorter
    return "\n".join(lines)
