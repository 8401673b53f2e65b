"""The adapters: of libraries that are installed, and of small fakes of them, whose answers are known."""

import importlib
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from grassmann_np.geometry import sphere, subspaces
from grassmann_np.testing import adapters, identities
from grassmann_np.testing.optimizers import adapters as stepping


class FakeSphere:
    """A sphere as pymanopt has them: one size, one point, NumPy's global generator, float64 in what it makes."""

    def __init__(self, n):
        self.n = n

    def projection(self, y, g):
        return sphere.project(y, g)

    def inner_product(self, y, u, v):
        return float(sphere.inner(y, u, v))

    def norm(self, y, h):
        return float(sphere.norm(y, h))

    def exp(self, y, h):
        return sphere.exp(y, h)

    def log(self, y, x):
        return sphere.log(y, x)

    def dist(self, y, x):
        return float(sphere.distance(y, x))

    def transport(self, y, x, v):
        return sphere.project(x, v)

    def random_point(self):
        return sphere.normalize(np.random.normal(size=self.n))  # noqa: NPY002

    def random_tangent_vector(self, y):
        return sphere.project(y.astype(float), np.random.normal(size=self.n))  # noqa: NPY002


class FakeGrassmann(FakeSphere):
    def __init__(self, n, p):
        self.shape = n, p

    def random_point(self):
        return subspaces.normalize(np.random.normal(size=self.shape))  # noqa: NPY002


@pytest.fixture
def fake(monkeypatch):
    """pymanopt, as far as its adapter looks at it."""
    library = SimpleNamespace(manifolds=SimpleNamespace(Sphere=FakeSphere, Grassmann=FakeGrassmann))
    real = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", lambda name: library if name == "pymanopt" else real(name))


def test_a_fake_of_one_point_is_asked_in_columns(fake):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    asked = adapters.pymanopt_sphere
    slow = "holonomy_of_a_latitude"  # eight thousand points, one by one
    report = identities.check(
        asked, sizes=(3,), only=[one.name for one in identities.chosen("sphere") if one.name != slow]
    )
    failed = {r.identity.name: r.problem for r in report.results if not r.holds}
    assert report.kind == "sphere" and "random_is_on_the_manifold" not in failed
    assert {name for name, problem in failed.items() if "it has no function normalize" not in problem} == {
        "flow", "log_back", "transport_is_an_isometry", "transport_of_the_velocity", "equation_nine", "transport_back",
        "transport_is_a_reflection", "transport_by_matrix_exponential", "projection_is_not_transport",
        "holonomy_is_area", "curvature_is_one",
    }, str(report)  # fmt: skip
    assert {"distance", "random_tangent"} <= asked.cast  # Python numbers, and float64 for float32
    assert any("normalize" in line for line in asked.cannot)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_geometry_of_functions_is_asked_through_an_adapter():
    asked = adapters.Adapted("mine", "sphere", {"exp": sphere.exp, "log": sphere.log, "distance": sphere.distance})
    report = identities.check(asked, like="sphere", sizes=(4,), only=["exp_of_log", "distance_is_length"])
    assert report.holds and report.name == "mine" and len(report.results) == 2
    asked = adapters.Adapted("mine", "sphere", {"exp": lambda y, h: sphere.exp(y, 2 * h), "distance": sphere.distance})
    assert not identities.check(asked, like="sphere", sizes=(4,), only=["distance_is_length"]).holds
    with pytest.raises(ValueError, match=r"functions: expected some of .* got expmap"):
        adapters.Adapted("mine", "sphere", {"expmap": sphere.exp})


def test_what_is_not_installed_is_named_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "geoopt", None)
    with pytest.raises(ImportError):
        adapters.SHIPPED["geoopt_sphere"]()
    with pytest.raises(AttributeError, match="has no attribute 'geoopt_cube'"):
        adapters.geoopt_cube  # noqa: B018


def test_nothing_is_imported_before_it_is_asked_for():
    code = "import sys, grassmann_np.testing.adapters; print(sorted({'torch', 'jax', 'geoopt'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", adapters.SHIPPED)
def test_a_library_that_is_installed_obeys_what_all_do(name):
    library = name.partition("_")[0]
    pytest.importorskip(library, reason=f"pip install {library}")
    asked = adapters.SHIPPED[name]()
    every = ["project_twice", "exp_stays_on_the_manifold", "exp_by_matrix_exponential", "transport_is_linear"]
    sizes = [(4, 1 if asked.kind == "sphere" else 2, 5)]
    with np.errstate(all="ignore"):
        report = identities.check(
            asked, like=asked.kind, layout="columns", sizes=sizes, only=every, dtypes=[np.float64]
        )
    assert {r.identity.name for r in report.results if r.uses} == set(every)
    assert set(report.failed) <= {"transport_is_linear"}, str(report)  # geojax: NaN at the antipode, as it says


@pytest.mark.filterwarnings("ignore")
def test_functions_of_tensors_and_of_jax_arrays_are_asked():
    for library in ("torch", "jax.numpy"):
        pytest.importorskip(library, reason=f"pip install {library.partition('.')[0]}")
        xp = importlib.import_module(library)
        mine = SimpleNamespace(
            __name__="mine",
            project=lambda y, g: g - (y * g).sum(0) * y,  # one projection too few for the hard cases
            exp=lambda y, h, xp=xp: y * xp.cos(xp.sqrt((h * h).sum(0))) + h * xp.sinc(xp.sqrt((h * h).sum(0)) / xp.pi),
        )
        adapt = adapters.pytorch if library == "torch" else adapters.jax
        only = ["exp_stays_on_the_manifold", "exp_by_matrix_exponential", "exp_of_zero"]
        report = identities.check(adapt(mine, "sphere"), like="sphere", sizes=(3,), only=only)
        assert report.holds and len(report.results) == 3, str(report)
        with pytest.raises(ValueError, match="which has none"):
            adapt(SimpleNamespace(), "sphere")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make, angle", [(stepping.geoopt_sgd, 0.19), (stepping.geoopt_adam, 0.1)])
def test_a_step_of_geoopt_is_what_its_source_says(make, angle):
    pytest.importorskip("geoopt", reason="pip install geoopt")
    y = make(np.array([[1.0], [0.0]]), 0.1).step(np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(np.arctan2(y[1], y[0]), -angle, atol=1e-8)  # 0.19: its momentum begins with the gradient
