"""Values and gradients of reference/layers.npz, by another program, to 1e-9 relative."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from grassmann_np import nn, ops

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "layers.npz")


def _evaluation_moments():
    running = ops.RunningMoments(5)
    for i in range(3):
        ops.batch_norm(REFERENCE[f"batchnorm_running/x{i}"], running=running)
    return running


def _weight_norm_linear(x, v, g, b):
    w, to_w = ops.weight_norm(v, g)
    y, to_x = ops.linear(x, w, b)

    def pullback(dy):
        dx, dw, db = to_x(dy)
        return dx, *to_w(dw), db

    return y, pullback


def _conv(stride, padding):
    return partial(ops.conv2d, stride=stride, padding=padding)


CASES = {
    "linear": (ops.linear, "x w b"),
    "conv_k3_s1_p1": (_conv(1, 1), "x w"),
    "conv_k3_s2_p1": (_conv(2, 1), "x w"),
    "conv_k1_s1_p0": (_conv(1, 0), "x w"),
    "conv_k1_s2_p0": (_conv(2, 0), "x w"),
    "conv_k5_s1_p2": (_conv(1, 2), "x w"),
    "conv_k3_s1_p0": (_conv(1, 0), "x w"),
    "conv_bias": (_conv(1, 1), "x w b"),
    "batchnorm_dense": (ops.batch_norm, "x gamma beta"),
    "batchnorm_image": (ops.batch_norm, "x gamma beta"),
    "batchnorm_eval": (
        lambda *arrays: ops.batch_norm(*arrays, running=_evaluation_moments(), training=False),
        "x gamma beta",
    ),
    "layernorm": (ops.layer_norm, "x gamma beta"),
    "weightnorm_linear": (_weight_norm_linear, "x v g b"),
    "relu": (ops.relu, "x"),
    "maxpool_2": (partial(ops.max_pool, size=2), "x"),
    "avgpool_2": (partial(ops.avg_pool, size=2), "x"),
    "global_avgpool": (ops.global_avg_pool, "x"),
}


def agree(ours, theirs):
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-9 * np.abs(theirs).max()


@pytest.mark.parametrize("case", CASES)
def test_op(case):
    op, names = CASES[case]
    y, pullback = op(*[REFERENCE[f"{case}/{name}"] for name in names.split()])
    agree(y, REFERENCE[f"{case}/y"])
    grads = pullback(REFERENCE[f"{case}/dy"])
    for name, grad in zip(names.split(), grads if isinstance(grads, tuple) else [grads], strict=True):
        agree(grad, REFERENCE[f"{case}/d{name}"])


def test_running_moments():
    running = _evaluation_moments()
    agree(running.mean, REFERENCE["batchnorm_running/mean"])
    agree(running.var, REFERENCE["batchnorm_running/var"])


def test_cross_entropy():
    logits, labels = REFERENCE["cross_entropy/logits"], REFERENCE["cross_entropy/labels"]
    loss, pullback = ops.cross_entropy(logits, labels)
    agree(np.asarray(loss), REFERENCE["cross_entropy/loss"])
    agree(pullback(), REFERENCE["cross_entropy/dlogits"])


def test_wide_residual_block():
    rng = np.random.default_rng(0)
    block = nn.Sequential(
        nn.BatchNorm(4),
        nn.ReLU(),
        nn.Residual(
            nn.Sequential(
                nn.Conv2D(4, 6, 3, rng, stride=2, padding=1, bias=False),
                nn.BatchNorm(6),
                nn.ReLU(),
                nn.Conv2D(6, 6, 3, rng, padding=1, bias=False),
            ),
            nn.Conv2D(4, 6, 1, rng, stride=2, bias=False),
        ),
    )
    names = ["g0", "b0", "w0", "g1", "b1", "w1", "wdim"]
    for parameter, name in zip(block.parameters(), names, strict=True):
        parameter.value = REFERENCE[f"wide_residual_block/{name}"]
    y, pullback = block(REFERENCE["wide_residual_block/x"])
    agree(y, REFERENCE["wide_residual_block/y"])
    agree(pullback(REFERENCE["wide_residual_block/dy"]), REFERENCE["wide_residual_block/dx"])
    for parameter, name in zip(block.parameters(), names, strict=True):
        agree(parameter.grad, REFERENCE[f"wide_residual_block/d{name}"])


def test_every_case_of_the_file_is_used():
    used = {*CASES, "batchnorm_running", "cross_entropy", "wide_residual_block"}
    assert {key.split("/")[0] for key in REFERENCE} == used
