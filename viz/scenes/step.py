"""One step of SGD-G, Algorithm 1 of Cho and Lee, NIPS 2017, in seven stages.

h = g - (y'g) y,   d = gamma tau - eta clip(h, nu),   y <- exp_y(d),   tau <- pt_y(d; d)
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import facing
from ..drawing import Formula, Frame, Sphere
from ..losses import Loss, named, neuron
from ..marks import Curve, Mark, Plane, Point, Ring, Vector
from ..panels import Line, Panel
from .shared import SIZE, Start, Step, along, check, ease, first, number, scene, stage, take

FORMULAS = (
    Formula(r"$y'y = 1$", "y"),
    Formula(r"$y'v = 0$", "plane"),
    Formula(r"$g = \partial f/\partial y$", "g"),
    Formula(r"$h = g - (y'g)\,y$", "h"),
    Formula(r"$d = \gamma\,\tau - \eta\;\mathrm{clip}(h)$", "d"),
    Formula(r"$y \leftarrow \exp_y(d)$", "arc"),
    Formula(r"$\tau \leftarrow \mathrm{pt}_y(d;\,d)$", "d"),
)
LASTING = (3.4, 3.6, 4.9, 5.2, 5.4, 5.1, 4.7)
EPS = 0.3  # of the default neuron


@scene
def step(
    seed: int = 101,
    loss: str | Loss = "neuron",
    lr: float = 1.0,
    momentum: float = 0.9,
    clip: float = 0.5,
    seconds: float = 32.3,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
    start: Start | None = None,
) -> Animation:
    """One step of SGD-G, drawn large, in seven stages.

    It is the second step from a random point, so that there is a momentum. `loss` is a name, or maps columns of R^3 to
    (values, gradients); lr, clip: eta, nu; orbit: degrees that the camera turns.
    """
    check(seed, orbit, lr, clip, momentum)
    rng = np.random.default_rng(seed)
    default = loss == "neuron"
    loss = neuron(rng, eps=EPS) if default else named(loss, rng)
    before = take(loss, first(start, rng), np.zeros(3), lr, momentum, clip)
    y, tau = sphere.move(before.y, before.d, before.d)
    now = take(loss, sphere.normalize(y), tau, lr, momentum, clip)

    angle, (after, carried) = float(sphere.norm(now.y, now.d)), sphere.move(now.y, now.d, now.d)
    after_value = float(loss(after)[0])
    walk = np.linspace(0, 1.3 if angle > 0 else 1, 131)
    ahead = np.stack([np.degrees(angle) * walk, loss(along(now.y, now.d, walk))[0]])
    panel = Panel(
        (Line(ahead),),
        f"f(y), eps = {EPS:g}" if default else "Loss f(y)",
        "degrees walked",
        (float(np.degrees(angle)),),
    )
    captions = _captions(now, clip, angle, after_value, carried, default)
    e = sphere.normalize(now.d if angle > 0 else sphere.random_tangent(now.y, rng))
    longest = max(np.linalg.norm(v) for v in (now.h, now.d, now.clipped, momentum * tau))
    half = float(np.clip(1.08 * longest, 0.35, 0.8))
    camera = facing(now.y, now.d)

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        s = ease(min(1.0, 1.45 * s))  # then hold
        walked = s if at == 5 else float(at > 5)
        marks = _marks(now, at, s, walked, e, half, lr, momentum, clip)
        turn = camera.turned(orbit * (t - 0.5)) if orbit else camera
        gone = np.linspace(0, walked, 61)
        curve = np.stack([np.degrees(angle) * gone, loss(along(now.y, now.d, gone))[0]])
        return Frame(marks, turn, captions[at], at, (curve,))

    caption = _summary(now, lr, momentum, clip, angle, after_value, default)
    return Animation(frame, "One step of SGD-G", caption, seconds, size, (Sphere(loss),), FORMULAS, (panel,))


def _marks(
    now: Step, stage: int, s: float, walked: float, e: np.ndarray, half: float, lr: float, momentum: float, clip: float
) -> dict[str, Mark]:
    """What is on the sphere in a stage, a fraction s of it done, when that fraction of the walk is walked."""
    y = now.y
    here, e = sphere.move(y, walked * now.d, e)
    marks: dict[str, Mark] = {}
    if stage >= 1:
        marks["plane"] = Plane(here, e, half * (s if stage == 1 else 1))
    if stage == 2 or stage == 3:
        marks["g"] = Vector(y, -now.g * (s if stage == 2 else 1), "g", "−g")
    if stage == 3:
        marks["lost"] = Vector(y - now.g, s * (now.g - now.h), "guide", head=False)
        marks["h"] = Vector(y, -now.g + s * (now.g - now.h), "h", "−h" if s == 1 else "")
    if stage == 4:
        clipping, growing, adding = (min(1.0, max(0.0, 3 * s - k)) for k in range(3))
        push, pull = -now.h + clipping * (now.h - lr * now.clipped), momentum * now.tau
        marks["ring"] = Ring(y, lr * clip, "ην")
        marks["h"] = Vector(y, push, "h", "−ηĥ" if clipping == 1 else "−h")
        if np.any(pull):
            marks["tau"] = Vector(y, growing * pull, "tau", "γτ" if growing else "")
            marks["side"] = Vector(y + pull, adding * push, "guide", head=False)
            marks["opposite"] = Vector(y + push, adding * pull, "guide", head=False)
        marks["d"] = Vector(y, adding * now.d, "d", "d" if adding else "")
    if stage == 5:
        marks["d"] = Vector(here, sphere.transport(y, walked * now.d, now.d), "d", "d")
    if stage == 6:
        marks["tau"] = Vector(here, sphere.transport(y, walked * now.d, now.d), "d", "τ")
    if stage >= 5:
        marks["walk"] = Curve(along(now.y, now.d, np.linspace(0, walked, 61)))
        marks["from"] = Point(y)
    marks["y"] = Point(here, "y", aside=-np.cross(here, e))
    return marks


def _captions(
    now: Step, clip: float, angle: float, after: float, carried: np.ndarray, default: bool
) -> tuple[str, ...]:
    """What each stage shows, in numbers of the step."""
    h = np.linalg.norm(now.h)
    radial = float(now.y @ now.g)
    leans = "leaves" if abs(radial) >= 0.005 else "lies in"
    why = f" (BN's eps = {EPS:g})" if default else ""
    clipped = f"clipped from {h:.2f} to ν = {clip:g}" if h > clip else f"within ν = {clip:g}"
    return (
        f"y, the direction of a weight vector. Loss {now.value:.3f}.",
        "The tangent plane: all the ways in which y can turn.",
        f"−g, downhill in space. It {leans} the plane: y'g = {number(radial)}{why}.",
        f"−h, its projection: |h| = {h:.2f}. The part lost, {abs(radial):.2f} along y, cannot turn y.",
        f"d = γτ − ηĥ, with h {clipped}: y will turn by |d| = {angle:.2f}.",
        f"y walks along d, a great circle, {np.degrees(angle):.1f}°. The loss goes from {now.value:.3f} "
        f"to {after:.3f}.",
        f"τ, the new momentum: d carried in parallel, as long as before, {np.linalg.norm(carried):.2f}.",
    )


def _summary(now: Step, lr: float, momentum: float, clip: float, angle: float, after: float, default: bool) -> str:
    """The caption of the whole scene."""
    what = "one batch-normalized neuron with three inputs" if default else "a loss of three weights"
    h = np.linalg.norm(now.h)
    pushed = f"is clipped from {h:.2f} to {clip:g}" if h > clip else f"is shorter than the clip {clip:g}"
    verb = "falls" if after < now.value else "rises" if after > now.value else "stays"
    return (
        f"One step of SGD-G on the unit sphere, for {what}. The projected gradient h {pushed}; "
        f"with learning rate {lr:g} and momentum {momentum:g} the weight vector y turns by {np.degrees(angle):.1f} "
        f"degrees along a great circle, and the loss {verb} from {now.value:.3f} to {after:.3f}. The momentum is "
        "carried along. "
        + (
            "The step is drawn large, to be seen: in training the paper takes learning rate 0.2 and clip 0.1."
            if lr * clip > 0.2 * 0.1
            else ""
        )
    )
