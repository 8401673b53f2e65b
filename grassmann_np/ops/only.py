"""Only some numbers of an array are kept; the others become 0, even if they were infinite.

only(x, mask) = x where the mask holds, else 0
"""

from __future__ import annotations

import numpy as np

from ..backend import Array, get_xp


def only(x: Array, mask: Array, out: Array) -> None:
    """out = `xp.where(mask, x, 0)`, which NumPy does one number at a time; so there the bits of x are masked.

    >>> out = np.empty(2)
    >>> only(np.array([1.0, np.inf]), np.array([True, False]), out)
    >>> out
    array([1., 0.])
    """
    xp = get_xp(x, mask, out)
    if xp is not np:
        out[...] = xp.where(mask, x, 0.0)
        return
    x, integer = x.astype(out.dtype, copy=False), f"i{out.itemsize}"
    bits = -mask.view(np.int8)  # all ones where the mask holds
    np.bitwise_and(x.view(integer), bits, out=out.view(integer))
