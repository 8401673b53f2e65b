"""Adam-G and Adam in two coordinate systems, x and Qx: turning the coordinates turns Adam-G's path, and changes Adam's.

    Adam-G:  v   <- b2 v   + (1 - b2) h'h       one number for the vector, and (Qh)'(Qh) = h'h
    Adam:    v_i <- b2 v_i + (1 - b2) g_i^2     one for each coordinate; those of Qg are other numbers

Algorithm 2 of Cho and Lee, NIPS 2017; Kingma and Ba, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import Camera
from ..drawing import Formula, Frame, Sphere
from ..losses import Loss, named
from ..marks import Curve, Mark, Point, Trail
from .shared import NAMES, SIZE, Start, along, check, ease, first, gone, path, scene, stage

FORMULAS = (
    Formula(r"Adam-G:  $v \leftarrow \beta_2\,v + (1 - \beta_2)\,h'h$", "adam-g"),
    Formula(r"Adam:  $v_i \leftarrow \beta_2\,v_i + (1 - \beta_2)\,g_i^2$", "adam"),
)
SAME = 1e-6  # degrees: no gap but rounding
LASTING = (6.7, 7.0, 6.2, 6.4)


@scene
def adam(
    seed: int = 7,
    loss: str | Loss = "neuron",
    optimizer: str | Callable[..., Any] = "adam",
    lr: float = 0.1,
    steps: int = 20,
    turn: float = 40.0,
    seconds: float = 26.3,
    size: tuple[int, int] = SIZE,
    start: Start | None = None,
) -> Animation:
    """Adam-G and Adam in two coordinate systems: whose path depends on them?

    Both start from one random point; the second system is turned by `turn` degrees. Of an optimizer whose weights leave
    the sphere, the direction is drawn. `loss` is a name, or maps columns of R^3 to (values, gradients); `optimizer`,
    compared with Adam-G, a name, or a function of a list of parameters on the sphere; lr: eta.
    """
    check(seed, lr=lr)
    if not 1 <= steps <= 200 or not abs(turn) <= 180:
        raise ValueError(f"expected 1 to 200 steps and a turn of at most 180 degrees, got {steps} and {turn}")
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    y = first(start, rng)
    rivals = {"adam-g": "adam-g", optimizer if isinstance(optimizer, str) else "frame": optimizer}
    here = {role: _path(loss, y, steps, rival, lr) for role, rival in rivals.items()}
    camera = Camera(y + 4 * sphere.normalize(sum(points.mean(axis=1) for points in here.values())))
    Q = _roll(camera, turn)
    turned = _in_other_coordinates(loss, Q)
    there = {role: _path(turned, Q @ y, steps, rival, lr) for role, rival in rivals.items()}
    gaps = {role: np.degrees(sphere.distance(here[role], Q.T @ there[role])) for role in rivals}
    captions = _captions(gaps, steps, turn)
    words = {role: f"{NAMES[role]} {gap.max():.0f}°" for role, gap in gaps.items()}

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        done = steps * min(1.0, 1.1 * s) if at == 1 else float(steps * (at > 1))
        back = ease(min(1.0, 1.2 * s)) if at == 2 else float(at > 2)  # how far paths are turned to the other system
        views = []
        for mine, other, degrees in ((here, there, -turn), (there, here, turn)):
            marks: dict[str, Mark] = {"start": Point(mine["adam-g"][:, 0], "y")}
            if done:
                marks |= _marks(mine, done, words if at == 3 else NAMES if 4 * done > steps else {})
            if at >= 2:
                carried = {role: _roll(camera, degrees * back) @ points for role, points in other.items()}
                marks |= {f"{role}-carried": Curve(Trail(p).path(), "guide") for role, p in carried.items()}
            if at == 3:
                marks |= _gaps(mine, carried, gaps)
            views.append((marks, camera))
        return Frame(*views[0], captions[at], None, beside=views[1])

    spheres = (Sphere(loss, heading="coordinates x"), Sphere(turned, heading=f"coordinates Qx, turned by {turn:g}°"))
    caption = f"{steps} steps of {' and '.join(NAMES[role] for role in gaps)} in two coordinate systems. {captions[3]}"
    return Animation(
        frame, "Turned coordinates", caption, seconds, size, spheres, FORMULAS[: 1 + (optimizer == "adam")]
    )


def _path(loss: Loss, y: np.ndarray, steps: int, optimizer: str | Callable[..., Any], lr: float) -> np.ndarray:
    """The directions (3, steps + 1) that an optimizer visits; a function of the user's own knows its lr."""
    walk = path(loss, y, steps, optimizer, **({} if callable(optimizer) else {"lr": lr}))
    directions: np.ndarray = sphere.normalize(walk)
    return directions


def _roll(camera: Camera, degrees: float) -> np.ndarray:
    """The rotation (3, 3) that turns the picture by so much, anticlockwise."""
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]])
    rotation: np.ndarray = camera.basis @ turn @ camera.basis.T
    return rotation


def _in_other_coordinates(loss: Loss, Q: np.ndarray) -> Loss:
    """The same loss as a function of Qx: value f(x), gradient Q df/dx."""

    def turned(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = loss(Q.T @ w)
        return value, Q @ gradient

    return turned


def _marks(paths: dict[str, np.ndarray], done: float, words: dict[str, str]) -> dict[str, Mark]:
    """The paths in their own coordinates, when so many steps are done, with words at their ends."""
    walked = {role: sphere.normalize(gone(points, done)) for role, points in paths.items()}
    middle = sum(points[:, -1] for points in walked.values()) / len(walked)
    marks: dict[str, Mark] = {role: Trail(points, role) for role, points in walked.items()}
    for role, points in walked.items():
        marks[f"{role}-end"] = Point(points[:, -1], words.get(role, ""), role, points[:, -1] - middle)
    return marks


def _gaps(mine: dict[str, np.ndarray], carried: dict[str, np.ndarray], gaps: dict[str, np.ndarray]) -> dict[str, Mark]:
    """The arcs of the largest gaps."""
    marks: dict[str, Mark] = {}
    for role, gap in gaps.items():
        k = int(np.argmax(gap))
        if gap[k] > SAME:
            a, b = mine[role][:, k], carried[role][:, k]
            marks[f"{role}-gap"] = Curve(along(a, sphere.log(a, b), np.linspace(0, 1, 41)), "arc")
    return marks


def _captions(gaps: dict[str, np.ndarray], steps: int, turn: float) -> tuple[str, ...]:
    """What each stage shows, in numbers of the paths."""
    says = [
        f"{NAMES[role]}: another path, up to {gap.max():.1f} degrees away, at step {np.argmax(gap)}."
        if gap.max() > SAME
        else f"{NAMES[role]}: the same path, to rounding."
        for role, gap in gaps.items()
    ]
    why = "Adam-G divides by one v for the whole vector, Adam by one for each coordinate. " if "adam" in gaps else ""
    return (
        f"One loss, one start; on the right all is turned by {turn:g} degrees, x → Qx, but not the grid, the axes.",
        f"{why}{steps} steps of each.",
        "Dotted: the other sphere's paths, turned back. Where they fit, coordinates do not matter.",
        " ".join(says),
    )
