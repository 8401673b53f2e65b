"""What a geometry is, told from the points that it makes: its kind and its layout, and what each was told from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array
from .view import View

MANY = (6, 3)  # the points that are asked for: three columns of six numbers


def told(view: View, like: str | None) -> tuple[str, str, str]:
    """(kind, layout, what this was told from), of a View in columns whose kind is `like` if that is not None.

    Raises ValueError if the kind is not known and cannot be told.
    """
    if "random_point" in view.lent:
        if like is None:
            raise ValueError("its kind cannot be told, since it has no random_point: say like=..., one of the kinds")
        return like, "columns", ""
    try:
        y = _drawn(view, MANY)
    except Exception as error:
        if like in (None, "subspaces") and _orthonormal_rows(view):
            return "subspaces", "rows", "subspaces in rows, since the rows of its random points are orthonormal"
        if (one := _unit_vector(view)) is not None:
            said = f"one vector at a time, since random_point({MANY}, rng) raises {type(error).__name__}"
            return _round(view, like, "single", one, said)
        if like is None:
            raise ValueError(f"its kind cannot be told: random_point({MANY}, rng): {error}; say like=...") from error
        return like, "columns", ""
    gram, rows = y.T @ y, np.sum(y * y, axis=1)
    if _all_one(rows):
        said = "points in rows, since the rows of its random points have length 1"
        return _round(view, like, "rows", y.T, said)
    if like == "subspaces" or np.allclose(gram, np.eye(len(gram)), atol=1e-3):
        why = [] if like else ["subspaces, since its random points have orthonormal columns"]
        if not (many := _can_be_drawn(view, (2, *MANY))):
            why += [f"one matrix at a time, since random_point({(2, *MANY)}, rng) gives no two"]
        return "subspaces", "columns" if many else "single", "; ".join(why)
    if _all_one(np.diag(gram)):
        return _round(view, like, "columns", y, "")
    if _all_one(np.sum(rows)) and (one := _unit_vector(view)) is not None:
        return _round(view, like, "single", one, "one vector at a time, since three random points are as long as one")
    if like is None:
        _refuse_products(np.diag(gram), rows)
    return like or "euclidean", "columns", "" if like else "euclidean, since its random points have any length"


def _round(view: View, like: str | None, layout: str, y: Array, said: str) -> tuple[str, str, str]:
    """Of unit vectors, y in columns: `like`, else the sphere or its lines, told from distance(y, -y)."""
    if like is not None:
        return like, layout, said
    try:
        seen = View(view.geometry, "sphere", layout, view.names, view.to, view.back)
        same = bool(np.all(seen.distance(y, -y) < 1))
    except Exception as error:
        known = f"distance(y, -y): {error}; say like=..., or names={{ours: theirs}} if it is called otherwise"
        raise ValueError(f"sphere or lines cannot be told: {known}") from error
    why = "lines, since y and -y are near each other" if same else "sphere, since y and -y are apart"
    return "lines" if same else "sphere", layout, "; ".join(part for part in (said, why) if part)


def _drawn(view: View, shape: tuple[int, ...]) -> Any:
    return view.random_point(shape, np.random.default_rng(0))


def _can_be_drawn(view: View, shape: tuple[int, ...]) -> bool:
    try:
        _drawn(view, shape)
    except Exception:
        return False
    return True


def _orthonormal_rows(view: View) -> bool:
    """Whether three random rows of six numbers can be had, and are orthonormal."""
    try:
        y = _drawn(view, MANY[::-1])
    except Exception:
        return False
    return bool(np.allclose(y @ y.T, np.eye(len(y)), atol=1e-3))


def _unit_vector(view: View) -> Any:
    """A random point, if one of shape (n,) can be had and has length 1."""
    try:
        y = _drawn(view, MANY[:1])
    except Exception:
        return None
    return y if _all_one(np.sum(y * y)) else None


def _all_one(squares: Array) -> bool:
    return bool(np.allclose(squares, 1, atol=1e-3))


def _refuse_products(*squares: Array) -> None:
    """Raises ValueError if the squared lengths of columns, or of rows, are all the same."""
    for some in squares:
        if np.allclose(some, some[0], rtol=1e-3):
            raise ValueError(
                f"it is of no kind that is known: its random points all have the length {np.sqrt(some[0]):.3g}; "
                "of a product, try each factor by itself; or say like=..., one of the kinds"
            )
