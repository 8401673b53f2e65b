"""A cell is one optimizer with one schedule: seeds are dots on its line, the median a bar, the quartiles shaded."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from grassmann_np.optim.registry import OPTIMIZERS

from .curves import name
from .look import Figure, usual
from .panels import FONT


@usual()
def cells(results: dict[str, Any]) -> Figure:
    """Test error after the last epoch, a row for every cell of results["summary"]; the label is the caption.

    `results` is what grassmann_np.train.compare returns. ValueError for results without runs.
    """
    rows = results.get("summary", [])
    if not rows:
        raise ValueError("results: expected a summary of at least one cell, got none")
    figure = Figure(760, 90 + 30 * len(rows))
    top = 0.42 / figure.get_figheight()
    axes = figure.add_axes((0.25, 1.35 * top, 0.71, 1 - 2.4 * top))
    colors = {name: one.color for name, one in OPTIMIZERS.items()}
    for y, row in enumerate(rows):
        label = row["optimizer"]
        color = colors.get(label.replace(",", " ").split()[0], "#555555")
        errors = 100 * np.array(_last_errors(results, label))
        low, high = (100 * q for q in row["quartiles"])
        axes.add_patch(Rectangle((low, y - 0.3), high - low, 0.6, color=color, alpha=0.16, linewidth=0))
        axes.plot([100 * row["median_test_error"]] * 2, [y - 0.36, y + 0.36], color=color, linewidth=2.2, gid=label)
        lift = 0.09 * (np.arange(len(errors)) - (len(errors) - 1) / 2)  # equal errors stay apart
        axes.plot(errors, y + lift, "o", color=color, markersize=4.2, markeredgecolor="white", markeredgewidth=0.6)
    axes.set_yticks(
        range(len(rows)), [name(row["optimizer"]) for row in rows], family=FONT, fontsize=9.5, parse_math=False
    )
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel("test error, %", fontsize=9.5, family=FONT)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color="#e3e6ea", linewidth=0.7)
    axes.set_axisbelow(True)
    title = f"{results['model']} on {results['data']}, {results['epochs']} epochs"
    axes.set_title(title, loc="left", fontsize=11, family=FONT, weight="bold", parse_math=False)
    figure.set_label(caption(results))
    return figure


def caption(results: dict[str, Any]) -> str:
    """What the figure shows, with the lowest and the highest median."""
    rows = sorted(results["summary"], key=lambda row: row["median_test_error"])
    low, high = (f"{name(row['optimizer'])} {100 * row['median_test_error']:.2f} %" for row in (rows[0], rows[-1]))
    return (
        f"Test error after epoch {results['epochs']} of {results['model']} on {results['data']}: every one of "
        f"{len(results['seeds'])} seeds as a dot, the median as a bar, the quartiles shaded, for {len(rows)} "
        f"cells. The lowest and the highest median: {low} and {high}."
    )


def _last_errors(results: dict[str, Any], label: str) -> list[float]:
    return [run["history"]["test_error"][-1] for run in results["runs"] if run["optimizer"] == label]
