"""One batch-normalized neuron does not see the length of its weight vector w; plain SGD makes w ever longer.

    f(a w) = f(w), a > 0   =>   w'g = 0,   g(a w) = g(w)/a
    w+ = w - eta g   =>   |w+|^2 = |w|^2 + eta^2 |g|^2,   and w turns by arctan(eta |g|/|w|)

The first line is Section 2 of Cho and Lee, NIPS 2017, in formulas; the second is Pythagoras.
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import facing
from ..drawing import Formula, Frame, Sphere
from ..losses import Loss, named
from ..lossmap import limits
from ..marks import Label, Mark, Point, Trail, Vector
from ..panels import Line, Panel
from .shared import SIZE, check, ease, gone, path, scene, stage

FORMULAS = (
    Formula(r"$f(a\,w) = f(w)$", "y"),
    Formula(r"$w'g = 0,\;\; g(a\,w) = g(w)/a$", "g"),
    Formula(r"$|w^+|^2 = |w|^2 + \eta^2|g|^2$", "g"),
    Formula(r"$w \leftarrow w - \eta\,g$", "sgd"),
    Formula(r"$\mathrm{angle} = \arctan(\eta\,|g|/|w|)$", "sgd"),
)
LASTING = (2.0, 2.6, 2.4, 5.0, 2.0)
STEPS = 24
STATIONS = (2.0, 1.75, 1.5, 1.25, 1.0)  # lengths of w at which its gradient is shown
LONGEST = 20  # w that is drawn


@scene
def scale(
    seed: int = 546,
    loss: str | Loss = "neuron",
    lr: float = 1.2,
    seconds: float = 12.0,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
) -> Animation:
    """A loss that does not see the length of w, and plain SGD, which spirals outward on it.

    `loss` is a name, or maps columns of R^3 to (values, gradients); ValueError if it sees the length of w. lr: eta.
    """
    check(seed, orbit, lr)
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    y = sphere.random_point((3,), rng)
    low, high = limits(loss)
    if not abs(loss(2 * y)[0] - loss(y)[0]) <= 1e-3 * (high - low):
        raise ValueError(f"loss: expected f(2w) = f(w), got {loss(2 * y)[0]:.4f} and {loss(y)[0]:.4f}")
    walk = path(loss, y, STEPS, "sgd", lr=lr, momentum=0.0)
    lengths = np.linalg.norm(walk, axis=0)
    if not lengths.max() <= LONGEST:
        raise ValueError(f"lr: expected one that keeps |w| below {LONGEST}, got {lr:g} and |w| = {lengths.max():.3g}")

    ways = walk / lengths
    angles = np.degrees(sphere.distance(ways[:, :-1], ways[:, 1:]))
    short = np.degrees(np.arctan(lr * np.linalg.norm(loss(ways)[1], axis=0)))[:-1]  # from the same ways, with |w| = 1
    lines = (
        Line(np.stack([np.arange(STEPS + 1), lengths]), "sgd"),
        Line(np.stack([np.arange(1, STEPS + 1), angles]), "sgd", "w"),
        Line(np.stack([np.arange(1, STEPS + 1), short]), "h", "|w|=1"),
    )
    panels = (Panel(lines[:1], "Length |w|", "", number="{:.2f}"), Panel(lines[1:], "Degrees turned by a step", "step"))
    g = loss(y)[1]
    captions = _captions(loss, y, g, lr, lengths, angles, short)
    camera = facing(y, sphere.log(y, ways[:, -1]), lean=1.5)

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        s = ease(min(1.0, 1.3 * s))
        step = s * STEPS if at == 3 else STEPS * float(at > 3)
        marks = _start(y, g, lr, at, s) if at < 3 else _run(walk, step)
        curves = tuple(gone(line.points, min(step, line.points.shape[1] - 1)) for line in lines)
        return Frame(marks, camera.turned(orbit * (t - 0.5)), captions[at], at, curves)

    caption = f"Plain SGD with learning rate {lr:g}. {captions[0]} {captions[3]} {captions[4]}"
    return Animation(frame, "Length slows SGD down", caption, seconds, size, (Sphere(loss),), FORMULAS, panels)


def _start(y: np.ndarray, g: np.ndarray, lr: float, stage: int, s: float) -> dict[str, Mark]:
    """w on its ray: it goes out, comes back with its gradient, takes one step."""
    far = STATIONS[0]
    length = (1 + (far - 1) * s, far + (1 - far) * s, 1.0)[stage]
    w, origin = length * y, np.zeros(3)
    marks: dict[str, Mark] = {"ray": Vector(origin, 1.1 * far * y, "guide", head=False)}
    if stage == 1:
        passed = [a for a in STATIONS if a > length]
        marks |= {f"g{i}": Vector(a * y, -g / a, "g") for i, a in enumerate(passed)}
        marks["g"] = Vector(w, -g / length, "g", f"−g, |g| = {np.linalg.norm(g) / length:.2f}")
    elif stage == 2:
        after = w - s * lr * g
        marks["step"] = Vector(w, after - w, "g", "−ηg")
        marks["after"] = Vector(origin, after, "h", f"|w⁺| = {np.linalg.norm(after):.2f}" if s == 1 else "")
    else:
        marks["length"] = Label(w, f"|w| = {length:.2f}", "y", -g)
    marks["w"] = Vector(origin, w, "y")
    marks["y"] = Point(y, "y", aside=-y)
    return marks


def _run(walk: np.ndarray, step: float) -> dict[str, Mark]:
    """The steps so far, in space, and their directions on the sphere."""
    walked = gone(walk, step)
    w = walked[:, -1]
    return {
        "directions": Trail(walked / np.linalg.norm(walked, axis=0), "guide"),
        "walk": Trail(walked, "sgd"),
        "ray": Vector(np.zeros(3), 1.1 * w, "guide", head=False),
        "y": Point(w / np.linalg.norm(w), "y", aside=-w),
        "w": Point(w, "w", "sgd", aside=np.cross(walked[:, 0], w)),
    }


def _captions(
    loss: Loss, y: np.ndarray, g: np.ndarray, lr: float, lengths: np.ndarray, angles: np.ndarray, short: np.ndarray
) -> tuple[str, ...]:
    """What each stage shows, in numbers of the walk."""
    far, size = STATIONS[0], np.linalg.norm(g)
    return (
        f"The loss sees nothing but the direction y = w/|w|: it is {loss(y)[0]:.3f} where |w| = 1, and "
        f"{loss(far * y)[0]:.3f} where |w| = {far:g}.",
        f"So its gradient g has no part along w, and it shrinks as 1/|w|: |g| is {size:.2f} where |w| = 1, and "
        f"{np.linalg.norm(loss(far * y)[1]):.2f} where |w| = {far:g}.",
        f"One step of SGD, learning rate η = {lr:g}: a right angle at w, so w can only grow, here from 1 to "
        f"√(1 + {lr * size:.2f}²) = {lengths[1]:.2f}.",
        f"{STEPS} steps: w spirals outward, from |w| = 1 to {lengths[-1]:.2f}. Below it, on the sphere, runs y, all "
        "that the loss sees.",
        f"Step {STEPS} turns y by {angles[-1]:.2f}°; with |w| = 1 it would turn it by {short[-1]:.2f}°. "
        f"Before it |w| was {lengths[-2]:.2f}, and η acts on y as η/|w|² = {lr / lengths[-2] ** 2:.2f}.",
    )
