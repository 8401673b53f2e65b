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
from .shared import SIZE, Step, along, check, ease, scene, stage, take

FORMULAS = (
    Formula(r"$\hat h = h\;\min(1,\;\nu/|h|)$", "h"),
    Formula(r"$y \leftarrow \exp_y(-\eta\,\hat h)$", "d"),
    Formula(r"$\exp_y(2\pi\,h/|h|) = y$", "arc"),
)
LASTING = (1.5, 1.5, 4.0, 2.0)  # how long each stage lasts, against the others


@scene
def clip(
    seed: int = 28,
    loss: str | Loss = "neuron",
    lr: float = 5.0,
    clip: float = 0.1,
    seconds: float = 8.0,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
) -> Animation:
    """A step that wraps around the sphere, and the same step clipped.

    Both are the first step of SGD-G from a random point. `loss` is a name, or maps columns of R^3 to (values,
    gradients); lr, clip: eta, nu; orbit: degrees that the cameras turn.
    """
    check(seed, orbit, lr, clip)
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    y = sphere.random_point((3,), rng)
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
        f"{walked:.0f} degrees walked, {np.degrees(sphere.distance(free.y, end)):.0f} degrees away from where it "
        f"began, loss {free.value:.2f} to {loss(end)[0]:.2f}"
        for walked, end in zip((far, near), ends, strict=True)
    )
    round_ = (
        "all the way round and on"
        if far > 360
        else "past the antipode, and nearer again"
        if far > 180
        else "not so far as the antipode"
    )
    shorter = (
        f"Clipping keeps the direction of h and shortens it from {h:.2f} to ν = {clip:g}, the ring"
        if h > clip
        else f"h is shorter than ν = {clip:g}, so clipping leaves it"
    )
    return (
        f"−h, downhill along the sphere: |h| = {h:.2f}. With η = {lr:g} the step is η|h| = {lr * h:.2f} radians, "
        f"{far:.0f} degrees: {round_}.",
        f"{shorter}. So without momentum no step is longer than ην = {lr * clip:.2f} radians, "
        f"{np.degrees(lr * clip):.0f} degrees.",
        "y walks along its great circle, on the left by −ηh, on the right by −ηĥ. Once round is 360 degrees.",
        f"Without clipping: {left}. Clipped: {right}.",
    )
