"""The catalogue of identities that a geometry obeys, and `check`, which tries them on any module.

>>> from grassmann_np.geometry import sphere
>>> from grassmann_np.testing import identities
>>> identities.check(sphere).holds
True
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np

from ..cases import KINDS, Case, draw
from . import distances, geodesics, projection, quotients, transports
from .catalogue import Identity, worst

__all__ = ["CATALOGUE", "Identity", "Report", "Result", "check", "kind_of", "measure"]

_CHAPTERS: tuple[ModuleType, ...] = (projection, geodesics, distances, transports, quotients)
CATALOGUE: tuple[Identity, ...] = tuple(
    item for chapter in _CHAPTERS for item in vars(chapter).values() if isinstance(item, Identity)
)


@dataclass(frozen=True)
class Result:
    """How one identity fared: its largest residual, in its unit; `problem` says what stopped it, if anything did."""

    identity: Identity
    residual: float
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether the identity was tried and its residual is within its limit."""
        return not self.problem and self.residual <= self.identity.limit


@dataclass(frozen=True)
class Report:
    """The results of `check`; `print(report)` shows the table."""

    name: str
    kind: str
    results: tuple[Result, ...]

    @property
    def holds(self) -> bool:
        """Whether every identity holds."""
        return all(result.holds for result in self.results)

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the identities that do not hold."""
        return tuple(result.identity.name for result in self.results if not result.holds)

    def __str__(self) -> str:
        lines = [f"{self.name}, tested as {self.kind}", f"{'':3} {'residual':>10}  {'limit':>10}    identity"]
        for r in self.results:
            mark = "    " if r.holds else " NO "
            limit = f"{r.identity.limit:g} {r.identity.unit}"
            lines.append(
                f"{r.identity.number:3} {r.residual:10.3g}  {limit:>10}{mark}{r.identity.name}: "
                f"{r.identity.statement}{'  [' + r.problem + ']' if r.problem else ''}"
            )
        kept = sum(result.holds for result in self.results)
        return "\n".join([*lines, f"{kept} of {len(self.results)} identities hold"])


def check(
    geometry: Any,
    like: str | None = None,
    seed: int = 0,
    dtypes: tuple[Any, ...] = (np.float64, np.float32),
    sizes: tuple[int, ...] = (4, 5, 9),
) -> Report:
    """Tries every identity of its kind on `geometry`, any module or object with the functions of `Geometry`.

    `like` is "euclidean", "sphere", "lines" or "subspaces"; without it, the kind is told from the points it makes.
    A function that raises or is missing fails the identities that need it, and the report says so.
    """
    kind = like or kind_of(geometry)
    rng = np.random.default_rng(seed)
    small = () if kind == "subspaces" else (2, 3)
    cases = [draw(geometry, kind, rng, n, 2, dtype=dtype) for n, dtype in product((*small, *sizes), dtypes)]
    results = tuple(measure(identity, cases) for identity in CATALOGUE if kind in identity.kinds)
    return Report(getattr(geometry, "__name__", type(geometry).__name__), kind, results)


def measure(identity: Identity, cases: list[Case]) -> Result:
    """The largest residual of one identity over the cases it applies to."""
    residual = 0.0
    for case in cases:
        if identity.unit == "slope" and case.y.dtype != np.float64:
            continue
        try:
            residual = worst(residual, identity.measure(case))
        except Exception as error:  # whatever the module under test raises is a result, not the end of the table
            return Result(identity, np.inf, f"{type(error).__name__}: {error}")
    return Result(identity, residual)


def kind_of(geometry: Any) -> str:
    """Which of the four kinds the points of `geometry` are: told from random_point and distance(y, -y)."""
    y = np.asarray(geometry.random_point((6, 3), np.random.default_rng(0)))
    gram = y.T @ y
    if np.allclose(gram, np.eye(3), atol=1e-3):
        return KINDS[3]
    if not np.allclose(np.diag(gram), 1, atol=1e-3):
        return KINDS[0]
    return KINDS[2] if np.all(geometry.distance(y, -y) < 1) else KINDS[1]
