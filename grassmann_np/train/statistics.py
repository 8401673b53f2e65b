"""What pairs of runs with the same seeds say: an interval for their mean difference, and exact tests of its sign.

    mean +- t sd/sqrt(n)                                    Student's interval, t its quantile for n - 1
    p = P(|W - E W| >= |w - E W|) over all 2^n signs        Wilcoxon's signed ranks, two-sided
    p = P(|S| >= |s|) over all 2^n signs                    the same of the sum S of whole differences
    p = P(|R - E R| >= |r - E R|) over all choices          Wilcoxon's rank sum R of n among n + m, without pairs
    p_(k) (m - k + 1), never less than the one before       Holm: p of the k-th smallest of m tests

W is the sum of the ranks of those differences that are positive, if every sign is as likely as the other. Differences
of the same size share their mean rank, and zeros are left out; the 2^n sums are counted one rank after another, so that
p is exact with ties too, where tables of W are not. Source: Wilcoxon 1945; Fisher, The Design of Experiments, 1935,
section 21; Holm 1979; Efron 1979; Pratt and Gibbons, Concepts of Nonparametric Theory, 1981, chapter 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SAME = 1e-9  # differences of errors, fractions of some thousand images, that rounding alone tells apart


def signed_rank(differences: Sequence[float]) -> tuple[float, int]:
    """(p, the number of differences that are not 0); p = 1 if there is none.

    >>> signed_rank([-2, -1, -1, 0])
    (0.25, 3)
    """
    from scipy.stats import rankdata  # here: it takes longer to import than all the rest

    d = np.round(np.asarray(differences, dtype=np.float64) / SAME) * SAME
    d = d[d != 0]
    if not len(d):
        return 1.0, 0
    ranks = np.rint(2 * rankdata(np.abs(d))).astype(int)  # twice the ranks: whole, with ties too
    return _at_least(ranks, int(ranks @ np.sign(d))), len(d)


def permutation(differences: Sequence[int]) -> float:
    """p of the sum of whole differences, if every sign is as likely as the other.

    >>> permutation([-2, -1, -1, 0])
    0.25
    """
    d = np.asarray(differences)
    if d.dtype.kind not in "iu":
        raise TypeError(f"differences: expected whole numbers, such as counts of images, got {d.dtype}")
    return _at_least(np.abs(d), int(d.sum()))


def rank_sum(one: Sequence[float], other: Sequence[float]) -> float:
    """p of the rank sum of `one` among both, if every choice of so many is as likely as the other; exact with ties.

    >>> round(rank_sum([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]), 4)  # 2 of 252
    0.0079
    """
    from scipy.stats import rankdata

    ranks = np.rint(2 * rankdata([*one, *other])).astype(int)
    n, total = len(one), int(ranks.sum())
    ways = np.zeros((n + 1, total + 1))  # of choosing so many with this sum
    ways[0, 0] = 1
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, : total + 1 - rank].copy()
    off = np.abs(len(ranks) * np.arange(total + 1) - n * total)  # whole, from the mean n total/(n + m)
    return float(ways[n, off >= off[ranks[:n].sum()]].sum() / ways[n].sum())


def _at_least(sizes: np.ndarray, found: int) -> float:
    """How likely the sum of these whole numbers with random signs is as far from 0 as `found`."""
    chance = np.ones(1)  # of every sum so far, from -total to total in steps of 2
    for size in sizes:
        chance = (np.append(chance, np.zeros(size)) + np.append(np.zeros(size), chance)) / 2
    sums = 2 * np.arange(len(chance)) - int(sizes.sum())
    return float(min(1.0, chance[np.abs(sums) >= abs(found)].sum()))


def holm(p: Sequence[float]) -> list[float]:
    """The p of a family of tests, in their order, corrected so that one false alarm in all is as rare as each says.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order, least, corrected = np.argsort(p), 0.0, [0.0] * len(p)
    for k, place in enumerate(order):
        least = min(1.0, max(least, p[place] * (len(p) - k)))
        corrected[place] = least
    return corrected


def bootstrap(differences: Sequence[float], rng: np.random.Generator, draws: int = 10_000, level: float = 0.95) -> Any:
    """The percentile interval (low, high) of the mean of pairs drawn anew, `draws` times."""
    d = np.asarray(differences, dtype=np.float64)
    means = d[rng.integers(0, len(d), (draws, len(d)))].mean(axis=1)
    return tuple(float(end) for end in np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


def interval(differences: Sequence[float], level: float = 0.95) -> tuple[float, float] | None:
    """Where the mean difference lies, at this level of confidence; None for fewer than two.

    >>> low, high = interval([1.0, 2.0, 3.0]); round(low, 3), round(high, 3)
    (-0.484, 4.484)
    """
    from scipy.stats import t

    d = np.asarray(differences, dtype=np.float64)
    if len(d) < 2:
        return None
    reach = float(t.ppf((1 + level) / 2, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))
    return float(d.mean()) - reach, float(d.mean()) + reach
