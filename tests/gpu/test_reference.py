"""The values of tests/reference/*.npz, by other programs, computed on a device."""

import numpy as np
import pytest

from grassmann_np import nn, ops, optim
from grassmann_np.geometry import lines, sphere, subspaces
from tests.geometry import test_accuracy as geometry
from tests.ops import test_reference as layers
from tests.optim import test_reference as optimizers


def agree(there, expected, tolerance=1e-9):
    assert there.shape == expected.shape
    assert np.abs(there.get() - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("case", [case for case in layers.CASES if case != "batchnorm_eval"])
def test_op(case, device):
    op, names = layers.CASES[case]
    y, pullback = op(*[device.asarray(layers.REFERENCE[f"{case}/{name}"]) for name in names.split()])
    agree(y, layers.REFERENCE[f"{case}/y"])
    grads = pullback(device.asarray(layers.REFERENCE[f"{case}/dy"]))
    for name, grad in zip(names.split(), grads if isinstance(grads, tuple) else [grads], strict=True):
        agree(grad, layers.REFERENCE[f"{case}/d{name}"])


def test_running_moments_and_evaluation(device):
    running = ops.RunningMoments(5)
    running.to("gpu")
    for i in range(3):
        ops.batch_norm(device.asarray(layers.REFERENCE[f"batchnorm_running/x{i}"]), running=running)
    agree(running.mean, layers.REFERENCE["batchnorm_running/mean"])
    agree(running.var, layers.REFERENCE["batchnorm_running/var"])
    arrays = [device.asarray(layers.REFERENCE[f"batchnorm_eval/{name}"]) for name in ("x", "gamma", "beta")]
    y, pullback = ops.batch_norm(*arrays, running=running, training=False)
    agree(y, layers.REFERENCE["batchnorm_eval/y"])
    grads = pullback(device.asarray(layers.REFERENCE["batchnorm_eval/dy"]))
    for name, grad in zip(("x", "gamma", "beta"), grads, strict=True):
        agree(grad, layers.REFERENCE[f"batchnorm_eval/d{name}"])


def test_cross_entropy(device):
    logits, labels = (device.asarray(layers.REFERENCE[f"cross_entropy/{name}"]) for name in ("logits", "labels"))
    loss, pullback = ops.cross_entropy(logits, labels)
    agree(loss, layers.REFERENCE["cross_entropy/loss"])
    agree(pullback(), layers.REFERENCE["cross_entropy/dlogits"])


@pytest.mark.parametrize("case", optimizers.CASES)
def test_authors_trajectory(case, device):
    """As tests/optim/test_reference.py: 2e-6 of the length is what the authors' 1e-8 under the fraction makes."""
    reference, prefix = optimizers.REFERENCE, f"{case}/hyper/"
    hyper = {key.removeprefix(prefix): float(reference[key]) for key in reference.files if key.startswith(prefix)}
    w = nn.Parameter(device.asarray(reference[f"{case}/w0"]), geometry=sphere)
    options = {"clip": hyper.get("grad_clip"), "orthogonality": hyper.get("omega", 0.0)}
    if case.startswith("sgd"):
        optimizer = optim.SGD([w], hyper["lr"], hyper["momentum"], **options)
    else:
        optimizer = optim.Adam([w], hyper["lr"], hyper["momentum"], hyper.get("beta2", 0.99), **options)
    steps = []
    for gradient in reference[f"{case}/grads"]:
        w.grad = device.asarray(gradient.astype(np.float64))
        optimizer.step()
        steps.append((w.value.get(), optimizer.state[0]["tau"].get()))
    for kept, *expected in zip(reference["kept_steps"], reference[f"{case}/w"], reference[f"{case}/tau"], strict=True):
        for ours, theirs in zip(steps[kept], expected, strict=True):
            assert np.max(np.abs(ours - theirs) / np.maximum(1, np.linalg.norm(theirs, axis=0))) <= 2e-6


@pytest.mark.parametrize("n", [2, 3, 9, 64])
def test_geometry_within_sixteen_eps(n, device):
    """Twice what the host is held to: the sums are in another order, and sin and cos are the device's own."""
    values = {name: geometry.REFERENCE[f"n{n}/{name}"] for name in ("y", "h", "d", "exp", "transport", "x", "distance")}
    y, h, d, x = (device.asarray(values[name]) for name in "yhdx")
    length = np.maximum(1, np.linalg.norm(values["h"], axis=0))
    for there, name in (
        (sphere.exp(y, h), "exp"),
        (sphere.transport(y, h, d), "transport"),
        (lines.distance(y, x), "distance"),
    ):
        assert np.max(np.abs(there.get() - values[name]) / length) <= 16 * geometry.EPS, name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_cut_locus_is_seen_on_a_device(dtype, device):
    for seed in range(20):
        q = np.linalg.qr(np.random.default_rng(seed).standard_normal((9, 9)).astype(dtype))[0]
        mix = np.linalg.qr(np.random.default_rng(seed).standard_normal((2, 2)).astype(dtype))[0]
        with pytest.raises(ValueError, match="equally near"):
            lines.log(device.asarray(q[:, 0]), device.asarray(3 * q[:, 1]))
        with pytest.raises(ValueError, match="several geodesics are shortest"):
            subspaces.log(device.asarray(q[:, :2]), device.asarray(q[:, 1:3] @ mix))
        x = q[:, 1] + dtype(1e-3) * q[:, 0]
        way = lines.log(device.asarray(q[:, 0]), device.asarray(x)).get()
        np.testing.assert_allclose(way, (np.pi / 2 - 1e-3) * q[:, 1], atol=64 * np.finfo(dtype).eps + 1e-9)
