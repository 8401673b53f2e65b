"""The sums over the batch and over the channels, checked at the door; the ops themselves ask `grassmann_np.sums`."""

from __future__ import annotations

import numpy as np

from .. import sums
from ..backend import Array
from ..checks import check_arrays


@np.errstate(over="ignore", invalid="ignore")
def column_sums(x: Array) -> Array:
    """The sum over all axes but the last.  x (..., C) -> (C,).

    >>> import numpy as np
    >>> column_sums(np.array([[1.0, 10.0], [2.0, 20.0]]))
    array([ 3., 30.])
    """
    _check(x)
    return sums.column_sums(x)


@np.errstate(over="ignore", invalid="ignore")
def row_sums(x: Array) -> Array:
    """The sum over the last axis, which stays with length 1.  x (..., C) -> (..., 1)."""
    _check(x)
    return sums.row_sums(x)


def _check(x: Array) -> None:
    check_arrays(x=x)
    if x.ndim == 0:
        raise ValueError("x: expected one axis or more, got a number")
