"""SGD with momentum on any geometry: plain momentum SGD on euclidean, SGD-G on the sphere.

    d   = gamma tau - eta h
    y   = exp_y(d),   tau = pt_y(d; d)             Algorithm 1 of the paper; h is the clipped Riemannian gradient

tau is a displacement, learning rate included, as in the paper: when the rate drops, the present momentum stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..backend import Array, get_xp
from ..geometry import Geometry, euclidean
from ..nn.parameter import Parameter
from .fused import known
from .optimizer import Optimizer, State
from .settings import setting


class SGD(Optimizer):
    """One step of SGD for `parameters`, each along the geodesics of its own geometry.

    clip = nu bounds |h|: on the sphere, while the rate stays, a step turns a weight by at most lr nu/(1 - momentum)
    radians for momentum < 1; on euclidean every coordinate is a point, and is clipped alone. weight_decay adds
    weight_decay * w to the gradient of every parameter with `decay`; orthogonality = alpha adds the gradient of
    alpha/2 |W'W - I|^2. nesterov is Euclidean only: ValueError on other geometries.

    >>> import numpy as np
    >>> from grassmann_np import nn
    >>> w = nn.Parameter(np.array([1.0])); w.grad = np.array([2.0])
    >>> SGD([w], lr=0.1).step(); w.value
    array([0.8])
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        clip: float | None = None,
        orthogonality: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay, clip, orthogonality)
        self.momentum: float = setting("momentum", momentum)
        self.nesterov: bool = setting("nesterov", nesterov)
        curved = [p.name or "a parameter" for p in self.parameters if p.geometry is not euclidean]
        if self.nesterov and curved:
            raise ValueError(f"nesterov: expected Euclidean parameters only, got {curved[0]}; its look-ahead is a sum")

    def start(self, parameter: Parameter) -> State:
        """tau = 0."""
        return {"tau": get_xp(parameter.value).zeros_like(parameter.matrix)}

    @known("SGD")
    def advance(self, geometry: Geometry, y: Array, h: Array, state: State) -> tuple[Array, State]:
        """y, tau = move(y, d, d), d = gamma tau - eta h; with nesterov the step is gamma d - eta h instead of d."""
        eta, gamma = self.rate, self.momentum
        d = geometry.combine(gamma, state["tau"], -eta, h)
        step = geometry.combine(gamma, d, -eta, h) if self.nesterov else d
        y, tau = geometry.move(y, step, d)
        return y, {"tau": tau}
