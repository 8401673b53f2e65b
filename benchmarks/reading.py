"""What the runs of experiment.md say: estimates, intervals, tests, areas, correlations; tables and figures.

    python benchmarks/reading.py [--results benchmarks/results]

Reads experiment-digits.json and experiment-mnist.json, whichever is there. Writes experiment.csv, a row for every
counted run; experiment-tables.md, which the page "What is it good for?" shows; and the figures experiment-*.png.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from arms import HELD_OUT
from pictures import PICTURES, TITLES, WITHIN

from grassmann_np.files import beside, read_json
from grassmann_np.train.statistics import bootstrap, holm, interval, permutation, rank_sum, signed_rank
from viz import files

Results = dict[str, Any]
DATA = ("digits", "mnist")
FAMILY = (  # minuend, subtrahend: what was declared before the runs; the first is primary
    *[
        ("sgd-g", other)
        for other in (
            "sgd", "sgd one rate", "sgd clip", "sgd term", "sgd normalized",
            "sgd-g no clip", "sgd-g no term", "adam-g", "sgd at its angle",
        )
    ],
    ("sgd", "sgd constant"),
)  # fmt: skip
SCHEDULES = ("", " constant", " step", " exponential", " cosine")  # linear has no name of its own
CELL = float(np.log10(3.0) ** 2)  # of a map, in decades of one rate times decades of the other


def difference(results: Results, one: str, other: str, images: str = "wrong") -> dict[str, Any]:
    """One arm minus another, seed by seed: the mean with its intervals, and p of three tests; of these images."""
    a, b = (np.array(results["arms"][name][images]) for name in (one, other))
    d = a - b
    rng = np.random.default_rng(0)
    return {
        "data": results["data"],
        "arms": (one, other),
        "mean": float(d.mean()),
        "interval": interval(d.tolist()),
        "bootstrap": bootstrap(d.tolist(), rng),
        "permutation": permutation(d.tolist()),
        "signed_rank": signed_rank(d.tolist())[0],
        "rank_sum": rank_sum(a.tolist(), b.tolist()),
        "correlation": float(np.corrcoef(a, b)[0, 1]),
    }


def family(every: list[Results]) -> list[dict[str, Any]]:
    """The declared differences on every data set, with Holm's p over all; one that has not run counts as p = 1."""
    rows = [difference(results, *pair) for results in every for pair in FAMILY if _has(results, *pair)]
    p = [row["permutation"] for row in rows]
    for row, corrected in zip(rows, holm(p + [1.0] * (len(DATA) * len(FAMILY) - len(p))), strict=False):
        row["holm"] = corrected
    return rows


def held_out_table(every: list[Results]) -> list[str]:
    """Differences on the test images beside those on images that are held out, other ones for every seed."""
    lines = ["| difference in wrong images | of the test images | of images held out | p there |", "|---|---|---|---:|"]
    pairs = [("sgd", "sgd one rate"), *FAMILY[:-1], ("sgd clip", "sgd"), ("sgd normalized", "sgd"), ("adam-g", "adam")]
    for results, (one, other) in itertools.product(every, pairs):
        if all("held_out" in results["arms"].get(name, {}) for name in (one, other)):
            test, others = (difference(results, one, other, images) for images in ("wrong", "held_out"))
            said = [
                f"{row['mean']:+.1f} ({row['interval'][0]:+.1f} to {row['interval'][1]:+.1f})" for row in (test, others)
            ]
            pair = f"{TITLES[results['data']]}: {words(one)} - {words(other)}"
            lines.append(f"| {pair} | {said[0]} | {said[1]} | {others['permutation']:.2g} |")
    return [*lines, ""]


def area(results: Results, name: str, times: float = 1.0, draws: int = 2000) -> dict[str, Any]:
    """The region of an arm's map within so many images of its best, in square decades, and its bootstrap over seeds."""
    wrong = np.array([cell[2] for cell in results["arms"][name]["map"]], dtype=float)  # (cells, seeds)
    within = times * WITHIN[results["data"]]
    seeds = np.random.default_rng(0).integers(0, wrong.shape[1], (draws, wrong.shape[1]))
    drawn = np.array([_cells(wrong[:, some].mean(axis=1), within) for some in seeds]) * CELL
    found = _cells(wrong.mean(axis=1), within) * CELL
    return {"area": found, "drawn": drawn, "interval": tuple(np.quantile(drawn, [0.025, 0.975]).tolist())}


def _cells(mean: np.ndarray, within: float) -> int:
    return int((mean <= mean.min() + within).sum())


def _has(results: Results, *names: str) -> bool:
    return all(name in results["arms"] for name in names)


def arms_table(results: Results) -> list[str]:
    """An arm a row: its rates, the mean of its wrong images with Student's interval, their spread, divergences."""
    lines = [
        f"| {TITLES[results['data']]}, {len(results['seeds'])} seeds | rates: normalized, rest | wrong of "
        f"{results['of']}, mean (95 %) | sd | best, worst | diverged |",
        "|---|---|---|---:|---|---:|",
    ]
    for name, arm in results["arms"].items():
        low, high = interval(arm["wrong"]) or (np.nan, np.nan)
        wrong, edge = np.array(arm["wrong"]), "" if arm["inside"] else " (edge)"
        rates = f"{arm['rates'][0]:.3g}, {arm['rates'][1]:.3g}{edge}"
        rates = f"matched, {arm['rates'][1]:.3g}{edge}" if name == "sgd at its angle" else rates
        lines.append(
            f"| {words(name)} | {rates} | {wrong.mean():.1f} ({low:.1f} to {high:.1f}) | {wrong.std(ddof=1):.1f} | "
            f"{wrong.min()}, {wrong.max()} | {arm['diverged']} |"
        )
    return [*lines, ""]


def family_table(rows: list[dict[str, Any]]) -> list[str]:
    """A declared difference a row."""
    lines = [
        "| difference in wrong images | mean (95 %) | bootstrap | p, permutation | Holm's | signed rank | rank sum |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        (low, high), (least, most) = row["interval"], row["bootstrap"]
        one, other = map(words, row["arms"])
        p = " | ".join(f"{row[key]:.2g}" for key in ("permutation", "holm", "signed_rank", "rank_sum"))
        lines.append(
            f"| {TITLES[row['data']]}: {one} - {other} | {row['mean']:+.2f} ({low:+.2f} to {high:+.2f}) | "
            f"{least:+.2f} to {most:+.2f} | {p} |"
        )
    return [*lines, ""]


def area_table(every: list[Results]) -> list[str]:
    """The regions of the maps, at one, two and four times the threshold, and sgd-g's minus each."""
    lines = [
        "| square decades within ... of the best | once (95 %) | sgd-g minus this | twice | four times |",
        "|---|---|---|---:|---:|",
    ]
    for results in every:
        mapped = [name for name, arm in results["arms"].items() if "map" in arm]
        for name in mapped:
            once, twice, four = (area(results, name, times) for times in (1, 2, 4))
            low, high = once["interval"]
            gap = "" if name == "sgd-g" or "sgd-g" not in mapped else _gap(area(results, "sgd-g"), once)
            lines.append(
                f"| {TITLES[results['data']]}, {WITHIN[results['data']]:g} of {HELD_OUT[results['data']]} images: "
                f"{words(name)} | {once['area']:.1f} ({low:.1f} to {high:.1f}) | {gap} | {twice['area']:.1f} | "
                f"{four['area']:.1f} |"
            )
    return [*lines, ""]


def _gap(one: dict[str, Any], other: dict[str, Any]) -> str:
    low, high = np.quantile(one["drawn"] - other["drawn"], [0.025, 0.975])
    return f"{one['area'] - other['area']:+.1f} ({low:+.1f} to {high:+.1f})"


def schedules_table(every: list[Results]) -> list[str]:
    """An optimizer a row: the mean under every schedule, and how its errors under two of them go together by seed."""
    lines = ["| mean wrong images | linear | constant | step | exponential | cosine | correlation by seed |"]
    lines += ["|---|---:|---:|---:|---:|---:|---|"]
    for results, name in itertools.product(every, ("sgd", "sgd-g", "adam-g")):
        if not _has(results, *[name + schedule for schedule in SCHEDULES]):
            continue
        wrong = np.array([results["arms"][name + schedule]["wrong"] for schedule in SCHEDULES])
        together = np.corrcoef(wrong)[np.triu_indices(len(wrong), 1)]
        means = " | ".join(f"{mean:.1f}" for mean in wrong.mean(axis=1))
        lines.append(
            f"| {TITLES[results['data']]}: {words(name)} | {means} | {together.min():.2f} to {together.max():.2f} |"
        )
    return [*lines, ""]


def words(name: str) -> str:
    """The name of an arm as a reader knows it."""
    for short, long in (("sgd-g", "SGD-G"), ("adam-g", "Adam-G"), ("sgd", "SGD"), ("adam", "Adam")):
        if name == short or name.startswith(short + " "):
            return long + name[len(short) :]
    return name


def write_csv(path: Path, every: list[Results]) -> None:
    """A row for every counted run."""
    with beside(path) as part, open(part, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["data", "arm", "schedule", "rate", "rest", "seed", "wrong", "of"])
        for results in every:
            for name, arm in results["arms"].items():
                for seed, wrong in zip(results["seeds"], arm["wrong"], strict=True):
                    table.writerow([results["data"], name, arm["schedule"], *arm["rates"], seed, wrong, results["of"]])


def tables(every: list[Results]) -> str:
    """All tables, in Markdown."""
    lines = ["### Every arm", ""]
    for results in every:
        lines += arms_table(results)
    lines += ["### The declared differences", "", *family_table(family(every))]
    lines += ["### The same on other images", "", *held_out_table(every)]
    lines += ["### How much tuning it takes", "", *area_table(every)]
    lines += ["### Schedules", "", *schedules_table(every)]
    return "\n".join(lines)


def main() -> None:
    """Reads, writes, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    folder = parser.parse_args().results
    paths = [folder / f"experiment-{data}.json" for data in DATA]
    every = [read_json(path) for path in paths if path.exists()]
    write_csv(folder / "experiment.csv", every)
    with beside(folder / "experiment-tables.md") as part:
        part.write_text(tables(every), encoding="utf-8")
    print(tables(every))
    for name, draw in PICTURES.items():
        print(files.save(draw(every), folder / f"experiment-{name}.png", "python benchmarks/reading.py"))


if __name__ == "__main__":
    main()
