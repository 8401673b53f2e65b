"""The catalogue of properties that an optimizer on unit vectors obeys, and `check`, which tries them on any.

    make(y, rate) -> an object with step(gradient) -> the new y              y, gradient (n, m), unit columns

It may also have `.momentum` (n, m), a settable `.rate`, and `.state_dict()` with `.load_state_dict(state)`; what it
does not have is not asked. `.name`, if it has one, stands above the table. Optimizers of this library and of PyTorch
come through `adapters`.

>>> from grassmann_np.testing import optimizers
>>> from grassmann_np.testing.optimizers import adapters
>>> optimizers.check(adapters.sgd_g, kind="sgd", clip=0.1, steps=100, sizes=[(4, 2)]).holds
True
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ..identities.catalogue import worst
from ..parametrize import Check, marked
from ..report import Report, Result, where
from ..view import in_words
from . import memory, steps, symmetries
from .catalogue import Property, offers
from .trial import KINDS, LAWS, TRANSPORTS, Make, Trial, angle

__all__ = [
    "CATALOGUE",
    "KINDS",
    "LAWS",
    "TRANSPORTS",
    "Make",
    "Property",
    "Trial",
    "check",
    "measure",
    "parametrize_with_properties",
]

SIZES = ((6, 3), (3, 4), (40, 2))  # (n, m): m unit vectors of R^n
CATALOGUE: tuple[Property, ...] = tuple(
    item for chapter in (steps, symmetries, memory) for item in vars(chapter).values() if isinstance(item, Property)
)

FIRST = ("first_step", "angle_law")  # the properties that tell the kinds and laws from each other

TRAITS: dict[str, Callable[[Trial], Any]] = {  # that may tell the trials in which a property fails, in this order
    "": lambda trial: str(np.dtype(trial.dtype)),
    "n = ": lambda trial: trial.n,
}


def check(
    make: Make,
    kind: str = "sgd",
    law: str = "exp",
    transport: str = "parallel",
    clip: float | None = None,
    rate: float = 0.1,
    steps: int = 10_000,
    seed: int = 0,
    dtypes: Sequence[Any] = (np.float64, np.float32),
    sizes: Sequence[tuple[int, int]] = SIZES,
    only: Collection[str] | None = None,
) -> Report:
    """Tries every property of its kind on the optimizers that `make(y, rate)` makes.

    kind       "sgd"; "adam-g", one second moment for a vector; "adam", one for every coordinate
    law        "exp", theta = eta |u|; "normalize", arctan(eta |u|); "fixed-norm", a step as long as y before it is
               normalized, tan theta = eta sin a/(1 - eta cos a)
    transport  of its momentum: "parallel"; "projection" or "none" if that is what it is meant to do
    clip       the length to which it shortens gradients; rate and steps are those of the long runs
    sizes      (n, m): m unit vectors of R^n
    only       the names of the properties to try
    What is not asked, and why, stands in the notes. Raises as `Trial` does, and ValueError if `make` makes nothing with
    a method step.
    """
    trial = Trial(make, kind, law, transport, clip, rate, steps, seed)
    trials, asked, refused, name = plan(trial, dtypes, sizes, only)
    results = tuple(measure(one, trials) for one in asked)
    notes = tuple(f"not asked {why}: {', '.join(names)}" for why, names in refused.items())
    notes += likeness(trials[0], results)
    return Report(name, _claim(trial).removeprefix("kind "), results, notes, "properties")


def plan(
    trial: Trial,
    dtypes: Sequence[Any] = (np.float64, np.float32),
    sizes: Sequence[tuple[int, int]] = SIZES,
    only: Collection[str] | None = None,
) -> tuple[list[Trial], list[Property], dict[str, list[str]], str]:
    """(the trials, the properties asked, {why: the names of those that are not}, the name of the optimizer).

    Raises ValueError for an unknown name, and if `make` makes nothing with a method step.
    """
    unknown = sorted(set(only or ()) - {one.name for one in CATALOGUE})
    if unknown:
        raise ValueError(f"no property is called {', '.join(unknown)}")
    trials = [replace(trial, dtype=np.dtype(dtype), n=n, m=m) for n, m in sizes for dtype in dtypes]
    made = _made(trials[0])
    offered, make = offers(made), trial.make
    asked: list[Property] = []
    refused: dict[str, list[str]] = {}
    for one in CATALOGUE:
        if only is not None and one.name not in only:
            continue
        if why := one.refusal(trial, offered):
            refused.setdefault(why, []).append(one.name)
        else:
            asked.append(one)
    return trials, asked, refused, str(getattr(made, "name", getattr(make, "__name__", type(make).__name__)))


def likeness(trial: Trial, results: Sequence[Result]) -> tuple[str, ...]:
    """As which kind, law and clip its steps are right, in words, if they are not as this trial's."""
    first = [r.identity for r in results if r.identity.name in FIRST and not r.holds]
    ways = [replace(trial, kind=kind, law=law) for kind, law in product(KINDS, LAWS)] if first else []
    ways += [replace(way, clip=clip) for way in ways if way.kind == "sgd" and (clip := _longest(way)) is not None]
    right = [way for way in ways if all(measure(one, [way]).holds for one in CATALOGUE if one.name in FIRST)]
    said = [_claim(way) for way in right]
    return (f"its first steps are those of {', or of '.join(said)}",) if said else ()


def _claim(trial: Trial) -> str:
    clip = "" if trial.clip is None else f", clip {trial.clip:.6g}"
    return f"kind {trial.kind}, law {trial.law}{clip}"


def _longest(trial: Trial) -> float | None:
    """The length to which it shortens gradients, if one of twice the length turns y no further; else None."""
    y, g = trial.start_and_gradient()
    try:
        with np.errstate(all="ignore"):
            once, twice = (angle(y, trial.new(y, 1e-4).step(g * factor)) for factor in (1e3, 2e3))
    except Exception:
        return None
    found = float(np.median(once)) / 1e-4
    return found if 0 < found < np.inf and np.allclose(once, twice, rtol=1e-6) else None


def parametrize_with_properties(
    make: Make,
    expected_failures: Mapping[str, str] | None = None,
    dtypes: Sequence[Any] = (np.float64, np.float32),
    sizes: Sequence[tuple[int, int]] = SIZES,
    only: Collection[str] | None = None,
    **options: Any,
) -> Any:
    """A decorator: the test is called once for every property that is asked, with `prop`, to be called.

    expected_failures    {name: why}: these must fail; one that holds is an error
    dtypes, sizes, only  as in `check`, as are kind, law, transport, clip, rate, steps and seed
    Raises ValueError as `check` does, and for a name that is no property that is asked.  Needs pytest.

        @parametrize_with_properties(make, {"momentum_is_transported": "we project"}, transport="projection")
        def test_make(prop):
            prop()
    """
    trials, asked, _, _ = plan(Trial(make, **options), dtypes, sizes, only)
    expected = dict(expected_failures or {})
    unknown = sorted(set(expected) - {one.name for one in asked})
    if unknown:
        raise ValueError(f"expected_failures: no property that is asked is called {', '.join(unknown)}")
    return marked("prop", [Check(one, partial(measure, one, trials)) for one in asked], expected)


def measure(one: Property, trials: Sequence[Trial]) -> Result:
    """The largest residual of a property over these trials, and in which it does not hold."""
    residual, problem, failing = 0.0, "", []
    tried = [t for t in trials if not one.long or (t.n, t.m) == (trials[0].n, trials[0].m)]
    for trial in tried:
        try:
            with np.errstate(all="ignore"):
                found = worst(one.measure(trial))
        except Exception as error:  # whatever an optimizer raises is a result, not the end of the table
            found = np.inf
            problem = problem or in_words(error)
        residual = worst(residual, found)
        if found > one.limit:
            failing.append(trial)
    return Result(one, residual, problem, where(tried, failing, TRAITS))


def _made(trial: Trial) -> Any:
    """An optimizer that has taken a step: some have a momentum from then on.  Raises ValueError if there is none."""
    try:
        optimizer = trial.make(trial.start(), trial.rate)
    except Exception as error:
        raise ValueError(f"make(y, rate): {type(error).__name__}: {error}") from error
    if not callable(getattr(optimizer, "step", None)):
        raise ValueError(f"make(y, rate): expected an object with step(gradient), got {type(optimizer).__name__}")
    with suppress(Exception), np.errstate(all="ignore"):  # whatever is wrong with it the properties will say
        optimizer.step(trial.gradients(1)[0])
    return optimizer
