"""A check stands at the door of every op: what does not fit raises before anything is computed."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from .backend import Array, get_xp


def check_arrays(**arrays: Array | None) -> Any:
    """The backend of the named arrays, which must agree with the first in backend and dtype; None is skipped.

    Raises TypeError for a wrong or mixed backend or dtype.
    """
    given = {name: array for name, array in arrays.items() if array is not None}
    xp = get_xp(*given.values())
    (first, like), *_ = given.items()
    for name, array in given.items():
        if array.dtype not in (xp.float32, xp.float64):
            raise TypeError(f"{name}: expected float32 or float64, got {array.dtype}")
        if array.dtype != like.dtype:
            raise TypeError(f"{name}: expected {like.dtype} like {first}, got {array.dtype}")
    return xp


def check_shape(name: str, array: Array, *expected: Any) -> None:
    """Raises ValueError unless every axis has the expected length: a number, or a letter for any but 0.

    A leading `...` stands for one or more axes of any length but 0.

    >>> import numpy as np
    >>> check_shape("w", np.ones((4, 3)), 5, "n_out")
    Traceback (most recent call last):
    ValueError: w: expected shape (5, n_out), got (4, 3): axis 0 should be 5
    """
    shape = tuple(array.shape)
    wanted = ", ".join("..." if length is ... else str(length) for length in expected)
    problem = f"{name}: expected shape ({wanted}{',' * (len(expected) == 1)}), got {shape}"
    if expected[0] is ...:
        expected = ("any",) * max(1, len(shape) - len(expected) + 1) + expected[1:]
    if len(shape) != len(expected):
        raise ValueError(f"{problem}: {len(shape)} axes")
    for axis, (length, want) in enumerate(zip(shape, expected, strict=True)):
        if isinstance(want, int) and length != want:
            raise ValueError(f"{problem}: axis {axis} should be {want}")
        if length == 0:
            raise ValueError(f"{problem}: axis {axis} is empty")


def check_whole(name: str, value: int, least: int) -> None:
    """Raises TypeError unless `value` is a whole number, ValueError if it is less than `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected {name} >= {least}, got {value}")


def check_between(name: str, value: float, low: float, high: float) -> None:
    """Raises ValueError unless low < value <= high."""
    if not low < value <= high:
        raise ValueError(f"{name}: expected {low} < {name} <= {high}, got {value}")


def check_upstream(dy: Array, shape: tuple[int, ...], dtype: Any, name: str = "dy") -> Array:
    """dy with the dtype of its op; any real numbers will do.  Raises TypeError for others, ValueError for the shape."""
    get_xp(dy)
    check_shape(name, dy, *shape)
    if dy.dtype == dtype:
        return dy
    if getattr(dy.dtype, "kind", "f") not in "fiub":
        raise TypeError(f"{name}: expected {dtype} like the value of its op, got {dy.dtype}")
    return dy.astype(dtype)
