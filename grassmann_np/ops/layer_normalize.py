"""A layer normalization gives every sample mean 0 and variance 1 over its features; no sample sees another.

    layer_norm   xh = (x - <x>)/s,  s = sqrt(<(x - <x>)^2> + eps)      dx = (dxh - <dxh> - xh <dxh xh>)/s
    rms_norm     xh = x/s,          s = sqrt(<x^2> + eps)              dx = (dxh - xh <dxh xh>)/s
    y = gamma xh + beta             <> = mean over the last axis       dxh = gamma dy

But for eps, the length of the whole weight matrix before it is forgotten, W -> cW with c > 0. That of one column is
not, since a column alone changes the ratio of the features.
Sources: Ba, Kiros and Hinton 2016; Zhang and Sennrich 2019.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array
from ..checks import check_arrays, check_least, check_shape, check_upstream
from ..pullback import Pullback, quiet
from ..sums import column_sums, row_sums
from .scale import divided, scale_of


@quiet
def layer_norm(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> tuple[Array, Pullback]:
    """y = gamma xh + beta.  x (..., C), gamma and beta (C,).  pullback(dy) = dx, dgamma, dbeta.

    >>> import numpy as np
    >>> layer_norm(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), eps=0.0)[0]
    array([[-1., 1.]])
    """
    xp = _check(x, gamma=gamma, beta=beta)
    return _layer_norm(xp, x, gamma, beta, check_least("eps", eps))


def _layer_norm(xp: Any, x: Array, gamma: Array, beta: Array, eps: float | Array) -> tuple[Array, Pullback]:
    shifted = x - x[..., :1]  # makes equal features exactly 0
    centered = shifted - _mean(shifted)
    square = _mean(centered * centered) + eps
    if (r := scale_of(x, square)) is not None:
        return divided(r, *_layer_norm(xp, x / r, gamma, beta, eps / r / r))
    s = xp.sqrt(square)
    xh = centered / s

    def pullback(dy: Array) -> tuple[Array, Array, Array]:
        dy = check_upstream(dy, xh.shape, xh.dtype)
        dxh = dy * gamma
        return (dxh - _mean(dxh) - xh * _mean(dxh * xh)) / s, column_sums(dy * xh), column_sums(dy)

    return xh * gamma + beta, pullback


@quiet
def rms_norm(x: Array, gamma: Array, eps: float = 1e-5) -> tuple[Array, Pullback]:
    """y = gamma xh, without a mean and without beta.  x (..., C), gamma (C,).  pullback(dy) = dx, dgamma."""
    xp = _check(x, gamma=gamma)
    return _rms_norm(xp, x, gamma, check_least("eps", eps))


def _rms_norm(xp: Any, x: Array, gamma: Array, eps: float | Array) -> tuple[Array, Pullback]:
    square = _mean(x * x) + eps
    if (r := scale_of(x, square)) is not None:
        return divided(r, *_rms_norm(xp, x / r, gamma, eps / r / r))
    s = xp.sqrt(square)
    xh = x / s

    def pullback(dy: Array) -> tuple[Array, Array]:
        dy = check_upstream(dy, xh.shape, xh.dtype)
        dxh = dy * gamma
        return (dxh - xh * _mean(dxh * xh)) / s, column_sums(dy * xh)

    return xh * gamma, pullback


def _mean(x: Array) -> Array:
    """Over the last axis, which stays.  (..., C) -> (..., 1)."""
    return row_sums(x) / x.shape[-1]


def _check(x: Array, **parameters: Array) -> Any:
    xp = check_arrays(x=x, **parameters)
    check_shape("x", x, ..., "C")
    for name, array in parameters.items():
        check_shape(name, array, x.shape[-1])
    return xp
