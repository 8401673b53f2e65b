"""Room is the memory of an array; when nothing uses it any more, the next array of that size gets it.

The system hands out fresh memory page by page, at the first touch, filled with zeros: writing a large new array takes
twice as long as writing an old one. But a training step makes the same arrays as the step before. So room comes back
when its array and all views of it are gone, which Python knows: no pullback that is alive can lose its arrays. What
came back last is kept, up to a limit; the rest goes back to the system.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from .backend import Array, get_xp

SMALLEST = 2**20  # bytes: below, the C library keeps room well enough
MOST = 2**28  # bytes kept


def empty(shape: tuple[int, ...], like: Array) -> Array:
    """An array with numbers left over from others, of the backend and dtype of `like`.

    >>> empty((2, 3), like=np.ones(1, np.float32)).dtype
    dtype('float32')
    """
    xp, size = get_xp(like), math.prod(shape) * like.dtype.itemsize
    if xp is not np or size < SMALLEST:
        _let_glibc_keep_more()
        return xp.empty(shape, dtype=like.dtype)
    return np.asarray(_Loan(_KEPT.take(size))).view(like.dtype).reshape(shape)


@cache
def _let_glibc_keep_more() -> None:
    """The GNU C library learns what to keep from the largest array that is freed: now up to 64 MiB.  See mallopt(3).

    Any program that frees an array of 32 MiB does the same; none of this one is ever touched.
    """
    np.empty(2**25 - 2**13, dtype=np.uint8)


class _Kept:
    """Rooms to use again, the last one back at the end.

    Every step is one that nobody else can cut in two: no other thread, and not the garbage collector, which gives rooms
    back. Python 3.11 calls it wherever a tuple is made, so there is no `items()` here.
    """

    def __init__(self) -> None:
        self.rooms: dict[int, Array] = {}  # by id

    def take(self, size: int) -> Array:
        for room in reversed(list(self.rooms.values())):
            if room.nbytes == size and self.rooms.pop(id(room), None) is not None:
                return room
        self.let_go(size)  # a new room takes the place of old ones: all together never need more than without them
        return np.empty(size, dtype=np.uint8)

    def give_back(self, room: Array) -> None:
        self.rooms[id(room)] = room
        self.let_go(sum(room.nbytes for room in list(self.rooms.values())) - MOST)

    def let_go(self, much: int) -> None:
        """At least so many bytes, of the oldest rooms."""
        for room in list(self.rooms.values()):
            if much > 0:
                self.rooms.pop(id(room), None)
                much -= room.nbytes


_KEPT = _Kept()


class _Loan:
    """What an array in a room rests on: it goes when the last view of the array goes, and gives the room back."""

    def __init__(self, room: Array) -> None:
        self.room, self.__array_interface__ = room, room.__array_interface__

    def __del__(self, kept: _Kept = _KEPT) -> None:
        kept.give_back(self.room)
