"""The test by signed ranks against all signs one by one, and against SciPy where there are no ties."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from grassmann_np.train.statistics import bootstrap, holm, interval, permutation, rank_sum, signed_rank


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


@given(st.lists(st.integers(-30, 30), min_size=1, max_size=9))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_permutation_of_signs_is_all_of_them(counts):
    sums = [
        abs(sum(s * d for s, d in zip(signs, counts, strict=True))) for signs in product([-1, 1], repeat=len(counts))
    ]
    assert permutation(counts) == pytest.approx(np.mean([one >= abs(sum(counts)) for one in sums]), rel=1e-12, abs=0)


def test_a_permutation_is_as_scipys():
    d = np.random.default_rng(0).integers(-6, 3, 12)
    found = stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert permutation(d) == pytest.approx(found.pvalue, rel=1e-9, abs=0)
    with pytest.raises(TypeError, match="differences: expected whole numbers"):
        permutation([0.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_holm_rejects_step_by_step(p):
    """At every level: the smallest p is held against level/m, the next against level/(m - 1), until one fails."""
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for k, place in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
            if p[place] * (len(p) - k) > level:
                break
            rejected.add(place)
        assert {k for k, one in enumerate(holm(p)) if one <= level} == rejected


def test_a_bootstrap_is_near_students_where_numbers_are_normal():
    d = np.random.default_rng(1).standard_normal(400)
    np.testing.assert_allclose(bootstrap(d, np.random.default_rng(2)), interval(d), rtol=0, atol=0.01)
    assert bootstrap(d, np.random.default_rng(2)) == bootstrap(d, np.random.default_rng(2))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.lists(st.integers(0, 5), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_rank_sum_is_one_of_all_choices(one, other):
    ranks = stats.rankdata([*one, *other])
    mean = len(one) * ranks.mean()
    off = [abs(sum(some) - mean) for some in combinations(ranks, len(one))]
    assert rank_sum(one, other) == pytest.approx(np.mean([x >= off[0] - 1e-9 for x in off]), rel=1e-12, abs=0)


@pytest.mark.parametrize(("n", "m"), [(3, 4), (12, 7), (30, 30)])
def test_a_rank_sum_without_ties_is_the_usual_test(n, m):
    one, other = np.split(np.random.default_rng(n).permutation(n + m), [n])
    found = stats.mannwhitneyu(one, other, method="exact").pvalue
    assert rank_sum(one, other) == pytest.approx(found, rel=1e-9, abs=0)
