"""A way is one of the programs for the same work (the trade says dispatch): this file chooses, and no other does.

    CuPy arrays                                            cuda/x.py     kernels
    NumPy arrays of LEAST bytes or more, with Numba        host/x.py     compiled loops
    all others                                             ops/x.py      the formula itself

All ways give the same values to rounding, and the same tests hold them to that. What a wing has no file for goes the
plain way everywhere.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from .backend import Array, on_gpu
from .pullback import Pullback

LEAST = 2**15  # bytes of the largest array: below, the formula is done before a loop would have begun


def find(file: str, op: str, *arrays: Array) -> Callable[..., tuple[Array, Pullback]] | None:
    """The op of this name in the wing that is made for such arrays; None: the plain formula is."""
    return getattr(wing(file, *arrays), op, None)


def tried(file: str, function: str, *arrays: Array) -> Any:
    """What the wing that is made for such arrays makes of them; None if there is none, or it leaves them to you."""
    other = getattr(wing(file, *arrays), function, None)
    return other and other(*arrays)


def wing(name: str, *arrays: Array) -> ModuleType | None:
    """cuda/name.py or host/name.py, whichever is made for such arrays; None: the plain formula is."""
    largest, readable = 0, True  # this is asked often: no calls before something is large
    for array in arrays:
        if type(array) is not np.ndarray:
            return _module("cuda", name) if on_gpu(*arrays) else None
        largest = max(largest, array.nbytes)
        readable = readable and array.dtype.isnative and array.flags.aligned  # by a loop
    return _module("host", name) if largest >= LEAST and readable and _loops_work() else None


@cache
def _module(folder: str, name: str) -> ModuleType | None:
    path = f"{__package__}.{folder}.{name}"
    return importlib.import_module(path) if find_spec(path) else None


@cache
def _loops_work() -> bool:
    """Whether Numba is here and can compile: asked once, when the first large array comes."""
    try:
        from .host.loop import trial

        return bool(trial(np.ones(2)) == 2)
    except Exception:  # not installed, made for another NumPy, no compiler for this machine: all mean the same here
        return False
