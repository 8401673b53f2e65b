"""Curves compare runs: the median over seeds as a line, the quartiles as a band, one colour and dash per label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from grassmann_np.optim.registry import OPTIMIZERS
from grassmann_np.train.folder import read_history

from .files import save
from .look import Figure, usual
from .marks import Style
from .panels import FONT, apart

__all__ = ["caption", "comparison", "of_runs", "save"]

LINES = (
    Style("#000000", 1.8, (4.0, 1.6)),
    Style("#0072B2", 2.4),
    Style("#D55E00", 2.0, (6.0, 1.5, 1.2, 1.5)),
    Style("#009E73", 1.8, (1.2, 1.2)),
    Style("#CC79A7", 2.2, (2.4, 1.0)),
    Style("#56B4E9", 2.4, (8.0, 1.6)),
    Style("#E69F00", 2.0, (3.0, 1.2, 1.2, 1.2, 1.2, 1.2)),
    Style("#6b7280", 1.8, (1.0, 2.4)),
)
NAMES = {name: one.label for name, one in OPTIMIZERS.items()}
CHARTS = (  # of runs: the name in a history, the title, what the numbers are multiplied by, whether decades may show
    ("train_error", "Training error, %", 100.0, True),
    ("test_error", "Test error, %", 100.0, True),
    ("angle", "Angle per step, rad", 1.0, True),
    ("norm", "Length of the weights", 1.0, False),
    ("effective_rate", "Effective learning rate", 1.0, True),
    ("factor", "Schedule", 1.0, False),
)
GAP = 0.19  # from name to name at the ends of the lines, inches
ACROSS = ("data", "model", "epochs")  # told apart in the labels wherever they differ
History = dict[str, list[float]]


@usual()
def comparison(results: dict[str, Any]) -> Figure:
    """Test error and training loss per epoch, from what `python -m grassmann_np compare` writes to results.json.

    The figure's label is its caption. ValueError for results without runs.
    """
    labels = _by_optimizer(results)
    figure = Figure(960, 400)
    charts = (("test_error", "Test error, %", 100.0), ("train_loss", "Training loss", 1.0))
    for i, (key, title, scale) in enumerate(charts):
        axes = figure.add_axes((0.055 + 0.5 * i, 0.125, 0.36, 0.765))
        _chart(axes, title, {label: scale * _values(runs, key) for label, runs in labels.items()}, LINES)
    figure.set_label(caption(results))
    return figure


def caption(results: dict[str, Any]) -> str:
    """What the figure of comparison(results) shows, in numbers of its last epoch."""
    labels = _by_optimizer(results)
    count = max(len(runs) for runs in labels.values())
    epochs = max(_values(runs, "test_error").shape[1] for runs in labels.values())
    return (
        f"Test error and training loss per epoch of the model {results['model']} on {results['data']}, for "
        f"{len(labels)} optimizers: the median of {count} seeds and the band between the quartiles. "
        f"Test error after epoch {epochs}, median (quartiles): {'; '.join(map(_last, labels.items()))}."
    )


@usual()
def of_runs(folders: Sequence[str | Path]) -> Figure:
    """Errors, angle per step, length of the weights, effective rate and schedule, per epoch, of run folders.

    A folder is a run of `python -m grassmann_np train`, or a comparison, which holds runs. Runs that differ in nothing
    but the seed have one label and one line. ValueError for what is neither, or more labels than lines.
    """
    labels = _by_setup(folders)
    charts = [chart for chart in CHARTS if any(_has(runs, chart[0]) for runs in labels.values())]
    names = 0.2 + 0.078 * max(len(name(label)) for label in labels)
    wide, tall, across = 0.65 + 2.6 + names, 3.1, 3
    rows = -(-len(charts) // across)
    figure = Figure(100 * across * wide, 100 * rows * tall)
    for i, (key, title, scale, decades) in enumerate(charts):
        x, y = i % across * wide + 0.65, (rows - 1 - i // across) * tall + 0.55
        axes = figure.add_axes((x / (across * wide), y / (rows * tall), 2.6 / (across * wide), 2.2 / (rows * tall)))
        lines = {label: scale * _values(runs, key) for label, runs in labels.items() if _has(runs, key)}
        styles = [style for style, runs in zip(LINES, labels.values(), strict=False) if _has(runs, key)]
        _chart(axes, title, lines, styles, decades)
    drawn = ", ".join(title.split(",")[0].lower() for _, title, *_ in charts)
    seeds = [len(runs) for runs in labels.values()]
    count = f"{min(seeds)}" if min(seeds) == max(seeds) else f"{min(seeds)} to {max(seeds)}"
    figure.set_label(
        f"Runs of {len(labels)} kinds, by epoch: {drawn}. The lines are medians of {count} seeds, the bands lie "
        f"between the quartiles. Last test error, median (quartiles): {'; '.join(map(_last, labels.items()))}."
    )
    return figure


def name(label: str) -> str:
    """A label as people read it.

    >>> name("sgd-g linear")
    'SGD-G linear'
    """
    first, comma, rest = re.split("([ ,]|$)", label, maxsplit=1)
    return NAMES.get(first, first) + comma + rest


def _by_optimizer(results: dict[str, Any]) -> dict[str, list[History]]:
    """The histories of results by optimizer, in the order in which they first come."""
    labels: dict[str, list[History]] = {}
    for run in results.get("runs", []):
        labels.setdefault(run["optimizer"], []).append(run["history"])
    return _drawable("results", "optimizers", labels)


def _by_setup(folders: Sequence[str | Path]) -> dict[str, list[History]]:
    """The histories of run folders by what tells their setups apart: the optimizer, and what else differs."""
    runs = [_read(folder) for folder in dict.fromkeys(one for folder in folders for one in _run_folders(Path(folder)))]
    runs.sort(key=lambda run: [*NAMES, run[0]["optimizer"]].index(run[0]["optimizer"]))
    labels: dict[str, list[History]] = {}
    for setup, history in runs:
        alike = [other for other, _ in runs if other["optimizer"] == setup["optimizer"]]
        differ = [
            key
            for key in setup
            if key not in ("optimizer", "seed")
            and (
                any(other.get(key) != setup[key] for other in alike)
                or (key in ACROSS and any(other.get(key) != setup[key] for other, _ in runs))
            )
        ]
        told = [f"{key.replace('_', ' ')} {'usual' if setup[key] is None else setup[key]}" for key in differ]
        labels.setdefault(", ".join([name(setup["optimizer"]), *told]), []).append(history)
    return _drawable("runs", "labels", labels)


def _drawable(what: str, kind: str, labels: dict[str, list[History]]) -> dict[str, list[History]]:
    if not 1 <= len(labels) <= len(LINES):
        raise ValueError(f"{what}: expected runs of one to {len(LINES)} {kind}, got {len(labels)}: {list(labels)}")
    return labels


def _run_folders(folder: Path) -> list[Path]:
    """The folder itself if it is a run, or the runs of a comparison."""
    found = [one.resolve() for one in (folder, *sorted(folder.glob("runs/*"))) if (one / "history.json").is_file()]
    if not found:
        raise ValueError(f"{folder}: expected the folder of a run, with history.json in it, or of a comparison of runs")
    return found


def _read(folder: Path) -> tuple[dict[str, Any], History]:
    """(setup, history) of a run folder, with one epoch at the least."""
    try:
        found = read_history(folder) or {}
        setup, history = found["setup"], found["history"]
        if not (isinstance(setup["optimizer"], str) and len(history["test_error"])):
            raise ValueError("it has no epoch")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{folder / 'history.json'}: expected the history of a run: {error}") from error
    return setup, history


def _has(runs: list[History], key: str) -> bool:
    return any(key in run for run in runs)


def _values(runs: list[History], key: str) -> np.ndarray:
    """(seeds, epochs), as many epochs as all of them have."""
    values = [run[key] for run in runs if key in run]
    return np.array([line[: min(map(len, values))] for line in values], dtype=float)


def _last(label: tuple[str, list[History]]) -> str:
    """The last test error of a label in words: its median and quartiles."""
    (said, runs) = label
    low, middle, high = np.quantile(100 * _values(runs, "test_error")[:, -1], [0.25, 0.5, 0.75])
    return f"{name(said)} {middle:.2f} % ({low:.2f} to {high:.2f})"


def _chart(axes: Axes, title: str, lines: dict[str, np.ndarray], styles: Sequence[Style], decades: bool = True) -> None:
    """Median and quartiles of every label's values (seeds, epochs)."""
    ends = []
    for (label, values), style in zip(lines.items(), styles, strict=False):
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
        epoch = np.arange(1, len(middle) + 1)
        axes.fill_between(epoch, low, high, color=style.color, alpha=0.16, linewidth=0)
        dashes = (0, style.dashes) if style.dashes else "-"
        axes.plot(epoch, middle, color=style.color, linewidth=style.width, linestyle=dashes, gid=label)
        ends.append((float(middle[-1]), name(label), style.color))
    _finish(axes, title, ends, decades)


def _finish(axes: Axes, title: str, ends: list[tuple[float, str, str]], decades: bool) -> None:
    """Scale, ticks and the names at the ends of the lines, moved apart where they would meet."""
    axes.set_title(title, loc="left", fontsize=11, family=FONT, weight="bold")
    axes.set_xlabel("epoch", fontsize=9.5, family=FONT)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.7)
    values = np.concatenate([line.get_ydata() for line in axes.lines])
    if decades and values.min() > 0 and values.max() > 10 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_locator=NullLocator())
    else:
        axes.set_ylim(bottom=0)
    longest = max(np.size(line.get_xdata()) for line in axes.lines)
    axes.set_xlim(1, max(longest, 2))
    up = axes.get_yaxis_transform().transform
    wanted = [axes.transAxes.inverted().transform(up((1, value)))[1] for value, _, _ in ends]
    gap = GAP * axes.figure.dpi / axes.bbox.height
    heights = apart(wanted, gap)
    heights = heights + max(0.0, gap / 2 - heights.min())  # above the numbers of the axis
    end: dict[str, Any] = {"transform": axes.transAxes, "va": "center", "fontsize": 10, "family": FONT}
    for (_, said, color), height in zip(ends, heights, strict=True):
        axes.text(1.02, height, said, color=color, parse_math=False, **end)
