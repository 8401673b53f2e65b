"""An optimizer turns the gradients of its parameters into one step of each, along the geodesics of their geometry.

SGD and Adam differ in `advance` alone; what comes before it is here:

    y = normalize(y)                                   rounding must not add up
    g = gradient + weight decay + orthogonality
    h = project(y, g)
    shrink = min(1, nu/|h|)                             the authors' norm clipping: what enters the step is shrink h

A step computes everything before it changes anything, so an error leaves parameters and state as they were. On a GPU
the whole group moves in one launch (optim/device.py), and an error is raised by `check`, not by the step: nobody waits.

Points do not know of each other. So a large array is taken a few columns at a time, through all of these lines, while
they are in the processor's cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from ..backend import Array, asarray_like, by_columns, get_xp, to_numpy
from ..cuda.step import Numbers
from ..geometry import Geometry
from ..geometry.checks import check_finite
from ..geometry.columns import BLOCK
from ..nn.layer import Layer
from ..nn.parameter import Parameter
from ..room import empty_like
from .device import DeviceStep, Stop, check, device_step, notes
from .penalty import orthogonality_gradient

State = dict[str, Array]
Plan = list[tuple[Parameter, Array, State]]


def clip_norm(geometry: Geometry, y: Array, h: Array, nu: float | None) -> Array:
    """h, shortened to length nu where it is longer; nu = None leaves it.  The paper's norm clipping."""
    shrink = clip_factor(geometry, y, h, nu)
    return h if isinstance(shrink, float) else geometry.scale(h, shrink)


def clip_factor(geometry: Geometry, y: Array, h: Array, nu: float | None) -> float | Array:
    """What clips h when multiplied by: nu/|h| where |h| > nu, else 1; one number per point.  1.0 for nu = None."""
    if nu is None:
        return 1.0
    nu, xp, length = float(nu), get_xp(y), geometry.norm(y, h)
    return xp.where(length > nu, nu / xp.where(length > nu, length, 1.0), 1.0)


class Optimizer:
    """What SGD and Adam have in common: parameters, settings, state, and the gradient that a step starts from.

    `lr` is the learning rate, in radians per unit of gradient on curved geometries; `factor` multiplies it, for
    schedules. Raises ValueError for no parameters, one given twice, or a setting out of range.
    """

    def __init__(
        self, parameters: Iterable[Parameter], lr: float, weight_decay: float, clip: float | None, orthogonality: float
    ) -> None:
        if isinstance(parameters, Layer):
            raise TypeError("parameters: expected parameters, got a model; pass model.parameters()")
        self.parameters = list(parameters)
        self.geometries = [p.geometry for p in self.parameters]
        self.apart = [_columns_are_apart(p) for p in self.parameters]
        if not self.parameters:
            raise ValueError("parameters: expected at least one, got none")
        if len({id(p) for p in self.parameters}) < len(self.parameters):
            raise ValueError("parameters: expected each once, got one twice")
        self.lr = in_range("lr", lr)
        self.weight_decay = in_range("weight_decay", weight_decay)
        self.clip = None if clip is None else in_range("clip", clip, above=0.0)
        self.orthogonality = in_range("orthogonality", orthogonality)
        self.factor = 1.0
        self.steps = 0
        self.on_device: DeviceStep | None = None
        self.stop = Stop()
        self.state: list[State] = [self.start(p) for p in self.parameters]

    def start(self, parameter: Parameter) -> State:
        """The state of a parameter before the first step."""
        raise NotImplementedError

    def advance(
        self, geometry: Geometry, y: Array, h: Array, shrink: float | Array, state: State
    ) -> tuple[Array, State]:
        """The point and the state after a step from y; shrink h is the clipped Riemannian gradient."""
        raise NotImplementedError

    def numbers(self) -> Numbers | None:
        """The settings of the next step as a device takes them; None if `advance` is not one that it knows."""
        return None

    def step(self) -> None:
        """One step of every parameter, from its `.grad`.

        Raises ValueError, before anything changes, if a gradient is missing or anything is not finite. On a GPU the
        latter is raised by `check`; until then nothing changes.
        """
        self.commit(self.plan())

    def plan(self) -> Plan | DeviceStep:
        """Every parameter with its next point and state, on a GPU the step that will make them; changes nothing."""
        for parameter, geometry in zip(self.parameters, self.geometries, strict=True):
            if parameter.geometry is not geometry:
                name = parameter.name or "parameter"
                raise ValueError(f"{name}: its geometry has changed; make the optimizer after nn.on_sphere")
        self.on_device = device_step(self)
        if self.on_device:
            self.on_device.look(self)
            return self.on_device
        every = zip(self.parameters, self.geometries, self.apart, self.state, strict=True)
        return [self._plan(*one) for one in every]

    def _plan(
        self, parameter: Parameter, geometry: Geometry, apart: bool, state: State
    ) -> tuple[Parameter, Array, State]:
        name = parameter.name or "parameter"
        w, terms = parameter.matrix, [parameter.matrix_grad]
        if self.orthogonality and w.ndim == 2:
            terms.append(orthogonality_gradient(geometry.normalize(w), self.orthogonality))
        after = {key: empty_like(array) for key, array in {"value": w, **state}.items()}
        for part in _parts(w) if apart else [...]:
            y, g = geometry.normalize(w[part]), reduce(add, (term[part] for term in terms))
            if self.weight_decay and parameter.decay:
                g = g + y * self.weight_decay
            with _explained(f"gradient of {name}"):
                h = geometry.project(y, g)
            with _explained(f"step of {name}"):
                shrink = clip_factor(geometry, y, h, self.clip)
                y, carried = self.advance(geometry, y, h, shrink, {key: array[part] for key, array in state.items()})
            for key, array in {"value": y, **carried}.items():
                after[key][part] = array
        return parameter, after.pop("value"), after

    def commit(self, plan: Plan | DeviceStep) -> None:
        """Makes the points and states of `plan` the present ones."""
        if isinstance(plan, DeviceStep):
            plan.advance(self)
            return
        for parameter, y, _ in plan:
            parameter.matrix = y
        self.state = [state for _, _, state in plan]
        self.steps += 1

    def check(self) -> None:
        """Raises what steps on a GPU could not raise without waiting; on the host there is nothing left to raise."""
        check([self])

    def notes(self) -> list[Array]:
        """Numbers on a device, to be fetched together with others: `check` will raise unless all are 0."""
        return notes([self])

    @property
    def rate(self) -> float:
        """The present learning rate: lr times the schedule's factor, a Python float whatever a schedule returns."""
        return float(self.lr * self.factor)

    def settings(self) -> dict[str, Any]:
        """Every setting by name: numbers and None only."""
        hidden = ("parameters", "geometries", "apart", "state", "on_device", "stop")
        return {key: value for key, value in vars(self).items() if key not in hidden}

    def state_dict(self) -> dict[str, Any]:
        """{"kind", "settings", "state"}; state is one dict of host arrays per parameter, in their order."""
        self.check()
        state = [{key: np.array(to_numpy(a)) for key, a in one.items()} for one in self.state]
        return {"kind": type(self).__name__, "settings": self.settings(), "state": state}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave.  Raises ValueError, before anything changes, if it does not fit."""
        self.accept(*self.understand(saved))

    def understand(self, saved: dict[str, Any]) -> tuple[dict[str, Any], list[State]]:
        """(settings, state) of what `state_dict` gave; changes nothing.  Raises ValueError if it does not fit."""
        if not {"kind", "settings", "state"} <= set(saved) or saved["kind"] != type(self).__name__:
            raise ValueError(f"state: expected one of {type(self).__name__}, got {saved.get('kind')!r}")
        settings, states = saved["settings"], saved["state"]
        if set(settings) != set(self.settings()) or len(states) != len(self.state):
            raise ValueError(
                f"state: expected {len(self.state)} parameters and {sorted(self.settings())}, got "
                f"{len(states)} and {sorted(settings)}"
            )
        for key, value in settings.items():
            if isinstance(value, bool) and value is not getattr(self, key):
                raise ValueError(f"state: expected {key} {getattr(self, key)}, got {value}")
            if value is not None and not (isinstance(value, int | float) and value >= 0):
                raise ValueError(f"state: expected {key} to be a number >= 0 or None, got {value!r}")
        loaded = []
        for p, ours, theirs in zip(self.parameters, self.state, states, strict=True):
            want = {key: tuple(array.shape) for key, array in ours.items()}
            got = {key: np.shape(array) for key, array in theirs.items()}
            name = f"state of {p.name or 'parameter'}"
            if want != got:
                raise ValueError(f"{name}: expected arrays {want}, got {got}")
            for key, array in theirs.items():
                check_finite(**{f"{key}, {name}": array})
            loaded.append({key: by_columns(asarray_like(np.array(theirs[key]), p.value)) for key in ours})
        return dict(settings), loaded

    def accept(self, settings: dict[str, Any], state: list[State]) -> None:
        """Makes what `understand` gave the present settings and state."""
        vars(self).update(settings)
        self.state = state


def in_range(
    name: str, value: float, above: float | None = None, most: float = math.inf, below: float = math.inf
) -> float:
    """`value` as a float.  Raises ValueError unless it is finite, >= 0 (or > above), <= most and < below."""
    low = value > above if above is not None else value >= 0
    if not (low and value <= most and value < below and math.isfinite(value)):
        least = f"> {above:g}" if above is not None else ">= 0"
        limit = f" and <= {most:g}" if most < math.inf else f" and < {below:g}" if below < math.inf else ""
        raise ValueError(f"{name}: expected a finite number {least}{limit}, got {value!r}")
    return float(value)


def _columns_are_apart(parameter: Parameter) -> bool:
    """Whether no point has a part in two columns: then there is one number per column, or more."""
    y = get_xp(parameter.value).zeros_like(parameter.matrix)
    return bool(parameter.geometry.inner(y, y, y).shape[-1:] == y.shape[-1:])


def _parts(y: Array) -> Iterator[Any]:
    """Indices of a few columns each, as many as stay in the cache; on a device, of all."""
    columns = y.shape[-1]
    few = max(1, BLOCK * columns // max(1, y.nbytes)) if get_xp(y) is np else columns
    for start in range(0, columns, few):
        yield ..., slice(start, start + few)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Puts a name to what a geometry finds wrong."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}; nothing was changed") from error
