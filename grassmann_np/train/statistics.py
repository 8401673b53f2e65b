"""What pairs of runs with the same seeds say: an interval for their mean difference, and an exact test of its sign.

    mean +- t sd/sqrt(n)                                    Student's interval, t its quantile for n - 1
    p = P(|W - E W| >= |w - E W|) over all 2^n signs        Wilcoxon's signed ranks, two-sided

W is the sum of the ranks of those differences that are positive, if every sign is as likely as the other. Differences
of the same size share their mean rank, and zeros are left out; the 2^n sums are counted one rank after another, so that
p is exact with ties too, where tables of W are not. Source: Wilcoxon 1945; Pratt and Gibbons, Concepts of Nonparametric
Theory, 1981, chapter 3.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    chance = np.ones(1)  # of every sum so far
    for rank in ranks:
        chance = (np.append(chance, np.zeros(rank)) + np.append(np.zeros(rank), chance)) / 2
    away = np.abs(2 * np.arange(len(chance)) - ranks.sum())  # from the mean, twice
    return float(min(1.0, chance[away >= abs(2 * ranks[d > 0].sum() - ranks.sum())].sum())), len(d)


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
