"""Identities 45 to 50, the textbook as oracle on flat space, state, groups, schedules and bad input."""

import copy
import pickle
import types

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np import nn, optim, ways
from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from grassmann_np.optim import fused
from grassmann_np.testing import strategies

GEOMETRIES = {"euclidean": euclidean, "sphere": sphere, "lines": lines, "subspaces": subspaces}
MAKERS = {"SGD": lambda ps, **kw: optim.SGD(ps, 0.2, **kw), "Adam": lambda ps, **kw: optim.Adam(ps, 0.05, **kw)}
seeds = st.integers(0, 2**32 - 1)


def parameter(geometry, seed=0, shape=(6, 3), dtype=np.float64):
    return nn.Parameter(geometry.random_point(shape, np.random.default_rng(seed)).astype(dtype), geometry=geometry)


def gradients(seed, shape=(6, 3), steps=5, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal((steps, *shape)).astype(dtype)


def walk(optimizer, grads):
    """The values of the optimizer's only parameter after every step."""
    (p,) = optimizer.parameters
    values = []
    for g in grads:
        p.grad = g
        optimizer.step()
        values.append(p.value)
    return np.array(values)


@given(strategies.points(5, 3), seeds, st.floats(0.01, 2), strategies.scales(6))
@settings(max_examples=50, deadline=None)
def test_45_one_step_is_exp_of_the_clipped_gradient(y, seed, eta, size):
    g = size * gradients(seed, (5, 3), 1)[0]
    p, nu = nn.Parameter(y, geometry=sphere), 0.1
    p.grad = g
    optim.SGD([p], eta, momentum=0.0, clip=nu).step()
    h = g - y * np.sum(y * g, axis=0)
    length = np.linalg.norm(h, axis=0)
    angle = 2 * np.arcsin(np.minimum(1, np.linalg.norm(y - p.value, axis=0) / 2))
    np.testing.assert_allclose(angle, np.minimum(eta * np.minimum(length, nu), np.pi), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(
        p.value, sphere.exp(sphere.normalize(y), -eta * h * np.minimum(1, nu / length)), atol=1e-14
    )


def test_45_a_gradient_that_is_mostly_radial_keeps_the_digits_of_the_rest():
    """g = 1e8 y + h: what is left along y by rounding is taken off; what counts, h/|h|, has half of its digits."""
    y = sphere.random_point((64, 100), np.random.default_rng(0))
    h = sphere.project(y, gradients(1, (64, 100), 1)[0])
    p = nn.Parameter(y, geometry=sphere)
    p.grad = 1e8 * y + h
    optim.SGD([p], 0.3, clip=0.1).step()
    np.testing.assert_allclose(p.value, sphere.exp(y, -0.03 * h / sphere.norm(y, h)), rtol=0, atol=1e-8)


@given(seeds, st.floats(0, 0.95))
@settings(max_examples=30, deadline=None)
def test_45_with_momentum_no_step_is_longer_than_eta_nu_over_one_minus_gamma(seed, gamma):
    p = parameter(sphere, seed)
    optimizer, before = optim.SGD([p], 0.2, gamma, clip=0.1), p.value
    for after in walk(optimizer, gradients(seed, steps=30)):
        assert np.all(sphere.distance(before, after) <= 0.2 * 0.1 / (1 - gamma) * (1 + 1e-12))
        before = after


def test_46_zero_gradient_and_full_momentum_close_a_great_circle():
    p = parameter(sphere)
    optimizer, y = optim.SGD([p], 0.1, momentum=1.0), p.value
    direction = sphere.normalize(sphere.random_tangent(y, np.random.default_rng(1)))
    optimizer.state = [{"tau": 2 * np.pi / 40 * direction}]
    values = walk(optimizer, np.zeros((40, 6, 3)))
    np.testing.assert_allclose(values[19], -y, atol=1e-13)
    np.testing.assert_allclose(values[39], y, atol=1e-13)
    np.testing.assert_allclose(optimizer.state[0]["tau"], 2 * np.pi / 40 * direction, atol=1e-13)


@given(strategies.points(4, 3), st.data(), st.floats(1e-3, 2))
@settings(max_examples=50, deadline=None)
def test_47_clip(y, data, nu):
    h = data.draw(strategies.tangents(y))
    clipped = optim.clip_norm(sphere, y, h, nu)
    length, new = np.linalg.norm(h, axis=0), np.linalg.norm(clipped, axis=0)
    np.testing.assert_allclose(new, np.minimum(length, nu), rtol=1e-14)
    np.testing.assert_allclose(clipped * length, h * new, atol=1e-14)  # the same direction
    np.testing.assert_array_equal(clipped[:, length < nu], h[:, length < nu])
    np.testing.assert_allclose(optim.clip_norm(sphere, y, clipped, nu), clipped, rtol=1e-15)
    assert optim.clip_norm(sphere, y, h, None) is h


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("kind", ["sphere", "lines", "subspaces"])
def test_48_trajectories_turn_with_the_space(maker, kind):
    geometry = GEOMETRIES[kind]
    r = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))[0]
    p, q = parameter(geometry), parameter(geometry)
    q.value = r @ q.value
    one = walk(MAKERS[maker]([p], clip=0.5, orthogonality=0.1 if kind != "subspaces" else 0.0), gradients(4))
    two = walk(MAKERS[maker]([q], clip=0.5, orthogonality=0.1 if kind != "subspaces" else 0.0), r @ gradients(4))
    np.testing.assert_allclose(two, r @ one, atol=1e-13)


def test_48_elementwise_adam_does_not_turn_with_the_space():
    r = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))[0]
    p, q = parameter(euclidean), parameter(euclidean)
    q.value = r @ q.value
    one, two = walk(optim.Adam([p], 0.05), gradients(4)), walk(optim.Adam([q], 0.05), r @ gradients(4))
    assert np.max(np.abs(two - r @ one)) > 0.01


@pytest.mark.parametrize("maker", MAKERS)
def test_48_a_line_does_not_see_the_sign_of_its_vector(maker):
    p, q = parameter(lines), parameter(lines)
    q.value = -q.value
    one, two = walk(MAKERS[maker]([p]), gradients(5)), walk(MAKERS[maker]([q]), -gradients(5))
    np.testing.assert_array_equal(two, -one)


@pytest.mark.parametrize("maker", MAKERS)
def test_49_columns_are_independent(maker):
    together = walk(MAKERS[maker]([parameter(sphere)], clip=0.5), gradients(6))
    for j in range(3):
        p = nn.Parameter(parameter(sphere).value[:, j], geometry=sphere)
        alone = walk(MAKERS[maker]([p], clip=0.5), gradients(6)[..., j])
        np.testing.assert_allclose(alone, together[..., j], atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda a: np.repeat(a, 2, -1)[..., ::2]])
@pytest.mark.parametrize("shape", [(7,), (6, 3), (65, 33), (2, 3, 4, 5)])
@pytest.mark.parametrize("kind", ["euclidean", "sphere", "lines"])
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("nesterov", [False, True])
def test_loops_and_formulas_take_the_same_steps(nesterov, maker, kind, shape, layout, dtype, way, monkeypatch):
    """To rounding, on weights that are not unit at first, with settings for which every term counts.

    Each BLAS adds the products of the orthogonality term in an order of its own: 68 eps came with the oldest NumPy.
    """
    if way == "plain":
        return  # what the other is compared with
    options = {"clip": 2.0, "orthogonality": 0.1, "weight_decay": 0.1}
    options |= {"nesterov": kind == "euclidean"} if nesterov and maker == "SGD" else {}
    rng = np.random.default_rng(0)
    value, grads = 0.2 * rng.standard_normal(shape).astype(dtype), rng.standard_normal((5, *shape)).astype(dtype)
    grads[2] *= 100

    def taken():
        p = nn.Parameter(value, geometry=GEOMETRIES[kind])
        optimizer = MAKERS[maker]([p], **options)
        values = walk(optimizer, [layout(g) for g in grads])
        return [values, *optimizer.state[0].values()]

    with monkeypatch.context() as patch:
        passed = []
        patch.setattr(fused, "loops", lambda o, ways=fused.loops: passed.append(ways(o)) or passed[-1])
        by_loops = taken()
        assert all(passed)
    monkeypatch.setattr(ways, "LEAST", np.inf)
    for a, b in zip(by_loops, taken(), strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=100 * np.finfo(dtype).eps * max(1, np.abs(b).max()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [0, 1e-200, 1e-42, 1e-30, 1e30, 1e38, 1e200, np.inf, np.nan])
@pytest.mark.parametrize("spoiled", ["value", "gradient", "tau"])
@pytest.mark.parametrize("kind", ["euclidean", "sphere"])
@pytest.mark.parametrize("maker", MAKERS)
def test_loops_and_formulas_take_or_refuse_the_same_steps(maker, kind, spoiled, size, dtype, way, monkeypatch):
    """A column of numbers that leave the range, or whose squares do; where a turn by 1e30 ends nobody knows."""
    if way == "plain" or (spoiled == "tau" and kind == "sphere" and 1 < size < np.inf):
        return
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal((6, 3)).astype(dtype) for name in ("value", "gradient", "tau")}
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        arrays[spoiled][:, 1] = np.full(6, size, dtype) if size == np.inf else arrays[spoiled][:, 1] * dtype(size)

    def outcome():
        p = nn.Parameter(arrays["value"], geometry=GEOMETRIES[kind])
        optimizer = MAKERS[maker]([p], clip=1.0)
        optimizer.state[0]["tau"] = arrays["tau"]
        try:
            with np.errstate(all="ignore"):
                return [*walk(optimizer, [arrays["gradient"]]), *optimizer.state[0].values()]
        except ValueError as error:
            return str(error)

    by_loops = outcome()
    monkeypatch.setattr(ways, "LEAST", np.inf)
    if isinstance(by_formulas := outcome(), str):
        assert by_loops == by_formulas
        return
    for a, b in zip(by_loops, by_formulas, strict=True):
        np.testing.assert_allclose(a, b, rtol=60 * np.finfo(dtype).eps, atol=60 * np.finfo(dtype).eps)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    ("dtype", "size", "n"),
    [
        (np.float32, 1e-42, 6),
        (np.float32, 3e38, 30_000),  # 1/|w| is hardly a number
        (np.float64, 1e-320, 6),
        (np.float64, 1e-160, 6),  # so are the squares
        (np.float64, 1e-150, 6),
        (np.float64, 1e308, 6),
    ],
)
def test_a_column_of_any_size_is_a_point(dtype, size, n, maker):
    p = nn.Parameter(np.full((n, 2), size, dtype), geometry=sphere)
    walk(MAKERS[maker]([p]), np.zeros((1, n, 2), dtype))
    np.testing.assert_allclose(p.value, n**-0.5, rtol=8 * np.finfo(dtype).eps)


def test_orthogonality_of_columns_of_which_only_some_are_unit(way, monkeypatch):
    value, found = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [0.0, 0.0, 1.0]]), []
    for least in (ways.LEAST, np.inf):
        monkeypatch.setattr(ways, "LEAST", least)
        p = nn.Parameter(value, geometry=sphere)
        found.append(walk(optim.SGD([p], 0.1, orthogonality=0.5), np.zeros((1, 3, 3))))
    np.testing.assert_allclose(*found, atol=1e-15)


class Half(optim.SGD):
    """SGD that takes half of every step."""

    def advance(self, geometry, y, h, state):
        return super().advance(geometry, y, h / 2, state)


class Still(optim.SGD):
    """SGD that stays where it is."""

    def next(self, parameter, state):
        return parameter.matrix, state


def test_a_rule_that_overrides_ours_is_obeyed():
    still = Still([parameter(sphere)], 0.2)
    np.testing.assert_array_equal(walk(still, gradients(1, steps=1))[0], parameter(sphere).value)
    full, half = optim.SGD([parameter(sphere)], 0.2), Half([parameter(sphere)], 0.4)
    np.testing.assert_allclose(walk(half, gradients(1)), walk(full, gradients(1)), atol=1e-13)
    own = optim.SGD([parameter(sphere)], 0.2)
    own.advance = lambda geometry, y, h, state: (y, state)
    before = own.parameters[0].value
    np.testing.assert_allclose(walk(own, gradients(1))[-1], before, atol=1e-15)


@given(seeds, st.integers(2, 6), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_50_gradient_of_the_orthogonality_term(seed, n, p):
    rng = np.random.default_rng(seed)
    w, d = rng.standard_normal((2, n, p))
    t = 1e-5
    slope = (optim.orthogonality(w + t * d, 0.7) - optim.orthogonality(w - t * d, 0.7)) / (2 * t)
    np.testing.assert_allclose(np.sum(optim.orthogonality_gradient(w, 0.7) * d), slope, rtol=1e-6, atol=1e-6)


def test_50_two_vectors_on_a_circle_settle_at_ninety_degrees():
    w = nn.Parameter(np.array([[1.0, 0.8], [0.0, 0.6]]), geometry=sphere)
    walk(optim.SGD([w], 0.2, orthogonality=0.5), np.zeros((600, 2, 2)))
    assert abs(w.value[:, 0] @ w.value[:, 1]) < 1e-9


@pytest.mark.parametrize(("n", "p"), [(2, 3), (3, 7), (4, 3)])
def test_50_too_many_vectors_settle_at_the_welch_bound(n, p):
    w = nn.Parameter(sphere.random_point((n, p), np.random.default_rng(2)), geometry=sphere)
    walk(optim.SGD([w], 0.1, orthogonality=0.5), np.zeros((1000, n, p)))
    assert 2 * optim.orthogonality(w.value, 1.0) == pytest.approx(optim.welch_bound(n, p), abs=1e-6)


def test_sgd_on_flat_space_is_the_textbook():
    p, grads = parameter(euclidean), gradients(7)
    w, tau, expected = p.value, 0.0, []
    for g in grads:
        tau = 0.9 * tau - 0.2 * (g + 0.01 * w)
        w = w + tau
        expected.append(w)
    np.testing.assert_allclose(walk(optim.SGD([p], 0.2, weight_decay=0.01), grads), expected, atol=1e-15, rtol=1e-14)


def test_nesterov_on_flat_space_is_the_textbook():
    """Sutskever et al. 2013, with the gradient taken at the point looked ahead to, written at that point."""
    p, a = parameter(euclidean), np.arange(1.0, 7.0)[:, None]
    w, tau = p.value, np.zeros((6, 3))
    optimizer = optim.SGD([p], 0.05, nesterov=True)
    for _ in range(10):
        tau = 0.9 * tau - 0.05 * a * (w + 0.9 * tau)
        w = w + tau
        p.grad = a * p.value
        optimizer.step()
        np.testing.assert_allclose(p.value, w + 0.9 * tau, rtol=1e-12)


def test_adam_on_flat_space_is_the_textbook():
    """Kingma and Ba 2015, algorithm 1, whose eps = 1e-8 outside the root is 1e-16 inside it, t apart."""
    p, grads = parameter(euclidean), gradients(8, steps=20)
    w, m, v, expected = p.value, 0.0, 0.0, []
    for t, g in enumerate(grads, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        expected.append(w)
    np.testing.assert_allclose(walk(optim.Adam([p], 0.05, eps=1e-16), grads), expected, atol=1e-6)


def test_adam_g_first_step_turns_by_the_learning_rate():
    p = parameter(sphere)
    before = p.value
    walk(optim.Adam([p], 0.05, beta2=0.99), gradients(9, steps=1))
    np.testing.assert_allclose(sphere.distance(before, p.value), 0.05, rtol=1e-6)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("kind", GEOMETRIES)
def test_float32_stays_and_points_stay_on_the_manifold(maker, kind):
    p = parameter(GEOMETRIES[kind], dtype=np.float32)
    optimizer = MAKERS[maker]([p], clip=0.5)
    walk(optimizer, gradients(1, steps=100, dtype=np.float32))
    assert p.value.dtype == np.float32
    assert all(a.dtype == np.float32 for a in optimizer.state[0].values())
    if kind != "euclidean":
        np.testing.assert_allclose(GEOMETRIES[kind].normalize(p.value), p.value, atol=1e-6)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("kind", GEOMETRIES)
def test_inside_the_array_api(maker, kind):
    on_numpy, on_strict = parameter(GEOMETRIES[kind]), parameter(GEOMETRIES[kind])
    device = strict.Device("device1")
    on_strict.value = strict.asarray(on_strict.value, device=device)
    one = walk(MAKERS[maker]([on_numpy], clip=0.5), gradients(2))
    optimizer = MAKERS[maker]([on_strict], clip=0.5)
    for g in gradients(2):
        on_strict.grad = strict.asarray(g, device=device)
        optimizer.step()
    result = np.asarray(on_strict.value.to_device(strict.Device("CPU_DEVICE")))
    np.testing.assert_allclose(result, one[-1], atol=1e-14)


def test_a_convolution_is_seen_as_columns():
    rng = np.random.default_rng(0)
    w = nn.Parameter(rng.standard_normal((3, 3, 2, 5)), geometry=sphere)
    w.grad = rng.standard_normal(w.value.shape)
    optim.SGD([w], 0.1).step()
    assert w.value.shape == (3, 3, 2, 5)
    np.testing.assert_allclose(np.linalg.norm(w.value.reshape(18, 5), axis=0), 1)


@pytest.mark.parametrize("maker", MAKERS)
def test_saved_state_goes_on_to_the_same_bits(maker):
    p, q = parameter(sphere), parameter(sphere)
    grads = gradients(3, steps=10)
    expected = walk(MAKERS[maker]([p]), grads)
    first = MAKERS[maker]([q])
    walk(first, grads[:4])
    saved, resumed = first.state_dict(), MAKERS[maker]([q])
    walk(first, grads[4:])  # going on does not change what was saved
    q.value = expected[3]
    resumed.load_state_dict(saved)
    np.testing.assert_array_equal(walk(resumed, grads[4:]), expected[4:])


def test_what_is_saved_is_a_copy():
    optimizer = optim.SGD([parameter(sphere)], 0.2)
    walk(optimizer, gradients(1))
    saved = optimizer.state_dict()
    saved["state"][0]["tau"][:] = 0
    assert np.all(optimizer.state[0]["tau"])
    optimizer.load_state_dict(saved)
    saved["state"][0]["tau"][:] = 1
    assert not np.any(optimizer.state[0]["tau"])


def test_what_is_loaded_lies_in_memory_as_the_weights_do():
    optimizer = optim.SGD([parameter(sphere)], 0.2)
    saved = optimizer.state_dict()
    saved["state"][0]["tau"] = np.ones((6, 3))
    optimizer.load_state_dict(saved)
    assert optimizer.state[0]["tau"].T.flags.c_contiguous


def test_only_what_decays_is_decayed():
    for decay, expected in ((True, 0.9), (False, 1.0)):
        p = nn.Parameter(np.ones(2), decay=decay)
        walk(optim.SGD([p], 0.2, weight_decay=0.5), np.zeros((1, 2)))
        np.testing.assert_allclose(p.value, expected)


def test_momentum_survives_a_drop_of_the_rate():
    p = parameter(sphere)
    optimizer = optim.SGD([p], 0.2)
    walk(optimizer, gradients(1, steps=3))
    tau, before = optimizer.state[0]["tau"], p.value
    optimizer.factor = 0.0
    walk(optimizer, gradients(2, steps=1))
    np.testing.assert_allclose(p.value, sphere.exp(before, 0.9 * tau), atol=1e-14)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s | {"kind": "Adam"},
        lambda s: s | {"state": s["state"] * 2},
        lambda s: s | {"settings": {"lr": 0.1}},
        lambda s: s | {"state": [{"tau": np.zeros((2, 2))}]},
        lambda s: s | {"state": [{"tau": None}]},
        lambda s: s | {"state": [{"tau": np.full((6, 3), np.nan)}]},
        lambda s: s | {"settings": s["settings"] | {"lr": -1.0}},
        lambda s: s | {"settings": s["settings"] | {"lr": np.nan}},
        lambda s: s | {"settings": s["settings"] | {"lr": "x"}},
        lambda s: s | {"settings": s["settings"] | {"nesterov": True}},
        lambda s: {"kind": "SGD"},
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(spoil):
    p = parameter(sphere)
    optimizer = optim.SGD([p], 0.2)
    walk(optimizer, gradients(1))
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match="expected"):
        optimizer.load_state_dict(spoil(optimizer.state_dict()))
    after = optimizer.state_dict()
    assert after["settings"] == before["settings"]
    np.testing.assert_array_equal(after["state"][0]["tau"], before["state"][0]["tau"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", GEOMETRIES)
def test_a_bad_gradient_is_named_and_changes_nothing(bad, kind):
    good, spoiled = parameter(GEOMETRIES[kind]), parameter(GEOMETRIES[kind], seed=1)
    spoiled.name, values = "3.w", (good.value, spoiled.value)
    good.grad, spoiled.grad = gradients(1)[0], gradients(2)[0]
    spoiled.grad[2, 1] = bad
    optimizer = optim.Adam([good, spoiled], 0.1)
    with pytest.raises(ValueError, match=r"gradient of 3\.w: g: expected finite .* nothing was changed"):
        optimizer.step()
    assert good.value is values[0] and spoiled.value is values[1] and optimizer.steps == 0


@pytest.mark.parametrize("kind", ["euclidean", "sphere"])
def test_overflow_of_the_second_moment_changes_nothing(kind):
    p = parameter(GEOMETRIES[kind], dtype=np.float32)
    optimizer = optim.Adam([p], 0.1)
    p.grad = gradients(1, dtype=np.float32)[0] * np.float32(1e30)
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="step of parameter: v: expected finite"):
        optimizer.step()
    assert not np.any(optimizer.state[0]["v"])


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 1.0), lambda p: optim.Adam(p, 3e38, eps=1e-30)])
def test_a_step_beyond_the_largest_number_changes_nothing(make):
    p = nn.Parameter(np.full((2, 3), 3e38, np.float32))
    optimizer = make([p])
    before, p.grad = p.value, np.full((2, 3), -1e18 if "v" in optimizer.state[0] else -3e38, np.float32)
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="step of parameter: y \\+ h: expected finite"):
        optimizer.step()
    assert p.value is before and not np.any(optimizer.state[0]["tau"])
    with pytest.raises(ValueError, match="y \\+ h: expected finite"):  # and no warning
        euclidean.exp(before, before)


@pytest.mark.parametrize("grad", [np.zeros((1, 3)), np.zeros((3, 6)), np.zeros((6, 3), np.float32)])
def test_a_gradient_that_does_not_fit(grad):
    p = parameter(sphere)
    p.grad = grad
    with pytest.raises(ValueError, match=r"gradient of parameter: expected float64 of shape \(6, 3\) like its value"):
        optim.SGD([p], 0.1, weight_decay=0.1).step()


def test_geometry_must_not_change_under_an_optimizer():
    p = parameter(euclidean)
    optimizer = optim.SGD([p], 0.1, nesterov=True)
    p.grad, p.geometry, before = gradients(1)[0], sphere, p.value
    with pytest.raises(ValueError, match=r"its geometry has changed; make the optimizer after"):
        optimizer.step()
    assert p.value is before


@pytest.mark.parametrize("maker", MAKERS)
def test_numpy_scalars_do_not_widen_a_step(maker):
    p = parameter(sphere, dtype=np.float32)
    optimizer = MAKERS[maker]([p], clip=np.float64(0.1), orthogonality=np.float64(0.1), weight_decay=np.float64(0.1))
    optimizer.factor = np.float64(0.5)
    walk(optimizer, gradients(1, dtype=np.float32))
    assert p.value.dtype == np.float32


def test_a_model_in_place_of_its_parameters():
    with pytest.raises(TypeError, match=r"pass model.parameters\(\)"):
        optim.SGD(nn.mlp([8, 6, 3], np.random.default_rng(0)), 0.1)


def test_missing_gradient():
    with pytest.raises(ValueError, match="no gradient yet"):
        optim.SGD([parameter(sphere)], 0.1).step()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: optim.SGD([], 0.1), "expected at least one"),
        (lambda p: optim.SGD([p, p], 0.1), "got one twice"),
        (lambda p: optim.SGD([p], -0.1), "lr: expected a finite number >= 0, got -0.1"),
        (lambda p: optim.SGD([p], np.nan), "lr: expected"),
        (lambda p: optim.SGD([p], 0.1, momentum=1.5), "momentum: expected a finite number >= 0 and <= 1"),
        (lambda p: optim.SGD([p], 0.1, clip=0.0), "clip: expected a finite number > 0"),
        (lambda p: optim.SGD([p], 0.1, nesterov=True), "nesterov: expected Euclidean parameters only"),
        (lambda p: optim.Adam([p], 0.1, beta2=1.0), "beta2: expected a finite number >= 0 and < 1, got 1.0"),
        (lambda p: optim.Adam([p], 0.1, eps=0.0), "eps: expected"),
        (lambda p: optim.Groups(optim.SGD([p], 0.1), optim.SGD([p], 0.2)), "got one in two"),
        (lambda p: optim.schedule.exponential(0.0), "an exponential never reaches zero"),
        (lambda p: optim.schedule.warm_up(optim.schedule.constant(), 0.0), "fraction: expected 0 < fraction <= 1"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make(parameter(sphere))


def model():
    network = nn.mlp([8, 6, 3], np.random.default_rng(0))
    nn.on_sphere(network)
    x = np.random.default_rng(1).standard_normal((10, 8)).astype(np.float32)
    y, pullback = network(x)
    pullback(np.ones_like(y) * np.arange(3, dtype=np.float32))
    return network


@pytest.mark.parametrize("maker", [optim.sgd_g, optim.adam_g])
def test_the_two_groups_of_the_paper(maker):
    network = model()
    groups = maker(network, weight_decay=0.5)
    curved, flat = groups.optimizers
    assert [p.name for p in curved.parameters] == [p.name for p in network.parameters() if p.geometry is sphere]
    assert {id(p) for p in groups.parameters} == {id(p) for p in network.parameters()}
    assert (curved.weight_decay, curved.clip, curved.orthogonality) == (0.0, 0.1, 0.1)
    assert (flat.weight_decay, flat.clip, flat.nesterov, flat.lr) == (0.5, None, True, 0.01)
    groups.factor = 0.2
    assert curved.factor == flat.factor == 0.2
    saved = groups.state_dict()
    groups.step()
    assert curved.steps == flat.steps == 1
    groups.load_state_dict(saved)
    assert curved.steps == flat.steps == 0
    groups.step()
    with pytest.raises(ValueError, match="expected one of SGD, got 'x'"):
        groups.load_state_dict({"groups": [saved["groups"][0], {"kind": "x"}]})
    assert curved.steps == flat.steps == 1  # the first group fitted, and yet nothing changed


def test_a_bad_gradient_in_one_group_stops_both():
    network = model()
    groups = optim.sgd_g(network)
    groups.parameters[-1].grad = groups.parameters[-1].grad * np.float32(np.nan)
    before = [p.value for p in groups.parameters]
    with pytest.raises(ValueError, match="gradient of"):
        groups.step()
    assert all(a is p.value for a, p in zip(before, groups.parameters, strict=True))


def test_groups_want_weights_on_the_sphere():
    with pytest.raises(ValueError, match=r"call nn.on_sphere\(model\) first"):
        optim.sgd_g(nn.mlp([8, 6, 3], np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (optim.schedule.constant, (1, 1, 1, 1)),
        (optim.schedule.step_decay, (1, 0.2, 0.04, 0.008)),
        (optim.schedule.linear, (1, 0.7, 0.4, 0)),
        (lambda: optim.schedule.exponential(1e-2), (1, 10**-0.6, 10**-1.2, 0.01)),
        (lambda: optim.schedule.exponential(100.0), (1, 10**0.6, 10**1.2, 100)),
        (lambda: optim.schedule.warm_up(optim.schedule.linear(), 0.6), (0, 0.35, 0.4, 0)),
        (lambda: optim.schedule.per_epoch(optim.schedule.linear(), 4), (1, 0.75, 0.5, 0.25)),
        (optim.schedule.cosine, (1, (1 + np.cos(0.3 * np.pi)) / 2, (1 + np.cos(0.6 * np.pi)) / 2, 0)),
    ],
)
def test_schedules(make, values):
    np.testing.assert_allclose([make()(p) for p in (0, 0.3, 0.6, 1)], values, atol=1e-15)


def test_after_its_warm_up_a_schedule_is_as_without():
    constant = optim.schedule.warm_up(optim.schedule.constant(), 0.25)
    assert [constant(progress) for progress in (0.25, 0.5, 0.75, 1.0)] == [1, 1, 1, 1]


@pytest.mark.parametrize("shape", [(3,), (2, 3, 3)])
def test_only_the_columns_of_a_matrix_are_orthogonal(shape):
    for f in (optim.orthogonality, optim.penalty.orthogonality_gradient):
        with pytest.raises(ValueError, match=r"w: expected shape \(n, p\), got"):
            f(np.ones(shape), 0.1)


@pytest.mark.parametrize("make", [
    optim.schedule.constant, optim.schedule.step_decay, optim.schedule.linear, optim.schedule.exponential,
    optim.schedule.cosine, lambda: optim.schedule.per_epoch(optim.schedule.linear(), 4),
])  # fmt: skip
def test_a_schedule_stays_where_it_ends(make):
    schedule = make()
    assert schedule(1.2) == schedule(1.0) and schedule(-0.2) == schedule(0.0) == 1


@pytest.mark.parametrize("factor", [-0.1, np.nan, np.inf])
def test_a_rate_that_is_none(factor):
    p = parameter(sphere)
    p.grad, before, optimizer = gradients(1)[0], p.value, optim.SGD([p], 0.1)
    optimizer.factor = factor
    with pytest.raises(ValueError, match="factor: expected a finite number >= 0"):
        optimizer.step()
    assert p.value is before and optimizer.steps == 0


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("rate", [0.0, 1e-300])
def test_a_step_at_rate_zero_moves_nothing(maker, rate):
    p = parameter(sphere)
    before, p.grad = p.value, gradients(1)[0]
    settings = {"momentum": 0.0} if maker == "SGD" else {"beta1": 0.0}
    optimizer = {"SGD": optim.SGD, "Adam": optim.Adam}[maker]([p], rate, **settings)
    optimizer.step()
    np.testing.assert_allclose(p.value, before, rtol=0, atol=1e-15)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_number_is_a_parameter_too(maker):
    p = nn.Parameter(np.array(1.0))
    p.grad = np.array(2.0)
    MAKERS[maker]([p]).step()
    assert p.value.shape == () and p.value < 1


def test_copies_and_pickles_go_on_to_the_same_bits():
    """Of an optimizer with its parameters, and of groups, whose optimizers stop together."""
    network = model()
    groups = optim.sgd_g(network)
    for duplicate in (copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))):
        other = duplicate(groups)
        assert len({id(o.stop) for o in other.optimizers}) == 1
        for p in other.parameters:
            assert p.grad is not None
        twin = duplicate(groups)
        other.step(), twin.step()
        for p, q in zip(other.parameters, twin.parameters, strict=True):
            np.testing.assert_array_equal(p.value, q.value)
            assert p.geometry is q.geometry


def test_a_geometry_of_ones_own_goes_with_the_copy():
    names = ("exp", "inner", "move", "norm", "normalize", "project", "scale", "combine")
    mine = types.SimpleNamespace(__name__="mine", **{name: getattr(sphere, name) for name in names})
    p = nn.Parameter(np.eye(3), geometry=mine)
    assert copy.deepcopy(p).geometry.exp is sphere.exp and copy.deepcopy(p).geometry is not sphere


def test_a_zero_weight_is_named_and_changes_nothing():
    p = parameter(sphere)
    p.value[:, 1], p.grad, p.name = 0, gradients(1)[0], "3.w"
    with pytest.raises(ValueError, match=r"weights of 3\.w: .* zero column; .* nothing was changed"):
        optim.SGD([p], 0.1).step()


@pytest.mark.parametrize(("make", "message"), [
    (lambda p: optim.SGD(p, 0.1), "parameters: expected a list of parameters, got Parameter"),
    (lambda p: optim.SGD(7, 0.1), "parameters: expected a list of parameters, got int"),
    (lambda p: optim.SGD([p.value], 0.1), r"parameters: expected nn.Parameter, got ndarray"),
    (lambda p: optim.SGD({"w": p}, 0.1), "parameters: expected nn.Parameter, got str"),
    (lambda p: optim.SGD([p], "0.1"), "lr: expected a number, got '0.1'"),
    (lambda p: optim.Adam([p], 0.1, beta1=True), "beta1: expected a number, got True"),
])  # fmt: skip
def test_settings_of_another_type(make, message):
    with pytest.raises(TypeError, match=message):
        make(parameter(sphere))


@pytest.mark.parametrize("nu", [-1.0, 0.0, np.nan])
def test_a_clip_that_is_none(nu):
    with pytest.raises(ValueError, match="nu: expected a finite number > 0"):
        optim.clip_norm(sphere, np.eye(2), np.eye(2)[::-1], nu)
