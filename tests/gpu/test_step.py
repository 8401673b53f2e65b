"""The step of a group on a device against the same step on the host, and what happens when it cannot be taken."""

import numpy as np
import pytest

from grassmann_np import backend, nn, optim
from grassmann_np.cuda import step as gpu
from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from tests import fake_cupy

SHAPES = [(3, 3, 7, 5), (300, 3), (2, 1), (1, 4), (9,)]
OPTIMIZERS = {"sgd": lambda ps, **kw: optim.SGD(ps, 0.2, **kw), "adam": lambda ps, **kw: optim.Adam(ps, 0.05, **kw)}


def parameters(geometry, dtype, shapes=SHAPES):
    """Some of each shape, not of unit length; every second one does not decay."""
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    found = [nn.Parameter(value, geometry, decay=k % 2 == 0) for k, value in enumerate(values)]
    for k, p in enumerate(found):
        p.name = f"{k}.w"
    return found


def gradients(dtype, seed, shapes=SHAPES):
    rng = np.random.default_rng(100 + seed)
    return [(rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 1)).astype(dtype) for shape in shapes]


def to_device(ps):
    for p in ps:
        p.value = backend.to_device(p.value, "gpu")
    return ps


def put(ps, grads, to=lambda g: g):
    for p, g in zip(ps, grads, strict=True):
        p.grad = to(g)


def both(make, geometry, dtype, device, steps=3, shapes=SHAPES, **options):
    """(optimizer on the host, on the device), after a few steps from the same gradients."""
    here = make(parameters(geometry, dtype, shapes), **options)
    there = make(to_device(parameters(geometry, dtype, shapes)), **options)
    for step in range(steps):
        put(here.parameters, gradients(dtype, step, shapes))
        put(there.parameters, gradients(dtype, step, shapes), device.asarray)
        here.step()
        there.step()
    there.check()
    return here, there


def agree(here, there, tolerance):
    for p, q, ours, theirs in zip(here.parameters, there.parameters, here.state, there.state, strict=True):
        assert q.value.dtype == p.value.dtype and q.value.shape == p.value.shape
        np.testing.assert_allclose(q.value.get(), p.value, rtol=0, atol=tolerance * max(1, np.abs(p.value).max()))
        assert list(ours) == list(theirs)
        for key, array in ours.items():
            np.testing.assert_allclose(
                theirs[key].get(), array, rtol=0, atol=tolerance * max(1, np.abs(array).max()), err_msg=key
            )
            assert theirs[key].dtype == array.dtype and theirs[key].shape == array.shape


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "options",
    [{}, {"clip": 0.5}, {"clip": 0.1, "weight_decay": 0.3, "orthogonality": 0.1}],
    ids=["plain", "clip", "all"],
)
@pytest.mark.parametrize("geometry", [sphere, lines, euclidean], ids=["sphere", "lines", "euclidean"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_step(kind, geometry, options, dtype, device):
    """To 16 eps; more where long rows are multiplied, which a device adds in another order."""
    here, there = both(OPTIMIZERS[kind], geometry, dtype, device, **options)
    assert there.on_device and not here.on_device
    agree(here, there, 16 * np.finfo(dtype).eps * (8 if "orthogonality" in options and geometry is euclidean else 1))


def test_nesterov(device):
    agree(*both(OPTIMIZERS["sgd"], euclidean, np.float64, device, nesterov=True, weight_decay=0.1, clip=0.7), 1e-14)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_column_too_long_for_shared_memory(kind, device):
    agree(*both(OPTIMIZERS[kind], sphere, np.float64, device, shapes=[(9, 3), (6500, 2)], clip=0.5), 2e-14)


def test_a_flat_parameter_of_several_chunks(device):
    shapes = [(gpu.CHUNK + 3,), (131, 67), (1,)]
    agree(*both(OPTIMIZERS["adam"], euclidean, np.float64, device, shapes=shapes), 1e-14)


def test_scales_that_a_float32_square_does_not_hold(device):
    def scaled(scale):
        here, there = parameters(sphere, np.float32), to_device(parameters(sphere, np.float32))
        grads = [g * np.float32(scale) for g in gradients(np.float32, 0)]
        put(here, grads)
        put(there, grads, device.asarray)
        for ps in (here, there):
            optim.SGD(ps, 0.2, clip=0.1).step()
        for p, q in zip(here, there, strict=True):
            np.testing.assert_allclose(q.value.get(), p.value, rtol=0, atol=1e-6)

    scaled(1e30)
    scaled(1e-30)


def test_a_gradient_along_the_weight_clipped(device):
    """|g|^2 - (y'g)^2 would cancel: h is 1e-4 of g here, and its length decides about the clipping."""
    y, h = np.random.default_rng(0).standard_normal((2, 700, 4)).astype(np.float32)
    y = sphere.normalize(y)
    g = y + sphere.project(y, h) * np.float32(1e-4 / 26)
    p, q = nn.Parameter(y, sphere), nn.Parameter(device.asarray(y), sphere)
    for one, to in ((p, lambda a: a), (q, device.asarray)):
        one.grad = to(g)
        optim.SGD([one], 0.5, clip=5e-5).step()
    np.testing.assert_allclose(sphere.distance(y, q.value.get()), sphere.distance(y, p.value), rtol=2e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("geometry", [sphere, euclidean], ids=["sphere", "euclidean"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_bad_gradient_is_named_when_somebody_looks_and_nothing_has_changed(kind, geometry, bad, device):
    optimizer = OPTIMIZERS[kind](to_device(parameters(geometry, np.float32)))
    put(optimizer.parameters, gradients(np.float32, 0), device.asarray)
    optimizer.step()
    optimizer.check()
    before = [p.value.get() for p in optimizer.parameters]
    states = optimizer.state_dict()["state"]
    put(optimizer.parameters, gradients(np.float32, 1), device.asarray)
    optimizer.parameters[1].grad[250, 2] = bad
    optimizer.step()
    put(optimizer.parameters, gradients(np.float32, 2), device.asarray)
    optimizer.parameters[0].grad[0, 0, 0, 0] = bad  # later, and of an earlier parameter: not the one to name
    optimizer.step()
    optimizer.step()
    assert optimizer.steps == 4
    with pytest.raises(ValueError, match=r"^gradient of 1\.w: expected finite numbers.*nothing was changed"):
        optimizer.check()
    assert optimizer.steps == 1
    for p, value in zip(optimizer.parameters, before, strict=True):
        np.testing.assert_array_equal(p.value.get(), value)
    for ours, theirs in zip(optimizer.state_dict()["state"], states, strict=True):
        for key, array in theirs.items():
            np.testing.assert_array_equal(ours[key], array)
    put(optimizer.parameters, gradients(np.float32, 2), device.asarray)
    optimizer.step()  # forgotten: it goes on
    optimizer.check()
    assert optimizer.steps == 2 and not np.array_equal(optimizer.parameters[0].value.get(), before[0])
    optimizer.parameters[3].grad[0, 0] = bad
    optimizer.step()
    with pytest.raises(ValueError, match=r"^gradient of 3\.w"):
        optimizer.check()


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("geometry", [sphere, euclidean], ids=["sphere", "euclidean"])
@pytest.mark.parametrize(
    ("dtype", "scale"),
    [(np.float32, 1e25), (np.float32, 1e-30)] + [(np.float64, s) for s in (1e153, 1e154, 1e155, 1e200, 1e305, 1e-200)],
)
def test_a_gradient_of_any_size_is_taken_as_on_the_host(dtype, scale, geometry, kind, device):
    """Clipped, its square is in the range of numbers whatever it was."""
    here = OPTIMIZERS[kind](parameters(geometry, dtype), clip=0.5)
    there = OPTIMIZERS[kind](to_device(parameters(geometry, dtype)), clip=0.5)
    for step in range(2):
        grads = [(g * dtype(scale)).astype(dtype) for g in gradients(dtype, step)]
        put(here.parameters, grads)
        put(there.parameters, grads, device.asarray)
        here.step()
        there.step()
    there.check()
    agree(here, there, 32 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1e154, 1e200, 1e308, 1e-155, 1e-200])
def test_a_weight_and_a_gradient_whose_squares_leave_the_range(size, device):
    """Unclipped: the rate makes a step of an angle that is one."""
    rng = np.random.default_rng(2)
    w, g = rng.uniform(0.1, 1, (2, 40, 3))
    p, q = nn.Parameter(size * w, sphere), nn.Parameter(device.asarray(size * w), sphere)
    for one, to in ((p, lambda a: a), (q, device.asarray)):
        one.grad = to(g / max(size, 1 / size) * 1e154 if size < 1 else g * size)
        optim.SGD([one], min(1e300, 0.1 / float(np.abs(one.grad.get() if one is q else one.grad).max()))).step()
    np.testing.assert_allclose(q.value.get(), p.value, rtol=0, atol=1e-14)
    assert np.abs(p.value - sphere.normalize(w)).max() > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_tangent_part_of_a_nearly_normal_gradient(dtype, device):
    """What rounding leaves along y is more than it: a second projection takes that away, as on the host."""
    rng, eps = np.random.default_rng(0), np.finfo(dtype).eps
    y = sphere.normalize(rng.standard_normal((700, 4)).astype(dtype))
    g = (1 / eps / 64 * y + sphere.random_tangent(y, rng) / 26).astype(dtype)
    found = []
    for to in (lambda a: a, device.asarray):
        p = nn.Parameter(to(y), sphere)
        p.grad = to(g)
        optimizer = optim.SGD([p], 0.1, clip=0.01)
        optimizer.step()
        tau = optimizer.state[0]["tau"]
        found.append([np.asarray(a.get() if hasattr(a, "get") else a, np.float64) for a in (p.value, tau)])
    (here, _), (there, tau) = found
    assert np.abs(np.sum(there * tau, axis=0)).max() <= 16 * eps * np.linalg.norm(tau, axis=0).max()
    np.testing.assert_allclose(there, here, rtol=0, atol=1e-3 * 0.01)


@pytest.mark.parametrize(
    ("make", "geometry", "dtype", "scale"),
    [
        (optim.Adam, sphere, np.float32, 1e25),
        (optim.Adam, euclidean, np.float32, 1e25),
        (optim.Adam, sphere, np.float64, 1e200),
    ],
)
def test_a_square_that_would_overflow_stops_the_step(make, geometry, dtype, scale, device):
    """The second moment of Adam."""
    optimizer = make(to_device(parameters(geometry, dtype)), 0.1)
    put(optimizer.parameters, [g * dtype(scale) for g in gradients(dtype, 0)], device.asarray)
    before = [p.value.get() for p in optimizer.parameters]
    optimizer.step()
    with pytest.raises(ValueError, match=r"square of the gradient of 0\.w: expected finite numbers"):
        optimizer.state_dict()
    for p, value in zip(optimizer.parameters, before, strict=True):
        np.testing.assert_array_equal(p.value.get(), value)


def test_the_first_of_several_bad_gradients_is_named(device):
    """Another launch finds it, after the one that has stopped the step."""
    ps = to_device(parameters(sphere, np.float32, [(6, 2), (5, 3), (4, 2)]))
    ps[1].geometry = euclidean
    optimizer = optim.SGD(ps, 0.1)
    put(ps, gradients(np.float32, 0, [(6, 2), (5, 3), (4, 2)]), device.asarray)
    ps[1].grad[0, 0] = ps[2].grad[0, 0] = np.nan
    optimizer.step()
    with pytest.raises(ValueError, match=r"^gradient of 1\.w"):
        optimizer.check()


@pytest.mark.parametrize("last", [euclidean, subspaces], ids=["euclidean", "subspaces"])
def test_a_bad_gradient_in_one_group_stops_all(last, device):
    """Where a group takes the general way, the others wait for what it finds, and it for what is noted of them."""
    first = to_device(parameters(sphere, np.float64, [(6, 2), (5, 3)]))
    second = [nn.Parameter(device.asarray(last.random_point((6, 2), np.random.default_rng(1))), last)]
    groups = optim.Groups(optim.SGD(first, 0.1), optim.SGD(second, 0.1))
    put(groups.parameters, gradients(np.float64, 0, [(6, 2), (5, 3), (6, 2)]), device.asarray)
    first[1].grad[0, 0] = np.nan
    before = [p.value.get() for p in groups.parameters]
    with pytest.raises(ValueError, match=r"gradient of 1\.w"):
        groups.step()
        groups.check()
    for p, value in zip(groups.parameters, before, strict=True):
        np.testing.assert_array_equal(p.value.get(), value)
    assert [one.steps for one in groups.optimizers] == [0, 0]
    first[1].grad[0, 0] = 1.0
    groups.step()
    groups.check()
    assert not np.array_equal(second[0].value.get(), before[-1])


def test_a_step_fetches_nothing(device):
    if device is not fake_cupy.cupy:
        pytest.skip("the fake alone counts")
    groups = optim.Groups(
        optim.SGD(to_device(parameters(sphere, np.float32)), 0.1, clip=0.1, orthogonality=0.1),
        optim.Adam(to_device(parameters(euclidean, np.float32)), 0.1),
    )
    put(groups.parameters, [*gradients(np.float32, 0), *gradients(np.float32, 1)], device.asarray)
    with fake_cupy.counting() as fetched:
        groups.step()
        groups.step()
    assert fetched == []
    with fake_cupy.counting() as fetched:
        groups.check()
    assert len(fetched) == 1


def test_values_are_new_arrays_with_a_weight_vector_side_by_side(device):
    optimizer = optim.SGD(to_device(parameters(sphere, np.float32)), 0.1)
    put(optimizer.parameters, gradients(np.float32, 0), device.asarray)
    before = [(p.value, p.value.get()) for p in optimizer.parameters]
    optimizer.step()
    for p, (array, value) in zip(optimizer.parameters, before, strict=True):
        np.testing.assert_array_equal(array.get(), value)
        assert p.matrix.T.flags.c_contiguous and optimizer.state[0]["tau"].T.flags.c_contiguous


@pytest.mark.parametrize(("shape", "dtype"), [((400, 3), np.float32), ((300, 3), np.float64)])
def test_a_parameter_that_has_changed_its_shape_or_dtype_is_refused(shape, dtype, device):
    optimizer = optim.SGD(to_device(parameters(sphere, np.float32)), 0.1)
    put(optimizer.parameters, gradients(np.float32, 0), device.asarray)
    optimizer.step()
    optimizer.parameters[1].value = optimizer.parameters[1].grad = device.ones(shape, dtype=dtype)
    with pytest.raises(ValueError, match=r"expected float32 of shape \(300, 3\) as when the optimizer was made"):
        optimizer.step()


def test_parameters_without_numbers_are_left_alone(device):
    ps = [nn.Parameter(device.zeros(shape)) for shape in ((0,), (3, 0))]
    put(ps, [np.zeros(p.value.shape) for p in ps], device.asarray)
    optimizer = optim.SGD(ps, 0.1)
    optimizer.step()
    optimizer.check()
    assert optimizer.on_device and optimizer.steps == 1


def test_saved_state_goes_on_to_the_same_bits(device):
    make = OPTIMIZERS["adam"]
    one, other = (make(to_device(parameters(sphere, np.float32)), clip=0.1) for _ in range(2))
    for step in range(4):
        put(one.parameters, gradients(np.float32, step), device.asarray)
        one.step()
        if step == 1:
            other.load_state_dict(one.state_dict())
            for p, q in zip(one.parameters, other.parameters, strict=True):
                q.value = p.value
    for step in (2, 3):
        put(other.parameters, gradients(np.float32, step), device.asarray)
        other.step()
    for p, q in zip(one.parameters, other.parameters, strict=True):
        np.testing.assert_array_equal(p.value.get(), q.value.get())


def test_an_optimizer_of_ones_own_takes_the_general_way(device):
    class Signs(optim.Optimizer):
        def start(self, parameter):
            return {}

        def advance(self, geometry, y, h, state):
            return geometry.exp(y, h * -self.rate), state

    ps = to_device(parameters(sphere, np.float64, [(6, 2)]))
    put(ps, gradients(np.float64, 0, [(6, 2)]), device.asarray)
    optimizer = Signs(ps, 0.1, 0.0, None, 0.0)
    optimizer.step()
    assert optimizer.on_device is None and optimizer.steps == 1


def test_a_rule_that_overrides_ours_is_obeyed(device):
    class Half(optim.SGD):
        def advance(self, geometry, y, h, state):
            return super().advance(geometry, y, h / 2, state)

    full, half = optim.SGD, Half
    found = []
    for make, rate in ((full, 0.2), (half, 0.4)):
        ps = to_device(parameters(sphere, np.float64, [(6, 2)]))
        optimizer = make(ps, rate)
        for step in range(3):
            put(ps, gradients(np.float64, step, [(6, 2)]), device.asarray)
            optimizer.step()
        optimizer.check()
        found.append(ps[0].value.get())
    assert optimizer.on_device is None
    np.testing.assert_allclose(*found, rtol=0, atol=1e-14)
