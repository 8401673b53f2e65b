"""`parametrize_with_identities` makes a pytest test of every identity.

    from grassmann_np.testing import parametrize_with_identities

    @parametrize_with_identities(mygeometry, expected_failures={"transport_is_an_isometry": "we project"})
    def test_my_geometry(identity):
        identity()

Needs pytest (the extra `test`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from . import identities
from .cases import Case
from .counterexample import explained
from .report import Result

UNKNOWN = "# geometry is the object that is tested"


@dataclass(frozen=True)
class Check:
    """One identity, or property, of what is tested: calling it raises AssertionError, in words, if it does not hold."""

    row: Any  # an Identity or a Property
    measure: Callable[[], Result]
    more: Callable[[Result], str] = lambda result: ""  # to be said of a failure

    def __call__(self) -> None:
        """Tries it."""
        result = self.measure()
        if not result.holds:
            catches = f"as with: {self.row.catches}" if self.row.catches else ""
            raise AssertionError("\n".join(filter(None, [repr(self), result.reason, catches, self.more(result)])))

    def __repr__(self) -> str:
        return f"{self.row.name}: {self.row.statement}"


def parametrize_with_identities(
    geometry: Any,
    expected_failures: Mapping[str, str] | None = None,
    seed: int = 0,
    sizes: Any = None,
    only: Any = None,
    **looked_at: Any,
) -> Any:
    """A decorator: the test is called once for every identity of the geometry's kind, with `identity`, to be called.

    expected_failures  {name: why}: these must fail; one that holds is an error
    seed, sizes, only  as in `identities.check`, as are like, layout, names, to and back
    Raises ValueError for a name that is no identity of this kind.
    """
    expected = dict(expected_failures or {})
    view = identities.view_of(geometry, **looked_at)
    asked = identities.chosen(view.kind, only)
    identities.chosen(view.kind, expected)
    own = view.geometry
    imports = [f"import {own.__name__} as geometry" if isinstance(own, ModuleType) else UNKNOWN]

    @cache
    def cases() -> list[Case]:
        return identities.drawn(view, seed, sizes=sizes)

    def check(one: identities.Identity) -> Check:
        def measure() -> Result:
            import pytest

            result = identities.measure(one, cases())
            if result.holds and not result.uses:
                pytest.skip("it is about functions that are lent, ours")
            return result

        def more(result: Result) -> str:
            return "" if one.name in expected else explained(result, view, imports)

        return Check(one, measure, more)

    return marked("identity", [check(one) for one in asked], expected)


def marked(argument: str, checks: Sequence[Check], expected: Mapping[str, str]) -> Any:
    """The decorator: a test for every check, by the name of its row; strictly xfail, with the reason, if expected."""
    import pytest

    def param(check: Check) -> Any:
        why = expected.get(check.row.name)
        marks = [] if why is None else [pytest.mark.xfail(strict=True, reason=why)]
        return pytest.param(check, id=check.row.name, marks=marks)

    return pytest.mark.parametrize(argument, [param(check) for check in checks])
