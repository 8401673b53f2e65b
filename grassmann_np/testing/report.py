"""A report is a table of results: an identity a row, its residual, and where and why it does not hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """How one identity fared: its largest residual, in its unit; what raised or was refused; where it does not hold."""

    identity: Any  # an Identity of a geometry, or a Property of an optimizer: the row of the table
    residual: float
    problem: str = ""  # in words, if there was no residual to be had
    where: str = ""  # the cases in which it does not hold
    uses: tuple[str, ...] = ()  # the functions that it called

    @property
    def holds(self) -> bool:
        """Whether the identity was tried and its residual is within its limit."""
        return not self.problem and self.residual <= self.identity.limit

    @property
    def reason(self) -> str:
        """Why it does not hold, in words; empty if it does."""
        if self.holds:
            return ""
        by = f"{self.residual:.3g} {self.identity.unit} of at most {self.identity.limit:g}"
        return f"{self.problem or by}; {self.where}" if self.where else self.problem or by


@dataclass(frozen=True)
class Report:
    """The results of `check`; `print(report)` shows the table, `as_dict` is for JSON."""

    name: str
    kind: str
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    noun: str = "identities"

    @property
    def holds(self) -> bool:
        """Whether all of them hold."""
        return all(result.holds for result in self.results)

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the identities that do not hold."""
        return tuple(result.identity.name for result in self.results if not result.holds)

    @property
    def first(self) -> Result | None:
        """The failure to look at first, None if all hold: of the first suspect, of little else, and large.

        What no mathematics demands, only this library, comes last.
        """
        suspect = next(iter(self.suspects), "")
        failures = [result for result in self.results if not result.holds and suspect in ("", *result.uses)]

        def order(r: Result) -> tuple[Any, ...]:
            return bool(r.identity.promise), len(r.uses), r.identity.unit == "slope", -_decade(r.residual)

        return min(failures, key=order, default=None)

    @property
    def suspects(self) -> dict[str, str]:
        """{function: what speaks against it}: few functions, of which every failure calls one, most failures first.

        Those of which only promises fail come last.
        """
        found: dict[str, tuple[int, int, bool]] = {}
        left = [result for result in self.results if not result.holds and result.uses]
        while left:
            share = {name: _share(name, self.results, left) for result in left for name in result.uses}
            worst = max(share, key=lambda name: share[name])
            users = [result for result in self.results if worst in result.uses]
            failing = [result for result in users if not result.holds]
            found[worst] = len(failing), len(users), all(result.identity.promise for result in failing)
            left = [result for result in left if worst not in result.uses]
        order = sorted(found, key=lambda name: (found[name][2], -found[name][0]))
        return {name: f"{found[name][0]} of the {found[name][1]} that call it fail" for name in order}

    def as_dict(self) -> dict[str, Any]:
        """The report in plain numbers and words; an infinite residual is None."""
        rows = [
            {
                "number": r.identity.number,
                "name": r.identity.name,
                "statement": r.identity.statement,
                "holds": r.holds,
                "residual": r.residual if r.residual < float("inf") else None,
                "unit": r.identity.unit,
                "limit": r.identity.limit,
                "reason": r.reason,
                "promise": r.identity.promise,
            }
            for r in self.results
        ]
        return {"name": self.name, "kind": self.kind, "notes": list(self.notes), self.noun: rows}

    def __str__(self) -> str:
        lines = [f"{self.name}, tested as {self.kind}", *self.notes]
        lines.append(
            f"{'':3} {'residual':>10}  {'limit':>10}    {'identity' if self.noun == 'identities' else 'property'}"
        )
        for r in self.results:
            mark = "    " if r.holds else " NO "
            limit = f"{r.identity.limit:g} {r.identity.unit}"
            lines.append(
                f"{r.identity.number:3} {r.residual:10.3g}  {limit:>10}{mark}{r.identity.name}: {r.identity.statement}"
            )
            if not r.holds:
                said = [part for part in (r.problem, r.where) if part]
                lines += [f"{'':31}{'; '.join(said)}"] if said else []
                lines += [f"{'':31}only grassmann_np promises that {r.identity.promise}"] if r.identity.promise else []
                lines += [f"{'':31}as with: {r.identity.catches}"] if r.identity.catches else []
        kept = sum(result.holds for result in self.results)
        lines.append(f"{kept} of {len(self.results)} {self.noun} hold")
        lines += [f"look at {name}: {why}" for name, why in self.suspects.items()]
        return "\n".join(lines)


def stated(measure: Callable[..., Any]) -> tuple[str, str]:
    """(what a row says, what it catches): the first line of the docstring, and what follows "Catches: "."""
    text = measure.__doc__ or ""  # python -OO has no docstrings
    statement, catches = text.strip().partition("\n")[0], text.partition("Catches: ")[2]
    return statement.rstrip("."), " ".join(catches.split()).rstrip(".")


def where(tried: Sequence[Any], failing: Sequence[Any], traits: Mapping[str, Callable[[Any], Any]]) -> str:
    """In which cases, in words, by the first trait that tells them from the rest; nothing if it is all, or none."""
    holding = [case for case in tried if case not in failing]
    if not holding or not failing:
        return ""
    for name, value in traits.items():
        those, others = ({value(case) for case in some} for some in (failing, holding))
        if not those & others:
            return f"only for {name}{', '.join(map(str, sorted(those)))}"
    return f"in {len(failing)} of {len(tried)} cases"


def _decade(residual: float) -> float:
    return math.inf if math.isinf(residual) else math.floor(math.log10(max(residual, 1e-300)))


def _share(name: str, results: Iterable[Result], left: list[Result]) -> tuple[float, int]:
    users = [result for result in results if name in result.uses]
    here = sum(name in result.uses for result in left)
    return sum(not result.holds for result in users) / len(users), here
