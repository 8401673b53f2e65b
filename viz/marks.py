"""A mark is one thing in R^3 to be drawn: a point, a vector, a curve on the sphere, a ring or a tangent plane.

A scene gives marks by name; the view keeps the artists of a name from frame to frame. What colour says (Okabe and
Ito's palette, colour-blind safe) dashes, widths and labels say again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grassmann_np.geometry import sphere


@dataclass(frozen=True)
class Style:
    """How a role looks: colour, line width in points at 480 pixels of height, dashes in line widths."""

    color: str
    width: float = 2.0
    dashes: tuple[float, ...] | None = None


STYLES = {
    "y": Style("#000000"),
    "g": Style("#D55E00", 2.2, (3.0, 1.2)),
    "h": Style("#0072B2", 2.2),
    "d": Style("#CC79A7", 3.6),
    "tau": Style("#CC79A7", 2.6, (1.3, 0.9)),
    "frame": Style("#009E73", 2.2, (5.0, 1.2, 1.2, 1.2)),
    "arc": Style("#000000", 2.6),
    "plane": Style("#56B4E9", 1.0),
    "guide": Style("#444444", 1.2, (1.0, 1.6)),
}


@dataclass(frozen=True)
class Point:
    """A point of the sphere, at (3,); its label stands on the side of the vector `aside`, or below."""

    at: np.ndarray
    label: str = ""
    role: str = "y"
    aside: np.ndarray | None = None


@dataclass(frozen=True)
class Vector:
    """An arrow from `at` (3,), on the sphere, to at + v; without `head`, a plain segment."""

    at: np.ndarray
    v: np.ndarray
    role: str
    label: str = ""
    head: bool = True


@dataclass(frozen=True)
class Curve:
    """A curve on the sphere, through points (3, k)."""

    points: np.ndarray
    role: str = "arc"


@dataclass(frozen=True)
class Ring:
    """A circle of the given radius around `at` in its tangent plane: the longest vector that clipping leaves."""

    at: np.ndarray
    radius: float
    label: str = ""
    role: str = "guide"

    def points(self) -> np.ndarray:
        """(3, 97), closed."""
        e = sphere.project(self.at, np.eye(3)[np.argmin(np.abs(self.at))])
        e, angle = sphere.normalize(e), np.linspace(0, 2 * np.pi, 97)
        round_y = np.outer(e, np.cos(angle)) + np.outer(np.cross(self.at, e), np.sin(angle))
        return self.at[:, None] + self.radius * round_y


@dataclass(frozen=True)
class Plane:
    """A square of the tangent plane at `at`, from -half to half along the tangent unit vector e and along at x e."""

    at: np.ndarray
    e: np.ndarray
    half: float
    role: str = "plane"

    def corners(self) -> np.ndarray:
        """(3, 4), in order around the square."""
        e, f = self.half * self.e, self.half * np.cross(self.at, self.e)
        return np.stack([self.at + e + f, self.at + e - f, self.at - e - f, self.at - e + f], axis=1)


Mark = Point | Vector | Curve | Ring | Plane


def outline(mark: Mark) -> np.ndarray:
    """The points (3, k) that a picture must hold to show the mark."""
    match mark:
        case Point(at):
            return at[:, None]
        case Vector(at, v):
            return np.stack([at, at + v], axis=1)
        case Curve(points):
            return points
        case Ring():
            return mark.points()
        case Plane():
            return mark.corners()


def mirrored(mark: Mark) -> Mark:
    """The mark seen from -y: the same point of G(1,n), without its label."""
    match mark:
        case Point(at, label, role, aside):
            return Point(-at, "−" + label if label else "", role, None if aside is None else -aside)
        case Vector(at, v, role, _, head):
            return Vector(-at, -v, role, "", head)
        case Curve(points, role):
            return Curve(-points, role)
        case Ring(at, radius, _, role):
            return Ring(-at, radius, "", role)
        case Plane(at, e, half, role):
            return Plane(-at, e, half, role)
