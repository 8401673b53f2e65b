"""A saved state is what an optimizer needs to go on later: its kind, its settings, and arrays on the host.

It is read before it is taken: `understand` changes nothing, `accept` cannot fail.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ..backend import Array, asarray_like, by_columns, to_numpy
from ..geometry.checks import check_finite
from ..nn.parameter import Parameter

State = dict[str, Array]


class Saveable(Protocol):
    """What is saved of an optimizer."""

    parameters: list[Parameter]
    state: list[State]

    def settings(self) -> dict[str, Any]: ...


def of(optimizer: Saveable) -> dict[str, Any]:
    """{"kind", "settings", "state"}; the arrays are copies."""
    state = [{key: np.array(to_numpy(array)) for key, array in one.items()} for one in optimizer.state]
    return {"kind": type(optimizer).__name__, "settings": optimizer.settings(), "state": state}


def understand(optimizer: Saveable, saved: dict[str, Any]) -> tuple[dict[str, Any], list[State]]:
    """(settings, state) of what `of` gave, for this optimizer.  Raises ValueError if it does not fit."""
    kind, ours = type(optimizer).__name__, optimizer.settings()
    if not {"kind", "settings", "state"} <= set(saved) or saved["kind"] != kind:
        raise ValueError(f"state: expected one of {kind}, got {saved.get('kind')!r}")
    settings, states = saved["settings"], saved["state"]
    if set(settings) != set(ours) or len(states) != len(optimizer.state):
        raise ValueError(
            f"state: expected {len(optimizer.state)} parameters and {sorted(ours)}, got "
            f"{len(states)} and {sorted(settings)}"
        )
    for key, value in settings.items():
        if isinstance(value, bool) and value is not ours[key]:
            raise ValueError(f"state: expected {key} {ours[key]}, got {value}")
        if value is not None and not (isinstance(value, int | float) and value >= 0):
            raise ValueError(f"state: expected {key} to be a number >= 0 or None, got {value!r}")
    triples = zip(optimizer.parameters, optimizer.state, states, strict=True)
    return dict(settings), [_understood(*one) for one in triples]


def accept(optimizer: Saveable, settings: dict[str, Any], state: list[State]) -> None:
    """Makes what `understand` gave the present settings and state."""
    vars(optimizer).update(settings)
    optimizer.state = state


def _understood(parameter: Parameter, ours: State, theirs: State) -> State:
    want = {key: tuple(array.shape) for key, array in ours.items()}
    got = {key: np.shape(array) for key, array in theirs.items()}
    name = f"state of {parameter.name or 'parameter'}"
    if want != got:
        raise ValueError(f"{name}: expected arrays {want}, got {got}")
    for key, array in theirs.items():
        check_finite(**{f"{key}, {name}": array})
    return {key: by_columns(asarray_like(np.array(theirs[key]), parameter.value)) for key in ours}
