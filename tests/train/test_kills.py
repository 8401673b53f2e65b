"""A few of kills.py: stopped at random moments, gone on, the same bits."""

import os

import pytest

from tests.train.kills import Killer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.mark.parametrize("what", ["mlp", "compare"])
def test_stopped_at_random_moments_and_gone_on(tmp_path, what):
    killer = Killer(tmp_path, seed=0)
    killer.compare() if what == "compare" else killer.train(what)
    assert sum(killer.count.values())
