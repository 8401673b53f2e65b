"""A saved state is what an optimizer needs to go on later: its kind, its settings, and arrays on the host.

It is read before it is taken: `understand` changes nothing, `accept` cannot fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..backend import Array, asarray_like, by_columns, get_xp, to_numpy
from ..nn.parameter import Parameter
from .settings import setting

State = dict[str, Array]


class Saveable(Protocol):
    """What is saved of an optimizer."""

    parameters: list[Parameter]
    state: list[State]

    @property
    def never_negative(self) -> tuple[str, ...]: ...

    def settings(self) -> dict[str, Any]: ...


def of(optimizer: Saveable) -> dict[str, Any]:
    """{"kind", "settings", "names", "state"}; the arrays are copies."""
    return {
        "kind": type(optimizer).__name__,
        "settings": optimizer.settings(),
        "names": [p.name for p in optimizer.parameters],
        "state": [{key: np.array(to_numpy(array)) for key, array in one.items()} for one in optimizer.state],
    }


def understand(optimizer: Saveable, saved: dict[str, Any]) -> tuple[dict[str, Any], list[State]]:
    """(settings, state) of what `of` gave, for this optimizer.  Raises ValueError if it does not fit."""
    kind, ours = type(optimizer).__name__, optimizer.settings()
    if not isinstance(saved, dict):
        raise ValueError(f"state: expected what state_dict gave, got {type(saved).__name__}")
    if not {"kind", "settings", "state"} <= set(saved) or not _is(saved["kind"], kind):
        raise ValueError(f"state: expected one of {kind}, got {saved.get('kind')!r}")
    settings, states = saved["settings"], saved["state"]
    if not (isinstance(settings, dict) and isinstance(states, Sequence)):
        raise ValueError("state: expected a dict of settings and a list of states")
    if set(settings) != set(ours) or len(states) != len(optimizer.state):
        raise ValueError(
            f"state: expected {len(optimizer.state)} parameters and {sorted(ours)}, got "
            f"{len(states)} and {sorted(map(str, settings))}"
        )
    found = {key: _setting(key, value, ours[key]) for key, value in settings.items()}
    places = _places([p.name for p in optimizer.parameters], saved.get("names"))
    each = zip(optimizer.parameters, optimizer.state, [states[k] for k in places], strict=True)
    return found, [_understood(*one, optimizer.never_negative) for one in each]


def accept(optimizer: Saveable, settings: dict[str, Any], state: list[State]) -> None:
    """Makes what `understand` gave the present settings and state."""
    vars(optimizer).update(settings)
    optimizer.state = state


def _is(value: Any, text: str) -> bool:
    return isinstance(value, str) and value == text


def _setting(key: str, value: Any, ours: Any) -> Any:
    """A saved setting, which has the range of ours; what is no number must be as it is here."""
    if isinstance(ours, bool) and value is not ours:
        raise ValueError(f"state: expected {key} {ours}, got {value!r}")
    try:
        return setting(key, value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"state: {error}") from error


def _places(ours: list[str], theirs: Any) -> Sequence[int]:
    """Where the state of each of our parameters is: by name if all have one of their own, else in order."""
    for names in (ours, theirs):
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            return range(len(ours))
        if len(set(names)) < len(names) or len(names) != len(ours):
            return range(len(ours))
    if other := sorted(set(ours) ^ set(theirs)):
        raise ValueError(f"state: expected that of parameters of the same names; {other[0]} is in one of the two only")
    return [theirs.index(name) for name in ours]


def _understood(parameter: Parameter, ours: State, theirs: Any, never_negative: tuple[str, ...]) -> State:
    name = f"state of {parameter.name or 'parameter'}"
    if not isinstance(theirs, dict):
        raise ValueError(f"{name}: expected a dict of arrays, got {type(theirs).__name__}")
    arrays = {key: _numbers(f"{key}, {name}", value) for key, value in theirs.items()}
    want = {key: tuple(array.shape) for key, array in ours.items()}
    if want != (got := {key: array.shape for key, array in arrays.items()}):
        raise ValueError(f"{name}: expected arrays {want}, got {got}")
    largest = float(get_xp(parameter.value).finfo(parameter.value.dtype).max)
    for key, array in arrays.items():
        if not np.all(np.abs(array) <= largest):
            raise ValueError(f"{key}, {name}: expected finite numbers of {parameter.value.dtype}, got others")
        if key in never_negative and np.any(array < 0):
            raise ValueError(f"{key}, {name}: expected squares, got a negative number")
    return {key: by_columns(asarray_like(arrays[key], parameter.value)) for key in ours}


def _numbers(name: str, value: Any) -> Any:
    """A float64 copy of `value`, real numbers."""
    try:
        array = np.array(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected an array of numbers, got {type(value).__name__}") from error
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name}: expected real numbers, got {array.dtype}")
    with np.errstate(over="ignore"):
        return array.astype(np.float64)
