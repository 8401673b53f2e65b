"""A share is the part of a batch that one thread works on (data parallelism): all that is to be done to it, in order.

    work(0:N/2) and work(N/2:N) at once

There are as many shares as BLAS has threads: OMP_NUM_THREADS and the affinity of the process decide. The same number
of threads gives the same bits. Without threadpoolctl there is one share.

With `products` BLAS is held to one thread meanwhile. That beats threads inside BLAS, which meet at every matrix
product, leave all that lies between to one of them, and spin for a while after each, in the way of whoever works next.

A helper that sleeps takes longer to wake than many an op takes. So it stays awake for a moment after its work, looks
whether there is more, and hands the processor to anybody who wants it meanwhile.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from functools import cache
from itertools import pairwise
from threading import Lock, Thread
from typing import Any, TypeVar

import numpy as np
from numba import types

from .loop import loop

T = TypeVar("T")
SMALLEST = 2**20  # bytes: less is not worth a thread
AWAKE = 1000  # looks for more work before a helper falls asleep: about half a millisecond


def share(work: Callable[[slice], T], n: int, size: int, products: bool = False) -> list[T]:
    """[work(first of n samples), work(the next ones), ...] at once; `size` is the bytes of the largest array.

    A share of less than SMALLEST bytes is not made.

    >>> share(lambda part: part, 8, size=96)
    [slice(0, 8, None)]
    """
    if not products and (n < 2 or size < 2 * SMALLEST):
        return [work(slice(0, n))]
    blas = _blas()
    with _one_at_a_time(os.getpid()):  # how many threads BLAS has is a property of the process
        threads = [library.num_threads for library in blas]
        count = max(1, min(n, *threads, size // SMALLEST) if threads else 1)
        parts = [slice(start, stop) for start, stop in pairwise(n * i // count for i in range(count + 1))]
        if not products:
            return _at_once(work, parts)
        with _alone(blas, threads):
            return _at_once(work, parts)


def _at_once(work: Callable[[slice], T], parts: list[slice]) -> list[T]:
    """work(part) for every part: the first here, the others by helpers, who have the caller's np.errstate."""
    helpers = [_helper(os.getpid(), number) for number in range(len(parts) - 1)]
    for helper, part in zip(helpers, parts[1:], strict=True):
        helper.begin(copy_context(), work, part)
    try:
        first = work(parts[0])
    finally:
        try:
            found = [helper.end() for helper in helpers]
        except BaseException:  # Ctrl-C while waiting: these may still be at work, so the next call gets others
            _helper.cache_clear()
            raise
    for _, error in found:
        if error is not None:
            raise error
    return [first, *(result for result, _ in found)]


class Helper(Thread):
    """A thread that does one piece of work after another; `begin` gives it one, and `end` waits for it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.counts = np.zeros(128, dtype=np.int64)  # of pieces begun [0] and ended [64], far apart in memory
        self.has_begun, self.has_ended = Lock(), Lock()
        self.has_begun.acquire(), self.has_ended.acquire()
        self.task: Any = None
        self.found: tuple[Any, BaseException | None] = None, None
        self.start()

    def begin(self, context: Context, work: Callable[[slice], Any], part: slice) -> None:
        self.task = context.run, work, part
        self.has_begun.release()
        self.counts[0] += 1

    def end(self) -> tuple[Any, BaseException | None]:
        """(the result, None), or (None, the error)."""
        if _may_look():
            _look(self.counts[64:], self.counts[0], AWAKE)
        self.has_ended.acquire()
        found, self.found = self.found, (None, None)
        return found

    def run(self) -> None:
        begun = 0
        while True:
            begun += 1
            if _may_look():
                _look(self.counts, begun, AWAKE)
            self.has_begun.acquire()
            (run, work, part), self.task = self.task, None
            try:
                self.found = run(work, part), None
            except BaseException as error:  # the caller's to judge
                self.found = None, error
            del run, work, part  # nothing is kept alive by a helper that waits
            self.has_ended.release()
            self.counts[64] = begun


_yield = types.ExternalFunction("sched_yield", types.int32())


@loop
def _look(count: Any, wanted: Any, times: Any) -> Any:
    """Returns when count[0] is `wanted`, or after so many looks; lets others have the processor between two."""
    for _ in range(times):
        if count[0] == wanted:
            return
        _yield()


@cache
def _may_look() -> bool:
    """Whether this system has what `_look` calls."""
    return os.name == "posix" and hasattr(ctypes.CDLL(None), "sched_yield")


@contextmanager
def _alone(blas: list[Any], threads: list[int]) -> Iterator[None]:
    """One thread for these libraries of BLAS, which have so many."""
    several = [(library, count) for library, count in zip(blas, threads, strict=True) if count > 1]
    for library, _ in several:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, count in several:
            library.set_num_threads(count)


@cache
def _blas() -> list[Any]:
    """The BLAS libraries of this process; none if threadpoolctl is missing."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return []
    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


@cache
def _helper(process: int, number: int) -> Helper:
    """Kept, because to start a thread takes longer than many an op; a forked process gets its own."""
    return Helper()


@cache
def _one_at_a_time(process: int) -> Lock:
    return Lock()
