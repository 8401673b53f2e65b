"""A few seconds of the fuzz, always the same calls; `python -m tests.fuzz --minutes 60` makes others."""

import zlib

import numpy as np
import pytest

from tests import fuzz
from tests.conftest import take

TARGETS = {target.name: target for target in fuzz.targets()}
SEEDS = 300


@pytest.mark.parametrize("way", ["plain", "loops"])
@pytest.mark.parametrize("name", TARGETS)
def test_no_call_does_what_none_may(name, way, monkeypatch):
    take(way, monkeypatch)
    for seed in range(SEEDS):
        fuzz.try_once(TARGETS[name], np.random.default_rng([zlib.crc32(name.encode()), seed]))


def test_every_public_function_is_called():
    names = {name.rpartition(".")[2].removesuffix("()") for name in TARGETS}
    for module in (*fuzz.GEOMETRIES.values(), fuzz.ops, fuzz.nn, fuzz.optim, fuzz.optim.schedule, fuzz.data):
        assert {name for name, _ in fuzz.public(module)} - fuzz.ABSTRACT <= names
