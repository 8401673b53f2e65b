"""An activation acts on every number of x by itself.

    relu(x) = max(x, 0)                        dx = dy where x > 0, else 0
    dropout(x) = x m / keep,  m ~ Bernoulli    dx = dy m / keep
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, asarray_like
from ..cuda import activate as gpu
from ..cuda.dropout import dropout as gpu_dropout
from ..cuda.kernel import on_gpu
from .blocks import on_samples
from .checks import check_arrays, check_between, check_shape
from .only import only
from .types import Pullback


def relu(x: Array) -> tuple[Array, Pullback]:
    """max(x, 0), of any shape.  pullback(dy) = dx; the slope at 0 is taken as 0.

    >>> import numpy as np
    >>> y, pullback = relu(np.array([-1.0, 2.0]))
    >>> y, pullback(np.array([10.0, 10.0]))
    (array([0., 2.]), array([ 0., 10.]))
    """
    xp = check_arrays(x=x)
    if on_gpu(x):
        return gpu.relu(x)
    y, positive = xp.empty(x.shape, dtype=x.dtype), xp.empty(x.shape, dtype=bool)

    def forward(out: Array, mask: Array, x: Array) -> None:
        xp.maximum(x, 0.0, out=out)
        xp.greater(x, 0.0, out=mask)

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, *positive.shape)
        dx = xp.empty(dy.shape, dtype=dy.dtype)
        on_samples(lambda dx, mask, dy: only(dy, mask, dx), [a.reshape(-1) for a in (dx, positive, dy)])
        return dx

    on_samples(forward, [a.reshape(-1) for a in (y, positive, x)])
    return y, pullback


def dropout(x: Array, keep: float, rng: Any) -> tuple[Array, Pullback]:
    """x m / keep, every m being 1 with probability `keep`, else 0: the expected value is x.  pullback(dy) = dx.

    The numpy Generator `rng` draws a key and Philox makes the mask of it, so that every backend drops the same numbers.
    Raises ValueError unless 0 < keep <= 1.  Source: Srivastava et al. 2014, "inverted": nothing to do in evaluation.
    """
    check_arrays(x=x)
    check_between("keep", keep, 0, 1)
    key = rng.integers(0, 2**63, 2)
    if on_gpu(x):
        return gpu_dropout(x, keep, key.tolist())
    uniform = np.random.Generator(np.random.Philox(key=key.astype(np.uint64))).random(x.shape)
    mask = asarray_like(uniform < keep, like=x) / float(keep)

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, *mask.shape)
        return dy * mask

    return x * mask, pullback
