"""A loss, here, is a function of weight vectors of R^3: loss(w) -> (value, gradient), w (3,) or columns (3, m). One of
the reader's own may take either; `every` makes it take both.

`neuron` is one batch-normalized neuron: with z = BN(w'x) over a batch x and standardized targets t,

    f(w) = 1 - <t z> = 1 - c'w / sqrt(w'Rw + eps),     R = Cov(x),  c = <t (x - <x>)>
    df/dw = -c/s + (c'w) R w / s^3,                    s = sqrt(w'Rw + eps),     w'df/dw = -eps c'w / s^3

so that with eps = 0 nothing but the direction of w matters, and the gradient is tangent to the sphere. The other losses
are formulas with a shape to see; LOSSES names them all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grassmann_np.geometry import sphere

Loss = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def one_vector(loss: Loss) -> bool:
    """Whether it takes one vector w (3,) and no columns; what it raises for that vector goes through."""
    try:
        value, gradient = loss(np.eye(3)[:, :2])
        if np.shape(value) == (2,) and np.shape(gradient) == (3, 2):
            return False
    except Exception:  # it may well not take columns
        pass
    value, gradient = loss(np.eye(3)[0])
    return np.shape(value) == () and np.shape(gradient) == (3,)


def every(loss: Loss) -> Loss:
    """The loss, checked, of w (3,) and of columns (3, m), whichever of the two it takes."""
    single = one_vector(loss)

    def columns(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not single:
            return loss(w)
        values, gradients = zip(*map(loss, w.T), strict=True)
        return np.array(values), np.stack(gradients, axis=1)

    def taken(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if w.ndim > 1:
            return columns(w)
        value, gradient = columns(w[:, None])
        return value[0], gradient[:, 0]

    check(columns)
    return taken


def check(loss: Loss) -> Loss:
    """The loss itself, once it has shown that it takes columns; ValueError with what was expected and what came.

    So too for a gradient of the wrong sign or length, by differences along the sphere.
    """
    value, gradient = loss(np.eye(3)[:, :2])
    if np.shape(value) != (2,) or np.shape(gradient) != (3, 2):
        raise ValueError(
            "loss: expected values (m,) and gradients (3, m) for points (3, m), "
            f"got {np.shape(value)} and {np.shape(gradient)} for (3, 2)"
        )
    _check_gradient(loss)
    return loss


def _check_gradient(loss: Loss) -> None:
    """ValueError if along the sphere the gradient is not the slope of the values, at more than half of eight places."""
    rng = np.random.default_rng(0)
    y = sphere.random_point((3, 8), rng)
    e = sphere.normalize(sphere.random_tangent(y, rng))
    step = 1e-3  # float32 values are good to 1e-4 of a slope then
    slope = (loss(sphere.exp(y, step * e))[0] - loss(sphere.exp(y, -step * e))[0]) / (2 * step)
    told = np.sum(e * loss(y)[1], axis=0)
    size = np.abs(slope) + np.abs(told)
    wrong = (np.abs(told - slope) > 1e-3 * size + 1e-6) & np.isfinite(size)
    if np.sum(wrong) > len(wrong) // 2:
        ratio = float(np.sum(told * slope) / np.sum(slope * slope)) if np.any(slope) else np.inf
        alike = np.allclose(told, ratio * slope, rtol=1e-2, atol=1e-2 * np.abs(told).max())
        got = (
            "its negative"
            if alike and abs(ratio + 1) < 1e-2
            else f"{ratio:.3g} times it"
            if alike
            else "another vector"
        )
        raise ValueError(f"loss: expected the gradient of its values, got {got}, by differences along the sphere")


def neuron(rng: np.random.Generator, eps: float = 0.0) -> Loss:
    """The loss of one batch-normalized neuron with three inputs, on a batch of 64 drawn by `rng`.

    >>> f = neuron(np.random.default_rng(0))
    >>> w = np.array([1.0, 2.0, -1.0])
    >>> bool(np.isclose(f(w)[0], f(5 * w)[0])), bool(abs(w @ f(w)[1]) < 1e-15)
    (True, True)
    """
    return of_moments(*moments(rng), eps)


def of_moments(R: np.ndarray, c: np.ndarray, eps: float = 0.0) -> Loss:
    """The loss of a neuron, of the covariance R (n, n) of its inputs and theirs with the targets, c (n,)."""

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


def rayleigh(rng: np.random.Generator) -> Loss:
    """w'Aw / w'w, with eigenvalues 0, 1 and 2 on axes drawn by `rng`: even, so a loss on lines; no length matters.

    >>> f = rayleigh(np.random.default_rng(0))
    >>> w = np.array([1.0, 2.0, -1.0])
    >>> bool(np.isclose(f(w)[0], f(-3 * w)[0]))
    True
    """
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    A = Q @ np.diag([0.0, 1.0, 2.0]) @ Q.T

    def loss(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, square = np.sum(w * (A @ w), axis=0) / np.sum(w * w, axis=0), np.sum(w * w, axis=0)
        return value, 2 * (A @ w - value * w) / square

    return loss


def linear(rng: np.random.Generator) -> Loss:
    """1 - c'w for a unit vector c drawn by `rng`: on the sphere one minimum, one maximum, nothing between."""
    c = rng.standard_normal(3)
    c = c / np.linalg.norm(c)

    def loss(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 1 - c @ w, -np.multiply.outer(c, np.ones(w.shape[1:]))

    return loss


def two_wells(rng: np.random.Generator) -> Loss:
    """1 - exp(4 (a'u - 1)) - 0.7 exp(4 (b'u - 1)) of u = w/|w|, a and b unit vectors 100 degrees apart, by `rng`."""
    Q, angle = np.linalg.qr(rng.standard_normal((3, 3)))[0], np.radians(100)
    centres = Q[:, :2] @ np.array([[1.0, np.cos(angle)], [0.0, np.sin(angle)]])  # (3, 2)
    depth = np.array([1.0, 0.7])

    def loss(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        length = np.sqrt(np.sum(w * w, axis=0))
        u = w / length
        well = np.exp(4 * (u.T @ centres - 1)) * depth  # (m, 2)
        g = -4 * centres @ well.T
        return 1 - np.sum(well, axis=-1), (g - np.sum(u * g, axis=0) * u) / length

    return loss


LOSSES: dict[str, Callable[[np.random.Generator], Loss]] = {
    "neuron": neuron,
    "rayleigh": rayleigh,
    "linear": linear,
    "two-wells": two_wells,
}


def named(loss: str | Loss, rng: np.random.Generator) -> Loss:
    """The loss of that name, its constants drawn by `rng`, or the function itself; ValueError for what is neither."""
    if callable(loss):
        return every(loss)
    if loss not in LOSSES:
        raise ValueError(f"loss: expected one of {', '.join(LOSSES)} or a function, got {loss!r}")
    return LOSSES[loss](rng)
