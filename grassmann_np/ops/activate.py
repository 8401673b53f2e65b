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
from ..checks import check_arrays, check_between, check_shape
from .only import only
from ..room import empty
from ..pullback import Pullback


def relu(x: Array) -> tuple[Array, Pullback]:
    """max(x, 0), of any shape.  pullback(dy) = dx; the slope at 0 is taken as 0.  It keeps y, which says where x > 0.

    >>> import numpy as np
    >>> y, pullback = relu(np.array([-1.0, 2.0]))
    >>> y, pullback(np.array([10.0, 10.0]))
    (array([0., 2.]), array([ 0., 10.]))
    """
    xp = check_arrays(x=x)
    if on_gpu(x):
        return gpu.relu(x)
    y = empty(x.shape, x)

    def pullback(dy: Array) -> Array:
        check_shape("dy", dy, *y.shape)
        dx = empty(dy.shape, dy)
        on_samples(lambda dx, dy, y: only(dy, y > 0.0, dx), [a.reshape(-1) for a in (dx, dy, y)])
        return dx

    on_samples(lambda y, x: xp.maximum(x, 0.0, out=y), [a.reshape(-1) for a in (y, x)])
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
