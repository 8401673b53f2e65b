"""One batch-normalized neuron does not see the length of its weight vector w; plain SGD makes w ever longer.

    f(a w) = f(w), a > 0   =>   w'g = 0,   g(a w) = g(w)/a
    w+ = w - eta g   =>   |w+|^2 = |w|^2 + eta^2 |g|^2,   and w turns by arctan(eta |g|/|w|)

The first line is Section 2 of Cho and Lee, NIPS 2017, in formulas; the second is Pythagoras.
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import Camera
from ..drawing import Formula, Frame, Sphere
from ..losses import Loss, named
from ..lossmap import limits
from ..marks import Label, Mark, Point, Trail, Vector
from ..panels import Line, Panel
from .shared import SIZE, Start, check, ease, first, gone, path, scene, stage

FORMULAS = (
    Formula(r"$f(a\,w) = f(w)$", "y"),
    Formula(r"$w'g = 0,\;\; g(a\,w) = g(w)/a$", "g"),
    Formula(r"$|w^+|^2 = |w|^2 + \eta^2|g|^2$", "g"),
    Formula(r"$w \leftarrow w - \eta\,g$", "sgd"),
    Formula(r"$\mathrm{angle} = \arctan(\eta\,|g|/|w|)$", "sgd"),
)
LASTING = (6.0, 6.2, 5.6, 9.0, 6.2)
STEPS = 12
STATIONS = (1.6, 1.45, 1.3, 1.15, 1.0)  # lengths of w at which its gradient is shown
LONGEST = 20  # w that is drawn


@scene
def scale(
    seed: int = 563,
    loss: str | Loss = "neuron",
    lr: float = 1.2,
    seconds: float = 33.0,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
    start: Start | None = None,
) -> Animation:
    """A loss that does not see the length of w, and plain SGD, which spirals outward on it.

    `loss` is a name, or maps columns of R^3 to (values, gradients); ValueError if it sees the length of w. lr: eta.
    """
    check(seed, orbit, lr)
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    y = first(start, rng)
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
    across = np.linalg.svd(walk)[0][:, 2]  # the walk lies all but in one plane: the eye is above it
    across = across if across @ np.cross(y, ways[:, -1]) <= 0 else -across
    camera = Camera(across + 0.3 * sphere.normalize(ways.sum(axis=1)))

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        s = ease(min(1.0, 1.3 * s))
        step = s * STEPS if at == 3 else STEPS * float(at > 3)
        marks = _start(y, g, lr, at, s) if at < 3 else _run(walk, step, angles if at == 4 else None)
        curves = tuple(gone(line.points, min(step, line.points.shape[1] - 1)) for line in lines)
        return Frame(marks, camera.turned(orbit * (t - 0.5)), captions[at], at, curves)

    caption = f"Plain SGD with learning rate {lr:g}. {captions[0]} {captions[3]} {captions[4]}"
    return Animation(frame, "Length slows SGD down", caption, seconds, size, (Sphere(loss),), FORMULAS, panels)


def _start(y: np.ndarray, g: np.ndarray, lr: float, stage: int, s: float) -> dict[str, Mark]:
    """w on its ray: it goes out, comes back with its gradient, takes one step."""
    far = STATIONS[0]
    length = (1 + (far - 1) * s, far + (1 - far) * s, 1.0)[stage]
    w, origin = length * y, np.zeros(3)
    marks: dict[str, Mark] = {"ray": Vector(origin, 1.06 * far * y, "guide", head=False)}
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


def _run(walk: np.ndarray, step: float, angles: np.ndarray | None) -> dict[str, Mark]:
    """The steps so far, in space, their directions on the sphere, and what of w is outside it, as a fan.

    With `angles`, in degrees, the widest and the last are told.
    """
    walked = gone(walk, step)
    ways = walked / np.linalg.norm(walked, axis=0)
    w, y = walked[:, -1], ways[:, -1]
    marks: dict[str, Mark] = {
        f"spoke{k}": Vector(ways[:, k], walked[:, k] - ways[:, k], "guide", head=False) for k in range(ways.shape[1])
    }
    if angles is not None:
        for name, k in (("widest", int(np.argmax(angles))), ("last", STEPS - 1)):
            middle = sphere.normalize(ways[:, k] + ways[:, k + 1])
            marks[name] = Label(middle, f"{angles[k]:.0f}°", "h", -middle)
    return marks | {
        "directions": Trail(ways, "h"),
        "walk": Trail(walked, "sgd", fade=True),
        "y": Point(y, "y", aside=-w),
        "w": Point(w, "w", "sgd", aside=w),
    }


def _captions(
    loss: Loss, y: np.ndarray, g: np.ndarray, lr: float, lengths: np.ndarray, angles: np.ndarray, short: np.ndarray
) -> tuple[str, ...]:
    """What each stage shows, in numbers of the walk."""
    far, size = STATIONS[0], np.linalg.norm(g)
    return (
        f"Only the direction of w counts: the loss is {loss(y)[0]:.3f} at |w| = 1, and {loss(far * y)[0]:.3f} at |w| = "
        f"{far:g}.",
        f"So g has no part along w, and it shrinks as 1/|w|: {size:.2f} at |w| = 1, "
        f"{np.linalg.norm(loss(far * y)[1]):.2f} at |w| = {far:g}.",
        f"A step of SGD, η = {lr:g}, is at a right angle to w: w can only grow, from 1 to {lengths[1]:.2f}.",
        f"{STEPS} steps: w spirals outward, from |w| = 1 to {lengths[-1]:.2f}. On the sphere you see its direction y.",
        f"Step {STEPS} turns y by {angles[-1]:.2f}°; with |w| = 1, by {short[-1]:.2f}°: η acts on y as "
        f"η/|w|² = {lr / lengths[-2] ** 2:.2f}.",
    )
