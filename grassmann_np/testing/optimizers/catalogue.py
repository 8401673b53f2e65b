"""A property is a named statement that an optimizer on unit vectors must obey, and a function that measures it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...backend import Array
from ..report import stated
from .trial import KINDS, LAWS, TRANSPORTS, Trial

Measure = Callable[[Trial], Array | float]
OFFERED = {  # what an optimizer may offer: the attributes that it then has
    "momentum": ("momentum",),
    "rate": ("rate",),
    "state": ("state_dict", "load_state_dict"),
}


@dataclass(frozen=True)
class Property:
    """`measure(trial)` returns residuals; the property holds where none is above `limit`.

    unit "eps": residuals count machine epsilons times the natural scale of the quantity; "rad": an angle.
    """

    number: int
    name: str
    statement: str
    unit: str
    limit: float
    measure: Measure
    catches: str = ""
    kinds: tuple[str, ...] = KINDS
    laws: tuple[str, ...] = LAWS
    transports: tuple[str, ...] = TRANSPORTS
    needs: tuple[str, ...] = ()  # of OFFERED, or "clip"
    long: bool = False  # many steps: tried on one size only
    promise: str = ""  # what of it no mathematics demands, only this library, in words

    def refusal(self, trial: Trial, offers: tuple[str, ...]) -> str:
        """Why it is not asked of this trial, whose optimizer offers so much; empty if it is."""
        for what, allowed in (("kind", self.kinds), ("law", self.laws), ("transport", self.transports)):
            if getattr(trial, what) not in allowed:
                return f"of {what} {getattr(trial, what)}"
        if "clip" in self.needs and trial.clip is None:
            return "without clip"
        missing = [name for need in self.needs if need in OFFERED and need not in offers for name in OFFERED[need]]
        return f"since it has no {' and '.join(missing)}" if missing else ""


def prop(
    number: int,
    kinds: tuple[str, ...] = KINDS,
    laws: tuple[str, ...] = LAWS,
    transports: tuple[str, ...] = TRANSPORTS,
    needs: tuple[str, ...] = (),
    unit: str = "eps",
    limit: float = 8.0,
    long: bool = False,
    promise: str = "",
) -> Callable[[Measure], Property]:
    """Makes a function a Property: its name is the name, the first line of its docstring the statement.

    A line "Catches: ..." says which mistakes it is there for.
    """

    def wrap(measure: Measure) -> Property:
        statement, catches = stated(measure)
        name = measure.__name__
        return Property(
            number, name, statement, unit, limit, measure, catches, kinds, laws, transports, needs, long, promise
        )

    return wrap


def offers(optimizer: object) -> tuple[str, ...]:
    """What of OFFERED an optimizer has."""
    return tuple(
        what for what, names in OFFERED.items() if all(getattr(optimizer, name, None) is not None for name in names)
    )
