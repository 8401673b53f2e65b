"""Every kernel against its NumPy twin, at sizes above a block of threads and no multiple of it."""

from functools import partial

import numpy as np
import pytest

from grassmann_np import backend, ops
from grassmann_np.cuda import conv, kernel
from tests.ops.cases import as_tuple

BOTH = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@pytest.fixture(autouse=True, params=[kernel.BLOCKS, 3], ids="{} blocks".format)
def blocks(request, monkeypatch):
    """With few blocks, too: then a thread goes around several times."""
    monkeypatch.setattr(kernel, "BLOCKS", request.param)


def draw(*shapes, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def close(there, here, many_eps):
    assert there.dtype == here.dtype and there.shape == here.shape
    tolerance = many_eps * np.finfo(here.dtype).eps * max(1.0, float(np.abs(here).max()))
    np.testing.assert_allclose(there.get(), here, rtol=0, atol=tolerance)


def agree(device, op, arrays, many_eps):
    """Value and all gradients of the op on the device against those of the op on the host: sums of 5000 numbers, in
    another order."""
    y, pullback = op(*arrays)
    (dy,) = draw(np.shape(y), dtype=arrays[0].dtype, seed=9)
    there, pullback_there = op(*[device.asarray(a) for a in arrays])
    close(there, y, many_eps)
    grads = as_tuple(pullback_there(device.asarray(dy)))
    for one, other in zip(grads, as_tuple(pullback(dy)), strict=True):
        close(one, other, many_eps)
    return grads


CONVOLUTIONS = [  # x, w, stride, padding
    ((3, 13, 11, 3), (3, 3, 3, 5), 1, 1),
    ((2, 13, 11, 8), (3, 3, 8, 12), 1, 1),
    ((5, 13, 11, 8), (3, 3, 8, 4), 2, 1),
    ((2, 14, 9, 2), (3, 2, 2, 3), 3, 2),
    ((3, 7, 9, 4), (3, 2, 4, 2), 1, 1),
    ((2, 9, 7, 4), (1, 1, 4, 6), 1, 0),
    ((2, 9, 7, 4), (1, 1, 4, 6), 2, 0),
    ((2, 6, 7, 1), (5, 1, 1, 2), 1, 3),
    ((2, 6, 7, 3), (2, 2, 3, 2), 1, 0),
]


@BOTH
@pytest.mark.parametrize("columns", [conv.COLUMNS, 2**16])
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolution(case, columns, dtype, device, monkeypatch):
    """With a small buffer, too: then the images come in several parts, the last one shorter."""
    monkeypatch.setattr(conv, "COLUMNS", columns)
    x_shape, w_shape, stride, padding = case
    op = partial(ops.conv2d, stride=stride, padding=padding)
    _, dw, _ = agree(device, op, draw(x_shape, w_shape, (w_shape[-1],), dtype=dtype), 64)
    assert dw.reshape(-1, w_shape[-1]).T.flags.c_contiguous  # a unit's weights side by side


@BOTH
def test_convolution_of_a_part_of_an_array(dtype, device):
    """It begins where 16 bytes may not be copied at once."""
    x, w = draw((2, 5, 6, 8), (3, 3, 8, 4), dtype=dtype)
    part = device.zeros(x.size + 1, dtype=dtype)[1:].reshape(x.shape)
    part[:] = device.asarray(x)
    y, _ = ops.conv2d(part, device.asarray(w), padding=1)
    close(y, ops.conv2d(x, w, padding=1)[0], 64)


@pytest.mark.parametrize(
    "op",
    [
        ops.relu,
        lambda x: ops.max_pool(x, 2),
        ops.batch_norm,
        lambda x: ops.conv2d(x, backend.asarray_like(np.ones((3, 3, 4, 2)), x)),
    ],
)
def test_dy_of_another_dtype(op, device):
    """A kernel reads bytes: it must get those of a number that it knows."""
    x, dy = draw((2, 6, 8, 4), (2, 6, 8, 4), dtype=np.float32)
    y, pullback = op(device.asarray(x))
    dy = device.asarray(dy)[: y.shape[0], : y.shape[1], : y.shape[2], : y.shape[3]]
    for a, b in zip(as_tuple(pullback(dy.astype(np.float64))), as_tuple(pullback(dy)), strict=True):
        close(a, b.get(), 1)


def test_fold_is_the_transpose_of_unfold(device):
    (x,) = draw((4, 9, 10, 3))
    x, places = device.asarray(x), (4, 5)
    ((_, columns),) = conv.unfold(x, (3, 2), 2, (1, 1), places)
    other = device.asarray(draw(columns.shape, seed=1)[0])
    back = device.empty(x.shape)
    conv.fold(other, back, (3, 2), 2, 1, places)
    np.testing.assert_allclose((columns * other).sum().get(), (x * back).sum().get(), rtol=1e-13)


@BOTH
@pytest.mark.parametrize("op", [ops.batch_norm, partial(ops.batch_norm, relu=True)])
@pytest.mark.parametrize("shape", [(700, 37), (3, 17, 19, 5), (2, 3), (2049, 64), (1, 9, 300), (5000, 1)], ids=str)
def test_batch_norm(shape, op, dtype, device):
    x, gamma, beta = draw(shape, shape[-1:], shape[-1:], dtype=dtype)
    x = x * np.arange(1, shape[-1] + 1, dtype=dtype) + dtype(3)
    here, there = (ops.RunningMoments(shape[-1], momentum=0.3) for _ in range(2))
    there.mean, there.var = device.asarray(there.mean), device.asarray(there.var)

    def run(*arrays, training=True):
        return op(*arrays, running=here if arrays[0] is x else there, training=training)

    grads = agree(device, run, [x, gamma, beta], 128)
    eps = np.finfo(dtype).eps
    scale = np.abs(x).max(axis=tuple(range(x.ndim - 1)))  # of what the mean is made
    assert np.all(np.abs(there.mean.get() - here.mean) <= 4 * eps * scale)
    np.testing.assert_allclose(there.var.get(), here.var, rtol=16 * eps)
    assert grads[0].shape == shape
    agree(device, partial(run, training=False), [x, gamma, beta], 128)
    agree(device, op, [x], 128)


def test_batch_norm_relu_at_zero(device):
    """A constant channel is zero exactly: there nothing goes back, as on the host."""
    x = draw((700, 3))[0]
    x[:, 1] = 2
    dx, dgamma, dbeta = agree(device, partial(ops.batch_norm, relu=True), [x, np.ones(3), np.zeros(3)], 128)
    assert not dx.get()[:, 1].any() and dgamma.get()[1] == dbeta.get()[1] == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x.__setitem__(slice(None), x + np.float32(4096)),  # far from zero
        lambda x: x.__setitem__(0, 4096),  # the first sample far from the others
        lambda x: x.__setitem__((slice(None), 0), 0.1),  # a constant channel
    ],
)
def test_batch_norm_does_not_cancel(spoil, device):
    (x,) = draw((1111, 5), dtype=np.float32)
    spoil(x)
    wide = x.astype(np.float64)
    variance = wide.var(axis=0)
    expected = (wide - wide.mean(axis=0)) / np.sqrt(variance + 1e-5)
    y, _ = ops.batch_norm(device.asarray(x))
    np.testing.assert_allclose(y.get(), expected, rtol=2e-6, atol=2e-3 if x.mean() > 1000 else 2e-6)
    running = ops.RunningMoments(5, momentum=1.0)
    running.mean, running.var = device.asarray(running.mean), device.asarray(running.var)
    ops.batch_norm(device.asarray(x), running=running)
    np.testing.assert_allclose(running.mean.get(), wide.mean(axis=0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(running.var.get(), wide.var(axis=0, ddof=1), rtol=5e-6, atol=1e-12)


def test_relu_with_nan_and_inf(device):
    x = draw((3, 700), dtype=np.float32)[0]
    x[0, :4] = np.nan, np.inf, -np.inf, -0.0
    agree_bits(device, ops.relu, x)


def test_relu_of_a_view(device):
    x = device.asarray(draw((70, 11), dtype=np.float32)[0])
    y, pullback = ops.relu(x.T)
    np.testing.assert_array_equal(y.get(), np.maximum(x.get().T, 0))
    np.testing.assert_array_equal(pullback(x.T).get(), np.maximum(x.get().T, 0))


@pytest.mark.parametrize(("shape", "size"), [((3, 14, 10, 5), 2), ((2, 9, 12, 33), 3), ((3, 5, 7, 11), 1)])
def test_max_pool_with_ties_and_nan(shape, size, device):
    x = np.random.default_rng(0).integers(0, 3, shape).astype(np.float32)
    x[0, 1, 1] = np.nan
    x[1, :, 0] = -np.inf
    agree_bits(device, partial(ops.max_pool, size=size), x)


@pytest.mark.parametrize(("shape", "keep"), [((3, 7, 11, 13), 0.7), ((1030,), 0.25), ((5,), 1.0)])
def test_dropout_drops_the_same_numbers(shape, keep, device):
    (x,) = draw(shape, dtype=np.float32)
    agree_bits(device, lambda a: ops.dropout(a, keep, np.random.default_rng(5)), x)
    y, _ = ops.dropout(device.asarray(x), keep, np.random.default_rng(6))
    assert keep == 1 or not np.array_equal(y.get(), ops.dropout(x, keep, np.random.default_rng(5))[0])


def agree_bits(device, op, x):
    y, pullback = op(x)
    (dy,) = draw(y.shape, dtype=x.dtype, seed=1)
    there, pullback_there = op(device.asarray(x))
    np.testing.assert_array_equal(there.get(), y)
    np.testing.assert_array_equal(pullback_there(device.asarray(dy)).get(), pullback(dy))


def test_the_same_input_gives_the_same_bits(device):
    x, gamma, beta, dy = (device.asarray(a) for a in draw((3000, 9), 9, 9, (3000, 9), dtype=np.float32))

    def bits():
        y, pullback = ops.batch_norm(x, gamma, beta)
        return [a.get().tobytes() for a in (y, *pullback(dy))]

    assert bits() == bits()


def test_a_kernel_takes_contiguous_arrays_only(device):
    x = device.zeros((3, 4))
    with pytest.raises(ValueError, match="relu: expected C-contiguous arrays, got strides"):
        kernel.launch("", "relu", x.dtype, 1, (x.T,))


@pytest.mark.parametrize("size", [1e18, 1e20, 1e30])
def test_a_batch_norm_whose_squares_a_float32_does_not_hold(size, device):
    x = np.random.default_rng(0).standard_normal((3000, 5)).astype(np.float32)
    here, there = ops.RunningMoments(5, momentum=1.0), ops.RunningMoments(5, momentum=1.0)
    there.mean, there.var = device.asarray(there.mean), device.asarray(there.var)
    right, _ = ops.batch_norm(x, eps=0.0, running=here)
    big = device.asarray(x * np.float32(size))
    y, pullback = ops.batch_norm(big, running=there)
    np.testing.assert_allclose(y.get(), right, atol=1e-5)
    np.testing.assert_allclose(there.var.get(), here.var * size**2, rtol=1e-5)
    assert np.isfinite(pullback(device.asarray(x)).get()).all()
    y, _ = ops.batch_norm(big, running=there, training=False)
    np.testing.assert_allclose(y.get(), ops.batch_norm(x, eps=0.0, running=here, training=False)[0], atol=1e-5)
