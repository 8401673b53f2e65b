"""A step moves large weights in one loop: a weight vector passes all lines of the step while it is in the cache.

    y = y/|y|,  h = g - (y'g) y,  s = min(1, nu/|h|)                           on the sphere; a row is a weight vector
    m = a tau + b s h                                   SGD: a = gamma, b = -eta         Adam: a = b1, b = 1 - b1
    d = c m                                             SGD: c = 1           Adam: c = -eta_t/sqrt(v + eps), v as below
    y <- y cos t + d sin t/t,  tau <- m cos t - c |m|^2 y sin t/t              t = |d|: exp and transport of m along d

v <- b2 v + (1 - b2) s^2 |h|^2 is one number per vector. h comes first and |h| is its length: |g|^2 - (y'g)^2 would
cancel. Sums are float64. On flat space s, m and v are each number's own, y <- y + d, tau <- m, and Nesterov's step is
a m + b s h. Values and states are new arrays; where a result is not finite there are none: None.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import Array
from ..room import empty
from .loop import loop
from .share import share
from .sphere import LARGE, SMALL

Result = tuple[Array, dict[str, Array]] | None


def move_columns(w: Array, g: Array, extra: Array | None, state: dict[str, Array], numbers: Any) -> Result:
    """The columns of w (n,) or (n, m) and their state after a step along g + extra; `numbers` is of optim.fused."""
    rows, grads, tau = _rows(w), _rows(g), _rows(state["tau"])
    others = grads if extra is None else _rows(extra)
    v = state.get("v", rows[:, 0]).reshape(-1)
    new, carried, new_v = empty(rows.shape, w), empty(rows.shape, w), np.empty(len(rows), w.dtype)
    arrays = rows, grads, others, tau, v, new, carried, new_v
    a, b, clip, _, _, *of_adam = numbers

    def work(part: slice) -> int:
        given = [array[part] for array in arrays]
        return int(_move_columns(*given, extra is not None, "v" in state, a, b, clip, *of_adam))

    if sum(share(work, len(rows), w.nbytes)):
        return None
    after = {"tau": carried.T.reshape(w.shape), "v": new_v.reshape(w.shape[1:])}
    return new.T.reshape(w.shape), {key: after[key] for key in state}


def move_numbers(w: Array, g: Array, state: dict[str, Array], numbers: Any, decays: bool) -> Result:
    """The numbers w, of any shape, and their state after a step along g."""
    before = [_rows(array).reshape(-1) for array in (w, g, *state.values())]
    after = [empty(before[0].shape, w) for _ in range(1 + len(state))]
    settings = numbers._replace(decay=numbers.decay if decays else 0.0)
    with np.errstate(over="ignore"):  # then the result is not finite
        typed = [w.dtype.type(number) for number in settings]
    move = _adam if "v" in state else _sgd

    def work(part: slice) -> bool:
        return bool(move(*[array[part] for array in (*before, *after)], *typed))

    if not all(share(work, w.size, w.nbytes)):
        return None
    y, *others = [array.reshape(w.shape[::-1]).T for array in after]
    return y, dict(zip(state, others, strict=True))


def _rows(a: Array) -> Array:
    """Columns as rows, the numbers of each side by side; one column (n,) is one row."""
    return np.ascontiguousarray(a.T if a.ndim > 1 else a[None])


@loop
def _move_columns(
    w: Any, g: Any, extra: Any, tau: Any, v: Any, new: Any, carried: Any, new_v: Any, has_extra: Any, adam: Any,
    a: Any, b: Any, clip: Any, beta2: Any, rate: Any, eps: Any,
) -> Any:  # fmt: skip
    """How many rows could not be moved."""
    odd, n, number = 0, w.shape[1], w.dtype.type
    for j in range(w.shape[0]):
        ww, wg = 0.0, 0.0
        for i in range(n):
            w_i = np.float64(w[j, i])
            ww += w_i * w_i
            wg += w_i * (g[j, i] + extra[j, i] if has_extra else g[j, i])
        length = math.sqrt(ww)
        inverse, along = number(1 / length), number(wg / length)
        hh, yh = 0.0, 0.0
        for i in range(n):
            y = w[j, i] * inverse
            h = (g[j, i] + extra[j, i] if has_extra else g[j, i]) - along * y
            carried[j, i] = h
            hh += np.float64(h) * h
            yh += np.float64(h) * y
        rest = number(yh)  # what rounding left along y
        hh = max(hh - yh * yh, 0.0)
        s = clip / math.sqrt(hh) if math.sqrt(hh) > clip else 1.0
        of_tau, of_h, mm = number(a), number(b * s), 0.0
        for i in range(n):
            m = of_tau * tau[j, i] + of_h * (carried[j, i] - rest * (w[j, i] * inverse))
            carried[j, i] = m
            mm += np.float64(m) * m
        c = 1.0
        if adam:
            new_v[j] = beta2 * v[j] + (1 - beta2) * s * s * hh
            c = -rate / math.sqrt(new_v[j] + eps)
        t = abs(c) * math.sqrt(mm)
        sinc = math.sin(t) / t if t > 0 else 1.0
        cos, of_m, of_y = number(math.cos(t)), number(c * sinc), number(-c * mm * sinc)
        for i in range(n):
            y, m = w[j, i] * inverse, carried[j, i]
            new[j, i] = cos * y + of_m * m
            carried[j, i] = cos * m + of_y * y
        fine = ww > SMALL and abs(inverse * length - 1) < 2**-20  # else a square or 1/|w| has lost digits
        odd += not (
            fine and mm + hh + t < LARGE and math.isfinite(of_m + of_y) and (not adam or math.isfinite(new_v[j]))
        )
    return odd


@loop
def _sgd(
    w: Any, g: Any, tau: Any, new: Any, carried: Any, a: Any, b: Any, clip: Any, decay: Any, nesterov: Any,
    beta2: Any, rate: Any, eps: Any,
) -> Any:  # fmt: skip
    """Whether all numbers are finite."""
    odd = w.dtype.type(0)
    for i in range(w.size):
        given = g[i] + decay * w[i]
        h = clip if given > clip else (-clip if given < -clip else given)
        m = a * tau[i] + b * h
        y = w[i] + (a * m + b * h if nesterov else m)
        new[i] = y
        carried[i] = m
        odd += (y - y) + (given - given)  # 0, or NaN
    return odd == 0


@loop
def _adam(
    w: Any, g: Any, tau: Any, v: Any, new: Any, carried: Any, new_v: Any, a: Any, b: Any, clip: Any, decay: Any,
    nesterov: Any, beta2: Any, rate: Any, eps: Any,
) -> Any:  # fmt: skip
    """Whether all numbers are finite."""
    odd, one = w.dtype.type(0), w.dtype.type(1)
    for i in range(w.size):
        given = g[i] + decay * w[i]
        h = clip if given > clip else (-clip if given < -clip else given)
        m = a * tau[i] + b * h
        u = beta2 * v[i] + (one - beta2) * h * h
        y = w[i] - rate * m / np.sqrt(u + eps)
        new[i] = y
        carried[i] = m
        new_v[i] = u
        odd += (y - y) + (u - u) + (given - given)  # 0, or NaN
    return odd == 0
