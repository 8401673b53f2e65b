"""A mark is one thing in R^3 to be drawn: a point, a vector, a curve, an area, a ring, a plane, a disc, a word.

A scene gives marks by name; the view keeps the artists of a name from frame to frame. What colour says (Okabe and
Ito's palette, colour-blind safe) dashes, widths and labels say again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grassmann_np.geometry import sphere
from grassmann_np.optim.registry import OPTIMIZERS


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
    "sgd": Style(OPTIMIZERS["sgd"].color, 2.0, (4.0, 1.6)),
    "decay": Style("#CC79A7", 2.2, (2.0, 1.0)),
    "sgd-g": Style(OPTIMIZERS["sgd-g"].color, 2.4),
    "adam": Style(OPTIMIZERS["adam"].color, 2.0, (1.2, 1.2)),
    "adam-g": Style(OPTIMIZERS["adam-g"].color, 2.2, (6.0, 1.5, 1.2, 1.5)),
}


@dataclass(frozen=True)
class Point:
    """A point at (3,), on the sphere or off it; its label stands on the side of the vector `aside`, or below."""

    at: np.ndarray
    label: str = ""
    role: str = "y"
    aside: np.ndarray | None = None


@dataclass(frozen=True)
class Vector:
    """An arrow from `at` (3,), on the sphere or the origin, to at + v; without `head`, a plain segment."""

    at: np.ndarray
    v: np.ndarray
    role: str
    label: str = ""
    head: bool = True


@dataclass(frozen=True)
class Curve:
    """A curve through points (3, k): all on the sphere, or else in space, where the sphere hides what is behind it."""

    points: np.ndarray
    role: str = "arc"


@dataclass(frozen=True)
class Trail:
    """The steps of a walk: a dot at each of points (3, k), joined by great circles on the sphere, by lines off it.

    With `fade`, all but the last steps are faint.
    """

    points: np.ndarray
    role: str = "arc"
    fade: bool = False

    def path(self) -> np.ndarray:
        """The curve through the points."""
        if self.points.shape[1] < 2 or not on_sphere(self.points):
            return self.points
        a, b = self.points[:, :-1], self.points[:, 1:]
        angle = np.maximum(sphere.distance(a, b), 1e-6)
        s = np.linspace(0, 1, int(np.ceil(angle.max() / 0.06)), endpoint=False)
        back, onward = np.sin(np.outer(angle, 1 - s)), np.sin(np.outer(angle, s))  # (k - 1, pieces)
        between = a[..., None] * back + b[..., None] * onward
        return np.column_stack([sphere.normalize(between.reshape(3, -1)), self.points[:, -1]])


@dataclass(frozen=True)
class Area:
    """The part of the sphere within a closed curve (3, k), less than half of it; filled where it is in front."""

    points: np.ndarray
    role: str = "plane"


@dataclass(frozen=True)
class Label:
    """A word or a number at the place `at` (3,), or a little to the side of the vector `aside`."""

    at: np.ndarray
    text: str
    role: str = "y"
    aside: np.ndarray | None = None


@dataclass(frozen=True)
class Ring:
    """A circle of the given radius around `at` in its tangent plane: the longest vector that clipping leaves."""

    at: np.ndarray
    radius: float
    label: str = ""
    role: str = "guide"

    def points(self) -> np.ndarray:
        """(3, 97), closed."""
        return self.at[:, None] + self.radius * _circle(self.at)


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


@dataclass(frozen=True)
class Disc:
    """What the sphere holds of the plane through the origin with the unit normal (3,): a subspace of R^3."""

    normal: np.ndarray
    role: str = "plane"

    def points(self) -> np.ndarray:
        """Its edge, a great circle: (3, 97), closed."""
        return _circle(self.normal)


Mark = Point | Vector | Curve | Trail | Area | Label | Ring | Plane | Disc


def _circle(normal: np.ndarray) -> np.ndarray:
    """The great circle around a unit vector: (3, 97), closed."""
    e = sphere.project(normal, np.eye(3)[np.argmin(np.abs(normal))])
    e, angle = sphere.normalize(e), np.linspace(0, 2 * np.pi, 97)
    circle: np.ndarray = np.outer(e, np.cos(angle)) + np.outer(np.cross(normal, e), np.sin(angle))
    return circle


def on_sphere(points: np.ndarray) -> bool:
    """Whether all the points (3,) or (3, k) have length 1, to a millionth."""
    return bool(np.all(np.abs(np.sum(points * points, axis=0) - 1) < 2e-6))


def key(mark: Mark) -> tuple[Any, ...]:
    """What the mark is drawn from: marks of one key look alike from one camera."""
    return (type(mark), *(x.tobytes() if isinstance(x, np.ndarray) else x for x in vars(mark).values()))


def outline(mark: Mark) -> np.ndarray:
    """The points (3, k) that a picture must hold to show the mark."""
    match mark:
        case Point(at) | Label(at):
            return at[:, None]
        case Vector(at, v):
            return np.stack([at, at + v], axis=1)
        case Curve(points) | Trail(points) | Area(points):
            return points
        case Ring() | Disc():
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
        case Curve(points, role) | Area(points, role):
            return type(mark)(-points, role)
        case Trail(points, role, fade):
            return Trail(-points, role, fade)
        case Label(at, _, role):
            return Label(-at, "", role)
        case Ring(at, radius, _, role):
            return Ring(-at, radius, "", role)
        case Plane(at, e, half, role):
            return Plane(-at, e, half, role)
        case Disc():
            return mark
