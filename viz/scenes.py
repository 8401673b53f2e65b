"""A scene is a lesson on the sphere: a function of a seed and a few numbers that gives an Animation.

`step` shows one step of SGD-G, Algorithm 1 of Cho and Lee, NIPS 2017, in seven stages:

    h = g - (y'g) y,   d = gamma tau - eta clip(h, nu),   y <- exp_y(d),   tau <- pt_y(d; d)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

import numpy as np

from grassmann_np.geometry import sphere

from .animation import Animation
from .camera import facing
from .drawing import Formula, Frame, Panel
from .losses import Loss, check, neuron
from .marks import Curve, Mark, Plane, Point, Ring, Vector

FORMULAS = (
    Formula(r"$y'y = 1$", "y"),
    Formula(r"$y'v = 0$", "plane"),
    Formula(r"$g = \partial f/\partial y$", "g"),
    Formula(r"$h = g - (y'g)\,y$", "h"),
    Formula(r"$d = \gamma\,\tau - \eta\;\mathrm{clip}(h)$", "d"),
    Formula(r"$y \leftarrow \exp_y(d)$", "arc"),
    Formula(r"$\tau \leftarrow \mathrm{pt}_y(d;\,d)$", "d"),
)
LASTING = (1.0, 1.0, 1.4, 1.6, 3.0, 2.2, 1.8)  # how long each stage lasts, against the others
EPS = 0.3  # of the default neuron
LONGEST = 10  # step that is drawn, lr * clip, in radians: more than once round


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


def take(loss: Loss, y: np.ndarray, tau: np.ndarray, lr: float, momentum: float, clip: float) -> Step:
    """One step of SGD-G, up to its displacement d; `sphere.move(y, d, d)` is the rest."""
    value, g = loss(y)
    h = sphere.project(y, g)
    length = float(sphere.norm(y, h))
    clipped = h * (clip / length) if length > clip else h
    return Step(y, tau, float(value), g, h, clipped, sphere.project(y, momentum * tau - lr * clipped))


def step(seed: int = 101, loss: Loss | None = None, lr: float = 1.0, momentum: float = 0.9, clip: float = 0.5,
         seconds: float = 10.0, size: tuple[int, int] = (640, 480), orbit: float = 0.0) -> Animation:
    """One step of SGD-G, drawn large, in seven stages.

    It is the second step from a random point, so that there is a momentum. `loss` maps columns of R^3 to (values,
    gradients); by default one batch-normalized neuron. lr, clip: eta, nu; orbit: degrees that the camera turns.
    """
    if not (lr > 0 and clip > 0 and lr * clip <= LONGEST and 0 <= momentum < 1):
        raise ValueError(f"expected lr > 0, clip > 0, lr * clip <= {LONGEST}, 0 <= momentum < 1, "
                         f"got lr {lr}, clip {clip}, momentum {momentum}")
    if seed < 0:
        raise ValueError(f"seed: expected 0 or more, got {seed}")
    if not abs(orbit) <= 3600:
        raise ValueError(f"orbit: expected at most 3600 degrees either way, got {orbit}")
    rng = np.random.default_rng(seed)
    default = loss is None
    loss = neuron(rng, eps=EPS) if loss is None else check(loss)
    first = take(loss, sphere.random_point((3,), rng), np.zeros(3), lr, momentum, clip)
    y, tau = sphere.move(first.y, first.d, first.d)
    now = take(loss, sphere.normalize(y), tau, lr, momentum, clip)

    angle, (after, carried) = float(sphere.norm(now.y, now.d)), sphere.move(now.y, now.d, now.d)
    after_value = float(loss(after)[0])
    walk = np.linspace(0, 1.3 if angle > 0 else 1, 131)
    panel = Panel(np.stack([np.degrees(angle) * walk, loss(_along(now, walk))[0]]), "Loss f(y)", "degrees walked",
                  (float(np.degrees(angle)),))
    captions = _captions(now, lr, momentum, clip, angle, after_value, carried, default)
    e = sphere.normalize(now.d if angle > 0 else sphere.random_tangent(now.y, rng))
    longest = max(np.linalg.norm(v) for v in (now.h, now.d, now.clipped, momentum * tau))
    half = float(np.clip(1.08 * longest, 0.35, 0.8))
    camera = facing(now.y, now.d)

    def frame(t: float) -> Frame:
        stage, s = _stage(t)
        s = _ease(min(1.0, 1.45 * s))  # then hold
        walked = s if stage == 5 else float(stage > 5)
        marks = _marks(now, stage, s, walked, e, half, lr, momentum, clip)
        turn = camera.turned(orbit * (t - 0.5)) if orbit else camera
        gone = np.linspace(0, walked, 61)
        curve = np.stack([np.degrees(angle) * gone, loss(_along(now, gone))[0]])
        return Frame(marks, turn, captions[stage], stage, curve)

    given = {"seed": seed, "lr": lr, "momentum": momentum, "clip": clip, "seconds": seconds,
             "size": f"{size[0]}x{size[1]}", "orbit": orbit}
    caption = _summary(now, lr, momentum, clip, angle, after_value, default)
    return Animation(frame, "One step of SGD-G", caption, FORMULAS, panel, seconds, size, loss,
                     command=_command("step", given) if default else "")


SCENES: dict[str, Callable[..., Animation]] = {"step": step}


def _marks(now: Step, stage: int, s: float, walked: float, e: np.ndarray, half: float, lr: float, momentum: float,
           clip: float) -> dict[str, Mark]:
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
        marks["walk"] = Curve(_along(now, np.linspace(0, walked, 61)))
        marks["from"] = Point(y)
    marks["y"] = Point(here, "y", aside=-np.cross(here, e))
    return marks


def _captions(now: Step, lr: float, momentum: float, clip: float, angle: float, after: float, carried: np.ndarray,
              default: bool) -> tuple[str, ...]:
    """What each stage shows, in numbers of the step."""
    g, h, tau = (np.linalg.norm(v) for v in (now.g, now.h, now.tau))
    radial, degrees = float(now.y @ now.g), np.degrees(angle)
    leans = "leaves" if abs(radial) >= 0.005 else "lies in"
    why = f" BN's eps, {EPS:g} here, lets it lean; with eps = 0 it would be tangent." if default else ""
    clipped = f"clipped from {h:.2f} to ν = {clip:g}" if h > clip else f"not clipped, {h:.2f} is within ν = {clip:g}"
    moved = f"The loss goes from {now.value:.3f} to {after:.3f}."
    return (
        f"y, the direction of a weight vector: a point of the unit sphere. Loss f(y) = {now.value:.3f}.",
        "The tangent plane at y: all the ways in which y can turn, the vectors v with y'v = 0.",
        f"−g, downhill in space: |g| = {g:.2f}. It {leans} the plane: y'g = {_number(radial)}.{why}",
        f"−h, its projection onto the plane: |h| = {h:.2f}. What is lost, {abs(radial):.2f} along y, cannot turn y.",
        f"d = γτ − ηĥ, the step: ĥ is h, {clipped}, η = {lr:g}; γ = {momentum:g}, and τ is the momentum of the step "
        f"before, |τ| = {tau:.2f}. So y will turn by |d| = {angle:.2f}.",
        f"The walk: y follows the great circle along d, through {angle:.2f} rad = {degrees:.1f}°. {moved}",
        "τ, the new momentum: d carried in parallel along the walk. It is tangent at the new y, and as long as before: "
        f"|τ| = {np.linalg.norm(carried):.2f}.",
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
        + ("The step is drawn large, to be seen: in training the paper takes learning rate 0.2 and clip 0.1."
           if lr * clip > 0.2 * 0.1 else "")
    )


def _along(now: Step, s: np.ndarray) -> np.ndarray:
    """The points exp_y(s d), s (k,): (3, k)."""
    return sphere.exp(np.outer(now.y, np.ones_like(s)), np.outer(now.d, s))


def _stage(t: float) -> tuple[int, float]:
    """The stage at time t in [0, 1], and the fraction of it that is done."""
    ends = np.cumsum(LASTING) / np.sum(LASTING)
    stage = min(int(np.searchsorted(ends, t, side="right")), len(LASTING) - 1)
    start = ends[stage - 1] if stage else 0.0
    return stage, float((t - start) / (ends[stage] - start))


def _ease(s: float) -> float:
    return s * s * (3 - 2 * s)


def _command(name: str, given: dict[str, object]) -> str:
    """The command line that makes the scene, with the words that are not the default."""
    usual = {key: parameter.default for key, parameter in signature(SCENES[name]).parameters.items()}
    usual["size"] = "{}x{}".format(*usual["size"])
    return f"python -m viz {name}" + "".join(f" --{key} {value}" for key, value in given.items() if value != usual[key])


def _number(x: float) -> str:
    """Two decimals, with a true minus."""
    return f"{round(x, 2) + 0.0:.2f}".replace("-", "−")
