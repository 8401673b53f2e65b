"""A block is a part of a batch that stays in the cache while several operations pass over it, one after another.

    x (..., C)  ->  blocks (r, t C): t samples side by side in one long row         numbers (C,)  ->  t times (t C,)

NumPy works row by row: with few channels a row is too short to be worth starting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..backend import Array, get_xp

BLOCK = 2**19  # bytes: two such blocks stay in a core's own cache
ROW = 2048  # numbers


def blocks(arrays: Sequence[Array], per_channel: Sequence[Array] = ()) -> Iterator[list[Array]]:
    """The same part of all `arrays` (..., C), in order, as long rows; then `per_channel` (C,) repeated to one such row.

    The parts of a contiguous array are views: what is written to them is written to it. The last row may be shorter.

    >>> import numpy as np
    >>> for x, mean in blocks([np.zeros((3000, 3))], [np.ones(3)]):
    ...     print(x.shape, mean.shape)
    (4, 2046) (2046,)
    (1, 816) (816,)
    """
    channels = arrays[0].shape[-1]
    t = max(1, ROW // channels)
    samples = [a.reshape(-1, channels) for a in arrays]
    rows = [get_xp(p).broadcast_to(p, (t, channels)).reshape(-1) for p in per_channel]
    n = samples[0].shape[0]
    whole = n - n % t
    some = t * max(1, BLOCK // (t * channels * arrays[0].itemsize))
    for start in range(0, whole, some):
        yield [s[start : min(start + some, whole)].reshape(-1, t * channels) for s in samples] + rows
    if whole < n:
        yield [s[whole:].reshape(1, -1) for s in samples] + [row[: (n - whole) * channels] for row in rows]


def channel_sums(
    terms: Callable[..., tuple[Array, ...]], arrays: Sequence[Array], per_channel: Sequence[Array] = ()
) -> list[Array]:
    """The sums over all samples of what `terms(*block)` returns, each (C,)."""
    channels = arrays[0].shape[-1]
    sums = [[block_sum(term, channels) for term in terms(*block)] for block in blocks(arrays, per_channel)]
    return [sum(of_blocks) for of_blocks in zip(*sums, strict=True)]


def block_sum(block: Array, channels: int) -> Array:
    """The sum over the samples of a block.  (r, t C) -> (C,)."""
    return block.sum(axis=0).reshape(-1, channels).sum(axis=0)
