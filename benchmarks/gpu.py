"""Is a training step on a GPU as fast as PyTorch's, and does SGD-G move no more bytes than it must?

    python benchmarks/gpu.py [--samples 15] [--models cnn,vgg-13,wrn-16-4,wrn-28-10]

Batch 128, float32. The peer is the same network with the same weights in PyTorch, eager, on the same device, in its own
layout (NCHW, cuDNN free to choose its algorithms) and in channels_last, the loss of the first step compared. Both sides
are measured with TF32 off and with TF32 on, turn by turn, by the device's own clock (events), after a warm-up; a sample
is the time of several steps. Memory is what each side's pool has reserved at its peak, in steps after the first, in
which cuDNN has tried its algorithms; PyTorch's is that of the layout that needs less.

The optimizers' step is that of VGG-13's weights: SGD-G must read y, tau and g and write y and tau, so its rate is five
times the bytes of the weights, in the time of a step. The rate to compare with is that of a copy. PyTorch's fused SGD
and Adam do the work of ours on flat space; beside SGD-G and Adam-G they show what the sphere costs. The weights after
three steps are compared first, on the sphere with the plain way in NumPy (optimizers.py).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from optimizers import CLIP, LR, MOMENTUM, Plain, compare, vgg13
from side_by_side import same
from steps import BATCH, start, translated

from grassmann_np import backend, nn, ops, optim
from grassmann_np.geometry import euclidean, sphere

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None

Run = Callable[[], Any]
WARM, STEPS = 5, 10  # steps before the first sample, and in a sample
LAYOUTS = ("NCHW", "channels_last") if torch is not None else ()


def devices() -> int:
    """How many CUDA devices CuPy finds."""
    try:
        backend.to_device(np.zeros(1), "gpu")
        import cupy

        return int(cupy.cuda.runtime.getDeviceCount())
    except RuntimeError as missing:
        print(missing)
        return 0


def milliseconds(run: Run, events: tuple[Any, Any], elapsed: Callable[[Any, Any], float], steps: int) -> float:
    """One sample: the time of a step, by the device's clock."""
    first, last = events
    first.record()
    for _ in range(steps):
        run()
    last.record()
    last.synchronize()
    return elapsed(first, last) / steps


def our_time(run: Run, steps: int = STEPS) -> float:
    import cupy

    return milliseconds(run, (cupy.cuda.Event(), cupy.cuda.Event()), cupy.cuda.get_elapsed_time, steps)


def their_time(run: Run, steps: int = STEPS) -> float:
    events = tuple(torch.cuda.Event(enable_timing=True) for _ in range(2))
    return milliseconds(run, events, lambda first, last: first.elapsed_time(last), steps)


def compared(name: str, ours: Run, peers: dict[str, Run], samples: int) -> float:
    """One line per peer: medians in ms, and the ratios min - median - max; returns our median."""
    for run in (ours, *peers.values()):
        for _ in range(WARM):
            run()
    mine = []
    for peer, theirs in peers.items():
        taken = [(our_time(ours), their_time(theirs)) for _ in range(samples)]
        mine += [one for one, _ in taken]
        ratios = sorted(one / other for one, other in taken)
        spread = f"{ratios[0]:.2f} - {median(ratios):.2f} - {ratios[-1]:.2f}"
        print(f"{f'{name} | {peer}':44}{median(mine):10.3f}{median(o for _, o in taken):10.3f}   {spread}", flush=True)
    if not peers:
        mine = [our_time(ours) for _ in range(samples)]
        print(f"{name:44}{median(mine):10.3f}{'-':>10}", flush=True)
    return median(mine)


def set_tf32(on: bool) -> None:
    """Whether both sides may round the factors of a float32 product to 10 bits."""
    from cupy._core import _routines_linalg, set_compute_type

    set_compute_type(np.float32, _routines_linalg.COMPUTE_TYPE_TF32 if on else _routines_linalg.COMPUTE_TYPE_DEFAULT)
    if torch is not None:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = on
        torch.backends.cudnn.benchmark = True


def our_step(name: str, kind: str) -> Run:
    """A training step of our model on the device, with SGD or SGD-G; it returns the loss."""
    model, x, labels = start(name, np.float32, BATCH)
    if kind == "SGD-G":
        nn.on_sphere(model)
    model.to("gpu")
    x, labels = backend.to_device((x, labels), "gpu")
    optimizer: Any = optim.SGD(model.parameters(), 1e-6) if kind == "SGD" else optim.sgd_g(model, weight_decay=0.0)

    def run() -> Any:
        logits, back = model(x)
        loss, back_loss = ops.cross_entropy(logits, labels)
        back(back_loss())
        optimizer.step()
        return loss

    return run


def their_step(name: str, layout: str) -> Run:
    """A training step of the same model in PyTorch, its images and weights in NCHW or channels_last."""
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format

    def put(value: Any) -> Any:
        return value.cuda().contiguous(memory_format=memory) if value.ndim == 4 else value.cuda().contiguous()

    model, x, labels = start(name, np.float32, BATCH)
    tensors: dict[str, Any] = {}
    forward = translated(model, tensors, put)
    x, labels = torch.from_numpy(x), torch.from_numpy(labels).cuda()
    x = put(x.permute(0, 3, 1, 2) if x.ndim == 4 else x)
    optimizer = torch.optim.SGD(tensors.values(), 1e-6, momentum=0.9, fused=True)

    def run() -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return run


def models(names: list[str], samples: int) -> None:
    """The table of training steps, and of the memory that they take."""
    for name in names:
        set_tf32(False)
        print(memory(name), flush=True)
        training(name, samples)


def training(name: str, samples: int) -> None:
    """The steps of one model; nothing of it is left on the device."""
    for tf32 in (False, True):
        set_tf32(tf32)
        peers = {f"PyTorch, {layout}": their_step(name, layout) for layout in LAYOUTS}
        ours = our_step(name, "SGD-G")
        for theirs in peers.values():
            same([backend.to_numpy(our_step(name, "SGD")())], [theirs().cpu().numpy()], 2e-2 if tf32 else 1e-4)
        compared(f"step {name}, SGD-G{', TF32' if tf32 else ''}", ours, peers, samples)
    sgd, sgd_g = our_step(name, "SGD"), our_step(name, "SGD-G")
    taken = [(our_time(sgd_g), our_time(sgd)) for _ in range(samples + 1)][1:]
    print(f"{f'step {name}, SGD-G over SGD, TF32':44}{'':20}   {median(a / b for a, b in taken):.2f}")


def memory(name: str) -> str:
    """A line: what either side's pool has reserved in MB, and the ratio."""
    import cupy

    pool = cupy.get_default_memory_pool()
    mine = reserved(our_step(name, "SGD-G"), pool.free_all_blocks, pool.total_bytes)
    pool.free_all_blocks()
    line = f"{f'step {name}, memory, MB':44}{mine:10.0f}"
    if torch is None:
        return line
    theirs = min(reserved(their_step(name, layout), forget, torch.cuda.max_memory_reserved) for layout in LAYOUTS)
    torch.cuda.empty_cache()
    return f"{line}{theirs:10.0f}   {mine / theirs:.2f}"


def reserved(run: Run, forget: Callable[[], Any], count: Callable[[], int]) -> float:
    """MB in a pool after a few steps, without what the first one alone has needed."""
    run()
    forget()
    run(), run()
    return count() / 1e6


def forget() -> None:
    """Gives back what PyTorch does not use, and counts anew."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()


def values_after(optimizer: Any, parameters: list[nn.Parameter]) -> Run:
    """A step of ours that returns the weights."""

    def run() -> list[Any]:
        optimizer.step()
        return [backend.to_numpy(p.value) for p in parameters]

    return run


def columns_after(step: Run, tensors: list[Any]) -> Run:
    """A step in PyTorch that returns the weights as we store them."""

    def run() -> list[Any]:
        step()
        return [tensor.cpu().numpy().T for tensor in tensors]

    return run


def optimizers(samples: int) -> None:
    """The table of optimizer steps, with the bytes that they move in a second."""
    import cupy

    weights, grads = vgg13(0)
    size = sum(w.nbytes for w in weights)
    source = cupy.ones(2**28, dtype=np.uint8)
    target = cupy.empty_like(source)
    taken = [our_time(lambda: cupy.copyto(target, source)) for _ in range(samples + 1)][1:]
    copy = 2 * source.nbytes / median(taken) / 1e6
    print(f"{'copy, GB/s':44}{copy:10.0f}")
    for kind in LR:
        for geometry in (sphere, euclidean):
            parameters = [nn.Parameter(w, geometry=geometry) for w in weights]
            for p, g in zip(parameters, grads, strict=True):
                p.value, p.grad = backend.to_device((p.value, np.asfortranarray(g)), "gpu")
            options: dict[str, Any] = {"clip": CLIP} if geometry is sphere else {}
            options |= {"beta2": 0.99} if kind == "Adam" else {"momentum": MOMENTUM}
            if kind == "Adam" and geometry is euclidean:
                options["eps"] = 1e-30  # inside the root, where PyTorch's 1e-15 stands outside
            optimizer = getattr(optim, kind)(parameters, LR[kind], **options)
            title = f"{kind}{'-G' if geometry is sphere else ''}"
            peers: dict[str, Run] = {}
            ours = values_after(optimizer, parameters)
            if geometry is sphere:
                compare(ours, Plain(kind, np, 0, weights, grads).step, 1e-5)
            if torch is not None:
                tensors = [torch.from_numpy(np.ascontiguousarray(w.T)).cuda() for w in weights]
                for tensor, g in zip(tensors, grads, strict=True):
                    tensor.grad = torch.from_numpy(np.ascontiguousarray(g.T)).cuda()
                make = torch.optim.SGD if kind == "SGD" else torch.optim.Adam
                more = {"momentum": MOMENTUM} if kind == "SGD" else {"betas": (0.9, 0.99), "eps": 1e-15}
                theirs = make(tensors, LR[kind], fused=True, **more).step
                peers = {f"PyTorch {kind}, fused": theirs}
                if geometry is euclidean:
                    compare(ours, columns_after(theirs, tensors), 1e-3)
            best = compared(title, optimizer.step, peers, samples)
            transfers = 7 if kind == "Adam" and geometry is euclidean else 5  # v is as large as y there
            rate = transfers * size / best / 1e6
            print(f"{f'{title}, GB/s, {transfers} transfers':44}{rate:10.0f}   {rate / copy:.2f} of a copy", flush=True)
            optimizer.check()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=15)
    parser.add_argument("--models", default="cnn,vgg-13,wrn-16-4,wrn-28-10")
    options = parser.parse_args()
    if not devices():
        return 1
    import cupy

    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    print(f"{name}, CuPy {cupy.__version__}, {'PyTorch ' + torch.__version__ if torch else 'no PyTorch'}")
    print(f"{'float32':44}{'ours ms':>10}{'peer ms':>10}   ours/peer, min - median - max")
    optimizers(options.samples)
    models(options.models.split(","), options.samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
