"""Is it the sphere, the schedule, the second rate, the clipping or the term?  The runs of experiment.md, counted.

    python benchmarks/experiment.py --data digits --out benchmarks/results       the whole, resumable
    python benchmarks/experiment.py --data digits --quick --out out              a few minutes: 5 seeds, fewer rates

Every run is kept as it is done, in OUT/experiment-DATA/runs, and is not made again; neither is an arm that stands in
OUT/experiment-DATA.json: the rates that were tuned, the wrong test images of every seed, the maps of the error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from arms import ARMS, EPOCHS, LINEAR, MIDDLE, Arm, Rates, images_of, trained
from joblib import Parallel, delayed

from grassmann_np.files import read_json, write_json

SEEDS = {"digits": 30, "mnist": 20}
ROUNDS = ((35, 2), (9, 4), (3, 8))  # successive halving: how many candidates, each with how many more seeds
GROWTHS = 4  # of a grid, at most
FIRST_SEED, FIRST_TUNING_SEED, FIRST_MAP_SEED, FIRST_HELD_OUT_SEED = 0, 1000, 2000, 3000
MAPPED, MAP_SEEDS = ("sgd", "sgd clip", "sgd normalized", "sgd-g"), {"digits": 10, "mnist": 5}


class Runs:
    """All runs of a data set, made in parallel, kept one by one; what is there is read."""

    def __init__(self, data: str, folder: Path, jobs: int) -> None:
        self.data, self.folder, self.jobs = data, folder, jobs

    def path(self, arm: Arm, rates: Rates, seed: int, tuning: bool) -> Path:
        """Where a run is kept: named by all that decides it."""
        what = json.dumps([self.data, asdict(arm), rates, seed, tuning, EPOCHS[self.data]])
        return self.folder / f"{hashlib.sha256(what.encode()).hexdigest()[:24]}.json"

    def get(
        self, asked: list[tuple[Arm, Rates, int, bool]], like: dict[int, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The results, in the order of what was asked."""
        missing = [one for one in dict.fromkeys(asked) if not self.path(*one).exists()]
        parallel = Parallel(self.jobs, return_as="generator_unordered", batch_size=1)
        made = parallel(delayed(self._make)(one, (like or {}).get(one[2])) for one in missing)
        for k, _ in enumerate(made, start=1):
            if k % 100 == 0 or k == len(missing):
                print(f"{self.data}: {k} of {len(missing)} runs", file=sys.stderr, flush=True)
        return [read_json(self.path(*one)) for one in asked]

    def _make(self, one: tuple[Arm, Rates, int, bool], like: Any) -> None:
        found = trained(self.data, *one, like=like)
        found.pop("turns", None)
        write_json(self.path(*one), found)


def grid(arm: Arm, wider: tuple[int, int, int, int] = (0, 0, 0, 0)) -> list[Rates]:
    """The candidates: factors of 2 around the middle for the normalized weights, of 3 for the rest; `wider` on a side.

    An arm with one rate has as many in the same range; one that takes its angles has rates of the rest alone.
    """
    low, high, rest_low, rest_high = wider
    rest = [0.01 * 3.0**k for k in range(-2 - rest_low, 3 + rest_high)]
    first = [MIDDLE[arm.kind] * 2.0**k for k in range(-3 - low, 4 + high)]
    if arm.one_rate:
        ends = np.log([min(rest[0], first[0]), max(rest[-1], first[-1])])
        return [(float(rate), float(rate)) for rate in np.exp(np.linspace(*ends, len(rest) * len(first)))]
    return [(MIDDLE[arm.kind], rate) for rate in rest] if arm.matched else list(product(first, rest))


def tuned(runs: Runs, arm: Arm, rounds: Iterable[tuple[int, int]], like: Callable[[int], Any]) -> dict[str, Any]:
    """{"rates", "inside", "tried"}: the best rates by successive halving, in a grid that grows until they are inside.

    `tried` has, for every candidate, its two rates, its seeds and the mean of its wrong held-out images.
    """
    wider = (0, 0, 0, 0)
    for growth in range(GROWTHS + 1):
        candidates = everyone = grid(arm, wider)
        results: dict[Rates, list[dict[str, Any]]] = {rates: [] for rates in candidates}
        seed = FIRST_TUNING_SEED
        for keep, more in rounds:
            if seed > FIRST_TUNING_SEED:
                candidates = sorted(candidates, key=lambda rates: _score(results[rates]))[:keep]
            seeds = range(seed, seed + more)
            asked = [(arm, rates, one, True) for rates in candidates for one in seeds]
            found = runs.get(asked, {one: like(one) for one in seeds} if arm.matched else None)
            for (_, rates, _, _), result in zip(asked, found, strict=True):
                results[rates].append(result)
            seed += more
        best = min(candidates, key=lambda rates: _score(results[rates]))
        grown = _grown(everyone, best, wider, arm)
        if grown == wider or growth == GROWTHS:
            break
        wider = grown
    tried = [[*rates, len(of), float(np.mean([r["wrong"] for r in of]))] for rates, of in results.items()]
    return {"rates": list(best), "inside": grown == wider, "tried": tried}


def mapped(runs: Runs, arm: Arm) -> list[list[Any]]:
    """The wrong held-out images of every seed over a wide grid: factors of 3 both ways, 99 (rate, rest) pairs."""
    rates = [(MIDDLE[arm.kind] * 3.0**k, 0.01 * 3.0**m) for k in range(-4, 7) for m in range(-4, 5)]
    seeds = range(FIRST_MAP_SEED, FIRST_MAP_SEED + MAP_SEEDS[runs.data])
    found = iter(runs.get([(arm, pair, seed, True) for pair in rates for seed in seeds]))
    return [[*pair, [next(found)["wrong"] for _ in seeds]] for pair in rates]


def _score(results: list[dict[str, Any]]) -> tuple[float, float]:
    """The mean number of wrong images, then the mean loss."""
    losses = [np.inf if result["loss"] is None else result["loss"] for result in results]
    return float(np.mean([result["wrong"] for result in results] or [0])), float(np.mean(losses or [0]))


def _grown(everyone: list[Rates], best: Rates, wider: tuple[int, ...], arm: Arm) -> Any:
    """`wider`, with two more rates on every side on whose edge the best is."""
    sides = list(wider)
    for axis in (0, 1):
        rates = sorted({one[axis] for one in everyone})
        if len(rates) > 1 and not (arm.one_rate and axis == 1):
            sides[2 * axis] += 2 * (best[axis] == rates[0])
            sides[2 * axis + 1] += 2 * (best[axis] == rates[-1])
    return tuple(sides)


def experiment(data: str, out: Path, jobs: int, quick: bool) -> dict[str, Any]:
    """Tunes, runs and maps every arm that OUT/experiment-DATA.json has not yet, and adds it there."""
    path = out / f"experiment-{data}{'-quick' if quick else ''}.json"
    runs = Runs(data, out / f"experiment-{data}" / ("quick" if quick else "runs"), jobs)
    rounds = ((35, 1), (3, 2)) if quick else ROUNDS
    seeds = range(FIRST_SEED, FIRST_SEED + (5 if quick else SEEDS[data]))
    results = {"data": data, "of": len(images_of(data).y_test), "seeds": list(seeds), "quick": quick, "arms": {}}
    results = read_json(path) if path.exists() else results
    found = results["arms"]

    def turns(seed: int, tuning: bool) -> Any:
        """What SGD-G, with the rates tuned for it, turned its columns by."""
        geodesics = next(arm for arm in LINEAR if arm.name == "sgd-g")
        return trained(data, geodesics, tuple(found[geodesics.name]["rates"]), seed, tuning)["turns"]

    arms = LINEAR if quick else ARMS
    first = [arm for arm in arms if arm.name in ("sgd one rate", "sgd", "sgd-g")]  # the answer; then the reasons
    for arm in [*first, *(arm for arm in arms if arm not in first)]:
        if arm.name in found:
            continue
        started = time.perf_counter()
        best = tuned(runs, arm, rounds, lambda seed: turns(seed, tuning=True))
        like = {seed: turns(seed, tuning=False) for seed in seeds} if arm.matched else None
        done = runs.get([(arm, tuple(best["rates"]), seed, False) for seed in seeds], like)
        print(f"{arm.name}: rates {best['rates']}, wrong {[one['wrong'] for one in done]}", file=sys.stderr, flush=True)
        kept = [one for one in done if "diverged" not in one]
        found[arm.name] = {
            "schedule": arm.schedule,
            **best,
            "wrong": [one["wrong"] for one in done],
            "diverged": len(done) - len(kept),
            "errors": [one.get("errors") for one in done],
            **{key: np.mean([one[key] for one in kept], axis=0).round(6).tolist() for key in ("norm", "angle") if kept},
            "minutes": round((time.perf_counter() - started) / 60, 1),
        }
        write_json(path, results)
    for arm in LINEAR:
        if arm.name in MAPPED and "map" not in found[arm.name] and not quick:
            found[arm.name]["map"] = mapped(runs, arm)
            write_json(path, results)
    for arm in LINEAR:  # the same count on other images, which are other ones for every seed
        if "held_out" not in found[arm.name] and not quick:
            others = range(FIRST_HELD_OUT_SEED, FIRST_HELD_OUT_SEED + len(seeds))
            like = {seed: turns(seed, tuning=True) for seed in others} if arm.matched else None
            done = runs.get([(arm, tuple(found[arm.name]["rates"]), seed, True) for seed in others], like)
            found[arm.name]["held_out"] = [one["wrong"] for one in done]
            write_json(path, results)
    return results


def main() -> None:
    """Writes experiment-DATA.json."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: a run a core
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=tuple(EPOCHS), default="digits")
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--quick", action="store_true", help="5 seeds, linear decay only, a shorter tuning, no maps")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = experiment(options.data, options.out, options.jobs, options.quick)
    for name, arm in results["arms"].items():
        wrong = np.array(arm["wrong"])
        print(f"{name:20} rates {arm['rates'][0]:.4g} | {arm['rates'][1]:.4g}   wrong of {results['of']}: mean "
              f"{wrong.mean():.1f}, sd {wrong.std(ddof=1):.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
