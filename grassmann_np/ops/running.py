"""Running moments are the mean and variance of every channel, averaged over the batches seen in training.

    mean <- mean + momentum (batch mean - mean)        var <- var + momentum (batch variance - var)

The batch variance kept here is the unbiased one, while a batch is normalized by its biased one (PyTorch's convention).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, to_device
from ..checks import check_arrays, check_between, check_lengths, check_shape, given


class RunningMoments:
    """`.mean` and `.var` of every channel, float64 (C,), updated in place; momentum is the weight of a new batch.

    >>> running = RunningMoments(1)
    >>> running.update(mean=np.array([10.0]), var=np.array([3.0]))
    >>> running.mean, running.var
    (array([1.]), array([1.2]))
    """

    def __init__(self, channels: int, momentum: float = 0.1) -> None:
        self.momentum = check_between("momentum", momentum, 0, 1)
        (channels,) = check_lengths(channels=channels)
        self.mean: Array = np.zeros(channels)
        self.var: Array = np.ones(channels)

    def update(self, mean: Array, var: Array | None = None) -> None:
        """Moves both averages toward a batch; without `var`, the mean only.  mean and var (C,)."""
        for name, array in {"mean": mean, **given(var=var)}.items():
            check_arrays(**{name: array})
            check_shape(name, array, self.mean.shape[0])
        self.mean += self.momentum * (mean - self.mean)
        if var is not None:
            self.var += self.momentum * (var - self.var)

    def moments(self, dtype: Any) -> tuple[Array, Array]:
        """(mean, var) in this dtype: what stands for the batch's own in evaluation."""
        return self.mean.astype(dtype), self.var.astype(dtype)

    def to(self, device: str) -> None:
        """Moves both arrays to "cpu" or "gpu"."""
        self.mean, self.var = to_device((self.mean, self.var), device)
