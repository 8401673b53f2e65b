"""A mask says which numbers of an array are kept; the others become 0, even if they were infinite.

only(x, mask) = x where the mask holds, else 0
"""

from __future__ import annotations

import numpy as np

from .backend import Array, get_xp


def only(x: Array, mask: Array) -> Array:
    """`xp.where(mask, x, 0)`, which NumPy does one number at a time; so there the bits of x are masked.

    >>> only(np.array([1.0, np.inf]), np.array([True, False]))
    array([1., 0.])
    """
    xp = get_xp(x, mask)
    if xp is not np:
        return xp.where(mask, x, 0.0)
    bits = -mask.view(np.int8)  # all ones where the mask holds
    return np.bitwise_and(x.view(f"i{x.itemsize}"), bits).view(x.dtype)
