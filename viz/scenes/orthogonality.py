"""The orthogonality term of Cho and Lee (NIPS 2017) turns the columns of Y (3, m), unit vectors, toward right angles.

    L = alpha/2 |Y'Y - I|^2,   dL/dY = 2 alpha Y (Y'Y - I),   |Y'Y - I|^2 >= m^2/3 - m   where m > 3

Three can be orthogonal. More cannot: their bound (Welch 1974) is met where YY' = (m/3) I, alike in all directions.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from grassmann_np import optim
from grassmann_np.geometry import sphere

from ..animation import Animation
from ..camera import Camera
from ..drawing import Formula, Frame, Sphere
from ..marks import Curve, Label, Mark, Point, Trail
from ..panels import Line, Panel
from .shared import SIZE, along, check, gone, path, scene, stage

FORMULAS = (
    Formula(r"$L = \frac{\alpha}{2}\,|Y'Y - I|^2$", "y"),
    Formula(r"$\partial L/\partial Y = 2\alpha\,Y(Y'Y - I)$", "h"),
    Formula(r"$L \geq \frac{\alpha}{2}\,(\frac{m^2}{3} - m)$", "g"),
)
LASTING = (6.6, 8.0, 5.4)
STEPS = 40
MOST = 12
CENTRE = np.array([0.62, -0.55, 0.56])  # where they start, and the camera


@scene
def orthogonality(
    seed: int = 131,
    columns: int = 6,
    alpha: float = 1.0,
    lr: float = 0.02,
    momentum: float = 0.5,
    seconds: float = 20.0,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
) -> Animation:
    """The orthogonality term turns three columns until they are orthogonal; six do not fit.

    `columns` are those of the second sphere, 4 to 12; alpha, lr, momentum: of SGD-G, which sees this term alone.
    """
    check(seed, orbit, lr, momentum=momentum)
    if not 4 <= columns <= MOST:
        raise ValueError(f"columns: expected 4 to {MOST}, got {columns}; the first sphere has three")
    if not 0 < alpha * lr * columns <= 0.5:
        raise ValueError(f"expected 0 < alpha * lr * columns <= 0.5, or steps overshoot; got alpha {alpha}, lr {lr}")
    rng = np.random.default_rng(seed)
    walks, losses, bounds = [], [], []
    for m in (3, columns):
        start = sphere.normalize(CENTRE[:, None] + 0.3 * rng.standard_normal((3, m)))
        walk = path(_nothing, start, STEPS, lr=lr, momentum=momentum, orthogonality=alpha)  # (3, STEPS + 1, m)
        walks.append(walk)
        losses.append([float(optim.orthogonality(walk[:, k], alpha)) for k in range(STEPS + 1)])
        bounds.append(alpha / 2 * optim.welch_bound(3, m))
    steps = np.arange(STEPS + 1.0)
    curves = [np.stack([steps, line]) for line in (losses[0], losses[1], bounds[1] + 0 * steps)]
    crowded = Line(curves[1], "h", "L"), Line(curves[2], "g", "bound")
    panels = (
        Panel((Line(curves[0], "h"),), "L of 3, by step", ""),
        Panel(crowded, f"L of {columns}, by step: at least {bounds[1]:.2f}", ""),
    )
    captions = _captions(walks, losses, bounds[1], columns)
    camera = Camera(CENTRE)

    def frame(t: float) -> Frame:
        at, part = stage(t, LASTING)
        k = STEPS * (0.0, part, 1.0)[at]
        few, many = (_marks(walk, k) for walk in walks)
        turned = camera.turned(orbit * (t - 0.5)) if orbit else camera
        return Frame(few, turned, captions[at], at, tuple(gone(curve, k) for curve in curves), (many, turned))

    spheres = (Sphere(heading="3 columns"), Sphere(heading=f"{columns} columns"))
    caption = (
        f"The orthogonality term turns three unit vectors from {_least(walks[0][:, 0])} degrees at the least to "
        f"{_least(walks[0][:, -1])}: its value falls from {losses[0][0]:.2f} to {losses[0][-1]:.2f}. There "
        f"is no room for {columns}: theirs falls from {losses[1][0]:.2f} to {losses[1][-1]:.2f}, and it cannot fall "
        f"below the Welch bound, {bounds[1]:.2f}, which is met where any axis gets the same sum of squares, m/3 = "
        f"{columns / 3:.2f}; here they get {_spread(walks[1][:, -1])}."
    )
    return Animation(frame, "Orthogonality", caption, seconds, size, spheres, FORMULAS, panels)


def _nothing(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The loss is 0: the orthogonality term is alone."""
    return np.zeros(y.shape[1:]), np.zeros_like(y)


def _marks(walk: np.ndarray, k: float) -> dict[str, Mark]:
    """Every column at step k with the way it came, and between three of them the angles."""
    marks: dict[str, Mark] = {}
    now = []
    for i in range(walk.shape[2]):
        trail = np.array(gone(walk[:, :, i], k))
        trail[:, -1] = sphere.normalize(trail[:, -1])
        now.append(trail[:, -1])
        marks[f"trail{i}"] = Curve(Trail(trail).path(), "h")
        marks[f"y{i}"] = Point(now[-1])
    if len(now) == 3:
        for i, j in combinations(range(3), 2):
            arc = along(now[i], sphere.log(now[i], now[j]), np.linspace(0, 1, 31))
            marks[f"arc{i}{j}"] = Curve(arc, "guide")
            angle = np.degrees(sphere.distance(now[i], now[j]))
            marks[f"angle{i}{j}"] = Label(arc[:, 15], f"{angle:.0f}°", "guide")
    return marks


def _least(Y: np.ndarray) -> str:
    """The least angle between two columns, in degrees."""
    pairs = combinations(Y.T, 2)
    return f"{min(np.degrees(float(sphere.distance(a, b))) for a, b in pairs):.0f}"


def _spread(Y: np.ndarray) -> str:
    """The least and the greatest sum of squares along an axis, of all axes."""
    least, *_, most = np.linalg.eigvalsh(Y @ Y.T)
    return f"{least:.2f} to {most:.2f}"


def _captions(walks: list[np.ndarray], losses: list[list[float]], bound: float, columns: int) -> tuple[str, ...]:
    """What each stage shows, in numbers of the columns."""
    (few, many), (three, crowd) = losses, walks
    return (
        f"Each point is a column of Y. L says how far they are from right angles: {few[0]:.2f} for three, "
        f"{many[0]:.2f} for {columns}.",
        f"SGD-G on L alone turns them apart: the least angle grows from {_least(three[:, 0])}° to "
        f"{_least(three[:, -1])}° among three, {_least(crowd[:, 0])}° to {_least(crowd[:, -1])}° among {columns}.",
        f"Three end at L = {few[-1]:.2f}. {columns} do not fit: L = {many[-1]:.2f}, and Welch's bound is {bound:.2f}.",
    )
