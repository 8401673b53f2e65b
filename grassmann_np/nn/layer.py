"""A layer is an op together with its parameters: `y, pullback = layer(x, training=True)`.

Its pullback overwrites `.grad` of the layer's parameters and returns dx = dLoss/dx. A layer may hold other layers;
the dotted name of a parameter is the way to it, as in "3.body.0.w".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

from ..backend import Array, to_device
from ..checks import check_arrays, check_upstream
from ..ops import Pullback, RunningMoments
from .parameter import Parameter
from .summary import table


class Layer:
    """What dense layers, convolutions, normalizations and whole models have in common.

    skips_dx says that its pullback takes wanted=False, where nobody wants dx, and then leaves it out. By three more
    words a layer, also one of your own, says what nn.on_sphere asks:

        forgets        of every channel of x, what its output does not change with: "scale", a positive factor, "shift"
        scales_with    the name of the parameter whose column j is a factor of channel j of the output, but for a shift
        invariant      the names of parameters whose columns' length the output does not change with

    So BatchNorm forgets ("scale", "shift"), Linear scales with "w", and WeightNormLinear is invariant in ("v",).
    """

    skips_dx = False
    forgets: ClassVar[tuple[str, ...]] = ()
    scales_with: ClassVar[str | None] = None
    invariant: ClassVar[tuple[str, ...]] = ()

    def __call__(self, x: Array, training: bool = True) -> tuple[Array, Pullback]:
        raise NotImplementedError

    def children(self) -> list[tuple[str, Layer]]:
        """The layers directly inside, with their names."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Layer)]

    def walk(self, name: str = "") -> Iterator[tuple[str, Layer]]:
        """This layer and every layer inside it, with their dotted names, the outer one first."""
        yield name, self
        for key, child in self.children():
            yield from child.walk(dotted(name, key))

    def parameters(self) -> list[Parameter]:
        """Every parameter inside, with its name set.

        Raises ValueError for a layer that is used twice: its second pullback would overwrite the gradient of the first.
        """
        found: dict[int, Parameter] = {}
        for path, layer in self.walk():
            for key, parameter in vars(layer).items():
                if isinstance(parameter, Parameter):
                    if id(parameter) in found:
                        other = found[id(parameter)].name
                        raise ValueError(f"{dotted(path, key)} is {other} again; every layer may be used once")
                    parameter.name = dotted(path, key)
                    found[id(parameter)] = parameter
        return list(found.values())

    def moments(self) -> dict[str, RunningMoments]:
        """The running moments of every batch normalization inside, by dotted name."""
        return {
            dotted(path, key): value
            for path, layer in self.walk()
            for key, value in vars(layer).items()
            if isinstance(value, RunningMoments)
        }

    def to(self, device: str) -> Self:
        """Moves every array inside to "cpu" or "gpu"; returns the layer itself."""
        for p in self.parameters():
            p.value, p.grad = to_device((p.value, p.grad), device)
        for running in self.moments().values():
            running.to(device)
        return self

    def trace(self, x: Array, visit: Callable[[str, Layer, Array], Array], name: str = "") -> Array:
        """Sends x through, letting `visit(name, layer, x) -> y` apply every innermost layer."""
        return visit(name, self, x)

    def summary(self, input_shape: tuple[int, ...]) -> None:
        """Prints a table: layer, output shape, parameters, geometry.  `input_shape` is that of one sample."""
        print(table(self, input_shape))


def dotted(*names: str) -> str:
    """The names that are not empty, joined by dots."""
    return ".".join(filter(None, names))


def identity(x: Array) -> tuple[Array, Pullback]:
    """x itself, and dx = dy."""

    check_arrays(x=x)

    def pullback(dy: Array) -> Array:
        return check_upstream(dy, x.shape, x.dtype)

    return x, pullback


def pull_to_data(layer: Layer, pullback: Pullback, dy: Array) -> Any:
    """The gradients of a layer whose x is data: dx is left out where that can be, since nobody wants it."""
    return pullback(dy, wanted=False) if layer.skips_dx else pullback(dy)


def apply(
    op: Callable[..., tuple[Array, Pullback]], x: Array, *parameters: Parameter | None, **options: Any
) -> tuple[Array, Pullback]:
    """The op on x and the parameters' values; its pullback keeps the parameters' gradients and returns dx."""
    y, op_pullback = op(x, *[None if p is None else p.value for p in parameters], **options)
    present = [p for p in parameters if p is not None]

    def pullback(dy: Array, **asked: bool) -> Array:
        dx, *grads = op_pullback(dy, **asked)
        for p, grad in zip(present, grads, strict=True):
            p.grad = grad
        return dx

    return y, pullback if present else op_pullback
