"""The networks of the paper: their size, their shape, their start, and that they learn."""

import math

import numpy as np
import pytest

from grassmann_np import nn, ops
from tests.nn.helpers import batch, descend, widen

RNG = np.random.default_rng(0)


def vgg_count(groups, classes):
    """By hand: 9 c_in c_out per convolution, one beta per channel, two dense 512, one with bias."""
    count, c_in = 0, 3
    for width, convolutions in zip((64, 128, 256, 512, 512), groups, strict=True):
        for _ in range(convolutions):
            count += 9 * c_in * width + width
            c_in = width
    return count + 2 * (512 * 512 + 512) + 512 * classes + classes


def wrn_count(depth, k, classes):
    """By hand: convolutions, gamma and beta of every BatchNorm, the 1x1 projections, one dense with bias."""
    count, c_in = 9 * 3 * 16, 16
    for c_out in (16 * k, 32 * k, 64 * k):
        for _ in range((depth - 4) // 6):
            count += 2 * c_in + 9 * c_in * c_out + 2 * c_out + 9 * c_out * c_out
            count += c_in * c_out if c_in != c_out else 0
            c_in = c_out
    return count + 2 * c_in + c_in * classes + classes


@pytest.mark.parametrize(
    ("model", "by_hand", "count"),
    [
        (lambda: nn.vgg(11, 10, RNG), vgg_count((1, 1, 2, 2, 2), 10), 9_750_922),
        (lambda: nn.vgg(13, 10, RNG), vgg_count((2, 2, 2, 2, 2), 10), 9_935_434),
        (lambda: nn.vgg(16, 100, RNG), vgg_count((2, 2, 3, 3, 3), 100), 15_291_300),
        (lambda: nn.vgg(19, 100, RNG), vgg_count((2, 2, 4, 4, 4), 100), 20_600_996),
        (lambda: nn.wide_resnet(16, 4, 10, RNG), wrn_count(16, 4, 10), 2_748_890),  # published: 2.7 M
        (lambda: nn.wide_resnet(22, 8, 10, RNG), wrn_count(22, 8, 10), 17_158_106),  # 17.2 M
        (lambda: nn.wide_resnet(28, 10, 10, RNG), wrn_count(28, 10, 10), 36_479_194),  # 36.5 M
        (lambda: nn.wide_resnet(40, 10, 100, RNG), wrn_count(40, 10, 100), 55_899_444),  # 55.8 M with 10 classes
    ],
)
def test_parameter_counts(model, by_hand, count):
    assert sum(p.value.size for p in model().parameters()) == by_hand == count


def tiny(rng):
    return {
        "mlp": (nn.mlp([48, 20, 12, 10], rng), (4, 4, 3)),
        "cnn 8x8": (nn.cnn((8, 8, 1), 10, rng), (8, 8, 1)),
        "cnn 28x28": (nn.cnn((28, 28, 1), 10, rng), (28, 28, 1)),
        "vgg 11": (nn.vgg(11, 10, rng), (32, 32, 3)),
        "vgg 13, gray": (nn.vgg(13, 10, rng, channels=1), (32, 32, 1)),
        "wide_resnet 10-1": (nn.wide_resnet(10, 1, 10, rng, keep=0.8), (32, 32, 3)),
        "wide_resnet 16-2, gray": (nn.wide_resnet(16, 2, 10, rng, channels=1), (16, 12, 1)),
    }


@pytest.mark.parametrize("name", tiny(np.random.default_rng(0)))
def test_learns_one_batch_on_host_and_device_alike(name, device):
    model, shape = tiny(np.random.default_rng(0))[name]
    x, labels = batch(shape, n=6)
    losses = [descend(model, x, labels, lr=0.002) for _ in range(4)]
    again = tiny(np.random.default_rng(0))[name][0]
    for p, q in zip(again.parameters(), model.parameters(), strict=True):
        p.value = q.value
    assert descend(again, x, labels) < losses[0]  # with the masks of the first step
    assert all(p.value.dtype == p.grad.dtype == np.float32 for p in model.parameters())
    logits, _ = model(x[:2], training=False)
    assert logits.shape == (2, 10) and logits.dtype == np.float32 and np.isfinite(logits).all()

    model = tiny(np.random.default_rng(0))[name][0].to("gpu")
    there = [descend(model, device.asarray(x), device.asarray(labels), lr=0.002) for _ in range(2)]
    tolerance = 256 * np.finfo(np.float32).eps  # it adds in another order; VGG normalizes over no more than 6 numbers
    np.testing.assert_allclose(there, losses[:2], rtol=tolerance)


@pytest.mark.parametrize("name", ["cnn 8x8", "wide_resnet 16-2, gray"])
def test_gradient_of_a_whole_network(name):
    """Along a random direction of all parameters at once; every layer's entries are checked elsewhere."""
    model, shape = tiny(np.random.default_rng(0))[name]
    widen(model)
    x, labels = batch(shape, dtype=np.float64)
    values = [p.value for p in model.parameters()]
    rng = np.random.default_rng(1)
    directions = [rng.standard_normal(v.shape) * np.abs(v).mean() for v in values]

    def loss(t):
        for p, v, d in zip(model.parameters(), values, directions, strict=True):
            p.value = v + t * d
        logits, pullback = model(x)
        value, loss_pullback = ops.cross_entropy(logits, labels)
        return value, lambda: pullback(loss_pullback())

    loss(0.0)[1]()
    slope = sum(np.sum(p.grad * d) for p, d in zip(model.parameters(), directions, strict=True))
    t = 1e-7  # shorter than the way to the nearest of some 30000 kinks
    assert abs((loss(t)[0] - loss(-t)[0]) / (2 * t) - slope) < 1e-6 * abs(slope)


def test_the_paper_s_shape_of_vgg_13():
    kinds = [type(layer).__name__ for layer in nn.vgg(13, 10, RNG).layers]
    assert [kinds.count(k) for k in ("Conv2D", "MaxPool", "Linear", "BatchNorm", "ReLU")] == [10, 5, 3, 12, 12]
    names = [p.name.rpartition(".")[2] for p in nn.vgg(13, 10, RNG).parameters()]
    assert "gamma" not in names and names.count("b") == 1


def test_the_paper_s_shape_of_wide_resnet_16_4():
    model = nn.wide_resnet(16, 4, 10, RNG, keep=0.7)
    kinds = [type(layer).__name__ for _, layer in model.walk()]
    assert kinds.count("Residual") == kinds.count("Dropout") == 6
    sizes = [p.value.shape for p in model.parameters() if p.value.ndim == 4]
    assert sizes.count((1, 1, 16, 64)) == sizes.count((1, 1, 64, 128)) == sizes.count((1, 1, 128, 256)) == 1
    assert len(sizes) == 1 + 12 + 3
    shapes = []

    def visit(name, layer, x):
        y, _ = layer(x, training=False)
        if isinstance(layer, nn.Conv2D):
            shapes.append(y.shape[1:])
        return y

    model.trace(np.zeros((1, 32, 32, 3), np.float32), visit)
    assert [shapes.count(s) for s in ((32, 32, 16), (32, 32, 64), (16, 16, 128), (8, 8, 256))] == [1, 5, 5, 5]


def test_initial_weights():
    model = nn.wide_resnet(10, 4, 10, np.random.default_rng(0))
    for p in model.parameters():
        kind = p.name.rpartition(".")[2]
        if kind in ("gamma", "beta", "b"):
            assert (p.value == (kind == "gamma")).all()
        else:
            n = math.prod(p.value.shape[:-1])
            deviation = math.sqrt(2 / n)
            assert abs(p.value.std() / deviation - 1) < 5 / math.sqrt(2 * p.value.size)
            assert np.abs(p.value).max() < 2.3 * deviation  # cut at 2, then rescaled by 1/0.88
        assert p.value.dtype == np.float32 and p.grad is None


def test_the_seed_decides():
    def first(seed):
        return nn.cnn((8, 8, 1), 10, np.random.default_rng(seed)).parameters()[0].value

    assert (first(3) == first(3)).all() and (first(3) != first(4)).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.mlp([10], RNG), r"sizes: expected at least inputs and classes, got \[10\]"),
        (lambda: nn.cnn((8, 6, 1), 10, RNG), r"divisible by 4, got \(8, 6, 1\)"),
        (lambda: nn.vgg(12, 10, RNG), "depth: expected one of 11, 13, 16, 19, got 12"),
        (lambda: nn.wide_resnet(17, 4, 10, RNG), "depth: expected 10, 16, 22, 28, ..., got 17"),
        (lambda: nn.wide_resnet(4, 4, 10, RNG), "depth: expected 10, 16, 22, 28, ..., got 4"),
        (lambda: nn.wide_resnet(16, 0, 10, RNG), "width: expected width >= 1, got 0"),
        (lambda: nn.mlp([4, 3], RNG).to("tpu"), 'expected device "cpu" or "gpu", got \'tpu\''),
        (lambda: nn.mlp([4, 3], RNG)(np.ones((2, 5), np.float32)), "w: expected shape .* axis 0 should be 5"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
