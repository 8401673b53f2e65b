"""The residuals of an identity that does not hold, against the size of the case: where it fails, and by how much."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from grassmann_np.testing.cases import Case
from grassmann_np.testing.counterexample import resized
from grassmann_np.testing.identities import drawn, measure
from grassmann_np.testing.report import Result

from .look import Figure, usual
from .panels import FONT

LENGTHS = np.append(10.0 ** np.linspace(-15, 0, 46), [1.5, 2, 2.5, 3, 3.14])
LEAST = 0.1  # the least residual that a logarithm shows, in eps
HOLDS, FAILS = ("#0072B2", "o"), ("#D55E00", "D")


@usual()
def chart(result: Result, case: Case) -> Figure:
    """Against n, if the result says that it fails for some n only; else against the length of the step in `case`.

    Raises ValueError if nothing was measured: its functions give no answer.
    """
    identity = result.identity
    if by_n := result.where.startswith("only for n"):
        sizes, label, what = np.arange(2, 15), "dimension n", "drawn cases of every size"
        measured = [measure(identity, drawn(case.geometry, sizes=[int(n)])) for n in sizes]
    else:
        sizes, label, what = LENGTHS, "length of the step |h|", "one small case, its step made shorter and longer"
        measured = [measure(identity, [resized(case, float(size))]) for size in sizes]
    residuals = np.array([one.residual for one in measured])
    if not np.any(np.isfinite(residuals)):
        raise ValueError(f"{identity.name}: {result.reason}")
    slope, fails = identity.unit == "slope", residuals > identity.limit
    shown, limit = (np.maximum(a, 0.0 if slope else LEAST) for a in (residuals, identity.limit))
    figure = Figure(720, 480)
    axes = figure.add_axes((0.1, 0.27, 0.87, 0.63))
    axes.plot(sizes, shown, color="#c3c8ce", linewidth=1.2, zorder=1)
    for which, (color, marker), gid in ((~fails, HOLDS, "holds"), (fails, FAILS, "fails")):
        axes.plot(sizes[which], shown[which], marker, color=color, markersize=5.5, markeredgecolor="white", gid=gid)
    axes.axhline(limit, color="#333333", linewidth=1.2, linestyle=(0, (5, 3)), gid="limit")
    axes.set(xscale="linear" if by_n else "log", yscale="linear" if slope else "log")
    high = max(float(np.max(shown[np.isfinite(shown)])), float(limit))
    axes.set_ylim(*((0, 1.15 * high) if slope else (LEAST / 2, 10 * high)))
    words = f" limit {identity.limit:g}{'' if slope else ' eps'} "
    place: dict[str, Any] = {"ha": "right", "va": "bottom", "transform": axes.get_yaxis_transform()}
    axes.text(1.0, float(limit), words, fontsize=9.5, family=FONT, **place)
    axes.set_xlabel(label, fontsize=9.5, family=FONT)
    title = f"{identity.name}: {'what the slope falls short by' if slope else 'the error, in eps'}"
    axes.set_title(title, loc="left", fontsize=11, family=FONT, weight="bold", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.7)
    axes.tick_params(labelsize=9)
    at = np.flatnonzero(fails)
    whole = at.size and at[-1] - at[0] + 1 == at.size
    where = f"from {sizes[at[0]]:.2g} to {sizes[at[-1]]:.2g}" if whole else f"at {at.size} of {sizes.size}"
    lost = int(np.sum(~np.isfinite(residuals)))
    caption = f"{identity.statement}. The error against the {label}, of {what}. Above the limit (orange) {where}."
    caption += f" No answer at {lost}." if lost else ""
    style: dict[str, Any] = {"va": "top", "fontsize": 9.6, "family": FONT, "parse_math": False}
    figure.text(16 / 720, 60 / 480, textwrap.fill(caption, 98), linespacing=1.35, **style)
    figure.set_label(caption)
    return figure
