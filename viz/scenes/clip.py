"""Norm clipping: a step longer than the sphere is wide wraps around it, a clipped one does not.

exp_y(2 pi h/|h|) = y,   so   d = -eta h min(1, nu/|h|)                 Cho and Lee, NIPS 2017
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import facing
from ..drawing import Formula, Frame, Sphere
from ..losses import Loss, named
from ..marks import Curve, Label, Mark, Point, Ring, Vector
from .shared import SIZE, Start, Step, along, check, ease, first, scene, stage, take

FORMULAS = (
    Formula(r"$\hat h = h\;\min(1,\;\nu/|h|)$", "h"),
    Formula(r"$y \leftarrow \exp_y(-\eta\,\hat h)$", "d"),
    Formula(r"$\exp_y(2\pi\,h/|h|) = y$", "arc"),
)
LASTING = (6.7, 7.0, 8.0, 7.0)


@scene
def clip(
    seed: int = 28,
    loss: str | Loss = "neuron",
    lr: float = 5.0,
    clip: float = 0.1,
    seconds: float = 28.7,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
    start: Start | None = None,
) -> Animation:
    """A step that wraps around the sphere, and the same step clipped.

    Both are the first step of SGD-G from a random point. `loss` is a name, or maps columns of R^3 to (values,
    gradients); lr, clip: eta, nu; orbit: degrees that the cameras turn.
    """
    check(seed, orbit, lr, clip)
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    y = first(start, rng)
    free, held = (take(loss, y, np.zeros(3), lr, 0.0, nu) for nu in (np.inf, clip))
    captions = _captions(free, held, loss, lr, clip)
    camera = facing(y, held.d + 0.5 * sphere.normalize(free.d) if np.any(free.d) else free.d)

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        s = ease(min(1.0, 1.25 * s))  # then hold
        turn = camera.turned(orbit * (t - 0.5)) if orbit else camera
        left, right = (_marks(now, at, s, nu) for now, nu in ((free, np.inf), (held, clip)))
        return Frame(left, turn, captions[at], (None, 0, 1, 2)[at], beside=(right, turn))

    spheres = (Sphere(loss, heading="without clipping"), Sphere(loss, heading=f"clipped to ν = {clip:g}"))
    caption = f"One step of SGD-G, and the same step without norm clipping. {captions[-1]}"
    return Animation(frame, "Norm clipping", caption, seconds, size, spheres, FORMULAS)


def _marks(now: Step, stage: int, s: float, nu: float) -> dict[str, Mark]:
    """What is on one sphere in a stage, a fraction s of it done."""
    walked = s if stage == 2 else float(stage > 2)
    length, here, aside = float(np.linalg.norm(now.d)), sphere.exp(now.y, walked * now.d), np.cross(now.d, now.y)
    marks: dict[str, Mark] = {}
    if stage < 2:
        shorter = s if stage == 1 else 0.0
        marks["h"] = Vector(now.y, -now.h + shorter * (now.h - now.clipped), "h", "−ĥ" if shorter == 1 else "−h")
        if stage == 1 and np.isfinite(nu):
            marks["ring"] = Ring(now.y, nu)
    else:
        begin = max(0.0, walked - 2 * np.pi / length) if length else 0.0  # of several rounds, the last
        marks["walk"] = Curve(along(now.y, now.d, np.linspace(begin, walked, 181)))
        marks["from"] = Point(now.y, role="plane")
        marks["degrees"] = Label(here, f"{np.degrees(walked * length):.0f}°", aside=-aside)
    marks["y"] = Point(here, "y", aside=aside)
    return marks


def _captions(free: Step, held: Step, loss: Loss, lr: float, clip: float) -> tuple[str, ...]:
    """What each stage shows, in numbers of the two steps."""
    h, (far, near) = np.linalg.norm(free.h), (np.degrees(np.linalg.norm(now.d)) for now in (free, held))
    ends = [sphere.exp(now.y, now.d) for now in (free, held)]
    left, right = (
        f"{walked:.0f}° walked, {np.degrees(sphere.distance(free.y, end)):.0f}° away, loss {free.value:.2f} to "
        f"{loss(end)[0]:.2f}"
        for walked, end in zip((far, near), ends, strict=True)
    )
    round_ = "more than once round" if far > 360 else "past the antipode" if far > 180 else "not so far as the antipode"
    shorter = f"Clipping shortens it to ν = {clip:g}, the ring" if h > clip else f"h is within ν = {clip:g} as it is"
    return (
        f"−h, downhill along the sphere, |h| = {h:.2f}: with η = {lr:g}, a step of {far:.0f} degrees, {round_}.",
        f"{shorter}: without momentum no step is longer than ην = {lr * clip:.2f} rad, {np.degrees(lr * clip):.0f}°.",
        "y walks along its great circle, on the left by −ηh, on the right by −ηĥ.",
        f"Left, {left}. Right, clipped, {right}.",
    )
