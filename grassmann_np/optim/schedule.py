"""A schedule is a function of the progress of training, 0 at the start and 1 at the end, to a factor of the rate.

It is asked before every step; `per_epoch` makes it change between epochs only. The factor multiplies the rate of
every group; momentum and second moments stay as they are when the rate drops.

    >>> schedule = cosine(); [round(schedule(p), 3) for p in (0, 0.5, 1)]
    [1.0, 0.5, 0.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..checks import check_between, check_least, check_number, check_several, check_whole

Schedule = Callable[[float], float]


def constant() -> Schedule:
    """1, always."""
    return lambda progress: 1.0


def step_decay(drops: Sequence[float] = (0.3, 0.6, 0.8), factor: float = 0.2) -> Schedule:
    """`factor` once for every drop passed; the paper's CIFAR schedule is the default (epochs 60, 120, 160 of 200)."""
    factor = check_least("factor", factor)
    drops = [check_number("drops", drop) for drop in check_several("drops", drops)]
    check_least("factor to the number of drops", math.prod([factor] * len(drops)))
    return lambda progress: math.prod([factor] * sum(progress >= drop for drop in drops))


def linear(end: float = 0.0) -> Schedule:
    """From 1 straight to `end`."""
    end = check_least("end", end)
    return lambda progress: _between(end, _within(progress))


def exponential(end: float = 0.01) -> Schedule:
    """From 1 to `end` by a constant ratio per step; end > 1 grows.  Raises ValueError unless end > 0."""
    end = check_least("end", end)
    if not end > 0:
        raise ValueError(f"end: expected a positive number, got {end!r}; an exponential never reaches zero")
    return lambda progress: end ** _within(progress)


def cosine(end: float = 0.0) -> Schedule:
    """From 1 to `end` along half a cosine: (1 - cos(pi t))/2 = sin(pi t/2)^2."""
    end = check_least("end", end)
    return lambda progress: _between(end, math.sin(math.pi / 2 * _within(progress)) ** 2)


def warm_up(schedule: Schedule, fraction: float, first: float = 0.0) -> Schedule:
    """`schedule`, multiplied by a ramp from `first` to 1 over the first `fraction` of the training.

    With first = 0 the first step, or the first epoch, is at rate 0: it is lost.
    """
    fraction, first = check_between("fraction", fraction, 0, 1), check_least("first", first)
    if first > 1:
        raise ValueError(f"first: expected a number from 0 to 1, got {first!r}")
    _check_schedule(schedule)
    return lambda progress: schedule(progress) * (first + (1 - first) * _within(progress / fraction))


def per_epoch(schedule: Schedule, epochs: int) -> Schedule:
    """`schedule` as it is at the beginning of each of the `epochs`."""
    epochs = check_whole("epochs", epochs, 1)
    _check_schedule(schedule)
    return lambda progress: schedule(min(math.floor(progress * epochs + 1e-9), epochs - 1) / epochs)


def _check_schedule(schedule: Schedule) -> None:
    if not callable(schedule):
        raise TypeError(f"schedule: expected a function of the progress, got {schedule!r}")


def _between(end: float, t: float) -> float:
    """The number at t, from 1 at 0 to `end` at 1."""
    return 1 - t + end * t


def _within(progress: float) -> float:
    """The nearest number from 0 to 1: before its start and beyond its end a schedule stays where it is there."""
    return min(1.0, max(0.0, progress))
