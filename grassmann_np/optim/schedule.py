"""A schedule is a function of the progress of training, 0 at the start and 1 at the end, to a factor of the rate.

It is asked before every step; `per_epoch` makes it change between epochs only. The factor multiplies the rate of
every group; momentum and second moments stay as they are when the rate drops.

    >>> schedule = cosine(); [round(schedule(p), 3) for p in (0, 0.5, 1)]
    [1.0, 0.5, 0.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Schedule = Callable[[float], float]


def constant() -> Schedule:
    """1, always."""
    return lambda progress: 1.0


def step_decay(drops: Sequence[float] = (0.3, 0.6, 0.8), factor: float = 0.2) -> Schedule:
    """`factor` once for every drop passed; the paper's CIFAR schedule is the default (epochs 60, 120, 160 of 200)."""
    return lambda progress: factor ** sum(progress >= drop for drop in drops)


def linear(end: float = 0.0) -> Schedule:
    """From 1 straight to `end`."""
    return lambda progress: 1 + (end - 1) * _within(progress)


def exponential(end: float = 0.01) -> Schedule:
    """From 1 to `end` by a constant ratio per step; end > 1 grows.  Raises ValueError unless end > 0."""
    if not end > 0:
        raise ValueError(f"end: expected a positive number, got {end!r}; an exponential never reaches zero")
    return lambda progress: end ** _within(progress)


def cosine(end: float = 0.0) -> Schedule:
    """From 1 to `end` along half a cosine."""
    return lambda progress: end + (1 - end) * (1 + math.cos(math.pi * _within(progress))) / 2


def warm_up(schedule: Schedule, fraction: float, first: float = 0.0) -> Schedule:
    """`schedule`, multiplied by a ramp from `first` to 1 over the first `fraction` of the training.

    With first = 0 the first step, or the first epoch, is at rate 0: it is lost.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction: expected a number from 0 to 1, got {fraction!r}")
    if not 0 <= first <= 1:
        raise ValueError(f"first: expected a number from 0 to 1, got {first!r}")
    return lambda progress: schedule(progress) * min(1.0, first + (1 - first) * _within(progress) / fraction)


def per_epoch(schedule: Schedule, epochs: int) -> Schedule:
    """`schedule` as it is at the beginning of each of the `epochs`."""
    return lambda progress: schedule(min(math.floor(progress * epochs + 1e-9), epochs - 1) / epochs)


def _within(progress: float) -> float:
    """The nearest number from 0 to 1: before its start and beyond its end a schedule stays where it is there."""
    return min(1.0, max(0.0, progress))
