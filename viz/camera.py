"""A camera is a unit vector c: an orthographic eye that looks at the unit sphere from infinitely far along c.

    r = (-sin az, cos az, 0),   u = c x r               right and up on the screen
    screen = (p.r, p.u),   depth = p.c,   rho = |screen|

A point of the sphere is hidden iff depth < 0; any other point with rho < 1 iff depth < sqrt(1 - rho^2). A tangent
plane is wholly in front iff its point is. Points are columns: (3,) or (3, m).
"""

from __future__ import annotations

import numpy as np

from grassmann_np.geometry import sphere

NEVER = np.full((3, 1), np.nan)  # a gap in a curve


class Camera:
    """The view from `direction` (3,), of any length but zero.

    >>> Camera(np.array([2.0, 0.0, 0.0])).screen(np.array([0.0, 0.6, 0.8]))
    array([0.6, 0.8])
    """

    def __init__(self, direction: np.ndarray) -> None:
        self.direction = sphere.normalize(np.asarray(direction, dtype=float))
        azimuth = np.arctan2(self.direction[1], self.direction[0])
        self.right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        self.up = np.cross(self.direction, self.right)
        self.basis = np.stack([self.right, self.up, self.direction], axis=1)  # takes (screen, depth) to R^3

    def screen(self, p: np.ndarray) -> np.ndarray:
        """Where p is seen: (2,) or (2, m)."""
        seen: np.ndarray = self.basis[:, :2].T @ p
        return seen

    def depth(self, p: np.ndarray) -> np.ndarray:
        """How near p is to the eye; 0 is the plane of the limb."""
        depth: np.ndarray = self.direction @ p
        return depth

    def hidden(self, p: np.ndarray, on_sphere: bool) -> np.ndarray:
        """Whether the sphere hides p: one bool per column."""
        depth, rho = self.depth(p), np.hypot(*self.screen(p))
        if on_sphere:
            return depth < 0
        behind: np.ndarray = (rho < 1) & (depth < np.sqrt(np.maximum(0.0, 1 - rho**2)))
        return behind

    def split_curve(self, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(visible, hidden) halves of a curve on the sphere (3, k): gaps are NaN, both hold the limb's crossings."""
        depth = self.depth(curve)
        hidden = depth < 0
        before = np.flatnonzero(hidden[1:] != hidden[:-1])
        a, b = before, before + 1
        limb = curve[:, a] * np.abs(depth[b]) + curve[:, b] * np.abs(depth[a])  # depth 0, on the great circle a b
        if b.size:
            limb = sphere.normalize(limb)
        points, crossing = np.insert(curve, b, limb, axis=1), np.insert(np.zeros_like(hidden), b, True)
        hidden = np.insert(hidden, b, False)
        return np.where(hidden & ~crossing, np.nan, points), np.where(hidden | crossing, points, np.nan)

    def split_path(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(visible, hidden) parts of the straight segments through points (3, k) of space; gaps are NaN.

        Along a segment the rule can change only where it crosses the cylinder rho = 1 or the sphere.
        """
        p, v = points[:, :-1], np.diff(points)
        at = np.vstack([0 * p[:1], _crossings(self.screen(p), self.screen(v)), _crossings(p, v)])
        nodes = p[..., None] + v[..., None] * np.sort(at, axis=0).T  # (3, k - 1, 5)
        nodes = np.column_stack([nodes.reshape(3, -1), points[:, -1]])
        real = np.any(np.diff(nodes), axis=0)
        nodes = nodes[:, np.append(real, True)]
        hidden = self.hidden((nodes[:, :-1] + nodes[:, 1:]) / 2, on_sphere=False)
        return _pieces(nodes, ~hidden), _pieces(nodes, hidden)

    def turned(self, degrees: float) -> Camera:
        """This camera after a turn about the vertical axis."""
        a = np.radians(degrees)
        x, y, z = self.direction
        return Camera(np.array([np.cos(a) * x - np.sin(a) * y, np.sin(a) * x + np.cos(a) * y, z]))


def facing(y: np.ndarray, d: np.ndarray, lean: float = 0.4) -> Camera:
    """The camera that shows the walk from y along d well: unit(mid + lean unit(y x d)), mid half-way along it."""
    aside = np.cross(y, d) if np.any(d) else sphere.project(y, np.array([0.0, 0.0, 1.0]))
    return Camera(sphere.exp(y, d / 2) + lean * (sphere.normalize(aside) if np.any(aside) else np.eye(3)[0]))


def on_sphere(screen: np.ndarray) -> np.ndarray:
    """(screen, depth) of the visible points of the sphere at screen (2, m): (3, m); beyond the limb, the limb's."""
    x, y = screen / np.maximum(1.0, np.hypot(*screen))
    return np.stack([x, y, np.sqrt(np.maximum(0.0, 1 - x * x - y * y))])


def _crossings(p: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(2, m): the s with |p + s v| = 1, strictly between the ends of the segment (by a billionth of it); 0 for none."""
    a, b, c = np.sum(v * v, axis=0), np.sum(p * v, axis=0), np.sum(p * p, axis=0) - 1
    root = np.sqrt(np.maximum(0.0, b * b - a * c))
    s = np.stack([-b - root, -b + root]) / np.where(a > 0, a, 1.0)
    return np.where((b * b >= a * c) & (s > 1e-9) & (s < 1 - 1e-9), s, 0.0)


def _pieces(nodes: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The pieces from nodes[i] to nodes[i + 1] that are kept: a curve with gaps."""
    ends = np.append(kept, False) | np.append(False, kept)
    return np.insert(np.where(ends, nodes, np.nan), np.flatnonzero(~kept) + 1, np.nan, axis=1)
