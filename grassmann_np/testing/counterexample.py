"""A counterexample is the smallest case that an identity fails on, found by Hypothesis, as code that reproduces it.

Small means few dimensions, one point, vectors with few entries, short numbers. Needs hypothesis (the extra `test`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..backend import Array
from .cases import Case, assemble
from .identities import Identity, measure
from .report import Result
from .view import DERIVED, Call, Comparison, View, in_words

ANGLES = (1.0, 0.5, 0.0, 2.0, 3.0, np.pi / 2, 1e-3, 1e-6, 1e-9, 1e-12, 1e-100, np.pi - 1e-3, np.pi - 1e-7)
TRIANGLE = ((1.0, 0.0, 0.0), (0.8, 0.6, 0.0), (0.8, 0.0, 0.6))


def smallest(identity: Identity, view: View, largest: int = 12, points: int = 1, tries: int = 300) -> Case | None:
    """The smallest case of so many points, in `largest` dimensions at most, for which `identity` does not hold."""
    from hypothesis import HealthCheck, Phase, configuration, find, settings
    from hypothesis.errors import NoSuchExample

    quiet = settings(
        max_examples=tries,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )

    def fails(case: Case) -> bool:
        return not measure(identity, [case]).holds

    home = getattr(configuration, "__hypothesis_home_directory", None)
    with TemporaryDirectory() as folder:  # it would leave a folder .hypothesis where the user stands
        configuration.set_hypothesis_home_dir(folder)
        try:
            case: Case = find(small_cases(view, largest, points), fails, settings=quiet)
        except NoSuchExample:
            return None
        finally:
            configuration.set_hypothesis_home_dir(home)
    return case


def small_cases(view: View, largest: int = 12, points: int = 1) -> Any:
    """A strategy for cases of so many points, simple ones first."""
    from hypothesis import strategies as st

    @st.composite
    def cases(draw: Any) -> Case:
        kind = view.kind
        dtype = draw(st.sampled_from([np.float64, np.float32]))
        p = draw(st.integers(1, 2)) if kind == "subspaces" else 1
        n = draw(st.integers(2 * p, max(2 * p, largest)))
        m = points

        def entries(k: int) -> Array:
            """(n, k), every column with one entry other than 0, with two, or with none that is 0."""
            a = np.zeros((n, k))
            for j in range(k):
                count = draw(st.sampled_from([1, 2, n]))
                if count == n:
                    a[:, j] = 1 + (np.arange(n) + draw(st.integers(0, 2))) % 3
                else:
                    for _ in range(count):
                        a[draw(st.integers(0, n - 1)), j] = draw(st.sampled_from([1.0, 2.0, -1.0, 0.5]))
            return a

        def frames(columns: int) -> Array:
            """m orthonormal (n, columns) matrices; where the entries span too little, axes fill in."""
            return np.stack([_span(entries(columns), np.eye(n))[:, :columns] for _ in range(m)])

        def vectors() -> Array:
            return np.stack([entries(p) for _ in range(m)])

        both = np.stack([_span(np.hstack([entries(p), entries(p)]), np.eye(n))[:, : 2 * p] for _ in range(m)])
        scales = [draw(st.sampled_from([2.0, 0.5, 1e-3, 1e3])) for _ in range(m)]
        return assemble(
            view, kind, dtype, "C",
            y=both[..., :p], directions=both[..., p:], z=frames(p), u=vectors(), v=vectors(), g=vectors(), w=vectors(),
            turns=np.tile(np.eye(p)[::-1], (m, 1, 1)),
            angles=np.array([[draw(st.sampled_from(ANGLES)) for _ in range(p)] for _ in range(m)]),
            flip=np.array([draw(st.sampled_from([1.0, -1.0])) for _ in range(m)])[:, None, None],
            scales=np.array(scales)[:, None, None],
            rotation=np.diag([1.0] * (n - 1) + [-1.0]) if kind == "euclidean" else np.roll(np.eye(n), 1, axis=0),
            triangle=[np.tile(np.array(corner)[:, None], m) for corner in TRIANGLE],
            symmetric=np.diag(np.arange(1.0, n + 1)),
        )  # fmt: skip

    return cases()


def _span(a: Array, axes: Array) -> Array:
    """Orthonormal columns, by Gram and Schmidt: of a, and where these depend on each other, of the axes."""
    found: list[Array] = []
    waiting = list(axes.T)
    for column in a.T:
        for candidate in [column, *waiting]:
            rest = candidate.copy()
            for _ in range(2):
                for other in found:
                    rest -= other * (other @ rest)
            if np.linalg.norm(rest) > 1e-6:
                found.append(rest / np.linalg.norm(rest))
                break
    return np.stack(found, axis=1)


def search(identity: Identity, view: View) -> Case | None:
    """The smallest case of one point, else of two, else in many dimensions.  Raises ImportError without hypothesis."""
    tries = (smallest(identity, view, n, points) for n, points in ((12, 1), (12, 2), (64, 2)))
    return next((case for case in tries if case is not None), None)


def resized(case: Case, length: float) -> Case:
    """The case with a step h of this length, or whose every angle is that, and with g and w of this length."""
    angle = min(length, 0.95 * case.reach)

    def stretched(a: Array) -> Array:
        return case.times(length / np.maximum(case.size(a), 1e-300), a)

    parts: dict[str, Any] = {
        "h": length * case.e,
        "k": min(1.0, case.reach / np.pi) * length * case.e,
        "x": np.cos(angle) * case.y + np.sin(angle) * case.e,
        "g": stretched(case.g),
        "w": stretched(case.w),
    }
    return replace(case, **{name: a.astype(case.y.dtype) for name, a in parts.items()})


def replayed(identity: Identity, case: Case) -> tuple[list[Call | Comparison], str]:
    """(the calls that the identity makes on this case, and what it compares; what was raised, in words)."""
    with case.geometry.recorded() as record:
        try:
            identity.measure(case)
            return record, ""
        except Exception as error:
            return record, in_words(error)


def reproduced(identity: Identity, case: Case, imports: Sequence[str]) -> str:
    """Python code that makes the calls of this identity on this case, with what was got and what was expected.

    `imports` are the lines after which `geometry` is the geometry.
    """
    view: View = case.geometry
    record, raised = replayed(identity, case)
    names = {id(value): name for name, value in vars(case).items() if isinstance(value, np.ndarray)}
    lines: list[str] = []
    defined: set[str] = set()
    arrays, calls = count(1), count(1)

    def said(a: Any) -> str:
        """The name of an array that was met before; else it gets a line and a name, if it is not short."""
        if not isinstance(a, np.ndarray | np.generic):
            return "np.random.default_rng(0)" if isinstance(a, np.random.Generator) else repr(a)
        name = names.get(id(a)) or names.setdefault(id(a), f"a{next(arrays)}")
        if name not in defined:
            lines.append(f"{name} = {_written(view.given(a))}")
            defined.add(name)
        return name

    worst: Comparison | None = None
    for one in record:
        if isinstance(one, Comparison):
            worst = one if worst is None or not one.error <= worst.error else worst
            continue
        if one.function in DERIVED and not view.has(one.function):
            continue  # it is made of others, which stand above
        whose = "geometry" if view.has(one.function) else "ours"
        arguments = ", ".join(said(a) for a in one.arguments)
        name = f"r{next(calls)}"
        lines.append(f"{name} = {whose}.{view.names[one.function]}({arguments})")
        results = one.result if isinstance(one.result, tuple) else (one.result,)
        for k, result in enumerate(results):
            part = f"{name}[{k}]" if len(results) > 1 else name
            names.setdefault(id(result), part)  # it may be an argument, handed back
            defined.add(part)
            if result is not None:
                lines.append(f"# {part}: {_short(view.turned(result))}")
    end = [f"# {identity.name}: {raised or measure(identity, [case]).reason}"]
    if worst is not None and worst.error > identity.limit and not raised:
        name = names.get(id(worst.actual), "")
        got, expected = (_short(view.turned(a)) for a in (worst.actual, worst.expected))
        end.insert(0, f"# got {name + ' = ' if name else ''}{got}, expected {expected}")
    borrowed = [f"from grassmann_np.geometry import {view.kind} as ours"] if any(" = ours." in a for a in lines) else []
    return "\n".join(["import numpy as np", *borrowed, *imports, "", *lines, *end])


def explained(result: Result, view: View, imports: Sequence[str]) -> str:
    """The counterexample of a result that does not hold, as code; a line if none could be found."""
    try:
        case = search(result.identity, view)
    except ImportError:
        return "# a counterexample needs the package hypothesis (the extra `test`)"
    if case is None:
        return f"# {result.identity.name}: no small counterexample was found"
    return reproduced(result.identity, case, imports)


def _written(a: Any) -> str:
    """An array as Python code."""
    kept = "" if a.dtype == np.float64 else f", dtype=np.{a.dtype}"
    return f"np.array({np.asarray(a).tolist()!r}{kept})"


def _short(a: Any) -> str:
    return " ".join(np.array2string(np.asarray(a), separator=", ", threshold=24, floatmode="unique").split())
