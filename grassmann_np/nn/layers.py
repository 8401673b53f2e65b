"""The thin layers: each names its parameters and hands them to its op.

Weights start by He's rule and are drawn by the numpy Generator `rng`; biases and beta start at 0, gamma at 1.
"""

from __future__ import annotations

from typing import Any

from .. import ops
from ..backend import Array
from ..ops import Pullback
from .initialize import he, ones, zeros
from .layer import Layer, apply
from .parameter import Parameter


class Linear(Layer):
    """x w + b.  (N, n_in) -> (N, n_out).  Without bias where a batch normalization follows: it would cancel b."""

    def __init__(self, n_in: int, n_out: int, rng: Any, bias: bool = True) -> None:
        self.w = Parameter(he((n_in, n_out), rng))
        self.b = Parameter(zeros(n_out), decay=False) if bias else None

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(ops.linear, x, self.w, self.b)


class BatchNorm(Layer):
    """Every channel to mean 0 and variance 1 over the batch, then gamma (unless False) and beta.  (..., C)."""

    def __init__(self, channels: int, gamma: bool = True, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.gamma = Parameter(ones(channels), decay=False) if gamma else None
        self.beta = Parameter(zeros(channels), decay=False)
        self.running = ops.RunningMoments(channels, momentum)
        self.eps = eps

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(
            ops.batch_norm, x, self.gamma, self.beta, eps=self.eps, running=self.running, training=training
        )


class ReLU(Layer):
    """max(x, 0), of any shape."""

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.relu(x)


class Flatten(Layer):
    """Every sample as one row.  (N, ...) -> (N, n)."""

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.flatten(x)
