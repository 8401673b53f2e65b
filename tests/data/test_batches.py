"""Batches: every sample once an epoch, in an order that the seed gives."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from grassmann_np.data import batches


@pytest.mark.parametrize(
    ("n", "size", "drop_last", "expected"),
    [
        (10, 4, False, [4, 4, 2]),
        (9, 4, False, [4, 5]),
        (5, 4, False, [5]),
        (8, 4, False, [4, 4]),
        (1, 4, False, [1]),
        (3, 1, False, [1, 2]),
        (10, 4, True, [4, 4]),
        (9, 4, True, [4, 4]),
        (8, 4, True, [4, 4]),
        (3, 1, True, [1, 2]),
    ],
)
def test_sizes(n, size, drop_last, expected):
    assert [len(batch) for batch in batches(n, size, np.random.default_rng(0), drop_last)] == expected


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_every_sample_once(n, size, seed):
    assert sorted(np.concatenate(list(batches(n, size, np.random.default_rng(seed))))) == list(range(n))
    if n >= size:
        kept = np.concatenate(list(batches(n, size, np.random.default_rng(seed), drop_last=True)))
        assert len(kept) == n - n % size == len(set(kept)) and set(kept) <= set(range(n))


def test_a_new_order_each_epoch_and_the_same_epochs_from_the_same_seed():
    def epochs(seed):
        rng = np.random.default_rng(seed)
        return [np.concatenate(list(batches(100, 8, rng))) for _ in range(3)]

    first, again, other = epochs(0), epochs(0), epochs(1)
    np.testing.assert_array_equal(first, again)
    orders = {order.tobytes() for order in [*first, *other]}
    assert len(orders) == 6


@pytest.mark.parametrize(("n", "size", "drop_last"), [(0, 4, False), (4, 0, False), (3, 4, True)])
def test_no_batch_at_all_is_refused_before_anything_is_drawn(n, size, drop_last):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(ValueError, match="expected at least one"):
        batches(n, size, rng, drop_last)
    assert rng.bit_generator.state == before
