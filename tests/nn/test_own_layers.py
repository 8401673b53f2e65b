"""A layer of the user's own says what it forgets; the rule, the measure and the words know it."""

import numpy as np
import pytest

from grassmann_np import nn, ops, optim
from tests.nn.helpers import batch, widen


class Named(nn.Layer):
    """Batch normalization by another name, which declares nothing yet."""

    def __init__(self, channels):
        self.inner = nn.BatchNorm(channels)

    def __call__(self, x, training=True):
        return self.inner(x, training)


class MyNorm(Named):
    forgets = ("scale", "shift")


class BatchRMS(nn.Layer):
    """Every channel divided by its root mean square over the batch: a scale is forgotten, a shift is not."""

    forgets = ("scale",)

    def __call__(self, x, training=True):
        length = np.sqrt((x**2).mean(axis=0))
        y = x / length

        def pullback(dy):
            return (dy - y * (y * dy).mean(axis=0)) / length

        return y, pullback


class MyLinear(nn.Layer):
    scales_with = "kernel"

    def __init__(self, n_in, n_out, rng, bias=True):
        self.kernel = nn.Parameter(rng.standard_normal((n_in, n_out)))
        self.offset = nn.Parameter(rng.standard_normal(n_out)) if bias else None

    def __call__(self, x, training=True):
        offset = np.zeros(self.kernel.value.shape[1]) if self.offset is None else self.offset.value
        y, back = ops.linear(x, self.kernel.value, offset)

        def pullback(dy):
            dx, self.kernel.grad, db = back(dy)
            if self.offset is not None:
                self.offset.grad = db
            return dx

        return y, pullback


class UnitLinear(nn.Layer):
    """x w/|w|, as layers do that normalize their own weight."""

    invariant = ("w",)

    def __init__(self, n_in, n_out, rng):
        self.w = nn.Parameter(rng.standard_normal((n_in, n_out)))

    def __call__(self, x, training=True):
        unit, to_w = ops.weight_norm(self.w.value, np.ones(self.w.value.shape[1]))
        y, to_x = ops.linear(x, unit, None)

        def pullback(dy):
            dx, dw = to_x(dy)[:2]
            self.w.grad = to_w(dw)[0]
            return dx

        return y, pullback


def networks(rng):
    def then(first, norm):
        return nn.Sequential(first, norm, nn.ReLU(), nn.Linear(8, 10, rng))

    return {
        "own norm": (then(nn.Linear(6, 8, rng), MyNorm(8)), ["0.w"]),
        "own norm that declares nothing": (then(nn.Linear(6, 8, rng), Named(8)), []),
        "own linear": (then(MyLinear(6, 8, rng), nn.BatchNorm(8)), ["0.kernel"]),
        "own linear, own norm": (then(MyLinear(6, 8, rng), MyNorm(8)), ["0.kernel"]),
        "scale only": (then(nn.Linear(6, 8, rng, bias=False), BatchRMS()), ["0.w"]),
        "scale only, with a bias": (then(MyLinear(6, 8, rng), BatchRMS()), []),
        "scale only, without": (then(MyLinear(6, 8, rng, bias=False), BatchRMS()), ["0.kernel"]),
        "own weight": (then(UnitLinear(6, 8, rng), nn.ReLU()), ["0.w"]),
    }


@pytest.mark.parametrize("name", networks(np.random.default_rng(0)))
def test_what_a_layer_says_is_what_the_rule_takes_and_the_measure_finds(name):
    model, expected = networks(np.random.default_rng(0))[name]
    widen(model, eps=0.0)
    measured = nn.measure_invariance(model, *batch((6,), n=7, dtype=np.float64))
    assert [p.name for p in nn.normalized_weights(model)] == expected
    assert [m.name for m in measured if m.said] == expected
    for m in measured:
        forgotten = m.name in expected or (name == "own norm that declares nothing" and m.name == "0.w")
        assert (m.cosine < 1e-10) == forgotten, m
    assert len(nn.invariance_table(measured).splitlines()) == 1 + len(measured)
    assert [p.name for p in nn.on_sphere(model)] == expected


def test_a_layer_that_says_too_much_is_found_out():
    class Liar(nn.Layer):
        forgets = ("scale", "shift")

        def __call__(self, x, training=True):
            return ops.relu(x)

    rng = np.random.default_rng(0)
    model = widen(nn.Sequential(nn.Linear(6, 8, rng), Liar(), nn.Linear(8, 10, rng)), eps=0.0)
    table = nn.invariance_table(nn.measure_invariance(model, *batch((6,), n=7, dtype=np.float64)))
    assert table.splitlines()[-1] == (
        "0.w: its layers say that the length of its columns is forgotten, and it is not: see nn.Layer.forgets"
    )
    assert len(table.splitlines()) == 4


@pytest.mark.parametrize(
    ("says", "error", "reason"),
    [
        ({"forgets": ("length",)}, ValueError, "Odd.forgets: expected a tuple of 'scale', 'shift', got 'length'"),
        ({"forgets": "scale"}, ValueError, "Odd.forgets: expected a tuple of 'scale', 'shift', got 's'"),
        ({"invariant": ("v",)}, TypeError, "Odd: expected its parameter 'v', as it says of itself, got NoneType"),
        (
            {"scales_with": "inner"},
            TypeError,
            "Odd: expected its parameter 'inner', as it says of itself, got BatchNorm",
        ),
    ],
)
def test_what_a_layer_cannot_say(says, error, reason):
    odd = type("Odd", (Named,), says)(8)
    model = nn.Sequential(nn.Linear(6, 8, np.random.default_rng(0)), odd)
    for ask in (nn.on_sphere, nn.normalized_weights):
        with pytest.raises(error, match=f"^{reason}"):
            ask(model)


def test_the_words_when_nothing_is_found():
    model = nn.Sequential(nn.Linear(6, 8, np.random.default_rng(0)), Named(8))
    assert nn.on_sphere(model) == []
    with pytest.raises(
        ValueError, match=r"call nn\.on_sphere\(model\) first, .* one of your own says so by nn\.Layer\.forg"
    ):
        optim.sgd_g(model)
