"""What scenes share: numbers checked at the door, the steps of an optimizer, moments in time, words for a caption."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from grassmann_np.geometry import euclidean, sphere
from grassmann_np.nn import Parameter
from grassmann_np.optim import registry

from ..animation import Animation
from ..losses import Loss
from ..panels import FONT

Start = tuple[float, float, float]
LARGEST = 1000  # learning rate: beyond, numbers overflow before anything is drawn
LONGEST = 10  # step that is drawn, lr * clip, in radians: more than once round
SIZE = (640, 480)
PAINTED = {"style": "light", "font": FONT}
OPTIMIZERS: dict[str, tuple[Any, Callable[..., Any]]] = {  # where the weights live, and what moves them
    name: (sphere if one.on_sphere else euclidean, one.steps) for name, one in registry.OPTIMIZERS.items()
}
NAMES = {name: one.label for name, one in registry.OPTIMIZERS.items()} | {"decay": "decay", "frame": "yours"}


def scene(make: Callable[..., Animation]) -> Callable[..., Animation]:
    """A scene's decorator: it takes `style` and `font` too, and carries the command line that makes it again."""

    @wraps(make)
    def repeatable(*args: Any, style: str = "light", font: str = FONT, **kwargs: Any) -> Animation:
        given = signature(make).bind(*args, **kwargs).arguments
        painted = {key: value for key, value in {"style": style, "font": font}.items() if value != PAINTED[key]}
        return replace(make(*args, **kwargs), command=_command(make, given, painted), style=style, font=font)

    return repeatable


def _command(make: Callable[..., Animation], given: dict[str, Any], painted: dict[str, str]) -> str:
    """`python -m viz NAME`, with the words that are not the default; none for a function of the user's own."""
    usual = {key: parameter.default for key, parameter in signature(make).parameters.items()}
    given = {key: value for key, value in given.items() if not np.array_equal(value, usual[key])}
    if any(map(callable, given.values())):
        return ""
    if "size" in given:
        given["size"] = "{}x{}".format(*given["size"])
    if "start" in given:
        given["start"] = ",".join(str(float(x)) for x in given["start"])
    words = [f"--{key.replace('_', '-')}{'=' if key == 'start' else ' '}{value}" for key, value in given.items()]
    words += [f"--{key} {shlex.quote(value)}" for key, value in painted.items()]
    return " ".join([f"python -m viz {make.__name__}", *words])


def check(
    seed: int = 0, orbit: float = 0.0, lr: float | None = None, clip: float | None = None, momentum: float | None = None
) -> None:
    """ValueError for numbers that cannot be drawn; those that a scene does not take are left out."""
    given = {"lr": lr, "clip": clip, "momentum": momentum}
    given = {name: value for name, value in given.items() if value is not None}
    rules = {
        "lr > 0": lr is None or lr > 0,
        f"lr <= {LARGEST}": lr is None or lr <= LARGEST,
        "clip > 0": clip is None or clip > 0,
        f"lr * clip <= {LONGEST}": lr is None or clip is None or lr * clip <= LONGEST,
        "0 <= momentum < 1": momentum is None or 0 <= momentum < 1,
    }
    if not all(rules.values()):
        wanted = ", ".join(rule for rule in rules if all(word in given for word in rule.split() if word.isalpha()))
        raise ValueError(f"expected {wanted}, got {', '.join(f'{name} {value}' for name, value in given.items())}")
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed: expected 0 or more, and less than 2^63, got {seed}")
    if not abs(orbit) <= 3600:
        raise ValueError(f"orbit: expected at most 3600 degrees either way, got {orbit}")


@dataclass(frozen=True)
class Step:
    """All vectors of one step of SGD-G from y (3,) with momentum tau, at f(y) = value with gradient g."""

    y: np.ndarray
    tau: np.ndarray
    value: float
    g: np.ndarray
    h: np.ndarray
    clipped: np.ndarray
    d: np.ndarray


def take(loss: Loss, y: np.ndarray, tau: np.ndarray, lr: float, momentum: float, clip: float = np.inf) -> Step:
    """One step of SGD-G, up to its displacement d; `sphere.move(y, d, d)` is the rest."""
    value, g = loss(y)
    h = sphere.project(y, g)
    length = float(sphere.norm(y, h))
    clipped = h * (clip / length) if length > clip else h
    return Step(y, tau, float(value), g, h, clipped, sphere.project(y, momentum * tau - lr * clipped))


def path(
    loss: Loss, w: np.ndarray, steps: int, optimizer: str | Callable[..., Any] = "sgd-g", **settings: Any
) -> np.ndarray:
    """The points (3, steps + 1) that an optimizer of the library visits from w (3,), in float64.

    `optimizer` is one of OPTIMIZERS, or a function of a list of parameters, on the sphere, that gives an object with
    .step(). `settings` are its lr, momentum, ... ValueError for an unknown name.
    """
    if not callable(optimizer) and optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)} or a function, got {optimizer!r}")
    geometry, make = (sphere, optimizer) if callable(optimizer) else OPTIMIZERS[optimizer]
    parameter = Parameter(np.array(w, dtype=float), geometry)
    moving, seen = make([parameter], **settings), [np.array(w, dtype=float)]
    for _ in range(steps):
        parameter.grad = np.asarray(loss(parameter.value)[1], dtype=float)
        moving.step()
        seen.append(np.array(parameter.value))
    return np.stack(seen, axis=1)


def first(start: Start | None, rng: np.random.Generator) -> np.ndarray:
    """The point where a scene starts, (3,): `start` put on the sphere, or one drawn by `rng`, which is drawn anyway.

    ValueError for what is not three numbers, or all of them 0.
    """
    drawn: np.ndarray = sphere.random_point((3,), rng)
    if start is None:
        return drawn
    y: np.ndarray = np.asarray(start, dtype=float)
    if y.shape != (3,) or not np.isfinite(y).all() or not y.any():
        raise ValueError(f"start: expected three numbers, not all 0, got {start}")
    point: np.ndarray = sphere.normalize(y)
    return point


def along(y: np.ndarray, d: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The points exp_y(s d) of a geodesic, s (k,): (3, k)."""
    points: np.ndarray = sphere.exp(np.outer(y, np.ones_like(s)), np.outer(d, s))
    return points


def gone(points: np.ndarray, s: float) -> np.ndarray:
    """The points (n, k) up to the place s in [0, k - 1], which is put between the points if it is not one of them.

    >>> gone(np.array([[0.0, 1.0, 2.0], [5.0, 5.0, 9.0]]), 1.5)
    array([[0. , 1. , 1.5],
           [5. , 5. , 7. ]])
    """
    last = min(int(s), points.shape[1] - 1)
    if s <= last:
        return points[:, : last + 1]
    part = s - last
    between = (1 - part) * points[:, last] + part * points[:, last + 1]
    return np.column_stack([points[:, : last + 1], between])


def stage(t: float, lasting: tuple[float, ...]) -> tuple[int, float]:
    """The stage at time t in [0, 1], when they last as long as `lasting` says, and the fraction of it that is done."""
    ends = np.cumsum(lasting) / np.sum(lasting)
    number = min(int(np.searchsorted(ends, t, side="right")), len(lasting) - 1)
    start = ends[number - 1] if number else 0.0
    return number, float((t - start) / (ends[number] - start))


def ease(s: float) -> float:
    """A fraction in [0, 1] that starts and ends without a jerk."""
    return s * s * (3 - 2 * s)


def number(x: float, decimals: int = 2) -> str:
    """A number for people: so many decimals, a true minus, no minus before zero.

    >>> number(-1.234), number(-0.001)
    ('−1.23', '0.00')
    """
    return f"{round(x, decimals) + 0.0:.{decimals}f}".replace("-", "−")
