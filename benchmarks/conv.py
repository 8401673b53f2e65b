"""Is our convolution, forward and backward, as fast as PyTorch's on a CPU?

    python benchmarks/conv.py [--samples 15]

Batch 128, float32. PyTorch gets its own favourite layout, channels_last, for images and weights. Both give y, dx and
dw, which are compared before anything is timed. Without PyTorch our times stand alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from side_by_side import Run, begin, row, same

from grassmann_np import ops

try:
    import torch
except ImportError:
    torch = None

BATCH = 128
SHAPES = [  # pixels a side, c_in, c_out, kernel, stride; with fewer than 4 channels in, x is data, and nobody wants dx
    (28, 1, 16, 3, 1),
    (14, 16, 32, 3, 1),
    (32, 3, 64, 3, 1),
    (32, 16, 64, 3, 1),
    (32, 64, 64, 3, 1),
    (16, 128, 128, 3, 1),
    (8, 256, 256, 3, 1),
    (4, 512, 512, 3, 1),
    (32, 64, 128, 3, 2),
    (32, 16, 64, 1, 1),
    (32, 64, 128, 1, 2),
]


def is_wanted(x: Any) -> bool:
    """Whether somebody wants dx."""
    return bool(x.shape[-1] >= 4)


def ours(x: Any, w: Any, dy: Any, stride: int, padding: int) -> Run:
    def run() -> tuple[Any, ...]:
        y, pullback = ops.conv2d(x, w, stride=stride, padding=padding)
        grads = pullback(dy, wanted=is_wanted(x))
        return y, *[grad for grad in grads if grad is not None]

    return run


def peer(x: Any, w: Any, dy: Any, stride: int, padding: int) -> tuple[Run, Callable[[], list[Any]]]:
    """The same with PyTorch; and its outputs in our layout."""
    to_images = {"memory_format": torch.channels_last}
    tx, tdy = (torch.from_numpy(a).permute(0, 3, 1, 2).contiguous(**to_images) for a in (x, dy))
    tw = torch.from_numpy(w).permute(3, 2, 0, 1).contiguous(**to_images)
    tx.requires_grad_(is_wanted(x))
    tw.requires_grad_()

    def run() -> tuple[Any, ...]:
        y = torch.nn.functional.conv2d(tx, tw, stride=stride, padding=padding)
        return y, *torch.autograd.grad(y, (tx, tw) if is_wanted(x) else (tw,), tdy)

    def outputs() -> list[Any]:
        *images, dw = (t.detach() for t in run())
        return [*(t.permute(0, 2, 3, 1).numpy() for t in images), dw.permute(2, 3, 1, 0).numpy()]

    return run, outputs


def main() -> None:
    samples = begin(__doc__, torch)
    rng = np.random.default_rng(0)
    for size, c_in, c_out, kernel, stride in SHAPES:
        x = rng.standard_normal((BATCH, size, size, c_in), dtype=np.float32)
        w = rng.standard_normal((kernel, kernel, c_in, c_out), dtype=np.float32) / np.float32(kernel * c_in**0.5)
        dy = rng.standard_normal((BATCH, size // stride, size // stride, c_out), dtype=np.float32)
        run, other = ours(x, w, dy, stride, kernel // 2), None
        if torch is not None:
            other, outputs = peer(x, w, dy, stride, kernel // 2)
            same(run(), outputs(), tolerance=1e-5)
        name = f"conv {kernel}x{kernel}/{stride} {size}x{size} {c_in}->{c_out}"
        print(row(name, run, other, samples), flush=True)


if __name__ == "__main__":
    main()
