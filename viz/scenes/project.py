"""The gradient g, its tangent part h, and what is lost between them: the part y'g along y, which cannot turn y.

    h = g - (y'g) y,   |g|^2 = |h|^2 + (y'g)^2                              (6)
    f(a w) = f(w) for every a > 0   =>   y'g = 0,   h = g

Equation (6) of Cho and Lee, NIPS 2017. A batch-normalized neuron loses nothing; a loss that is linear in w, the
default here, loses all of g where it is least.
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import facing
from ..drawing import Formula, Frame, Sphere
from ..losses import Loss, named
from ..marks import Curve, Mark, Plane, Point, Vector
from ..panels import Line, Panel
from .shared import SIZE, Start, along, check, ease, first, scene, stage

FORMULAS = (
    Formula(r"$g = \partial f/\partial y$", "g"),
    Formula(r"$h = g - (y'g)\,y$", "h"),
    Formula(r"$|g|^2 = |h|^2 + (y'g)^2$", "guide"),
)
LASTING = (5.0, 6.0, 10.0)  # seconds, as in every scene: 15 characters of a caption are read in one
FAR = 2.4  # length of the walk, in radians, which ends where f is least if that comes before
SHORT = 0.04  # an arrow of that length has no room for a name


@scene
def project(
    seed: int = 102,
    loss: str | Loss = "linear",
    seconds: float = 21.0,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
    start: Start | None = None,
) -> Animation:
    """A gradient, its tangent part, and what is lost, all along a walk downhill.

    `loss` is a name, or maps columns of R^3 to (values, gradients); orbit: degrees that the camera turns.
    """
    check(seed, orbit)
    rng = np.random.default_rng(seed)
    loss = named(loss, rng)
    y = first(start, rng)
    h = sphere.project(y, loss(y)[1])
    u = -sphere.normalize(h if np.any(h) else sphere.random_tangent(y, rng))
    d = _far(loss, y, u) * u
    degrees, *measured = _measured(loss, y, d)
    lines = [
        Line(np.stack([degrees, values]), role, name)
        for values, role, name in zip(measured, ("g", "h", "guide"), ("|g|", "|h|", ""), strict=True)
    ]
    panels = (Panel(tuple(lines[:2]), "Lengths", ""), Panel((lines[2],), "Lost: y'g", "degrees walked"))
    captions = _captions(y, loss, degrees, loss(along(y, d, np.linspace(0, 1, 121)))[0], *measured)
    half = float(np.clip(1.08 * measured[1].max(), 0.35, 0.6))
    camera = facing(y, d)

    def frame(t: float) -> Frame:
        at, part = stage(t, LASTING)
        part = ease(min(1.0, 1.3 * part))
        walked = part if at == 2 else 0.0
        marks = _marks(y, d, loss, walked, (part, 1.0, 1.0)[at], (0.0, part, 1.0)[at], half)
        degrees, *measured = _measured(loss, y, walked * d)
        curves = tuple(np.stack([degrees, values]) for values in measured)
        return Frame(marks, camera.turned(orbit * (t - 0.5)), captions[at], at, curves)

    caption = " ".join(captions) + " A loss that does not see the length of w, as BN with eps = 0, loses nothing."
    return Animation(frame, "What projection loses", caption, seconds, size, (Sphere(loss),), FORMULAS, panels)


def _marks(
    y: np.ndarray, d: np.ndarray, loss: Loss, walked: float, grown: float, fallen: float, half: float
) -> dict[str, Mark]:
    """-g as far as it has grown, and -h as far as -g has fallen onto the plane, after that fraction of the walk."""
    here, onward = sphere.move(y, walked * d, d)
    g = loss(here)[1]
    h = sphere.project(here, g)
    marks: dict[str, Mark] = {
        "plane": Plane(here, sphere.normalize(onward), half),
        "walk": Curve(along(y, d, np.linspace(0, walked, 61))),
        "g": Vector(here, -grown * g, "g", "−g"),
        "y": Point(here, "y", aside=-np.cross(here, onward)),
    }
    if fallen > 0:
        marks["lost"] = Vector(here - g, fallen * (g - h), "guide", head=False)
        named = fallen == 1 and np.linalg.norm(h) > SHORT
        marks["h"] = Vector(here, -g + fallen * (g - h), "h", "−h" if named else "")
    return marks


def _far(loss: Loss, y: np.ndarray, u: np.ndarray) -> float:
    """How far along the unit vector u f is least, at most FAR, and not so near that nothing would be walked."""
    s = np.linspace(FAR / 4, FAR, 1801)
    return float(s[np.argmin(loss(along(y, u, s))[0])])


def _measured(loss: Loss, y: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, ...]:
    """Degrees walked along d, |g|, |h| and y'g there: (121,) each."""
    s = np.linspace(0, 1, 121)
    points = along(y, d, s)
    g = loss(points)[1]
    h = sphere.project(points, g)
    lengths = np.linalg.norm(g, axis=0), np.linalg.norm(h, axis=0)
    return np.degrees(np.linalg.norm(d)) * s, *lengths, np.sum(points * g, axis=0)


def _captions(
    y: np.ndarray,
    loss: Loss,
    degrees: np.ndarray,
    values: np.ndarray,
    whole: np.ndarray,
    tangent: np.ndarray,
    radial: np.ndarray,
) -> tuple[str, ...]:
    """What each stage shows, in numbers of the walk."""
    most = int(np.argmax(np.abs(radial)))
    if np.abs(radial).max() <= 1e-9 * whole.max():
        lost = "f does not see the length of w: nothing is lost."
    else:
        there = f"|y'g| = {abs(radial[most]):.2f} and |h| = {tangent[most]:.2f}"
        lost = f"Most is lost at {degrees[most]:.0f}°, where {there}."
    least = int(np.argmin(values))
    way = "past" if least < len(values) - 1 else "to"
    turns = least > 0 and degrees[-1] < np.degrees(FAR) - 0.1
    ends = f" {way} {degrees[least]:.0f}°, where f is least on its way" if turns else ""
    return (
        f"−g, the way the loss falls fastest in space: f = {float(loss(y)[0]):.2f}, |g| = {whole[0]:.2f}.",
        f"−h, its tangent part: |h| = {tangent[0]:.2f}. What is lost, {abs(radial[0]):.2f} along y, cannot turn y.",
        f"y walks along −h{ends}. {lost}",
    )
