"""Freed memory can be kept for the next arrays, which then need not ask the system for theirs.

The system gives fresh memory page by page, zeroed, at the first touch of each page. A training step asks for the same
arrays as the step before; if the C library has given their memory back in between, that costs a tenth of a step and
more. The GNU C library can be told not to. Other libraries know no such call, or do not need it.
"""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h


def keep_freed() -> bool:
    """From now on this process keeps the memory that it frees, up to 2 GiB in a row; whether it could be told so.

    For programs, which own their process: a library should not decide this.  Source: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
