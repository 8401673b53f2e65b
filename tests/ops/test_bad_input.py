"""Bad input raises at the door, and says which array and which axis, what was expected and what came."""

import numpy as np
import pytest

from grassmann_np import ops
from tests.fake_cupy import cupy

X, IMAGE = np.ones((4, 5)), np.ones((2, 5, 6, 3))
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.linear(X, np.ones((4, 3))), r"w: expected shape \(5, n_out\), got \(4, 3\): axis 0 should be 5"),
        (lambda: ops.linear(X, np.ones((5, 3)), np.ones(4)), r"b: expected shape \(3,\), got \(4,\): axis 0"),
        (lambda: ops.linear(X[0], np.ones((5, 3))), r"x: expected shape \(N, n_in\), got \(5,\): 1 axes"),
        (lambda: ops.conv2d(X, np.ones((3, 3, 5, 2))), r"x: expected shape \(N, H, W, c_in\), got \(4, 5\)"),
        (lambda: ops.conv2d(IMAGE, np.ones((3, 3, 4, 2))), r"w: expected .* got \(3, 3, 4, 2\): axis 2 should be 3"),
        (lambda: ops.conv2d(IMAGE, np.ones((7, 3, 3, 2))), "at least 7 pixels on axis 1 with padding, got 5"),
        (lambda: ops.conv2d(IMAGE, np.ones((3, 3, 3, 2)), stride=0), "stride: expected stride >= 1, got 0"),
        (lambda: ops.conv2d(IMAGE, np.ones((3, 3, 3, 2)), padding=-1), "padding: expected padding >= 0, got -1"),
        (lambda: ops.batch_norm(X, np.ones(4)), "gamma: expected shape .* axis 0 should be 5"),
        (lambda: ops.batch_norm(X, None, np.ones((5, 1))), r"beta: expected shape \(5,\), got \(5, 1\): 2 axes"),
        (lambda: ops.batch_norm(X[:1]), r"more than one value per channel in training, got shape \(1, 5\)"),
        (lambda: ops.batch_norm(X, training=False), "running: expected RunningMoments in evaluation, got None"),
        (lambda: ops.batch_norm(X, running=ops.RunningMoments(4)), "running.mean: .* axis 0 should be 5"),
        (lambda: ops.layer_norm(X, np.ones(4), np.ones(5)), "gamma: .* axis 0 should be 5"),
        (lambda: ops.rms_norm(X, np.ones(4)), "gamma: .* axis 0 should be 5"),
        (lambda: ops.weight_norm(X, np.ones(4)), "g: .* axis 0 should be 5"),
        (lambda: ops.weight_norm(np.zeros((3, 2)), np.ones(2)), "zero column; it has no direction"),
        (lambda: ops.weight_norm_start(X, np.ones((5, 2))), "give every unit several values, got 4 that give one"),
        (lambda: ops.norm_prop(X, np.ones((4, 2)), np.ones(2), np.ones(2)), "w: .* axis 0 should be 5"),
        (lambda: ops.max_pool(IMAGE, 2), r"expected axis 1 divisible by size 2, got shape \(2, 5, 6, 3\)"),
        (lambda: ops.avg_pool(IMAGE, 5), "expected axis 2 divisible by size 5"),
        (lambda: ops.max_pool(IMAGE, 0), "size: expected size >= 1, got 0"),
        (lambda: ops.global_avg_pool(X), r"x: expected shape \(N, H, W, C\), got \(4, 5\): 2 axes"),
        (lambda: ops.dropout(X, 0.0, RNG), "keep: expected 0 < keep <= 1, got 0.0"),
        (lambda: ops.dropout(X, 1.5, RNG), "keep: expected 0 < keep <= 1, got 1.5"),
        (lambda: ops.RunningMoments(3, momentum=0.0), "momentum: expected 0 < momentum <= 1, got 0.0"),
        (lambda: ops.cross_entropy(X, np.zeros(3, int)), "labels: .* axis 0 should be 4"),
        (lambda: ops.cross_entropy(X, np.zeros((4, 1), int)), "labels: .* 2 axes"),
        (lambda: ops.cross_entropy(X, np.array([0, 1, 2, 5])), "labels: expected numbers from 0 to 4, .* got 0 to 5"),
        (lambda: ops.cross_entropy(X, np.array([0, 1, 2, -1])), "labels: expected numbers from 0 to 4, .* got -1 to 2"),
        (lambda: ops.cross_entropy(X, np.zeros(4, int), smoothing=1.0), "expected 0 <= smoothing < 1, got 1.0"),
        (lambda: ops.cross_entropy(X[:0], np.zeros(0, int)), "logits: .* axis 0 is empty"),
    ],
)
def test_value_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.cross_entropy(X, np.zeros(4)), "labels: expected integers, got float64"),
        (lambda: ops.cross_entropy(X, [0, 1, 2, 3]), "expected a NumPy or CuPy array, got list"),
        (lambda: ops.batch_norm(cupy.asarray(X), running=ops.RunningMoments(5)), "one backend, got cupy, numpy"),
        (lambda: ops.linear(X.tolist(), X), "expected a NumPy or CuPy array, got list"),
        (lambda: ops.linear(X.astype(np.float16), X.T), "x: expected float32 or float64, got float16"),
        (lambda: ops.linear(X, X.T.astype(np.float32)), "w: expected float64 like x, got float32"),
    ],
)
def test_type_errors(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_bad_input_leaves_the_running_moments_alone():
    running = ops.RunningMoments(5)
    for bad in (lambda: ops.batch_norm(X, np.ones(4), running=running), lambda: ops.batch_norm(X[:1], running=running)):
        with pytest.raises(ValueError):
            bad()
    assert not running.mean.any() and (running.var == 1).all()


@pytest.mark.parametrize("op", [ops.relu, ops.flatten, lambda x: ops.dropout(x, 0.5, RNG)])
def test_an_upstream_gradient_that_does_not_fit(op):
    _, pullback = op(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match="dy: expected shape"):
        pullback(np.ones((12, 2)))


@pytest.mark.parametrize("bad", [2.0, (1, 1), "2", True, None])
def test_whole_numbers_are_whole(bad):
    x, w = np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1))
    for name, call in {
        "stride": lambda: ops.conv2d(x, w, stride=bad),
        "padding": lambda: ops.conv2d(x, w, padding=bad),
        "size": lambda: ops.max_pool(x, bad),
    }.items():
        with pytest.raises(TypeError, match=f"{name}: expected a whole number, got"):
            call()


def test_every_gradient_has_the_dtype_of_its_op_whatever_comes_back():
    x, w, b = np.ones((1, 3, 3, 2), np.float32), np.ones((2, 2, 2, 4), np.float32), np.ones(4, np.float32)
    for op, arrays in ((ops.conv2d, (x, w, b)), (ops.linear, (x[0, 0], w[0, 0], b)), (ops.batch_norm, (w, b, b))):
        y, pullback = op(*arrays)
        assert {d.dtype for d in pullback(y.astype(np.float64))} == {np.dtype(np.float32)}


def test_padding_counts_twice_in_what_a_kernel_needs():
    x, w = np.zeros((1, 2, 9, 1)), np.zeros((5, 5, 1, 1))
    with pytest.raises(ValueError, match="x: expected at least 5 pixels on axis 1 with padding, got 4"):
        ops.conv2d(x, w, padding=1)
    with pytest.raises(ValueError, match="x: expected at least 5 pixels on axis 2 with padding, got 4"):
        ops.conv2d(x.swapaxes(1, 2), w, padding=1)
    assert ops.conv2d(np.zeros((1, 3, 9, 1)), w, padding=1)[0].shape == (1, 1, 7, 1)
