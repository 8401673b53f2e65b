"""What can this machine do at best? A pass over numbers, a loop that does several passes in one, a matrix product.

    python benchmarks/limits.py

In NumPy everything that is not a matrix product is passes: each reads one or two arrays and writes one. A compiled loop
reads and writes once, however much it computes: here y = max((a - m) s + b, 0), four passes of NumPy. Arrays of 512 KiB
come from a core's own cache, arrays of 64 MiB from memory. Two threads do twice the work; a time is that of all of it
over all numbers, so half is the best that they could reach.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from grassmann_np.host import normalize
from grassmann_np.host.share import share

CACHED, LARGE = 2**17, 2**24  # numbers, float32
SAMPLES = 9
Work = Callable[[], object]


def arrays(n: int) -> list[np.ndarray]:
    return [np.random.default_rng(seed).random((n // 2**13, 2**13), dtype=np.float32) for seed in range(3)]


def seconds(works: list[Work], times: int) -> float:
    """One run of one of the works, all at once in as many threads; the median of several samples."""

    def repeat(work: Work) -> None:
        for _ in range(times):
            work()

    samples = []
    with ThreadPoolExecutor(len(works)) as pool:
        for _ in range(SAMPLES):
            start = time.perf_counter()
            list(pool.map(repeat, works))
            samples.append((time.perf_counter() - start) / times / len(works))
    return median(samples)


def passes() -> dict[str, Callable[[int], Work]]:
    """Each makes its own arrays of so many numbers."""

    def multiply(n: int) -> Work:
        a, b, c = arrays(n)
        return lambda: np.multiply(a, b, out=c)

    def inner(n: int) -> Work:
        a, b, _ = arrays(n)
        return lambda: np.vecdot(a, b)

    def sums(n: int) -> Work:
        a, ones = arrays(n)[0], np.ones(n // 2**13, np.float32)
        return lambda: ones @ a

    def four_passes(n: int) -> Work:
        a, _, c = arrays(n)
        m, s, b, zero = np.random.default_rng(0).random((4, a.shape[1]), dtype=np.float32)

        def work() -> None:
            np.subtract(a, m, out=c)
            np.multiply(c, s, out=c)
            np.add(c, b, out=c)
            np.maximum(c, zero, out=c)

        return work

    def one_loop(n: int) -> Work:
        a, _, c = arrays(n)
        m, s, b, _ = np.random.default_rng(0).random((4, a.shape[1]), dtype=np.float32)
        return lambda: normalize._apply(c, a, m, s, b, np.float32(0))

    return {
        "four passes": four_passes,
        "the same in one loop": one_loop,
        "multiply two arrays": multiply,
        "inner products of columns": inner,
        "sums of columns": sums,
    }


def thread(pause: float) -> float:
    """From asking two threads, some seconds after their last work, to the answer of both: what sharing costs."""
    samples = []
    for _ in range(50):
        time.sleep(pause)
        start = time.perf_counter()
        share(lambda part: None, 2, size=2**30)
        samples.append(time.perf_counter() - start)
    return median(samples)


def main() -> None:
    print(f"{'float32':34}{'one thread':>12}{'two threads':>12}")
    with threadpool_limits(1):
        for where, n in (("cache", CACHED), ("memory", LARGE)):
            for name, make in passes().items():
                times = 2**26 // n
                found = [1e9 * seconds([make(n) for _ in range(count)], times) / n for count in (1, 2)]
                print(f"{f'{name}, {where}':42}{found[0]:5.2f}{found[1]:12.2f}  ns/number", flush=True)
    old = np.zeros(LARGE, np.float32)
    for name, fill in (("an old", lambda: old.fill(1.0)), ("a fresh", lambda: np.empty(LARGE, np.float32).fill(1.0))):
        print(f"{f'fill {name} array of 64 MiB':42}{1e9 * seconds([fill], 5) / LARGE:5.2f}{'':12}  ns/number")
    a, b = np.random.default_rng(0).random((2, 2048, 2048), dtype=np.float32)
    rates = []
    for count in (1, 2):
        with threadpool_limits(count):
            rates.append(2 * 2048**3 / seconds([lambda: a @ b], 2) / 1e9)
    print(f"{'matrix product, 2048':42}{rates[0]:5.0f}{rates[1]:12.0f}  GFLOP/s")
    for name, pause in (("two threads, awake", 0.0), ("two threads, one asleep", 0.005)):
        print(f"{f'an answer of {name}':42}{1e6 * thread(pause):5.0f}{'':12}  us")


if __name__ == "__main__":
    main()
