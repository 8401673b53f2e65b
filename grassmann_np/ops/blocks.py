"""A block is a part of a batch that stays in the cache while several operations pass over it, one after another.

    x (..., C)  ->  blocks (r, t C): t samples side by side in one long row         numbers (C,)  ->  t times (t C,)

NumPy works row by row: with few channels a row is too short to be worth starting. Threads share the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..backend import Array, get_xp
from .share import share
from ..sums import column_sums

BLOCK = 2**19  # bytes: two such blocks stay in a core's own cache
LEAST = 16  # times the smallest share: what a thread should get of them
DEVICE_BLOCK = 2**28  # bytes: on a device what counts is how often a kernel is started
ROW = 8192  # numbers: NumPy's own buffer, below which it starts a row anew for every operand


def at_a_time(x: Array, bytes_each: int, block: int) -> int:
    """How many samples, of so many bytes each, make a block: at least one.  `x` tells host from device."""
    return max(1, (block if get_xp(x) is np else DEVICE_BLOCK) // bytes_each)


def on_samples(work: Callable[..., object], arrays: Sequence[Array]) -> None:
    """work(*parts) for a few samples of all `arrays` (N, ...) at a time; it may write into them."""
    few = at_a_time(arrays[0], max(a.nbytes for a in arrays) // arrays[0].shape[0], BLOCK)

    def some(part: slice) -> None:
        for start in range(part.start, part.stop, few):
            work(*[a[start : min(start + few, part.stop)] for a in arrays])

    share(some, arrays)


def on_blocks(work: Callable[..., object], arrays: Sequence[Array], per_channel: Sequence[Array] = ()) -> None:
    """work(*block, room) for every block of `arrays` and `per_channel`; it may write into its arrays.

    `room` is an array like the block to work in.
    """
    samples = [a.reshape(-1, a.shape[-1]) for a in arrays]

    def some(part: slice) -> None:
        for block in _with_room(blocks([s[part] for s in samples], per_channel)):
            work(*block)

    share(some, samples, LEAST)


def channel_sums(
    terms: Callable[..., Iterator[Array]], arrays: Sequence[Array], per_channel: Sequence[Array] = ()
) -> list[Array]:
    """The sums over all samples of what `terms(*block, room)` yields, each (C,); see `on_blocks`.

    A term is summed before the next is asked for.
    """
    samples = [a.reshape(-1, a.shape[-1]) for a in arrays]
    channels = samples[0].shape[1]

    def some(part: slice) -> list[Array]:
        totals = list[Array]()
        for block in _with_room(blocks([s[part] for s in samples], per_channel)):
            rows = map(column_sums, terms(*block))
            if totals:
                for total, row in zip(totals, rows, strict=True):
                    total[: len(row)] += row  # a shorter row begins with the same channel
            else:
                totals = list(rows)
        return [total.reshape(-1, channels).sum(axis=0) for total in totals]

    return [sum(of_shares) for of_shares in zip(*share(some, samples, LEAST), strict=True)]


def blocks(arrays: Sequence[Array], per_channel: Sequence[Array] = ()) -> Iterator[list[Array]]:
    """The same part of all `arrays` (..., C), in order, as long rows; then `per_channel` (C,) repeated to one such row.

    The parts of a contiguous array are views: what is written to them is written to it. The last row may be shorter.

    >>> import numpy as np
    >>> for x, mean in blocks([np.zeros((3000, 3))], [np.ones(3)]):
    ...     print(x.shape, mean.shape)
    (1, 8190) (8190,)
    (1, 810) (810,)
    """
    channels = arrays[0].shape[-1]
    t = max(1, ROW // channels)
    samples = [a.reshape(-1, channels) for a in arrays]
    rows = [get_xp(p).broadcast_to(p, (t, channels)).reshape(-1) for p in per_channel]
    n = samples[0].shape[0]
    whole = n - n % t
    some = t * at_a_time(arrays[0], t * channels * arrays[0].itemsize, BLOCK)
    for start in range(0, whole, some):
        yield [s[start : min(start + some, whole)].reshape(-1, t * channels) for s in samples] + rows
    if whole < n:
        yield [s[whole:].reshape(1, -1) for s in samples] + [row[: (n - whole) * channels] for row in rows]


def _with_room(blocks: Iterator[list[Array]]) -> Iterator[list[Array]]:
    """Every block, and behind it the same memory as an array of the shape of its first; the last block is smaller."""
    room = None
    for block in blocks:
        if room is None:
            room = get_xp(block[0]).empty_like(block[0]).reshape(-1)
        yield [*block, room[: block[0].size].reshape(block[0].shape)]
