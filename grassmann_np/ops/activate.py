"""Ops that act on every number of x by itself: an activation, and dropout, which sets numbers to 0 at random.

    relu(x) = max(x, 0)                        dx = dy where x > 0, else 0
    dropout(x) = x m / keep,  m ~ Bernoulli    dx = dy m / keep

Where x = 0 the ReLU has a corner and no derivative; here the gradient is taken to be 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ways
from ..backend import Array, asarray_like
from ..checks import check_arrays, check_between, check_generator, check_upstream
from ..masks import only
from ..pullback import Pullback, quiet


@quiet
def relu(x: Array) -> tuple[Array, Pullback]:
    """max(x, 0), of any shape.  pullback(dy) = dx.  It keeps y, which says where x > 0.

    >>> import numpy as np
    >>> y, pullback = relu(np.array([-1.0, 2.0]))
    >>> y, pullback(np.array([10.0, 10.0]))
    (array([0., 2.]), array([ 0., 10.]))
    """
    xp = check_arrays(x=x)
    if other := ways.find("activate", "relu", x):
        return other(x)
    y = xp.maximum(x, 0.0)

    def pullback(dy: Array) -> Array:
        dy = check_upstream(dy, y.shape, y.dtype)
        return only(dy, y > 0.0)

    return y, pullback


@quiet
def dropout(x: Array, keep: float, rng: Any) -> tuple[Array, Pullback]:
    """x m / keep, every m being 1 with probability `keep`, else 0: the expected value is x.  pullback(dy) = dx.

    The numpy Generator `rng` draws a key and Philox makes the mask of it, so that every backend drops the same numbers.
    Raises ValueError unless 0 < keep <= 1.  Source: Srivastava et al. 2014, "inverted": nothing to do in evaluation.
    """
    check_arrays(x=x)
    keep = check_between("keep", keep, 0, 1)
    check_generator(rng)
    key = rng.integers(0, 2**63, 2)
    if other := ways.find("activate", "dropout", x):
        return other(x, keep, key.tolist())
    uniform = np.random.Generator(np.random.Philox(key=key.astype(np.uint64))).random(x.shape)
    mask = asarray_like(uniform < keep, like=x) / keep

    def pullback(dy: Array) -> Array:
        return check_upstream(dy, mask.shape, mask.dtype) * mask

    return x * mask, pullback
