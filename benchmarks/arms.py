"""The arms of experiment.md, and one run of one of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from grassmann_np import nn, optim
from grassmann_np.data import Dataset
from grassmann_np.geometry import sphere
from grassmann_np.train import Setup, Trainer

CLIP, TERM = 0.1, 0.1
EPOCHS, HELD_OUT = {"digits": 15, "mnist": 10}, {"digits": 270, "mnist": 800}  # images of `held_out`
Rates = tuple[float, float]  # of the normalized weights, of the rest


@dataclass(frozen=True)
class Arm:
    """One way to train: what the normalized weights do, with which of the paper's parts, under which schedule."""

    name: str
    kind: str  # sgd, sgd-g, adam or adam-g
    clip: bool = False
    term: bool = False
    normalized: bool = False  # divided by their lengths after every step
    one_rate: bool = False
    matched: bool = False  # turned by the angles of SGD-G's run with the same seed
    schedule: str = "linear"


LINEAR = (
    Arm("sgd one rate", "sgd", one_rate=True),
    Arm("sgd", "sgd"),
    Arm("sgd clip", "sgd", clip=True),
    Arm("sgd term", "sgd", term=True),
    Arm("sgd normalized", "sgd", normalized=True),
    Arm("sgd-g", "sgd-g", clip=True, term=True),
    Arm("sgd-g no clip", "sgd-g", term=True),
    Arm("sgd-g no term", "sgd-g", clip=True),
    Arm("adam", "adam"),
    Arm("adam-g", "adam-g", clip=True, term=True),
    Arm("sgd at its angle", "sgd", matched=True),
)
ARMS = LINEAR + tuple(
    replace(arm, name=f"{arm.name} {schedule}", schedule=schedule)
    for arm, schedule in product(LINEAR, ("constant", "step", "exponential", "cosine"))
    if arm.name in ("sgd", "sgd-g", "adam-g")
)
MIDDLE = {"sgd": 0.25, "sgd-g": 0.2, "adam": 0.002, "adam-g": 0.05}  # of the first grid


class Flat(optim.SGD):
    """SGD of normalized weights off the sphere, with clipping and the term as on it: both are of y = w/|w|.

    The gradient with respect to y is |w| g, and the term's with respect to w is its tangent part over |w|.
    """

    def __init__(self, like: optim.SGD, arm: Arm) -> None:
        super().__init__(like.parameters, like.lr, like.momentum, like.nesterov, like.weight_decay)
        self.arm = arm

    def settings(self) -> dict[str, Any]:
        """Numbers only."""
        return {key: value for key, value in super().settings().items() if key != "arm"}

    def next(self, parameter: nn.Parameter, state: Any) -> Any:
        """A step from the changed gradient."""
        w, g = parameter.matrix, parameter.matrix_grad
        length, y = sphere.norm(w, w), sphere.normalize(w)
        if self.arm.term:
            g = g + sphere.project(y, optim.orthogonality_gradient(y, TERM)) / length
        if self.arm.clip:
            turn = length * sphere.norm(w, g)
            g = g * np.where(turn > CLIP, CLIP / np.where(turn > CLIP, turn, 1), 1).astype(g.dtype)
        parameter.grad = g.reshape(parameter.grad.shape)
        return super().next(parameter, state)


def setup_of(data: str, arm: Arm, rates: Rates, seed: int) -> Setup:
    """The training of an arm by names and numbers, but for what no setup can say."""
    clip, term = CLIP if arm.clip else None, TERM if arm.term else 0.0
    lr, rest = rates
    setup = Setup(data=data, model="cnn", epochs=EPOCHS[data], seed=seed, schedule=arm.schedule, optimizer=arm.kind)
    setup = replace(setup, lr=lr, lr_euclidean=rest, clip=clip, orthogonality=term)
    return replace(setup, end=0.01) if arm.schedule == "exponential" else setup


def make_optimizer(setup: Setup, model: Any, arm: Arm) -> Any:
    """That of the setup, in two groups: normalized weights and the rest; clipping and term off the sphere too."""
    groups: Any = setup.make_optimizer(model)
    if arm.kind == "sgd" and (arm.clip or arm.term):
        first, rest = groups.optimizers
        return optim.Groups(Flat(first, arm), rest)
    return groups


@cache
def images_of(data: str) -> Dataset:
    """The images, read once a process."""
    return Setup(data=data).load()


def held_out(images: Dataset, seed: int) -> Dataset:
    """The training images alone, a fifth of them, drawn by the seed, in place of the test images."""
    order = np.random.default_rng([seed, 1]).permutation(len(images.y_train))
    learn, test = np.split(order, [len(order) * 4 // 5])
    x, y = images.x_train, images.y_train
    return replace(images, x_train=x[learn], y_train=y[learn], x_test=x[test], y_test=y[test])


def trained(data: str, arm: Arm, rates: Rates, seed: int, tuning: bool, like: Any = None) -> dict[str, Any]:
    """One run: wrong test images and loss at its end, errors by epoch, mean norm and angle of the normalized weights.

    `like` is what SGD-G's run with this seed turned each column by, step by step.
    """
    started = time.perf_counter()
    setup = setup_of(data, arm, rates, seed)
    images = held_out(images_of(data), seed) if tuning else images_of(data)
    weights, order = np.random.default_rng(seed).spawn(2)
    model = setup.make_model(images, weights)
    trainer = Trainer(model, make_optimizer(setup, model, arm), images, setup.epochs, order, setup.batch_size)
    trainer.schedule = setup.make_schedule(trainer.steps_per_epoch)
    before, angles, norms = [trainer.monitor.look()], [], []

    def after_step(trainer: Trainer) -> None:
        for k, (p, was) in enumerate(zip(trainer.monitor.weights, before[0], strict=True)):
            if arm.normalized:
                p.matrix = sphere.normalize(p.matrix)
            if like is not None:
                p.matrix = turned(was, p.matrix, like[len(angles)][k])
        now = trainer.monitor.look()
        angles.append([sphere.distance(*pair) for pair in zip(before[0], now, strict=True)])
        norms.append(float(np.mean(np.concatenate([sphere.norm(w, w) for w in now]))))
        before[0] = now

    n = len(images.y_test)
    try:
        history = trainer.run(after_step)
    except FloatingPointError as error:
        return {"wrong": n, "of": n, "loss": None, "diverged": str(error), "seconds": time.perf_counter() - started}
    mean = [float(np.mean(np.concatenate(step))) for step in angles]
    return {
        "wrong": round(history.test_error[-1] * n),
        "of": n,
        "loss": round(history.test_loss[-1], 6),
        "errors": [round(error * n) for error in history.test_error],
        "norm": [round(norm, 5) for norm in norms[trainer.steps_per_epoch - 1 :: trainer.steps_per_epoch]],
        "angle": [round(float(np.mean(part)), 7) for part in np.array_split(mean, setup.epochs)],
        "seconds": round(time.perf_counter() - started, 2),
        "turns": angles,
    }


def turned(was: Any, now: Any, angle: Any) -> Any:
    """`now` with its direction moved along the same geodesic from `was` to this angle, column by column."""
    y = sphere.normalize(was)
    way = sphere.log(y, now)
    length = sphere.norm(y, way)
    d = sphere.scale(way, (angle / np.where(length > 0, length, 1)).astype(way.dtype))
    return sphere.exp(y, sphere.project(y, d)) * sphere.norm(now, now)
