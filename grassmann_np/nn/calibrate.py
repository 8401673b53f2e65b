"""A calibration sets numbers of a model from data, without a gradient: before training, or after it."""

from __future__ import annotations

from collections.abc import Iterable

from ..backend import Array
from ..checks import check_kind
from .layer import Layer
from .layers import WeightNormLinear


def start_weight_norm(model: Layer, x: Array) -> None:
    """Sets g and b of every WeightNormLinear, in order, so that x leaves each with mean 0 and variance 1.

    Source: Salimans and Kingma 2016, section 3, data-dependent initialization.
    """

    check_kind("model", model, Layer)

    def visit(name: str, layer: Layer, x: Array) -> Array:
        if isinstance(layer, WeightNormLinear):
            layer.start(x)
        return layer(x)[0]

    model.trace(x, visit)


def estimate_moments(model: Layer, batches: Iterable[Array]) -> None:
    """Replaces all running moments by the plain average over these batches, for the weights as they are now.

    The running averages of training still remember older weights. Dropout stays active.  Raises ValueError for no
    batches, before anything is changed.  Source: `update_bn` of PyTorch.
    """
    check_kind("model", model, Layer)
    try:
        each = iter(batches)
    except TypeError as error:
        raise TypeError(f"batches: expected several arrays, got {type(batches).__name__}") from error
    moments = model.moments().values()
    kept = [running.momentum for running in moments]
    seen = 0
    try:
        for x in each:
            seen += 1
            for running in moments:
                running.momentum = 1 / seen  # the k-th batch gets weight 1/k: an average
            model(x)
    finally:
        for running, momentum in zip(moments, kept, strict=True):
            running.momentum = momentum
    if not seen:
        raise ValueError("batches: expected at least one, got none")
