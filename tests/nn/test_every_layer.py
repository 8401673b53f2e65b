"""What every layer must do: a right gradient to x and to each parameter, float32 kept, and the same on a device."""

import copy

import numpy as np
import pytest

from grassmann_np import nn, ops
from grassmann_np.backend import by_columns
from grassmann_np.nn.layer import pull_to_data
from grassmann_np.testing import gradcheck
from tests import fake_cupy
from tests.nn.helpers import layers

NAMES = list(layers(np.random.default_rng(0)))


def draw(name, n=3):
    layer, shape = layers(np.random.default_rng(0))[name]
    for p in layer.parameters():  # gamma, beta, b and g at random: their first values hide errors
        p.value = p.value + np.random.default_rng(1).standard_normal(p.value.shape).astype(np.float32)
    return layer, np.random.default_rng(2).standard_normal((n, *shape)).astype(np.float32)


def pulled(layer, x, dy, training=True):
    """y, dx and the gradients of all parameters."""
    y, pullback = layer(x, training)
    return [y, pullback(dy), *[p.grad for p in layer.parameters()]]


def test_no_layer_is_forgotten():
    kinds = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)}
    assert kinds - {name.split(",")[0] for name in NAMES} == {"Invariance", "Layer", "Parameter"}


@pytest.mark.parametrize("name", NAMES)
def test_gradient(name):
    layer, x = draw(name)
    gradcheck.check_layer(layer, x.astype(np.float64), np.random.default_rng(3))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [True, False])
def test_float32_and_device(name, training, device):
    layer, x = draw(name)
    device_layer = copy.deepcopy(layer)
    shape = layer(x, training)[0].shape
    dy = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    layer, _ = draw(name)
    host = pulled(layer, x, dy, training)

    assert device_layer.to("gpu") is device_layer
    there = pulled(device_layer, device.asarray(x), device.asarray(dy), training)
    for a, b in zip(host, there, strict=True):
        assert a.dtype == np.float32 and b.dtype == np.float32
        assert isinstance(b, device.ndarray)
        np.testing.assert_allclose(b.get(), a, rtol=0, atol=2e-6 * max(1.0, np.abs(a).max()))
    device_layer.to("cpu")
    for p, q in zip(layer.parameters(), device_layer.parameters(), strict=True):
        np.testing.assert_array_equal(q.value, p.value)
        np.testing.assert_allclose(q.grad, p.grad, rtol=1e-5, atol=2e-6 * max(1.0, np.abs(p.grad).max()))
    for a, b in zip(layer.moments().values(), device_layer.moments().values(), strict=True):
        np.testing.assert_allclose(b.mean, a.mean, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(b.var, a.var, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [True, False])
def test_no_layer_waits_for_a_device(name, training, monkeypatch):
    cupy = fake_cupy.install(monkeypatch)
    layer, x = draw(name)
    x = cupy.asarray(x)
    layer.to("gpu")
    with fake_cupy.counting() as fetched:
        y, pullback = layer(x, training)
        pullback(y)
    assert fetched == []


@pytest.mark.parametrize("name", NAMES)
def test_the_pullback_overwrites_grad(name):
    layer, x = draw(name)
    y, pullback = layer(x)
    dy = np.ones_like(y)
    pullback(dy)
    first = [p.grad.copy() for p in layer.parameters()]
    pullback(dy)
    for p, grad in zip(layer.parameters(), first, strict=True):
        np.testing.assert_array_equal(p.grad, grad)
        assert p.grad.shape == p.value.shape


def test_a_relu_behind_a_batch_norm_is_computed_with_it(monkeypatch):
    """And only there; what comes out is what the layers give one by one."""
    model = nn.Sequential(nn.BatchNorm(3), nn.ReLU(), nn.ReLU(), nn.BatchNorm(3), nn.Flatten(), nn.ReLU())
    x = np.random.default_rng(0).standard_normal((9, 3)).astype(np.float32)
    called = []

    def noted(op):
        def run(*arrays, **options):
            called.append((op.__name__, options.get("relu")))
            return op(*arrays, **options)

        return run

    monkeypatch.setattr(ops, "batch_norm", noted(ops.batch_norm))
    monkeypatch.setattr(ops, "relu", noted(ops.relu))
    y, _ = model(x)
    assert called == [("batch_norm", True), ("relu", None), ("batch_norm", False), ("relu", None)]
    for layer in model.layers:
        x, _ = layer(x)
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("kind", [nn.BatchNorm, nn.ReLU])
def test_a_subclass_is_called_by_itself(kind):
    class Twice(kind):
        def __call__(self, x, training=True):
            y, pullback = super().__call__(x, training)
            return 2 * y, lambda dy: 2 * pullback(dy)

    x = np.random.default_rng(0).standard_normal((5, 3), dtype=np.float32)
    plain = [nn.BatchNorm(3), nn.ReLU()]
    changed = [Twice(3) if kind is nn.BatchNorm else plain[0], Twice() if kind is nn.ReLU else plain[1]]
    y, dx, *_ = pulled(nn.Sequential(*changed), x, x)
    once, dx_once, *_ = pulled(nn.Sequential(*plain), x, x)
    np.testing.assert_array_equal(y, 2 * once)
    np.testing.assert_array_equal(dx, 2 * dx_once)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_lie_in_memory_as_the_weights_do(name):
    layer, x = draw(name)
    y, pullback = layer(x)
    pullback(y)
    for p in layer.parameters():
        assert by_columns(p.grad) is p.grad, p.name


class AtData(nn.Layer):
    """x itself; nobody may ask for its dx."""

    def __call__(self, x, training=True):
        def pullback(dy):
            raise AssertionError

        return x, pullback


@pytest.mark.parametrize(
    ("make", "spared"),
    [
        (lambda linear: [linear()], 1),
        (lambda linear: [linear(), nn.ReLU(), linear()], 1),
        (lambda linear: [nn.Sequential(nn.ReLU(), nn.Sequential(linear(), nn.BatchNorm(3))), linear()], 1),
        (lambda linear: [nn.Residual(linear()), linear()], 0),
        (lambda linear: [nn.BatchNorm(3), nn.ReLU(), linear()], 0),
    ],
)
def test_where_x_is_data_the_parameters_get_the_same_gradients(make, spared):
    """And nothing is pulled through the layers before the first that learns, nor through that if it can be helped."""
    rng, asked = np.random.default_rng(0), []

    class Noted(nn.Linear):
        def __call__(self, x, training=True):
            y, pullback = super().__call__(x, training)
            return y, lambda dy, wanted=True: asked.append(wanted) or pullback(dy, wanted=wanted)

    layers = make(lambda: Noted(3, 3, rng))
    model, x = nn.Sequential(AtData(), *layers), rng.standard_normal((5, 3), dtype=np.float32)
    _, _, *right = pulled(nn.Sequential(*layers), x, x)
    asked.clear()
    pull_to_data(model, model(x)[1], x)
    for p, grad in zip(model.parameters(), right, strict=True):
        np.testing.assert_array_equal(p.grad, grad)
    assert asked.count(False) == spared and all(asked[:-1])


def test_without_parameters_there_is_nothing_to_pull():
    model = nn.Sequential(nn.Flatten(), nn.ReLU())
    x = np.ones((2, 3), np.float32)
    pull_to_data(model, model(x)[1], x)


def test_names_lead_to_the_parameters():
    rng = np.random.default_rng(0)
    body = nn.Sequential(nn.Linear(3, 3, rng), nn.BatchNorm(3))
    model = nn.Sequential(nn.Residual(body), nn.Linear(3, 2, rng))
    names = [p.name for p in model.parameters()]
    assert names == ["0.body.0.w", "0.body.0.b", "0.body.1.gamma", "0.body.1.beta", "1.w", "1.b"]
    assert list(model.moments()) == ["0.body.1.running"]


def test_layers_that_make_no_sense_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="n_in: expected n_in >= 1, got 0"):
        nn.Linear(0, 3, rng)
    with pytest.raises(ValueError, match=r"keep: expected 0 < keep <= 1, got 1\.5"):
        nn.Dropout(1.5, rng)


def test_a_layer_used_twice_is_refused():
    linear = nn.Linear(3, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"2\.w is 0\.w again; every layer may be used once"):
        nn.Sequential(linear, nn.ReLU(), linear).parameters()


def test_decay_is_meant_for_weights_only():
    for layer, _ in layers(np.random.default_rng(0)).values():
        for p in layer.parameters():
            assert p.decay == (p.name.rpartition(".")[2] in ("w", "v")), p


def test_batch_norm_learns_in_training_and_uses_it_in_evaluation():
    layer = nn.BatchNorm(2, momentum=1.0, eps=0.0)
    x = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    layer(x)
    y, _ = layer(x[:1], training=False)
    np.testing.assert_allclose(y, (x[:1] - x.mean(0)) / x.std(0, ddof=1), rtol=1e-5)


def test_dropout_drops_in_training_only():
    layer = nn.Dropout(0.5, np.random.default_rng(0))
    x = np.ones((4, 50), np.float32)
    y, pullback = layer(x)
    assert set(np.unique(y)) == {0.0, 2.0}
    np.testing.assert_array_equal(pullback(x), y)
    assert layer(x)[0].tolist() != y.tolist()
    y, pullback = layer(x, training=False)
    assert (y == 1).all() and (pullback(x) == 1).all()


@pytest.mark.parametrize(
    "compose",
    [
        lambda layer: nn.Sequential(nn.ReLU(), layer),
        lambda layer: nn.Residual(layer),
        lambda layer: nn.Residual(nn.ReLU(), shortcut=layer),
    ],
)
def test_a_composition_hands_evaluation_on(compose):
    one = np.ones((1, 3), np.float32)
    y, _ = compose(nn.BatchNorm(3))(one, training=False)
    assert y.shape == (1, 3)
    with pytest.raises(ValueError, match="more than one value per channel in training"):
        compose(nn.BatchNorm(3))(one)


@pytest.mark.parametrize("name", NAMES)
def test_tracing_computes_the_same(name):
    layer, x = draw(name)
    y = layer.trace(x, lambda name, layer, x: layer(x, training=False)[0])
    np.testing.assert_array_equal(y, layer(x, training=False)[0])


def test_a_residual_of_two_shapes_raises():
    rng = np.random.default_rng(0)
    layer = nn.Residual(nn.Linear(4, 3, rng))
    with pytest.raises(ValueError, match=r"body and shortcut of one shape, got \(2, 3\) and \(2, 4\)"):
        layer(np.ones((2, 4), np.float32))


def test_norm_prop_starts_without_stretching_small_differences():
    """gamma = 1/1.21 makes the mean square of the layer's Jacobian 1, for standard normal x and as many units."""
    layer = nn.NormPropLinear(60, 60, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    _, pullback = layer(rng.standard_normal((500, 60)).astype(np.float32))
    dy = rng.standard_normal((500, 60)).astype(np.float32)
    assert abs(np.linalg.norm(pullback(dy)) / np.linalg.norm(dy) - 1) < 0.02
