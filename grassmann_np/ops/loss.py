"""A loss is one number that says how far the logits are from the labels; training makes it small.

    p = softmax(logits)        loss = -mean_i sum_k q_ik log p_ik        dlogits = (p - q)/N

q is 1 at the label and 0 elsewhere; label smoothing s mixes it with the uniform distribution, q <- (1 - s) q + s/K.
"""

from __future__ import annotations

import math

from ..backend import Array, get_named_xp, on_gpu
from ..checks import check_arrays, check_number, check_shape
from ..pullback import Pullback, quiet
from ..sums import column_sums, row_sums


@quiet
def cross_entropy(logits: Array, labels: Array, smoothing: float = 0.0) -> tuple[Array, Pullback]:
    """The mean negative log-likelihood of the labels, in nats.  logits (N, K), labels (N,) integers in [0, K).

    pullback(dloss=1.0) = dlogits.  Raises TypeError for labels that are not integers, ValueError for labels out of
    range or smoothing outside [0, 1). On a GPU, where to look is to wait, a label out of range makes the loss NaN.
    Source of smoothing: Szegedy et al. 2016, section 7.

    >>> import numpy as np
    >>> float(cross_entropy(np.zeros((1, 10)), np.array([3]))[0])  # log 10
    2.302585092994046
    """
    xp = check_arrays(logits=logits)
    check_shape("logits", logits, "N", "K")
    n, k = logits.shape
    _check_labels(labels, logits)
    smoothing = check_number("smoothing", smoothing)
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing: expected 0 <= smoothing < 1, got {smoothing}")

    q = (labels[:, None] == xp.arange(k)).astype(logits.dtype)  # (N, K)
    if on_gpu(logits):
        q = xp.where(((labels < 0) | (labels >= k))[:, None], math.nan, q)
    q = q * (1 - smoothing) + smoothing / k
    shifted = logits - xp.max(logits, axis=1, keepdims=True)
    log_p = shifted - xp.log(row_sums(xp.exp(shifted)))
    costs = q * xp.where(q == 0, 0.0, log_p)  # a class at -inf is as if it were not there

    def pullback(dloss: float = 1.0) -> Array:
        return (xp.exp(log_p) - q) * (check_number("dloss", dloss) / n)

    return -column_sums(row_sums(costs))[0] / n, pullback


def _check_labels(labels: Array, logits: Array) -> None:
    n, k = logits.shape
    xp = get_named_xp(logits=logits, labels=labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels: expected integers, got {labels.dtype}")
    check_shape("labels", labels, n)
    if on_gpu(labels):
        return
    low, high = int(xp.min(labels)), int(xp.max(labels))
    if low < 0 or high >= k:
        raise ValueError(f"labels: expected numbers from 0 to {k - 1}, one per class, got {low} to {high}")
