"""Is a whole training step as fast as PyTorch's on a CPU, and what does the sphere add to it?

    python benchmarks/steps.py [--samples 7] [--models mlp,cnn,vgg-13,wrn-16-4]

Batch 128, float32: forward, loss, backward and one step of the optimizer. The peer is the same network with the same
weights in PyTorch, its images and weights channels_last, its SGD fused; loss and gradients are compared first, in
float64: in float32 a ReLU at zero may fall on either side. Under each model the same step of ours with SGD-G is set
against our own SGD; and the peak of memory that a step adds,
measured in a process of its own (Linux), against PyTorch's.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import Run, header, row, same, threads

from grassmann_np import nn, ops, optim, room
from grassmann_np.nn.layer import pull_to_data

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None

BATCH, CLASSES = 128, 10
MODELS: dict[str, tuple[Callable[[Any], nn.Sequential], tuple[int, ...]]] = {
    "mlp": (lambda rng: nn.mlp([784, 256, 256, CLASSES], rng), (784,)),
    "cnn": (lambda rng: nn.cnn((28, 28, 1), CLASSES, rng), (28, 28, 1)),
    "vgg-13": (lambda rng: nn.vgg(13, CLASSES, rng), (32, 32, 3)),
    "wrn-16-4": (lambda rng: nn.wide_resnet(16, 4, CLASSES, rng), (32, 32, 3)),
    "wrn-28-10": (lambda rng: nn.wide_resnet(28, 10, CLASSES, rng), (32, 32, 3)),
}
ON_CPU = "mlp,cnn,vgg-13,wrn-16-4"
KERNEL = (3, 2, 0, 1)  # (kh, kw, c_in, c_out) -> (c_out, c_in, kh, kw)
Op = Callable[[Any], Any]


def start(name: str, dtype: Any, n: int) -> tuple[nn.Sequential, Any, Any]:
    """Our model, n images and their labels."""
    make, shape = MODELS[name]
    model, rng = make(np.random.default_rng(0)), np.random.default_rng(1)
    for parameter in model.parameters():
        parameter.value = parameter.value.astype(dtype)
    return model, rng.standard_normal((n, *shape)).astype(dtype), rng.integers(0, CLASSES, n)


def ours(name: str, kind: str = "SGD", dtype: Any = np.float32, n: int = BATCH) -> tuple[Run, nn.Sequential]:
    """A step of our model; it returns the loss."""
    model, x, labels = start(name, dtype, n)
    if kind == "SGD-G":
        nn.on_sphere(model)
        optimizer: Any = optim.sgd_g(model, weight_decay=0.0)
    else:
        optimizer = optim.SGD(model.parameters(), 1e-6, momentum=0.9)

    def run() -> list[Any]:
        logits, back = model(x)
        loss, back_loss = ops.cross_entropy(logits, labels)
        pull_to_data(model, back, back_loss())  # as train/loop.py does, and PyTorch: nobody wants dx of the images
        optimizer.step()
        return [loss]

    return run, model


def channels_last(value: Any) -> Any:
    """The tensor as PyTorch's CPU likes it."""
    return value.clone(memory_format=torch.channels_last if value.ndim == 4 else torch.contiguous_format)


def translated(layer: nn.Layer, tensors: dict[str, Any], put: Op = channels_last) -> Op:
    """The same layer in PyTorch; its parameters, by our names, go into `tensors`, each where `put` puts it."""

    def own(parameter: Any, order: tuple[int, ...] | None = None) -> Any:
        if parameter is None:
            return None
        value = torch.from_numpy(parameter.value)
        if order:
            value = value.permute(order)
        tensors[parameter.name] = put(value).requires_grad_()
        return tensors[parameter.name]

    match layer:
        case nn.Sequential():
            steps = [translated(one, tensors, put) for one in layer.layers]

            def chain(x: Any) -> Any:
                for step in steps:
                    x = step(x)
                return x

            return chain
        case nn.Residual():
            body = translated(layer.body, tensors, put)
            beside = translated(layer.shortcut, tensors, put) if layer.shortcut else lambda x: x
            return lambda x: body(x) + beside(x)
        case nn.Linear():
            w, b = own(layer.w, (1, 0)), own(layer.b)
            return lambda x: F.linear(x, w, b)
        case nn.Conv2D():
            w, b, options = own(layer.w, KERNEL), own(layer.b), {"stride": layer.stride, "padding": layer.padding}
            return lambda x: F.conv2d(x, w, b, **options)
        case nn.BatchNorm():
            gamma, beta = own(layer.gamma), own(layer.beta)
            mean, var = torch.zeros_like(beta), torch.ones_like(beta)
            return lambda x: F.batch_norm(x, mean, var, gamma, beta, training=True, eps=layer.eps)
        case nn.ReLU():
            return torch.relu
        case nn.MaxPool():
            return lambda x: F.max_pool2d(x, layer.size)
        case nn.GlobalAvgPool():
            return lambda x: x.mean(dim=(2, 3))
        case nn.Flatten():
            return lambda x: x.permute(0, 2, 3, 1).reshape(len(x), -1) if x.ndim == 4 else x
    raise TypeError(f"no translation of {type(layer).__name__}")


def peer(name: str, dtype: Any = np.float32, n: int = BATCH) -> tuple[Run, dict[str, Any]]:
    """A step of the same model in PyTorch, and its tensors by our names."""
    model, *data = start(name, dtype, n)
    tensors: dict[str, Any] = {}
    forward = translated(model, tensors)
    x, labels = (torch.from_numpy(a) for a in data)
    x = x.permute(0, 3, 1, 2) if x.ndim == 4 else x  # channels_last, as it lies
    optimizer = torch.optim.SGD(tensors.values(), 1e-6, momentum=0.9, fused=True)

    def run() -> list[Any]:
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x), labels)
        loss.backward()
        optimizer.step()
        return [loss.detach().numpy()]

    return run, tensors


def agree(name: str) -> None:
    """Loss and all gradients of the first step."""
    (mine, model), (theirs, tensors) = ours(name, dtype=np.float64, n=8), peer(name, np.float64, 8)
    same(mine(), theirs(), 1e-12)
    for parameter in model.parameters():
        grad = tensors[parameter.name].grad.numpy()
        if grad.ndim > 1:
            grad = grad.transpose(np.argsort(KERNEL)) if grad.ndim == 4 else grad.T
        same([parameter.grad], [grad], 1e-9)


def memory(key: str) -> int:
    """KiB of this process: VmRSS now, VmHWM at its peak (Linux)."""
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[key].split()[0])


def peak(side: str, name: str) -> float:
    """MB that two steps add to the memory of a fresh process, at their peak; libraries and loops are loaded before."""
    found = subprocess.run(
        [sys.executable, __file__, "--models", name, "--peak", side], check=True, text=True, capture_output=True
    )
    return float(found.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--models", default=ON_CPU)
    parser.add_argument("--peak", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if torch is not None:
        torch.set_num_threads(threads())
    if options.peak:
        make = ours if options.peak == "ours" else peer
        make(options.models, n=32)[0]()
        room._KEPT.let_go(room.MOST)
        step, _ = make(options.models)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
        before = memory("VmRSS")
        step(), step()
        print((memory("VmHWM") - before) / 1024)
        return
    print(header("PyTorch " + torch.__version__ if torch else "no PyTorch"))
    for name in options.models.split(","):
        mine, _ = ours(name)
        if torch is not None:
            agree(name)
        print(row(f"step {name}", mine, peer(name)[0] if torch is not None else None, options.samples), flush=True)
        print(row(f"step {name}, SGD-G | our SGD", ours(name, "SGD-G")[0], mine, options.samples), flush=True)
        if torch is not None and sys.platform == "linux":
            one, other = peak("ours", name), peak("theirs", name)
            print(f"{f'step {name}, peak of memory, MB':38}{one:10.1f}{other:10.1f}   {one / other:.2f}", flush=True)


if __name__ == "__main__":
    main()
