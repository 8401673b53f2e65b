"""A share is the part of a batch that one thread works on: all that is to be done to it, one thing after another.

    work(0:N/2) and work(N/2:N) at once, BLAS held to one thread meanwhile

That beats threads inside BLAS, which meet at every matrix product, leave all that lies between to one of them, and
spin for a while after each product, in the way of whoever works next. So even a single share has BLAS to itself.
There are as many shares as BLAS has threads: OMP_NUM_THREADS and the affinity of the process decide. The same number
of threads gives the same bits. Without threadpoolctl (the extra `threads`) there is one share, and BLAS keeps them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from ..backend import Array, get_xp

T = TypeVar("T")
SMALLEST = 2**19  # bytes: less is not worth a thread


def share(work: Callable[[slice], T], arrays: Sequence[Array], least: int = 1) -> list[T]:
    """[work(first samples), work(the next ones), ...] of all `arrays` (N, ...), at once; on a device in one share.

    A share has at least `least` times SMALLEST bytes of the largest array: more where operations are many and short,
    since they get in each other's way.

    >>> import numpy as np
    >>> share(lambda part: part, [np.zeros((8, 3))])
    [slice(0, 8, None)]
    """
    n, size = arrays[0].shape[0], max(a.nbytes for a in arrays)
    blas = _blas() if get_xp(*arrays) is np else None
    if blas is None:
        return [work(slice(0, n))]
    with _one_at_a_time():  # how many threads BLAS has is a property of the process
        threads = min(library.num_threads for library in blas.lib_controllers)
        count = max(1, min(n, threads, size // (least * SMALLEST)))
        parts = [slice(start, stop) for start, stop in pairwise(n * i // count for i in range(count + 1))]
        with blas.limit(limits=1):
            if count == 1:
                return [work(parts[0])]
            contexts = [copy_context() for _ in parts]  # so that np.errstate holds in every thread
            return list(_pool(count).map(lambda context, part: context.run(work, part), contexts, parts))


@cache
def _blas() -> Any:
    """The BLAS libraries of this process; None if there are none, or threadpoolctl is missing."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    found = ThreadpoolController().select(user_api="blas")
    return found if found.lib_controllers else None


@cache
def _pool(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count)  # kept: to start a thread takes longer than many an op


@cache
def _one_at_a_time() -> Lock:
    return Lock()


def _forget() -> None:
    _pool.cache_clear()
    _one_at_a_time.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # threads do not live on in a forked process
