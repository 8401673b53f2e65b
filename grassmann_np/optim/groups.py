"""Groups of parameters, each with its own optimizer, stepped as one; `sgd_g` and `adam_g` are the paper's two groups.

The weights that nn.on_sphere chooses, by default those that a normalization makes scale-invariant, live on a curved
geometry and take SGD-G or Adam-G; everything else is Euclidean and takes SGD with Nesterov momentum, and weight decay
where a parameter has `decay`.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array
from ..checks import check_kind
from ..geometry import euclidean
from ..nn.layer import Layer
from ..nn.parameter import Parameter
from .adam import Adam
from .device import check, notes
from .optimizer import Optimizer
from .saved import accept, understand
from .sgd import SGD


class Groups:
    """Several optimizers stepped as one: either all of them step, or an error leaves all as they were."""

    def __init__(self, *optimizers: Optimizer) -> None:
        for optimizer in optimizers:
            check_kind("optimizers", optimizer, Optimizer)
        if not optimizers:
            raise ValueError("optimizers: expected at least one, got none")
        self.optimizers = optimizers
        parameters = [p for optimizer in optimizers for p in optimizer.parameters]
        if len({id(p) for p in parameters}) < len(parameters):
            raise ValueError("optimizers: expected every parameter in one group, got one in two")
        for optimizer in optimizers:
            optimizer.stop = optimizers[0].stop  # what stops one stops all

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        for optimizer in self.optimizers:
            optimizer.stop = self.optimizers[0].stop

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters of all groups."""
        return [p for optimizer in self.optimizers for p in optimizer.parameters]

    @property
    def factor(self) -> float:
        """What a schedule multiplies every group's rate by."""
        return self.optimizers[0].factor

    @factor.setter
    def factor(self, factor: float) -> None:
        for optimizer in self.optimizers:
            optimizer.factor = factor

    def step(self) -> None:
        """One step of every group.  Raises ValueError, before anything changes, as Optimizer.step."""
        plans = [optimizer.plan() for optimizer in self.optimizers]
        if not all(optimizer.on_device for optimizer in self.optimizers):
            self.check()  # the general way cannot stop for what is only noted on a device
        for optimizer, plan in zip(self.optimizers, plans, strict=True):
            optimizer.commit(plan)

    def check(self) -> None:
        """Raises what steps on a GPU could not raise without waiting, as Optimizer.check."""
        check(self.optimizers)

    def notes(self) -> list[Array]:
        """Numbers on a device, as Optimizer.notes."""
        return notes(self.optimizers)

    def state_dict(self) -> dict[str, Any]:
        """{"groups": the state of every optimizer}."""
        self.check()
        return {"groups": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave.  Raises ValueError, before anything changes, if a group does not fit."""
        ours, theirs = self.optimizers, saved.get("groups", []) if isinstance(saved, dict) else []
        if not isinstance(theirs, list) or len(ours) != len(theirs):
            raise ValueError(
                f"state: expected {len(ours)} groups, got {theirs if not isinstance(theirs, list) else len(theirs)}"
            )
        understood = [understand(optimizer, one) for optimizer, one in zip(ours, theirs, strict=True)]
        for optimizer, (settings, state) in zip(ours, understood, strict=True):
            accept(optimizer, settings, state)


def sgd_g(
    model: Layer,
    lr: float = 0.2,
    lr_euclidean: float = 0.01,
    momentum: float = 0.9,
    clip: float | None = 0.1,
    orthogonality: float = 0.1,
    weight_decay: float = 5e-4,
) -> Groups:
    """SGD-G for the weights that live on a curved geometry, SGD for the rest; the defaults are the paper's for CIFAR.

    Raises ValueError if no weight does: call nn.on_sphere(model) first.
    """
    curved, flat = _split(model)
    return Groups(
        SGD(curved, lr, momentum, clip=clip, orthogonality=orthogonality),
        *_euclidean(flat, lr_euclidean, momentum, weight_decay),
    )


def adam_g(
    model: Layer,
    lr: float = 0.05,
    lr_euclidean: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.99,
    eps: float = 1e-8,
    momentum: float = 0.9,
    clip: float | None = 0.1,
    orthogonality: float = 0.1,
    weight_decay: float = 5e-4,
) -> Groups:
    """Adam-G for the weights that live on a curved geometry, SGD for the rest; otherwise as `sgd_g`."""
    curved, flat = _split(model)
    return Groups(
        Adam(curved, lr, beta1, beta2, eps, clip=clip, orthogonality=orthogonality),
        *_euclidean(flat, lr_euclidean, momentum, weight_decay),
    )


def _split(model: Layer) -> tuple[list[Parameter], list[Parameter]]:
    check_kind("model", model, Layer)
    parameters = model.parameters()
    curved = [p for p in parameters if p.geometry is not euclidean]
    if not curved:
        raise ValueError(
            "model: expected weights on a curved geometry, got none; call nn.on_sphere(model) first, which finds those "
            "before a normalization; one of your own says so by nn.Layer.forgets"
        )
    return curved, [p for p in parameters if p.geometry is euclidean]


def _euclidean(parameters: list[Parameter], lr: float, momentum: float, weight_decay: float) -> list[Optimizer]:
    return [SGD(parameters, lr, momentum, nesterov=True, weight_decay=weight_decay)] if parameters else []
