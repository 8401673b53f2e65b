"""What can NumPy do here at best? One pass over numbers, a matrix product, a thread that is woken.

    python benchmarks/limits.py

Everything that is not a matrix product is passes: each reads one or two arrays and writes one. Blocks of 512 KiB, as in
ops/blocks.py, come from a core's own cache; arrays of 64 MiB from memory. Two threads do twice the work; a time is that
of all of it over all numbers, so half is the best that they could reach.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

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

    def only(n: int) -> Work:
        a, b, c = arrays(n)
        bits, out = a.view(np.int32), c.view(np.int32)
        return lambda: np.bitwise_and(bits, -(b > 0.5).view(np.int8), out=out)

    def inner(n: int) -> Work:
        a, b, _ = arrays(n)
        return lambda: np.vecdot(a, b)

    def sums(n: int) -> Work:
        a, ones = arrays(n)[0], np.ones(n // 2**13, np.float32)
        return lambda: ones @ a

    return {
        "multiply two arrays": multiply,
        "keep where another is positive": only,
        "inner products of columns": inner,
        "sums of columns": sums,
    }


def sleeping_thread() -> float:
    """From asking a thread that sleeps to its answer."""
    samples = []
    with ThreadPoolExecutor(1) as pool:
        for _ in range(50):
            time.sleep(0.005)
            start = time.perf_counter()
            pool.submit(int).result()
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
    print(f"{'an answer of a sleeping thread':42}{1e6 * sleeping_thread():5.0f}{'':12}  us")


if __name__ == "__main__":
    main()
