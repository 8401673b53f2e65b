"""Every operator within 8 eps of 60-digit values, from |h| = 1e-150 to 100, in float64 and float32."""

from pathlib import Path

import numpy as np
import pytest

from grassmann_np.geometry import lines, sphere, subspaces

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "geometry.npz", allow_pickle=False)
EPS = 2.0**-52


@pytest.fixture(params=[2, 3, 9, 64], ids="n{}".format)
def values(request):
    names = ("y", "h", "d", "exp", "transport", "x", "angle", "distance", "log")
    return {name: REFERENCE[f"n{request.param}/{name}"] for name in names}


def errors(values):
    """{operator: the error of every column, in eps times the natural scale}."""
    y, h, d, x = (values[name] for name in ("y", "h", "d", "x"))
    length, theta = np.maximum(1, np.linalg.norm(h, axis=0)), values["distance"]
    stretch = np.maximum(1, theta / np.where(theta > 0, np.sin(theta), 1))
    matrices = (y.T[..., None], h.T[..., None], d.T[..., None], sphere.normalize(x).T[..., None])
    point, carried = subspaces.move(*matrices[:3])
    found = {
        "sphere.exp": (sphere.exp(y, h) - values["exp"], length),
        "sphere.transport": (sphere.transport(y, h, d) - values["transport"], length),
        "sphere.move point": (sphere.move(y, h, d)[0] - values["exp"], length),
        "sphere.move carried": (sphere.move(y, h, d)[1] - values["transport"], length),
        "sphere.distance": (sphere.distance(y, x) - values["angle"], 1),
        "lines.distance": (lines.distance(y, x) - theta, 1),
        "lines.log": (lines.log(y, x) - values["log"], stretch),
        "subspaces.exp, p = 1": (point[..., 0].T - values["exp"], length),
        "subspaces.transport, p = 1": (carried[..., 0].T - values["transport"], length),
        "subspaces.distance, p = 1": (subspaces.distance(matrices[0], matrices[3]) - theta, 1),
        "subspaces.log, p = 1": (subspaces.log(matrices[0], matrices[3])[..., 0].T - values["log"], stretch),
    }
    return {name: np.abs(error) / scale / EPS for name, (error, scale) in found.items()}


def test_within_eight_eps(values):
    worst = {name: float(error.max()) for name, error in errors(values).items()}
    assert max(worst.values()) <= 8, worst


def test_float32_is_as_accurate_for_its_precision(values):
    """float32 answers against float64 answers to the same float32 inputs."""
    short = np.linalg.norm(values["h"], axis=0) > 1e-30  # shorter ones are not float32 numbers
    y, h, d, x = (values[name][:, short].astype(np.float32) for name in ("y", "h", "d", "x"))
    wide = [a.astype(np.float64) for a in (y, h, d, x)]
    length = np.maximum(1, np.linalg.norm(h, axis=0))
    for narrow, exact, scale in (
        (sphere.exp(y, h), sphere.exp(wide[0], wide[1]), length),
        (sphere.transport(y, h, d), sphere.transport(*wide[:3]), length),
        (sphere.distance(y, x), sphere.distance(wide[0], wide[3]), 1),
        (lines.distance(y, x), lines.distance(wide[0], wide[3]), 1),
    ):
        assert narrow.dtype == np.float32
        assert np.max(np.abs(narrow - exact) / scale) <= 8 * 2.0**-23


@pytest.mark.parametrize(
    ("dtype", "size"),
    [(np.float32, s) for s in (1e-42, 1e-30, 1e30, 3e38)]
    + [(np.float64, s) for s in (1e-320, 1e-200, 1e-160, 1e160, 1e308)],
)
def test_the_logarithm_forgets_the_length_of_both(dtype, size):
    y, x = np.eye(3, dtype=dtype)[:, :2], np.ones((3, 2), dtype)
    digits = max(8 * np.finfo(dtype).eps, float(np.finfo(dtype).smallest_subnormal) / size)
    for scaled in ((y, x * dtype(size)), (y * dtype(size), x)):
        np.testing.assert_allclose(sphere.log(*scaled), sphere.log(y, x), rtol=digits, atol=digits)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e-42), (np.float64, 1e-300), (np.float64, 1e-160)])
def test_the_shortest_steps_are_not_lost(dtype, size):
    """Their squares are."""
    y, h = np.array([[1.0, 0.0], [0.0, size]], dtype)
    point, carried = sphere.move(y, h, h / dtype(size))
    for found, right in ((sphere.exp(y, h), y + h), (point, y + h), (sphere.log(y, y + h), h)):
        np.testing.assert_array_equal(found, right)
    np.testing.assert_array_equal(carried, [-h[1], 1])


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1.2e-21), (np.float64, 1.6e-156)])
def test_a_long_column_of_numbers_with_lost_squares_has_its_length(dtype, size):
    """The sum of the squares is in the range of numbers, the squares are below it."""
    h = np.full((10_000, 2), size, dtype)
    np.testing.assert_allclose(sphere.norm(h, h), 100 * h[0], rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1e100, 1e140, 1e153, 1e154, 1e160, 1e200])
def test_the_longest_vectors_are_carried(size):
    """However a loop orders the products; where a walk that long ends nobody knows."""
    rng = np.random.default_rng(0)
    y = sphere.random_point((5, 3), rng)
    h, v = sphere.random_tangent(y, rng), sphere.random_tangent(y, rng)
    for along, carried in ((size * h, size * v), (size * h, size * h), (h, size * v)):
        length = np.linalg.norm(sphere.transport(y, along, carried) / size, axis=0)
        np.testing.assert_allclose(length, np.linalg.norm(carried / size, axis=0), rtol=1e-13)


if __name__ == "__main__":  # the table: python tests/geometry/test_accuracy.py
    table: dict[str, list[float]] = {}
    for n in (2, 3, 9, 64):
        one = {key.split("/")[1]: REFERENCE[key] for key in REFERENCE.files if key.startswith(f"n{n}/")}
        for name, error in errors(one).items():
            table.setdefault(name, []).append(float(error.max()))
    for name, row in table.items():
        print(f"{name:28} {max(row):.2f} eps")
