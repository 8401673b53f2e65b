"""Momentum on the sphere: the last step, carried along in parallel, keeps y going; with no gradient it coasts.

d = gamma tau - eta h,   y <- exp_y(d),   tau <- pt_y(d; d)          Algorithm 1 of Cho and Lee, NIPS 2017
h = 0, gamma = 1:        |d| stays, and y closes a great circle
h = 0, gamma < 1:        |d| (1 + gamma + gamma^2 + ...) = |d|/(1 - gamma) is all that y turns
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import Camera
from ..drawing import Formula, Frame, Sphere
from ..losses import Loss, named
from ..marks import Curve, Label, Mark, Point, Trail, Vector
from .shared import SIZE, Start, Step, along, check, ease, first, gone, scene, stage, take

FORMULAS = (
    Formula(r"$d = \gamma\,\tau - \eta\,h$", "d"),
    Formula(r"$\tau \leftarrow \mathrm{pt}_y(d;\,d)$", "tau"),
    Formula(r"$h = 0,\ \gamma = 1$", "arc"),
    Formula(r"$h = 0,\ \gamma < 1$", "d"),
)
MOST = 0.99  # momentum: with more a coast goes on for thousands of steps
STOPPED = np.radians(0.1)  # what a coast has still to go when it is taken to have stopped


@scene
def momentum(
    seed: int = 65,
    loss: str | Loss = "neuron",
    lr: float = 0.3,
    momentum: float = 0.8,
    steps: int = 10,
    seconds: float = 27.8,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
    start: Start | None = None,
) -> Animation:
    """Momentum carried in parallel; without a gradient, a great circle or a coast.

    SGD-G from a random point, and beside it its first step with no gradient after it. `loss` is a name, or maps columns
    of R^3 to (values, gradients); lr: eta; momentum: gamma, at most 0.99; orbit: degrees that the cameras turn.
    ValueError if the first point has no gradient, or a step turns by half a circle or more.
    """
    check(seed, orbit, lr, momentum=momentum)
    if momentum > MOST or not 2 <= steps <= 100:
        raise ValueError(f"expected momentum <= {MOST} and steps from 2 to 100, got {momentum} and {steps}")
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    walk = _walk(loss, first(start, rng), steps, lr, momentum)
    y, d = walk[0].y, walk[0].d
    angle = float(np.linalg.norm(d))
    left = int(np.ceil(np.log(STOPPED * (1 - momentum) / angle) / np.log(momentum))) if momentum else 1
    coast = (1 - momentum ** np.arange(max(1, left) + 1)) / (1 - momentum)  # in first steps, after 0, 1, 2, ... steps
    coast[-1] = 1 / (1 - momentum)
    captions = _captions(walk, float(loss(walk[-1].y)[0]), momentum)
    trail = np.stack([step.y for step in walk], axis=1)
    middle, aside = sphere.normalize(trail.mean(axis=1)), sphere.normalize(np.cross(y, d))
    camera = Camera(y + middle + (0.8 if middle @ aside >= 0 else -0.8) * aside)
    lasting = (4.4, 5.6, 0.8 * (steps - 2), 6.0, 5.4)

    def frame(t: float) -> Frame:
        at, s = stage(t, lasting)
        turn = camera.turned(orbit * (t - 0.5)) if orbit else camera
        done = min(at, 2) + (s * (steps - 2) if at == 2 else min(1.0, 1.2 * s) if at < 2 else steps - 2)
        marks = _step(walk, trail, done, lr, momentum)
        return Frame(marks, turn, captions[at], (0, 1, 0, 2, 3)[at], beside=(_free(y, d, at, s, coast), turn))

    spheres = (Sphere(loss, heading=f"SGD-G, γ = {momentum:g}"), Sphere(heading="no gradient after the first step"))
    caption = f"SGD-G with momentum on the sphere, {steps} steps. {captions[3]} {captions[4]}"
    return Animation(frame, "Momentum", caption, seconds, size, spheres, FORMULAS)


def _walk(loss: Loss, y: np.ndarray, steps: int, lr: float, momentum: float) -> list[Step]:
    """So many steps, and one more that is not taken."""
    walk, tau = [], np.zeros(3)
    for _ in range(steps + 1):
        walk.append(take(loss, sphere.normalize(y), tau, lr, momentum))
        y, tau = sphere.move(walk[-1].y, walk[-1].d, walk[-1].d)
    if not np.any(walk[0].d):
        raise ValueError("loss: expected a gradient along the sphere at the first point, got none; take another seed")
    longest = np.degrees(max(np.linalg.norm(step.d) for step in walk))
    if longest >= 180:
        raise ValueError(f"lr: expected steps of less than 180 degrees, got one of {longest:.0f}; take a smaller lr")
    return walk


def _step(walk: list[Step], trail: np.ndarray, done: float, lr: float, momentum: float) -> dict[str, Mark]:
    """SGD-G when so many of its steps are done: in the first half of one the arrows grow, in the second y walks."""
    number = min(int(done), len(walk) - 2)
    now, s = walk[number], done - number
    grown, walked = ease(min(1.0, 2 * s)), ease(max(0.0, 2 * s - 1))
    here, d = sphere.move(now.y, walked * now.d, now.d)
    marks: dict[str, Mark] = {"trail": Trail(trail[:, : number + 1], "sgd-g")}
    if walked:
        marks["walk"] = Curve(along(now.y, now.d, np.linspace(0, walked, 31)), "sgd-g")
        marks["d"] = Vector(here, d, "d", "τ" if walked == 1 else "d")
    else:
        push, aside = -lr * grown * now.h, np.cross(now.y, now.tau if np.any(now.tau) else now.h)
        marks["h"] = Vector(now.y, push, "h")
        marks["word"] = Label(now.y + push, "−ηh", "h", aside if aside @ now.h <= 0 else -aside)
        if np.any(now.tau):
            marks["tau"] = Vector(now.y, momentum * now.tau, "tau", "γτ")
        marks["d"] = Vector(now.y, momentum * now.tau + push, "d", "d" if grown == 1 else "")
    marks["y"] = Point(here, "y", aside=-d)
    return marks


def _free(y: np.ndarray, d: np.ndarray, stage: int, s: float, coast: np.ndarray) -> dict[str, Mark]:
    """What the first step does alone: with gamma = 1 in stage 3, with gamma < 1 in stage 4."""
    once, s, places, speed = 2 * np.pi / np.linalg.norm(d), min(1.0, 1.2 * s), np.zeros(1), 1.0
    marks: dict[str, Mark] = {}
    if stage == 3:
        places = np.append(np.arange(0, once * s), once * s)
    if stage == 4:
        marks["circle"] = Curve(along(y, d, np.linspace(0, once, 181)), "guide")
        places = gone(coast[None], (len(coast) - 1) * s)[0]
        speed = 1 - places[-1] / coast[-1]  # gamma^k after k steps
    here, onward = sphere.move(y, places[-1] * d, d)
    if stage > 2:
        marks["trail"] = Trail(along(y, d, places), "arc" if stage == 3 else "d")
        degrees = np.degrees(places[-1] * np.linalg.norm(d))
        marks["degrees"] = Label(here, f"{degrees:.0f}°", aside=np.cross(onward, here))
    marks["d"] = Vector(here, speed * onward, "d", "d" if speed > 0.2 else "")
    marks["y"] = Point(here, "y", aside=-onward)
    return marks


def _captions(walk: list[Step], last: float, momentum: float) -> tuple[str, ...]:
    """What each stage shows, in numbers of the steps."""
    degrees = [np.degrees(np.linalg.norm(step.d)) for step in walk[:-1]]
    angle = degrees[0]
    return (
        f"The first step has no momentum: d = −ηh turns y by {angle:.1f} degrees.",
        f"τ is that d, carried along. The next d is {momentum:g} of it and the new −ηh: {degrees[1]:.1f} degrees.",
        f"And so on, {len(degrees)} steps: those that agree add up, at most to {max(degrees):.1f} degrees. "
        f"Loss {last:.2f}.",
        f"No gradient, γ = 1: every step turns y by {angle:.1f} degrees; after {360 / angle:.1f} steps, a great "
        "circle.",
        f"No gradient, γ = {momentum:g}: y coasts |d|/(1 − γ) = {angle / (1 - momentum):.1f} degrees, and stops.",
    )
