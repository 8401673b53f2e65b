"""A monitor measures, once per epoch, what the method is about: how the scale-invariant weights turn.

    norm            |w|, which the network does not see
    angle           by how much the epoch's last step turned w, radians; it goes to 0 with a rate that does
    effective rate  rate/|w|^2, |w| after the step: about the rate on the unit sphere, for SGD without momentum
    orthogonality   |W'W - I|_F^2/2 of the unit columns, summed over the layers

norm, angle and effective rate are means over all weight vectors (columns) of all scale-invariant weights. With decay
lesson 12 has rate/(a |w|^2), |w| before the step. For Adam and Adam-G, which divide the gradient by its own size, the
effective rate says nothing: look at the angle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, to_numpy
from ..geometry import sphere
from ..nn.invariant import invariant_weights
from ..nn.layer import Layer
from ..optim import orthogonality


class Monitor:
    """Looks at the scale-invariant weights of `model`; without any, there is nothing to measure."""

    def __init__(self, model: Layer) -> None:
        self.weights = list(invariant_weights(model))

    def look(self) -> list[Array]:
        """The weights as they are; a step replaces them by new arrays."""
        return [p.matrix for p in self.weights]

    def measure(self, before: list[Array], optimizer: Any) -> dict[str, float]:
        """{"norm", "angle", "effective_rate", "orthogonality"} of the step since `before`; {} without weights.

        Without the effective rate if the optimizer, one of the user's own, does not say its rate.
        """
        if not before:
            return {}
        norms, angles, penalty = [], [], 0.0
        present = [_rate(optimizer, parameter) for parameter in self.weights]
        for parameter, was in zip(self.weights, before, strict=True):
            now = parameter.matrix
            norm = sphere.norm(now, now)
            norms.append(norm)
            angles.append(sphere.distance(was, now))
            penalty += float(orthogonality(sphere.normalize(now), 1.0))
        means = {"norm": norms, "angle": angles}
        known = [rate / norm**2 for rate, norm in zip(present, norms, strict=True) if rate is not None]
        if len(known) == len(norms):
            means["effective_rate"] = known
        numbers = {key: float(np.mean(np.concatenate([to_numpy(a) for a in arrays]))) for key, arrays in means.items()}
        return {**numbers, "orthogonality": penalty}


def _rate(optimizer: Any, parameter: Any) -> float | None:
    """The present rate at which `parameter` is trained, 0 if it is not; None if the optimizer does not say."""
    for one in getattr(optimizer, "optimizers", (optimizer,)):
        rate, parameters = getattr(one, "rate", None), getattr(one, "parameters", None)
        if rate is None or not isinstance(parameters, list | tuple):
            return None
        if any(p is parameter for p in parameters):
            return float(rate)
    return 0.0
