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


@pytest.mark.parametrize(
    ("n", "size", "drop_last", "error", "reason"),
    [
        (0, 4, False, ValueError, "n: expected n >= 1, got 0"),
        (4, 0, False, ValueError, "size: expected size >= 1, got 0"),
        (3, 4, True, ValueError, "size: expected at most 3, for one full batch, got 4"),
        (4.0, 2, False, TypeError, "n: expected a whole number, got 4.0"),
        (4, 2.0, False, TypeError, "size: expected a whole number, got 2.0"),
        (4, True, False, TypeError, "size: expected a whole number, got True"),
        (4, float("nan"), False, TypeError, "size: expected a whole number, got nan"),
        ("4", 2, False, TypeError, "n: expected a whole number, got '4'"),
    ],
)
def test_no_batch_at_all_is_refused_before_anything_is_drawn(n, size, drop_last, error, reason):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    with pytest.raises(error, match=f"^{reason}"):
        batches(n, size, rng, drop_last)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("rng", [0, None, np.random, np.random.RandomState(0), np.random.default_rng])
def test_only_a_generator_draws(rng):
    with pytest.raises(TypeError, match=r"^rng: expected a numpy.random.Generator"):
        batches(4, 2, rng)


def test_numbers_of_numpy_will_do():
    first, again = (
        list(batches(n, size, np.random.default_rng(0))) for n, size in ((9, 4), (np.int32(9), np.uint8(4)))
    )
    np.testing.assert_equal(first, again)
