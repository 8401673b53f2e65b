"""Is it the sphere, the schedule, the second rate, the clipping or the term?  The runs of experiment.md, counted.

    python benchmarks/experiment.py --data digits --out benchmarks/results       the whole, resumable
    python benchmarks/experiment.py --data digits --quick --out out              some minutes: 5 seeds, fewer rates
    python benchmarks/experiment.py --data wrn --out benchmarks/results          the paper's on photos; or vgg

Every run is kept as it is done, in OUT/experiment-DATA/runs, and is not made again; neither is an arm that stands in
OUT/experiment-DATA.json: the rates that were tuned, the images that every seed had wrong, maps of the error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from arms import EPOCHS, GUIDE, LINEAR, MIDDLE, NETWORKS, RUN, TESTED, Arm, Rates, trained
from joblib import Parallel, delayed

from grassmann_np.files import read_json, write_json

SEEDS = {"digits": 60, "mnist": 20, "wrn": 10, "vgg": 5}
ROUNDS = {  # candidates, more seeds for each
    "digits": ((55, 3), (14, 6), (4, 12)),
    "mnist": ((55, 2), (14, 4), (4, 8)),
    "wrn": ((5, 1), (2, 2)),
    "vgg": ((7, 2), (3, 2)),
}
GROWTHS = 4  # of a grid, at most
FIRST_SEED, FIRST_TUNING_SEED, FIRST_MAP_SEED = 10_000, 20_000, 30_000
MAPPED, MAP_SEEDS = ("sgd", "sgd clip", "sgd normalized", "sgd-g", "sgd-g bare"), 10


class Runs:
    """All runs of a data set, made in parallel, kept one by one; what is there is read."""

    def __init__(self, data: str, folder: Path, jobs: int) -> None:
        self.data, self.folder, self.jobs = data, folder, jobs

    def path(self, arm: Arm, rates: Rates, seed: int, tuning: bool) -> Path:
        """Where a run is kept: named by all that decides it."""
        what = json.dumps([self.data, asdict(arm), rates, seed, tuning, EPOCHS[self.data]])
        return self.folder / f"{hashlib.sha256(what.encode()).hexdigest()[:24]}.json"

    def get(self, asked: list[tuple[Arm, Rates, int, bool]]) -> list[dict[str, Any]]:
        """The results, in the order of what was asked."""
        missing = [one for one in dict.fromkeys(asked) if not self.path(*one).exists()]
        parallel = Parallel(self.jobs, return_as="generator_unordered", batch_size=1)
        made = parallel(delayed(self._make)(one) for one in missing)
        for k, _ in enumerate(made, start=1):
            if k % 100 == 0 or k == len(missing):
                print(f"{self.data}: {k} of {len(missing)} runs", file=sys.stderr, flush=True)
        return [read_json(self.path(*one)) for one in asked]

    def _make(self, one: tuple[Arm, Rates, int, bool]) -> None:
        arm, rates, seed, tuning = one
        found = trained(self.data, arm, rates, seed, tuning, measured=not tuning)
        found.pop("turns", None)
        write_json(self.path(*one), found)


def grid(arm: Arm, wider: tuple[int, int, int, int] = (0, 0, 0, 0), data: str = "digits") -> list[Rates]:
    """The candidates: factors of 2 around the middle for the normalized weights, of 3 for the rest; `wider` on a side.

    An arm with one rate has as many of them; one that is told its angles has rates of the rest alone. On photos there
    are five rates of the normalized weights, factors of 3, for VGG-11 two lower ones more, and 0.01 for the rest.
    """
    low, high, rest_low, rest_high = wider
    if NETWORKS[data][0] == "photos":
        first = -4 if data == "vgg" else -2
        return [(MIDDLE[arm.kind] * 3.0**k, 0.01) for k in range(first - low, 3 + high)]
    rest = [0.01 * 3.0**k for k in range(-2 - rest_low, 3 + rest_high)]
    first = [MIDDLE[arm.kind] * 2.0**k for k in range(-5 - low, 6 + high)]
    if arm.one_rate:
        factor = 2000 ** (1 / 54)
        return [(rate, rate) for rate in (0.0005 * factor**k for k in range(-5 * low, 55 + 5 * high))]
    return [(MIDDLE[arm.kind], rate) for rate in rest] if arm.guide else list(product(first, rest))


def tuned(runs: Runs, arm: Arm, rounds: Iterable[tuple[int, int]]) -> dict[str, Any]:
    """{"rates", "inside", "tried"}: the best rates by successive halving, in a grid that grows until they are inside.

    `tried` has, for every candidate, its two rates, its seeds and the mean of its wrong images of the reserved quarter.
    """
    wider = (0, 0, 0, 0)
    for growth in range(GROWTHS + 1):
        candidates = everyone = grid(arm, wider, runs.data)
        results: dict[Rates, list[dict[str, Any]]] = {rates: [] for rates in candidates}
        seed = FIRST_TUNING_SEED
        for keep, more in rounds:
            if seed > FIRST_TUNING_SEED:
                candidates = sorted(candidates, key=lambda rates: _score(results[rates]))[:keep]
            seeds = range(seed, seed + more)
            asked = [(arm, rates, one, True) for rates in candidates for one in seeds]
            for (_, rates, _, _), result in zip(asked, runs.get(asked), strict=True):
                results[rates].append(result)
            seed += more
        best = min(candidates, key=lambda rates: _score(results[rates]))
        grown = _grown(everyone, best, wider, arm)
        if grown == wider or growth == GROWTHS:
            break
        wider = grown
    tried = [[*rates, len(of), float(np.mean([r["wrong"] for r in of]))] for rates, of in results.items()]
    return {"rates": list(best), "inside": grown == wider, "tried": tried}


def mapped(runs: Runs, arm: Arm, best: Rates) -> list[list[Any]]:
    """The wrong test images of every map seed, for all pairs of rates; on MNIST for the best rest."""
    first, rest = (sorted({pair[axis] for pair in grid(arm)} | {best[axis]}) for axis in (0, 1))
    pairs = list(product(first, rest if runs.data == "digits" else [best[1]]))
    seeds = range(FIRST_MAP_SEED, FIRST_MAP_SEED + MAP_SEEDS)
    found = iter(runs.get([(arm, pair, seed, False) for pair in pairs for seed in seeds]))
    return [[*pair, [next(found)["wrong"] for _ in seeds]] for pair in pairs]


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
    rounds = ((55, 1), (3, 2)) if quick else ROUNDS[data]
    seeds = range(FIRST_SEED, FIRST_SEED + (5 if quick else SEEDS[data]))
    results = {"data": data, "of": TESTED[data], "seeds": list(seeds), "quick": quick, "arms": {}}
    results = read_json(path) if path.exists() else results
    found, photos = results["arms"], NETWORKS[data][0] == "photos"
    for arm in LINEAR if quick and not photos else RUN[data]:
        if arm.schedule != "linear" and data == "digits":
            _map(runs, path, results)
        if arm.name not in found:
            guide = tuple(found[GUIDE.name]["rates"]) if arm.name == "sgd at its angle" else None
            found[arm.name] = _counted(runs, replace(arm, guide=guide), rounds, seeds)
            write_json(path, results)
    if not (quick or photos):
        _map(runs, path, results)
    return results


def _counted(runs: Runs, arm: Arm, rounds: Iterable[tuple[int, int]], seeds: range) -> dict[str, Any]:
    """What is kept of an arm: its tuning, and what every seed counted and measured."""
    started = time.perf_counter()
    best = tuned(runs, arm, rounds)
    done = runs.get([(arm, tuple(best["rates"]), seed, False) for seed in seeds])
    print(f"{arm.name}: rates {best['rates']}, wrong {[one['wrong'] for one in done]}", file=sys.stderr, flush=True)
    kept = [one for one in done if "diverged" not in one]
    return {
        "schedule": arm.schedule,
        **best,
        "wrong": [one["wrong"] for one in done],
        "missed": [one.get("missed") for one in done],  # None: all, since it diverged
        "errors": [one.get("errors") for one in done],
        "largest": [one.get("largest") for one in done],
        **{key: np.mean([one[key] for one in kept], axis=0).round(6).tolist() for key in ("norm", "angle") if kept},
        "minutes": round((time.perf_counter() - started) / 60, 1),
    }


def _map(runs: Runs, path: Path, results: dict[str, Any]) -> None:
    for arm in LINEAR:
        if arm.name in MAPPED and "map" not in results["arms"][arm.name]:
            results["arms"][arm.name]["map"] = mapped(runs, arm, tuple(results["arms"][arm.name]["rates"]))
            write_json(path, results)


def main() -> None:
    """Writes experiment-DATA.json."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: a run a core
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=tuple(EPOCHS), default="digits")
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--quick", action="store_true", help="5 seeds, linear decay alone, a shorter tuning, no maps")
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
