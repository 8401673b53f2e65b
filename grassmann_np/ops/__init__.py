"""An op is a pure function that returns its value and its pullback: `y, pullback = op(x, w, ...)`; see pullback.py.

Images are NHWC, convolution weights (kh, kw, c_in, c_out), dense weights (n_in, n_out): the last axis counts units.
float32 in gives float32 out, float64 in float64 out.
"""

from ..pullback import Pullback
from .activate import dropout, relu
from .conv import conv2d
from .layer_normalize import layer_norm, rms_norm
from .linear import add, flatten, linear
from .loss import cross_entropy
from .normalize import batch_norm, mean_only_batch_norm
from .pool import avg_pool, global_avg_pool, max_pool
from .running import RunningMoments
from .sums import column_sums, row_sums
from .weight_normalize import norm_prop, weight_norm, weight_norm_start

__all__ = [
    "Pullback",
    "RunningMoments",
    "add",
    "avg_pool",
    "batch_norm",
    "column_sums",
    "conv2d",
    "cross_entropy",
    "dropout",
    "flatten",
    "global_avg_pool",
    "layer_norm",
    "linear",
    "max_pool",
    "mean_only_batch_norm",
    "norm_prop",
    "relu",
    "rms_norm",
    "row_sums",
    "weight_norm",
    "weight_norm_start",
]
