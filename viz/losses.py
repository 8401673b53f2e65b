"""A loss, here, is a function of weight vectors of R^3: loss(w) -> (value, gradient), w (3,) or columns (3, m).

`neuron` is one batch-normalized neuron: with z = BN(w'x) over a batch x and standardized targets t,

    f(w) = 1 - <t z> = 1 - c'w / sqrt(w'Rw + eps),     R = Cov(x),  c = <t (x - <x>)>
    df/dw = -c/s + (c'w) R w / s^3,                    s = sqrt(w'Rw + eps),     w'df/dw = -eps c'w / s^3

so that with eps = 0 nothing but the direction of w matters, and the gradient is tangent to the sphere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Loss = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def check(loss: Loss) -> Loss:
    """The loss itself, once it has shown that it takes columns; ValueError with what was expected and what came."""
    value, gradient = loss(np.eye(3)[:, :2])
    if np.shape(value) != (2,) or np.shape(gradient) != (3, 2):
        raise ValueError("loss: expected values (m,) and gradients (3, m) for points (3, m), "
                         f"got {np.shape(value)} and {np.shape(gradient)} for (3, 2)")
    return loss


def neuron(rng: np.random.Generator, eps: float = 0.0) -> Loss:
    """The loss of one batch-normalized neuron with three inputs, on a batch of 64 drawn by `rng`.

    >>> f = neuron(np.random.default_rng(0))
    >>> w = np.array([1.0, 2.0, -1.0])
    >>> bool(np.isclose(f(w)[0], f(5 * w)[0])), bool(abs(w @ f(w)[1]) < 1e-15)
    (True, True)
    """
    R, c = moments(rng)

    def loss(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        s = np.sqrt(np.sum(w * (R @ w), axis=0) + eps)
        return 1 - c @ w / s, (c @ w) / s**3 * (R @ w) - (c / s if w.ndim == 1 else c[:, None] / s)

    return loss


def moments(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(R, c) of that batch: all that `neuron` knows of it."""
    x = rng.standard_normal((64, 3)) @ np.diag([1.5, 0.9, 0.4]) @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
    t = np.tanh(2 * x @ rng.standard_normal(3)) + 0.2 * rng.standard_normal(64)
    x, t = x - x.mean(0), (t - t.mean()) / t.std()
    return x.T @ x / len(x), x.T @ t / len(x)
