"""Where does a training step go? Every layer of a model alone, forward and backward, against the same one in PyTorch.

    python benchmarks/layers.py [--samples 15] [--model cnn]

Batch 128, float32, as in steps.py, where the whole models are compared before anything is timed; and so they are here.
Every layer gets random numbers of the shape that it has in the model. The first gives no gradient of the images, on
either side. A batch normalization and the ReLU behind it are one line: we compute them together.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np
from side_by_side import Run, header, line, pairs, threads
from steps import BATCH, MODELS, agree, ours, peer, torch, translated

from grassmann_np import nn
from grassmann_np.nn.layer import pull_to_data


def parts(model: nn.Sequential) -> Iterator[nn.Sequential]:
    """The layers one by one, but a batch normalization with its ReLU."""
    rest = list(model.layers)
    while rest:
        count = 2 if [type(layer) for layer in rest[:2]] == [nn.BatchNorm, nn.ReLU] else 1
        yield nn.Sequential(*rest[:count])
        rest = rest[count:]


def by_numpy(part: nn.Sequential, x: Any, dy: Any, first: bool) -> Run:
    def run() -> list[Any]:
        _, back = part(x)
        return [pull_to_data(part, back, dy) if first else back(dy)]

    return run


def by_torch(part: nn.Sequential, x: Any, dy: Any, first: bool) -> Run:
    part.parameters()  # names them
    tensors: dict[str, Any] = {}
    forward = translated(part, tensors)
    x, dy = (torch.from_numpy(a).permute(0, 3, 1, 2) if a.ndim == 4 else torch.from_numpy(a) for a in (x, dy))
    inputs = [*tensors.values()] if first else [x.requires_grad_(), *tensors.values()]
    return lambda: torch.autograd.grad(forward(x), inputs, dy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=15)
    parser.add_argument("--model", default="cnn", choices=MODELS)
    options = parser.parse_args()
    if torch is None:
        raise SystemExit("PyTorch is not installed; install the extra bench")
    torch.set_num_threads(threads())
    agree(options.model)
    print(header("PyTorch " + torch.__version__))
    make, shape = MODELS[options.model]
    rng = np.random.default_rng(0)
    x, sums = rng.standard_normal((BATCH, *shape), dtype=np.float32), np.zeros(2)
    for index, part in enumerate(parts(make(rng))):
        if isinstance(part.layers[0], nn.Flatten):
            x = x.reshape(BATCH, -1)  # nobody's work
            continue
        y, _ = part(x)
        dy = rng.standard_normal(y.shape, dtype=np.float32)
        taken = pairs(by_numpy(part, x, dy, first=index == 0), by_torch(part, x, dy, first=index == 0), options.samples)
        sums += [median(times) for times in zip(*taken, strict=True)]
        name = "+".join(type(layer).__name__ for layer in part.layers)
        print(line(f"{name} {'x'.join(map(str, x.shape[1:]))}", taken), flush=True)
        x = rng.standard_normal(y.shape, dtype=np.float32)
    print(f"{'all of them':38}{1e3 * sums[0]:10.1f}{1e3 * sums[1]:10.1f}   {sums[0] / sums[1]:.2f}")
    print(line("the step", pairs(ours(options.model)[0], peer(options.model)[0], options.samples)))


if __name__ == "__main__":
    main()
