"""A plane of R^3 through the origin is a point of G(2,3), and a geodesic turns it about the line it keeps.

    Y'X = U cos(theta) V',   H = log_Y(X),   exp_Y(s H) turns Y by s theta,   d(Y, X) = |theta|

theta holds the two principal angles. Source: Edelman, Arias and Smith, SIAM J. Matrix Anal. Appl. 20 (1998).
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere
from grassmann_np.geometry import subspaces as g2

from ..animation import Animation
from ..camera import Camera
from ..drawing import Formula, Frame, Sphere
from ..marks import Curve, Disc, Label, Mark, Point, Vector
from ..panels import Line, Panel
from .shared import SIZE, check, ease, gone, scene, stage

FORMULAS = (
    Formula(r"$Y'Y = I$", "y"),
    Formula(r"$Y'X = U\cos(\Theta)\,V'$", "guide"),
    Formula(r"$Y \leftarrow \exp_Y(s\,\log_Y X)$", "h"),
    Formula(r"$d(Y, X) = |\Theta|$", "frame"),
)
LASTING = (6.2, 6.8, 7.4, 6.6)


@scene
def subspaces(
    seed: int = 60, degrees: float = 65.0, seconds: float = 27.0, size: tuple[int, int] = SIZE, orbit: float = 0.0
) -> Animation:
    """One plane turns into another along a geodesic of G(2,3), by the principal angle between them.

    `degrees` is that angle, more than 0 and less than 90; the other one is 0, along the line that both planes hold.
    """
    check(seed, orbit)
    if not 0 < degrees < 90:
        raise ValueError(f"degrees: expected more than 0 and less than 90, got {degrees}")
    rng = np.random.default_rng(seed)
    Y, Q = g2.random_point((3, 2), rng), g2.random_point((2, 2), rng)
    way = g2.random_tangent(Y, rng)
    X = g2.exp(Y, np.radians(degrees) / g2.norm(Y, way) * way) @ Q  # Q: its own basis, whichever
    H = g2.log(Y, X)
    _, theta, vt = np.linalg.svd(H, full_matrices=False)
    middle, line = g2.exp(Y, H / 2) @ vt[0], Y @ vt[1]
    camera = Camera(0.62 * middle + 0.3 * line + 0.72 * np.cross(middle, line))
    part = np.linspace(0, 1, 61)
    planes = np.stack([g2.exp(Y, s * H) for s in part])
    to = [np.degrees([g2.principal_angles(at, P) for P in planes]) for at in (Y, X)]  # (61, 2) each
    lines = (np.stack([part, to[0][:, 1]]), np.stack([part, to[1][:, 1]]), np.stack([part, to[0][:, 0]]))
    named = [
        Line(line, *how)
        for line, how in zip(lines, (("h", "to Y"), ("frame", "to X"), ("guide", "other")), strict=True)
    ]
    panel = Panel(tuple(named), "Principal angles, degrees", "part s of the way")
    captions = _captions(Y, X, H)

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        s = (0.0, 0.0, ease(s), 1.0)[at]
        curves = tuple(gone(line, 60 * s) for line in lines)
        turned = camera.turned(orbit * (t - 0.5)) if orbit else camera
        return Frame(_marks(Y, X, H, s, at), turned, captions[at], at, curves)

    distance = float(g2.distance(Y, X))
    caption = (
        "Two planes through the origin of R³ hold a line in common and differ by one principal angle, "
        f"{np.degrees(theta[0]):.1f} degrees; the other is {np.degrees(theta[1]):.1f}. Along the geodesic of G(2,3) "
        f"the first turns about that line into the second, {distance:.2f} rad away."
    )
    return Animation(frame, "Planes: a walk in G(2,3)", caption, seconds, size, (Sphere(),), FORMULAS, (panel,))


def _marks(Y: np.ndarray, X: np.ndarray, H: np.ndarray, s: float, at: int) -> dict[str, Mark]:
    """The planes Y and X, the plane P on its way, their common line, and the angle turned so far."""
    _, _, vt = np.linalg.svd(H, full_matrices=False)
    P, line = g2.exp(Y, s * H), Y @ vt[1]
    marks: dict[str, Mark] = {}
    for name, plane, role in (("Y", Y, "plane"), ("X", X, "frame"), ("P", P, "h")):
        if name == "P" and at < 2:
            continue
        disc = Disc(np.cross(*plane.T), role)
        marks[f"{name} disc"], marks[name] = disc, Curve(disc.points(), role)
    marks["line"] = Vector(-1.2 * line, 2.4 * line, "guide", head=False)
    if at >= 1:
        ahead = np.linspace(0, 1 if at == 1 else s, 41)
        arc = np.stack([g2.exp(Y, r * H) @ vt[0] for r in ahead], axis=1)
        angle = np.degrees(sphere.distance(arc[:, 0], arc[:, -1]))
        marks["angle"] = Curve(arc, "arc")
        marks["number"] = Label(arc[:, 20], f"{angle:.0f}°", "y", arc[:, 20])
    ends = np.stack([Y @ vt[0], g2.exp(Y, H) @ vt[0]], axis=1)
    for name, end, other, role in (("Y", *ends.T, "y"), ("X", *ends.T[::-1], "frame")):
        marks[f"{name} name"] = Label(end, name, role, end - other)
    basis = Y if at < 2 else P
    for i, name in enumerate(("y₁", "y₂")):
        marks[name] = Point(basis[:, i], name, aside=basis[:, i])
    if at == 3:
        for i, name in enumerate(("x₁", "x₂")):
            marks[name] = Point(X[:, i], name, "frame", X[:, i])
    return marks


def _captions(Y: np.ndarray, X: np.ndarray, H: np.ndarray) -> tuple[str, ...]:
    """What each stage shows, in numbers of the planes."""
    small, large = np.degrees(g2.principal_angles(Y, X))
    end, rad = g2.exp(Y, H), float(g2.distance(Y, X))
    off = np.degrees(sphere.distance(end[:, 0], X[:, 0]))
    return (
        "A plane through the origin is a point of G(2,3); any basis, such as y₁, y₂, stands for it.",
        f"Two planes hold a line in common: one principal angle is {small:.0f}°; the other, across it, is "
        f"{large:.0f}°.",
        f"The geodesic turns Y about that line at constant speed, by s times {large:.0f}°, and carries the "
        "basis along.",
        f"It is X, at the distance {rad:.2f} rad = {np.degrees(rad):.0f}° from Y. The basis is its own: "
        f"y₁ is {off:.0f}° from x₁.",
    )
