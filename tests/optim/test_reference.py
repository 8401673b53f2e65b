"""SGD-G and Adam-G reproduce the trajectories of the authors' PyTorch optimizers.

The authors divide by |v| + 1e-8. With that eps put into the sphere, the trajectories agree to 1e-12: it is the only
difference. Without it 20 steps agree to 2e-6 of the length of what is compared.
"""

from pathlib import Path

import numpy as np
import pytest

from grassmann_np import nn, optim
from grassmann_np.geometry import sphere

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "optimizers.npz", allow_pickle=False)
CASES = sorted({key.split("/")[0] for key in REFERENCE.files if "/" in key})


class Damped:
    """The sphere with the authors' eps: u = v/(|v| + 1e-8)."""

    __name__ = "damped"
    inner, norm = map(staticmethod, (sphere.inner, sphere.norm))
    scale, combine = map(staticmethod, (sphere.scale, sphere.combine))

    @staticmethod
    def polar(h):
        length = np.sqrt(np.sum(h * h, axis=0))
        return length, h / (length + 1e-8)

    def normalize(self, w):
        return self.polar(w)[1]

    def project(self, y, g):
        return g - y * np.sum(y * g, axis=0)  # once: their y is not quite a unit vector

    def move(self, y, h, v):
        theta, u = self.polar(h)
        point = y * np.cos(theta) + u * np.sin(theta)
        if v is h:  # the authors have (9) for SGD-G and (8) for Adam-G
            return point, theta * (u * np.cos(theta) - y * np.sin(theta))
        along = np.sum(u * v, axis=0)
        return point, v - along * (y * np.sin(theta) + u * (1 - np.cos(theta)))


def trajectory(case, geometry):
    """(w, tau) of every step of one of the reference cases."""
    prefix = f"{case}/hyper/"
    hyper = {key.removeprefix(prefix): float(REFERENCE[key]) for key in REFERENCE.files if key.startswith(prefix)}
    w = nn.Parameter(REFERENCE[f"{case}/w0"].copy(), geometry=geometry)
    options = {"clip": hyper.get("grad_clip"), "orthogonality": hyper.get("omega", 0.0)}
    if case.startswith("sgd"):
        optimizer = optim.SGD([w], hyper["lr"], hyper["momentum"], **options)
    else:
        optimizer = optim.Adam([w], hyper["lr"], hyper["momentum"], hyper.get("beta2", 0.99), **options)
    for gradient in REFERENCE[f"{case}/grads"]:
        w.grad = gradient.astype(np.float64)
        optimizer.step()
        yield w.value, optimizer.state[0]["tau"]


def deviation(case, geometry):
    """The largest difference over the kept steps, relative to max(1, length of the column)."""
    steps = list(trajectory(case, geometry))
    worst = 0.0
    for kept, *expected in zip(REFERENCE["kept_steps"], REFERENCE[f"{case}/w"], REFERENCE[f"{case}/tau"], strict=True):
        for ours, theirs in zip(steps[kept], expected, strict=True):
            worst = max(worst, float(np.max(np.abs(ours - theirs) / np.maximum(1, np.linalg.norm(theirs, axis=0)))))
    return worst


@pytest.mark.parametrize("case", CASES)
def test_authors_trajectory(case):
    assert deviation(case, sphere) <= 2e-6


@pytest.mark.parametrize("case", CASES)
def test_eps_is_the_only_difference(case):
    assert deviation(case, Damped()) <= 1e-12
