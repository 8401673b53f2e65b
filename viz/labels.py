"""Where words stand: beside their marks, apart from each other and from what they would hide, within the picture.

A word has sixteen candidate places, eight ways around its mark at two distances. What a place costs is counted below;
a word keeps the place it had unless another is clearly better, so that it does not jump from frame to frame. Lengths
are in pixels; a box is (left, bottom, right, top).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDES, AWAY = (a.ravel() for a in np.meshgrid(np.radians([0, 45, -45, 90, -90, 135, -135, 180]), [7.0, 19.0]))
OVER, WORD, HEAD, POINT, LIMB, LINE = 90.0, 60.0, 30.0, 20.0, 5.0, 1.5  # to leave the picture, to lie on such a thing
MOST = 9.0  # of lines
FAR, TURN = 0.15, 1.3  # to be away from the mark, by the pixel; from the side asked for, by the radian
KEEP = 5.0  # what another place must save
ROOM = np.array([6.0, 2.0])  # between words, across and up: nearer, two would be read as one
SWEEPS = 6


@dataclass(frozen=True)
class Word:
    """A text of half-size `half` (2,) for the mark at `at` (2,), asked to stand on the side `toward` (2,) of it.

    With `toward` = 0 nothing is drawn at `at`, and the text may stand on it.
    """

    name: str
    at: np.ndarray
    half: np.ndarray
    toward: np.ndarray


@dataclass(frozen=True)
class Obstacles:
    """What words should not hide: arrow heads and points (2, k), lines by places along them (2, k), and the limb.

    `limb` is its centre and radius; `bounds` the box that words should not leave.
    """

    heads: np.ndarray
    points: np.ndarray
    lines: np.ndarray
    limb: tuple[np.ndarray, float]
    bounds: np.ndarray


def places(words: list[Word], obstacles: Obstacles, last: dict[str, int], unit: float = 1.0) -> dict[str, int]:
    """The candidate that each word takes, by name; `last` is what the frame before has taken.

    One word after another goes where it costs least, two at a time where one alone cannot get away, until none would
    move: a least of the sum of all costs, though it may be a local one.
    """
    if not words:
        return {}
    boxes = candidates(words, unit)  # (n, 16, 4)
    alone = _alone(boxes.reshape(-1, 4), obstacles, unit).reshape(boxes.shape[:2])  # (n, 16)
    for i, word in enumerate(words):
        if word.name in last:
            alone[i, last[word.name]] -= KEEP
    n, k, _ = boxes.shape
    room = np.concatenate([-ROOM, ROOM]) * unit / 2
    flat = (boxes + room).reshape(-1, 4)
    met = (WORD * overlap(flat, flat)).reshape(n, k, n, k)
    taken = [last.get(word.name, -1) for word in words]

    def cost(i: int, *without: int) -> np.ndarray:
        """Of each place of word i, the others standing where they do: (k,)."""
        others = [j for j in range(n) if j not in (i, *without) and taken[j] >= 0]
        total: np.ndarray = alone[i] + sum(met[i, :, j, taken[j]] for j in others)
        return total

    for _ in range(SWEEPS):
        before = list(taken)
        for i in range(n):
            taken[i] = int(np.argmin(cost(i)))
        for i in range(n):  # two that are in each other's way may have to move together
            if cost(i)[taken[i]] < POINT:
                continue
            for j in range(n):
                if j != i:
                    both = cost(i, j)[:, None] + cost(j, i)[None, :] + met[i, :, j]
                    taken[i], taken[j] = map(int, np.unravel_index(np.argmin(both), both.shape))
        if taken == before:
            break
    return {word.name: place for word, place in zip(words, taken, strict=True)}


def candidates(words: list[Word], unit: float = 1.0) -> np.ndarray:
    """The boxes of the sixteen places of n words, (n, 16, 4)."""
    named = ([getattr(word, name) for word in words] for name in ("at", "half", "toward"))
    at, half, toward = (np.reshape(one, (-1, 2)) for one in named)  # there may be no word
    nowhere = np.all(toward == 0, axis=1)
    x, y = np.where(nowhere[:, None], (0.0, -1.0), toward).T
    angle = np.arctan2(y, x)[:, None] + SIDES
    way = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    middle = at[:, None] + way * (AWAY * unit)[:, None] + way * half[:, None]
    middle[nowhere, 0] = at[nowhere]
    return np.concatenate([middle - half[:, None], middle + half[:, None]], axis=2)


def _alone(boxes: np.ndarray, obstacles: Obstacles, unit: float) -> np.ndarray:
    """What each place costs, sixteen a word, whatever the other words do: (16 n,)."""
    low, high = boxes[:, :2], boxes[:, 2:]
    over = np.maximum(0, np.maximum(obstacles.bounds[:2] - low, high - obstacles.bounds[2:])).sum(axis=1) / unit
    cost = np.where(over > 0, OVER + over, 0) + np.tile(FAR * AWAY + TURN * np.abs(SIDES), len(boxes) // len(SIDES))
    cost += HEAD * within(boxes, obstacles.heads, 3 * unit).any(axis=1)
    cost += POINT * within(boxes, obstacles.points, 6 * unit).sum(axis=1)
    cost += np.minimum(MOST, LINE * within(boxes, obstacles.lines, 0).sum(axis=1))
    total: np.ndarray = cost + LIMB * crosses(boxes, *obstacles.limb)
    return total


def overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How boxes (k, 4) and (m, 4) meet: 0 where they do not, else 1 and the part covered of the smaller: (k, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.maximum(0, high - low), axis=2)
    small = np.minimum(_area(boxes)[:, None], _area(others)[None, :])
    met: np.ndarray = (shared > 0) + shared / np.maximum(small, 1e-9)
    return met


def within(boxes: np.ndarray, points: np.ndarray, room: float) -> np.ndarray:
    """Which points (2, m) lie in which of boxes (k, 4), or nearer to them than `room`: (k, m)."""
    x, y = points
    left, bottom, right, top = (boxes + np.array([-room, -room, room, room])).T[:, :, None]
    inside: np.ndarray = (x > left) & (x < right) & (y > bottom) & (y < top)
    return inside


def crosses(boxes: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """Whether boxes (k, 4) hold a point of that circle: (k,)."""
    low, high = boxes[:, :2] - centre, boxes[:, 2:] - centre
    nearest = np.maximum(0, np.maximum(low, -high))
    farthest = np.maximum(np.abs(low), np.abs(high))
    crossed: np.ndarray = (np.hypot(*nearest.T) < radius) & (np.hypot(*farthest.T) > radius)
    return crossed


def _area(boxes: np.ndarray) -> np.ndarray:
    area: np.ndarray = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return area
