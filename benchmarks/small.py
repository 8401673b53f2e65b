"""What do small things cost, and things without Numba? And how long does the first step take?

    python benchmarks/small.py [--samples 15]

First the whole training step of the digits' MLP (64-64-48-10, batch 64) with SGD-G: as it is, against the plain
formulas alone. Then every way for arrays of growing size, which is where LEAST in ways.py comes from; the plain way is
what a machine without Numba has. Last the first step of a fresh process: with nothing compiled yet, and with the
machine code of an earlier process on disk.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from side_by_side import Run, begin, row

from grassmann_np import nn, ops, optim, ways
from grassmann_np.nn.layer import pull_to_data

SIZES, BATCH = (64, 64, 48, 10), 64
FIRST = """if True:
    import time
    begun = time.perf_counter()
    import numpy as np
    from grassmann_np import nn, ops, optim
    rng = np.random.default_rng(0)
    model = nn.cnn((28, 28, 1), 10, rng)
    nn.on_sphere(model)
    optimizer = optim.sgd_g(model)
    logits, back = model(rng.standard_normal((128, 28, 28, 1), dtype=np.float32))
    loss, back_loss = ops.cross_entropy(logits, rng.integers(0, 10, 128))
    back(back_loss())
    optimizer.step()
    print(time.perf_counter() - begun)"""


def digits_step() -> Run:
    """A step of the digits' MLP with SGD-G."""
    rng = np.random.default_rng(0)
    model, x, labels = (
        nn.mlp(SIZES, rng),
        rng.standard_normal((BATCH, 64), dtype=np.float32),
        rng.integers(0, 10, BATCH),
    )
    nn.on_sphere(model)
    optimizer = optim.sgd_g(model)

    def run() -> list[Any]:
        logits, back = model(x)
        loss, back_loss = ops.cross_entropy(logits, labels)
        pull_to_data(model, back, back_loss())
        optimizer.step()
        return [loss]

    return run


def with_least(least: float, run: Run) -> Run:
    """The same with loops for arrays of so many bytes or more."""

    def other() -> Any:
        kept, ways.LEAST = ways.LEAST, least  # type: ignore[assignment]
        try:
            return run()
        finally:
            ways.LEAST = kept

    return other


def both(op: Callable[[Any], Any], x: Any) -> Run:
    """The op forward and backward."""
    dy = np.random.default_rng(1).standard_normal(op(x)[0].shape, dtype=np.float32)

    def run() -> list[Any]:
        y, pullback = op(x)
        return [y, pullback(dy)]

    return run


def seconds_of_the_first_step(folder: str) -> float:
    environment = os.environ | {"NUMBA_CACHE_DIR": folder}
    told = subprocess.run([sys.executable, "-c", FIRST], env=environment, check=True, capture_output=True, text=True)
    return float(told.stdout)


def main() -> None:
    samples = begin(__doc__, None)
    step = digits_step()
    print(row("digits step | plain", step, with_least(math.inf, step), samples), flush=True)
    rng = np.random.default_rng(0)
    w = rng.standard_normal((3, 3, 16, 16), dtype=np.float32)
    loops_of = {
        "batch norm + relu": lambda x: ops.batch_norm(x, relu=True),
        "max pool": lambda x: ops.max_pool(x, 2),
        "relu": ops.relu,
        "conv 3x3 16->16": lambda x: ops.conv2d(x, w, padding=1),
    }
    for n in (1, 4, 16, 64, 256):
        x = rng.standard_normal((n, 16, 16, 16), dtype=np.float32)
        for name, op in loops_of.items():
            run = both(op, x)
            title = f"{name}, {x.nbytes // 1024} KiB, loops | plain"
            print(row(title, with_least(0, run), with_least(math.inf, run), samples), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("nothing compiled", "compiled before"):
            print(f"first step of a process, {name}: {seconds_of_the_first_step(folder):.2f} s", flush=True)


if __name__ == "__main__":
    main()
