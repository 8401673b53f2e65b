"""A view is a geometry as the identities see it: the Protocol's names, points in columns, every answer looked at.

It takes another layout (points in rows, one vector at a time), other names, arrays of another library; it makes what
follows from what is there; and it refuses an answer of a wrong shape or dtype, or NaN, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import geometry as house
from ..backend import Array

LAYOUTS = ("columns", "rows", "single")
FUNCTIONS = (
    "normalize", "project", "inner", "norm", "scale", "combine", "exp", "log", "distance", "transport", "move",
    "random_point", "random_tangent",
)  # fmt: skip
DERIVED = ("move", "exp", "transport")  # made of each other, where one is missing
LENT = ("random_point", "random_tangent", "inner", "norm", "scale", "combine")  # ours, where theirs is missing


class Wrong(Exception):
    """An answer that is no answer, or none at all: what is wrong with it, in words."""


def in_words(error: Exception) -> str:
    """What went wrong: of Wrong its words, of anything else its type too."""
    return str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Call:
    """A call that an identity made, in columns: the function, its arguments, and what came back, if anything did."""

    function: str
    arguments: tuple[Any, ...]
    result: Any


@dataclass(frozen=True)
class Comparison:
    """Two arrays that an identity held against each other, and the largest error, in its unit."""

    actual: Any
    expected: Any
    error: float


class View:
    """`geometry`, whose points are like those of `kind`, with NumPy arrays in columns in and out.

    layout  "columns" (n, m); "rows" (m, n), subspaces (m, p, n); "single" (n,): its functions take one vector
    names   {ours: theirs}, such as {"exp": "expmap"}
    to      converts a NumPy array for the geometry; `back` converts its results, if they are not NumPy's
    `lent` are the functions that are ours, where theirs is missing; `missing`, in the geometry's own names, are those
    that can be neither lent nor made of others.  Raises ValueError for an unknown layout or name, and for a geometry
    that has none of the functions.
    """

    def __init__(
        self,
        geometry: Any,
        kind: str,
        layout: str = "columns",
        names: Mapping[str, str] | None = None,
        to: Callable[[Array], Any] = lambda a: a,
        back: Callable[[Any], Any] = np.asarray,
    ) -> None:
        if layout not in LAYOUTS:
            raise ValueError(f"layout: expected one of {', '.join(LAYOUTS)}, got {layout!r}")
        unknown = sorted(set(names or {}) - set(FUNCTIONS))
        if unknown:
            raise ValueError(f"names: expected some of {', '.join(FUNCTIONS)}, got {', '.join(unknown)}")
        self.geometry, self.kind, self.layout = geometry, kind, layout
        self.names = {name: (names or {}).get(name, name) for name in FUNCTIONS}
        self.to, self.back = to, back
        if not any(map(self.has, FUNCTIONS)):
            what = getattr(geometry, "__name__", type(geometry).__name__)
            raise ValueError(
                f"geometry: expected some of {', '.join(FUNCTIONS)}, got {what}, which has none; "
                "names={ours: theirs} says what it calls them"
            )
        self.lent = tuple(name for name in LENT if not self.has(name))
        self.missing = tuple(self.names[name] for name in FUNCTIONS if name not in self.lent and not self._had(name))
        self.notes: tuple[str, ...] = ()  # how it is looked at, in words
        self.record: list[Call | Comparison] | None = None  # while somebody keeps it

    @contextmanager
    def recorded(self) -> Iterator[list[Call | Comparison]]:
        """What is called and compared meanwhile, in its order."""
        record: list[Call | Comparison] = []
        self.record = record
        try:
            yield record
        finally:
            self.record = None

    def compare(self, actual: Any, expected: Any, error: Any) -> None:
        """Records that the two were held against each other."""
        if self.record is not None:
            self.record.append(Comparison(actual, expected, float(np.max(error, initial=0.0))))

    def has(self, name: str) -> bool:
        """Whether the geometry itself has this function."""
        return callable(getattr(self.geometry, self.names[name], None))

    def _had(self, name: str) -> bool:
        """Whether it has this function, or those that make it."""
        return self.has(name) or name == "move" or (name in DERIVED and self.has("move"))

    def __getattr__(self, name: str) -> Any:
        if name not in FUNCTIONS:
            raise AttributeError(name)

        def call(*arguments: Any) -> Any:
            result = None
            try:
                result = self._checked(name, arguments, self._asked(name, arguments))
            finally:
                if self.record is not None:
                    self.record.append(Call(name, arguments, result))
            return result

        return call

    def _asked(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name in self.lent:
            return getattr(getattr(house, self.kind), name)(*arguments)
        if self.has(name):
            return self._laid_out(name, arguments)
        if name == "move":
            return self.exp(*arguments[:2]), self.transport(*arguments)
        if name in ("exp", "transport") and self.has("move"):
            y, h, *v = arguments
            return self.move(y, h, *v or [h])[name == "transport"]
        raise Wrong(f"it has no function {self.names[name]}")

    def _laid_out(self, name: str, arguments: tuple[Any, ...]) -> Any:
        function = getattr(self.geometry, self.names[name])
        if self.layout != "single" or self.kind == "euclidean":
            return self._through(function, arguments)
        points = 0 if self.kind == "subspaces" else -1  # the axis that counts the points
        many = next((a.shape[points] for a in arguments if getattr(a, "ndim", 0) == (3 if points == 0 else 2)), None)
        if name == "random_point" and len(arguments[0]) > (2 if points == 0 else 1):
            many = arguments[0][points]
        if many is None:
            return self._through(function, arguments)

        def one(a: Any, j: int) -> Any:
            if isinstance(a, tuple):
                return a[:points] + a[points:][1:]  # a shape
            return a if getattr(a, "ndim", 0) == 0 else a[j] if points == 0 else a[..., j]

        found = [self._through(function, tuple(one(a, j) for a in arguments)) for j in range(many)]
        if isinstance(found[0], tuple):
            return tuple(np.stack(parts, axis=points) for parts in zip(*found, strict=True))
        return np.stack(found, axis=points)

    def _through(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        result = function(*map(self.given, arguments))
        return tuple(map(self._taken, result)) if isinstance(result, tuple) else self._taken(result)

    def given(self, a: Any) -> Any:
        """An argument as the geometry takes it: its layout, its library; a shape has its last two numbers swapped."""
        if isinstance(a, tuple) and len(a) >= 2 and self.layout == "rows":  # a shape
            return *a[:-2], a[-1], a[-2]
        return self.to(self.turned(a)) if isinstance(a, np.ndarray | np.generic) else a

    def _taken(self, a: Any) -> Any:
        return self.turned(a if type(a) is np.ndarray or isinstance(a, np.generic) else self.back(a))

    def turned(self, a: Any) -> Any:
        """An array from columns into the layout of the geometry, or back."""
        return np.swapaxes(a, -1, -2) if self.layout == "rows" and getattr(a, "ndim", 0) >= 2 else a

    def _checked(self, name: str, arguments: tuple[Any, ...], result: Any) -> Any:
        if name == "move":
            if not isinstance(result, tuple) or len(result) != 2:
                got = f"{len(result)} answers" if isinstance(result, tuple) else type(result).__name__
                raise Wrong(f"{self.names[name]}: expected a pair (point, vector), got {got}")
            return tuple(self._answer(name, a, arguments[0].shape, arguments[0].dtype) for a in result)
        if name == "random_point":
            return self._answer(name, result, arguments[0], None)
        of = arguments[1] if name == "combine" else arguments[0]
        return self._answer(name, result, self._shape(name, of), of.dtype)

    def _shape(self, name: str, of: Array) -> tuple[int, ...]:
        if name not in ("inner", "norm", "distance") or self.kind == "euclidean":
            return tuple(of.shape)
        return tuple(of.shape[:-2] if self.kind == "subspaces" else of.shape[1:])

    def _answer(self, name: str, a: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        """`a`, if it is an array of this shape and dtype of finite numbers."""
        name = self.names[name]
        if not isinstance(a, np.ndarray | np.generic):
            raise Wrong(f"{name}: expected an array, got {type(a).__name__}")
        if a.shape != shape:
            raise Wrong(f"{name}: expected shape {shape}, got {a.shape}")
        if dtype is not None and a.dtype != dtype:
            cast = "an upcast" if np.can_cast(dtype, a.dtype) else "another dtype"
            raise Wrong(f"{name}: expected {np.dtype(dtype)} as its arguments are, got {a.dtype}: {cast}")
        if not np.all(np.isfinite(a)):
            raise Wrong(f"{name}: {int(np.sum(~np.isfinite(a)))} of {a.size} numbers are NaN or inf")
        return a
