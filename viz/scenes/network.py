"""A network learns: the weight vectors of its first layer turn on their sphere, seen in three of its directions.

    p_i = unit(E'y_i),     E the first three left singular vectors of all y_i(step), columns of unit length in R^64

The network is 64-units-48-10 with batch normalization, trained on 8 x 8 digits with SGD-G as in Cho and Lee, NIPS 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grassmann_np import data, nn, optim
from grassmann_np.geometry import sphere
from grassmann_np.train.loop import Trainer, evaluate

from ..animation import Animation
from ..camera import Camera
from ..drawing import Frame, Sphere
from ..marks import Curve, Mark, Point, Trail
from ..panels import Line, Panel, Tiles
from .shared import SIZE, check, gone, scene, stage

LASTING = (7.2, 9.0, 7.0)
NAMED = 3  # points that carry the number of their image


@dataclass(frozen=True)
class Training:
    """Before the first step and after every one: Y (64, steps + 1, units), test loss and error (steps + 1,)."""

    Y: np.ndarray
    loss: np.ndarray
    error: np.ndarray
    images: int
    per_epoch: int


@scene
def network(
    seed: int = 4,
    units: int = 12,
    epochs: int = 8,
    lr: float = 0.1,
    momentum: float = 0.9,
    clip: float = 0.5,
    alpha: float = 0.0,
    seconds: float = 23.2,
    size: tuple[int, int] = SIZE,
    orbit: float = 0.0,
) -> Animation:
    """A network learns to read digits: its weight vectors turn on the sphere, its error falls.

    `units`, 4 to 36, weight vectors in the first layer; lr falls linearly to 0. With the orthogonality term, alpha,
    they spread over more than three directions. ImportError without scikit-learn, which holds the digits.
    """
    check(seed, orbit, lr, clip, momentum)
    if not (4 <= units <= 36 and 1 <= epochs <= 50):
        raise ValueError(f"expected 4 to 36 units and 1 to 50 epochs, got {units} and {epochs}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha: expected 0 to 1, got {alpha}")
    seen = _train(seed, units, epochs, lr=lr, momentum=momentum, clip=clip, orthogonality=alpha)
    basis, sizes, _ = np.linalg.svd(seen.Y.reshape(64, -1), full_matrices=False)
    kept = float(np.sum(sizes[:3] ** 2) / np.sum(sizes**2))
    short = np.einsum("ij,i...->j...", basis[:, :3], seen.Y)  # (3, steps + 1, units)
    order = np.argsort(-np.sum(short[:, -1] ** 2, axis=0))  # those that the picture shows best come first
    steps = seen.Y.shape[1] - 1
    points = sphere.normalize(short.reshape(3, -1)).reshape(short.shape)[:, :, order]
    weights = seen.Y[:, :, order].transpose(1, 2, 0).reshape(steps + 1, units, 8, 8)
    pictures = 0.5 + weights / (2 * np.abs(weights).max())
    epoch = np.arange(steps + 1) / seen.per_epoch
    loss, error = np.stack([epoch, seen.loss]), np.stack([epoch, 100 * seen.error])
    panels = (
        Panel((Line(loss, "h"),), "Test loss", ""),
        Panel((Line(error, "g"),), "Test error", "epoch", number="{:.1f} %"),
    )
    camera = Camera(np.sum(points[:, -1, :NAMED], axis=1))
    captions = _captions(seen, kept)

    def frame(t: float) -> Frame:
        at, s = stage(t, LASTING)
        k = steps * (0.0, s, 1.0)[at]
        turned = camera.turned(orbit * (t - 0.5)) if orbit else camera
        curves = (gone(loss, k), gone(error, k))
        return Frame(_marks(points, k), turned, captions[at], None, curves, images=pictures[int(k)])

    caption = (
        f"{units} weight vectors of the first layer of a network turn on their sphere while SGD-G trains it for "
        f"{epochs} epochs on {seen.images} digits. The test error falls from {100 * seen.error[0]:.1f} to "
        f"{100 * seen.error[-1]:.1f} %. The sphere drawn is that of their first three principal directions of 64, "
        f"which keep {100 * kept:.0f} % of their variance."
    )
    return Animation(
        frame,
        "A network learns",
        caption,
        seconds,
        size,
        (Sphere(),),
        (),
        panels,
        Tiles("Weights of the layer", int(np.ceil(np.sqrt(1.3 * units)))),
    )


def _train(seed: int, units: int, epochs: int, **settings: float) -> Training:
    """The network 64-units-48-10 from the same start to the same end, for one seed."""
    digits = data.digits()
    weights, order = np.random.default_rng(seed).spawn(2)
    model = nn.mlp([64, units, 48, digits.classes], weights)
    (first, *_) = nn.on_sphere(model, "invariant")
    optimizer = optim.sgd_g(model, lr_euclidean=0.01, weight_decay=5e-4, **settings)
    Y, scores = [], []

    def look(_: Trainer | None = None) -> None:
        Y.append(np.array(first.value, dtype=float))
        scores.append(evaluate(model, digits.x_test, digits.y_test))

    look()
    trainer = Trainer(model, optimizer, digits, epochs, order, schedule=optim.schedule.linear())
    trainer.run(after_step=look)
    loss, error = np.array(scores).T
    return Training(np.stack(Y, axis=1), loss, error, len(digits.y_train), trainer.steps_per_epoch)


def _marks(points: np.ndarray, k: float) -> dict[str, Mark]:
    """Every weight vector at step k, with the way it came; the first few with their numbers."""
    marks: dict[str, Mark] = {}
    now = []
    for i in range(points.shape[2]):
        way = np.array(gone(points[:, :, i], k))
        way[:, -1] = sphere.normalize(way[:, -1])
        now.append(way[:, -1])
        marks[f"way{i}"] = Curve(Trail(way).path(), "h" if i < NAMED else "plane")
    for i, y in enumerate(now):
        marks[f"y{i}"] = Point(y, str(i + 1) if i < NAMED else "", aside=-y)
    return marks


def _captions(seen: Training, kept: float) -> tuple[str, ...]:
    """What each stage shows, in numbers of the training."""
    turned = np.degrees(sphere.distance(seen.Y[:, 0], seen.Y[:, -1]))
    return (
        "Each point is a weight vector of 64 pixels, seen in three principal directions: "
        f"{100 * kept:.0f} % of the variance.",
        f"SGD-G turns them while the network trains on {seen.images} digits; steps shrink, for the "
        "learning rate falls.",
        f"It misreads {100 * seen.error[-1]:.1f} % of new digits. In R⁶⁴ the vectors have turned by "
        f"{turned.min():.0f}° to {turned.max():.0f}°; their length is still 1.",
    )
