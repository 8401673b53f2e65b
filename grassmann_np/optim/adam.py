"""Adam on any geometry: plain Adam on euclidean, Adam-G on the sphere.

    m   = b1 tau + (1 - b1) h
    v   = b2 v + (1 - b2) <h, h>                                 one number per point
    d   = -eta sqrt(1 - b2^t)/(1 - b1^t) m/sqrt(v + eps)
    y   = exp_y(d),   tau = pt_y(m; d)                           the paper's Adam-G

A point of euclidean is one coordinate, a point of the sphere a whole weight vector. So <h, h> is the square of one
entry there and of the whole gradient here, and exp and pt are sums there and turns here.
eps stands inside the root, on the raw v, as the authors have it; textbook Adam's 1e-8 outside the root is about
1e-16 here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..backend import Array, get_xp
from ..geometry import Geometry
from ..geometry.checks import check_finite
from ..nn.parameter import Parameter
from .fused import known
from .optimizer import Optimizer, State
from .settings import setting


class Adam(Optimizer):
    """One step of Adam for `parameters`, each along the geodesics of its own geometry.

    clip, weight_decay (added to the gradient: L2, not decoupled) and orthogonality are as in SGD.

    >>> import numpy as np
    >>> from grassmann_np import nn
    >>> w = nn.Parameter(np.array([1.0])); w.grad = np.array([2.0])
    >>> Adam([w], lr=0.1).step(); w.value.round(6)
    array([0.9])
    """

    never_negative = ("v",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        clip: float | None = None,
        orthogonality: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay, clip, orthogonality)
        self.beta1: float = setting("beta1", beta1)
        self.beta2: float = setting("beta2", beta2)
        self.eps: float = setting("eps", eps)

    def start(self, parameter: Parameter) -> State:
        """tau = 0 and v = 0."""
        tau = get_xp(parameter.value).zeros_like(parameter.matrix)
        return {"tau": tau, "v": parameter.geometry.inner(tau, tau, tau)}

    @known("Adam")
    def advance(self, geometry: Geometry, y: Array, h: Array, state: State) -> tuple[Array, State]:
        """y, tau = move(y, d, m)."""
        m = geometry.combine(self.beta1, state["tau"], 1 - self.beta1, h)
        v = self.beta2 * state["v"] + (1 - self.beta2) * geometry.inner(y, h, h)
        check_finite(v=v)
        d = geometry.scale(m, -self.corrected_rate / get_xp(v).sqrt(v + self.eps))
        y, tau = geometry.move(y, d, m)
        return y, {"tau": tau, "v": v}

    @property
    def corrected_rate(self) -> float:
        """eta_t = eta sqrt(1 - b2^t)/(1 - b1^t), the rate of the next step: tau and v start at 0."""
        t = self.steps + 1
        return self.rate * math.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)
