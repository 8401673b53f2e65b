"""A batch normalization gives every channel mean 0 and variance 1 over the batch.

    xh = (x - <x>)/sqrt(var + eps)        y = gamma xh + beta        <> = mean over the batch, var = <(x - <x>)^2>
    dx = (gamma/sqrt(var + eps)) (dy - <dy> - xh <dy xh>)            dgamma = sum dy xh        dbeta = sum dy

x (..., C): the channel is the last axis, all others are the batch, so dense layers and images are one case.
If x = w'z, a weighted sum of inputs z, it enters only through xh. So with eps = 0 the length of w is forgotten, and
nearly so as long as the variance of x is far above eps: the reason for everything else in this package.
Source: Ioffe and Szegedy 2015; mean-only: Salimans and Kingma 2016, section 4.
"""

from __future__ import annotations

from typing import Any

from .. import ways
from ..backend import Array, get_named_xp
from ..checks import check_arrays, check_flag, check_kind, check_least, check_shape, check_upstream, given
from ..masks import only
from ..pullback import Pullback, gradients, quiet
from ..sums import column_sums
from .running import RunningMoments
from .scale import divided, scale_of


@quiet
def batch_norm(
    x: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    eps: float = 1e-5,
    running: RunningMoments | None = None,
    training: bool = True,
    relu: bool = False,
) -> tuple[Array, Pullback]:
    """y = gamma xh + beta.  x (..., C), gamma and beta (C,) or None.  pullback(dy) = dx[, dgamma][, dbeta].

    In training, `running` is updated if given; in evaluation its moments take the place of the batch's. With `relu`
    y = max(gamma xh + beta, 0), in fewer passes over the memory than one after the other.
    Raises ValueError in training for one value per channel: it has no variance.

    >>> import numpy as np
    >>> batch_norm(np.array([[1.0], [3.0]]), eps=0.0)[0].T
    array([[-1.,  1.]])
    """
    xp = _check(x, running, training, **given(gamma=gamma, beta=beta))
    eps = check_least("eps", eps)
    check_flag("relu", relu)
    other = ways.find("normalize", "batch_norm", x)
    if other and (found := other(x, gamma, beta, eps, running, training, relu)):
        return found
    return _batch_norm(xp, x, gamma, beta, eps, running, training, relu)


def _batch_norm(
    xp: Any,
    x: Array,
    gamma: Array | None,
    beta: Array | None,
    eps: float | Array,
    running: RunningMoments | None,
    training: bool,
    relu: bool,
    unit: float | Array = 1.0,
) -> tuple[Array, Pullback]:
    """`batch_norm` of x, in units of `unit`, one for every channel."""
    n = x.size // x.shape[-1]
    if training:
        mean, centered = center(x)
        var = column_sums(centered * centered) / n
        if (r := scale_of(x, var + eps)) is not None:  # here the square of x leaves the range
            return divided(r, *_batch_norm(xp, x / r, gamma, beta, eps / r / r, running, training, relu, r))
        if running is not None:
            running.update(mean * unit, var.astype("float64") * unit * unit * (n / (n - 1)))
    elif running is not None:
        mean, var = running.mean.astype(x.dtype), running.var
        centered = x - mean
    inverse = (1 / xp.sqrt(var + eps)).astype(x.dtype)
    scale = inverse if gamma is None else gamma * inverse
    xh = centered * inverse
    y = xh if gamma is None else xh * gamma
    y = y if beta is None else y + beta
    y = xp.maximum(y, 0.0) if relu else y

    def pullback(dy: Array) -> Any:
        dy = check_upstream(dy, xh.shape, xh.dtype)
        dy = only(dy, y > 0.0) if relu else dy
        dgamma, dbeta = column_sums(dy * xh), column_sums(dy)
        dx = (dy - dbeta / n - xh * (dgamma / n)) * scale if training else dy * scale
        return gradients(dx, (gamma, dgamma), (beta, dbeta))

    return y, pullback


@quiet
def mean_only_batch_norm(
    x: Array, beta: Array, running: RunningMoments | None = None, training: bool = True
) -> tuple[Array, Pullback]:
    """y = x - <x> + beta, which keeps the scale.  x (..., C), beta (C,).  pullback(dy) = dx, dbeta."""
    xp = _check(x, running, training, beta=beta)
    n = x.size // x.shape[-1]
    if training:
        mean, centered = center(x)
        if (r := scale_of(x, xp.abs(mean) + 1)) is not None:  # a sum of x is beyond the largest number
            mean, centered = (r * a for a in center(x / r))
        if running is not None:
            running.update(mean)
    elif running is not None:
        centered = x - running.moments(x.dtype)[0]
    shape, dtype = x.shape, x.dtype

    def pullback(dy: Array) -> Any:
        dy = check_upstream(dy, shape, dtype)
        dbeta = column_sums(dy)
        return (dy - dbeta / n if training else dy), dbeta

    return centered + beta, pullback


def center(x: Array) -> tuple[Array, Array]:
    """(<x>, x - <x>) of every channel. Counting from the first sample makes a constant channel exactly 0."""
    first = x.reshape(-1, x.shape[-1])[0]
    shifted = x - first
    mean = column_sums(shifted) / (x.size // x.shape[-1])
    return first + mean, shifted - mean


def _check(x: Array, running: RunningMoments | None, training: bool, **parameters: Array) -> Any:
    xp = check_arrays(x=x, **parameters)
    check_shape("x", x, ..., "C")
    for name, array in parameters.items():
        check_shape(name, array, x.shape[-1])
    check_flag("training", training)
    if running is not None:
        check_kind("running", running, RunningMoments)
        get_named_xp(x=x, running=running.mean)
        check_shape("running.mean", running.mean, x.shape[-1])
    if training and x.size == x.shape[-1]:
        raise ValueError(f"x: expected more than one value per channel in training, got shape {tuple(x.shape)}")
    if not training and running is None:
        raise ValueError("running: expected RunningMoments in evaluation, got None")
    return xp
