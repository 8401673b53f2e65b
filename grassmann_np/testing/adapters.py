"""Adapters make a geometry of another library into what `identities.check` asks for: functions of NumPy columns.

    identities.check(adapters.geoopt())                 or pymanopt(), geomstats(), geojax(); of another manifold too
    identities.check(adapters.pytorch(mine, "sphere"))        functions of tensors; adapters.jax: of jax.numpy arrays
    python -m grassmann_np.testing grassmann_np.testing.adapters:geoopt_sphere        the names in SHIPPED

Each library is imported when its adapter is called. What a library does not have is lent, or not asked: `cannot` says
which and why. Nothing global is changed: random generators are put back, and JAX has float64 only during a call.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from .view import FUNCTIONS, View

Make = Callable[..., Any]
ALONG = "transport along h: it carries from point to point, so it is asked for exp(y, h), the end of the way"
ROUNDED = "results of another dtype: they are rounded to that of the arguments; `cast` says which functions gave some"


class Adapted:
    """A geometry with those of the Protocol's functions that another library has.

    name     stands above the table;  kind "sphere", "lines", "subspaces" or "euclidean"
    cannot   what cannot be asked of it as it is, and why: a line each
    cast     the functions whose results had another dtype than their arguments, so far
    Raises ValueError for a function that the Protocol does not have.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        functions: Mapping[str, Callable[..., Any]],
        layout: str = "columns",
        to: Callable[[Any], Any] = lambda a: a,
        back: Callable[[Any], Any] = np.asarray,
        cannot: tuple[str, ...] = (),
    ) -> None:
        if unknown := sorted(set(functions) - set(FUNCTIONS)):
            raise ValueError(f"functions: expected some of {', '.join(FUNCTIONS)}, got {', '.join(unknown)}")
        self.__name__, self.kind, self.cannot = name, kind, cannot
        self.cast: set[str] = set()
        rounded = {name: self._rounded(name, function, back) for name, function in functions.items()}
        self._view = View(SimpleNamespace(**rounded), kind, layout, to=to)
        for function in functions:
            setattr(self, function, getattr(self._view, function))

    def _rounded(self, name: str, function: Callable[..., Any], back: Callable[[Any], Any]) -> Callable[..., Any]:
        def call(first: Any, *others: Any) -> Any:
            result = function(first, *others)
            if isinstance(result, tuple):
                return tuple(self._alike(name, back(part), first) for part in result)
            return self._alike(name, back(result), first)

        return call

    def _alike(self, name: str, a: Any, first: Any) -> Any:
        dtype = np.dtype(str(first.dtype).rpartition(".")[2]) if hasattr(first, "dtype") else a.dtype  # torch.float32
        if a.dtype != dtype:
            self.cast.add(name)
        return a.astype(dtype)


def geoopt(manifold: Any = None) -> Adapted:
    """A sphere of geoopt, `Sphere()` or `SphereExact()`, the default."""
    torch = _library("torch")
    manifold = _library("geoopt").SphereExact() if manifold is None else manifold

    def random_point(shape: tuple[int, ...], rng: Any) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**63)))
            return manifold.random(*shape, dtype=torch.float64)

    functions = {
        "normalize": manifold.projx, "project": manifold.proju, "inner": manifold.inner, "norm": manifold.norm,
        "exp": manifold.expmap, "log": manifold.logmap, "distance": manifold.dist, "random_point": random_point,
        "move": manifold.expmap_transp, "transport": manifold.transp_follow_expmap,
    }  # fmt: skip
    return Adapted(f"geoopt {type(manifold).__name__}", "sphere", functions, "rows", _tensor, _from_tensor)


def pymanopt(make: Make | None = None, kind: str = "sphere") -> Adapted:
    """A manifold of pymanopt, which has one size and one point: `make(n)`, or `make(n, p)` for kind "subspaces".

    The default is its Sphere, or its Grassmann.
    """
    manifolds = _library("pymanopt").manifolds
    make = make or {"sphere": manifolds.Sphere, "subspaces": manifolds.Grassmann}[kind]

    def of(method: str) -> Callable[..., Any]:
        return lambda y, *others: getattr(make(*y.shape), method)(y, *others)

    functions: dict[str, Callable[..., Any]] = {
        "project": of("projection"), "inner": of("inner_product"), "norm": of("norm"),
        "exp": of("exp"), "log": of("log"), "distance": of("dist"),
        "transport": lambda y, h, v: of("transport")(y, of("exp")(y, h), v),
        "random_point": lambda shape, rng: _seeded(rng, make(*shape).random_point),
        "random_tangent": lambda y, rng: _seeded(rng, lambda: of("random_tangent_vector")(y)),
    }  # fmt: skip
    cannot = (ALONG, ROUNDED, "many points at once: a manifold has one, so they are asked one by one",
              "normalize: no function makes a point of any vector")  # fmt: skip
    return Adapted(f"pymanopt {make.__name__}", kind, functions, "single", cannot=cannot)


def geomstats(make: Make | None = None) -> Adapted:
    """A sphere of geomstats, `make(n - 1)`: its Hypersphere if not given."""
    made = cache(make or _library("geomstats.geometry.hypersphere").Hypersphere)

    def space(y: Any) -> Any:
        return made(y.shape[-1] - 1)

    def points(shape: tuple[int, ...]) -> Any:
        return np.reshape(made(shape[-1] - 1).random_point(*shape[:-1]), shape)  # one point comes without its axis

    functions: dict[str, Callable[..., Any]] = {
        "normalize": lambda w: space(w).projection(w),
        "project": lambda y, g: space(y).to_tangent(g, y),
        "inner": lambda y, a, b: space(y).metric.inner_product(a, b, y),
        "norm": lambda y, h: space(y).metric.norm(h, y),
        "exp": lambda y, h: space(y).metric.exp(h, y),
        "log": lambda y, x: space(y).metric.log(x, y),
        "distance": lambda y, x: space(y).metric.dist(y, x),
        "transport": lambda y, h, v: space(y).metric.parallel_transport(v, y, direction=h),
        "random_point": lambda shape, rng: _seeded(rng, lambda: points(shape)),
        "random_tangent": lambda y, rng: _seeded(rng, lambda: space(y).random_tangent_vec(y)),
    }
    return Adapted("geomstats Hypersphere", "sphere", functions, "rows", cannot=(ROUNDED,))


def geojax(make: Make | None = None, kind: str = "sphere") -> Adapted:
    """A geometry of geojax: `make(n)`, or `make((n, p))` for kind "subspaces"; its Sphere or Grassmann if not given."""
    library = _library("geojax")
    make = cache(make or {"sphere": library.Sphere, "subspaces": library.Grassmann}[kind])
    size: Callable[[Any], Any] = (lambda shape: shape[-1]) if kind == "sphere" else (lambda shape: tuple(shape[-2:]))

    def of(method: str) -> Callable[..., Any]:
        return lambda y, *others: getattr(make(size(y.shape)), method)(y, *others)

    functions = {
        "normalize": of("project"), "project": of("tangent_project"), "inner": of("inner"), "norm": of("norm"),
        "exp": of("exp"), "log": of("log"), "distance": of("dist"),
        "transport": lambda y, h, v: of("transport")(y, of("exp")(y, h), v),
    }  # fmt: skip
    given = SimpleNamespace(__name__=f"geojax {'Sphere' if kind == 'sphere' else 'Grassmann'}", **functions)
    return jax(given, kind, "rows" if kind == "sphere" else "columns", cannot=(ALONG,))


def pytorch(
    geometry: Any, kind: str, layout: str = "columns", names: Mapping[str, str] | None = None, cannot: Any = ()
) -> Adapted:
    """A geometry of functions of PyTorch tensors; `layout` and `names` as in `identities.check`."""
    _library("torch")
    return Adapted(_name(geometry), kind, _functions(geometry, names), layout, _tensor, _from_tensor, tuple(cannot))


def jax(
    geometry: Any, kind: str, layout: str = "columns", names: Mapping[str, str] | None = None, cannot: Any = ()
) -> Adapted:
    """A geometry of functions of JAX arrays, float64 among them while they are called; see `pytorch`."""
    library = _library("jax")

    def wide() -> Any:
        return library.enable_x64(True) if hasattr(library, "enable_x64") else library.experimental.enable_x64()

    def to(a: Any) -> Any:
        with wide():
            return library.numpy.asarray(a)

    functions = {name: _within(wide, function) for name, function in _functions(geometry, names).items()}
    return Adapted(_name(geometry), kind, functions, layout, to, np.asarray, tuple(cannot))


SHIPPED: dict[str, Callable[[], Adapted]] = {
    "geoopt_sphere": lambda: geoopt(_library("geoopt").Sphere()),
    "geoopt_sphere_exact": geoopt,
    "pymanopt_sphere": pymanopt,
    "pymanopt_grassmann": lambda: pymanopt(kind="subspaces"),
    "geomstats_sphere": geomstats,
    "geojax_sphere": geojax,
    "geojax_grassmann": lambda: geojax(kind="subspaces"),
}


def __getattr__(name: str) -> Adapted:
    """`adapters.geoopt_sphere` is made when it is asked for, so that nothing is imported before."""
    if name not in SHIPPED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return SHIPPED[name]()


def _library(name: str) -> Any:
    """The module.  Raises ImportError, with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or name.partition(".")[0] != error.name:
            raise  # it is installed, and something that it needs is not
        raise ImportError(f"this adapter needs {error.name}: pip install {error.name}") from error


def _tensor(a: Any) -> Any:
    return _library("torch").from_numpy(np.array(a, order="C"))


def _from_tensor(a: Any) -> Any:
    return a.detach().cpu().numpy()


def _name(geometry: Any) -> str:
    return str(getattr(geometry, "__name__", type(geometry).__name__))


def _functions(geometry: Any, names: Mapping[str, str] | None) -> dict[str, Callable[..., Any]]:
    """{ours: the function} of those that it has.  Raises ValueError if it has none."""
    view = View(geometry, "sphere", names=names)
    return {name: getattr(geometry, view.names[name]) for name in FUNCTIONS if view.has(name)}


def _seeded(rng: Any, draw: Callable[[], Any]) -> Any:
    """What `draw` draws from NumPy's global generator, seeded from `rng`, and put back as it was."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002
    try:
        return draw()
    finally:
        np.random.set_state(before)  # noqa: NPY002


def _within(context: Callable[[], AbstractContextManager[Any]], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with context():
            return function(*arguments)

    return call
