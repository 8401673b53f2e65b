"""Training is a loop: a batch forward, the loss, its pullback, one step of the optimizer.

Loss and error of training are averaged over an epoch as it goes, with the moments of each batch; test numbers are of
the model at the end of the epoch, with the running moments.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from .. import ops
from ..data import Dataset, batches
from ..nn.layer import Layer
from ..optim.schedule import Schedule, constant
from .history import History


class Steppable(Protocol):
    """SGD, Adam or Groups."""

    factor: float

    def step(self) -> None:
        """One step from the gradients."""


def fit(
    model: Layer,
    optimizer: Steppable,
    data: Dataset,
    epochs: int,
    rng: np.random.Generator,
    batch_size: int = 64,
    schedule: Schedule | None = None,
    after_epoch: Callable[[History], None] = lambda history: None,
) -> History:
    """Trains `model` and returns its history; `after_epoch(history)` is called at the end of every epoch.

    Raises ValueError for no epochs or a batch of less than two; FloatingPointError, before the step, if the loss is
    not finite.
    """
    if epochs < 1 or batch_size < 2:
        raise ValueError(f"expected epochs >= 1 and batch_size >= 2, got {epochs} and {batch_size}")
    schedule, history = schedule or constant(), History()
    steps = max(1, math.ceil(len(data.y_train) / batch_size)) * epochs
    step = 0
    for epoch in range(1, epochs + 1):
        started, loss_sum, wrong = time.perf_counter(), 0.0, 0
        for batch in batches(len(data.y_train), batch_size, rng):
            x, labels = data.x_train[batch], data.y_train[batch]
            optimizer.factor = schedule(step / steps)
            logits, back = model(x, training=True)
            loss, back_loss = ops.cross_entropy(logits, labels)
            if not math.isfinite(loss):
                raise FloatingPointError(f"the loss is {float(loss)} at epoch {epoch}, step {step}; lower the rate")
            back(back_loss())
            optimizer.step()
            loss_sum += float(loss) * len(batch)
            wrong += int((logits.argmax(axis=1) != labels).sum())
            step += 1
        seconds = time.perf_counter() - started
        test_loss, test_error = evaluate(model, data.x_test, data.y_test)
        history.add(train_loss=loss_sum / len(data.y_train), train_error=wrong / len(data.y_train),
                    test_loss=test_loss, test_error=test_error, factor=optimizer.factor, seconds=seconds)
        after_epoch(history)
    return history


def evaluate(model: Layer, x: Any, labels: Any, batch_size: int = 256) -> tuple[float, float]:
    """(mean loss, error) of the model on images x (N, H, W, C), with its running moments; the error is a fraction."""
    loss_sum, wrong = 0.0, 0
    for part in _parts(len(labels), batch_size):
        logits, _ = model(x[part], training=False)
        loss, _ = ops.cross_entropy(logits, labels[part])
        loss_sum += float(loss) * len(labels[part])
        wrong += int((logits.argmax(axis=1) != labels[part]).sum())
    return loss_sum / len(labels), wrong / len(labels)


def _parts(n: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, n, size))
