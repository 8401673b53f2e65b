"""From y along d: the geodesic, the straight line that leaves the sphere, and the line put back, a retraction.

    exp_y(d) = y cos|d| + u sin|d|,   u = d/|d|       turns y by |d|             (7)
    y + d                                             has length sqrt(1 + |d|^2)
    (y + d)/|y + d|                                   turns y by arctan|d| < |d|

Equation (7) of Cho and Lee, NIPS 2017. For small steps |d| - arctan|d| is |d|^3/3.
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import facing
from ..drawing import Formula, Frame, Sphere
from ..marks import Mark, Plane, Point, Trail, Vector
from ..panels import Line, Panel
from .shared import SIZE, Start, along, check, ease, first, gone, scene, stage

FORMULAS = (
    Formula(r"$y'd = 0,\;\; \theta = |d|$", "d"),
    Formula(r"$\exp_y(d) = y\cos\theta + u\sin\theta$", "arc"),
    Formula(r"$|y + d|^2 = 1 + \theta^2$", "g"),
    Formula(r"$R_y(d) = (y + d)\,/\,|y + d|$", "h"),
    Formula(r"$\arctan\theta < \theta$", "h"),
)
LASTING = (4.8, 6.0, 6.0, 7.0, 6.2)
STEPS = 8  # dots on each way
LONGEST = 6.0  # d that is drawn: nearly once round


@scene
def exp(
    seed: int = 252,
    length: float = 1.3,
    seconds: float = 30.0,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
    start: Start | None = None,
) -> Animation:
    """A walk along a geodesic, against the straight line and against its retraction.

    length: of the step d, in radians, at most 6; orbit: degrees that the camera turns. ValueError for others.
    """
    check(seed, orbit)
    if not 0 < length <= LONGEST:
        raise ValueError(f"length: expected more than 0 and at most {LONGEST:g} radians, got {length}")
    rng = np.random.default_rng(seed)
    y = first(start, rng)
    d = length * sphere.normalize(sphere.random_tangent(y, rng))
    s = np.linspace(0, 1, STEPS + 1)
    line = y[:, None] + np.outer(d, s)
    ways = s[None], line, sphere.normalize(line)

    fine = np.linspace(0, length, 121)
    turned = (Line(np.degrees([fine, fine]), "arc", "exp"), Line(np.degrees([fine, np.arctan(fine)]), "h", "R"))
    grown = Line(np.stack([np.degrees(fine), np.sqrt(1 + fine**2)]), "g")
    panels = (Panel(turned, "Degrees turned", ""), Panel((grown,), "Length |y + d|", "length of d, in degrees"))
    captions = _captions(length)
    camera = facing(y, d * min(1.0, np.pi / 2 / length), lean=-0.6)

    def frame(t: float) -> Frame:
        at, part = stage(t, LASTING)
        part = ease(min(1.0, 1.3 * part))
        done = [1.0 if at > k else part if at == k else 0.0 for k in (0, 1, 2, 3)]
        curves = tuple(gone(curve.points, 120 * done[k]) for curve, k in zip((*turned, grown), (1, 3, 2), strict=True))
        return Frame(_marks(y, d, ways, at, done), camera.turned(orbit * (t - 0.5)), captions[at], at, curves)

    caption = f"Three ways to take one step d from y. {' '.join(captions[1:])}"
    return Animation(frame, "Geodesic or shortcut", caption, seconds, size, (Sphere(),), FORMULAS, panels)


def _marks(
    y: np.ndarray, d: np.ndarray, ways: tuple[np.ndarray, ...], stage: int, done: list[float]
) -> dict[str, Mark]:
    """The ways as far as they are walked: `done` has the fraction of d, of the geodesic, the line, the retraction.

    `ways`: the parts of d at the dots (1, k), the dots of the line (3, k), those of the retraction.
    """
    parts, line, back = ways
    aside = np.cross(d, y)
    marks: dict[str, Mark] = {"plane": Plane(y, sphere.normalize(d), 0.5)}
    if stage < 2:
        marks["d"] = Vector(y, done[0] * d, "d", "d")
    if done[1]:
        walked = along(y, d, gone(parts, STEPS * done[1])[0])
        marks["walk"] = Trail(walked, "arc")
        marks["exp"] = Point(walked[:, -1], _angle("exp", y, d, walked[:, -1]) if stage == 4 else "", "arc", aside)
    if done[2]:
        walked = gone(line, STEPS * done[2])
        marks["line"] = Trail(walked, "g")
        marks["off"] = Point(walked[:, -1], "y + d" if done[2] == 1 else "", "g", d - y)
    if done[3]:
        fallen = line + done[3] * (back - line)
        for i in range(1, STEPS + 1):
            marks[f"fall{i}"] = Vector(line[:, i], fallen[:, i] - line[:, i], "guide", head=False)
        marks["back"] = Trail(fallen, "h")
        marks["R"] = Point(fallen[:, -1], _angle("R", y, d, fallen[:, -1]) if stage == 4 else "", "h", aside - d)
    marks["y"] = Point(y, "y", aside=-d)
    return marks


def _angle(name: str, y: np.ndarray, d: np.ndarray, x: np.ndarray) -> str:
    """The name of x, and how far round it is from y along d."""
    return f"{name} {np.degrees(np.arctan2(d @ x, np.linalg.norm(d) * (y @ x)) % (2 * np.pi)):.1f}°"


def _captions(length: float) -> tuple[str, ...]:
    """What each stage shows, in numbers of the step."""
    degrees, short, off = np.degrees(length), np.degrees(np.arctan(length)), np.sqrt(1 + length**2)
    return (
        f"A step d, tangent at y: |d| = {length:.3f} rad = {degrees:.1f}°. Where does it lead?",
        f"The geodesic: y turns along a great circle, equal arcs for equal parts of d, {degrees:.1f}° in all.",
        f"The straight line leaves the sphere at once: y + d has length √(1 + |d|²) = {off:.3f}.",
        "The retraction R puts the line back, towards the centre: at first like the geodesic, then shorter.",
        f"exp turns y by |d| = {degrees:.1f}°, R by arctan|d| = {short:.1f}°: {degrees - short:.1f}° less. "
        "It never reaches 90°.",
    )
