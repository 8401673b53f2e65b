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
    view = geometry if isinstance(geometry, View) else view_of(geometry, like, layout, names, to, back)
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
    """`geometry` as the identities see it.  Raises ValueError if its kind is not given and cannot be told."""
    if like is not None and like not in KINDS:
        raise ValueError(f"like: expected one of {', '.join(KINDS)}, got {like!r}")
    notes = []
    if like is None or layout is None:
        plain = View(geometry, like or "sphere", "columns", names, to, back)
        told = _told(plain, like)
        notes += [told[2]] * (layout is None or like is None)
        like, layout = like or told[0], layout or told[1]
    view = View(geometry, like, layout, names, to, back)
    if view.lent:
        notes.append(f"ours, since it has none: {', '.join(view.lent)}")
    view.notes = tuple(note for note in notes if note)
    return view


def kind_of(geometry: Any) -> str:
    """Which of the four kinds the points of `geometry` are: told from random_point and distance(y, -y)."""
    return view_of(geometry).kind


def _told(view: View, like: str | None) -> tuple[str, str, str]:
    """(kind, layout, what this was told from)."""
    if "random_point" in view.lent:
        if like is None:
            raise ValueError("its kind cannot be told, since it has no random_point: say like=..., one of the kinds")
        return like, "columns", ""
    try:
        y = view.random_point((6, 3), np.random.default_rng(0))
        gram, rows = y.T @ y, np.sum(y * y, axis=1)
    except Exception as error:
        if like is None:
            raise ValueError(f"its kind cannot be told: random_point((6, 3), rng): {error}; say like=...") from error
        return like, "columns", ""
    if np.allclose(gram, np.eye(3), atol=1e-3):
        return "subspaces", "columns", "" if like else "subspaces, since its random points have orthonormal columns"
    in_rows = np.allclose(rows, 1, atol=1e-3)
    if not (in_rows or np.allclose(np.diag(gram), 1, atol=1e-3)):
        for squares in (np.diag(gram), rows):
            if like is None and np.allclose(squares, squares[0], rtol=1e-3):
                raise ValueError(
                    f"it is of no kind that is known: its random points all have the length {np.sqrt(squares[0]):.3g}; "
                    "of a product, try each factor by itself; or say like=..., one of the kinds"
                )
        return "euclidean", "columns", "" if like else "euclidean, since its random points have any length"
    layout = "rows" if in_rows else "columns"
    said = "points in rows, since the rows of its random points have length 1" if in_rows else ""
    if like is not None:
        return like, layout, said
    try:
        turned = View(view.geometry, "sphere", layout, view.names, view.to, view.back)
        point = np.swapaxes(y, -1, -2) if in_rows else y
        same = bool(np.all(turned.distance(point, -point) < 1))
    except Exception as error:
        raise ValueError(f"sphere or lines cannot be told: distance(y, -y): {error}; say like=...") from error
    why = "lines, since y and -y are near each other" if same else "sphere, since y and -y are apart"
    return "lines" if same else "sphere", layout, "; ".join(part for part in (said, why) if part)


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
    residual, problem, failing, tried, uses = 0.0, "", [], [], []
    for case in cases:
        if (identity.unit == "slope" and case.y.dtype != np.float64) or (identity.room and not case.room):
            continue
        tried.append(case)
        with case.geometry.recorded() as record:
            try:
                found = worst(identity.measure(case))
            except Exception as error:  # whatever the geometry raises is a result, not the end of the table
                found = np.inf
                problem = problem or in_words(error)
        uses += [one.function for one in record if isinstance(one, Call) and case.geometry.has(one.function)]
        residual = worst(residual, found)
        if found > identity.limit:
            failing.append(case)
    return Result(identity, residual, problem, where(tried, failing, TRAITS), tuple(dict.fromkeys(uses)))
