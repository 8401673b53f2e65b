"""The test by signed ranks against all signs one by one, and against SciPy where there are no ties."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from grassmann_np.train.statistics import interval, signed_rank


def by_every_sign(differences):
    """p by trying every assignment of signs to the ranks."""
    d = np.array([x for x in differences if x])
    ranks = stats.rankdata(np.abs(d))
    found = abs(ranks @ np.sign(d))
    return float(np.mean([abs(ranks @ np.array(signs)) >= found - 1e-9 for signs in product([-1, 1], repeat=len(d))]))


@given(st.lists(st.integers(-4, 4), max_size=9))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_ties_and_zeros_are_counted_exactly(counts):
    """Errors of 450 images: whole numbers that rounding has made a little unequal."""
    p, n = signed_rank([(9 + 7 * j + k) / 450 - (9 + 7 * j) / 450 for j, k in enumerate(counts)])
    assert n == sum(k != 0 for k in counts)
    assert p == pytest.approx(by_every_sign(counts) if n else 1.0, rel=1e-12, abs=0)


@pytest.mark.parametrize("n", [1, 2, 5, 12, 40])
def test_without_ties_it_is_the_usual_test(n):
    for seed in range(5):
        d = np.random.default_rng(seed).standard_normal(n) + 0.3
        assert signed_rank(d)[0] == pytest.approx(stats.wilcoxon(d, method="exact").pvalue, rel=1e-9, abs=0)


def test_ties_change_what_tables_say():
    """SGD-G against SGD on the digits, wrong images of 450: a table without ties said 0.25 and 0.3125."""
    assert signed_rank([-1, 1, 0, -3, -3]) == (0.375, 4)
    assert signed_rank([-3, 1, 1, -3, -4]) == (0.25, 5)
    assert signed_rank([-1] * 5) == (2**-4, 5)


@pytest.mark.parametrize("n", [2, 5, 30])
def test_an_interval_is_students(n):
    d = np.random.default_rng(n).standard_normal(n)
    found = stats.ttest_1samp(d, 0).confidence_interval(0.9)
    np.testing.assert_allclose(interval(d, 0.9), (found.low, found.high), rtol=1e-9, atol=1e-12)


def test_one_pair_has_no_interval():
    assert interval([0.1]) is None and interval([]) is None
