"""The look of our figures is matplotlib's own, whatever style its user has chosen: the same bytes under any settings.

matplotlib keeps its settings in one dictionary of the process. Artists read it when they are made and again when they
are drawn, so both happen within `usual()`, one thread at a time; afterwards the user's settings are as they were.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, cast

import matplotlib
from matplotlib import figure
from matplotlib.backends.backend_agg import FigureCanvasAgg

LEAST = 9 * 72 / 100  # points
_LOCK = RLock()
_USERS = ("backend", "backend_fallback", "interactive", "toolbar")  # of windows, not of pictures
_USUAL = {k: v for k, v in dict.items(matplotlib.rcParamsDefault) if k not in _USERS} | {"svg.hashsalt": "grassmann_np"}


@contextmanager
def usual() -> Iterator[None]:
    """Within, matplotlib has the settings it is shipped with; as a decorator, for the time of a call."""
    now = cast("dict[str, Any]", matplotlib.rcParams)
    with _LOCK:  # by dict's own methods: no validation of what has been validated, no warning of what is deprecated
        theirs = {
            key: mine
            for key, value in _USUAL.items()
            if (mine := dict.get(now, key)) is not value and not _same(mine, value)
        }
        dict.update(now, {key: _USUAL[key] for key in theirs})
        try:
            yield
        finally:  # but what another thread has set meanwhile stays
            dict.update(now, {key: value for key, value in theirs.items() if dict.get(now, key) is _USUAL[key]})


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


class Figure(figure.Figure):
    """A white figure of width x height pixels that is made within `usual()`, and then draws and saves itself there."""

    @usual()
    def __init__(self, width: float, height: float, dpi: float = 100) -> None:
        super().__init__(figsize=(_inches(width, dpi), _inches(height, dpi)), dpi=dpi, facecolor="white")
        Canvas(self)

    @usual()
    def draw(self, renderer: Any) -> None:
        """Every artist, in the order of its layer."""
        super().draw(renderer)

    @usual()
    def savefig(self, *args: Any, **options: Any) -> None:
        """As matplotlib's, with its own settings."""
        super().savefig(*args, **options)


class Canvas(FigureCanvasAgg):
    """What a figure is drawn on; notebooks call its print_figure."""

    @usual()
    def print_figure(self, *args: Any, **options: Any) -> Any:
        """As matplotlib's, with its own settings."""
        return super().print_figure(*args, **options)

    @usual()
    def draw(self) -> None:
        """Draw the figure onto the canvas."""
        FigureCanvasAgg.draw(self)


def points(size: float, unit: float) -> float:
    """A font's size in points, `unit` times `size` but never less than what is 9 pixels at 100 dots an inch."""
    return max(size * unit, LEAST)


def _inches(pixels: float, dpi: float) -> float:
    """The least length that is `pixels` or more when multiplied by dpi: what truncates to pixels keeps them all."""
    inches = pixels / dpi
    return inches if inches * dpi >= pixels else math.nextafter(inches, math.inf)
