"""Training is a loop: a batch forward, the loss, its pullback, one step of the optimizer.

Loss and error of training are averaged over an epoch as it goes, with the moments of each batch; test numbers are of
the model at the end of the epoch, with the running moments. A Trainer can stop after any step and go on later.

The numbers of a step are looked at on the host at once. On a device to look is to wait for it: there they are left
lying, and all looked at together, now and then and at the end of an epoch.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from .. import ops
from ..backend import Array, get_xp, on_gpu, to_numpy
from ..data import Dataset, batches
from ..nn.layer import Layer, pull_to_data
from ..optim.schedule import Schedule, constant
from .history import History
from .monitor import Monitor

LOOK_EVERY = 50  # steps on a device


class Steppable(Protocol):
    """SGD, Adam or Groups."""

    factor: float

    def step(self) -> None:
        """One step from the gradients."""

    def check(self) -> None:
        """Raises what steps on a device could not raise."""

    def notes(self) -> list[Array]:
        """Numbers on a device; `check` will raise unless all are 0."""

    def state_dict(self) -> dict[str, Any]:
        """The state, of host arrays and numbers."""

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave."""


class Trainer:
    """A training in progress: `run()` goes on to the end from where it is.

    `rng` draws the order of the batches and the augmentation. `generators` are all that a checkpoint must keep.
    Raises ValueError for no epochs, a batch of less than two, or nothing to train on or to test with.
    """

    def __init__(
        self,
        model: Layer,
        optimizer: Steppable,
        data: Dataset,
        epochs: int,
        rng: np.random.Generator,
        batch_size: int = 64,
        schedule: Schedule | None = None,
    ) -> None:
        if epochs < 1 or batch_size < 2:
            raise ValueError(f"expected epochs >= 1 and batch_size >= 2, got {epochs} and {batch_size}")
        for name in ("y_train", "y_test"):
            if not len(getattr(data, name)):
                raise ValueError(f"{name}: expected at least one image, got none")
        self.model, self.optimizer, self.data = model, optimizer, data
        self.epochs, self.batch_size, self.schedule = epochs, batch_size, schedule or constant()
        self.order, self.augmentation = rng.spawn(2)
        self.monitor, self.history = Monitor(model), History()
        self.every_step = False  # whether loss and measures are wanted of every step
        self.loss = math.nan  # of the last step that was looked at
        self.look_every = LOOK_EVERY if on_gpu(data.x_train) else 1
        self.steps_per_epoch = sum(1 for _ in batches(len(data.y_train), batch_size, np.random.default_rng(0)))
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.position = 0  # batches of this epoch that are done
        self.order_state = self.order.bit_generator.state  # from which this epoch's order is drawn
        self.loss_sum, self.wrong, self.seconds = 0.0, 0, 0.0
        self.unseen: list[tuple[int, int, Array]] = []  # steps that nobody has looked at: number, samples, `_measured`
        self.measured: dict[str, float] = {}  # by the monitor, at the last step

    @property
    def step(self) -> int:
        """Steps done since the beginning."""
        return len(self.history) * self.steps_per_epoch + self.position

    def run(
        self,
        after_step: Callable[[Trainer], None] = lambda trainer: None,
        after_epoch: Callable[[Trainer], None] = lambda trainer: None,
    ) -> History:
        """Trains to the end and returns the history.  A callback may raise to stop: the trainer is then between steps.

        Raises FloatingPointError, before the step, if the loss or the step is not finite, and says where that began.
        """
        with np.errstate(all="ignore"):  # nothing to warn of: every loss and every step is looked at
            return self._run(after_step, after_epoch)

    def _run(self, after_step: Callable[[Trainer], None], after_epoch: Callable[[Trainer], None]) -> History:
        while len(self.history) < self.epochs:
            for index, batch in enumerate(self._batches()):
                if index >= self.position:  # else it was done before the checkpoint
                    self._one_step(batch)
                    after_step(self)
            test_loss, test_error = evaluate(self.model, self.data.x_test, self.data.y_test)
            if not math.isfinite(test_loss):
                raise FloatingPointError(
                    f"the test loss is {test_loss} after epoch {len(self.history) + 1}, "
                    f"step {self.step}; lower the rate"
                )
            n = len(self.data.y_train)
            self.history.add(
                train_loss=self.loss_sum / n,
                train_error=self.wrong / n,
                test_loss=test_loss,
                test_error=test_error,
                factor=self.optimizer.factor,
                seconds=self.seconds,
                **present_rate(self.optimizer),
                **self.measured,
            )
            self._begin_epoch()
            after_epoch(self)
        return self.history

    def _batches(self) -> list[Array]:
        """The batches of this epoch, as indices on the images' own device: the whole order is moved there at once."""
        self.order.bit_generator.state = self.order_state
        found = list(batches(len(self.data.y_train), self.batch_size, self.order))
        order, ends = get_xp(self.data.x_train).asarray(np.concatenate(found)), np.cumsum([len(b) for b in found])
        return [order[end - len(batch) : end] for batch, end in zip(found, ends.tolist(), strict=True)]

    def look(self) -> None:
        """Adds the steps that nobody has looked at to the epoch's sums: all of them are fetched at once.

        Raises FloatingPointError for a loss that is not finite, or a step that could not be taken.
        """
        unseen, self.unseen = self.unseen, []
        if not unseen:
            return
        lying = [measured for _, _, measured in unseen] + self.optimizer.notes()
        numbers = to_numpy(get_xp(*lying).concatenate(lying)).tolist()
        for k, (step, samples, _) in enumerate(unseen):
            loss, wrong = numbers[2 * k : 2 * k + 2]
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"the loss is {loss} at epoch {len(self.history) + 1}, step {step}, with the rate at "
                    f"{self.optimizer.factor:g} of its start; {first_not_finite(self.model, self.shown)}; "
                    f"lower the rate"
                )
            self.loss = loss
            self.loss_sum += loss * samples
            self.wrong += int(wrong)
        if any(numbers[2 * len(unseen) :]):
            self._must(self.optimizer.check)

    def _must(self, act: Callable[[], None]) -> None:
        """Does what the optimizer does in a step; a step that cannot be taken has diverged."""
        try:
            act()
        except ValueError as error:
            raise FloatingPointError(
                f"{error}, at epoch {len(self.history) + 1}, step {self.step}; lower the rate"
            ) from error

    def _one_step(self, batch: Array) -> None:
        started = time.perf_counter()
        x, labels = self.data.x_train[batch], self.data.y_train[batch]
        if self.data.augment is not None:
            x = self.data.augment(x, self.augmentation)
        self.optimizer.factor = self.schedule(self.step / (self.epochs * self.steps_per_epoch))
        logits, back = self.model(x, training=True)
        loss, back_loss = ops.cross_entropy(logits, labels)
        self.unseen.append((self.step, len(batch), _measured(loss, logits, labels)))
        self.shown = x
        if self.every_step or len(self.unseen) == self.look_every:
            self.look()
        pull_to_data(self.model, back, back_loss())
        before = self.monitor.look()
        self._must(self.optimizer.step)
        self.position += 1
        last = self.position == self.steps_per_epoch
        if last:
            self.look()
        if last or self.every_step:
            self.measured = self.monitor.measure(before, self.optimizer)
        self.seconds += time.perf_counter() - started


def fit(
    model: Layer,
    optimizer: Steppable,
    data: Dataset,
    epochs: int,
    rng: np.random.Generator,
    batch_size: int = 64,
    schedule: Schedule | None = None,
    after_epoch: Callable[[Trainer], None] = lambda trainer: None,
) -> History:
    """Trains `model` and returns its history: a Trainer, run from beginning to end."""
    return Trainer(model, optimizer, data, epochs, rng, batch_size, schedule).run(after_epoch=after_epoch)


def evaluate(model: Layer, x: Array, labels: Array, batch_size: int = 256) -> tuple[float, float]:
    """(mean loss, error) of the model on images x (N, H, W, C), with its running moments; the error is a fraction."""
    if not len(labels):
        raise ValueError("labels: expected at least one image to evaluate on, got none")
    samples, found = [], []
    for start in range(0, len(labels), batch_size):
        part = slice(start, start + batch_size)
        logits, _ = model(x[part], training=False)
        loss, _ = ops.cross_entropy(logits, labels[part])
        samples.append(len(labels[part]))
        found.append(_measured(loss, logits, labels[part]))
    loss_sum, wrong = 0.0, 0
    for n, (loss, missed) in zip(samples, to_numpy(get_xp(*found).stack(found)).tolist(), strict=True):
        loss_sum += loss * n
        wrong += int(missed)
    return loss_sum / len(labels), wrong / len(labels)


def _measured(loss: Array, logits: Array, labels: Array) -> Array:
    """(loss, how many labels are not where the largest logit is): (2,) float64, on the logits' own device."""
    xp = get_xp(logits)
    return xp.stack([xp.astype(one, xp.float64) for one in (loss, xp.sum(logits.argmax(axis=1) != labels))])


def present_rate(optimizer: Any) -> dict[str, float]:
    """{"rate"} of the optimizer, or of the first of its groups; {} of one that does not say."""
    rate = getattr(first_group(optimizer), "rate", None)
    return {} if rate is None else {"rate": float(rate)}


def first_group(optimizer: Any) -> Any:
    """The optimizer of the normalized weights, where these have one of their own; else the only one."""
    return getattr(optimizer, "optimizers", (optimizer,))[0]


def first_not_finite(model: Layer, x: Array) -> str:
    """Where NaN or inf first appears on the way of x through a copy of the model, in words."""
    xp = get_xp(x)
    found = [] if xp.all(xp.isfinite(x)) else ["it is in the images"]

    def visit(name: str, layer: Layer, x: Array) -> Array:
        for parameter in layer.parameters():
            if not xp.all(xp.isfinite(parameter.value)):
                found.append(f"it is first in a parameter of layer {name} ({type(layer).__name__})")
        y, _ = layer(x)
        if not xp.all(xp.isfinite(y)):
            found.append(f"it is first in the output of layer {name} ({type(layer).__name__})")
        return y

    copy.deepcopy(model).trace(x, visit)
    return found[0] if found else "every layer is finite, the loss alone is not"
