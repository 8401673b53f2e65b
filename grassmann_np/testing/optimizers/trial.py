"""A trial is an optimizer under test: how to make it, what it claims to be, and starts and gradients drawn for it.

    make(y, rate) -> an object with     step(gradient) -> the new y             y, gradient (n, m): unit columns
                     and, if it likes,  .momentum  .rate  .state_dict()  .load_state_dict(state)

All that a property measures is measured here in float64, with formulas that share no code with the optimizers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...backend import Array
from ...checks import check_between, check_option, check_whole
from ..view import Wrong

KINDS = ("sgd", "adam-g", "adam")
LAWS = ("exp", "normalize", "fixed-norm")
TRANSPORTS = ("parallel", "projection", "none")
Make = Callable[[Array, float], Any]


@dataclass(frozen=True)
class Trial:
    """An optimizer, what it says it is, and the size of the arrays it is tried on.

    kind       "sgd"; "adam-g", one second moment for a vector; "adam", one for every coordinate
    law        how a step u at the rate eta gets back to the sphere, see `turned`
    transport  of the momentum to the next point: "parallel", "projection", or "none"
    clip       nu: a gradient longer than that is shortened to it; None if nothing is
    rate       the learning rate of the long runs;  steps: how many of them
    n, m       m unit vectors of R^n
    Raises ValueError for a value that is none of these, and TypeError for what is no number.
    """

    make: Make
    kind: str = "sgd"
    law: str = "exp"
    transport: str = "parallel"
    clip: float | None = None
    rate: float = 0.1
    steps: int = 10_000
    seed: int = 0
    dtype: Any = np.float64
    n: int = 6
    m: int = 3

    def __post_init__(self) -> None:
        for name, allowed in (("kind", KINDS), ("law", LAWS), ("transport", TRANSPORTS)):
            check_option(name, getattr(self, name), allowed)
        for name, value in (("rate", self.rate), ("clip", 1.0 if self.clip is None else self.clip)):
            check_between(name, value, 0.0, float(np.finfo(np.float32).max))
        for name, value, least in (
            ("steps", self.steps, 1),
            ("seed", self.seed, 0),
            ("n", self.n, 2),
            ("m", self.m, 1),
        ):
            check_whole(name, value, least)

    @property
    def eps(self) -> float:
        """The machine epsilon of the dtype."""
        return float(np.finfo(self.dtype).eps)

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator, the same each time."""
        return np.random.default_rng([self.seed, self.n, self.m])

    @property
    def strength(self) -> float:
        """The length of an ordinary gradient.  Adam's are long, so that its eps does not matter, or all clipped."""
        if self.kind == "sgd":
            return 1.0 if self.clip is None else self.clip / 2
        return 1e9 if self.clip is None else 100 * self.clip

    @property
    def slack(self) -> float:
        """What Adam's eps (1e-8 inside the root, say) may take from a clipped step, as a fraction: 0 if not clipped."""
        return 0.0 if self.kind == "sgd" or self.clip is None else 1e-5 / self.clip**2

    def rate_for(self, angle: float) -> float:
        """The rate at which a first step with an ordinary gradient turns by about this angle."""
        if self.law == "fixed-norm" or self.kind == "adam-g":
            return angle
        return angle / (self.strength if self.kind == "sgd" else np.sqrt(self.n - 1))

    def start(self, axis: bool = False) -> Array:
        """Unit columns (n, m); `axis`: all of them the first axis."""
        if axis:
            return np.eye(self.n, 1, dtype=self.dtype) * np.ones(self.m, self.dtype)
        y = self.rng.standard_normal((self.n, self.m))
        return np.asarray(y / np.linalg.norm(y, axis=0), self.dtype)

    def gradients(self, count: int) -> Array:
        """(count, n, m) in all directions, each 0.5 to 1.5 times as long as an ordinary one."""
        rng = np.random.default_rng([self.seed, self.n, self.m, 1])
        g = unit(rng.standard_normal((count, self.n, self.m)))
        return np.asarray(g * self.strength * rng.uniform(0.5, 1.5, (count, 1, self.m)), self.dtype)

    def start_and_gradient(self) -> tuple[Array, Array]:
        """A start, and a gradient for which it is said what the first step must be.

        Where optimizers differ in what they do with its part along y, it has none; Adam by coordinates starts from an
        axis, where a tangent gradient has nothing to divide.
        """
        y, (g,) = self.start(axis=self.kind == "adam"), self.gradients(1)
        if self.kind == "adam":
            g[0] = 0
        elif self.law == "normalize":
            g = np.asarray(project(y, g), self.dtype)
        return y, np.asarray(g / size(project(y, g)) * self.strength, self.dtype)  # tangent part of known length

    def update(self, y: Array, g: Array) -> Array:
        """u, the first step as far as it does not depend on the rate: -eta u is what the law turns y by.

        The tangent gradient h, clipped, for SGD; h/|h| for Adam-G; sign(h) for Adam. With a fixed norm it is not
        projected, and as long as y.
        """
        y, g = np.asarray(y, np.float64), np.asarray(g, np.float64)
        u = g if self.law == "fixed-norm" else project(y, g)
        if self.kind == "adam":
            u = np.sign(u)
        if self.law == "fixed-norm" or self.kind == "adam-g":
            return unit(u)
        return u * np.minimum(1, self.clip / size(u)) if self.clip and self.kind == "sgd" else u

    def turned(self, y: Array, u: Array, rate: float) -> tuple[Array, Array]:
        """(angle, the point) after a step of rate eta against u, by the law.

        exp         theta = eta |u|                             along the geodesic; u is tangent
        normalize   theta = arctan(eta |u|)                     (y - eta u)/|y - eta u|
        fixed-norm  tan theta = eta sin a/(1 - eta cos a)       the same, where |u| = 1 and a is its angle with y
        """
        y, along = np.asarray(y, np.float64), dot(y, u)
        across = u - along * y
        s, c = rate * size(across), rate * along
        theta = s if self.law == "exp" else np.arctan2(s, 1 - c)
        return theta, y * np.cos(theta) - unit(across) * np.sin(theta)

    def new(self, y: Array, rate: float | None = None) -> Watched:
        """The optimizer, made for this start."""
        return Watched(self, y, self.rate if rate is None else rate)

    def path(self, y: Array, gradients: Iterable[Array], rate: float | None = None) -> list[Array]:
        """The points that it reaches with these gradients, one after the other."""
        optimizer = self.new(y, rate)
        return [optimizer.step(g) for g in gradients]

    def apart(self, a: Sequence[Array], b: Sequence[Array]) -> float:
        """How far two paths are apart, in eps a step."""
        gaps = [np.max(size(one - other)) / (k + 1) for k, (one, other) in enumerate(zip(a, b, strict=True))]
        return float(max(gaps)) / self.eps


class Watched:
    """An optimizer whose answers are looked at.  Its methods raise Wrong, in words, for one that is no answer."""

    def __init__(self, trial: Trial, y: Array, rate: float) -> None:
        self.trial, self.y, self.taken = trial, y.astype(trial.dtype), 0
        self.optimizer = trial.make(self.y.copy(), float(rate))
        self.answered: Any = trial.dtype  # the dtype of the last answer

    def step(self, gradient: Array) -> Array:
        """The new point, in float64."""
        y = self.look(gradient)
        if not np.all(np.isfinite(y)):
            raise Wrong(f"step {self.taken}: NaN or inf for a finite gradient")
        return y

    def look(self, gradient: Array) -> Array:
        """`step`, NaN allowed."""
        given = gradient.astype(self.trial.dtype)
        answer = np.asarray(self.optimizer.step(given))
        self.taken += 1
        if answer.shape != self.y.shape:
            raise Wrong(f"step: expected the new y {self.y.shape}, got {answer.shape}")
        self.answered = answer.dtype
        return answer.astype(np.float64)

    @property
    def momentum(self) -> Array:
        """The momentum that it carries, in float64."""
        momentum = np.asarray(self.optimizer.momentum)
        if momentum.shape != self.y.shape:
            raise Wrong(f"momentum: expected {self.y.shape}, got {momentum.shape}")
        if not np.all(np.isfinite(momentum)):
            raise Wrong("momentum: NaN or inf")
        return momentum.astype(np.float64)


def dot(a: Array, b: Array) -> Array:
    """a'b of every column, in float64."""
    return np.sum(np.asarray(a, np.float64) * b, axis=-2)


def size(a: Array) -> Array:
    """|a| of every column, in float64; no square of it overflows or underflows."""
    a = np.asarray(a, np.float64)
    largest = np.max(np.abs(a), axis=-2, initial=1e-300)
    return largest * np.sqrt(np.sum((a / largest[..., None, :]) ** 2, axis=-2))


def unit(a: Array) -> Array:
    """a/|a|, every column; 0 stays 0."""
    length = size(a)[..., None, :]
    return a / np.where(length > 0, length, 1)


def project(y: Array, g: Array) -> Array:
    """The part of g orthogonal to the unit columns y, in float64."""
    y = unit(np.asarray(y, np.float64))
    h = g - y * dot(y, g)
    return h - y * dot(y, h)


def angle(y: Array, x: Array) -> Array:
    """The angle of every two columns: 2 atan2(|x - y|, |x + y|) of unit ones."""
    y, x = unit(np.asarray(y, np.float64)), unit(np.asarray(x, np.float64))
    return 2 * np.arctan2(size(x - y), size(x + y))


def carried(y: Array, x: Array, v: Array) -> Array:
    """v, tangent at y, carried in parallel along the shortest way to x: v - <v, x>/(1 + <x, y>) (x + y)."""
    y, x = unit(np.asarray(y, np.float64)), unit(np.asarray(x, np.float64))
    return v - (x + y) * (dot(v, x) / (1 + dot(x, y)))
