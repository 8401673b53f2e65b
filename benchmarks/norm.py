"""Are our batch normalization, ReLU and max pool, forward and backward, as fast as PyTorch's on a CPU?

    python benchmarks/norm.py [--samples 15]

Batch 128, float32. PyTorch gets channels_last. Both give y and all gradients, which are compared before anything is
timed. Without PyTorch our times stand alone.
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

SHAPES = [
    (128, 32, 32, 64),
    (128, 16, 16, 128),
    (128, 8, 8, 256),
    (128, 4, 4, 512),
    (128, 28, 28, 16),
    (128, 14, 14, 32),
    (128, 256),
]
OPS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "batch norm + relu": (
        lambda x, gamma, beta: ops.batch_norm(x, gamma, beta, relu=True),
        lambda x, gamma, beta: torch.relu(normalized(x, gamma, beta)),
    ),
    "batch norm": (ops.batch_norm, lambda x, gamma, beta: normalized(x, gamma, beta)),
    "relu": (lambda x, *_: ops.relu(x), lambda x, *_: torch.relu(x)),
    "max pool": (lambda x, *_: ops.max_pool(x, 2), lambda x, *_: torch.nn.functional.max_pool2d(x, 2)),
}


def normalized(x: Any, gamma: Any, beta: Any) -> Any:
    return torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True)


def images_last(t: Any) -> Any:
    """(N, H, W, C) as PyTorch's channels_last, (N, C) as it is."""
    return t.permute(0, 3, 1, 2) if t.ndim == 4 else t


def ours(op: Callable[..., Any], arrays: list[Any], dy: Any) -> Run:
    def run() -> tuple[Any, ...]:
        y, pullback = op(*arrays)
        grads = pullback(dy)
        return (y, *grads) if isinstance(grads, tuple) else (y, grads)

    return run


def peer(op: Callable[..., Any], arrays: list[Any], dy: Any) -> tuple[Run, Callable[[], list[Any]]]:
    """The same with PyTorch; and its outputs in our layout."""
    x, *parameters = [torch.from_numpy(a) for a in arrays]
    inputs = [images_last(x), *parameters]
    for t in inputs:
        t.requires_grad_()
    tdy = images_last(torch.from_numpy(dy))

    def run() -> tuple[Any, ...]:
        y = op(*inputs)
        return y, *(g for g in torch.autograd.grad(y, inputs, tdy, allow_unused=True) if g is not None)

    def outputs() -> list[Any]:
        return [(t.permute(0, 2, 3, 1) if t.ndim == 4 else t).detach().numpy() for t in run()]

    return run, outputs


def compare(mine: Callable[..., Any], theirs: Callable[..., Any], arrays: list[Any], dy: Any) -> None:
    """Of eight samples, in float64: in float32 a ReLU at zero may fall on either side."""
    x, *parameters, dy = (a.astype(np.float64) for a in (arrays[0][:8], *arrays[1:], dy[:8]))
    same(ours(mine, [x, *parameters], dy)(), peer(theirs, [x, *parameters], dy)[1](), tolerance=1e-9)


def main() -> None:
    samples = begin(__doc__, torch)
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        for name, (mine, theirs) in OPS.items():
            if name == "max pool" and len(shape) < 4:
                continue
            x = rng.standard_normal(shape, dtype=np.float32)
            arrays = [x, *rng.standard_normal((2, shape[-1]), dtype=np.float32)]
            dy = rng.standard_normal(mine(*arrays)[0].shape, dtype=np.float32)
            run, other = ours(mine, arrays, dy), None
            if torch is not None:
                other, _ = peer(theirs, arrays, dy)
                compare(mine, theirs, arrays, dy)
            print(row(f"{name} {shape}", run, other, samples), flush=True)


if __name__ == "__main__":
    main()
