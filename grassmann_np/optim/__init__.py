"""Optimizers for every geometry: SGD is SGD-G on the sphere, Adam is Adam-G."""

from . import schedule
from .adam import Adam
from .groups import Groups, adam_g, sgd_g
from .optimizer import Optimizer, clip_norm
from .penalty import orthogonality, orthogonality_gradient, welch_bound
from .sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "Groups",
    "Optimizer",
    "adam_g",
    "clip_norm",
    "orthogonality",
    "orthogonality_gradient",
    "schedule",
    "sgd_g",
    "welch_bound",
]
