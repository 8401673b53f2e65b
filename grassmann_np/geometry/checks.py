"""A check stands at the door of every geometric function: bad input raises before anything is computed."""

from __future__ import annotations

from typing import Any

from ..backend import Array, get_xp


def check(**arrays: Array) -> Any:
    """The backend of the named arrays, which must agree with the first in backend, device, dtype and shape.

    Raises TypeError for a wrong or mixed backend or dtype; ValueError for a wrong shape or device, NaN or inf.
    """
    xp = get_xp(*arrays.values())
    (first, like), *_ = arrays.items()
    for name, array in arrays.items():
        if array.dtype not in (xp.float32, xp.float64):
            raise TypeError(f"{name}: expected float32 or float64, got {array.dtype}")
        if array.dtype != like.dtype:
            raise TypeError(f"{name}: expected {like.dtype} like {first}, got {array.dtype}")
        if array.shape != like.shape:
            raise ValueError(f"{name}: expected shape {tuple(like.shape)} like {first}, got {tuple(array.shape)}")
        if array.device != like.device:
            raise ValueError(f"{name}: expected device {like.device} like {first}, got {array.device}")
        if not xp.all(xp.isfinite(array)):
            raise ValueError(f"{name}: expected finite numbers, got NaN or inf")
    return xp


def check_columns(**arrays: Array) -> Any:
    """`check`, for points that are columns: shape (n,) or (n, m) with n >= 1."""
    xp = check(**arrays)
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


def check_option(name: str, value: Any, options: tuple[str, ...]) -> None:
    """Raises ValueError unless `value` is one of `options`."""
    if not (isinstance(value, str) and value in options):
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, options))}, got {value!r}")
