"""The thin layers: each names its parameters and hands them to its op.

Weights start by He's rule and are drawn by the numpy Generator `rng`; biases and beta start at 0, gamma at 1.
"""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..backend import Array
from ..checks import check_between, check_flag, check_generator, check_least, check_lengths, check_whole
from ..ops import Pullback
from .initialize import he, ones, zeros
from .layer import Layer, apply, identity
from .parameter import Parameter


class Linear(Layer):
    """x w + b.  (N, n_in) -> (N, n_out).  Without bias where a batch normalization follows: it would cancel b."""

    skips_dx = True
    scales_with = "w"

    def __init__(self, n_in: int, n_out: int, rng: Any, bias: bool = True) -> None:
        n_in, n_out = check_lengths(n_in=n_in, n_out=n_out)
        self.w = Parameter(he((n_in, n_out), rng))
        self.b = Parameter(zeros(n_out), decay=False) if check_flag("bias", bias) else None

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(ops.linear, x, self.w, self.b)


class Conv2D(Layer):
    """The same linear op on every size x size window.  (N, H, W, c_in) -> (N, H', W', c_out)."""

    skips_dx = True
    scales_with = "w"

    def __init__(
        self, c_in: int, c_out: int, size: int, rng: Any, stride: int = 1, padding: int = 0, bias: bool = True
    ) -> None:
        size, c_in, c_out = check_lengths(size=size, c_in=c_in, c_out=c_out)
        self.stride, self.padding = check_whole("stride", stride, 1), check_whole("padding", padding, 0)
        self.w = Parameter(he((size, size, c_in, c_out), rng))
        self.b = Parameter(zeros(c_out), decay=False) if check_flag("bias", bias) else None

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(ops.conv2d, x, self.w, self.b, stride=self.stride, padding=self.padding)


class WeightNormLinear(Layer):
    """x (g v/|v|) + b: length g and direction v/|v| of every column apart.  (N, n_in) -> (N, n_out)."""

    invariant = ("v",)

    def __init__(self, n_in: int, n_out: int, rng: Any) -> None:
        n_in, n_out = check_lengths(n_in=n_in, n_out=n_out)
        self.v = Parameter(he((n_in, n_out), rng))
        self.g = Parameter(ones(n_out), decay=False)
        self.b = Parameter(zeros(n_out), decay=False)

    def start(self, x: Array) -> None:
        """Sets g and b so that this x leaves the layer with mean 0 and variance 1."""
        self.g.value, self.b.value = ops.weight_norm_start(x, self.v.value)

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(_weight_norm_linear, x, self.v, self.g, self.b)


class NormPropLinear(Layer):
    """(ReLU(gamma w'x/|w| + beta) - c1)/c2, the ReLU included.  (N, n_in) -> (N, n_out).

    gamma starts at sqrt(1 - 1/pi) = 1/1.21. With it a small difference of x is stretched by sqrt(n_out/n_in), in root
    mean square over standard normal inputs: by 1 where n_in = n_out.
    """

    invariant = ("w",)

    def __init__(self, n_in: int, n_out: int, rng: Any) -> None:
        n_in, n_out = check_lengths(n_in=n_in, n_out=n_out)
        self.w = Parameter(he((n_in, n_out), rng))
        self.gamma = Parameter(ones(n_out) * math.sqrt(1 - 1 / math.pi), decay=False)
        self.beta = Parameter(zeros(n_out), decay=False)

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(ops.norm_prop, x, self.w, self.gamma, self.beta)


class BatchNorm(Layer):
    """Every channel to mean 0 and variance 1 over the batch, then gamma (unless False) and beta.  (..., C)."""

    forgets = ("scale", "shift")

    def __init__(self, channels: int, gamma: bool = True, eps: float = 1e-5, momentum: float = 0.1) -> None:
        (channels,) = check_lengths(channels=channels)
        self.gamma = Parameter(ones(channels), decay=False) if check_flag("gamma", gamma) else None
        self.beta = Parameter(zeros(channels), decay=False)
        self.running = ops.RunningMoments(channels, momentum)
        self.eps = check_least("eps", eps)

    def __call__(self, x: Array, training: bool = True, relu: bool = False) -> tuple[Array, Pullback]:
        """With `relu` also the ReLU behind it, in fewer passes."""
        options = {"eps": self.eps, "running": self.running, "training": training, "relu": relu}
        return apply(ops.batch_norm, x, self.gamma, self.beta, **options)


class LayerNorm(Layer):
    """Every sample to mean 0 and variance 1 over its last axis, then gamma and beta.  (..., C)."""

    def __init__(self, features: int, eps: float = 1e-5) -> None:
        (features,) = check_lengths(features=features)
        self.gamma = Parameter(ones(features), decay=False)
        self.beta = Parameter(zeros(features), decay=False)
        self.eps = check_least("eps", eps)

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(ops.layer_norm, x, self.gamma, self.beta, eps=self.eps)


class RMSNorm(Layer):
    """Every sample to mean square 1 over its last axis, then gamma.  (..., C)."""

    def __init__(self, features: int, eps: float = 1e-5) -> None:
        (features,) = check_lengths(features=features)
        self.gamma = Parameter(ones(features), decay=False)
        self.eps = check_least("eps", eps)

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return apply(ops.rms_norm, x, self.gamma, eps=self.eps)


class ReLU(Layer):
    """max(x, 0), of any shape."""

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.relu(x)


class Flatten(Layer):
    """Every sample as one row.  (N, ...) -> (N, n)."""

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.flatten(x)


class Dropout(Layer):
    """In training keeps every number with probability `keep`, divided by it; nothing in evaluation."""

    def __init__(self, keep: float, rng: Any) -> None:
        check_generator(rng)
        self.keep, self.rng = check_between("keep", keep, 0, 1), rng

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.dropout(x, self.keep, self.rng) if check_flag("training", training) else identity(x)


class MaxPool(Layer):
    """The maximum of every size x size window.  (N, H, W, C) -> (N, H/size, W/size, C)."""

    def __init__(self, size: int) -> None:
        self.size = check_whole("size", size, 1)

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.max_pool(x, self.size)


class AvgPool(Layer):
    """The mean of every size x size window.  (N, H, W, C) -> (N, H/size, W/size, C)."""

    def __init__(self, size: int) -> None:
        self.size = check_whole("size", size, 1)

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.avg_pool(x, self.size)


class GlobalAvgPool(Layer):
    """The mean over all pixels.  (N, H, W, C) -> (N, C)."""

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        return ops.global_avg_pool(x)


def _weight_norm_linear(x: Array, v: Array, g: Array, b: Array) -> tuple[Array, Pullback]:
    w, to_w = ops.weight_norm(v, g)
    y, to_x = ops.linear(x, w, b)

    def pullback(dy: Array) -> tuple[Array, ...]:
        dx, dw, db = to_x(dy)
        return dx, *to_w(dw), db

    return y, pullback
