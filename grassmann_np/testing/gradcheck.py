"""A gradient check compares an op's pullback with what the op does when its input is moved a little.

With a random upstream gradient dy, f(x) = <dy, op(x)> and grad = pullback(dy), along a random direction v:

    adjoint      <dy, J v> = <J'dy, v>,   J v = (op(x + tv) - op(x - tv))/2t            t -> 0
    slope        |<dy, J v> - <grad, v>| falls as t^2, down to the rounding of op; a wrong gradient stays put
    entries      the same for every entry of every argument alone, to name the one that is wrong

A sum in place of a random dy would miss errors: it makes the gradient of a batch normalization vanish, for one.
Point it at your own op: `gradcheck.check(my_op, x, w, rng=rng)`; op(x, w) must return (y, pullback).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Host: TypeAlias = np.ndarray[Any, Any]
Op: TypeAlias = Callable[..., tuple[Any, Callable[..., Any]]]

STEPS = (1e-3, 1e-4, 1e-5)
"""t of the slope test. A kink, as of ReLU, within the largest step spoils the slope, but not the limit."""


class Report(NamedTuple):
    """What `check` found: relative errors, and the slope (None where the op is linear to rounding; 2 expected)."""

    entries: float
    adjoint: float
    slope: float | None


def check(op: Op, *arrays: Host, rng: Any) -> Report:
    """Checks the pullback of `op` at the float64 `arrays`.  Raises AssertionError that says what is wrong.

    Also that shapes agree, that the pullback can be called twice, and that neither dy nor the arrays are modified.
    Costs two calls of op per entry: use small arrays.

    >>> from grassmann_np import ops
    >>> rng = np.random.default_rng(0)
    >>> check(ops.linear, rng.standard_normal((3, 2)), rng.standard_normal((2, 4)), rng=rng).entries < 1e-8
    True
    """
    for i, array in enumerate(arrays):
        if array.dtype != np.float64:
            raise TypeError(f"argument {i}: expected float64, got {array.dtype}; differences need the digits")
    before = [array.copy() for array in arrays]
    y, pullback = op(*arrays)
    dy = rng.standard_normal(np.shape(y))
    grads = _pull(pullback, dy, len(arrays))

    def along(directions: list[Host], t: float) -> tuple[float, float]:
        """<dy, J v> by a central difference of step t, and the rounding error it may have."""
        ahead, behind = (op(*[a + s * v for a, v in zip(arrays, directions, strict=True)])[0] for s in (t, -t))
        rounding = np.finfo(np.float64).eps * np.sum(np.abs(dy) * (np.abs(ahead) + np.abs(behind))) / t
        return float(np.sum(dy * (ahead - behind))) / (2 * t), 50 * float(rounding)

    for i, (array, grad) in enumerate(zip(arrays, grads, strict=True)):
        same = grad.shape == array.shape
        _expect(same, f"argument {i}: expected a gradient of shape {array.shape}, got {grad.shape}")
    entries = max(_check_entries(along, arrays, grads, i) for i in range(len(arrays)))
    adjoint, slope = _check_slope(along, arrays, grads, rng)
    for i, (array, copy) in enumerate(zip(arrays, before, strict=True)):
        _expect(np.array_equal(array, copy), f"argument {i} was modified")
    return Report(entries, adjoint, slope)


def check_layer(layer: Any, x: Host, rng: Any) -> Report:
    """`check` for a layer: the gradient to x, argument 0, and to its parameters, in order, widened to float64.

    Parameters are left as they were; running moments move, as in any training.
    """
    parameters = layer.parameters()
    values = [parameter.value for parameter in parameters]

    def op(x: Host, *values: Host) -> tuple[Any, Callable[..., Any]]:
        for parameter, value in zip(parameters, values, strict=True):
            parameter.value = value
        y, layer_pullback = layer(x)
        return y, lambda dy: (layer_pullback(dy), *[parameter.grad for parameter in parameters])

    try:
        return check(op, x, *[value.astype(np.float64) for value in values], rng=rng)
    finally:
        for parameter, value in zip(parameters, values, strict=True):
            parameter.value = value


def _expect(holds: bool, message: str) -> None:
    """An assertion that `python -O` does not remove."""
    if not holds:
        raise AssertionError(message)


def _pull(pullback: Callable[..., Any], dy: Host, n: int) -> list[Host]:
    copy = dy.copy()
    first, second = (_as_list(pullback(dy)) for _ in range(2))
    _expect(len(first) == n, f"expected {n} gradients, one per array, got {len(first)}")
    _expect(np.array_equal(dy, copy), "the upstream gradient dy was modified")
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        _expect(np.array_equal(a, b), f"argument {i}: the pullback gives another gradient when called again")
    return first


def _as_list(grads: Any) -> list[Host]:
    return list(grads) if isinstance(grads, tuple) else [grads]


def _check_entries(along: Any, arrays: tuple[Host, ...], grads: list[Host], i: int) -> float:
    """The largest error of an entry of argument i, relative to the largest entry of its gradient."""
    worst = 0.0
    largest = float(np.max(np.abs(grads[i]), initial=0.0))
    for index in np.ndindex(arrays[i].shape):
        directions = [np.zeros_like(a) for a in arrays]
        directions[i][index] = 1.0
        claimed = float(grads[i][index])
        error, limit, found = _error(along, directions, claimed)
        _expect(error <= limit, f"argument {i}, entry {index}: the pullback gives {claimed}, differences give {found}")
        worst = max(worst, error / (largest or 1.0))
    return worst


def _error(along: Any, directions: list[Host], claimed: float) -> tuple[float, float, float]:
    """|difference - claimed|, its limit (rounding, or 1/30 of it at a step ten times as long), the value."""
    coarse, _ = along(directions, STEPS[-2])
    fine, rounding = along(directions, STEPS[-1])
    return abs(fine - claimed), max(rounding, abs(coarse - claimed) / 30), fine


def _check_slope(along: Any, arrays: tuple[Host, ...], grads: list[Host], rng: Any) -> tuple[float, float | None]:
    directions = [rng.standard_normal(a.shape) for a in arrays]
    claimed = float(sum(np.sum(g * v) for g, v in zip(grads, directions, strict=True)))
    found = [along(directions, t) for t in STEPS]
    errors = [abs(value - claimed) for value, _ in found]
    resolved = [(t, e) for t, e, (_, rounding) in zip(STEPS, errors, found, strict=True) if e > rounding]
    slope = None
    if len(resolved) > 1:
        (t0, e0), (t1, e1) = resolved[0], resolved[-1]
        slope = float(np.log(e0 / e1) / np.log(t0 / t1))
        message = f"<J'dy, v> = {claimed}, but <dy, J v> -> {found[-1][0]}: the error falls as t^{slope:.2f}"
        _expect(slope > 1.5, message)
    return errors[-1] / (abs(claimed) or 1.0), slope
