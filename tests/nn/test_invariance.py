"""Which weights are a quotient, which are merely constrained: the rule, the measure, and that they agree."""

import copy

import numpy as np
import pytest

from grassmann_np import nn
from grassmann_np.geometry import euclidean, sphere
from tests.nn.helpers import batch, widen


def networks(rng):
    def dense(normalize):
        return nn.Sequential(nn.Linear(6, 8, rng, bias=False), normalize(8), nn.ReLU(), nn.Linear(8, 10, rng))

    return {
        "mlp": (nn.mlp([6, 8, 7, 10], rng), (6,), ["1.w", "4.w"]),
        "bias before BatchNorm": (nn.Sequential(nn.Linear(6, 10, rng), nn.BatchNorm(10)), (6,), ["0.w"]),
        "cnn": (nn.cnn((8, 8, 1), 10, rng, widths=(4, 5)), (8, 8, 1), ["0.w", "4.w"]),
        "LayerNorm": (dense(nn.LayerNorm), (6,), []),
        "RMSNorm": (dense(nn.RMSNorm), (6,), []),
        "WeightNorm": (nn.Sequential(nn.WeightNormLinear(6, 8, rng), nn.Linear(8, 10, rng)), (6,), ["0.v"]),
        "NormProp": (nn.Sequential(nn.NormPropLinear(6, 8, rng), nn.Linear(8, 10, rng)), (6,), ["0.w"]),
        "WRN-10-1": (nn.wide_resnet(10, 1, 10, rng), (8, 8, 3), ["1.body.2.w", "4.body.0.w", "7.body.0.w"]),
        "WRN-10-2": (nn.wide_resnet(10, 2, 10, rng), (8, 8, 3), ["0.w", "3.body.0.w", "6.body.0.w", "9.body.0.w"]),
        "a Sequential inside a Sequential": (
            nn.Sequential(nn.Sequential(nn.Linear(6, 10, rng)), nn.Sequential(nn.BatchNorm(10))),
            (6,),
            ["0.0.w"],
        ),
    }


@pytest.mark.parametrize("name", networks(np.random.default_rng(0)))
def test_the_rule_is_what_is_measured(name):
    model, shape, expected = networks(np.random.default_rng(0))[name]
    widen(model, eps=0.0)
    measured = nn.measure_invariance(model, *batch(shape, n=7, dtype=np.float64))
    assert [m.name for m in measured] == [p.name for p in model.parameters() if p.value.ndim > 1]
    for m in measured:
        if m.name in expected:
            assert m.cosine < 1e-10 and m.column < 1e-10 and m.matrix < 1e-10, m
        else:
            assert m.cosine > 1e-4 and m.column > 1e-5, m
            assert (m.matrix < 1e-10) == (name.endswith("Norm") and m.name == "0.w"), m
    assert [p.name for p in nn.on_sphere(model)] == expected


def test_the_function_is_unchanged_by_going_on_the_sphere():
    model = widen(nn.wide_resnet(10, 2, 10, np.random.default_rng(0)), eps=0.0)
    x, _ = batch((8, 8, 3), dtype=np.float64)
    before, _ = model(x)
    for p in nn.on_sphere(model):
        np.testing.assert_allclose(np.linalg.norm(p.matrix, axis=0), 1.0, rtol=1e-12)
        assert p.geometry is sphere
    np.testing.assert_allclose(model(x)[0], before, rtol=0, atol=1e-9)
    others = [p for p in model.parameters() if p.geometry is not sphere]
    assert others and all(p.geometry is euclidean for p in others)


def test_the_published_rule():
    vgg = nn.vgg(13, 10, np.random.default_rng(0))
    convolutions = [p for p in vgg.parameters() if p.value.ndim == 4]
    assert nn.on_sphere(vgg, rule="published") == convolutions[1:]  # 27 inputs are fewer than 64 outputs
    wrn = nn.wide_resnet(16, 4, 10, np.random.default_rng(0))
    three = [p for p in wrn.parameters() if p.value.shape[:2] == (3, 3)]
    assert nn.on_sphere(wrn, rule="published") == three and len(three) == 13
    square = nn.Sequential(nn.Conv2D(1, 9, 3, np.random.default_rng(0)), nn.BatchNorm(9))
    assert nn.on_sphere(square, rule="published") == []  # strict: 9 = 9
    others = nn.Sequential(nn.Conv2D(8, 2, 1, np.random.default_rng(0)), nn.Conv2D(2, 2, 5, np.random.default_rng(0)))
    assert nn.on_sphere(others, rule="published") == []  # 3x3 only


def test_an_unknown_rule_raises_before_anything_moves():
    model = nn.mlp([4, 3, 2], np.random.default_rng(0))
    with pytest.raises(ValueError, match="rule: expected one of 'invariant', 'published', got 'all'"):
        nn.on_sphere(model, rule="all")
    assert all(p.geometry is euclidean for p in model.parameters())


def test_the_measure_by_hand():
    model = widen(nn.Sequential(nn.Linear(6, 10, np.random.default_rng(1))))
    x, labels = batch((6,), n=7, dtype=np.float64)
    w = model.parameters()[0].value

    def loss(w):
        logits = x @ w
        return -np.mean(logits[np.arange(7), labels] - np.log(np.exp(logits).sum(1)))

    p = np.exp(x @ w) / np.exp(x @ w).sum(1, keepdims=True)
    grad = x.T @ (p - np.eye(10)[labels]) / 7
    cosines = [abs(a @ b) / np.sqrt((a @ a) * (b @ b)) for a, b in zip(w.T, grad.T, strict=True)]
    j = int(np.argmax(cosines))
    assert j > 0  # else a wrong column could not be told
    twice = w.copy()
    twice[:, j] *= 2
    (measured,) = nn.measure_invariance(model, x, labels)
    expected = (cosines[j], abs(loss(twice) - loss(w)), abs(loss(2 * w) - loss(w)))
    np.testing.assert_allclose(measured[2:5], expected, rtol=1e-9)


def test_another_rule_replaces_the_first():
    model = nn.wide_resnet(10, 1, 10, np.random.default_rng(0))
    nn.on_sphere(model, rule="published")
    chosen = nn.on_sphere(model, rule="invariant")
    assert [p for p in model.parameters() if p.geometry is sphere] == chosen


def test_a_zero_column_is_named_and_nothing_changes():
    model = nn.mlp([6, 8, 8, 10], np.random.default_rng(0))
    second = model.parameters()[3]
    second.value = second.value * np.where(np.arange(8) == 2, 0, 1).astype(np.float32)
    before = [p.value for p in model.parameters()]
    with pytest.raises(ValueError, match=r"4\.w: w: expected columns that are not zero"):
        nn.on_sphere(model)
    assert all(a is p.value and p.geometry is euclidean for a, p in zip(before, model.parameters(), strict=True))


def test_measuring_leaves_the_model_as_it_was():
    model = nn.wide_resnet(10, 1, 10, np.random.default_rng(0), keep=0.7)
    before = copy.deepcopy(model)
    x, labels = batch((8, 8, 3))
    first = nn.measure_invariance(model, x, labels)
    assert nn.measure_invariance(model, x, labels) == first  # the same dropout masks
    for p, q in zip(model.parameters(), before.parameters(), strict=True):
        assert p.grad is None and (p.value == q.value).all()
    for a, b in zip(model.moments().values(), before.moments().values(), strict=True):
        assert (a.mean == b.mean).all() and (a.var == b.var).all()


def test_the_table_is_text_and_the_measure_runs_on_a_device(device):
    model = nn.mlp([6, 8, 10], np.random.default_rng(0))
    nn.on_sphere(model)
    x, labels = batch((6,), n=7)
    host = nn.measure_invariance(model, x, labels)
    lines = nn.invariance_table(host).splitlines()
    assert lines[0].split() == ["name", "geometry", "cosine", "column", "matrix"]
    assert [line.split()[:2] for line in lines[1:]] == [["1.w", "sphere"], ["4.w", "euclidean"]]
    there = nn.measure_invariance(model.to("gpu"), device.asarray(x), device.asarray(labels))
    for a, b in zip(host, there, strict=True):
        assert b[:2] == a[:2] and b[2:] == pytest.approx(a[2:], rel=1e-4, abs=1e-6)
