"""A setting is a number of an optimizer, and has a range; whatever sets one, a call or a saved state, asks here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..checks import check_number, check_whole

RANGES: dict[str, dict[str, float]] = {  # of those that may not be any finite number >= 0
    "clip": {"above": 0.0},
    "momentum": {"most": 1.0},
    "beta1": {"below": 1.0},
    "beta2": {"below": 1.0},
    "eps": {"above": 0.0},
}


def setting(name: str, value: Any) -> Any:
    """`value` as a Python number; clip may be None.  Raises TypeError or ValueError unless it is in the range."""
    if name == "nesterov":
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{name}: expected True or False, got {value!r}")
        return bool(value)
    if name == "steps":
        return check_whole(name, value, 0)
    return None if name == "clip" and value is None else in_range(name, value, **RANGES.get(name, {}))


def in_range(
    name: str, value: float, above: float | None = None, most: float = math.inf, below: float = math.inf
) -> float:
    """`value` as a float.  Raises ValueError unless it is finite, >= 0 (or > above), <= most and < below."""
    number = check_number(name, value)
    low = number > above if above is not None else number >= 0
    if not (low and number <= most and number < below and math.isfinite(number)):
        least = f"> {above:g}" if above is not None else ">= 0"
        limit = f" and <= {most:g}" if most < math.inf else f" and < {below:g}" if below < math.inf else ""
        raise ValueError(f"{name}: expected a finite number {least}{limit}, got {value!r}")
    return number
