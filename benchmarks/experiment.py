"""Is it the sphere, the schedule, the second rate, the clipping or the term?  The runs of experiment.md, counted.

    python benchmarks/experiment.py --data digits --out benchmarks/results       the whole, resumable
    python benchmarks/experiment.py --data digits --quick --out out              a few minutes: 5 seeds, fewer rates

Every run is kept as it is done, in OUT/experiment-DATA/runs, and is not made again. What comes out, by arm, is in
OUT/experiment-DATA.json: the rates that were tuned, the wrong test images of every seed, the map of the tuning.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from grassmann_np import nn, optim
from grassmann_np.data import Dataset
from grassmann_np.files import read_json, write_json
from grassmann_np.geometry import sphere
from grassmann_np.nn.invariant import invariant_weights
from grassmann_np.train import Setup, Trainer

CLIP, TERM, DECAY, MOMENTUM = 0.1, 0.1, 5e-4, 0.9
EPOCHS, SEEDS = {"digits": 15, "mnist": 10}, {"digits": 30, "mnist": 20}
ROUNDS = ((35, 2), (9, 4), (3, 8))  # successive halving: how many candidates, each with how many more seeds
FIRST_TUNING_SEED, FIRST_SEED = 1000, 0
Rates = tuple[float, float]  # of the normalized weights, of the rest


@dataclass(frozen=True)
class Arm:
    """One way to train: what the normalized weights do, with which of the paper's parts, under which schedule."""

    name: str
    kind: str  # sgd, sgd-g, adam or adam-g
    clip: bool = False
    term: bool = False
    normalized: bool = False  # divided by their lengths after every step
    one_rate: bool = False
    matched: bool = False  # turned by the angles of SGD-G's run with the same seed
    schedule: str = "linear"


LINEAR = (
    Arm("sgd one rate", "sgd", one_rate=True),
    Arm("sgd", "sgd"),
    Arm("sgd clip", "sgd", clip=True),
    Arm("sgd term", "sgd", term=True),
    Arm("sgd normalized", "sgd", normalized=True),
    Arm("sgd-g", "sgd-g", clip=True, term=True),
    Arm("sgd-g no clip", "sgd-g", term=True),
    Arm("sgd-g no term", "sgd-g", clip=True),
    Arm("adam", "adam"),
    Arm("adam-g", "adam-g", clip=True, term=True),
    Arm("sgd at its angle", "sgd", matched=True),
)
ARMS = LINEAR + tuple(
    replace(arm, name=f"{arm.name} {schedule}", schedule=schedule)
    for arm, schedule in product(LINEAR, ("constant", "step", "exponential", "cosine"))
    if arm.name in ("sgd", "sgd-g", "adam-g")
)
MIDDLE = {"sgd": 0.25, "sgd-g": 0.2, "adam": 0.002, "adam-g": 0.05}  # of the first grid


class Flat(optim.SGD):
    """SGD of normalized weights off the sphere, with clipping and the term as on it: both are of y = w/|w|.

    The gradient with respect to y is |w| g, and the term's with respect to w is its tangent part over |w|.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, arm: Arm) -> None:
        super().__init__(parameters, lr, MOMENTUM, nesterov=True, weight_decay=DECAY)
        self.arm = arm

    def settings(self) -> dict[str, Any]:
        """Numbers only."""
        return {key: value for key, value in super().settings().items() if key != "arm"}

    def next(self, parameter: nn.Parameter, state: Any) -> Any:
        """A step from the changed gradient."""
        w, g = parameter.matrix, parameter.matrix_grad
        length, y = sphere.norm(w, w), sphere.normalize(w)
        if self.arm.term:
            g = g + sphere.project(y, optim.orthogonality_gradient(y, TERM)) / length
        if self.arm.clip:
            turn = length * sphere.norm(w, g)
            g = g * np.where(turn > CLIP, CLIP / np.where(turn > CLIP, turn, 1), 1).astype(g.dtype)
        parameter.grad = g.reshape(parameter.grad.shape)
        return super().next(parameter, state)


def make_optimizer(model: Any, arm: Arm, rates: Rates) -> optim.Groups:
    """The optimizer of an arm: one group of the normalized weights, one of the rest."""
    chosen = list(invariant_weights(model))
    if arm.kind.endswith("-g"):
        nn.on_sphere(model)
        make = optim.sgd_g if arm.kind == "sgd-g" else optim.adam_g
        clip, term = CLIP if arm.clip else None, TERM if arm.term else 0.0
        return make(model, *rates, momentum=MOMENTUM, clip=clip, orthogonality=term, weight_decay=DECAY)
    rest = [p for p in model.parameters() if not any(p is one for one in chosen)]
    first = Flat(chosen, rates[0], arm) if arm.kind == "sgd" else optim.Adam(chosen, rates[0], weight_decay=DECAY)
    return optim.Groups(first, optim.SGD(rest, rates[1], MOMENTUM, nesterov=True, weight_decay=DECAY))


def held_out(images: Dataset, seed: int) -> Dataset:
    """The training images alone, a fifth of them, drawn by the seed, in place of the test images."""
    order = np.random.default_rng([seed, 1]).permutation(len(images.y_train))
    learn, test = np.split(order, [len(order) * 4 // 5])
    x, y = images.x_train, images.y_train
    return replace(images, x_train=x[learn], y_train=y[learn], x_test=x[test], y_test=y[test])


def trained(data: str, arm: Arm, rates: Rates, seed: int, tuning: bool, like: Any = None) -> dict[str, Any]:
    """One run: wrong test images and loss at its end, errors by epoch, mean norm and angle of the normalized weights.

    `like` is what SGD-G's run with this seed turned each column by, step by step.
    """
    started = time.perf_counter()
    setup = Setup(data=data, model="cnn", epochs=EPOCHS[data], seed=seed, schedule=arm.schedule)
    setup = replace(setup, end=0.01) if arm.schedule == "exponential" else setup
    images = held_out(setup.load(), seed) if tuning else setup.load()
    weights, order = np.random.default_rng(seed).spawn(2)
    model = setup.make_model(images, weights)
    trainer = Trainer(model, make_optimizer(model, arm, rates), images, setup.epochs, order, setup.batch_size)
    trainer.schedule = setup.make_schedule(trainer.steps_per_epoch)
    before, angles = [trainer.monitor.look()], []

    def after_step(trainer: Trainer) -> None:
        for k, (p, was) in enumerate(zip(trainer.monitor.weights, before[0], strict=True)):
            if arm.normalized:
                p.matrix = sphere.normalize(p.matrix)
            if like is not None:
                p.matrix = turned(was, p.matrix, like[len(angles)][k])
        angles.append([sphere.distance(*pair) for pair in zip(before[0], trainer.monitor.look(), strict=True)])
        before[0] = trainer.monitor.look()

    n = len(images.y_test)
    try:
        history = trainer.run(after_step)
    except FloatingPointError as error:
        return {"wrong": n, "of": n, "loss": None, "diverged": str(error), "seconds": time.perf_counter() - started}
    mean = [float(np.mean(np.concatenate(step))) for step in angles]
    return {
        "wrong": round(history.test_error[-1] * n),
        "of": n,
        "loss": round(history.test_loss[-1], 6),
        "errors": [round(error * n) for error in history.test_error],
        "norm": [round(norm, 5) for norm in history.norm],
        "angle": [round(float(np.mean(part)), 7) for part in np.array_split(mean, setup.epochs)],
        "seconds": round(time.perf_counter() - started, 2),
        "turns": angles,
    }


def turned(was: Any, now: Any, angle: Any) -> Any:
    """`now` with its direction moved along the same geodesic from `was` to this angle, column by column."""
    y = sphere.normalize(was)
    way = sphere.log(y, now)
    length = sphere.norm(y, way)
    d = sphere.scale(way, (angle / np.where(length > 0, length, 1)).astype(way.dtype))
    return sphere.exp(y, sphere.project(y, d)) * sphere.norm(now, now)


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
            if k % 20 == 0 or k == len(missing):
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
    """{"rates", "map", "wider"}: the best rates by successive halving, inside a grid that grows until they are."""
    wider = (0, 0, 0, 0)
    while True:
        candidates = everyone = grid(arm, wider)
        results: dict[Rates, list[dict[str, Any]]] = {rates: [] for rates in candidates}
        seed = FIRST_TUNING_SEED
        for keep, more in rounds:
            candidates = sorted(candidates, key=lambda rates: _score(results[rates]))[: max(keep, 1)]
            candidates = everyone if seed == FIRST_TUNING_SEED else candidates
            seeds = range(seed, seed + more)
            asked = [(arm, rates, one, True) for rates in candidates for one in seeds]
            found = runs.get(asked, {one: like(one) for one in seeds} if arm.matched else None)
            for (_, rates, _, _), result in zip(asked, found, strict=True):
                results[rates].append(result)
            seed += more
        best = min(candidates, key=lambda rates: _score(results[rates]))
        grown = _grown(everyone, best, wider, arm)
        if grown == wider:
            table = [[*rates, float(np.mean([r["wrong"] for r in results[rates]]))] for rates in everyone]
            return {"rates": list(best), "map": table, "wider": list(wider)}
        wider = grown


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
    """Tunes and runs every arm; what experiment.md reads."""
    started = time.perf_counter()
    runs = Runs(data, out / f"experiment-{data}" / ("quick" if quick else "runs"), jobs)
    rounds = ((9, 1), (3, 1)) if quick else ROUNDS
    seeds = range(FIRST_SEED, FIRST_SEED + (5 if quick else SEEDS[data]))
    geodesics = next(arm for arm in LINEAR if arm.name == "sgd-g")
    found: dict[str, Any] = {}

    def turns(tuning: bool) -> Callable[[int], Any]:
        """What SGD-G, with the rates tuned for it, turned its columns by with a seed."""
        rates = tuple(found[geodesics.name]["rates"])
        return lambda seed: trained(data, geodesics, rates, seed, tuning)["turns"]

    for arm in sorted(LINEAR if quick else ARMS, key=lambda arm: arm.matched):
        best = tuned(runs, arm, rounds, turns(True) if arm.matched else lambda seed: None)
        asked = [(arm, tuple(best["rates"]), seed, False) for seed in seeds]
        done = runs.get(asked, {seed: turns(False)(seed) for seed in seeds} if arm.matched else None)
        found[arm.name] = {
            **best,
            "schedule": arm.schedule,
            "wrong": [one["wrong"] for one in done],
            "diverged": sum("diverged" in one for one in done),
            "seconds": [one["seconds"] for one in done],
            **{key: [one.get(key) for one in done] for key in ("errors", "norm", "angle")},
        }
        print(f"{arm.name}: rates {best['rates']}, wrong {found[arm.name]['wrong']}", file=sys.stderr, flush=True)
        of = done[0]["of"]
    minutes = round((time.perf_counter() - started) / 60, 1)
    return {"data": data, "of": of, "seeds": list(seeds), "quick": quick, "minutes": minutes, "arms": found}


def main() -> None:
    """Writes experiment-DATA.json."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: a run a core
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=tuple(EPOCHS), default="digits")
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--quick", action="store_true", help="5 seeds, linear decay only, two rounds of tuning")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    results = experiment(options.data, options.out, options.jobs, options.quick)
    path = options.out / f"experiment-{options.data}{'-quick' if options.quick else ''}.json"
    write_json(path, results)
    for name, arm in results["arms"].items():
        wrong = np.array(arm["wrong"])
        print(f"{name:20} rates {arm['rates'][0]:.4g} | {arm['rates'][1]:.4g}   wrong of {results['of']}: mean "
              f"{wrong.mean():.1f}, sd {wrong.std(ddof=1):.1f}")  # fmt: skip
    print(f"results in {path}")


if __name__ == "__main__":
    main()
