"""An optimizer turns the gradients of its parameters into one step of each, along the geodesics of their geometry.

SGD and Adam differ in `advance` alone; what comes before it is here:

    y = normalize(y)                                   rounding must not add up
    g = gradient + weight decay + orthogonality
    h = project(y, g)
    h = clip(h) = h min(1, nu/|h|)                     the authors' norm clipping

A step computes everything before it changes anything, so an error leaves parameters and state as they were. Where
arrays are large, fused.py takes the same step in loops, and on a GPU device.py in a few launches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from ..backend import Array, get_xp
from ..geometry import Geometry
from ..geometry.checks import quiet
from ..nn.layer import Layer
from ..nn.parameter import Parameter
from . import device, fused, saved
from .penalty import orthogonality_gradient
from .settings import in_range as in_range
from .settings import setting

State = dict[str, Array]
Next = tuple[Parameter, Array, State]


@quiet
def clip_norm(geometry: Geometry, y: Array, h: Array, nu: float | None) -> Array:
    """h, shortened to length nu where it is longer; nu = None leaves it.  Raises ValueError unless nu > 0.

    The paper's norm clipping.
    """
    if not callable(getattr(geometry, "norm", None)):
        raise TypeError(f"geometry: expected one like the module geometry.sphere, got {geometry!r}")
    if nu is None:
        return h
    nu, length, xp = in_range("nu", nu, above=0.0), geometry.norm(y, h), get_xp(y)
    return geometry.scale(h, xp.where(length > nu, nu / xp.where(length > nu, length, 1.0), 1.0))


class Optimizer:
    """What SGD and Adam have in common: parameters, settings, state, and the gradient that a step starts from.

    `lr` is the learning rate, in radians per unit of gradient on curved geometries; `factor` multiplies it, for
    schedules. Raises ValueError for no parameters, one given twice, or a setting out of range.
    """

    never_negative: ClassVar[tuple[str, ...]] = ()  # arrays of a state

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        weight_decay: float = 0.0,
        clip: float | None = None,
        orthogonality: float = 0.0,
    ) -> None:
        if isinstance(parameters, Layer):
            raise TypeError("parameters: expected a list of parameters, got a model; pass model.parameters()")
        try:
            self.parameters = list(parameters)
        except TypeError as error:
            raise TypeError(f"parameters: expected a list of parameters, got {type(parameters).__name__}") from error
        for p in self.parameters:
            if not isinstance(p, Parameter):
                raise TypeError(f"parameters: expected nn.Parameter, got {type(p).__name__}")
        if not self.parameters:
            raise ValueError("parameters: expected at least one, got none")
        if len({id(p) for p in self.parameters}) < len(self.parameters):
            raise ValueError("parameters: expected every parameter once, got one twice")
        self.geometries = [p.geometry for p in self.parameters]
        self.lr: float = setting("lr", lr)
        self.weight_decay: float = setting("weight_decay", weight_decay)
        self.clip: float | None = setting("clip", clip)
        self.orthogonality: float = setting("orthogonality", orthogonality)
        self.factor = 1.0
        self.steps = 0
        self.on_device: device.DeviceStep | None = None
        self.stop = device.Stop()
        self.state: list[State] = [self.start(p) for p in self.parameters]

    def start(self, parameter: Parameter) -> State:
        """The state of a parameter before the first step."""
        raise NotImplementedError

    def advance(self, geometry: Geometry, y: Array, h: Array, state: State) -> tuple[Array, State]:
        """The point and the state after a step from y; h is the clipped Riemannian gradient."""
        raise NotImplementedError

    @fused.known("next")
    @quiet
    def next(self, parameter: Parameter, state: State) -> tuple[Array, State]:
        """The point and the state of one parameter after a step from its `.grad`: the lines above."""
        geometry, name = parameter.geometry, parameter.name or "parameter"
        g = parameter.matrix_grad
        with _explained(f"weights of {name}"):
            y = geometry.normalize(parameter.matrix)
        if self.weight_decay and parameter.decay:
            g = g + self.weight_decay * y
        if self.orthogonality and y.ndim == 2:
            g = g + orthogonality_gradient(y, self.orthogonality)
        with _explained(f"gradient of {name}"):
            h = geometry.project(y, g)
        with _explained(f"step of {name}"):
            h = clip_norm(geometry, y, h, self.clip)
            return self.advance(geometry, y, h, state)

    def step(self) -> None:
        """One step of every parameter, from its `.grad`.

        Raises ValueError, before anything changes, if a gradient is missing or anything is not finite. On a GPU the
        latter is raised by `check`; until then nothing changes.
        """
        self.commit(self.plan())

    def plan(self) -> list[Next] | device.DeviceStep:
        """Every parameter with its next point and state, on a GPU the step that will make them; changes nothing."""
        for parameter, geometry in zip(self.parameters, self.geometries, strict=True):
            if parameter.geometry is not geometry:
                name = parameter.name or "parameter"
                raise ValueError(f"{name}: its geometry has changed; make the optimizer after nn.on_sphere")
        self.on_device = device.device_step(self)
        if self.on_device:
            self.on_device.look(self)
            return self.on_device
        loops = fused.loops(self)
        every = zip(self.parameters, self.state, strict=True)
        return [(p, *((loops and loops.next(p, state)) or self.next(p, state))) for p, state in every]

    def commit(self, plan: list[Next] | device.DeviceStep) -> None:
        """Makes the points and states of `plan` the present ones."""
        if isinstance(plan, device.DeviceStep):
            plan.advance(self)
            return
        for parameter, y, _ in plan:
            parameter.matrix = y
        self.state = [state for _, _, state in plan]
        self.steps += 1

    def check(self) -> None:
        """Raises what steps on a GPU could not raise without waiting; on the host there is nothing left to raise."""
        device.check([self])

    def notes(self) -> list[Array]:
        """Numbers on a device, to be fetched together with others: `check` will raise unless all are 0."""
        return device.notes([self])

    @property
    def rate(self) -> float:
        """The present learning rate: lr times the schedule's factor, a Python float whatever a schedule returns."""
        return float(self.lr * setting("factor", self.factor))

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles take along: neither modules, which a parameter names, nor what lies on a device."""
        return {key: value for key, value in vars(self).items() if key not in ("geometries", "on_device", "stop")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, on_device=None, stop=device.Stop())
        self.geometries = [p.geometry for p in self.parameters]

    def settings(self) -> dict[str, Any]:
        """Every setting by name: numbers and None only."""
        hidden = ("parameters", "geometries", "state", "on_device", "stop")
        return {key: value for key, value in vars(self).items() if key not in hidden}

    def state_dict(self) -> dict[str, Any]:
        """{"kind", "settings", "names", "state"}; state is one dict of host arrays per parameter, in their order."""
        self.check()
        return saved.of(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave, by the names of the parameters if all have one, else in their order.

        Raises ValueError, before anything changes, if it does not fit or a number is out of range.
        """
        saved.accept(self, *saved.understand(self, state))


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Puts a name to what a geometry finds wrong."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}; nothing was changed") from error
