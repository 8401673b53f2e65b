"""The figures of experiment.md: every seed a dot, the mean a bar; learning curves; maps of the error over two rates."""

from __future__ import annotations

from typing import Any

import numpy as np
from arms import HELD_OUT
from matplotlib.axes import Axes

from grassmann_np.train.statistics import interval
from viz.look import Figure, usual

Results = dict[str, Any]
ORANGE, BLUE, GREEN, PURPLE, GREY = "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#6b7280"
TITLES = {"digits": "Digits", "mnist": "MNIST-5k"}
WITHIN = {"digits": 1.0, "mnist": 4.0}  # images from the best of a map: the region that is outlined
ROWS = (  # arm, its name in the figure, its colour
    ("sgd one rate", "SGD, one rate for all", GREY),
    ("sgd", "SGD, two rates", ORANGE),
    ("sgd clip", "  + clipping", ORANGE),
    ("sgd term", "  + orthogonality term", ORANGE),
    ("sgd normalized", "  + normalized after each step", ORANGE),
    ("sgd at its angle", "  at SGD-G's angles", ORANGE),
    ("sgd-g", "SGD-G", BLUE),
    ("sgd-g no clip", "  without clipping", BLUE),
    ("sgd-g no term", "  without orthogonality term", BLUE),
    ("adam", "Adam", PURPLE),
    ("adam-g", "Adam-G", GREEN),
)
MAPPED = {"sgd": "SGD", "sgd clip": "SGD, clipped", "sgd normalized": "SGD, normalized", "sgd-g": "SGD-G"}
CURVES = (("sgd one rate", GREY, ":"), ("sgd", ORANGE, "--"), ("sgd-g", BLUE, "-"), ("adam-g", GREEN, "-."))


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, weight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    axes.set_axisbelow(True)


@usual()
def errors(every: list[Results]) -> Figure:
    """Wrong images of every seed, an arm a row, all under linear decay: of the test images, and of other ones."""
    panels = [(results, key) for results in every for key in ("wrong", "held_out")]
    width = 210 + 380 * len(panels)
    figure = Figure(width, 470)
    for k, (results, key) in enumerate(panels):
        axes = figure.add_axes(((225 + 380 * k) / width, 0.13, 345 / width, 0.79))
        rows = [row for row in ROWS if key in results["arms"].get(row[0], {})]
        for y, (arm, label, color) in enumerate(rows):
            wrong = np.array(results["arms"][arm][key])
            low, high = interval(wrong.tolist()) or (wrong[0], wrong[0])
            axes.plot(wrong, y + _apart(wrong), "o", color=color, markersize=3.2, alpha=0.45, markeredgewidth=0)
            axes.plot([low, high], [y, y], color=color, linewidth=7, alpha=0.35, solid_capstyle="butt")
            axes.plot([wrong.mean()] * 2, [y - 0.33, y + 0.33], color=color, linewidth=2.6)
            if k == 0:
                indent = 14 * label.startswith(" ")
                axes.annotate(label.strip(), (0, y), (-220 + indent, 0), ("axes fraction", "data"), "offset pixels",
                              color=color, va="center", fontsize=9.5, annotation_clip=False)  # fmt: skip
        axes.set_yticks([])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(-0.4, max(np.max(results["arms"][arm][key]) for arm, _, _ in rows) * 1.05)
        axes.grid(axis="x", color="#e3e6ea", linewidth=0.7)
        of = results["of"] if key == "wrong" else HELD_OUT[results["data"]]
        which = "test" if key == "wrong" else "held-out"
        axes.set_xlabel(f"wrong of {of} {which} images", fontsize=9.5)
        _plain(axes, f"{TITLES[results['data']]}: {'the same images' if key == 'wrong' else 'others for every seed'}")
        axes.spines["left"].set_visible(False)
    figure.set_label(
        "Wrong images after the last epoch for every arm of the experiment, all under linear decay, rates tuned: every "
        "seed a dot, the mean a bar, its 95 % interval shaded. Left the test images, the same for every seed; right "
        "images held out of the others, drawn anew for every seed. " + _means(every)
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
            axes.set_xlabel("epoch", fontsize=9.5)
            axes.grid(color="#e3e6ea", linewidth=0.7)
            _plain(axes, f"{TITLES[results['data']]}: {title.lower()}")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="lower center", ncols=4, frameon=False, fontsize=9.5)
    figure.set_label(
        "By epoch, means over the seeds, on logarithmic axes: wrong test images, the mean length of the normalized "
        "weights, and the mean angle that a step turns them by, for SGD with one rate and with two, SGD-G and Adam-G."
    )
    return figure


@usual()
def maps(every: list[Results]) -> Figure:
    """The error on held-out images over both rates, for the mapped arms; the region near the best is outlined."""
    height = 20 + 290 * len(every)
    figure = Figure(980, height)
    for k, results in enumerate(every):
        names = [name for name, _, _ in ROWS if "map" in results["arms"].get(name, {})]
        for i, name in enumerate(names):
            rates, rest, mean = grid(results["arms"][name]["map"])
            within = WITHIN[results["data"]]
            axes = figure.add_axes((0.082 + 0.235 * i, 1 - ((k + 1) * 290 - 45) / height, 0.19, 195 / height))
            more = np.clip(mean - mean.min(), within / 4, 64 * within)
            axes.imshow(np.log2(more).T, cmap="cividis_r", origin="lower", aspect="auto", interpolation="nearest")
            near = np.nonzero(mean <= mean.min() + within)
            axes.plot(*near, "o", color="white", markersize=5, markeredgecolor="black", markeredgewidth=0.9)
            some = slice(0, None, 2)
            axes.set_xticks(range(len(rates))[some], [_short(rate) for rate in rates[some]])
            axes.set_yticks(range(len(rest))[some], [_short(rate) if i == 0 else "" for rate in rest[some]])
            axes.set_xlabel("rate of the normalized weights", fontsize=9)
            if i == 0:
                axes.set_ylabel("rate of the rest", fontsize=9)
            title = TITLES[results["data"]] + "\n" if i == 0 else ""
            _plain(axes, f"{title}{MAPPED[name]}, best {mean.min():.1f}")
            axes.title.set_fontsize(9.5)
            axes.tick_params(labelsize=8)
    figure.set_label(
        "Wrong held-out images over both rates, factors of 3 a cell, for SGD, SGD with clipping, SGD normalized after "
        "each step, and SGD-G: light is near the best of the map, whose number is in its title; rings mark what lies "
        "within one image of the best on the digits, within four on MNIST-5k."
    )
    return figure


def _short(rate: float) -> str:
    """Two digits, without an exponent."""
    return np.format_float_positional(rate, precision=1 if rate < 10 else 2, fractional=False, trim="-")


def grid(cells: list[list[Any]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rates of the normalized weights, those of the rest, and the mean wrong images of every pair."""
    rates, rest = (np.array(sorted({cell[axis] for cell in cells})) for axis in (0, 1))
    mean = {(a, b): np.mean(wrong) for a, b, wrong in cells}
    return rates, rest, np.array([[mean[a, b] for b in rest] for a in rates])


PICTURES = {"errors": errors, "curves": curves, "maps": maps}
