"""A setup is a training by names and numbers, as the command line, a recipe or a checkpoint gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import data, nn, optim
from ..data import Dataset
from ..nn.layer import Layer
from ..optim.registry import OPTIMIZERS
from ..optim.schedule import Schedule
from . import own
from .history import History
from .limits import DATA, INSIDE, ONE_RATE, RATES, checked
from .loop import Steppable, Trainer, first_group
from .weights import load as load_weights

Generators = dict[str, np.random.Generator]


@dataclass(frozen=True)
class Setup:
    """One training.  Everything but the names is a number or None, so that it can be written as JSON.

    data is a name in DATA, or the path of one's own (data.load), of which test_fraction is tested on where it is not
    divided yet. folder holds the images of CIFAR and SVHN, of the latter with or without the extra ones. Paths are
    made absolute, so that every process finds them. `weights` is a file to begin from (train/weights.py).

    lr is the rate of the weights that are normalized, which `rule` chooses (see nn.on_sphere), None the optimizer's in
    RATES; the rest takes SGD with lr_euclidean. With lr_euclidean None all weights take sgd or adam with lr, None the
    one in ONE_RATE. The G runs have the normalized weights on the sphere; clip and orthogonality are for these. decay
    is "weights", or "all" for biases, gamma and beta too.

    drops, in fractions of the training, and drop are the step schedule's; end is where linear, exponential and cosine
    lead; per_epoch holds the rate within an epoch. keep is the part of the units that dropout leaves in wide residual
    nets. Weights and images are made on the host, then moved to `device`.
    """

    data: str = "digits"
    folder: str | None = None
    extra: bool = True
    model: str = "mlp"
    optimizer: str = "sgd-g"
    epochs: int = 30
    seed: int = 0
    batch_size: int = 64
    lr: float | None = None
    lr_euclidean: float | None = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    decay: str = "weights"
    clip: float | None = 0.1
    orthogonality: float = 0.1
    rule: str = "invariant"
    schedule: str = "linear"
    drops: tuple[float, ...] = (0.3, 0.6, 0.8)
    drop: float = 0.2
    end: float | None = None
    warm_up: float = 0.0
    per_epoch: bool = False
    keep: float = 1.0
    device: str = "cpu"
    test_fraction: float | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for an unknown name or a number out of range, before anything is loaded."""
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)
        self.make_schedule()

    def start(self) -> tuple[Trainer, Generators]:
        """The training before its first step, and the generators that its model draws from (dropout).

        Weights and the order of the batches come from `seed`, apart.
        """
        weights, order = np.random.default_rng(self.seed).spawn(2)
        images = self.load().to(self.device)
        model, optimizer = self.build(images, weights)
        trainer = Trainer(model, optimizer, images, self.epochs, order, self.batch_size)
        trainer.schedule = self.make_schedule(trainer.steps_per_epoch)
        return trainer, {"weights": weights}

    def build(self, images: Dataset, rng: np.random.Generator) -> tuple[Layer, Steppable]:
        """The model as training begins with it, and its optimizer."""
        model = self.make_model(images, rng)
        if self.weights is not None:
            load_weights(self.weights, model, images.shape)
        return model, self.make_optimizer(model)

    def run(self, after_epoch: Callable[[Trainer], None] = lambda trainer: None) -> tuple[Layer, History]:
        """Trains from beginning to end and returns (model, history)."""
        trainer, _ = self.start()
        return trainer.model, trainer.run(after_epoch=after_epoch)

    @property
    def own_data(self) -> bool:
        """Whether the images are the user's own."""
        return self.data not in DATA

    @property
    def owns(self) -> bool:
        """Whether anything of this setup is the user's own, and may be wrong in ways that only trying shows."""
        return self.own_data or self.weights is not None or own.is_own(self.model) or own.is_own(self.optimizer)

    @property
    def data_name(self) -> str:
        """What the images are called; of one's own, the name of the file or folder."""
        return Path(self.data).stem if self.own_data else self.data

    def load(self, download: bool = False) -> Dataset:
        """The images, in a border where the network needs one (`_framed`); fetched if need be."""
        if self.own_data:
            images = data.load(self.data, self.test_fraction)
        elif self.data in INSIDE:
            images = getattr(data, self.data)()
        elif self.folder is None:
            raise ValueError(f"folder: expected the folder that holds {self.data}, got None; say --folder FOLDER")
        elif self.data == "svhn":
            images = data.svhn(self.folder, extra=self.extra, download=download)
        else:
            images = getattr(data, self.data)(self.folder, download=download)
        return self._framed(images)

    def _framed(self, images: Dataset) -> Dataset:
        """Deep networks are made for 32 x 32 pixels, wide residual nets also for more; the CNN halves them twice."""
        kind, size = self.model.partition("-")[0], max(images.shape[:2])
        if kind == "vgg" and size > 32:
            height, width, _ = images.shape
            raise ValueError(
                f"model: {self.model} takes images of at most 32 x 32, got {height} x {width}; make them smaller, or "
                f"choose a wrn, cnn or mlp"
            )
        if kind == "cnn" and any(length % 4 for length in images.shape[:2]):
            return images.padded(size + -size % 4)
        return images.padded(32) if kind in ("vgg", "wrn") and size <= 32 else images

    def make_model(self, images: Dataset, rng: np.random.Generator) -> Layer:
        """The network of this name, for these images."""
        if own.is_own(self.model):
            return own.model(self.model, images.shape, images.classes, rng)
        height, width, channels = images.shape
        if self.model == "mlp":
            return nn.mlp([height * width * channels, 64, 48, images.classes], rng)
        if self.model == "cnn":
            return nn.cnn(images.shape, images.classes, rng)
        kind, *numbers = self.model.split("-")
        if kind == "vgg":
            return nn.vgg(int(numbers[0]), images.classes, rng, channels=channels)
        depth, widening = map(int, numbers)
        return nn.wide_resnet(depth, widening, images.classes, rng, keep=self.keep, channels=channels)

    def make_optimizer(self, model: Layer) -> Steppable:
        """The optimizer; this is what puts weights on the sphere, in the G runs, and then all on the device."""
        if own.is_own(self.optimizer):
            made: Steppable = own.optimizer(self.optimizer, self._decaying(model.to(self.device)), self)
            return made
        kind = OPTIMIZERS[self.optimizer]
        chosen = nn.on_sphere(model, self.rule) if kind.on_sphere else nn.normalized_weights(model, self.rule)
        if self.lr_euclidean is not None and not chosen:
            advice = {
                "published": "choose 'invariant'",
                "invariant": "a normalization of your own says what it forgets (nn.Layer.forgets); or take sgd or adam "
                "with --lr-euclidean none",
            }
            raise ValueError(f"rule: {self.rule!r} chooses no weight of {self.model}; {advice[self.rule]}")
        parameters = self._decaying(model.to(self.device)).parameters()
        rate, momentum, decay = self.rate, self.momentum, self.weight_decay
        assert rate is not None  # only what is the user's own may have none
        if kind.on_sphere:
            make: Callable[..., optim.Groups] = optim.sgd_g if kind.steps is optim.SGD else optim.adam_g
            paper = {"clip": self.clip, "orthogonality": self.orthogonality}
            return make(model, rate, self.lr_euclidean, momentum=momentum, weight_decay=decay, **paper)
        sgd = partial(optim.SGD, momentum=momentum, nesterov=True, weight_decay=decay)
        first = sgd if kind.steps is optim.SGD else partial(optim.Adam, weight_decay=decay)
        if self.lr_euclidean is None:
            return first(parameters, rate)
        rest = [p for p in parameters if not any(p is weight for weight in chosen)]
        return optim.Groups(first(chosen, rate), sgd(rest, self.lr_euclidean))

    def _decaying(self, model: Layer) -> Layer:
        """The model, every parameter of which decays if `decay` says so."""
        for parameter in model.parameters():
            parameter.decay = parameter.decay or self.decay == "all"
        return model

    @property
    def rate(self) -> float | None:
        """lr, or the default in its place; None for an optimizer of one's own that is left its own."""
        rates = ONE_RATE if self.lr_euclidean is None else RATES
        return rates.get(self.optimizer) if self.lr is None else self.lr

    def set_rate(self, optimizer: Any) -> None:
        """Gives the optimizer of another setup the rate of this one."""
        one = first_group(optimizer)
        if self.rate is None or not hasattr(one, "lr"):
            raise ValueError(f"lr: expected the same as before, since {self.optimizer} has no lr to change")
        one.lr = float(self.rate)

    def make_schedule(self, steps: int = 1) -> Schedule:
        """The factor of the rate, by progress from 0 to 1; a warm-up begins with what one of `steps` an epoch adds."""
        make = getattr(optim.schedule, "step_decay" if self.schedule == "step" else self.schedule)
        if self.schedule == "step":
            schedule: Schedule = make(self.drops, self.drop)
        elif self.schedule == "constant" or self.end is None:
            schedule = make()
        else:
            schedule = make(self.end)
        if self.warm_up:
            moments = self.epochs * (1 if self.per_epoch else steps)  # at which the rate changes
            schedule = optim.schedule.warm_up(schedule, self.warm_up, min(1.0, 1 / (self.warm_up * moments)))
        return optim.schedule.per_epoch(schedule, self.epochs) if self.per_epoch else schedule

    def as_dict(self) -> dict[str, Any]:
        """The fields, as JSON takes them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Setup:
        """The setup that `as_dict` gave.  Raises ValueError for anything else."""
        if not isinstance(values, dict):
            raise ValueError(f"setup: expected fields by name, got {values!r}")
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"setup: expected fields of Setup, got {sorted(unknown)}")
        return cls(**values)
