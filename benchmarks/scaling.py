"""Does a training step grow as its arithmetic does: with the batch, the width and the depth?

    python benchmarks/scaling.py --out benchmarks/results

A network of 3x3 convolutions, each with BatchNorm and ReLU, on 16x16 images: forward, loss, backward. Time is the best
of several steps, memory the peak that NumPy asks for during one (tracemalloc) when no room is kept from the step
before. The arithmetic is counted from the shapes. The figure has the three on log-log axes, and the slope of each line
over its second half.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from grassmann_np import nn, ops, room
from grassmann_np.files import write_json
from viz import files

SIZE, CLASSES, SAMPLES = 16, 10, 5
BATCH, WIDTH, DEPTH = 64, 64, 4
GROWING = {"batch": [16, 32, 64, 128, 256, 512], "width": [16, 32, 64, 128, 256], "depth": [1, 2, 4, 8, 16, 32]}
KINDS = {
    "seconds": ("time, s", "#0072B2", "o-"),
    "bytes": ("memory, bytes", "#D55E00", "s--"),
    "flops": ("arithmetic, flops", "#444444", "^:"),
}


def network(width: int, depth: int) -> nn.Sequential:
    rng, layers = np.random.default_rng(0), []
    for c_in, c_out in pairwise([3] + [width] * depth):
        layers += [nn.Conv2D(c_in, c_out, 3, rng, padding=1, bias=False), nn.BatchNorm(c_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.GlobalAvgPool(), nn.Linear(width, CLASSES, rng))


def step(batch: int, width: int, depth: int) -> Callable[[], None]:
    rng, model = np.random.default_rng(0), network(width, depth)
    x, labels = rng.standard_normal((batch, SIZE, SIZE, 3), dtype=np.float32), rng.integers(0, CLASSES, batch)

    def run() -> None:
        logits, back = model(x)
        back(ops.cross_entropy(logits, labels)[1]())

    return run


def measured(batch: int, width: int, depth: int) -> dict[str, float]:
    run, kept = step(batch, width, depth), room.MOST
    run()
    times = []
    for _ in range(SAMPLES):
        time.sleep(0.05)
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    room.MOST = 0
    run()  # gives back what was kept
    tracemalloc.start()
    run()
    room.MOST, peak = kept, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    weights = 9 * (3 * width + (depth - 1) * width**2)
    return {"seconds": min(times), "bytes": peak, "flops": 6.0 * batch * SIZE**2 * weights}  # 2 each for y, dx, dw


def slope(x: list[int], y: list[float]) -> float:
    """d log y/d log x over the second half."""
    half = len(x) // 2
    return float(np.polyfit(np.log(x[half:]), np.log(y[half:]), 1)[0])


def drawn(found: dict[str, list[dict[str, float]]]) -> Figure:
    figure = Figure(figsize=(10.2, 3.6), dpi=100, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    words = []
    for axes, (what, sizes) in zip(figure.subplots(1, 3, sharey=True), GROWING.items(), strict=True):
        for key, (label, color, style) in KINDS.items():
            y = [one[key] for one in found[what]]
            grows = slope(sizes, y)
            axes.loglog(sizes, np.divide(y, y[0]), style, color=color, label=f"{label}: slope {grows:.2f}")
            words.append(f"{label.split(',')[0]} {grows:.2f}")
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel(what)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e3e6ea", linewidth=0.7)
        axes.legend(frameon=False, fontsize=8)
    figure.axes[0].set_ylabel("against the smallest")
    figure.set_label(
        "Cost of a training step of a convolutional network as batch, width and depth grow, on log-log "
        "axes. Slopes over the second half, for batch, width and depth in turn: " + ", ".join(words) + "."
    )
    return figure


def main() -> None:
    """Measures, prints a table, and writes scaling.json and scaling.png."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options, usual = parser.parse_args(), {"batch": BATCH, "width": WIDTH, "depth": DEPTH}
    found: dict[str, list[dict[str, float]]] = {}
    for what, sizes in GROWING.items():
        found[what] = []
        for size in sizes:
            one = measured(**{**usual, what: size})
            found[what].append(one)
            print(
                f"{what} {size:4}: {1e3 * one['seconds']:8.1f} ms {one['bytes'] / 2**20:8.1f} MiB "
                f"{one['flops'] / one['seconds'] / 1e9:7.1f} GFLOP/s",
                flush=True,
            )
    write_json(options.out / "scaling.json", {"sizes": GROWING, "measured": found})
    print(files.save(drawn(found), options.out / "scaling.png", "python benchmarks/scaling.py"))


if __name__ == "__main__":
    main()
