"""Bad input raises at the door, says what was expected and what came, and changes nothing."""

import array_api_strict as strict
import numpy as np
import pytest

from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from grassmann_np.geometry.checks import check_finite

ALL = (euclidean, sphere, lines, subspaces)
TWO, THREE = ("project", "inner", "norm", "exp", "log", "distance", "random_tangent"), ("transport", "move")


def point(geometry, dtype=np.float64):
    return geometry.random_point((4, 2), np.random.default_rng(1)).astype(dtype)


def call(geometry, name, y, other):
    """Calls a function of the geometry with `other` as its last argument."""
    arguments = (y, y, other) if name in THREE or name == "inner" else (y, other)
    return getattr(geometry, name)(*arguments)


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
@pytest.mark.parametrize("name", [n for n in (*TWO, *THREE) if n != "random_tangent"])
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda a: a[:3], ValueError, r"expected shape \(4, 2\) like y, got \(3, 2\)"),
        (lambda a: a.astype(np.float32), TypeError, "expected float64 like y, got float32"),
        (lambda a: a.astype(int), TypeError, "expected float32 or float64, got int64"),
        (lambda a: np.where(a == a, np.nan, a), ValueError, "expected finite numbers, got NaN or inf"),
        (lambda a: a + np.inf, ValueError, "expected finite numbers, got NaN or inf"),
        (lambda a: a.tolist(), TypeError, "expected a NumPy or CuPy array, got list"),
        (lambda a: strict.asarray(a), TypeError, "expected arrays of one backend, got numpy"),
    ],
    ids=["shape", "mixed dtype", "integer", "nan", "inf", "list", "mixed backend"],
)
def test_second_argument(geometry, name, spoil, error, message):
    y = point(geometry)
    with pytest.raises(error, match=message):
        call(geometry, name, y, spoil(y))


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
@pytest.mark.parametrize("name", ["project", "exp", "log", "distance", *THREE])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_point_that_is_none(geometry, name, bad):
    y = point(geometry)
    h = geometry.random_tangent(y, np.random.default_rng(2))
    spoiled = y.copy()
    spoiled[1, 1] = bad
    with pytest.raises(ValueError, match="expected finite numbers, got NaN or inf"):
        getattr(geometry, name)(spoiled, *([h, h] if name in THREE else [h]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_the_array_that_is_not_finite_is_named(count, bad):
    """Whatever the others hold."""
    for index in range(count):
        arrays = {f"a{i}": np.full((3, 2), 1e200 * (i % 2)) for i in range(count)}
        check_finite(**arrays)
        arrays[f"a{index}"][2, 1] = bad
        with pytest.raises(ValueError, match=f"a{index}: expected finite numbers, got NaN or inf"):
            check_finite(**arrays)


@pytest.mark.parametrize("walk", [euclidean.exp, lambda y, h: euclidean.move(y, h, h)], ids=["exp", "move"])
def test_opposite_infinities_are_an_error_and_no_warning(walk):
    y = np.array([1.0, np.inf])
    with pytest.raises(ValueError, match="y: expected finite numbers, got NaN or inf"):
        walk(y, -y)


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
def test_combine_takes_numbers_and_one_number_per_point(geometry):
    y = point(geometry)
    u, v = (geometry.random_tangent(y, np.random.default_rng(seed)) for seed in (2, 3))
    s = geometry.norm(y, u)
    np.testing.assert_allclose(geometry.combine(0.5, u, -2.0, v), u / 2 - 2 * v, rtol=1e-15)
    np.testing.assert_allclose(geometry.combine(0.5, u, s, v), u / 2 + geometry.scale(v, s), rtol=1e-15)
    np.testing.assert_allclose(geometry.combine(s, u, 1.0, v), geometry.scale(u, s) + v, rtol=1e-15)
    with pytest.raises(ValueError, match="b: expected float64 of shape"):
        geometry.combine(1.0, u, np.ones(7), v)
    with pytest.raises(ValueError, match=r"v: expected shape"):
        geometry.combine(1.0, u, 1.0, v[..., :1])  # which would broadcast


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
def test_mixed_devices(geometry):
    y = strict.asarray(point(geometry))
    with pytest.raises(ValueError, match="h: expected device"):
        geometry.exp(y, y.to_device(strict.Device("device1")))


@pytest.mark.parametrize("geometry", (sphere, lines))
def test_zero_vector(geometry):
    with pytest.raises(ValueError, match="zero column; it has no direction"):
        geometry.normalize(np.array([[1.0, 0.0], [2.0, 0.0]]))
    with pytest.raises(ValueError, match="zero column"):
        geometry.log(np.array([1.0, 0.0]), np.zeros(2))


@pytest.mark.parametrize("geometry", (sphere, lines))
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3, 4)])
def test_shape_of_columns(geometry, shape):
    with pytest.raises(ValueError, match="expected one column"):
        geometry.normalize(np.ones(shape))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 0)])
def test_shape_of_matrices(shape):
    with pytest.raises(ValueError, match="expected matrices"):
        subspaces.normalize(np.ones(shape))


@pytest.mark.parametrize("w", [np.zeros((3, 2)), np.ones((3, 2)), 1e-30 * np.ones((3, 2)) + [0.0, 1e-50]])
def test_dependent_columns(w):
    with pytest.raises(ValueError, match="linearly independent"):
        subspaces.normalize(w)


@pytest.mark.parametrize("size", [1.7e308, 1e-310, 5e-324])
def test_every_finite_column_has_a_direction(size):
    np.testing.assert_allclose(sphere.normalize(np.array([size, -size])), np.array([1, -1]) / np.sqrt(2), rtol=1e-15)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("special", [np.matrix, np.ma.MaskedArray])
def test_special_arrays_are_refused(special):
    with pytest.raises(TypeError, match="expected a plain array, got"):
        sphere.normalize(special([[1.0, 2.0]]))


@pytest.mark.parametrize("geometry", (sphere, subspaces))
def test_scale_wants_one_number_per_point(geometry):
    y = point(geometry)
    with pytest.raises(ValueError, match="s: expected float64 of shape"):
        geometry.scale(y, np.ones(3))
    np.testing.assert_array_equal(geometry.scale(y, 2 * geometry.inner(y, y, y) ** 0), 2 * y)


def test_cut_locus_of_the_sphere():
    y, e = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    with pytest.raises(ValueError, match="every direction is shortest"):
        sphere.log(y, -y)
    np.testing.assert_allclose(sphere.log(y, -y, cut=3 * e + y), np.pi * e)
    np.testing.assert_allclose(sphere.log(2 * y, -y, cut=3 * e + y), np.pi * e)
    np.testing.assert_allclose(sphere.log(y, e, cut=-e), np.pi / 2 * e)  # not at the cut locus: no choice to make
    with pytest.raises(ValueError, match="cut: expected one of 'raise', got 'x'"):
        sphere.log(y, -y, cut="x")
    with pytest.raises(ValueError, match="cut: expected a direction along the sphere"):
        sphere.log(y, -y, cut=2 * y)
    pair, elsewhere = np.stack([y, y], axis=1), np.stack([-y, e], axis=1)
    np.testing.assert_allclose(
        sphere.log(pair, elsewhere, cut=np.stack([e, y], axis=1)), np.stack([np.pi * e, np.pi / 2 * e], axis=1)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cut_locus_of_the_sphere_is_as_wide_as_rounding(dtype):
    """Opposite to within rounding is opposite; 64 eps away there is a shortest way, almost pi long."""
    eps, rng = float(np.finfo(dtype).eps), np.random.default_rng(0)
    y = sphere.random_point((5, 40), rng).astype(dtype)
    for column in y.T:
        with pytest.raises(ValueError, match="every direction is shortest"):
            sphere.log(column, -3 * sphere.normalize(column))
    start, turn = np.eye(2, dtype=dtype)
    way = sphere.log(start, 64 * eps * turn - start)
    np.testing.assert_allclose(way, np.pi * turn, atol=80 * eps)


def test_cut_locus_of_lines():
    y, x = np.eye(2)[:, [0]], np.eye(2)[:, [1]]
    with pytest.raises(ValueError, match="equally near"):
        lines.log(y, x)
    np.testing.assert_allclose(lines.log(y, x, cut="x"), np.pi / 2 * x)
    np.testing.assert_allclose(lines.log(y, x, cut="-x"), -np.pi / 2 * x)
    with pytest.raises(ValueError, match="expected one of 'raise', 'x', '-x', got 'either'"):
        lines.log(y, x, cut="either")
    with pytest.raises(ValueError, match="expected one of 'raise', 'x', '-x', got"):
        lines.log(y, x, cut=y)


def test_cut_locus_of_subspaces():
    axes = np.eye(4)
    with pytest.raises(ValueError, match="several geodesics are shortest"):
        subspaces.log(axes[:, :2], axes[:, 1:3])
    h = subspaces.log(axes[:, :2], axes[:, 1:3], cut="any")
    assert subspaces.distance(subspaces.exp(axes[:, :2], h), axes[:, 1:3]) < 1e-15
    with pytest.raises(ValueError, match="expected one of 'raise', 'any'"):
        subspaces.log(axes[:, :2], axes[:, 1:3], cut="x")


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
def test_arguments_are_left_alone(geometry):
    y = point(geometry)
    h = geometry.random_tangent(y, np.random.default_rng(2))
    before = y.copy(), h.copy()
    geometry.move(y, h, h), geometry.log(y, geometry.exp(y, h / 9)), geometry.project(y, h)
    np.testing.assert_array_equal((y, h), before)


@pytest.mark.parametrize("geometry", (sphere, lines))
def test_one_column_is_a_vector(geometry):
    y = point(geometry)
    h = geometry.random_tangent(y, np.random.default_rng(3)) / 9
    for name in ("exp", "project", "norm"):
        both, one = (getattr(geometry, name)(a, b) for a, b in ((y, h), (y[:, 0], h[:, 0])))
        np.testing.assert_allclose(one, both[..., 0], rtol=1e-15)


def test_columns_are_independent():
    """49: batched = looped."""
    rng = np.random.default_rng(4)
    y = sphere.random_point((5, 7), rng)
    h, v = (sphere.random_tangent(y, rng) for _ in range(2))
    looped = np.stack([sphere.transport(y[:, j], h[:, j], v[:, j]) for j in range(7)], axis=1)
    np.testing.assert_allclose(sphere.transport(y, h, v), looped, atol=1e-15)


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.array(2.0)], ids=repr)
def test_any_number_will_do_and_widens_nothing(geometry, dtype, two):
    y = point(geometry, dtype)
    for found, right in ((geometry.scale(y, two), 2 * y), (geometry.combine(two, y, -1, y), y)):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, right, rtol=1e-6)
    for bad in (np.nan, -np.inf):
        with pytest.raises(ValueError, match="s: expected finite numbers"):
            geometry.scale(y, bad)


@pytest.mark.parametrize("geometry", (sphere, lines))
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
@pytest.mark.parametrize("n", [5000, 10**5, 10**6])
def test_long_columns_lose_no_digits(geometry, layout, n):
    """Rounding of a sum in float32 grows with its length, unless it is added up in parts."""
    y = geometry.normalize(layout(np.random.default_rng(n).standard_normal((n, 2)).astype(np.float32)))
    assert np.abs(np.linalg.norm(y.astype(np.float64), axis=0) - 1).max() < 4 * 2.0**-23


@pytest.mark.parametrize("geometry", (sphere, lines))
@pytest.mark.parametrize("walk", ["exp", "transport", "move", "norm"])
def test_a_length_beyond_the_largest_number_is_an_error_and_no_warning(geometry, walk):
    y, h = np.eye(3)[0], np.array([0.0, 1.5e308, 1.5e308])
    with pytest.raises(ValueError, match="h: expected a length that is a number"):
        getattr(geometry, walk)(*[y, h, h][: 3 if walk in ("transport", "move") else 2])


@pytest.mark.parametrize("geometry", (sphere, lines))
def test_the_tangent_part_of_a_huge_vector_is_finite(geometry):
    h = geometry.project(np.array([0.6, 0.8]), np.array([1.5e308, 1.5e308]))
    np.testing.assert_allclose(h, [2.4e307, -1.8e307], rtol=1e-14)


@pytest.mark.parametrize("geometry", (sphere, lines))
@pytest.mark.parametrize("size", [1.0, 1e4, 1e12])
def test_the_tangent_part_of_a_nearly_normal_vector_is_tangent(geometry, size):
    """To the rounding of what is left, not of what was given."""
    rng = np.random.default_rng(5)
    y = geometry.random_point((50, 4), rng)
    h = geometry.project(y, size * y + rng.standard_normal((50, 4)))
    assert np.all(np.abs(np.sum(y * h, axis=0)) <= 8 * 2.0**-52 * np.linalg.norm(h, axis=0))


@pytest.mark.parametrize("length", [1.0, 3.0, 0.1, 1e20])
@pytest.mark.parametrize(("n", "dtype"), [(7, np.float64), (700, np.float32), (5000, np.float64)])
def test_the_antipode_is_seen_after_rounding(n, dtype, length):
    rng = np.random.default_rng(n)
    for _ in range(20):
        y = sphere.random_point((n,), rng).astype(dtype)
        with pytest.raises(ValueError, match="every direction is shortest"):
            sphere.log(y, dtype(-length) * y)
        near = sphere.exp(y, sphere.random_tangent(y, rng) * dtype(1e-4 / n**0.5))
        assert abs(sphere.norm(y, sphere.log(y, -near)) - (np.pi - sphere.distance(y, near))) < 1e-5


def turned(seed, n, dtype):
    """An orthogonal matrix, rounded."""
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)).astype(dtype))[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [2, 3, 9, 64])
def test_orthogonal_lines_are_seen_after_rounding(n, dtype):
    """Columns of a QR, and axes that a rotation turns; 1e-3 radians beside there is one nearer way."""
    for seed in range(150):
        q, r = turned(seed, n, dtype), turned(seed + 1000, n, dtype)
        for y, x in ((q[:, 0], q[:, 1]), (r @ q[:, 0], dtype(-7) * (r @ q[:, 1])), (q[:, :-1], 3 * q[:, 1:])):
            with pytest.raises(ValueError, match="equally near"):
                lines.log(y, x)
            away = lines.log(y, x, cut="-x")
            np.testing.assert_allclose(lines.norm(y, away + lines.log(y, x, cut="x")), 0, atol=1e-5)
        y, beside = q[:, 0], q[:, 1] + dtype(1e-3) * q[:, 0]
        for x in (beside, -beside):
            way = (np.pi / 2 - np.arctan(1e-3)) * q[:, 1].astype(np.float64)
            np.testing.assert_allclose(lines.log(y, x), way, atol=(30 + n) * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "p"), [(2, 1), (4, 2), (7, 3), (40, 5)])
def test_orthogonal_subspaces_are_seen_after_rounding(n, p, dtype):
    """One principal angle is enough; 1e-3 radians beside there is one shortest way."""
    for seed in range(150):
        q, mix = turned(seed, n, dtype), turned(seed + 1000, p, dtype)
        y = q[:, :p]
        x = np.concatenate([q[:, p : p + 1], q[:, 1:p]], axis=1)  # the first axis is another, the rest are the same
        for one, other in ((y, x @ mix), (x @ mix, y), (y @ mix, x)):
            with pytest.raises(ValueError, match="several geodesics are shortest"):
                subspaces.log(one, other)
        with pytest.raises(ValueError, match="several geodesics are shortest"):
            subspaces.log(np.stack([x, y]), np.stack([x @ mix, x]))
        angle = np.pi / 2 - 1e-3
        x[:, 0] = np.sin(angle) * q[:, p] + np.cos(angle) * q[:, 0]
        way = np.zeros((n, p))
        way[:, 0] = angle * q[:, p].astype(np.float64)
        np.testing.assert_allclose(subspaces.log(y, x @ mix), way, atol=2e4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", ["largest", "smallest"])
def test_a_matrix_of_any_size_is_a_subspace(size, dtype):
    info = np.finfo(dtype)
    factor = info.max / 4 if size == "largest" else info.smallest_normal
    w = np.random.default_rng(0).standard_normal((5, 3)).clip(-3, 3).astype(dtype)
    np.testing.assert_allclose(subspaces.normalize(factor * w), subspaces.normalize(w), atol=20 * info.eps)
    full = np.full((2, 2), info.max) * np.array([[1, 1], [1, -1]], dtype)
    np.testing.assert_allclose(subspaces.normalize(full), np.array([[1, 1], [1, -1]]) / 2**0.5, atol=4 * info.eps)
    with pytest.raises(ValueError, match="linearly independent"):
        subspaces.normalize(factor * np.ones((5, 3), dtype))


@pytest.mark.parametrize("geometry", (sphere, subspaces), ids=["sphere", "subspaces"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_vectors_are_carried_and_projected(geometry, dtype):
    rng, size = np.random.default_rng(3), np.finfo(dtype).max / 8
    y = geometry.random_point((400, 2), rng).astype(dtype)
    g, h = rng.standard_normal((400, 2)).astype(dtype), geometry.random_tangent(y, rng)
    atol = 300 * np.finfo(dtype).eps
    np.testing.assert_allclose(geometry.project(y, size * g) / size, geometry.project(y, g), atol=atol)
    np.testing.assert_allclose(geometry.move(y, h, size * h)[1] / size, geometry.move(y, h, h)[1], atol=atol)


@pytest.mark.parametrize("size", [1.0, 1e4, 1e12])
def test_the_tangent_part_of_a_nearly_normal_matrix_is_tangent(size):
    rng = np.random.default_rng(5)
    y = subspaces.random_point((50, 4), rng)
    h = subspaces.project(y, size * y + rng.standard_normal((50, 4)))
    assert np.abs(y.T @ h).max() <= 8 * 2.0**-52 * np.linalg.norm(h)


def test_a_turn_beyond_the_largest_number_is_an_error_and_no_warning():
    y = np.eye(4)[:, :2]
    h = np.array([[0.0, 0.0], [0.0, 0.0], [1.7e308, 1.7e308], [1.7e308, 1.7e308]])
    with pytest.raises(ValueError, match="h: expected singular values that are numbers"):
        subspaces.exp(y, h)


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
def test_what_is_beyond_the_largest_number_is_infinite_without_a_warning(geometry):
    y, v = point(geometry), np.full((4, 2), 1.7e308)
    assert np.all(np.isinf(geometry.inner(y, v, v)))
    assert np.all(np.isinf(geometry.scale(v, 2.0))) and np.all(np.isinf(geometry.combine(1.0, v, 1.0, v)))


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda a: np.repeat(a, 2, -1)[..., ::2]])
def test_long_matrices_lose_no_digits(layout):
    a, b = (layout(np.random.default_rng(k).random((500_000, 3)).astype(np.float32)) for k in range(2))
    stack = np.asfortranarray([a, a])  # neighbours in memory are of two matrices
    exact = np.sum(a.astype(np.float64) * b)
    assert np.abs(subspaces.inner(stack, stack, np.asfortranarray([b, b])) / exact - 1).max() < 2 * 2.0**-23
    assert abs(subspaces.inner(a, a, b) / exact - 1) < 2 * 2.0**-23
    assert abs(subspaces.norm(a, b) / np.linalg.norm(b.astype(np.float64)) - 1) < 2 * 2.0**-23


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
@pytest.mark.parametrize("kind", [np.float16, int, complex, np.longdouble, bool, ">f8", object])
def test_a_dtype_that_all_share_is_not_therefore_right(geometry, kind):
    y = np.ones((4, 1)).astype(kind)
    for name in ("project", "inner", "norm", "exp", "log", "distance", *THREE):
        with pytest.raises(TypeError, match="expected float32 or float64, got"):
            call(geometry, name, y, y)


@pytest.mark.parametrize("geometry", ALL, ids=lambda g: g.__name__.split(".")[-1])
@pytest.mark.parametrize("rng", [None, 3, np.random, np.random.RandomState(0), np.random.default_rng])
def test_only_a_generator_draws(geometry, rng):
    with pytest.raises(TypeError, match=r"rng: expected a numpy\.random\.Generator"):
        geometry.random_point((4, 2), rng)
    with pytest.raises(TypeError, match=r"rng: expected a numpy\.random\.Generator"):
        geometry.random_tangent(point(geometry), rng)


def test_a_number_is_a_point_of_flat_space_only():
    assert euclidean.random_point((), np.random.default_rng(0)).shape == ()
    for geometry in (sphere, lines, subspaces):
        with pytest.raises(ValueError, match="shape: expected"):
            geometry.random_point((), np.random.default_rng(0))


@pytest.mark.parametrize("name", ["distance", "principal_angles", "log"])
def test_matrices_that_are_far_from_orthonormal_are_said_to_be(name):
    y = point(subspaces) * 1e200
    with pytest.raises(ValueError, match="y, x: expected orthonormal matrices, got products beyond the largest number"):
        getattr(subspaces, name)(y, y)
