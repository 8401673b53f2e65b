"""An initialization draws the first value of a weight so that signals neither grow nor fade from layer to layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import Array
from ..checks import check_generator

CUT = 2.0  # standard deviations


def he(shape: tuple[int, ...], rng: Any) -> Array:
    """Truncated normal numbers of variance 2/fan_in, fan_in = all axes but the last; float32, drawn on the host.

    Normals beyond two standard deviations are cut off, as TensorFlow draws them, and the rest rescaled to the
    variance of He et al. 2015. Normalized to unit columns these are the authors' start on the sphere.

    >>> w = he((1000, 100), np.random.default_rng(0))
    >>> round(float(w.std() ** 2 * 1000 / 2), 2), w.dtype
    (1.0, dtype('float32'))
    """
    from scipy.special import ndtr, ndtri  # here, so that importing nn does not wait for SciPy

    check_generator(rng)
    if min(shape) < 1:
        raise ValueError(f"expected a layer with inputs and outputs, got weights of shape {shape}")
    fan_in = math.prod(shape[:-1])
    tail = ndtr(-CUT)
    density = math.exp(-(CUT**2) / 2) / math.sqrt(2 * math.pi)
    variance = 1 - 2 * CUT * density / (1 - 2 * tail)  # of a standard normal, truncated
    z = ndtri(rng.uniform(tail, 1 - tail, shape))
    return (z * math.sqrt(2 / fan_in / variance)).astype(np.float32)


def zeros(n: int) -> Array:
    """n zeros: biases and beta."""
    return np.zeros(n, dtype=np.float32)


def ones(n: int) -> Array:
    """n ones: gamma."""
    return np.ones(n, dtype=np.float32)
