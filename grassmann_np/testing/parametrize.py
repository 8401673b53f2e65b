"""`parametrize_with_identities` makes a pytest test of every identity.

    from grassmann_np.testing import parametrize_with_identities

    @parametrize_with_identities(mygeometry, expected_failures={"transport_is_an_isometry": "we project"})
    def test_my_geometry(identity):
        identity()

Needs pytest (the extra `test`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

from . import identities
from .cases import Case
from .counterexample import explained
from .view import View

UNKNOWN = "# geometry is the object that is tested"


class Check:
    """One identity on one geometry: calling it raises AssertionError, with a counterexample, if it does not hold."""

    def __init__(self, identity: identities.Identity, cases: Any, view: View, explain: bool) -> None:
        self.identity, self.cases, self.view, self.explain = identity, cases, view, explain
        self.__name__ = identity.name

    def __call__(self) -> None:
        """Tries it."""
        import pytest

        result = identities.measure(self.identity, self.cases())
        if result.holds:
            if not result.uses:
                pytest.skip("it is about functions that are lent, ours")
            return
        said = [f"{self.identity.name}: {self.identity.statement}", result.reason]
        said += [f"as with: {self.identity.catches}"] if self.identity.catches else []
        geometry = self.view.geometry
        known = f"import {geometry.__name__} as geometry" if isinstance(geometry, ModuleType) else UNKNOWN
        raise AssertionError("\n".join(said + ([explained(result, self.view, [known])] if self.explain else [])))

    def __repr__(self) -> str:
        return f"{self.identity.name}: {self.identity.statement}"


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
    import pytest

    expected = dict(expected_failures or {})
    view = identities.view_of(geometry, **looked_at)
    asked = identities.chosen(view.kind, only)
    identities.chosen(view.kind, expected)

    @cache
    def cases() -> list[Case]:
        return identities.drawn(view, seed, sizes=sizes)

    return pytest.mark.parametrize(
        "identity",
        [
            pytest.param(
                Check(one, cases, view, one.name not in expected),
                id=one.name,
                marks=[pytest.mark.xfail(strict=True, reason=expected[one.name])] if one.name in expected else [],
            )
            for one in asked
        ],
    )
