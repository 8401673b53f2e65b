"""The figures of experiment.md: every seed a dot, the mean a bar; learning curves; the error over the rates."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from grassmann_np.optim.registry import OPTIMIZERS
from grassmann_np.train.statistics import interval
from viz.look import Figure, usual

Results = dict[str, Any]
ORANGE, BLUE, GREEN, PURPLE, GREY = "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#6b7280"
TITLES = {"digits": "Digits", "mnist": "MNIST-5k", "wrn": "WRN-10-1 on photos", "vgg": "VGG-11 on photos"}
PHOTOS = ("wrn", "vgg")
WITHIN = {"digits": 1.0, "mnist": 4.0}  # images from the best of a map: the region that is outlined
ROWS = (  # arm, its name in the figure, its colour
    ("sgd one rate", "SGD, one rate for all", GREY),
    ("sgd", "SGD, two rates", ORANGE),
    ("sgd clip", "  + clipping", ORANGE),
    ("sgd term", "  + orthogonality term", ORANGE),
    ("sgd clip term", "  + clipping and term", ORANGE),
    ("sgd normalized", "  + normalized after each step", ORANGE),
    ("sgd at its angle", "  at SGD-G's angles", ORANGE),
    ("sgd-g", "SGD-G", BLUE),
    ("sgd-g no clip", "  without clipping", BLUE),
    ("sgd-g no term", "  without orthogonality term", BLUE),
    ("sgd-g bare", "  without both", BLUE),
    ("adam", "Adam", PURPLE),
    ("adam-g", "Adam-G", GREEN),
)
MAPPED = {  # arm, its name in a map, how its line is drawn
    "sgd": ("SGD", ORANGE, "--"),
    "sgd clip": ("SGD, clipped", PURPLE, "-."),
    "sgd normalized": ("SGD, normalized", GREEN, ":"),
    "sgd-g": ("SGD-G", BLUE, "-"),
    "sgd-g bare": ("SGD-G, without both", GREY, (0, (5, 1, 1, 1, 1, 1))),
}
CURVES = (("sgd one rate", GREY, ":"), ("sgd", ORANGE, "--"), ("sgd-g", BLUE, "-"), ("adam-g", GREEN, "-."))


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, weight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    axes.set_axisbelow(True)


@usual()
def errors(every: list[Results]) -> Figure:
    """Wrong images of every seed, an arm a row, all under linear decay."""
    width = 240 + 440 * len(every)
    shown = [row for row in ROWS if any(row[0] in results["arms"] for results in every)]
    height = 110 + 30 * len(shown)
    figure = Figure(width, height)
    for k, results in enumerate(every):
        axes = figure.add_axes(((225 + 440 * k) / width, 60 / height, 410 / width, 1 - 95 / height))
        for y, (arm, label, color) in enumerate(shown):
            if k == 0:
                indent = 14 * label.startswith(" ")
                axes.annotate(label.strip(), (0, y), (-220 + indent, 0), ("axes fraction", "data"), "offset pixels",
                              color=color, va="center", fontsize=9.5, annotation_clip=False)  # fmt: skip
            if arm not in results["arms"]:
                continue
            wrong = np.array(results["arms"][arm]["wrong"])
            low, high = interval(wrong.tolist()) or (wrong[0], wrong[0])
            axes.plot(wrong, y + _apart(wrong), "o", color=color, markersize=3.2, alpha=0.4, markeredgewidth=0)
            axes.plot([low, high], [y, y], color=color, linewidth=7, alpha=0.35, solid_capstyle="butt")
            axes.plot([wrong.mean()] * 2, [y - 0.33, y + 0.33], color=color, linewidth=2.6)
        axes.set_yticks([])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        worst = max(np.max(results["arms"][arm]["wrong"]) for arm, _, _ in shown if arm in results["arms"])
        axes.set_xlim(-0.03 * worst, 1.05 * worst)
        axes.grid(axis="x", color="#e3e6ea", linewidth=0.7)
        drawn = "the same" if results["data"] in PHOTOS else "other ones"
        axes.set_xlabel(f"wrong of {results['of']} test images, {drawn} for every seed", fontsize=9.5)
        _plain(axes, TITLES[results["data"]])
        axes.spines["left"].set_visible(False)
    figure.set_label(
        "Wrong test images after the last epoch for every arm of the experiment, all under linear decay, rates tuned: "
        "every seed a dot, the mean a bar, its 95 % interval over the seeds shaded. " + _means(every)
    )
    return figure


def _apart(wrong: np.ndarray) -> np.ndarray:
    """Equal numbers side by side, in the order of their seeds."""
    lift = np.zeros(len(wrong))
    for value in np.unique(wrong):
        places = np.flatnonzero(wrong == value)
        lift[places] = 0.3 * np.linspace(-1, 1, len(places) + 2)[1:-1]
    return lift


def _means(every: list[Results]) -> str:
    said = []
    for results in every:
        means = [
            f"{label.strip()} {np.mean(results['arms'][arm]['wrong']):.1f}"
            for arm, label, _ in ROWS
            if arm in ("sgd one rate", "sgd", "sgd-g") and arm in results["arms"]
        ]
        said.append(f"{TITLES[results['data']]}, means of {results['of']}: {', '.join(means)}.")
    return " ".join(said)


@usual()
def curves(every: list[Results]) -> Figure:
    """Learning curves, length and angle of the normalized weights by epoch: means over the seeds."""
    height = 50 + 260 * len(every)
    figure = Figure(960, height)
    charts = (("errors", "Wrong test images"), ("norm", "Length of the weights"), ("angle", "Angle per step, rad"))
    for k, results in enumerate(every):
        for i, (key, title) in enumerate(charts):
            axes = figure.add_axes((0.06 + 0.327 * i, 1 - ((k + 1) * 260 - 42) / height, 0.255, 180 / height))
            for arm, color, dash in CURVES:
                if arm not in results["arms"]:
                    continue
                kept = [one for one in results["arms"][arm][key] if one is not None]
                y = np.mean(kept, axis=0) if key == "errors" else np.array(kept)
                label = next(label for name, label, _ in ROWS if name == arm)
                axes.plot(np.arange(1, 1 + len(y)), y, dash, color=color, linewidth=2, label=label)
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if key == "angle" else (1.0, 2.0, 5.0)))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel("epoch", fontsize=9.5)
            axes.grid(color="#e3e6ea", linewidth=0.7)
            _plain(axes, f"{TITLES[results['data']]}: {title.lower()}")
    if every:
        named = figure.axes[0].get_legend_handles_labels()
        figure.legend(*named, loc="lower center", ncols=4, frameon=False, fontsize=9.5)
    figure.set_label(
        "By epoch, means over the seeds, on logarithmic axes: wrong test images, the mean length of the normalized "
        "weights, and the mean angle that a step turns them by, for SGD with one rate and with two, SGD-G and Adam-G."
    )
    return figure


@usual()
def maps(every: list[Results]) -> Figure:
    """The error over the rates: both of them, where they were measured; and one of them at the best of the other."""
    every = [results for results in every if any("map" in arm for arm in results["arms"].values())]
    grids = [(results, name) for results in every for name in MAPPED if _rest(results, name) > 1]
    height = 330 + 280 * bool(grids)
    figure = Figure(1040, height)
    for i, (results, name) in enumerate(grids):
        rates, rest, mean = grid(results["arms"][name]["map"])
        within = WITHIN[results["data"]]
        axes = figure.add_axes((0.065 + 0.19 * i, 1 - 245 / height, 0.165, 195 / height))
        more = np.clip(mean - mean.min(), within / 4, 64 * within)
        axes.imshow(np.log2(more).T, cmap="cividis_r", origin="lower", aspect="auto", interpolation="nearest")
        near = np.nonzero(mean <= mean.min() + within)
        axes.plot(*near, "o", color="white", markersize=5, markeredgecolor="black", markeredgewidth=0.9)
        some = slice(0, None, 3)
        axes.set_xticks(range(len(rates))[some], [_short(rate) for rate in rates[some]])
        axes.set_yticks(range(len(rest)), [_short(rate) if i == 0 else "" for rate in rest])
        axes.set_xlabel("rate, normalized", fontsize=9)
        if i == 0:
            axes.set_ylabel("rate of the rest", fontsize=9)
        _plain(axes, f"{MAPPED[name][0]}\n")
        axes.title.set_fontsize(9.5)
        axes.annotate(f"best {mean.min():.1f} wrong", (0, 1), (0, 5), "axes fraction", "offset pixels", fontsize=9)
        axes.tick_params(labelsize=8)
    for k, results in enumerate(every):
        wide = 0.78 / len(every)
        axes = figure.add_axes((0.065 + wide * k, 58 / height, wide - 0.06, 215 / height))
        for name, (label, color, dash) in MAPPED.items():
            if "map" in results["arms"].get(name, {}):
                rates, wrong = curve(results, name)
                mean = wrong.mean(axis=1)
                axes.plot(
                    rates / rates[mean.argmin()], mean - mean.min(), ls=dash, color=color, linewidth=2, label=label
                )
        axes.axhline(WITHIN[results["data"]], color="#6b7280", linewidth=0.8, linestyle="--")
        axes.set_xscale("log")
        axes.set_ylim(-0.3 * WITHIN[results["data"]], 12 * WITHIN[results["data"]])
        axes.set_xlabel("rate of the normalized weights, times the best", fontsize=9.5)
        axes.grid(color="#e3e6ea", linewidth=0.7)
        _plain(axes, f"{TITLES[results['data']]}: wrong images above the best")
    if every:
        figure.legend(*figure.axes[-1].get_legend_handles_labels(), loc="lower right", frameon=False, fontsize=9.5,
                      bbox_to_anchor=(1, 0.1))  # fmt: skip
    figure.set_label(
        "How wrong images depend on the rates, for SGD, SGD with clipping, SGD normalized after each step, SGD-G and "
        "SGD-G without clipping and term. Above, over both: light is near the best of the map, whose number is in "
        "its title; rings mark what lies within one image of it. Below, at the best rate of the rest: images above the "
        "best, over the rate divided by the best one."
    )
    return figure


def _rest(results: Results, name: str) -> int:
    """How many rates of the rest an arm's map has."""
    return len({cell[1] for cell in results["arms"].get(name, {}).get("map", [])})


def curve(results: Results, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The rates of the normalized weights, and the wrong images (rates, seeds) at the best rate of the rest."""
    best = results["arms"][name]["rates"][1]
    cells = sorted((rate, wrong) for rate, rest, wrong in results["arms"][name]["map"] if rest == best)
    return np.array([rate for rate, _ in cells]), np.array([wrong for _, wrong in cells], dtype=float)


@usual()
def differences(rows: list[dict[str, Any]]) -> Figure:
    """The declared differences with both of their intervals, a panel a data set."""
    every = [[row for row in rows if row["data"] == data] for data in TITLES]
    every = [some for some in every if some]
    pairs = list(dict.fromkeys(row["arms"] for row in rows))  # a line of the picture each, in every panel
    width = 260 + 440 * len(every)
    figure = Figure(width, 400)
    for k, some in enumerate(every):
        axes = figure.add_axes(((245 + 440 * k) / width, 0.14, 410 / width, 0.77))
        for row in some:
            y = pairs.index(row["arms"])
            color = BLUE if y == 0 else "#374151"
            axes.plot(row["images"], [y, y], color=color, linewidth=1.4)
            axes.plot(row["interval"], [y, y], color=color, linewidth=7, alpha=0.4, solid_capstyle="butt")
            axes.plot([row["mean"]] * 2, [y - 0.28, y + 0.28], color=color, linewidth=2.6)
        for y, pair in enumerate(pairs if k == 0 else []):
            axes.annotate(" - ".join(map(words, pair)), (0, y), (-240, 0), ("axes fraction", "data"), "offset pixels",
                          color="#374151" if y else BLUE, va="center", fontsize=9.5, annotation_clip=False)  # fmt: skip
        axes.axvline(0, color="black", linewidth=0.9)
        axes.set_yticks([])
        axes.set_ylim(len(pairs) - 0.4, -0.6)
        axes.grid(axis="x", color="#e3e6ea", linewidth=0.7)
        axes.set_xlabel("difference in wrong images; left of 0 the first makes fewer", fontsize=9.5)
        _plain(axes, TITLES[some[0]["data"]])
        axes.spines["left"].set_visible(False)
    figure.set_label(
        "The declared differences in wrong test images, the primary one first: the mean a bar, its 95 % interval over "
        "seeds shaded, and a line for the interval over seeds and images. "
        + " ".join(f"{' - '.join(map(words, row['arms']))}: {row['mean']:+.1f}." for row in rows)
    )
    return figure


def words(name: str) -> str:
    """The name of an arm as a reader knows it."""
    for short, known in OPTIMIZERS.items():
        if name == short or name.startswith(short + " "):
            return known.label + name[len(short) :]
    return name


def _short(rate: float) -> str:
    """Two digits, without an exponent."""
    return np.format_float_positional(rate, precision=1 if rate < 10 else 2, fractional=False, trim="-")


def grid(cells: list[list[Any]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rates of the normalized weights, those of the rest, and the mean wrong images of every pair."""
    rates, rest = (np.array(sorted({cell[axis] for cell in cells})) for axis in (0, 1))
    mean = {(a, b): np.mean(wrong) for a, b, wrong in cells}
    return rates, rest, np.array([[mean[a, b] for b in rest] for a in rates])


PICTURES = {"errors": errors, "curves": curves, "maps": maps}  # of the results; `differences` is of their family
