"""A check stands at the door of every op: what does not fit raises before anything is returned or changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from .backend import Array, get_named_xp

LARGEST = 2**53  # of whole numbers: more is no size of anything


def given(**arrays: Array | None) -> dict[str, Array]:
    """Those that are there: an optional array may be None."""
    return {name: array for name, array in arrays.items() if array is not None}


def check_arrays(**arrays: Array) -> Any:
    """The backend of the named arrays, which must agree with the first in backend and dtype.

    Raises TypeError for a wrong or mixed backend or dtype.
    """
    xp = get_named_xp(**arrays)
    (first, like), *_ = arrays.items()
    for name, array in arrays.items():
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
    shape, lengths = tuple(array.shape), expected
    if expected[0] is ...:
        lengths = ("any",) * max(1, len(shape) - len(expected) + 1) + expected[1:]
    fits = len(shape) == len(lengths) and all(shape)
    if fits and all(n == want or not isinstance(want, int) for n, want in zip(shape, lengths, strict=True)):
        return
    wanted = ", ".join("..." if length is ... else str(length) for length in expected)
    problem = f"{name}: expected shape ({wanted}{',' * (len(expected) == 1)}), got {shape}"
    if len(shape) != len(lengths):
        raise ValueError(f"{problem}: {len(shape)} axes")
    for axis, (length, want) in enumerate(zip(shape, lengths, strict=True)):
        if isinstance(want, int) and length != want:
            raise ValueError(f"{problem}: axis {axis} should be {want}")
        if length == 0:
            raise ValueError(f"{problem}: axis {axis} is empty")


def check_number(name: str, value: Any) -> float:
    """Python's, NumPy's or a 0-d number as a float.  Raises TypeError unless it is real, ValueError if it is beyond."""
    if type(value) is float:
        return value  # the usual case: to ask whether something is Real takes a microsecond
    one = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(one, bool | np.bool_) or not isinstance(one, Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    try:
        return float(one)
    except OverflowError as error:
        raise ValueError(f"{name}: expected a number in the range of a float, got a larger one") from error


def check_whole(name: str, value: Any, least: int) -> int:
    """The number as an int.  Raises TypeError unless `value` is a whole number, ValueError if it is below `least`."""
    one = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(one, bool | np.bool_) or not isinstance(one, Integral):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    one = int(one)
    if one < least:
        raise ValueError(f"{name}: expected {name} >= {least}, got {value}")
    if one > LARGEST:
        raise ValueError(f"{name}: expected {name} <= {LARGEST}, got a larger number")
    return one


def check_between(name: str, value: Any, low: float, high: float) -> float:
    """The number as a float.  Raises TypeError unless `value` is one, ValueError unless low < value <= high."""
    number = check_number(name, value)
    if not low < number <= high:
        raise ValueError(f"{name}: expected {low} < {name} <= {high}, got {value}")
    return number


def check_least(name: str, value: Any, least: float = 0.0) -> float:
    """The number as a float.  Raises TypeError unless `value` is one, ValueError unless it is finite and >= least."""
    number = check_number(name, value)
    if not (number >= least and math.isfinite(number)):
        raise ValueError(f"{name}: expected a finite number >= {least:g}, got {value!r}")
    return number


def check_upstream(dy: Array, shape: tuple[int, ...], dtype: Any, name: str = "dy") -> Array:
    """dy with the dtype of its op; any real numbers will do.  Raises TypeError for others, ValueError for the shape."""
    get_named_xp(**{name: dy})
    check_shape(name, dy, *shape)
    if dy.dtype == dtype:
        return dy
    if getattr(dy.dtype, "kind", "f") not in "fiub":
        raise TypeError(f"{name}: expected {dtype} like the value of its op, got {dy.dtype}")
    return dy.astype(dtype)


def check_flag(name: str, value: Any) -> bool:
    """The value as a bool.  Raises TypeError unless it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def check_lengths(least: int = 1, **lengths: Any) -> tuple[int, ...]:
    """The named numbers as a shape.  Raises as `check_whole`."""
    return tuple(check_whole(name, value, least) for name, value in lengths.items())


def check_generator(rng: Any) -> None:
    """Raises TypeError unless `rng` is one of NumPy's random generators."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, got {type(rng).__name__}")


def check_kind(name: str, value: Any, kind: type) -> None:
    """Raises TypeError unless `value` is of this class."""
    if not isinstance(value, kind):
        raise TypeError(f"{name}: expected {kind.__name__}, got {type(value).__name__}")


def check_option(name: str, value: Any, options: Iterable[Any]) -> None:
    """Raises ValueError unless `value` is one of `options`."""
    if not (isinstance(value, str | int) and value in list(options)):
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, options))}, got {value!r}")


def check_several(name: str, values: Any) -> list[Any]:
    """The values as a list.  Raises TypeError unless they are a list, a tuple or a one-dimensional array."""
    if not isinstance(values, list | tuple) and not (isinstance(values, np.ndarray) and values.ndim == 1):
        raise TypeError(f"{name}: expected several values, a list or a tuple, got {values!r}")
    return list(values)
