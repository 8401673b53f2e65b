"""What scenes share: losses by name, the path of an optimizer, moments and the part gone by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassmann_np import optim
from grassmann_np.geometry import sphere
from viz.losses import LOSSES, named, neuron
from viz.scenes import shared

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
ALL = {**LOSSES, "neuron, eps": lambda rng: neuron(rng, 0.3)}


@pytest.mark.parametrize("name", ALL)
@given(seeds)
def test_a_loss_s_gradient_is_that_of_its_value_and_columns_are_points(name, rng):
    f, (w, v) = ALL[name](rng), 0.5 * rng.standard_normal((2, 3)) + [0, 0, 1]
    slope = (f(w + 1e-5 * v)[0] - f(w - 1e-5 * v)[0]) / 2e-5
    assert np.isclose(slope, f(w)[1] @ v, rtol=1e-5, atol=1e-7)
    value, gradient = f(np.stack([w, v], axis=1))
    assert np.allclose(value, [f(w)[0], f(v)[0]]) and np.allclose(gradient, np.stack([f(w)[1], f(v)[1]], axis=1))


@given(seeds)
def test_the_losses_have_the_shapes_their_names_say(rng):
    w = rng.standard_normal((3, 50))
    rayleigh, linear, wells = (LOSSES[name](rng) for name in ("rayleigh", "linear", "two-wells"))
    assert np.allclose(rayleigh(-2 * w)[0], rayleigh(w)[0]) and np.allclose(wells(2 * w)[0], wells(w)[0])
    assert np.allclose(np.ptp(linear(w)[1], axis=1), 0) and np.allclose(linear(-w)[0] + linear(w)[0], 2)


def test_two_wells_end_a_walk_in_one_of_two_places_100_degrees_apart():
    rng = np.random.default_rng(0)
    loss, starts = LOSSES["two-wells"](rng), sphere.random_point((3, 10), rng).T
    ends = {tuple(np.round(shared.path(loss, y, 100, lr=0.15, momentum=0.0)[:, -1], 2)) for y in starts}
    assert len(ends) == 2 and np.isclose(sphere.distance(*np.array(list(ends))), np.radians(100), atol=0.1)


def test_a_name_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="one of neuron, rayleigh, linear, two-wells or a function, got 'bowl'"):
        named("bowl", np.random.default_rng(0))
    with pytest.raises(ValueError, match="one of sgd, sgd-g, adam, adam-g or a function, got 'lion'"):
        shared.path(neuron(np.random.default_rng(0)), np.ones(3), 3, "lion", lr=1.0)


@given(seeds)
def test_the_path_of_sgd_g_is_that_of_its_steps_and_sgd_s_is_a_sum(rng):
    loss, y = neuron(rng), sphere.random_point((3,), rng)
    seen, tau, w, d = [y], np.zeros(3), y, np.zeros(3)
    for _ in range(6):
        step = shared.take(loss, seen[-1], tau, 0.3, 0.8, 0.4)
        moved, tau = sphere.move(step.y, step.d, step.d)
        seen.append(moved)
    path = shared.path(loss, y, 6, "sgd-g", lr=0.3, momentum=0.8, clip=0.4)
    assert np.allclose(path, np.stack(seen, axis=1))
    for _ in range(6):
        d = 0.8 * d - 0.3 * loss(w)[1]
        w = w + d
    assert np.allclose(shared.path(loss, y, 6, "sgd", lr=0.3, momentum=0.8)[:, -1], w)
    own = shared.path(loss, y, 6, lambda parameters: optim.SGD(parameters, 0.3, 0.8, clip=0.4))
    assert np.array_equal(own, path)
    single = shared.path(lambda w: tuple(np.float32(part) for part in loss(w)), y, 6, lr=0.3, momentum=0.8, clip=0.4)
    assert single.dtype == np.float64 and np.allclose(single, path, rtol=0, atol=1e-4)


@given(st.floats(0, 1))
def test_stages_follow_one_another_without_a_gap(t):
    lasting = (1.0, 2.0, 0.5)
    stage, part = shared.stage(t, lasting)
    assert 0 <= part <= 1
    assert np.isclose(sum(lasting[:stage]) + part * lasting[stage], 3.5 * t)


@given(st.floats(0, 9))
def test_the_part_gone_by_ends_between_its_points(s):
    points = np.stack([np.arange(10.0), np.arange(10.0) ** 2])
    part = shared.gone(points, s)
    assert part.shape[1] == int(np.ceil(s)) + 1 and np.isclose(part[0, -1], s)
    assert np.isclose(part[1, -1], np.interp(s, *points))
    assert np.array_equal(part[:, : int(s) + 1], points[:, : int(s) + 1])


def test_a_loss_of_columns_or_of_one_vector_is_one_of_both():
    """As it is written first, w'Aw of one vector, and as one that broadcasts along columns only."""
    A, p = np.diag([1.0, 2.0, 4.0]), np.ones((3, 1))
    y = np.array([0.6, 0.0, 0.8])
    for loss in (lambda w: (w @ A @ w, 2 * A @ w), lambda w: (np.sum(w * (A @ w), axis=0), 2 * A @ w * p)):
        taken = named(loss, np.random.default_rng(0))
        for w in (y, np.stack([y, -y, A[0]], axis=1)):
            value, g = taken(w)
            assert np.allclose(value, np.sum(w * (A @ w), axis=0)) and np.allclose(g, 2 * A @ w), w.shape
