"""The lines of R^3 are the Grassmann manifold G(1,3): y and -y are one point, and the nearer of x and -x counts.

    d(y, x) = min(angle(y, x), angle(y, -x)) <= 90 degrees,     log_y(x) = the sphere's log_y(sign(y'x) x)

On the cut locus of y, the great circle y'x = 0, both are equally near. Source: Cho and Lee, NIPS 2017.
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import Camera
from ..drawing import Formula, Frame, Sphere
from ..marks import Curve, Label, Mark, Point, Vector
from ..panels import Line, Panel
from .shared import SIZE, along, check, ease, scene, stage

FORMULAS = (
    Formula(r"$y \sim -y$", "y"),
    Formula(r"$d(y, x) = \min\,\angle(y, \pm x)$", "h"),
    Formula(r"$y'x = 0$", "frame"),
    Formula(r"$\log_y(\mathrm{sign}(y'x)\,x)$", "h"),
)
LASTING = (5.8, 7.0, 6.6, 7.2)
START = 25.0  # degrees from y to x, at first


@scene
def lines(
    seed: int = 0, degrees: float = 130.0, seconds: float = 26.6, size: tuple[int, int] = SIZE, orbit: float = 0.0
) -> Animation:
    """On lines y and −y are one point, and log takes the shorter way, which jumps at the cut locus.

    x turns away from y until they are `degrees` apart on the sphere, more than 90 and less than 180.
    """
    check(seed, orbit)
    if not 90 < degrees < 180:
        raise ValueError(f"degrees: expected more than 90 and less than 180, got {degrees}")
    rng = np.random.default_rng(seed)
    y = sphere.random_point((3,), rng)
    u = sphere.normalize(sphere.random_tangent(y, rng))
    camera = Camera(0.58 * y + 0.62 * u + 0.55 * np.cross(y, u))
    angles = np.linspace(START, degrees, 240)
    angles = np.sort(np.append(angles[angles != 90], [90.0, 90.0]))  # 90 twice: there log jumps
    ahead = angles <= 90
    ahead[np.flatnonzero(angles == 90)[1]] = False
    ways = np.where(ahead, angles, angles - 180)  # log, along the circle
    whole = tuple(np.stack([angles, line]) for line in (angles, np.abs(ways), ways))
    panels = (
        Panel((Line(whole[0], "guide", "sphere"), Line(whole[1], "h", "lines")), "Distance, degrees", "", (90.0,)),
        Panel((Line(whole[2], "h"),), "log, with its sign", "degrees from y to x", (90.0,), number="{:.0f}°"),
    )
    captions = _captions(degrees)

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        s = ease(s)
        angle = (START, START + s * (90 - START), 90.0, 90 + s * (degrees - 90))[at]
        x = sphere.exp(y, np.radians(angle) * u)
        gone, way = angles < angle, angle if angle <= 90 else angle - 180
        curves = tuple(
            np.column_stack([line[:, gone], [angle, end]])
            for line, end in zip(whole, (angle, abs(way), way), strict=True)
        )
        turned = camera.turned(orbit * (t - 0.5)) if orbit else camera
        return Frame(_marks(y, u, x, angle, at), turned, captions[at], at, curves)

    caption = (
        f"x turns away from y along a great circle, from {START:.0f} to {degrees:.0f} degrees. As lines, y and −y are "
        "one point, and so are x and −x: their distance grows to 90 degrees at the cut locus y'x = 0, where the "
        f"shortest way jumps to −x, and falls again to {180 - degrees:.0f}."
    )
    return Animation(frame, "Lines: y and −y are one", caption, seconds, size, (Sphere(ghost=True),), FORMULAS, panels)


def _marks(y: np.ndarray, u: np.ndarray, x: np.ndarray, angle: float, at: int) -> dict[str, Mark]:
    """Both lines, and both ways from y to that of x: the shorter drawn out, the longer dotted."""
    marks: dict[str, Mark] = {
        "line of y": Vector(-1.25 * y, 2.5 * y, "guide", head=False),
        "line of x": Vector(-1.25 * x, 2.5 * x, "guide", head=False),
    }
    if at >= 2:
        round_y = np.linspace(0, 2 * np.pi, 121)
        marks["cut"] = Curve(np.outer(u, np.cos(round_y)) + np.outer(np.cross(y, u), np.sin(round_y)), "frame")
    if at >= 1:
        ways = {1.0: sphere.log(y, x), -1.0: sphere.log(y, -x)}
        nearer = 1.0 if at == 1 else -1.0
        for sign, way in ways.items():
            short = sign == nearer or at == 2
            name = "shorter" if sign == nearer else "other"
            points = along(y, way, np.linspace(0, 1, 61))
            marks[name] = Curve(points, "h" if short else "guide")
            length = f"{np.degrees(sphere.norm(y, way)):.0f}°"
            marks[f"{name} length"] = Label(points[:, 30], length, "h" if short else "guide", points[:, 30])
    marks["x"] = Point(x, "x", aside=x)
    marks["y"] = Point(y, "y", aside=y)
    return marks


def _captions(degrees: float) -> tuple[str, ...]:
    """What each stage shows."""
    return (
        "A line meets the sphere twice: y and −y are one point of G(1,3), and so are x and −x.",
        f"Two ways lead to the line of x. log takes the shorter: {START:.0f}° at first, not {180 - START:.0f}°.",
        "Where y'x = 0, the cut locus, both ways are 90° long: log has two answers, and one must say which.",
        f"Past it −x is nearer: log jumps by 180°. x is {degrees:.0f}° from y, its line "
        f"{180 - degrees:.0f}° from that of y.",
    )
