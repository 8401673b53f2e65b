"""What the runs of experiment.md say: estimates, intervals, tests, widths, correlations; tables and figures.

    python benchmarks/reading.py [--results benchmarks/results]

Reads experiment-digits, -mnist, -wrn and -vgg.json, whichever are there. Writes experiment.csv, a row for every
counted run; experiment-tables.md, which the page "What is it good for?" shows; and the figures experiment-*.png.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from arms import images_of, parted
from pictures import PHOTOS, PICTURES, TITLES, WITHIN, curve, differences, errors, words
from scipy.stats import t

from grassmann_np.files import beside, read_json
from grassmann_np.train.statistics import holm, interval, permutation, rank_sum, signed_rank
from viz import files

Results = dict[str, Any]
DATA = ("digits", "mnist")
FAMILY = (  # minuend, subtrahend: what was declared before the runs; the first is primary
    ("sgd-g", "sgd"),
    ("sgd", "sgd one rate"),
    ("sgd-g", "sgd clip"),
    ("sgd-g", "sgd clip term"),
    ("sgd-g", "sgd normalized"),
    ("sgd-g", "sgd-g bare"),
    ("sgd-g", "adam-g"),
    ("sgd-g", "sgd at its angle"),
    ("sgd", "sgd constant"),
    ("sgd-g", "sgd-g constant"),
)
SUGGESTED = (  # by the digits, and declared for MNIST-5k before its runs
    ("sgd clip", "sgd"),
    ("sgd normalized", "sgd"),
    ("sgd-g no term", "sgd-g"),
    ("sgd-g no term", "sgd"),
    ("adam-g", "adam"),
)
OVER = (("sgd-g", "sgd"), ("sgd-g", "sgd clip"))  # likewise: the mean over all schedules
PAPERS = (("sgd-g", "sgd"), ("adam-g", "sgd"))  # declared for the paper's networks on photos
SCHEDULES = ("", " constant", " cosine", " exponential", " step")  # linear has no name of its own
DRAWS = 10_000


def difference(results: Results, one: str, other: str, schedules: Sequence[str] = ("",)) -> dict[str, Any]:
    """One arm minus another, seed by seed: the mean, its intervals over seeds and over seeds and images, p of tests.

    With several schedules it is their mean.
    """
    pairs = [(one + schedule, other + schedule) for schedule in schedules]
    counts = np.array([[results["arms"][name]["wrong"] for name in pair] for pair in pairs]).sum(axis=0)
    (a, b), d = counts / len(pairs), counts[0] - counts[1]
    tested = tested_by(results["data"], tuple(results["seeds"]))
    images = np.mean([missed(results, x, tested) - missed(results, y, tested) for x, y in pairs], axis=0)
    return {
        "data": results["data"],
        "arms": (one, other),
        "schedules": len(pairs),
        "mean": float((a - b).mean()),
        "interval": interval((a - b).tolist()),
        "images": pigeonhole(images, tested),
        "two-way": two_way(images, tested),
        "late": float(np.mean([late(results, x) - late(results, y) for x, y in pairs])),
        "permutation": permutation(d.tolist()),
        "signed_rank": signed_rank(d.tolist())[0],
        "rank_sum": rank_sum(a.tolist(), b.tolist()),
    }


def late(results: Results, name: str) -> np.ndarray:
    """(seeds,) the median of an arm's wrong images over its last three epochs; after a divergence all."""
    return np.array([np.median(errors[-3:]) if errors else results["of"] for errors in results["arms"][name]["errors"]])


@cache
def tested_by(data: str, seeds: tuple[int, ...]) -> np.ndarray:
    """(seeds, images) 1 where a counted run was tested on an image, else 0."""
    images = images_of(data)
    tested = np.zeros((len(seeds), len(images.y_train) + len(images.y_test)))
    for row, seed in zip(tested, seeds, strict=True):
        row[parted(images, seed, tuning=False)[1]] = 1
    return tested


def missed(results: Results, name: str, tested: np.ndarray) -> np.ndarray:
    """(seeds, images) 1 where this arm has an image wrong that it was tested on, else 0; after a divergence all."""
    found = np.zeros_like(tested)
    for row, all_of_it, images in zip(found, tested, results["arms"][name]["missed"], strict=True):
        row[:] = all_of_it if images is None else 0
        row[images or []] = 1
    return found


def pigeonhole(differences: np.ndarray, tested: np.ndarray, draws: int = DRAWS) -> tuple[float, float]:
    """Cautious 95 % interval of the mean difference in images a run: seeds and images, rows and columns, drawn anew.

    Only pairs of a seed and an image that it tested count.  What is neither the seed's nor the image's counts three
    times.  Source: Owen, Annals of Applied Statistics 1, 2007.
    """
    pool = tested.any(axis=0)
    d, of = differences[:, pool], tested[:, pool]
    drawn = []
    for seeds, images in anew(*d.shape, draws):
        drawn.append(((seeds @ d) * images).sum(axis=1) / ((seeds @ of) * images).sum(axis=1))
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975]) * tested.sum(axis=1).mean()
    return float(low), float(high)


@lru_cache(maxsize=2)
def anew(seeds: int, images: int, draws: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """How often every seed and image is drawn, (some, seeds) and (some, images): the same for every difference."""
    rng = np.random.default_rng(0)
    parts = [min(1000, draws - k) for k in range(0, draws, 1000)]
    return [
        tuple(rng.multinomial(n, np.full(n, 1 / n), size=part).astype(np.uint16) for n in (seeds, images))
        for part in parts
    ]


def two_way(differences: np.ndarray, tested: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean difference in images a run, if seeds and images are drawn anew, independently.

    From the variances that `components` finds, none of them less than 0, with Student's factor for the seeds.
    """
    total = tested.sum()
    of = [np.sum(tested.sum(axis=1) ** 2), np.sum(tested.sum(axis=0) ** 2), total]
    variance = np.maximum(components(differences, tested), 0) @ of / total**2
    mean, per_run = differences.sum() / total, total / len(tested)
    reach = t.ppf(0.975, len(tested) - 1) * np.sqrt(variance)
    return float((mean - reach) * per_run), float((mean + reach) * per_run)


def components(differences: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """(3,) unbiased variances, over seeds and images (seeds, images), of what is a seed's, an image's, and the rest.

    Sums of squares within seeds, within images and of all are set equal to what they are expected to be.
    Source: Gao and Owen, Electronic Journal of Statistics 11, 2017.
    """
    d, some = differences * tested, tested.any(axis=0)
    d, of = d[:, some], tested[:, some].astype(float)
    seeds, images, total = of.sum(axis=1), of.sum(axis=0), of.sum()
    squares = np.sum(d**2)
    found = [squares - np.sum(d.sum(axis=k) ** 2 / n) for k, n in ((1, seeds), (0, images))]
    found.append(total * squares - d.sum() ** 2)
    within_seeds, within_images = total - len(seeds), total - len(images)
    expected = [
        [0, within_seeds, within_seeds],
        [within_images, 0, within_images],
        [total**2 - np.sum(seeds**2), total**2 - np.sum(images**2), total**2 - total],
    ]
    return np.linalg.solve(expected, found)


def family(every: list[Results]) -> list[dict[str, Any]]:
    """The declared differences on every data set, with Holm's p over all; one that has not run counts as p = 1."""
    rows = [difference(results, *pair) for results in every for pair in FAMILY if _has(results, *pair)]
    return _corrected(rows, len(DATA) * len(FAMILY))


def suggested(every: list[Results]) -> list[dict[str, Any]]:
    """What the digits suggested: there without Holm's p, since they cannot test it; elsewhere with that over these."""
    found = []
    for results in every:
        rows = [difference(results, *pair) for pair in SUGGESTED if _has(results, *pair)]
        rows += over_schedules(results)
        own = results["data"] == "digits"
        found += [row | {"holm": np.nan} for row in rows] if own else _corrected(rows, len(SUGGESTED) + len(OVER))
    return found


def over_schedules(results: Results) -> list[dict[str, Any]]:
    """The differences of OVER, the mean over all five schedules, where all of them have run."""
    ran = [pair for pair in OVER if _has(results, *(name + schedule for name in pair for schedule in SCHEDULES))]
    return [difference(results, *pair, SCHEDULES) for pair in ran]


def papers(every: list[Results]) -> list[dict[str, Any]]:
    """The differences of PAPERS in both networks, with Holm's p over the four."""
    rows = [difference(results, *pair) for results in every for pair in PAPERS if _has(results, *pair)]
    return _corrected(rows, len(PHOTOS) * len(PAPERS))


def _corrected(rows: list[dict[str, Any]], of: int) -> list[dict[str, Any]]:
    """The rows with Holm's p among so many, the missing ones as if their p were 1."""
    p = holm([row["permutation"] for row in rows] + [1.0] * (of - len(rows)))
    return [row | {"holm": corrected} for row, corrected in zip(rows, p, strict=False)]


def width(results: Results, name: str, times: float = 1.0, draws: int = 2000) -> dict[str, Any]:
    """How wide, in decades of the first rate, an arm stays within so many images of its best; bootstrap over seeds."""
    rates, wrong = curve(results, name)
    within = times * WITHIN[results["data"]]
    seeds = np.random.default_rng(0).integers(0, wrong.shape[1], (draws, wrong.shape[1]))
    drawn = np.array([_near(rates, wrong[:, some].mean(axis=1), within) for some in seeds])
    found = _near(rates, wrong.mean(axis=1), within)
    ends = wrong.mean(axis=1)[[0, -1]] <= wrong.mean(axis=1).min() + within
    return {
        "width": found,
        "cut": bool(ends.any()),  # off by an end of the grid: it is at least so wide
        "drawn": drawn,
        "interval": tuple(np.quantile(drawn, [0.025, 0.975]).tolist()),
    }


def _near(rates: np.ndarray, mean: np.ndarray, within: float) -> float:
    at = np.linspace(*np.log10(rates[[0, -1]]), 1001)
    return float(np.mean(np.interp(at, np.log10(rates), mean) <= mean.min() + within) * (at[-1] - at[0]))


def _has(results: Results, *names: str) -> bool:
    return all(name in results["arms"] for name in names)


def arms_table(results: Results) -> list[str]:
    """An arm a row: its rates, the mean of its wrong images with Student's interval, their spread, the largest turn."""
    lines = [
        f"| {TITLES[results['data']]}, {len(results['seeds'])} seeds | rates: normalized, rest | wrong of "
        f"{results['of']}, mean (95 %) | median of three epochs | sd | best, worst | largest turn | diverged |",
        "|---|---|---|---:|---:|---|---:|---:|",
    ]
    for name, arm in results["arms"].items():
        low, high = interval(arm["wrong"]) or (np.nan, np.nan)
        wrong, edge = np.array(arm["wrong"]), "" if arm["inside"] else " (edge)"
        rates = f"{arm['rates'][0]:.3g}, {arm['rates'][1]:.3g}{edge}"
        rates = f"matched, {arm['rates'][1]:.3g}{edge}" if name == "sgd at its angle" else rates
        rates = f"{arm['rates'][0]:.3g}{edge}" if name == "sgd one rate" else rates
        turn = np.median([turn for turn in arm["largest"] if turn is not None])
        lines.append(
            f"| {words(name)} | {rates} | {wrong.mean():.2f} ({low:.2f} to {high:.2f}) | "
            f"{late(results, name).mean():.2f} | {wrong.std(ddof=1):.1f} | {wrong.min()}, {wrong.max()} | "
            f"{turn:.2f} | {arm['missed'].count(None)} |"
        )
    return [*lines, ""]


def family_table(rows: list[dict[str, Any]]) -> list[str]:
    """A declared difference a row."""
    lines = [
        "| difference in wrong images | mean (95 % over seeds) | over seeds and images | the same by moments "
        "| of three epochs | p, permutation | Holm's | signed rank | rank sum |",
        "|---|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        (low, high), *others = (row[key] for key in ("interval", "images", "two-way"))
        anew = " | ".join(f"{least:+.2f} to {most:+.2f}" for least, most in others)
        one, other = map(words, row["arms"])
        over = ", over five schedules" if row["schedules"] > 1 else ""
        keys = ("permutation", "holm", "signed_rank", "rank_sum")
        p = " | ".join("" if np.isnan(row[key]) else f"{row[key]:.2g}" for key in keys)
        lines.append(
            f"| {TITLES[row['data']]}: {one} - {other}{over} | {row['mean']:+.2f} ({low:+.2f} to {high:+.2f}) | "
            f"{anew} | {row['late']:+.2f} | {p} |"
        )
    return [*lines, ""]


def width_table(every: list[Results]) -> list[str]:
    """How wide the rates may be, at one, two and four times the threshold, and sgd-g's minus each."""
    lines = [
        "| decades of the rate within ... of the best | once (95 %) | SGD-G minus this | twice | four times "
        "| SGD-G minus this |",
        "|---|---|---|---:|---:|---|",
    ]
    for results in every:
        mapped = [name for name, arm in results["arms"].items() if "map" in arm]
        for name in mapped:
            once, twice, four = (width(results, name, times) for times in (1, 2, 4))
            low, high = once["interval"]
            said = [f"{'at least ' * one['cut']}{one['width']:.2f}" for one in (once, twice, four)]
            gaps = [_gap(results, name, times) if name != "sgd-g" and "sgd-g" in mapped else "" for times in (1, 4)]
            lines.append(
                f"| {TITLES[results['data']]}, {WITHIN[results['data']]:g} of {results['of']} images: "
                f"{words(name)} | {said[0]} ({low:.2f} to {high:.2f}) | {gaps[0]} | {said[1]} | {said[2]} | {gaps[1]} |"
            )
    return [*lines, ""]


def gap(results: Results, name: str, times: float) -> tuple[float, float, float, str]:
    """sgd-g's width minus that of this arm, and the ends of its interval: both are drawn with the same seeds.

    Last, "at most " or "at least " where one of the two is cut off by an end of its grid.
    """
    ours, other = (width(results, arm, times) for arm in ("sgd-g", name))
    bound = "" if ours["cut"] == other["cut"] else "at most " if other["cut"] else "at least "
    low, high = np.quantile(ours["drawn"] - other["drawn"], [0.025, 0.975])
    return ours["width"] - other["width"], float(low), float(high), bound


def _gap(results: Results, name: str, times: float) -> str:
    found, low, high, bound = gap(results, name, times)
    return f"{bound}{found:+.2f} ({low:+.2f} to {high:+.2f})"


def schedules_table(every: list[Results]) -> list[str]:
    """An optimizer a row: the mean under every schedule, and how its errors under two of them go together by seed."""
    lines = ["| mean wrong images | linear | constant | cosine | exponential | step | correlation by seed |"]
    lines += ["|---|---:|---:|---:|---:|---:|---|"]
    for results, name in itertools.product(every, ("sgd", "sgd clip", "sgd-g")):
        ran = [name + schedule for schedule in SCHEDULES if _has(results, name + schedule)]
        if len(ran) > 1:
            wrong = np.array([results["arms"][arm]["wrong"] for arm in ran])
            together = np.corrcoef(wrong)[np.triu_indices(len(wrong), 1)]
            means = [
                f"{np.mean(results['arms'][name + schedule]['wrong']):.2f}" if name + schedule in ran else ""
                for schedule in SCHEDULES
            ]
            lines.append(
                f"| {TITLES[results['data']]}: {words(name)} | {' | '.join(means)} | "
                f"{together.min():.2f} to {together.max():.2f} |"
            )
    return [*lines, ""] if len(lines) > 2 else []


def write_csv(path: Path, every: list[Results]) -> None:
    """A row for every counted run."""
    with beside(path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["data", "arm", "schedule", "rate", "rest", "seed", "wrong", "of"])
        for results in every:
            for name, arm in results["arms"].items():
                for seed, wrong in zip(results["seeds"], arm["wrong"], strict=True):
                    table.writerow([results["data"], name, arm["schedule"], *arm["rates"], seed, wrong, results["of"]])


def tables(every: list[Results], photos: list[Results]) -> str:
    """All tables, in Markdown."""
    lines = ["### Every arm", ""]
    for results in every:
        lines += arms_table(results)
    lines += ["### The declared differences", "", *family_table(family(every))]
    if others := suggested(every):
        lines += ["### What the digits suggested", "", *family_table(others)]
    if any("map" in arm for results in every for arm in results["arms"].values()):
        lines += ["### How much tuning it takes", "", *width_table(every)]
    if schedules := schedules_table(every):
        lines += ["### Schedules", "", *schedules]
    if photos:
        lines += ["### The paper's networks on photos", ""]
        lines += [line for results in photos for line in arms_table(results)] + family_table(papers(photos))
    return "\n".join(lines)


def _paths(folder: Path, names: Sequence[str]) -> list[Path]:
    return [folder / f"experiment-{name}.json" for name in names]


def main() -> None:
    """Reads, writes, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    folder = parser.parse_args().results
    every, photos = ([read_json(path) for path in _paths(folder, names) if path.exists()] for names in (DATA, PHOTOS))
    write_csv(folder / "experiment.csv", every + photos)
    with beside(folder / "experiment-tables.md") as part:
        part.write_text(tables(every, photos), encoding="utf-8")
    print(tables(every, photos))
    figures = {name: draw(every) for name, draw in PICTURES.items()} | {"differences": differences(family(every))}
    figures |= {"photos": errors(photos)} if photos else {}
    for name, figure in figures.items():
        if figure.axes:
            print(files.save(figure, folder / f"experiment-{name}.png", "python benchmarks/reading.py"))


if __name__ == "__main__":
    main()
