"""The catalogue of identities that a geometry obeys, and `check`, which tries them on any module.

>>> from grassmann_np.geometry import sphere
>>> from grassmann_np.testing import identities
>>> identities.check(sphere).holds
True
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ...backend import Array
from ..cases import KINDS, SIZES, Case, draw
from ..report import Report, Result, where
from ..told import told
from ..view import Call, View, in_words
from . import distances, geodesics, projection, quotients, transports
from .catalogue import Identity, worst
from .listing import listed

__all__ = [
    "CATALOGUE",
    "Identity",
    "Report",
    "Result",
    "check",
    "chosen",
    "drawn",
    "kind_of",
    "measure",
    "page",
    "view_of",
]

_CHAPTERS: tuple[ModuleType, ...] = (projection, geodesics, distances, transports, quotients)
CATALOGUE: tuple[Identity, ...] = tuple(
    item for chapter in _CHAPTERS for item in vars(chapter).values() if isinstance(item, Identity)
)

TRAITS: dict[str, Callable[[Case], Any]] = {  # that may tell the cases in which an identity fails, in this order
    "": lambda case: str(case.y.dtype),
    "n = ": lambda case: case.n,
    "p = ": lambda case: case.p,
    "2p > n: ": lambda case: not case.room,
}


def page() -> str:
    """The whole catalogue in Markdown."""
    return listed(_CHAPTERS)


def check(
    geometry: Any,
    like: str | None = None,
    seed: int = 0,
    dtypes: Sequence[Any] = (np.float64, np.float32),
    sizes: Sequence[tuple[int, int, int] | int] | None = None,
    only: Collection[str] | None = None,
    layout: str | None = None,
    names: Mapping[str, str] | None = None,
    to: Callable[[Array], Any] = lambda a: a,
    back: Callable[[Any], Any] = np.asarray,
) -> Report:
    """Tries every identity of its kind on `geometry`, any module or object with the functions of `Geometry`.

    like    "euclidean", "sphere", "lines" or "subspaces"; told from the points it makes if not given
    sizes   (n, p, m): m points, columns of R^n or p-dimensional subspaces; n alone is (n, 2, 16)
    only    the names of the identities to try
    layout  "columns", "rows" or "single", one vector at a time; told from its points if not given
    names   {ours: theirs} of its functions; `to` and `back` convert arrays, if it is written for another library's
    A function that raises or is missing fails the identities that need it, and the report says so. What can be lent it
    is ours, is named in the notes, and is not tried alone.
    """
    view = view_of(geometry, like, layout, names, to, back)
    asked, cases = chosen(view.kind, only), drawn(view, seed, dtypes, sizes)
    measured = [measure(identity, cases) for identity in asked]
    results = tuple(result for result in measured if result.uses or not result.holds)
    name = getattr(view.geometry, "__name__", type(view.geometry).__name__)
    return Report(name, view.kind, results, view.notes)


def view_of(
    geometry: Any,
    like: str | None = None,
    layout: str | None = None,
    names: Mapping[str, str] | None = None,
    to: Callable[[Array], Any] = lambda a: a,
    back: Callable[[Any], Any] = np.asarray,
) -> View:
    """`geometry` as the identities see it; a View is taken as it is.

    Raises ValueError if its kind is not given and cannot be told, and for a View that is to be looked at otherwise.
    """
    if isinstance(geometry, View):
        if like not in (None, geometry.kind) or layout not in (None, geometry.layout) or names:
            raise ValueError("a View has its kind, layout and names: give others with the geometry itself")
        return geometry
    if like is not None and like not in KINDS:
        raise ValueError(f"like: expected one of {', '.join(KINDS)}, got {like!r}")
    notes = []
    if like is None or layout is None:
        plain = View(geometry, like or "sphere", "columns", names, to, back)
        kind, laid_out, said = told(plain, like)
        notes += [said]
        like, layout = like or kind, layout or laid_out
    view = View(geometry, like, layout, names, to, back)
    if view.missing:
        notes.append(f"it has no {', '.join(view.missing)}: names={{ours: theirs}} says what it calls them")
    if view.lent:
        notes.append(f"ours, since it has none: {', '.join(view.lent)}")
    view.notes = tuple(note for note in notes if note)
    return view


def kind_of(geometry: Any) -> str:
    """Which of the four kinds the points of `geometry` are: told from random_point and distance(y, -y)."""
    return view_of(geometry).kind


def chosen(kind: str, only: Collection[str] | None = None) -> list[Identity]:
    """The identities of a kind, or those of them that are named.  Raises ValueError for a name that is none."""
    ours = [identity for identity in CATALOGUE if kind in identity.kinds]
    unknown = sorted(set(only or ()) - {identity.name for identity in ours})
    if unknown:
        raise ValueError(f"no identity of {kind} is called {', '.join(unknown)}")
    return [identity for identity in ours if only is None or identity.name in only]


def drawn(
    view: View,
    seed: int = 0,
    dtypes: Sequence[Any] = (np.float64, np.float32),
    sizes: Sequence[tuple[int, int, int] | int] | None = None,
) -> list[Case]:
    """The cases of these sizes and dtypes; every second one has its arrays in the other order of memory."""
    rng = np.random.default_rng(seed)
    asked = [(one, 2, 16) if isinstance(one, int) else one for one in sizes or SIZES[view.kind]]
    pairs = [(size, dtype) for size in asked for dtype in dtypes]
    return [
        draw(view, view.kind, rng, *size, dtype=dtype, order="CF"[k // 2 % 2]) for k, (size, dtype) in enumerate(pairs)
    ]


def measure(identity: Identity, cases: list[Case]) -> Result:
    """The largest residual of one identity over the cases that it applies to, and where it does not hold."""
    residual, problem, uses = 0.0, "", []
    failing: list[Case] = []
    tried: list[Case] = []
    for case in cases:
        if (identity.unit == "slope" and case.y.dtype != np.float64) or (identity.room and not case.room):
            continue
        if identity.once and tried:
            continue
        tried.append(case)
        with case.geometry.recorded() as record:
            try:
                found = worst(identity.measure(case)) / (case.long_sum if identity.unit == "eps" else 1.0)
            except Exception as error:  # whatever the geometry raises is a result, not the end of the table
                found = np.inf
                problem = problem or in_words(error)
        uses += [one.function for one in record if isinstance(one, Call) and case.geometry.has(one.function)]
        residual = worst(residual, found)
        if found > identity.limit:
            failing.append(case)
    return Result(identity, residual, problem, where(tried, failing, TRAITS), tuple(dict.fromkeys(uses)))
