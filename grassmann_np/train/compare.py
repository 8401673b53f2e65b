"""A comparison is the same setup with several optimizers, each over the same seeds: medians and spread, not one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from .history import History
from .setup import Setup

Result = dict[str, Any]


def compare(
    setup: Setup,
    optimizers: Sequence[str],
    seeds: Sequence[int],
    after_epoch: Callable[[Setup, History], None] = lambda setup, history: None,
) -> Result:
    """Runs every optimizer with every seed; the results as JSON takes them.

    {"data", "model", "epochs", "seeds", "setup", "runs": [{"optimizer", "seed", "history"}], "summary": [...]}
    """
    runs = []
    for optimizer in optimizers:
        for seed in seeds:
            one = replace(setup, optimizer=optimizer, seed=seed)
            _, history = one.run(lambda history, one=one: after_epoch(one, history))  # type: ignore[misc]
            runs.append({"optimizer": optimizer, "seed": seed, "history": history.as_dict()})
    common = {key: value for key, value in asdict(setup).items() if key not in ("optimizer", "seed")}
    return {"data": setup.data, "model": setup.model, "epochs": setup.epochs, "seeds": list(seeds), "setup": common,
            "runs": runs, "summary": [summary(name, runs) for name in optimizers]}


def summary(optimizer: str, runs: Sequence[Result]) -> Result:
    """Median and quartiles, over the seeds, of the test error after the last epoch; median seconds of an epoch."""
    histories = [run["history"] for run in runs if run["optimizer"] == optimizer]
    low, median, high = np.quantile([h["test_error"][-1] for h in histories], [0.25, 0.5, 0.75])
    seconds = float(np.median([s for h in histories for s in h["seconds"]]))
    return {"optimizer": optimizer, "median_test_error": float(median), "quartiles": [float(low), float(high)],
            "seconds_per_epoch": seconds}


def table(results: Result) -> str:
    """The summary as plain text."""
    lines = [f"{results['model']} on {results['data']}, {results['epochs']} epochs, {len(results['seeds'])} seeds",
             f"{'optimizer':10} {'test error, median':>18} {'quartiles':>15} {'s per epoch':>12}"]
    for row in results["summary"]:
        low, high = (100 * q for q in row["quartiles"])
        lines.append(f"{row['optimizer']:10} {100 * row['median_test_error']:16.2f} % {low:6.2f} to {high:5.2f} "
                     f"{row['seconds_per_epoch']:12.3f}")
    return "\n".join(lines)
