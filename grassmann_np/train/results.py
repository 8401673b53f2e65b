"""The results of a comparison: what its runs come to, in numbers, as a table and in words."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..optim.registry import OPTIMIZERS
from .setup import Setup
from .statistics import interval, signed_rank

WIDE = 100
"""Columns of a table's sentences."""
Result = dict[str, Any]


def folder_name(label: str, seed: int) -> str:
    """The folder of a run, in runs/ of the comparison."""
    return f"{label.replace(' ', '-').replace(':', '+')}-{seed}"


def summary(label: str, runs: Sequence[Result]) -> Result:
    """Median and quartiles, over the seeds, of the test error after the last epoch; median seconds of an epoch."""
    low, median, high = np.quantile(list(_errors(label, runs).values()), [0.25, 0.5, 0.75])
    seconds = float(np.median([s for run in runs if run["optimizer"] == label for s in run["history"]["seconds"]]))
    return {
        "optimizer": label,
        "median_test_error": float(median),
        "quartiles": [float(low), float(high)],
        "seconds_per_epoch": seconds,
    }


def paired(label: str, baseline: str, runs: Sequence[Result]) -> Result:
    """How `label` differs from `baseline` with the same seeds: median and mean, the mean's interval, p (statistics.py).

    n counts the pairs that differ. With n pairs no p of this test can be below 2^(1-n): five seeds never reach 0.05,
    however large the difference. Read the interval first.
    """
    ours, theirs = _errors(label, runs), _errors(baseline, runs)
    differences = [ours[seed] - theirs[seed] for seed in ours if seed in theirs]
    p, n = signed_rank(differences)
    return {
        "optimizer": label,
        "baseline": baseline,
        "n": n,
        "p": p,
        "median_difference": float(np.median(differences)) if differences else 0.0,
        "mean_difference": float(np.mean(differences)) if differences else 0.0,
        "interval": interval(differences),
    }


def difference(row: Result) -> str:
    """A row of `paired` in words, in percent: the mean difference, its interval, p."""
    said = f"mean difference {100 * row['mean_difference']:+.2f} %"
    if row["interval"] is not None:
        low, high = (100 * end for end in row["interval"])
        said += f" (95 %: {low:+.2f} to {high:+.2f})"
    return f"{said}, p = {row['p']:.3g} by the signed ranks of the {row['n']} that differ"


def as_csv(results: Result) -> str:
    """A row for every run: what tells it apart, its numbers after the last epoch, and what all runs have in common.

    What was measured under the name of a setting, the orthogonality term, is measured_orthogonality.
    In pandas: read_csv(path).pivot_table("test_error", "lr", "optimizer", "median").
    """
    runs = [*results["runs"], *results["failed"]]
    measured = list(dict.fromkeys(name for run in results["runs"] for name in run["history"]))
    measured = ["test_error", *(name for name in measured if name not in ("test_error", "rate", "factor"))]
    cell = list(runs[0]["cell"]) if runs else []
    common = {name: value for name, value in results["setup"].items() if name not in cell}
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    settings = {*cell, *common}
    told = [f"measured_{name}" if name in settings else name for name in measured]  # the term; its weight alpha
    table.writerow([*cell, "seed", *told, "problem", "run", *common])
    rest = [" ".join(map(str, value)) if isinstance(value, list | tuple) else value for value in common.values()]
    for run in runs:
        history = run.get("history", {})
        numbers = [history[name][-1] if name in history else None for name in measured]
        place = f"runs/{folder_name(run['optimizer'], run['seed'])}"
        table.writerow([*run["cell"].values(), run["seed"], *numbers, run.get("problem"), place, *rest])
    return out.getvalue()


def matched(results: Result, name: Callable[[str], str] = str) -> str:
    """What is alike in the runs of a seed, and what is not; `name` says what an optimizer is called."""
    setup = Setup.from_dict({**results["setup"], "optimizer": "sgd"})
    optimizers = list(dict.fromkeys(row["optimizer"].split()[0] for row in results["summary"]))
    told = {name(one): replace(setup, optimizer=one).rate for one in optimizers}
    rates = ", ".join(f"{one} {'its own' if rate is None else f'{rate:g}'}" for one, rate in told.items())
    rest, sweep = setup.lr_euclidean, results.get("sweep", {})
    said = "Matched, seed by seed: the images, the first weights up to their length, the order of the batches"
    said += "" if rest is None else f", and the rate {rest:g} of all weights that are not normalized"
    said += "."
    if "lr" not in sweep:
        said += f" Not tuned: the rates of {'all' if rest is None else 'the normalized'} weights, {rates}."
    if sweep:
        several = "; ".join(f"{key} {', '.join(map(str, values))}" for key, values in sweep.items())
        said += f" Swept, whatever is said of them else: {several}."
    known = [OPTIMIZERS[one] for one in optimizers if one in OPTIMIZERS]
    on_it, off_it = (" and ".join(name(one.name) for one in known if one.on_sphere == g) for g in (True, False))
    if on_it and off_it:
        clip = "not clipped" if setup.clip is None else f"clipped at {setup.clip:g}"
        said += (
            f" Not matched: the normalized weights of {on_it} live on the sphere, with gradients {clip}, orthogonality "
            f"term {setup.orthogonality:g} and no weight decay; those of {off_it} have weight decay "
            f"{setup.weight_decay:g} and neither clipping nor the term."
        )
        said += f" There {name('sgd')} has Nesterov momentum." if "sgd" in optimizers else ""
    if strange := [one for one in optimizers if one not in OPTIMIZERS]:
        said += f" What {' and '.join(strange)} does is its own."
    return said


def table(results: Result) -> str:
    """Summary and paired test as plain text."""
    width = max([10, *(len(row["optimizer"]) for row in results["summary"])])
    lines = [
        f"{results['model']} on {results['data']}, {results['epochs']} epochs, {len(results['seeds'])} seeds",
        f"{'optimizer':{width}} {'test error, median':>18} {'quartiles':>15} {'s per epoch':>12}",
    ]
    for row in results["summary"]:
        low, high = (100 * q for q in row["quartiles"])
        lines.append(
            f"{row['optimizer']:{width}} {100 * row['median_test_error']:16.2f} % {low:6.2f} to {high:5.2f} "
            f"{row['seconds_per_epoch']:12.3f}"
        )
    for row in results["paired"]:
        said = f"{row['optimizer']} against {row['baseline']}, same seeds: {difference(row)}"
        lines += textwrap.wrap(said, WIDE, subsequent_indent="  ")
    lines += textwrap.wrap(matched(results), WIDE)
    lines += [f"{run['optimizer']} seed {run['seed']} failed: {run['problem']}" for run in results["failed"]]
    return "\n".join(lines)


def _errors(label: str, runs: Sequence[Result]) -> dict[int, float]:
    """The last test error by seed."""
    return {run["seed"]: run["history"]["test_error"][-1] for run in runs if run["optimizer"] == label}
