"""A weight normalization normalizes weights instead of activations: every column of v counts by its direction only.

    weight_norm   w = g u,  u = v/|v|           dg = u'dw         dv = (g/|v|)(dw - u dg)
    norm_prop     o = (ReLU(gamma u'x + beta) - c1)/c2            u = w/|w|

If x is normal with mean 0 and covariance I, then u'x is standard normal, and c1 = 1/sqrt(2 pi) and c2^2 = (1 - 1/pi)/2
are the mean and the variance of its ReLU. So with gamma = 1 and beta = 0 the output is standardized without looking at
a batch; with other inputs, gamma or beta it is so only nearly, or not at all.
v and w reach the loss only through u, column by column, so they are points of the sphere.
Sources: Salimans and Kingma 2016, equations 2 and 3; Arpit et al. 2016 (1603.01431).
"""

from __future__ import annotations

import math

import numpy as np

from ..backend import Array, get_xp, on_gpu
from ..checks import check_arrays, check_shape, check_upstream
from ..pullback import Pullback, quiet
from ..sums import column_sums
from .activate import relu
from .linear import linear
from .normalize import center
from .scale import scale_of

RELU_MEAN = math.sqrt(1 / (2 * math.pi))
RELU_DEVIATION = math.sqrt((1 - 1 / math.pi) / 2)


@quiet
def weight_norm(v: Array, g: Array) -> tuple[Array, Pullback]:
    """w = g v/|v|, every column.  v (..., n_out), g (n_out,) -> w like v.  pullback(dw) = dv, dg.

    Raises ValueError for a zero column: it has no direction.

    >>> import numpy as np
    >>> weight_norm(np.array([[3.0], [4.0]]), np.array([10.0]))[0].T
    array([[6., 8.]])
    """
    check_arrays(v=v, g=g)
    check_shape("v", v, ..., "n_out")
    check_shape("g", g, v.shape[-1])
    return _weight_norm("v", v, g)


def _weight_norm(name: str, v: Array, g: Array) -> tuple[Array, Pullback]:
    length, u = _polar(name, v)

    def pullback(dw: Array) -> tuple[Array, Array]:
        dw = check_upstream(dw, u.shape, u.dtype, "dw")
        dg = column_sums(dw * u)
        return (dw - u * dg) * (g / length), dg

    return u * g, pullback


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def weight_norm_start(x: Array, v: Array) -> tuple[Array, Array]:
    """The g and b for which t = u'x leaves the layer with mean 0 and variance 1: g = 1/std t, b = -mean t/std t.

    x (N, n_in), v (n_in, n_out) -> g, b (n_out,).  Raises ValueError where t has no spread.  Source: section 3.
    """
    xp = check_arrays(x=x, v=v)
    check_shape("x", x, "N", "n_in")
    check_shape("v", v, x.shape[1], "n_out")
    t, _ = linear(x, _polar("v", v)[1])
    mean, centered = center(t)
    square = column_sums(centered * centered)
    if (r := scale_of(t, square)) is not None:
        mean, centered = center(t / r)
        square = column_sums(centered * centered)
    deviation = xp.sqrt(square / x.shape[0])
    if not xp.all(deviation > 0):
        raise ValueError(f"x: expected samples that give every unit several values, got {x.shape[0]} that give one")
    return 1 / deviation / (1.0 if r is None else r), -mean / deviation


@quiet
def norm_prop(x: Array, w: Array, gamma: Array, beta: Array) -> tuple[Array, Pullback]:
    """o = (ReLU(gamma u'x + beta) - c1)/c2.  x (N, n_in), w (n_in, n_out).  pullback(do) = dx, dw, dgamma, dbeta.

    That is weight_norm, linear, relu and a standardization, one after another.
    """
    check_arrays(x=x, w=w, gamma=gamma, beta=beta)
    check_shape("x", x, "N", "n_in")
    check_shape("w", w, x.shape[1], "n_out")
    for name, array in {"gamma": gamma, "beta": beta}.items():
        check_shape(name, array, w.shape[1])
    matrix, to_w = _weight_norm("w", w, gamma)
    z, to_x = linear(x, matrix, beta)
    r, to_z = relu(z)

    def pullback(do: Array) -> tuple[Array, Array, Array, Array]:
        do = check_upstream(do, r.shape, r.dtype, "do")
        dx, dmatrix, dbeta = to_x(to_z(do / RELU_DEVIATION))
        dw, dgamma = to_w(dmatrix)
        return dx, dw, dgamma, dbeta

    return (r - RELU_MEAN) / RELU_DEVIATION, pullback


def _polar(name: str, v: Array) -> tuple[Array, Array]:
    """(|v|, v/|v|) of every column; dividing by the largest entry first keeps the squares in range.

    On a GPU nobody waits to see whether a column is zero: its direction is NaN, and so is the loss.
    """
    xp = get_xp(v)
    largest = xp.max(xp.abs(v), axis=tuple(range(v.ndim - 1)))
    if not on_gpu(v) and xp.any(largest == 0):
        raise ValueError(f"{name}: expected columns that are not zero, got a zero column; it has no direction")
    u = v / largest
    length = xp.sqrt(column_sums(u * u))
    return largest * length, u / length
