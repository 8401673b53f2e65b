"""A frame carried in parallel around a triangle comes back turned by the triangle's area; projected, it shrinks.

    pt_y(v; d) = v - (u'v)(sin|d| y + (1 - cos|d|) u),   u = d/|d|          (8), along each side d
    P_x v = v - (x'v) x                                                     (6), in its place
    area = A + B + C - pi                                                   Girard, for the angles of the triangle

Equations (6) and (8) of Cho and Lee, NIPS 2017. Along a side of length |d| a projection leaves cos|d| of the part of v
that points along it.
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import Camera
from ..drawing import Formula, Frame, Sphere
from ..marks import Area, Curve, Label, Mark, Point, Vector
from .shared import SIZE, along, check, ease, scene, stage

FORMULAS = (
    Formula(r"$v \leftarrow \mathrm{pt}_y(v;\,d)$", "d"),
    Formula(r"$v \leftarrow v - (x'v)\,x$", "d"),
    Formula(r"$\mathrm{area} = A + B + C - \pi$", "plane"),
)
AT_WORK = (None, 0, 0, 1, 2)  # the formula of each stage
LASTING = (5.8, 7.8, 7.2, 7.2, 7.2)
LONG = 0.55  # v, as it is drawn
WIDEST = 1.4  # radius, in radians


@scene
def transport(
    seed: int = 16, radius: float = 0.75, seconds: float = 35.2, size: tuple[int, int] = SIZE, orbit: float = 0.0
) -> Animation:
    """A frame carried around a triangle, in parallel and by projections.

    radius: how far the corners are from the middle, in radians, about; more than 0, at most 1.4, else ValueError.
    """
    check(seed, orbit)
    if not 0 < radius <= WIDEST:
        raise ValueError(f"radius: expected more than 0 and at most {WIDEST} radians, got {radius}")
    rng = np.random.default_rng(seed)
    middle = sphere.random_point((3,), rng)
    corners = _triangle(middle, radius, rng)
    sides = [sphere.log(corners[i], corners[(i + 1) % 3]) for i in range(3)]
    start = _frame(corners[0], sides[0])
    parallel, projected = [start], [start]
    for x, d in zip(corners, sides, strict=True):
        parallel.append(carried(x, d, parallel[-1]))
        projected.append(thrown(x, d, projected[-1]))
    area, turn = excess(corners), turned(corners[0], start[:, 0], parallel[-1][:, 0])
    captions = _captions(corners, sides, parallel, projected, area, turn)
    centre = sphere.normalize(np.sum(corners, axis=0))
    edges = [along(x, d, np.linspace(0, 1, 41)) for x, d in zip(corners, sides, strict=True)]
    camera = Camera(middle + 0.25 * sphere.normalize(np.array([0.0, 0.0, 1.0])))

    def frame(t: float) -> Frame:
        at, part = stage(t, LASTING)
        part = ease(min(1.0, 1.2 * part))
        side, s = (at - 1, part) if 1 <= at <= 3 else (0, 0.0) if at == 0 else (2, 1.0)
        x, d = corners[side], sides[side]
        here = sphere.exp(x, s * d)
        path = np.column_stack([*edges[:side], along(x, d, np.linspace(0, s, 41))])
        both = [
            _marks(corners, edges, path, here, way(x, s * d, frames[side]))
            for way, frames in ((carried, parallel), (thrown, projected))
        ]
        if at == 4:
            both[0]["v"] = Vector(here, carried(x, s * d, parallel[side])[:, 0], "d", "v")
            both[0] |= _turn(corners[0], start[:, 0], part * turn, centre, area, part == 1)
        eye = camera.turned(orbit * (t - 0.5))
        return Frame(both[0], eye, captions[at], AT_WORK[at], beside=(both[1], eye))

    spheres = Sphere(heading="parallel transport"), Sphere(heading="projection")
    skew = np.degrees(sphere.distance(*projected[-1].T))
    caption = (
        f"{' '.join(captions[1:])} That is {area:.3f} rad, out of 4π = 12.57. The right angle of the frame that is "
        f"projected has become {skew:.0f}°."
    )
    return Animation(frame, "Carried around a triangle", caption, seconds, size, spheres, FORMULAS)


def carried(x: np.ndarray, d: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The tangent vectors (3, k) at x, carried in parallel along d."""
    return np.stack([sphere.transport(x, d, v) for v in vectors.T], axis=1)


def thrown(x: np.ndarray, d: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The tangent vectors (3, k) at x, projected onto the tangent plane at exp_x(d)."""
    y = sphere.exp(x, d)
    return np.stack([sphere.project(y, v) for v in vectors.T], axis=1)


def excess(corners: list[np.ndarray]) -> float:
    """The area of a triangle on the unit sphere: the sum of its three angles less pi."""
    return float(np.sum(angles(corners)) - np.pi)


def angles(corners: list[np.ndarray]) -> np.ndarray:
    """The three angles of a triangle, in radians: (3,)."""
    a, b, c = corners
    return np.array(
        [sphere.distance(sphere.log(p, q), sphere.log(p, r)) for p, q, r in ((a, b, c), (b, c, a), (c, a, b))]
    )


def turned(y: np.ndarray, v: np.ndarray, after: np.ndarray) -> float:
    """The angle from v to `after`, counterclockwise in the tangent plane at y, in [0, 2 pi)."""
    return float(np.arctan2(y @ np.cross(v, after), v @ after) % (2 * np.pi))


def _triangle(middle: np.ndarray, radius: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Three corners around the middle, counterclockwise, not quite evenly."""
    e = sphere.normalize(sphere.random_tangent(middle, rng))
    azimuths = 2 * np.pi / 3 * (np.arange(3) + rng.uniform(-0.15, 0.15, 3))
    far = radius * rng.uniform(0.9, 1.1, 3)
    return [
        sphere.exp(middle, r * (np.cos(a) * e + np.sin(a) * np.cross(middle, e)))
        for r, a in zip(far, azimuths, strict=True)
    ]


def _frame(y: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Two tangent vectors at y, at right angles, 45 degrees to either side of d, as long as they are drawn: (3, 2)."""
    v = LONG * sphere.normalize(d + np.cross(y, d))
    return np.stack([v, -np.cross(y, v)], axis=1)


def _marks(
    corners: list[np.ndarray], edges: list[np.ndarray], path: np.ndarray, here: np.ndarray, frame: np.ndarray
) -> dict[str, Mark]:
    """The triangle, the part of it that is walked, and the frame where it is now."""
    v, w = frame.T
    middle = np.sum(corners, axis=0)
    marks: dict[str, Mark] = {"area": Area(np.column_stack(edges)), "walk": Curve(path)}
    asides = corners[0] - middle, middle - corners[1], middle - corners[2]  # not where the frame comes by
    marks |= {name: Point(x, name, aside=aside) for name, x, aside in zip("abc", corners, asides, strict=True)}
    marks["w"] = Vector(here, w, "frame")
    marks["v"] = Vector(here, v, "d", f"{100 * np.linalg.norm(v) / LONG:.0f} %")
    marks["y"] = Point(here)
    return marks


def _turn(y: np.ndarray, v: np.ndarray, angle: float, middle: np.ndarray, area: float, done: bool) -> dict[str, Mark]:
    """The angle from where v was to where it is, and the area."""
    arc = np.linspace(0, angle, 41)
    around = y[:, None] + 0.6 * (np.outer(v, np.cos(arc)) + np.outer(np.cross(y, v), np.sin(arc)))
    half = np.cos(angle / 2) * v + np.sin(angle / 2) * np.cross(y, v)
    marks: dict[str, Mark] = {"was": Vector(y, v, "guide"), "turn": Curve(around, "arc")}
    if done:
        marks["angle"] = Label(y + 0.8 * half, f"{np.degrees(angle):.1f}°", "d", aside=half)
        marks["size"] = Label(middle, f"{np.degrees(area):.1f}°")
    return marks


def _captions(
    corners: list[np.ndarray],
    sides: list[np.ndarray],
    parallel: list[np.ndarray],
    projected: list[np.ndarray],
    area: float,
    turn: float,
) -> tuple[str, ...]:
    """What each stage shows, in numbers of the triangle."""
    kept = [100 * np.linalg.norm(v[:, 0]) / LONG for v in projected]
    met = [np.degrees(sphere.distance(d, v[:, 0])) for d, v in zip(sides, parallel, strict=False)]
    degrees = [f"{np.degrees(a):.1f}°" for a in angles(corners)]
    finer = 100 * np.linalg.norm(_stepwise(corners, sides, parallel[0], 10)[:, 0]) / LONG
    return (
        "A frame at a, two tangent vectors at right angles, to be carried along a b, b c, c a.",
        f"a to b. Left, v keeps its angle with the path, {met[0]:.1f}°: in space, that is enough to be parallel. "
        f"Right, {kept[1]:.0f} % is left.",
        f"b to c. Left, the angle with the path is now {met[1]:.1f}°, and stays. Right, v is projected: "
        f"{kept[2]:.0f} % is left.",
        f"c to a. Left, {met[2]:.1f}° to the path. Right, {kept[3]:.0f} % is left; with ten projections a side, "
        f"{finer:.0f} %.",
        f"v is turned by {np.degrees(turn):.1f}°, the triangle's area: A + B + C − 180° = {' + '.join(degrees)} − 180° "
        f"= {np.degrees(area):.1f}°.",
    )


def _stepwise(corners: list[np.ndarray], sides: list[np.ndarray], frame: np.ndarray, parts: int) -> np.ndarray:
    """The frame after a way around with so many projections a side."""
    for x, d in zip(corners, sides, strict=True):
        for y in along(x, d, np.linspace(0, 1, parts + 1)[1:]).T:
            frame = thrown(y, np.zeros(3), frame)
    return frame
