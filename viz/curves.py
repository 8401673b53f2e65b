"""Curves compare runs: the median over seeds as a line, the quartiles as a band, one colour and dash per optimizer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from .drawing import FONT
from .files import save
from .marks import Style

__all__ = ["caption", "comparison", "save"]

LINES = (
    Style("#000000", 1.8, (4.0, 1.6)),
    Style("#0072B2", 2.4),
    Style("#D55E00", 2.0, (6.0, 1.5, 1.2, 1.5)),
    Style("#009E73", 1.8, (1.2, 1.2)),
)
NAMES = {"sgd": "SGD", "sgd-g": "SGD-G", "adam": "Adam", "adam-g": "Adam-G"}


def comparison(results: dict[str, Any]) -> Figure:
    """Test error and training loss per epoch, from what `python -m grassmann_np compare` writes to results.json.

    The figure's label is its caption. ValueError for results without runs.
    """
    optimizers = _optimizers(results)
    figure = Figure(figsize=(9.6, 4.0), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    panels = (("test_error", "Test error, %", 100.0), ("train_loss", "Training loss", 1.0))
    for i, (key, title, scale) in enumerate(panels):
        axes = figure.add_axes((0.055 + 0.5 * i, 0.125, 0.36, 0.765))
        ends = []
        for optimizer, style in zip(optimizers, LINES, strict=False):
            low, middle, high = scale * np.quantile(_history(results, optimizer, key), [0.25, 0.5, 0.75], axis=0)
            epoch = np.arange(1, len(middle) + 1)
            axes.fill_between(epoch, low, high, color=style.color, alpha=0.16, linewidth=0)
            dashes = (0, style.dashes) if style.dashes else "-"
            axes.plot(epoch, middle, color=style.color, linewidth=style.width, linestyle=dashes, gid=optimizer)
            ends.append((float(middle[-1]), NAMES.get(optimizer, optimizer), style.color))
        _finish(axes, title, ends)
    figure.set_label(caption(results))
    return figure


def caption(results: dict[str, Any]) -> str:
    """What the figure of comparison(results) shows, in numbers of its last epoch."""
    count, parts = 0, []
    for optimizer in _optimizers(results):
        runs = 100 * _history(results, optimizer, "test_error")
        count = max(count, len(runs))
        low, middle, high = np.quantile(runs[:, -1], [0.25, 0.5, 0.75])
        parts.append(f"{NAMES.get(optimizer, optimizer)} {middle:.2f} % ({low:.2f} to {high:.2f})")
    return (
        f"Test error and training loss per epoch of the model {results['model']} on {results['data']}, for "
        f"{len(parts)} optimizers: the median of {count} seeds and the band between the quartiles. "
        f"Test error after epoch {runs.shape[1]}, median (quartiles): {'; '.join(parts)}."
    )


def _optimizers(results: dict[str, Any]) -> list[str]:
    """The optimizers of the runs, in the order in which they first come."""
    found = list(dict.fromkeys(run["optimizer"] for run in results.get("runs", [])))
    if not 1 <= len(found) <= len(LINES):
        raise ValueError(f"results: expected runs of one to {len(LINES)} optimizers, got {len(found)}: {found}")
    return found


def _history(results: dict[str, Any], optimizer: str, key: str) -> np.ndarray:
    """(seeds, epochs)."""
    return np.array([run["history"][key] for run in results["runs"] if run["optimizer"] == optimizer], dtype=float)


def _finish(axes: Axes, title: str, ends: list[tuple[float, str, str]]) -> None:
    """Scale, ticks and the names at the ends of the lines, moved apart where they would meet."""
    axes.set_title(title, loc="left", fontsize=11, family=FONT, weight="bold")
    axes.set_xlabel("epoch", fontsize=9.5, family=FONT)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.7)
    values = np.concatenate([line.get_ydata() for line in axes.lines])
    if values.min() > 0 and values.max() > 10 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_locator=NullLocator())
    else:
        axes.set_ylim(bottom=0)
    longest = max(len(line.get_xdata()) for line in axes.lines)
    axes.set_xlim(1, max(longest, 2))
    up = axes.get_yaxis_transform().transform
    heights = [axes.transAxes.inverted().transform(up((1, value)))[1] for value, _, _ in ends]
    for (_, name, color), height in zip(ends, _apart(heights, 0.062), strict=True):
        axes.text(1.02, height, name, color=color, transform=axes.transAxes, va="center", fontsize=10, family=FONT)


def _apart(heights: list[float], gap: float) -> np.ndarray:
    """The heights, moved as little as a few sweeps find, so that no two are nearer than gap."""
    order = np.argsort(heights, kind="stable")
    placed = np.array(heights, dtype=float)
    for _ in range(50):
        for low, high in pairwise(order):
            push = max(0.0, gap - (placed[high] - placed[low])) / 2
            placed[low], placed[high] = placed[low] - push, placed[high] + push
    return placed
