"""A setup is a run by names: data, model, optimizer, schedule and seed, as the command line gives them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import data, nn, optim
from ..data import Dataset
from ..nn.layer import Layer
from ..optim.schedule import SCHEDULES
from .history import History
from .loop import Steppable, fit

DATA: dict[str, Callable[[], Dataset]] = {"digits": data.digits, "mnist": data.mnist}
MODELS = "mlp, cnn, vgg-11, vgg-13, vgg-16, vgg-19 or wrn-DEPTH-WIDTH as in wrn-16-4"
RATES = {"sgd": 0.02, "sgd-g": 0.2, "adam": 0.001, "adam-g": 0.05}
"""sgd-g and adam-g: the paper's for CIFAR. sgd: not the paper's 0.1, with which the small CNN on MNIST diverges."""


@dataclass(frozen=True)
class Setup:
    """One training run.  `lr` None takes the optimizer's rate in RATES; in the G runs it is the rate on the sphere.

    `rule` says which weights live there in the G runs: "invariant" or "published" (see nn.on_sphere).
    """

    data: str = "digits"
    model: str = "mlp"
    optimizer: str = "sgd-g"
    epochs: int = 30
    seed: int = 0
    lr: float | None = None
    batch_size: int = 64
    schedule: str = "linear"
    rule: str = "invariant"

    def run(self, after_epoch: Callable[[History], None] = lambda history: None) -> tuple[Layer, History]:
        """Trains and returns (model, history).  Weights and the order of the batches come from `seed`, apart.

        Raises ValueError for a name that is not known, before anything is loaded.
        """
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule: expected one of {', '.join(SCHEDULES)}, got {self.schedule!r}")
        if self.optimizer not in RATES:
            raise ValueError(f"optimizer: expected one of {', '.join(RATES)}, got {self.optimizer!r}")
        images = load(self.data, self.model)
        weights, order = np.random.default_rng(self.seed).spawn(2)
        model = make_model(self.model, images, weights)
        optimizer = self.make_optimizer(model)
        schedule = SCHEDULES[self.schedule]()
        history = fit(model, optimizer, images, self.epochs, order, self.batch_size, schedule, after_epoch)
        return model, history

    def make_optimizer(self, model: Layer) -> Steppable:
        """The optimizer, with weight decay 5e-4 on every Euclidean weight, and none on biases, gamma and beta."""
        lr = RATES[self.optimizer] if self.lr is None else self.lr
        if self.optimizer == "sgd":
            return optim.SGD(model.parameters(), lr, nesterov=True, weight_decay=5e-4)
        if self.optimizer == "adam":
            return optim.Adam(model.parameters(), lr, weight_decay=5e-4)
        if not nn.on_sphere(model, self.rule):
            raise ValueError(f"rule: {self.rule!r} puts no weight of {self.model} on the sphere; choose 'invariant'")
        return optim.sgd_g(model, lr) if self.optimizer == "sgd-g" else optim.adam_g(model, lr)


def load(name: str, model: str) -> Dataset:
    """The data set of this name; images are padded to 32 x 32 for the deep networks, which are made for that size."""
    if name not in DATA:
        raise ValueError(f"data: expected one of {', '.join(DATA)}, got {name!r}")
    images = DATA[name]()
    return images if model in ("mlp", "cnn") else images.padded(32)


def make_model(name: str, images: Dataset, rng: Any) -> Layer:
    """The model of this name for these images.  Raises ValueError for a name that is not known."""
    height, width, channels = images.shape
    if name == "mlp":
        return nn.mlp([height * width * channels, 64, 48, images.classes], rng)
    if name == "cnn":
        return nn.cnn(images.shape, images.classes, rng)
    if match := re.fullmatch(r"vgg-(\d+)", name):
        return nn.vgg(int(match[1]), images.classes, rng, channels=channels)
    if match := re.fullmatch(r"wrn-(\d+)-(\d+)", name):
        return nn.wide_resnet(int(match[1]), int(match[2]), images.classes, rng, channels=channels)
    raise ValueError(f"model: expected {MODELS}, got {name!r}")
