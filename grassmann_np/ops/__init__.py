"""An op is a pure function that returns its value and its pullback: `y, pullback = op(x, w, ...)`; see ops/types.py.

Images are NHWC, convolution weights (kh, kw, c_in, c_out), dense weights (n_in, n_out): the last axis counts units.
float32 in gives float32 out, float64 in float64 out.
"""

from .activate import dropout, relu
from .linear import flatten, linear
from .loss import cross_entropy
from .normalize import batch_norm, mean_only_batch_norm
from .running import RunningMoments
from .sums import column_sums, row_sums
from .types import Pullback

__all__ = [
    "Pullback", "RunningMoments", "batch_norm", "column_sums", "cross_entropy", "dropout", "flatten", "linear",
    "mean_only_batch_norm", "relu", "row_sums",
]
