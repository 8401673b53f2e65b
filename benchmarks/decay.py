"""The blog's question: would SGD do as well as SGD-G if its rate also decayed linearly, exponentially or by a cosine?

    python benchmarks/decay.py --data digits --out benchmarks/results

SGD, SGD-G and Adam-G, each under step, linear, exponential and cosine decay, train the small CNN. For every cell the
rate is tuned alike: the median validation error of two seeds, over three rates a factor of four apart, the validation
images being a fifth of the training images. Then five other seeds train on all training images with that rate.
Biases, gamma and beta decay in no run, the other Euclidean weights in all. One more row, "sgd, matched angle", is SGD
under linear decay, where every step of the scale-invariant weights is made longer or shorter, so that it turns them by
the angle by which the same step of SGD-G, with the same seed, turned its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from grassmann_np.data import Dataset
from grassmann_np.files import write_json
from grassmann_np.geometry import sphere
from grassmann_np.train import History, Setup, Trainer
from grassmann_np.train.compare import paired, summary
from viz import cells, files

SCHEDULES = ("step", "linear", "exponential", "cosine")
RATES = {"sgd": (0.0075, 0.03, 0.12), "sgd-g": (0.05, 0.2, 0.8), "adam-g": (0.0125, 0.05, 0.2)}
EPOCHS = {"digits": 15, "mnist": 10}
TUNING, SEEDS = (100, 101), (0, 1, 2, 3, 4)


def held_out(images: Dataset) -> Dataset:
    """The training images alone, a fifth of them in place of the test images."""
    n = len(images.y_train) * 4 // 5
    return replace(
        images,
        x_train=images.x_train[:n],
        y_train=images.y_train[:n],
        x_test=images.x_train[n:],
        y_test=images.y_train[n:],
    )


def trained(setup: Setup, tuning: bool = False, wanted: list[float] | None = None) -> tuple[History, list[float]]:
    """The history of one run, and by how much, in radians, each step turned the scale-invariant weights on average.

    With `wanted`, such a list, every step of these weights is made longer or shorter, all alike, to turn them by that.
    """
    images, weights, order = setup.load(), *np.random.default_rng(setup.seed).spawn(2)
    images = held_out(images) if tuning else images
    model = setup.make_model(images, weights)
    trainer = Trainer(
        model, setup.make_optimizer(model), images, setup.epochs, order, setup.batch_size, setup.make_schedule()
    )
    angles, before = [], [trainer.monitor.look()]

    def after_step(trainer: Trainer) -> None:
        if wanted is not None:
            longer = wanted[len(angles)] / turned(before[0], trainer.monitor.look())
            for weight, was in zip(trainer.monitor.weights, before[0], strict=True):
                weight.value = (was + longer * (weight.matrix - was)).reshape(weight.value.shape)
        angles.append(turned(before[0], trainer.monitor.look()))
        before[0] = trainer.monitor.look()

    return trainer.run(after_step), angles


def turned(before: list[np.ndarray], now: list[np.ndarray]) -> float:
    """The mean angle between the columns of all weights before and now, radians."""
    return float(np.mean(np.concatenate([sphere.distance(*pair) for pair in zip(before, now, strict=True)])))


def run(data: str, jobs: int) -> dict[str, Any]:
    """Tunes every cell, runs every seed; the results as JSON takes them."""
    started = time.perf_counter()
    base = Setup(data=data, model="cnn", epochs=EPOCHS[data])
    setups = {
        f"{o} {s}": replace(base, optimizer=o, schedule=s, end=0.01 if s == "exponential" else None)
        for o, s in product(RATES, SCHEDULES)
    }
    with Parallel(n_jobs=jobs) as parallel:
        tries = [
            (label, replace(cell, lr=lr, seed=seed))
            for label, cell in setups.items()
            for lr in RATES[cell.optimizer]
            for seed in TUNING
        ]
        print(f"{data}: tuning, {len(tries)} runs", file=sys.stderr, flush=True)
        found = parallel(delayed(trained)(one, True) for _, one in tries)
        errors: dict[str, dict[float, list[float]]] = {label: {} for label in setups}
        for (label, one), (history, _) in zip(tries, found, strict=True):
            errors[label].setdefault(one.lr or 0.0, []).append(history.test_error[-1])
        best = {
            label: min(rates, key=lambda lr, rates=rates: float(np.median(rates[lr])))
            for label, rates in errors.items()
        }
        final = [(label, replace(cell, lr=best[label], seed=seed)) for label, cell in setups.items() for seed in SEEDS]
        print(f"{data}: {len(final)} runs", file=sys.stderr, flush=True)
        done = parallel(delayed(trained)(one) for _, one in final)
        wanted = {
            one.seed: angles for (label, one), (_, angles) in zip(final, done, strict=True) if label == "sgd-g linear"
        }
        matched = [replace(setups["sgd linear"], lr=best["sgd linear"], seed=seed) for seed in SEEDS]
        guided = parallel(delayed(trained)(one, wanted=wanted[one.seed]) for one in matched)
    off = [
        np.abs(np.divide(angles, wanted[one.seed]) - 1).max() for one, (_, angles) in zip(matched, guided, strict=True)
    ]
    final += [("sgd, matched angle", one) for one in matched]
    histories = [history for history, _ in done + guided]
    runs = [
        {"optimizer": label, "seed": one.seed, "history": history.as_dict()}
        for (label, one), history in zip(final, histories, strict=True)
    ]
    labels = [*setups, "sgd, matched angle"]
    return {
        "data": data,
        "model": "cnn",
        "epochs": base.epochs,
        "seeds": list(SEEDS),
        "minutes": round((time.perf_counter() - started) / 60, 1),
        "tuned": {
            label: {"rate": best[label], "validation": {str(k): v for k, v in errors[label].items()}}
            for label in setups
        },
        "summary": [summary(label, runs) for label in labels],
        "paired": [paired(f"{o} {s}", f"sgd {s}", runs) for o, s in product(("sgd-g", "adam-g"), SCHEDULES)]
        + [paired("sgd, matched angle", "sgd-g linear", runs)],
        "angle_off": round(float(max(off)), 4),
        "runs": runs,
    }


def reading(results: dict[str, Any]) -> str:
    """The table, and each difference with its honest sample size."""
    lines = [
        f"{results['model']} on {results['data']}, {results['epochs']} epochs, {len(results['seeds'])} seeds",
        f"{'':20} {'rate':>7} {'test error, median':>19} {'quartiles':>15}",
    ]
    for row in results["summary"]:
        low, high = (100 * q for q in row["quartiles"])
        rate = results["tuned"].get(row["optimizer"], {}).get("rate")
        lines.append(
            f"{row['optimizer']:20} {rate if rate is not None else 'matched':>7} "
            f"{100 * row['median_test_error']:17.2f} % {low:6.2f} to {high:5.2f}"
        )
    for row in results["paired"]:
        lines.append(
            f"{row['optimizer']} against {row['baseline']}: median difference "
            f"{100 * row['median_difference']:+.2f} %, p = {row['p']:.3g} from {row['n']} pairs"
        )
    lines.append(
        f"every step of the matched runs turned the weights by SGD-G's angle within {100 * results['angle_off']:.1f} %"
    )
    return "\n".join(lines)


def main() -> None:
    """Runs the experiment and writes decay-DATA.json and decay-DATA.png into --out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=tuple(EPOCHS), default="digits")
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    results = run(options.data, options.jobs)
    short = {key: value for key, value in results.items() if key != "runs"} | {
        "runs": [
            {
                **one,
                "history": {k: [round(x, 6) for x in one["history"][k]] for k in ("test_error", "train_loss", "angle")},
            }
            for one in results["runs"]
        ]
    }
    write_json(options.out / f"decay-{options.data}.json", json.loads(json.dumps(short)))
    print(reading(results))
    drawn = files.save(
        cells.cells(results),
        options.out / f"decay-{options.data}.png",
        f"python benchmarks/decay.py --data {options.data}",
    )
    print(f"results and figure in {drawn.parent}")


if __name__ == "__main__":
    main()
