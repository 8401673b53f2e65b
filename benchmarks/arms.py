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
NETWORKS = {  # images, network
    "digits": ("digits", "cnn"),
    "mnist": ("mnist", "cnn"),
    "wrn": ("photos", "wrn-10-1"),
    "vgg": ("photos", "vgg-11"),
}
EPOCHS = {"digits": 15, "mnist": 10, "wrn": 10, "vgg": 4}
TESTED = {"digits": 450, "mnist": 1000, "wrn": 1000, "vgg": 1000}  # images that a counted run is tested on
RESERVED_BY = 16  # the seed that draws the quarter for tuning
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
    guide: Rates | None = None  # turned by the angles of SGD-G's run with these rates and the same seed
    schedule: str = "linear"


LINEAR = (
    Arm("sgd one rate", "sgd", one_rate=True),
    Arm("sgd", "sgd"),
    Arm("sgd-g", "sgd-g", clip=True, term=True),
    Arm("sgd clip", "sgd", clip=True),
    Arm("sgd-g bare", "sgd-g"),
    Arm("sgd normalized", "sgd", normalized=True),
    Arm("sgd clip term", "sgd", clip=True, term=True),
    Arm("sgd at its angle", "sgd"),  # of sgd-g, once that is tuned: `guide`
    Arm("adam-g", "adam-g", clip=True, term=True),
    Arm("adam", "adam"),
    Arm("sgd-g no clip", "sgd-g", term=True),
    Arm("sgd-g no term", "sgd-g", clip=True),
    Arm("sgd term", "sgd", term=True),
)
ARMS = LINEAR + tuple(
    replace(arm, name=f"{arm.name} {schedule}", schedule=schedule)
    for schedule, arm in product(("constant", "cosine", "exponential", "step"), LINEAR)
    if arm.name in ("sgd", "sgd clip", "sgd-g")
)
DECLARED = ("sgd constant", "sgd-g constant")  # of the schedules, the ones that MNIST-5k runs
RUN = {"digits": ARMS, "mnist": tuple(arm for arm in ARMS if arm.schedule == "linear" or arm.name in DECLARED)}
PAPERS = tuple(arm for arm in LINEAR if arm.name in ("sgd", "sgd-g", "adam-g"))
RUN |= {"wrn": PAPERS, "vgg": PAPERS}
GUIDE = next(arm for arm in LINEAR if arm.name == "sgd-g")
MIDDLE = {"sgd": 1.0, "sgd-g": 0.4, "adam": 0.064, "adam-g": 0.2}  # of the first grid


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
    images, model = NETWORKS[data]
    setup = Setup(data=images, model=model, epochs=EPOCHS[data], seed=seed, schedule=arm.schedule, optimizer=arm.kind)
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
    images, model = NETWORKS[data]
    return Setup(data=images, model=model).load()


def reserved(images: Dataset) -> np.ndarray:
    """Which images, those of training before those of the test, are tested in tuning alone: a quarter, drawn once.

    Of photos a quarter of those of training.
    """
    n = len(images.y_train) + (len(images.y_test) if images.name != "photos" else 0)
    return np.sort(np.random.default_rng(RESERVED_BY).permutation(n)[: n // 4])


def parted(images: Dataset, seed: int, tuning: bool) -> tuple[Dataset, np.ndarray]:
    """The images anew in two parts, and the indices of those to test.

    To tune, the reserved quarter is tested and all others are learned from. To count, images of those others are
    tested, which the seed draws, and all the rest is learned from. The test images of photos, behind which are other
    photographs, stay what they are: to tune they are left out, to count they are tested.
    """
    x, y = (np.concatenate([getattr(images, f"{axis}_{part}") for part in ("train", "test")]) for axis in "xy")
    known, test = np.arange(len(y)), reserved(images)
    if images.name == "photos":
        known, test = (known[: len(images.y_train)], test) if tuning else (known, known[len(images.y_train) :])
    elif not tuning:
        others = np.setdiff1d(known, test)
        test = np.sort(np.random.default_rng([seed, 1]).choice(others, TESTED[images.name], replace=False))
    learn = np.setdiff1d(known, test)
    return replace(images, x_train=x[learn], y_train=y[learn], x_test=x[test], y_test=y[test]), test


def trained(data: str, arm: Arm, rates: Rates, seed: int, tuning: bool, measured: bool = True) -> dict[str, Any]:
    """One run: how many test images are wrong, and which; its loss and its errors by epoch.

    Measured: mean length and turn of the normalized weight vectors by epoch, the largest turn of any, and `turns`, the
    angle of every one in every step.
    """
    started = time.perf_counter()
    like = trained(data, GUIDE, arm.guide, seed, tuning)["turns"] if arm.guide else None
    setup = setup_of(data, arm, rates, seed)
    images, tested = parted(images_of(data), seed, tuning)
    weights, order = np.random.default_rng(seed).spawn(2)
    model = setup.make_model(images, weights)
    trainer = Trainer(model, make_optimizer(setup, model, arm), images, setup.epochs, order, setup.batch_size)
    trainer.schedule = setup.make_schedule(trainer.steps_per_epoch)
    before, turns, norms = [trainer.monitor.look()], [], []

    def after_step(trainer: Trainer) -> None:
        for k, (p, was) in enumerate(zip(trainer.monitor.weights, before[0], strict=True)):
            if arm.normalized:
                p.matrix = sphere.normalize(p.matrix)
            if like is not None:
                p.matrix = turned(was, p.matrix, like[trainer.step - 1][k])
        now = trainer.monitor.look()
        if measured:
            turns.append([sphere.distance(*pair) for pair in zip(before[0], now, strict=True)])
            norms.append(float(np.mean(np.concatenate([sphere.norm(w, w) for w in now]))))
        before[0] = now

    try:
        history = trainer.run(after_step)
    except FloatingPointError as error:
        return {"wrong": len(tested), "loss": None, "diverged": str(error), "turns": turns}
    logits, _ = model(images.x_test, training=False)
    found = {
        "wrong": round(history.test_error[-1] * len(tested)),
        "missed": tested[logits.argmax(axis=1) != images.y_test].tolist(),
        "loss": round(history.test_loss[-1], 6),
        "errors": [round(error * len(tested)) for error in history.test_error],
        "seconds": round(time.perf_counter() - started, 2),
    }
    if measured:
        of_step = np.array([np.concatenate(step) for step in turns])
        found |= {
            "norm": [round(norm, 5) for norm in norms[trainer.steps_per_epoch - 1 :: trainer.steps_per_epoch]],
            "angle": [round(float(np.mean(part)), 7) for part in np.array_split(of_step, setup.epochs)],
            "largest": round(float(of_step.max()), 5),
            "turns": turns,
        }
    return found


def turned(was: Any, now: Any, angle: Any) -> Any:
    """`now` with its direction moved along the same geodesic from `was` to this angle, column by column."""
    y = sphere.normalize(was)
    way = sphere.log(y, now)
    length = sphere.norm(y, way)
    d = sphere.scale(way, (angle / np.where(length > 0, length, 1)).astype(way.dtype))
    return sphere.exp(y, sphere.project(y, d)) * sphere.norm(now, now)
