"""Shares are the same batch in several threads: nothing twice, nothing left out, and BLAS gets its threads back."""

import multiprocessing
import sys
import threading
import time
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassmann_np import ops, ways

threadpoolctl = pytest.importorskip("threadpoolctl", reason="pip install 'grassmann-np[fast]'")
module = pytest.importorskip("grassmann_np.host.share", reason="pip install 'grassmann-np[fast]'")
pytest.importorskip("scipy.linalg")  # Numba loads it with the first loop, and BLAS in it: now none comes later
share = module.share
BIG = 10**9  # bytes


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """Three threads, whatever the machine has, and no array too small for them."""
    monkeypatch.setattr(module, "SMALLEST", 1)
    monkeypatch.setattr(ways, "LEAST", 0)
    with threadpoolctl.threadpool_limits(3):
        if min(one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas") < 3:
            pytest.skip("this BLAS has fewer than three threads")
        yield


def blas_threads():
    return [one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]


@given(n=st.integers(1, 40))
def test_every_sample_is_in_one_share(n):
    parts = share(lambda part: (part.start, part.stop), n, BIG)
    assert len(parts) == min(3, n)
    assert [i for start, stop in parts for i in range(start, stop)] == list(range(n))
    assert max(stop - start for start, stop in parts) - min(stop - start for start, stop in parts) <= 1


def test_shares_run_at_once_with_one_blas_thread_each():
    meeting = threading.Barrier(3, timeout=10)

    def work(part):
        meeting.wait()  # breaks unless all three are here at the same time
        return blas_threads()

    before = blas_threads()
    assert all(count == 1 for counts in share(work, 3, BIG, products=True) for count in counts)
    assert blas_threads() == before


def test_an_error_comes_out_and_blas_gets_its_threads_back():
    before = blas_threads()
    with pytest.raises(ZeroDivisionError):
        share(lambda part: 1 // part.start, 6, BIG, products=True)
    assert blas_threads() == before
    assert len(share(lambda part: part, 6, BIG)) == 3


def test_the_callers_errstate_holds_in_every_share():
    with np.errstate(invalid="raise"):
        assert share(lambda part: np.geterr()["invalid"], 6, BIG) == ["raise"] * 3


def test_little_work_and_one_thread_are_one_share(monkeypatch):
    with threadpoolctl.threadpool_limits(1):
        assert share(lambda part: part, 6, BIG) == [slice(0, 6)]
    monkeypatch.setattr(module, "SMALLEST", 100)
    assert share(lambda part: part, 6, size=199) == [slice(0, 6)]
    assert len(share(lambda part: part, 6, size=200)) == 2
    assert share(lambda part: part, 6, size=99, products=True) == [slice(0, 6)]


def test_whose_turn_it_is_does_not_depend_on_how_long_a_helper_sleeps(monkeypatch):
    for awake in (0, 1, 10**6):
        monkeypatch.setattr(module, "AWAKE", awake)
        for pause in (0, 0.002):
            time.sleep(pause)
            assert share(lambda part: part.start, 6, BIG) == [0, 2, 4]


def test_the_error_of_a_helper_comes_out_too():
    def work(part):
        if part.start:
            raise ZeroDivisionError(part.start)

    with pytest.raises(ZeroDivisionError, match="2"):
        share(work, 6, BIG)
    assert len(share(lambda part: part, 6, BIG)) == 3


def test_a_helper_that_waits_keeps_nothing_alive():
    given, found = np.ones(3), []
    alive = [weakref.ref(given)]

    def work(part, given=given):
        made = given + part.start
        alive.append(weakref.ref(made))
        return made

    found.extend(share(work, 6, BIG))
    del given, work
    found.clear()
    assert len(alive) == 4 and all(one() is None for one in alive)


def test_after_ctrl_c_others_help(monkeypatch):
    """Those that were not waited for may still be at work."""

    def interrupted(helper):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.Helper, "end", interrupted)
        with pytest.raises(KeyboardInterrupt):
            share(lambda part: None, 6, BIG)
    for _ in range(3):
        assert share(lambda part: part.start, 6, BIG) == [0, 2, 4]


def test_a_single_share_has_blas_to_itself():
    before = blas_threads()
    (counts,) = share(lambda part: blas_threads(), 1, BIG, products=True)
    assert set(counts) == {1} and blas_threads() == before


def test_without_threadpoolctl_there_is_one_share(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    module._blas.cache_clear()
    try:
        assert share(lambda part: part, 6, BIG, products=True) == [slice(0, 6)]
    finally:
        module._blas.cache_clear()


def convolved(x, w, dy):
    y, pullback = ops.conv2d(x, w, padding=1)
    return [y, *pullback(dy)]


def example(seed=0, n=7):
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((n, 5, 6, 3), dtype=np.float32),
        rng.standard_normal((3, 3, 3, 4), dtype=np.float32),
        rng.standard_normal((n, 5, 6, 4), dtype=np.float32),
    )


@given(n=st.integers(1, 9), stride=st.sampled_from([1, 2]))
def test_shares_agree_with_one_share(n, stride):
    x, w, _ = (a.astype(np.float64) for a in example(n, n))
    found = []
    for threads in (3, 1):
        with threadpoolctl.threadpool_limits(threads):
            y, pullback = ops.conv2d(x, w, stride=stride, padding=1)
            found.append([y, *pullback(np.cos(y))])
    for ours, alone in zip(*found, strict=True):
        np.testing.assert_allclose(ours, alone, rtol=1e-12, atol=1e-12)


@given(n=st.integers(1, 9))
def test_shares_of_a_linear_op_agree_with_one_share(n):
    x, w, dy = (np.random.default_rng(n).standard_normal(shape) for shape in ((n, 3), (3, 4), (n, 4)))
    y, pullback = ops.linear(x, w)
    for ours, alone in zip([y, *pullback(dy)], [x @ w, dy @ w.T, x.T @ dy], strict=True):
        np.testing.assert_allclose(ours, alone, rtol=1e-12, atol=1e-12)


def test_the_same_threads_give_the_same_bits():
    first = convolved(*example())
    for _ in range(20):
        assert all(np.array_equal(a, b) for a, b in zip(first, convolved(*example()), strict=True))


def test_two_callers_at_once_do_not_disturb_each_other():
    alone, before, found = convolved(*example()), blas_threads(), []
    callers = [
        threading.Thread(target=lambda: found.extend(convolved(*example()) for _ in range(30))) for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 120 and blas_threads() == before
    assert all(np.array_equal(a, b) for one in found for a, b in zip(alone, one, strict=True))


def in_a_child(queue):
    queue.put([len(convolved(*example()))])


@pytest.mark.skipif(sys.platform != "linux", reason="forks safely on Linux only")
@pytest.mark.filterwarnings("ignore")  # Python warns of forks beside threads: that is what is tested
@pytest.mark.parametrize("during", [False, True], ids=["after a share", "during a share"])
def test_a_forked_process_has_threads_of_its_own(during):
    """It gets a copy of the helpers without their threads, and of a lock that nobody will open."""
    if during:
        share(lambda part: part.start or fork(), 6, BIG)
    else:
        convolved(*example())
        fork()


def fork():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=in_a_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=30) == [3]
    finally:
        child.kill()
        child.join()
