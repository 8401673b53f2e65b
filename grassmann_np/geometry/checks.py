"""A check stands at the door of every geometric function: bad input raises before anything is returned."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from ..backend import Array, get_named_xp, get_xp
from ..checks import check_number, check_several, check_whole

quiet = np.errstate(over="ignore", invalid="ignore")  # what is beyond the largest number is inf; see who takes it


def check(**arrays: Array) -> Any:
    """The backend of the named arrays, which must agree with the first in backend, device, dtype and shape.

    Raises TypeError for a wrong or mixed backend or dtype; ValueError for a wrong shape or device, NaN or inf.
    """
    xp = check_alike(**arrays)
    check_finite(**arrays)
    return xp


def check_finite(**arrays: Array) -> None:
    """Raises ValueError for NaN or inf."""
    for name, array in arrays.items():
        if not is_finite(array):
            raise ValueError(f"{name}: expected finite numbers, got NaN or inf")


def is_finite(array: Array) -> bool:
    """Whether there is no NaN or inf."""
    if (xp := get_xp(array)) is np:
        return bool(np.isfinite(array).all())  # NumPy's own method: half the time for a small array
    return bool(xp.all(xp.isfinite(array)))


def check_alike(**arrays: Array) -> Any:
    """`check`, but for NaN and inf."""
    xp = get_named_xp(**arrays)
    (first, like), *_ = arrays.items()
    dtype, shape, device = like.dtype, like.shape, like.device
    _check_real(xp, first, dtype)
    for name, array in arrays.items():
        if array.dtype != dtype:
            _check_real(xp, name, array.dtype)
            raise TypeError(f"{name}: expected {dtype} like {first}, got {array.dtype}")
        if array.shape != shape:
            raise ValueError(f"{name}: expected shape {tuple(shape)} like {first}, got {tuple(array.shape)}")
        if array.device != device:
            raise ValueError(f"{name}: expected device {device} like {first}, got {array.device}")
    return xp


def _check_real(xp: Any, name: str, dtype: Any) -> None:
    if dtype not in (xp.float32, xp.float64):
        raise TypeError(f"{name}: expected float32 or float64, got {dtype}")


def check_products(products: Array, **arrays: Array) -> None:
    """`check_finite` of arrays whose inner products are known: every entry has a part in one of these few numbers."""
    if not is_finite(products):
        check_finite(**arrays)


def check_columns(**arrays: Array) -> Any:
    """`check`, for points that are columns: shape (n,) or (n, m) with n >= 1."""
    xp = check_alike_columns(**arrays)
    check_finite(**arrays)
    return xp


def check_alike_columns(**arrays: Array) -> Any:
    """`check_columns`, but for NaN and inf."""
    xp = check_alike(**arrays)
    (first, like), *_ = arrays.items()
    if like.ndim not in (1, 2) or like.shape[0] == 0:
        raise ValueError(f"{first}: expected one column (n,) or several (n, m), n >= 1, got shape {tuple(like.shape)}")
    return xp


def check_matrices(**arrays: Array) -> Any:
    """`check`, for points that are matrices: shape (..., n, p) with n >= p >= 1."""
    xp = check(**arrays)
    (first, like), *_ = arrays.items()
    if like.ndim < 2 or not like.shape[-2] >= like.shape[-1] >= 1:
        raise ValueError(f"{first}: expected matrices (..., n, p) with n >= p >= 1, got shape {tuple(like.shape)}")
    return xp


def check_numbers(like: Array, shape: tuple[int, ...], **numbers: Any) -> list[float | Array]:
    """The numbers, each a Python float (which widens nothing) or an array of `shape` with the dtype of `like`.

    Python's, NumPy's and 0-d numbers will do.  Raises ValueError for NaN, inf and any other array.
    """
    found: list[float | Array] = []
    for name, s in numbers.items():
        if type(s) is float or isinstance(s, Real | bool | np.bool_) or (isinstance(s, np.ndarray) and s.ndim == 0):
            one = check_number(name, s)
            if not math.isfinite(one):
                raise ValueError(f"{name}: expected finite numbers, got NaN or inf")
            found.append(one)
            continue
        if check(**{name: s}) is not get_xp(like) or s.dtype != like.dtype or s.shape != shape:
            want, got = f"{like.dtype} of shape {tuple(shape)}", f"{s.dtype} of {tuple(s.shape)}"
            raise ValueError(f"{name}: expected {want}, got {got}")
        found.append(s)
    return found


def check_shape(shape: Any, least: int, most: float = math.inf) -> tuple[int, ...]:
    """The shape of points to draw: `least` to `most` whole numbers."""
    lengths = tuple(check_whole("shape", length, 0) for length in check_several("shape", shape))
    if not least <= len(lengths) <= most:
        raise ValueError(f"shape: expected {least} axes" + f" to {most}" * (most != least) + f", got {lengths}")
    return lengths
