"""Are exp, log and transport on the sphere faster than the libraries for Riemannian optimization?

    python benchmarks/geometry.py [--samples 15]

512 points of R^4608, float32, each contiguous in memory. Everyone gets the shape of its own documentation: our points
are columns, pymanopt's Oblique columns too, the rows of geomstats and geoopt are theirs. Only the same map is compared:
geoopt's and pymanopt's transports project and have no line. All outputs are compared with ours first. The last peer of
each is a copy of the arrays that go in, the least that any way must do.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from side_by_side import header, row, same, threads

from grassmann_np.geometry import sphere

try:
    import torch
except ImportError:
    torch = None
try:
    import geoopt
except ImportError:
    geoopt = None
try:
    from geomstats.geometry.hypersphere import Hypersphere
except ImportError:
    Hypersphere = None
try:
    from pymanopt.manifolds import Oblique
except ImportError:
    Oblique = None

N, M = 4608, 512
Map = Callable[..., Any]


def by_rows(arrays: list[Any]) -> list[Any]:
    return [np.ascontiguousarray(a.T) for a in arrays]


def peers(name: str, arrays: list[Any]) -> dict[str, tuple[Map, Callable[[Any], Any]]]:
    """{peer: (its map, of nothing; what makes its answer ours)}."""
    found: dict[str, tuple[Map, Callable[[Any], Any]]] = {}
    y, b = arrays[:2]
    if Hypersphere is not None:
        metric, rows = Hypersphere(dim=N - 1).metric, by_rows(arrays)
        found["geomstats"] = (
            {
                "exp": lambda: metric.exp(rows[1], rows[0]),
                "log": lambda: metric.log(rows[1], rows[0]),
                "move": lambda: metric.parallel_transport(rows[2], rows[0], direction=rows[1]),
            }[name],
            np.transpose,
        )
    if Oblique is not None and name != "move":
        oblique = Oblique(N, M)
        found["pymanopt"] = {"exp": lambda: oblique.exp(y, b), "log": lambda: oblique.log(y, b)}[name], np.asarray
    if geoopt is not None and name != "move":
        manifold, tensors = geoopt.SphereExact(), [torch.from_numpy(a) for a in by_rows(arrays)]
        found["geoopt"] = (
            {"exp": lambda: manifold.expmap(*tensors[:2]), "log": lambda: manifold.logmap(*tensors[:2])}[name],
            lambda t: t.numpy().T,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=15)
    samples = parser.parse_args().samples
    for library, module in {"geomstats": Hypersphere, "pymanopt": Oblique, "geoopt": geoopt}.items():
        if module is None:
            print(f"{library} cannot be imported: its lines are missing")
    if torch is not None:
        torch.set_num_threads(threads())
    print(header("PyTorch " + torch.__version__ if torch else "no PyTorch"))
    rng = np.random.default_rng(0)
    y, x = (np.asfortranarray(sphere.random_point((N, M), rng).astype(np.float32)) for _ in range(2))
    g, u = (np.asfortranarray(rng.standard_normal((N, M)).astype(np.float32)) for _ in range(2))
    h, v = (sphere.project(y, a) / np.float32(N**0.5) for a in (g, u))
    work: dict[str, tuple[Map, list[Any]]] = {
        "exp": (sphere.exp, [y, h]),
        "log": (sphere.log, [y, x]),
        "move": (sphere.move, [y, h, v]),
    }
    for name, (ours, arrays) in work.items():
        run = lambda ours=ours, arrays=arrays: [ours(*arrays)]  # noqa: E731
        for peer, (theirs, as_ours) in peers(name, arrays).items():
            same(run(), [as_ours(theirs())], tolerance=1e-4)
            print(row(f"{name} | {peer}", run, theirs, samples), flush=True)
        copy = lambda arrays=arrays: [a.copy(order="K") for a in arrays]  # noqa: E731
        print(row(f"{name} | copy", run, copy, samples), flush=True)


if __name__ == "__main__":
    main()
