"""A registry is the one list of the optimizers that have a name: what each is called, drawn in, and starts from.

Rates are of the normalized weights: those of sgd-g and adam-g are the paper's for CIFAR, those of sgd and adam good on
both of our sets of digits. `rate_of_all` is for one rate of all weights; the paper's 0.1 for sgd is too much for the
small CNN on MNIST.
"""

from __future__ import annotations

from typing import NamedTuple

from .adam import Adam
from .optimizer import Optimizer
from .sgd import SGD


class Named(NamedTuple):
    """An optimizer with a name: its label, its colour in pictures, its rates, and whether it is for the sphere."""

    name: str
    label: str
    color: str
    rate: float
    rate_of_all: float | None
    on_sphere: bool
    steps: type[Optimizer]


OPTIMIZERS = {
    one.name: one
    for one in (
        Named("sgd", "SGD", "#000000", 0.4, 0.02, on_sphere=False, steps=SGD),
        Named("sgd-g", "SGD-G", "#0072B2", 0.2, None, on_sphere=True, steps=SGD),
        Named("adam", "Adam", "#009E73", 0.01, 0.001, on_sphere=False, steps=Adam),
        Named("adam-g", "Adam-G", "#D55E00", 0.05, None, on_sphere=True, steps=Adam),
    )
}
