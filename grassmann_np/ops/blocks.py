"""A block is a part of a batch that stays in the cache while several operations pass over it, one after another.

    x (..., C)  ->  blocks (r, t C): t samples side by side in one long row         numbers (C,)  ->  t times (t C,)

NumPy works row by row: with few channels a row is too short to be worth starting. Blocks are shared between threads;
what they give comes back in their own order, so that sums are the same to the last bit for any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from ..backend import Array, get_xp

T = TypeVar("T")

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


def each_block(work: Callable[..., T], arrays: Sequence[Array], per_channel: Sequence[Array] = ()) -> list[T]:
    """[work(*block), ...] for all blocks, in order.  On the host every thread takes a run of neighbours."""
    parts = list(blocks(arrays, per_channel))
    count = min(threads(), len(parts)) if get_xp(*arrays) is np else 1
    cuts = [len(parts) * i // count for i in range(count + 1)]
    runs = [parts[start:stop] for start, stop in zip(cuts, cuts[1:], strict=False)]
    if count == 1:
        return [work(*part) for part in parts]
    with ThreadPoolExecutor(count) as pool:
        return [result for results in pool.map(lambda run: [work(*part) for part in run], runs) for result in results]


def threads() -> int:
    """OMP_NUM_THREADS if it is set, but no more than the cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, int(os.environ.get("OMP_NUM_THREADS", cores)))


def block_sums(block: Array, channels: int) -> Array:
    """The sum over the samples of a block.  (r, t C) -> (C,)."""
    return block.sum(axis=0).reshape(-1, channels).sum(axis=0)
