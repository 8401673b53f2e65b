"""A batch normalization gives every channel mean 0 and variance 1 over the batch.

    xh = (x - <x>)/sqrt(var + eps)        y = gamma xh + beta        <> = mean over the batch, var = <(x - <x>)^2>
    dx = (gamma/sqrt(var + eps)) (dy - <dy> - xh <dy xh>)            dgamma = sum dy xh        dbeta = sum dy

x (..., C): the channel is the last axis, all others are the batch, so dense layers and images are one case.
Since x = w'z enters only through xh, the length of w is forgotten: the reason for everything else in this package.
Source: Ioffe and Szegedy 2015; mean-only: Salimans and Kingma 2016, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..backend import Array, get_xp
from ..cuda import normalize as gpu
from ..cuda.kernel import on_gpu
from .blocks import blocks, channel_sums, on_blocks
from ..checks import check_arrays, check_shape
from .only import only
from ..room import empty
from .running import RunningMoments
from ..sums import column_sums
from ..pullback import Pullback


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
    xp = _check(x, running, training, gamma=gamma, beta=beta)
    if on_gpu(x):
        return gpu.batch_norm(x, gamma, beta, eps, running, training, relu)
    n = x.size // x.shape[-1]
    if training:
        mean, var = moments(x)
        if running is not None:
            running.update(mean, var * (n / (n - 1)))
    else:
        mean, var = _kept_moments(running, x)
    inverse = 1 / xp.sqrt(var + float(eps))
    scale = inverse if gamma is None else gamma * inverse
    y, zero = empty(x.shape, x), xp.zeros_like(mean)

    def forward(out: Array, a: Array, m: Array, s: Array, b: Array, low: Array, room: Array) -> None:
        xp.subtract(a, m, out=out)  # s (a - m) + b
        out *= s
        out += b
        if relu:
            xp.maximum(out, low, out=out)

    def products(a: Array, d: Array, m: Array, room: Array) -> Iterator[Array]:
        yield d
        xp.subtract(a, m, out=room)
        room *= d
        yield room

    def rectified(a: Array, d: Array, y: Array, out: Array, m: Array, room: Array) -> Iterator[Array]:
        only(d, y > 0.0, out)  # through the ReLU first
        yield from products(a, out, m, room)

    def back(out: Array, a: Array, d: Array, m: Array, d_mean: Array, slope: Array, s: Array, room: Array) -> None:
        xp.subtract(a, m, out=room)  # s (d - <dy> - slope (a - m)); out may be d
        room *= slope
        room += d_mean
        xp.subtract(d, room, out=out)
        out *= s

    def pullback(dy: Array) -> Any:
        check_shape("dy", dy, *x.shape)
        dx = empty(x.shape, x)
        if relu:
            dbeta, dot = channel_sums(rectified, [x, dy, y, dx], [mean])
            dy = dx
        else:
            dbeta, dot = channel_sums(products, [x, dy], [mean])
        dgamma = inverse * dot
        if training:
            on_blocks(back, [dx, x, dy], [mean, dbeta / n, inverse * dgamma / n, scale])
        else:
            xp.multiply(dy, scale, out=dx)
        grads = [dx] + [d for p, d in ((gamma, dgamma), (beta, dbeta)) if p is not None]
        return tuple(grads) if len(grads) > 1 else dx

    on_blocks(forward, [y, x], [mean, scale, zero if beta is None else beta, zero])
    return y, pullback


def moments(x: Array) -> tuple[Array, Array]:
    """(<x>, <(x - <x>)^2>) of every channel, in one pass: with d = x - o, <x> = o + <d> and the variance <d^2> - <d>^2.

    The origin o is the mean of the first block. If that is one of B blocks, <d>^2 is at most B times the variance: the
    difference loses a factor B of rounding and no more. Of a constant channel every d is exactly 0.
    """
    channels = x.shape[-1]
    n = x.size // channels
    one_sample = x.reshape(-1, channels)[0]
    first = next(blocks([x]))[0].reshape(-1, channels)
    origin = one_sample + column_sums(first - one_sample) / len(first)

    def powers(a: Array, o: Array, d: Array) -> Iterator[Array]:
        get_xp(a).subtract(a, o, out=d)
        yield d
        d *= d
        yield d

    mean, square = (total / n for total in channel_sums(powers, [x], [origin]))
    return origin + mean, get_xp(x).maximum(square - mean * mean, 0.0)


def mean_only_batch_norm(
    x: Array, beta: Array, running: RunningMoments | None = None, training: bool = True
) -> tuple[Array, Pullback]:
    """y = x - <x> + beta, which keeps the scale.  x (..., C), beta (C,).  pullback(dy) = dx, dbeta."""
    _check(x, running, training, beta=beta)
    n = x.size // x.shape[-1]
    if training:
        mean, centered = center(x)
        if running is not None:
            running.update(mean)
    else:
        centered = x - _kept_moments(running, x)[0]

    def pullback(dy: Array) -> Any:
        check_shape("dy", dy, *centered.shape)
        dbeta = column_sums(dy)
        return (dy - dbeta / n if training else dy), dbeta

    return centered + beta, pullback


def center(x: Array) -> tuple[Array, Array]:
    """(<x>, x - <x>) of every channel. Counting from the first sample makes a constant channel exactly 0."""
    first = x.reshape(-1, x.shape[-1])[0]
    shifted = x - first
    mean = column_sums(shifted) / (x.size // x.shape[-1])
    return first + mean, shifted - mean


def _check(x: Array, running: RunningMoments | None, training: bool, **parameters: Array | None) -> Any:
    xp = check_arrays(x=x, **parameters)
    check_shape("x", x, ..., "C")
    for name, array in parameters.items():
        if array is not None:
            check_shape(name, array, x.shape[-1])
    if running is not None:
        get_xp(x, running.mean)
        check_shape("running.mean", running.mean, x.shape[-1])
    if training and x.size == x.shape[-1]:
        raise ValueError(f"x: expected more than one value per channel in training, got shape {tuple(x.shape)}")
    if not training and running is None:
        raise ValueError("running: expected RunningMoments in evaluation, got None")
    return xp


def _kept_moments(running: RunningMoments | None, x: Array) -> tuple[Array, Array]:
    assert running is not None  # _check
    return running.mean.astype(x.dtype), running.var.astype(x.dtype)
