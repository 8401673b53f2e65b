"""A ratio is our time over a peer's, both taken in one process, turn by turn, so that a slow moment meets both.

Before every sample a pause of 0.12 s: an idle worker of the other's thread pool spins for a while and would slow it.
Then runs without a clock for 0.2 s, at least one: threads and caches wake, as they are in a training, where one step
follows the other. Both get the same number of threads: OMP_NUM_THREADS if it is set, else every core this process may
use.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

PAUSE, WARM = 0.12, 0.2  # seconds
Run = Callable[[], Sequence[Any]]


def threads() -> int:
    """How many threads both sides may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, int(os.environ.get("OMP_NUM_THREADS", cores)))


def begin(about: str, torch: Any) -> int:
    """Reads --samples, gives PyTorch (or None) its threads, prints the header; how many samples to take."""
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=15)
    samples: int = parser.parse_args().samples
    if torch is not None:
        torch.set_num_threads(threads())
    print(header("PyTorch " + torch.__version__ if torch else "no PyTorch"))
    return samples


def same(ours: Sequence[Any], theirs: Sequence[Any], tolerance: float) -> None:
    """Raises AssertionError unless every output agrees, relative to its largest number."""
    for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        error = np.abs(a - b).max() / np.abs(b).max()
        if not error <= tolerance:
            raise AssertionError(f"output {place} differs from the peer's by {error:.1e} of its largest number")


def seconds(run: Run) -> float:
    """One sample."""
    time.sleep(PAUSE)
    ready = time.perf_counter() + WARM
    while True:
        start = time.perf_counter()
        run()
        if start > ready:
            return time.perf_counter() - start


def pairs(ours: Run, theirs: Run, samples: int) -> list[tuple[float, float]]:
    """(our seconds, theirs), as often as asked, after one run of each to warm up."""
    ours()
    theirs()
    return [(seconds(ours), seconds(theirs)) for _ in range(samples)]


def line(name: str, taken: list[tuple[float, float]]) -> str:
    """One line of the table: medians in ms, and the ratios min-median-max."""
    mine, other = zip(*taken, strict=True)
    ratios = sorted(a / b for a, b in taken)
    spread = f"{ratios[0]:.2f} - {median(ratios):.2f} - {ratios[-1]:.2f}"
    return f"{name:38}{1e3 * median(mine):10.1f}{1e3 * median(other):10.1f}   {spread}"


def row(name: str, ours: Run, theirs: Run | None, samples: int) -> str:
    """`line` of `pairs`; without a peer our times stand alone."""
    if theirs is not None:
        return line(name, pairs(ours, theirs, samples))
    ours()
    return f"{name:38}{1e3 * median(seconds(ours) for _ in range(samples)):10.1f}{'-':>10}"


def header(peer: str) -> str:
    """Two lines above the table: the machine, and what stands in the columns."""
    machine = f"{platform.processor() or platform.machine()}, {threads()} threads, NumPy {np.__version__}, {peer}"
    return f"{machine}\n{'float32':38}{'ours ms':>10}{'peer ms':>10}   ours/peer, min - median - max"
