"""A loop is a Python function over single numbers; Numba makes machine code of it when it is first called.

The code is made once for every combination of types, and kept on disk for the next process: beside this file, or in
the user's own cache where that cannot be written. While a loop runs, Python's lock is free, so threads can share work.

Sums may be added in another order than written, and a b + c rounded once: that is what makes loops over arrays fast.
NaN and inf are what they always are. Numbers in the source are float64: a loop over float32 gets its numbers as
arguments, or it would compute in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def loop(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, to be compiled when it is called."""
    options: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"reassoc", "contract"}}
    try:
        compiled: Callable[..., Any] = numba.njit(function, cache=True, **options)
    except RuntimeError:  # there is no folder to keep it in
        compiled = numba.njit(function, **options)
    return compiled


@loop
def trial(numbers: Any) -> Any:
    """The sum of squares; `ways` asks it whether compiling works here."""
    total = 0.0
    for i in range(numbers.size):
        total += numbers[i] * numbers[i]
    return total
