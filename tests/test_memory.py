"""Freed memory: a process that keeps it asks the system for none in the steady state."""

import subprocess
import sys

import pytest

STEP = """
import resource, sys
import numpy as np
from grassmann_np import memory, nn
if sys.argv[1] == "keep":
    assert memory.keep_freed()
model, x = nn.cnn((28, 28, 1), 10, np.random.default_rng(0)), np.ones((128, 28, 28, 1), np.float32)
dy = np.ones((128, 10), np.float32)
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    model(x)[1](dy)
before = faults()
for _ in range(10):
    model(x)[1](dy)
print((faults() - before) / 10)
"""


def fresh_pages(what):
    """How many pages of memory a step asks the system for."""
    found = subprocess.run([sys.executable, "-c", STEP, what], check=True, capture_output=True, text=True)
    return float(found.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="counts page faults as Linux does")
def test_a_step_asks_for_no_memory():
    try:
        kept = fresh_pages("keep")
    except subprocess.CalledProcessError as error:
        assert "assert memory.keep_freed()" in error.stderr
        pytest.skip("the C library of this system knows no mallopt")
    assert kept < 200 < fresh_pages("let go")
