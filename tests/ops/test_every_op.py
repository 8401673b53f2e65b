"""What every op must do: a right gradient, its dtype kept, nothing modified, and the same on a device."""

import weakref

import numpy as np
import pytest

from grassmann_np import ops, ways
from grassmann_np.testing import gradcheck
from tests.fake_cupy import cupy
from tests.ops.cases import CASES, as_tuple, draw

every_op = pytest.mark.parametrize("name", CASES)
shaped = [name for name in CASES if not name.startswith(("flatten", "relu", "dropout", "cross_entropy"))]
every_op_that_sees_shapes = pytest.mark.parametrize("name", shaped)


@pytest.mark.parametrize("_", [0])
def test_a_test_that_does_not_ask_for_its_way_goes_it(request, _):
    assert {"plain": np.inf, "loops": 0}[request.node.callspec.params["way"]] == ways.LEAST


def test_no_op_is_forgotten():
    drawn = {name.split(",")[0].split()[0] for name in CASES} | {"conv2d"}
    functions = {name for name in ops.__all__ if name[0].islower()}
    assert functions - drawn == {"column_sums", "row_sums", "weight_norm_start"}


@every_op
def test_gradient(name):
    op, arrays = draw(name)
    report = gradcheck.check(op, *arrays, rng=np.random.default_rng(1))
    assert report.entries < 1e-6 and report.adjoint < 1e-6


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("linear", "conv"))])
def test_what_is_not_wanted_is_left_out(name):
    op, arrays = draw(name)
    y, pullback = op(*arrays)
    (_, *right), (dx, *others) = pullback(y), pullback(y, wanted=False)
    assert dx is None
    for a, b in zip(others, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("linear", "conv"))])
def test_what_is_not_wanted_is_left_out_on_a_device(name, device):
    op, arrays = draw(name)
    y, pullback = op(*map(device.asarray, arrays))
    (_, *right), (dx, *others) = pullback(y), pullback(y, wanted=False)
    assert dx is None
    for a, b in zip(others, right, strict=True):
        np.testing.assert_allclose(a.get(), b.get(), rtol=1e-12, atol=1e-12)


@every_op
def test_float32_stays_float32_and_agrees_with_float64(name):
    op, arrays = draw(name)
    y, pullback = op(*arrays)
    dy = np.random.default_rng(2).standard_normal(np.shape(y))
    y32, pullback32 = op(*[a.astype(np.float32) for a in arrays])
    for wide, narrow in zip(
        (y, *as_tuple(pullback(dy))), (y32, *as_tuple(pullback32(dy.astype(np.float32)))), strict=True
    ):
        assert narrow.dtype == np.float32
        np.testing.assert_allclose(narrow, wide, rtol=0, atol=1e-5 * max(1.0, np.abs(wide).max()))


@every_op
def test_arrays_may_be_read_only_and_strided(name):
    op, arrays = draw(name)
    dense = op(*arrays)[0]
    strided = [np.repeat(a, 2, axis=-1)[..., ::2] for a in arrays]
    for a in strided:
        a.flags.writeable = False
    y, pullback = op(*strided)
    np.testing.assert_allclose(y, dense, rtol=1e-12, atol=1e-12)
    dy = np.random.default_rng(2).standard_normal(np.shape(y))
    dy.flags.writeable = False
    pullback(dy)


@every_op
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 4e-15), (np.float32, 1e-6)])
def test_runs_on_a_device_and_agrees_with_the_host(name, dtype, tolerance, device):
    """Some eps: the sums, of 70 numbers at most, are in another order."""
    op, arrays = draw(name, dtype)
    y, pullback = op(*arrays)
    dy = np.random.default_rng(2).standard_normal(np.shape(y)).astype(dtype)
    y_there, pullback_there = op(*[device.asarray(a) for a in arrays])
    host = (y, *as_tuple(pullback(dy)))
    there = (y_there, *as_tuple(pullback_there(device.asarray(dy))))
    for a, b in zip(host, there, strict=True):
        assert isinstance(b, device.ndarray) and b.dtype == dtype
        np.testing.assert_allclose(b.get(), a, rtol=0, atol=tolerance * max(1.0, np.abs(a).max()))


@every_op_that_sees_shapes
def test_empty_batch_raises(name):
    op, arrays = draw(name)
    with pytest.raises(ValueError, match="axis 0 is empty"):
        op(arrays[0][:0], *arrays[1:])


@every_op
def test_wrong_dtypes_raise(name):
    op, (x, *others) = draw(name)
    with pytest.raises(TypeError, match="expected float32 or float64, got int64"):
        op(x.astype(np.int64), *others)
    if others:
        with pytest.raises(TypeError, match="expected float64 like"):
            op(x, *[a.astype(np.float32) for a in others])
        with pytest.raises(TypeError, match="one backend"):
            op(x, *[cupy.asarray(a) for a in others])


@every_op_that_sees_shapes
def test_an_upstream_gradient_of_another_shape_raises(name):
    op, arrays = draw(name)
    y, pullback = op(*arrays)
    with pytest.raises(ValueError, match=r"d[a-z]: expected shape"):
        pullback(np.ones((*y.shape, 1)))


def test_weight_norm_start_runs_on_a_device(device):
    rng = np.random.default_rng(0)
    x, v = rng.standard_normal((9, 4)), rng.standard_normal((4, 3))
    for here, there in zip(
        ops.weight_norm_start(x, v), ops.weight_norm_start(device.asarray(x), device.asarray(v)), strict=True
    ):
        np.testing.assert_allclose(there.get(), here, rtol=1e-13)


def test_running_moments_follow_on_a_device(device):
    x = np.random.default_rng(0).standard_normal((9, 3)).astype(np.float32)
    here, there = ops.RunningMoments(3), ops.RunningMoments(3)
    there.mean, there.var = device.asarray(there.mean), device.asarray(there.var)
    ops.batch_norm(x, running=here)
    ops.batch_norm(device.asarray(x), running=there)
    np.testing.assert_allclose(there.mean.get(), here.mean, rtol=1e-6)
    np.testing.assert_allclose(there.var.get(), here.var, rtol=1e-6)


@pytest.mark.parametrize("name", ["relu", "flatten", "avg_pool", "global_avg_pool", "dropout"])
def test_a_pullback_does_not_hold_the_input(name):
    op, arrays = draw(name)
    alive = weakref.ref(arrays[0])
    y, pullback = op(*arrays)
    y = y.copy()  # flatten's is a view
    arrays.clear()
    assert pullback is not None and alive() is None
