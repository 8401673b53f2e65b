"""Adapters make an optimizer of a library into what `check` asks for: make(y, rate), step(gradient), columns of NumPy.

    ours(lambda parameters, rate: optim.SGD(parameters, rate, momentum=0.5))                an optimizer of this library
    pytorch(lambda parameters, rate: torch.optim.SGD(parameters, rate, momentum=0.9))       one of PyTorch

Each library is imported when its adapter is called. An optimizer of plain NumPy needs none. `geoopt_sgd` and
`geoopt_adam` are made: python -m grassmann_np.testing.optimizers grassmann_np.testing.optimizers.adapters:geoopt_sgd
--transport projection. An optimizer that runs to the end, as pymanopt's do with a line search, has no step to ask for.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ... import optim
from ...backend import Array
from ...geometry import sphere
from ...nn.parameter import Parameter
from .trial import Make

Build = Callable[[list[Any], float], Any]


class Ours:
    """An optimizer of grassmann_np.optim with one parameter, the columns y (n, m) of a geometry."""

    def __init__(self, build: Build, geometry: Any, y: Array, rate: float) -> None:
        self.parameter = Parameter(y, geometry)
        self.optimizer = build([self.parameter], rate)
        self.name = type(self.optimizer).__name__

    def step(self, gradient: Array) -> Array:
        """The new y.  Raises what the optimizer's step raises."""
        self.parameter.grad = gradient
        self.optimizer.step()
        return np.array(self.parameter.value)

    @property
    def momentum(self) -> Array:
        """tau, (n, m)."""
        return np.array(self.optimizer.state[0]["tau"])

    @property
    def rate(self) -> float:
        """The present rate."""
        return float(self.optimizer.rate)

    @rate.setter
    def rate(self, rate: float) -> None:
        self.optimizer.lr = rate

    def state_dict(self) -> dict[str, Any]:
        """The optimizer's own."""
        return dict(self.optimizer.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The optimizer's own."""
        self.optimizer.load_state_dict(state)


def ours(build: Build, geometry: Any = sphere) -> Make:
    """The make of an optimizer that `build(parameters, rate)` returns, its parameters on `geometry`."""
    return lambda y, rate: Ours(build, geometry, y, rate)


def sgd_g(y: Array, rate: float) -> Ours:
    """SGD-G with the settings of optim.sgd_g but for the orthogonality, which couples the columns: kind sgd, clip 0.1.

    >>> import numpy as np
    >>> sgd_g(np.array([[1.0], [0.0]]), 0.1).step(np.array([[5.0], [2.0]])).round(3)
    array([[ 1.  ],
           [-0.01]])
    """
    return Ours(lambda parameters, lr: optim.SGD(parameters, lr, momentum=0.9, clip=0.1), sphere, y, rate)


def adam_g(y: Array, rate: float) -> Ours:
    """Adam-G with the settings of optim.adam_g but for the orthogonality: kind adam-g, clip 0.1."""
    return Ours(lambda parameters, lr: optim.Adam(parameters, lr, 0.9, 0.99, 1e-8, clip=0.1), sphere, y, rate)


def sgd(y: Array, rate: float) -> Ours:
    """optim.SGD with its defaults: kind sgd, no clipping."""
    return Ours(optim.SGD, sphere, y, rate)


def adam(y: Array, rate: float) -> Ours:
    """optim.Adam with its defaults, on the sphere: kind adam-g, no clipping."""
    return Ours(optim.Adam, sphere, y, rate)


class PyTorch:
    """A PyTorch optimizer with one parameter, m unit vectors in rows (m, n), as geoopt and nn.Linear have them."""

    def __init__(self, build: Build, parameter: Callable[[Any], Any] | None, y: Array, rate: float) -> None:
        self.torch: ModuleType = importlib.import_module("torch")
        rows = self.torch.from_numpy(np.array(y.T, order="C"))
        self.plain = parameter is None  # nothing then keeps it on the sphere
        self.parameter = self.torch.nn.Parameter(rows) if parameter is None else parameter(rows)
        self.optimizer = build([self.parameter], rate)
        self.name = type(self.optimizer).__name__

    def step(self, gradient: Array) -> Array:
        """The new y; a plain parameter is divided by its lengths after the step."""
        self.parameter.grad = self.torch.from_numpy(np.array(gradient.T, order="C"))
        self.optimizer.step()
        if self.plain:
            with self.torch.no_grad():
                self.parameter.div_(self.parameter.norm(dim=1, keepdim=True))
        return np.array(self.parameter.detach().cpu().numpy().T)

    @property
    def momentum(self) -> Array | None:
        """momentum_buffer or exp_avg of the parameter, (n, m); None if the optimizer has neither."""
        state = self.optimizer.state[self.parameter]
        for name in ("momentum_buffer", "exp_avg"):
            if state.get(name) is not None:
                return np.array(state[name].detach().cpu().numpy().T)
        return None

    @property
    def rate(self) -> float:
        """The present rate."""
        return float(self.optimizer.param_groups[0]["lr"])

    @rate.setter
    def rate(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def state_dict(self) -> Any:
        """A copy of the optimizer's own, which is a view."""
        return copy.deepcopy(self.optimizer.state_dict())

    def load_state_dict(self, state: Any) -> None:
        """The optimizer's own."""
        self.optimizer.load_state_dict(copy.deepcopy(state))


def pytorch(build: Build, parameter: Callable[[Any], Any] | None = None) -> Make:
    """The make of a PyTorch optimizer that `build(parameters, rate)` returns.

    `parameter(rows)` makes the parameter, rows a tensor (m, n): for geoopt
    `lambda rows: geoopt.ManifoldParameter(rows, geoopt.Sphere())`. Without it a torch.nn.Parameter is normalized after
    each step, as nGPT does: law normalize, transport none.
    """
    return lambda y, rate: PyTorch(build, parameter, y, rate)


def geoopt_sgd(y: Array, rate: float) -> PyTorch:
    """RiemannianSGD of geoopt on its SphereExact, momentum 0.9: kind sgd, law exp, transport projection."""
    return PyTorch(lambda ps, lr: _geoopt().optim.RiemannianSGD(ps, lr, momentum=0.9), _on_a_sphere, y, rate)


def geoopt_adam(y: Array, rate: float) -> PyTorch:
    """RiemannianAdam of geoopt on its SphereExact: kind adam-g, law exp, transport projection."""
    return PyTorch(lambda ps, lr: _geoopt().optim.RiemannianAdam(ps, lr), _on_a_sphere, y, rate)


def _geoopt() -> Any:
    return importlib.import_module("geoopt")


def _on_a_sphere(rows: Any) -> Any:
    return _geoopt().ManifoldParameter(rows, _geoopt().SphereExact())
