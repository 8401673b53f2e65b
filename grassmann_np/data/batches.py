"""A batch is the numbers of a few training samples; an epoch is batches that hold every sample once, in a new order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..checks import check_flag, check_generator, check_whole
from .dataset import Array


def batches(n: int, size: int, rng: np.random.Generator, drop_last: bool = False) -> Iterator[Array]:
    """The numbers 0 to n - 1 in an order drawn from `rng`, `size` at a time; every call draws a new one.

    The last batch may be smaller, and is left out with `drop_last`.  A last batch of one sample joins the one before:
    batch normalization needs two.  Raises ValueError, at once, where there would be no batch, TypeError for an `n` or
    `size` that is not whole, or an `rng` that is not a numpy Generator.

    >>> [len(batch) for batch in batches(10, 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    n, size = check_whole("n", n, 1), check_whole("size", size, 1)
    check_generator(rng)
    if check_flag("drop_last", drop_last) and n < size:
        raise ValueError(f"size: expected at most {n}, for one full batch, got {size}; or keep the last batch")
    order = rng.permutation(n)
    stop = n - n % size if drop_last else n
    starts = list(range(0, stop, size))
    if len(starts) > 1 and stop - starts[-1] == 1:
        starts.pop()
    return (order[a:b] for a, b in pairwise([*starts, stop]))
