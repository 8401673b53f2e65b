"""A panel is a small chart beside the sphere: curves that are drawn as the film goes, faint where it has yet to go.

Tiles are small grey images in a grid, which change from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, NullLocator

from .look import points

if TYPE_CHECKING:
    from .themes import Theme

FONT = "DejaVu Sans"
FAINT = "#9aa0a6"


@dataclass(frozen=True)
class Line:
    """One curve of a panel, all of it: points (2, k), the role of its colour and dashes, the name at its end."""

    points: np.ndarray
    role: str = "arc"
    name: str = ""


@dataclass(frozen=True)
class Panel:
    """Curves on common axes, what these measure, and vertical lines at `marks`; `log` counts upward in decades.

    A panel of one line shows its present value, by `number`.
    """

    lines: tuple[Line, ...]
    title: str
    xlabel: str
    marks: tuple[float, ...] = ()
    log: bool = False
    number: str = "{:.3f}"


@dataclass(frozen=True)
class Tiles:
    """Images in so many columns; a frame gives them as (n, height, width), 0 black to 1 white."""

    title: str
    columns: int


@dataclass(frozen=True)
class Trace:
    """The artists of a line that move: the part gone by, its end, and its value where the panel shows one."""

    walked: Line2D
    here: Line2D
    value: Text | None
    number: str

    @property
    def artists(self) -> list[Artist]:
        """In drawing order."""
        return [self.walked, self.here, *([self.value] if self.value else [])]

    def show(self, curve: np.ndarray) -> bool:
        """The part gone by is curve (2, k); whether it was another before."""
        if np.array_equal(self.walked.get_xydata(), curve.T):
            return False
        self.walked.set_data(curve)
        self.here.set_data(curve[:, -1:])
        if self.value:
            self.value.set_text(self.number.format(curve[1, -1]).replace("-", "−"))
        return True


def draw(axes: Axes, panel: Panel, unit: float, theme: Theme) -> list[Trace]:
    """Draw what stays of a panel, and give what moves."""
    axes.set_title(
        panel.title, loc="left", fontsize=points(9.5, unit), family=theme.font, color=theme.ink, parse_math=False
    )
    axes.set_xlabel(
        panel.xlabel,
        fontsize=points(8.5, unit),
        family=theme.font,
        color=theme.ink,
        labelpad=2 * unit,
        parse_math=False,
    )
    axes.tick_params(
        labelsize=points(8, unit), length=3 * unit, pad=2 * unit, colors=theme.ink, labelfontfamily=theme.font
    )
    axes.set_facecolor(theme.ground)
    axes.spines[:].set_color(theme.ink)
    axes.spines[["top", "right"]].set_visible(False)
    for at in panel.marks:
        axes.axvline(at, color=theme.faint, linewidth=0.8 * unit, linestyle=(0, (3, 3)))
    _scale(axes, panel, axes.bbox.height / unit)
    for line in panel.lines:
        axes.plot(*line.points, color=theme.faint, linewidth=1.2 * unit, linestyle=(0, (2, 2)))
    _names(axes, panel, unit, theme)
    return [_trace(axes, panel, line, i, unit, theme) for i, line in enumerate(panel.lines)]


def margin(panel: Panel) -> float:
    """The room that the names at the ends of the lines take, in pixels at 480 of height."""
    return 8.0 * max(len(line.name) for line in panel.lines)


def _scale(axes: Axes, panel: Panel, height: float) -> None:
    """The axes hold every line, with room above for its end."""
    values = np.concatenate([line.points[1] for line in panel.lines])
    start = min(line.points[0, 0] for line in panel.lines)
    end = max(line.points[0, -1] for line in panel.lines)
    axes.set_xlim(start, end if end > start else start + 1)
    if panel.log:
        axes.set_yscale("log")
        values = np.log10(values)
    (low, high), spread = (values.min(), values.max()), np.ptp(values) or 1.0
    low, high = low - 0.1 * spread, high + 0.25 * spread
    axes.set_ylim(*(10.0 ** np.array([low, high]) if panel.log else (low, high)))
    if panel.log:
        subs = (1, 2, 5) if 3 * (high - low) < height / 14 else (1,)
        axes.yaxis.set(
            major_locator=LogLocator(subs=subs, numticks=max(2, int(height / 24))),
            major_formatter="{x:g}",
            minor_locator=NullLocator(),
        )


def _names(axes: Axes, panel: Panel, unit: float, theme: Theme) -> None:
    """The names at the ends of the lines, moved apart where they would meet."""
    ends = axes.transAxes.inverted().transform([axes.transData.transform(line.points[:, -1]) for line in panel.lines])
    line_height = 14 * unit / axes.bbox.height
    heights = apart(list(ends[:, 1]), line_height)
    heights = heights + max(0.0, line_height / 2 - heights.min())  # above the numbers of the axis
    for line, height in zip(panel.lines, heights, strict=True):
        axes.text(
            1 + 7 * unit / axes.bbox.width,
            height,
            line.name,
            color=theme.styles[line.role].color,
            family=theme.font,
            transform=axes.transAxes,
            va="center",
            fontsize=points(8.5, unit),
            weight="bold",
            parse_math=False,
        )


def apart(heights: list[float], gap: float) -> np.ndarray:
    """The heights, moved as little as a few sweeps find, so that no two are nearer than gap."""
    order = np.argsort(heights, kind="stable")
    placed = np.array(heights, dtype=float)
    for _ in range(50):
        for low, high in pairwise(order):
            push = max(0.0, gap - (placed[high] - placed[low])) / 2
            placed[low], placed[high] = placed[low] - push, placed[high] + push
    return placed


def _trace(axes: Axes, panel: Panel, line: Line, i: int, unit: float, theme: Theme) -> Trace:
    style, value = theme.styles[line.role], None
    dashes = (0, style.dashes) if style.dashes else "-"
    (walked,) = axes.plot(
        [],
        [],
        color=style.color,
        linewidth=min(style.width, 2.4) * unit,
        linestyle=dashes,
        gid=f"{i}.walked",
        zorder=4,
        dash_capstyle="butt",
    )
    (here,) = axes.plot([], [], "o", color=style.color, markersize=7 * unit, gid=f"{i}.here", zorder=5)
    here.set(markeredgecolor=theme.ground, markeredgewidth=1.2 * unit)
    for artist in (walked, here):
        artist.set(animated=True, clip_on=False)
    if len(panel.lines) == 1 and panel.number:
        value = axes.text(
            1,
            1,
            "",
            transform=axes.title.get_transform(),
            ha="right",
            va="baseline",
            family=theme.font,
            color=theme.ink,
            fontsize=points(9.5, unit),
            weight="bold",
            animated=True,
            gid=f"{i}.value",
            zorder=6,
        )
    return Trace(walked, here, value, panel.number)


def tiled(images: np.ndarray, columns: int) -> np.ndarray:
    """The images (n, height, width), one white pixel around each, as one RGBA image of uint8.

    >>> tiled(np.zeros((3, 8, 8)), columns=2).shape
    (19, 19, 4)
    """
    n, height, width = images.shape
    rows = -(-n // columns)
    sheet = np.ones((rows * columns, height + 1, width + 1))
    sheet[:n, :-1, :-1] = images
    sheet = sheet.reshape(rows, columns, height + 1, width + 1).transpose(0, 2, 1, 3)
    grey = np.pad(sheet.reshape(rows * (height + 1), -1), ((1, 0), (1, 0)), constant_values=1)
    grey = np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8)
    return np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1)


def grid(axes: Axes, tiles: Tiles, images: np.ndarray, unit: float, theme: Theme) -> AxesImage:
    """The artist of the tiles on its axes; set_data(tiled(...)) changes it."""
    axes.set_title(
        tiles.title, loc="left", fontsize=points(9.5, unit), family=theme.font, color=theme.ink, parse_math=False
    )
    axes.set_axis_off()
    return axes.imshow(tiled(images, tiles.columns), aspect="auto", interpolation="nearest", animated=True, gid="tiles")
