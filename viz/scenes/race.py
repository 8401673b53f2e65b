"""SGD, SGD with weight decay, SGD-G and Adam-G from one start on one loss, and how far each turns y = w/|w| per step.

    SGD     w <- w - eta g                     g is at right angles to w, and |g| ~ 1/|w|: |w| grows, y slows down
    decay   w <- (1 - eta lambda) w - eta g    |w| is held back, and y with it less
    SGD-G   y <- exp_y(-eta h)                 there is no |w|: the step depends on y alone
    Adam-G  y <- exp_y(-eta m/sqrt(v))         at first eta a step, however long h is

The first three with momentum. What is said of g holds for a loss in which only the direction of w matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import Camera
from ..drawing import Frame, Sphere
from ..losses import Loss, named
from ..marks import Mark, Point, Trail
from ..panels import Line, Panel
from .shared import NAMES, SIZE, Start, check, first, gone, path, scene, stage

LASTING = (6.8, 9.0, 5.4, 7.4)
LEAST = 0.01  # degrees: a step that turns less is drawn as this


@scene
def race(
    seed: int = 9,
    loss: str | Loss = "neuron",
    optimizer: str | Callable[..., Any] = "none",
    lr: float = 0.5,
    momentum: float = 0.5,
    decay: float = 0.02,
    steps: int = 40,
    seconds: float = 28.6,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
    start: Start | None = None,
) -> Animation:
    """SGD, SGD with weight decay, SGD-G and Adam-G from one start on one loss.

    `loss` is a name, or maps columns of R^3 to (values, gradients). `optimizer` runs too: a name, or a function of a
    list of parameters on the sphere. lr: eta, for Adam-G a quarter of it, as in the paper; momentum: gamma; decay:
    lambda; orbit: degrees that the camera turns.
    """
    check(seed, orbit, lr, momentum=momentum)
    if not 2 <= steps <= 500:
        raise ValueError(f"steps: expected 2 to 500, got {steps}")
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    y = first(start, rng)
    usual = {"lr": lr, "momentum": momentum}
    walks = {
        "sgd": path(loss, y, steps, "sgd", **usual),
        "decay": path(loss, y, steps, "sgd", weight_decay=decay, **usual),
        "sgd-g": path(loss, y, steps, "sgd-g", **usual),
        "adam-g": path(loss, y, steps, "adam-g", lr=lr / 4),
    }
    if callable(optimizer):
        walks["frame"] = path(loss, y, steps, optimizer)
    elif optimizer not in ("none", *walks):
        walks[optimizer] = path(loss, y, steps, optimizer, lr=lr)
    places = {role: sphere.normalize(walk) for role, walk in walks.items()}
    losses, angles = {}, {}
    for role, points in places.items():
        losses[role] = np.stack([np.arange(steps + 1), loss(points)[0]])
        turns = np.degrees(sphere.distance(points[:, :-1], points[:, 1:]))
        angles[role] = np.stack([np.arange(1, steps + 1), np.maximum(turns, LEAST)])
    captions = _captions(walks, losses, angles, steps, lr)
    camera = Camera(y + 1.5 * sphere.normalize(sum(points.mean(axis=1) for points in places.values())))

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        done = steps * s if at == 1 else float(steps * (at > 1))
        turn = camera.turned(orbit * (t - 0.5)) if orbit else camera
        curves = [gone(line, done) for line in losses.values()]
        curves += [gone(line, max(0.0, done - 1)) for line in angles.values()]
        return Frame(_marks(places, done, steps), turn, captions[at], curves=tuple(curves))

    panels = (
        Panel(tuple(Line(losses[role], role, NAMES[role]) for role in places), "Loss f(w)", ""),
        Panel(
            tuple(Line(angles[role], role, NAMES[role]) for role in places),
            f"Degrees per step ≥ {LEAST:g}",
            "step",
            log=True,
        ),
    )
    caption = f"{captions[0]} {_ends(walks, losses, steps)}"
    caption = caption if captions[3] == captions[2] else f"{caption} {captions[3]}"
    return Animation(frame, "Race", caption, seconds, size, (Sphere(loss),), panels=panels)


def _marks(places: dict[str, np.ndarray], done: float, steps: int) -> dict[str, Mark]:
    """The trails when so many of the steps are done."""
    marks: dict[str, Mark] = {}
    for role in sorted(places, key=["decay", *places].index):  # that of decay below: plain SGD's often lies on it
        walked = sphere.normalize(gone(places[role], done))
        name = NAMES[role] if 4 * done > steps else ""
        marks |= {role: Trail(walked, role, fade=True), f"{role}-end": Point(walked[:, -1], name, role)}
    marks["start"] = Point(places["sgd"][:, 0], "y")
    return marks


def _captions(
    walks: dict[str, np.ndarray], losses: dict[str, np.ndarray], angles: dict[str, np.ndarray], steps: int, lr: float
) -> tuple[str, ...]:
    """What each stage shows, in numbers of the race."""
    early = max(1, steps // 4)
    turns = ", ".join(f"{NAMES[role]} {line[1, early - 1]:.2f}" for role, line in angles.items())
    grown = [np.linalg.norm(walks[role][:, early]) for role in ("sgd", "decay")]
    ends = ", ".join(f"{NAMES[role]} {line[1, -1]:.4f}" for role, line in losses.items())
    worst = max(losses, key=lambda role: losses[role][1, -1])
    others = "".join(f", {NAMES[role]}" for role in list(walks)[2:-1])
    after = f"Loss after {steps} steps: {ends}."
    why = "Adam-G, untuned, ends worst: it divides by √v, v a running mean of |h|², and the first h were long."
    return (
        f"SGD, SGD with decay{others} and {NAMES[list(walks)[-1]]} start from one y; drawn is w/|w|. η = {lr:g}, for "
        f"Adam-G {lr / 4:g}.",
        f"Degrees at step {early}: {turns}. The longer w, the less: |w| is {grown[0]:.2f} and {grown[1]:.2f}.",
        after,
        why if worst == "adam-g" else after,
    )


def _ends(walks: dict[str, np.ndarray], losses: dict[str, np.ndarray], steps: int) -> str:
    """Where each has come to: the loss, and the degrees to the best place that any has found."""
    best = min(losses, key=lambda role: losses[role][1].min())
    there = walks[best][:, int(np.argmin(losses[best][1]))]
    ends = ", ".join(
        f"{NAMES[role]} {losses[role][1, -1]:.4f} and {np.degrees(sphere.distance(walk[:, -1], there)):.1f}°"
        for role, walk in walks.items()
    )
    return f"After {steps} steps, the loss and the distance from the best place found: {ends}."
