"""The loops do the usual work themselves; what they leave to the formulas, with None, is the exception."""

import numpy as np
import pytest

from grassmann_np.geometry import sphere as plain
from grassmann_np.optim.fused import Numbers

pytest.importorskip("numba")
from grassmann_np.host import sphere, step

SGD = Numbers(0.9, -0.2, 0.1, 5e-4, 1)
ADAM = Numbers(0.9, 0.1, 0.1, 5e-4, 0, 0.99, 0.05, 1e-8)


def drawn(dtype, seed=0):
    """A point, a tangent and another one, of usual lengths."""
    rng = np.random.default_rng(seed)
    y = plain.random_point((50, 20), rng)
    h, v = (plain.random_tangent(y, rng) for _ in range(2))
    return [a.astype(dtype) for a in (y, h, v)]


def steps(dtype, numbers):
    """What a step on the sphere and one on flat space give, from a state with every entry."""
    y, g, tau = drawn(dtype)
    of_adam = numbers is ADAM
    on_it = {"tau": tau, **({"v": np.full(20, 0.3, dtype)} if of_adam else {})}
    flat = {"tau": tau, **({"v": np.full((50, 20), 0.3, dtype)} if of_adam else {})}
    return step.move_columns(y, g, None, on_it, numbers), step.move_numbers(y, g, flat, numbers, True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_usual_walks_are_made(dtype):
    y, h, v = drawn(dtype)
    assert sphere.exp(y, h) is not None and sphere.move(y, h, v) is not None
    assert sphere.log(y, plain.random_point((50, 20), np.random.default_rng(9)).astype(dtype)) is not None
    still = np.zeros_like(h)  # a walk of no length is a walk
    assert sphere.exp(y, still) is not None and sphere.move(y, still, v) is not None and sphere.log(y, y) is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("numbers", [SGD, ADAM], ids=["SGD", "Adam"])
def test_usual_steps_are_made(dtype, numbers):
    assert all(found is not None for found in steps(dtype, numbers))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e200])
def test_what_has_no_finite_square_is_left_to_the_formulas(wrong):
    y, h, v = drawn(np.float64)
    h[3, 4] = wrong
    assert sphere.exp(y, h) is None and sphere.move(y, h, v) is None and sphere.log(y, h) is None
    for numbers in (SGD, ADAM):
        state = {"tau": v, **({"v": np.ones(20)} if numbers is ADAM else {})}
        assert step.move_columns(y, h, None, state, numbers) is None
        if not np.isfinite(wrong):
            state = {"tau": v, **({"v": np.ones_like(v)} if numbers is ADAM else {})}
            assert step.move_numbers(y, h, state, numbers, False) is None
