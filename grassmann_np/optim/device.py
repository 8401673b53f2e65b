"""A device step is the step of a whole group of parameters on a GPU, in a few launches and without waiting.

An error on a device is seen only by whoever looks, and to look is to wait. So a step leaves a note, `Stop`, where a
gradient is not finite; from then on every step of the group leaves everything as it was, until `check` looks, raises
and forgets. What the host does at once, a device does by then: either all parameters have moved, or none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..backend import Array, get_xp, on_gpu, to_numpy
from ..cuda import step as gpu
from ..cuda.kernel import contiguous
from ..geometry import euclidean, lines, sphere
from ..nn.parameter import Parameter
from .fused import numbers

ALIGNED = 64  # numbers: every array begins where a device likes it


class Stop:
    """The number of the first step that could not be taken, 0 if none; it lies on the device, and groups share it."""

    def __init__(self) -> None:
        self.number: Array | None = None

    def on(self, xp: Any) -> Array:
        """The array (1,), made when it is first asked for."""
        if self.number is None:
            self.number = xp.zeros(1, dtype=np.int32)
        return self.number


class Optimizer(Protocol):
    """What a device step asks of an optimizer, and changes in it."""

    parameters: list[Parameter]
    state: list[dict[str, Array]]
    steps: int
    clip: float | None
    orthogonality: float
    on_device: DeviceStep | None
    stop: Stop


class Launch:
    """Those parameters of a group that one launch can move: on columns or number by number, of one dtype."""

    def __init__(self, parameters: Sequence[Parameter], places: list[int], columns: bool) -> None:
        first = parameters[places[0]].value
        self.places, self.columns, self.xp, self.dtype = places, columns, get_xp(first), first.dtype
        self.shapes = [parameters[k].matrix.shape for k in places]
        self.sizes = [math.prod(shape) for shape in self.shapes]
        self.each = [shape[0] if columns else gpu.CHUNK for shape in self.shapes]
        where = [
            (row, part)
            for row, (size, each) in enumerate(zip(self.sizes, self.each, strict=True))
            for part in range(-(-size // each))
        ]
        self.where = self.xp.asarray(np.array(where, dtype=np.int32).reshape(-1, 2))
        self.bad = self.xp.zeros((len(places), 2), dtype=np.int32)

    def checked(self, array: Array, row: int) -> Array:
        """`array`, if it is as the parameter was when the optimizer was made: a pointer knows no shape."""
        if array.shape != self.shapes[row] or array.dtype != self.dtype:
            want, got = f"{self.dtype} of shape {self.shapes[row]}", f"{array.dtype} of {tuple(array.shape)}"
            raise ValueError(f"parameter: expected {want} as when the optimizer was made, got {got}")
        return array

    def table(self, arrays: Sequence[Sequence[Array | None]], decays: Sequence[bool]) -> Array:
        """The kernel's table: the addresses of a parameter's eight arrays (0 for None), and its lengths."""
        rows = [
            [0 if a is None else a.data.ptr for a in of_one] + [each, size, int(decay)]
            for of_one, each, size, decay in zip(arrays, self.each, self.sizes, decays, strict=True)
        ]
        return self.xp.asarray(np.array(rows, dtype=np.int64))

    def empty(self, sizes: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> list[Array]:
        """New arrays side by side in one piece of memory, the first axis of each shape the fastest."""
        ends = np.cumsum([-(-size // ALIGNED) * ALIGNED for size in sizes]).tolist()
        memory = self.xp.empty(ends[-1], dtype=self.dtype)
        starts = [0, *ends[:-1]]
        return [
            memory[start : start + size].reshape(shape[::-1]).T
            for start, size, shape in zip(starts, sizes, shapes, strict=True)
        ]


class Ready(NamedTuple):
    """A launch that can begin: its table, the arrays whose addresses that holds, and what it will write."""

    launch: Launch
    table: Array
    arrays: Sequence[Sequence[Array | None]]
    values: list[Array]
    states: list[dict[str, Array]]


class DeviceStep:
    """The step of one optimizer whose parameters all lie on a GPU, on the sphere, on lines or on flat space."""

    def __init__(self, parameters: list[Parameter]) -> None:
        self.parameters = parameters
        kinds: dict[tuple[bool, str], list[int]] = {}
        for k, p in enumerate(parameters):
            if p.value.size:
                kinds.setdefault((p.geometry is not euclidean, str(p.value.dtype)), []).append(k)
        self.ready: list[Ready] = []
        self.launches = [Launch(parameters, places, columns) for (columns, _), places in kinds.items()]

    def look(self, optimizer: Optimizer) -> None:
        """Gets everything ready, looks at all gradients, and leaves a note if the step cannot be taken."""
        self.ready = [self._prepare(one, optimizer) for one in self.launches]
        for one, table, _, _, states in self.ready:
            largest, clip = gpu.largest(str(one.dtype)), optimizer.clip or math.inf
            limit = largest if "v" in states[0] and clip * clip > largest else math.inf  # v holds a square
            gpu.look(
                table, one.where, one.bad, optimizer.stop.on(one.xp), optimizer.steps + 1, one.columns, limit, one.dtype
            )

    def advance(self, optimizer: Optimizer) -> None:
        """Moves every parameter, unless there is a note; values and states are new arrays, as on the host."""
        settings = numbers(optimizer)
        assert settings is not None  # device_step
        for one, table, _, values, states in self.ready:
            gpu.move(table, one.where, optimizer.stop.on(one.xp), one.columns, max(one.each), settings, one.dtype)
            for k, y, state in zip(one.places, values, states, strict=True):
                self.parameters[k].matrix = y
                optimizer.state[k] = state
        self.ready = []
        optimizer.steps += 1

    def _prepare(self, one: Launch, optimizer: Optimizer) -> Ready:
        parameters = [self.parameters[k] for k in one.places]
        before = [{key: _rows(a) for key, a in optimizer.state[k].items()} for k in one.places]
        values = one.empty(one.sizes, one.shapes)
        after = [{"tau": tau} for tau in one.empty(one.sizes, one.shapes)]
        if "v" in before[0]:
            shapes = [state["v"].shape[::-1] for state in before]
            for state, v in zip(after, one.empty([math.prod(shape) for shape in shapes], shapes), strict=True):
                state["v"] = v
        arrays = [
            (
                _rows(p.matrix),
                _rows(one.checked(p.matrix_grad, row)),
                self._extra(optimizer, p),
                was["tau"],
                was.get("v"),
                y.T,
                will["tau"].T,
                will["v"].T if "v" in will else None,
            )
            for row, (p, was, y, will) in enumerate(zip(parameters, before, values, after, strict=True))
        ]
        return Ready(one, one.table(arrays, [p.decay for p in parameters]), arrays, values, after)

    def _extra(self, optimizer: Optimizer, parameter: Parameter) -> Array | None:
        """The gradient of the orthogonality term, as rows."""
        if not optimizer.orthogonality or parameter.value.ndim < 2:
            return None
        return gpu.repel(_rows(parameter.matrix), optimizer.orthogonality, parameter.geometry is not euclidean)

    def complaint(self) -> str:
        """What is wrong with the first gradient that stopped a step, in words; forgets it.  "" if none did."""
        found = []
        for one in self.launches:
            bad = to_numpy(one.bad)
            one.bad.fill(0)
            for k, (odd, large) in zip(one.places, bad.tolist(), strict=True):
                if odd or large:
                    what = "gradient" if odd else "square of the gradient"
                    found.append((k, f"{what} of {self.parameters[k].name or 'parameter'}"))
        return f"{min(found)[1]}: expected finite numbers, got NaN or inf; nothing was changed" if found else ""


def device_step(optimizer: Optimizer) -> DeviceStep | None:
    """The optimizer's step on the device; None where it takes the general way, over the functions of its geometries."""
    possible = all(p.geometry in (euclidean, sphere, lines) and on_gpu(p.value) for p in optimizer.parameters)
    if not possible or numbers(optimizer) is None:
        return None
    return optimizer.on_device or DeviceStep(optimizer.parameters)


def notes(optimizers: Sequence[Optimizer]) -> list[Array]:
    """[the number in the `Stop` of these optimizers], (1,) on the device; [] if there is none."""
    number = optimizers[0].stop.number
    return [] if number is None else [number]


def check(optimizers: Sequence[Optimizer]) -> None:
    """Waits for the device.  Raises ValueError if a step of these, which share one `Stop`, could not be taken."""
    stop = optimizers[0].stop
    if stop.number is None or not (number := int(to_numpy(stop.number)[0])):
        return
    complaints = [(o, o.on_device.complaint()) for o in optimizers if o.on_device]
    first, words = next((o, words) for o, words in complaints if words)
    skipped = first.steps - (number - 1)
    for optimizer in optimizers:
        optimizer.steps -= skipped
    stop.number = None
    raise ValueError(words)


def _rows(array: Array) -> Array:
    """A matrix as rows, each a weight vector whose numbers lie side by side; a vector is itself."""
    return contiguous(array.T)
