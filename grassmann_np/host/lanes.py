"""Lanes are the channels of an image, laid side by side until a row is long enough for a loop to run at full speed.

    x (..., C)  ->  rows (r, t C): t samples in one row         numbers (C,)  ->  t times (t C,)

The samples that do not fill a row are a second, shorter array.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..backend import Array

ROW = 256  # numbers: a multiple of what a core computes at once, and short enough for its nearest cache


def lanes(channels: int) -> int:
    """t, the samples in a row.

    >>> lanes(64)
    4
    """
    return max(1, ROW // channels)


def rows(part: slice, *arrays: Array) -> Iterator[list[Array]]:
    """The samples `part` of all arrays (N, C), contiguous: as rows (r, t C), then what is left as a row (1, s C)."""
    channels = arrays[0].shape[1]
    t, n = lanes(channels), part.stop - part.start
    whole = part.start + n - n % t
    if whole > part.start:
        yield [a[part.start : whole].reshape(-1, t * channels) for a in arrays]
    if whole < part.stop:
        yield [a[whole : part.stop].reshape(1, -1) for a in arrays]


def repeated(numbers: Array) -> Array:
    """Numbers (C,) t times, as long as a row."""
    t = lanes(len(numbers))
    return numbers if t == 1 else np.broadcast_to(numbers, (t, len(numbers))).reshape(-1)


def folded(sums: Array, channels: int) -> Array:
    """The sums of every channel, (..., C), of sums for every place in a row, (..., t C)."""
    return sums if sums.shape[-1] == channels else sums.reshape(*sums.shape[:-1], -1, channels).sum(axis=-2)
