"""Room is used again when, and only when, nothing uses it any more; and little of it is kept."""

import gc
import platform
import subprocess
import sys
import threading

import numpy as np
import pytest

from grassmann_np import nn, ops, room

LIKE = np.ones(1, np.float32)
SHAPE = (512, 1024)  # 2 MiB


def address(array):
    return array.__array_interface__["data"][0]


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    fresh = room._Kept()
    monkeypatch.setattr(room, "_KEPT", fresh)
    monkeypatch.setattr(room._Loan.__del__, "__defaults__", (fresh,))
    return fresh


def test_the_next_array_of_that_size_gets_it():
    a = room.empty(SHAPE, LIKE)
    place = address(a)
    del a
    b = room.empty((2048, 128), np.ones(1))
    assert address(b) == place and b.dtype == np.float64 and b.shape == (2048, 128) and b.flags.writeable
    assert address(room.empty(SHAPE, LIKE)) != place


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[3:5],
        lambda a: a.T,
        lambda a: a.reshape(-1).view(np.uint8)[7:],
        lambda a: lambda: a,
        memoryview,
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 3, axis=0),
        lambda a: a.flat,
    ],
)
def test_not_while_a_view_of_it_is_alive(view):
    a = room.empty(SHAPE, LIKE)
    place, alive = address(a), view(a)
    del a
    assert address(room.empty(SHAPE, LIKE)) != place
    del alive
    assert address(room.empty(SHAPE, LIKE)) == place


def test_no_more_is_kept_than_said(kept, monkeypatch):
    monkeypatch.setattr(room, "MOST", 5 * 2**20)
    arrays = [room.empty(SHAPE, LIKE) for _ in range(4)]
    places = list(map(address, arrays))
    while arrays:
        del arrays[0]
    assert [address(room) for room in kept.rooms.values()] == places[2:]  # the last two, 4 MiB
    room.empty((1024, 1024, 2), LIKE)  # larger than all
    assert not kept.rooms


def test_rooms_of_every_size_count(kept, monkeypatch):
    monkeypatch.setattr(room, "MOST", 5 * 2**20)
    arrays = [room.empty((rows, 1024), LIKE) for rows in (1024, 768, 512, 256)]  # 4, 3, 2 and 1 MiB
    while arrays:
        del arrays[0]
        assert sum(one.nbytes for one in kept.rooms.values()) <= room.MOST
    assert [one.nbytes >> 20 for one in kept.rooms.values()] == [2, 1]


def test_a_new_room_takes_the_place_of_old_ones(kept):
    arrays = [room.empty(SHAPE, LIKE) for _ in range(3)]
    places = list(map(address, arrays))
    while arrays:
        del arrays[0]
    other = room.empty((768, 1024), LIKE)  # 3 MiB: nothing fits, and two are let go
    assert [address(room) for room in kept.rooms.values()] == places[2:]
    assert address(room.empty(SHAPE, LIKE)) == places[2] and other.shape == (768, 1024)


def test_garbage_may_give_room_back_at_any_time():
    """Python 3.11 collects it where a tuple is made, as for `items()`; later versions between two instructions."""

    def garbage():
        cycle = [room.empty(SHAPE, LIKE)]
        cycle.append(cycle)

    thresholds, tuples = gc.get_threshold(), []
    for patience in range(20):
        arrays = [room.empty(SHAPE, LIKE) for _ in range(9)]
        arrays.clear()
        tuples += [(i, i) for i in range(3000)]  # now Python has no old ones to use again
        garbage()
        gc.set_threshold(gc.get_count()[0] + patience)
        try:
            room.empty((768, 1024), LIKE)
        finally:
            gc.set_threshold(*thresholds)


def test_small_arrays_are_left_to_the_c_library(kept):
    a = room.empty((2**18 - 1,), LIKE)
    assert a.base is None
    del a
    assert not kept.rooms


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have other habits")
def test_the_c_library_keeps_the_room_of_small_arrays():
    """A page that is touched for the first time is counted as a fault."""
    code = """if True:
        import resource, numpy
        from grassmann_np import room
        room.empty((3,), numpy.ones(3))
        def work(): [numpy.ones(200_000, numpy.float32) for _ in range(10)]
        def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        work(); before = faults()
        for _ in range(20): work()
        print(faults() - before)"""
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(found.stdout) < 200  # of 39000 that are touched


def test_two_forwards_before_a_pullback_in_a_steady_state():
    rng = np.random.default_rng(0)
    model = nn.cnn((28, 28, 1), 10, rng)
    x, other = rng.standard_normal((2, 64, 28, 28, 1), dtype=np.float32)
    dy = rng.standard_normal((64, 10), dtype=np.float32)

    def pulled(disturb):
        y, pullback = model(x)
        if disturb:
            model(other)[1](dy)
            model(other)
        return [y.copy(), pullback(dy), *[p.grad for p in model.parameters()]]

    first = pulled(False)
    for disturb in (True, False, True):
        for a, b in zip(pulled(disturb), first, strict=True):
            np.testing.assert_array_equal(a, b)


def test_threads_never_get_the_same_room():
    def work(number):
        for _ in range(200):
            x = room.empty(SHAPE, LIKE)
            x[:, 0] = number
            y, pullback = ops.relu(x)
            wrong.extend(a for a in (x, y, pullback(y)) if not (a[:, 0] == number).all())

    wrong = []
    threads = [threading.Thread(target=work, args=(n,)) for n in (1.0, 2.0, 3.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
