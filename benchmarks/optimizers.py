"""Are SGD-G and Adam-G as cheap as they can be? One step of all 3x3 convolutions of VGG-13.

    python benchmarks/optimizers.py [--samples 15]

9.4 million numbers, float32, in the arrays that nn.vgg makes. The gradients are fixed, and about half of their columns
are long enough to be clipped. The peers:

    the plain way   the authors' algorithm with the authors' formulas, one full array per expression, + 1e-8 included;
                    in NumPy on our arrays, and in PyTorch on rows, as the authors store them
    geoopt          RiemannianSGD and RiemannianAdam on SphereExact. They do not clip, and Adam keeps a second moment
                    per coordinate: no more work per number, but another algorithm, so Adam's is not compared
    our SGD, Adam   the same optimizers on euclidean: what the sphere costs
    PyTorch's SGD   fused, on flat space: another algorithm, and less work per number
    PyTorch fused   SGD and Adam against ours on euclidean: the same work
    GEMM            the two products of the orthogonality term and nothing else

Where both take the same steps, the weights after three of them are compared before anything is timed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from side_by_side import Run, header, row, same, threads

from grassmann_np import nn, optim
from grassmann_np.geometry import euclidean, sphere

try:
    import torch
except ImportError:
    torch = None
try:
    import geoopt
except ImportError:
    geoopt = None

STEPS = 3  # before the weights are compared
CLIP, MOMENTUM = 0.1, 0.9
LR = {"SGD": 0.2, "Adam": 0.05}
Peers = dict[str, tuple[dict[str, Any], Run, float | None]]  # name: our options, its step, tolerance of the comparison


class Plain:
    """The authors' way, xp = numpy (points are columns, axis 0) or torch (rows, axis 1)."""

    def __init__(self, kind: str, xp: Any, axis: int, weights: list[Any], grads: list[Any]) -> None:
        self.kind, self.xp, self.axis, self.weights, self.grads, self.t = kind, xp, axis, list(weights), grads, 0
        self.tau = [xp.zeros_like(w) for w in weights]
        self.v = [self.dot(tau, tau) for tau in self.tau]

    def dot(self, a: Any, b: Any) -> Any:
        return self.xp.sum(a * b, axis=self.axis, keepdims=True)

    def unit(self, a: Any) -> tuple[Any, Any]:
        length = self.xp.sqrt(self.dot(a, a))
        return a / (length + 1e-8), length

    def step(self) -> list[Any]:
        self.t += 1
        for i, g in enumerate(self.grads):
            y, _ = self.unit(self.weights[i])
            h = g - self.dot(y, g) * y
            u, length = self.unit(h)
            h = self.xp.where(length > CLIP, CLIP * u, h)
            if self.kind == "SGD":
                d = carried = MOMENTUM * self.tau[i] - LR["SGD"] * h
            else:
                carried = 0.9 * self.tau[i] + 0.1 * h
                self.v[i] = 0.99 * self.v[i] + 0.01 * self.dot(h, h)
                rate = LR["Adam"] * (1 - 0.99**self.t) ** 0.5 / (1 - 0.9**self.t)
                d = -rate * carried / self.xp.sqrt(self.v[i] + 1e-8)
            u, angle = self.unit(d)
            cos, sin = self.xp.cos(angle), self.xp.sin(angle)
            self.weights[i] = y * cos + u * sin
            self.tau[i] = carried - self.dot(u, carried) * (y * sin + u * (1 - cos))
        return self.weights


def vgg13(seed: int) -> tuple[list[Any], list[Any]]:
    """Unit columns as nn.vgg makes them, and gradients of which about every second is longer than the clip."""
    rng = np.random.default_rng(seed)
    model = nn.vgg(13, 10, rng)
    nn.on_sphere(model, rule="published")
    weights = [p.matrix for p in model.parameters() if p.geometry is sphere]
    lengths = [CLIP * 2 ** rng.uniform(-1, 1, w.shape[1]) / w.shape[0] ** 0.5 for w in weights]
    grads = [(rng.standard_normal(w.shape) * s).astype(np.float32) for w, s in zip(weights, lengths, strict=True)]
    grads = [np.asfortranarray(g) for g in grads]  # by columns, as the layers give them
    return weights, grads


def ours(kind: str, geometry: Any, weights: list[Any], grads: list[Any], **options: Any) -> Run:
    parameters = [nn.Parameter(w, geometry=geometry) for w in weights]
    for p, g in zip(parameters, grads, strict=True):
        p.grad = g
    options |= {"beta2": 0.99} if kind == "Adam" else {"momentum": MOMENTUM}
    optimizer = getattr(optim, kind)(parameters, LR[kind], **options)

    def run() -> list[Any]:
        optimizer.step()
        return [p.value for p in parameters]

    return run


def as_rows(arrays: list[Any]) -> list[Any]:
    """Copies, which PyTorch may change in place."""
    return [torch.from_numpy(np.array(a.T, order="C")) for a in arrays]


def as_columns(rows: list[Any]) -> list[Any]:
    return [r.detach().numpy().T for r in rows]


def by_torch(make: Callable[[list[Any]], Any], weights: list[Any], grads: list[Any], manifold: Any = None) -> Run:
    """A step of the optimizer that `make` makes of the parameters."""
    parameters = [geoopt.ManifoldParameter(r, manifold) if manifold else r for r in as_rows(weights)]
    rows, optimizer = as_rows(grads), make(parameters)

    def run() -> list[Any]:
        for p, g in zip(parameters, rows, strict=True):
            p.grad = g
        optimizer.step()
        return as_columns(parameters)

    return run


def curved_peers(kind: str, weights: list[Any], grads: list[Any]) -> Peers:
    """The peers of SGD-G or Adam-G."""
    clipped: dict[str, Any] = {"clip": CLIP}
    plain = Plain(kind, np, 0, weights, grads)
    peers: Peers = {"the plain way, NumPy": (clipped, plain.step, 1e-5)}
    if torch is not None:
        rows = Plain(kind, torch, 1, as_rows(weights), as_rows(grads))
        peers["the plain way, PyTorch"] = clipped, lambda: as_columns(rows.step()), 1e-5
    if geoopt is not None:
        makers = {
            "SGD": lambda ps: geoopt.optim.RiemannianSGD(ps, LR["SGD"], momentum=MOMENTUM),
            "Adam": lambda ps: geoopt.optim.RiemannianAdam(ps, LR["Adam"], betas=(0.9, 0.99)),
        }
        peers["geoopt"] = {}, by_torch(makers[kind], weights, grads, geoopt.SphereExact()), None
    peers[f"our {kind}"] = clipped, ours(kind, euclidean, weights, grads), None
    if torch is not None and kind == "SGD":
        step = by_torch(lambda ps: torch.optim.SGD(ps, LR["SGD"], momentum=MOMENTUM, fused=True), weights, grads)
        peers["PyTorch's SGD"] = clipped, step, None
    return peers


def flat_peers(kind: str, weights: list[Any], grads: list[Any]) -> Peers:
    """The peers of SGD or Adam on euclidean."""
    if torch is None:
        return {}
    makers = {
        "SGD": lambda ps: torch.optim.SGD(ps, LR["SGD"], momentum=MOMENTUM, fused=True),
        "Adam": lambda ps: torch.optim.Adam(ps, LR["Adam"], betas=(0.9, 0.99), eps=1e-15, fused=True),
    }
    options = {"eps": 1e-30} if kind == "Adam" else {}  # inside the root, where PyTorch's 1e-15 stands outside
    return {"PyTorch fused": (options, by_torch(makers[kind], weights, grads), 1e-3)}


def compare(ours: Run, theirs: Run, tolerance: float | None) -> None:
    """The weights after a few steps."""
    for _ in range(STEPS):
        mine, other = ours(), theirs()
    if tolerance is not None:
        same(mine, other, tolerance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=15)
    samples = parser.parse_args().samples
    for name, module in (("PyTorch", torch), ("geoopt", geoopt)):
        if module is None:
            print(f"{name} is not installed: its lines are missing")
    if torch is not None:
        torch.set_num_threads(threads())
    print(header("PyTorch " + torch.__version__ if torch else "no PyTorch"))
    weights, grads = vgg13(0)
    for kind in LR:
        for geometry, peers in ((sphere, curved_peers), (euclidean, flat_peers)):
            for name, (options, theirs, tolerance) in peers(kind, weights, grads).items():
                mine = ours(kind, geometry, weights, grads, **options)
                compare(mine, theirs, tolerance)
                title = f"{kind}-G" if geometry is sphere else kind
                print(row(f"{title} | {name}", mine, theirs, samples), flush=True)
    term = [w @ (w.T @ w - np.eye(w.shape[1], dtype=w.dtype)) for w in weights]
    same([optim.orthogonality_gradient(w, 0.5) for w in weights], term, 1e-5)
    print(
        row(
            "orthogonality | GEMM",
            lambda: [optim.orthogonality_gradient(w, 0.1) for w in weights],
            lambda: [w @ (w.T @ w) for w in weights],
            samples,
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
