"""Every op once or several times, as a function of arrays only, with shapes that are odd and never square."""

from __future__ import annotations

from functools import partial

import numpy as np

from grassmann_np import ops
from grassmann_np.backend import asarray_like

MEAN, VAR = np.array([0.5, -1.0, 2.0]), np.array([0.1, 3.0, 1.0])
LABELS = np.array([0, 3, 3, 1, 2])


def _evaluation(op):
    def evaluate(x, *parameters):
        running = ops.RunningMoments(3)
        wide = x.astype(np.float64)
        running.mean, running.var = asarray_like(MEAN, wide), asarray_like(VAR, wide)
        return op(x, *parameters, running=running, training=False)

    return evaluate


def _dropout(x):
    return ops.dropout(x, 0.7, np.random.default_rng(3))


def _cross_entropy(logits, smoothing=0.0):
    labels = asarray_like(LABELS, logits).astype(np.int64)
    return ops.cross_entropy(logits, labels, smoothing)


def _beta_only(x, beta):
    return ops.batch_norm(x, None, beta)


IMAGE = (2, 5, 7, 3)
CASES = {
    "linear": (ops.linear, [(7, 5), (5, 4), (4,)]),
    "linear, no b": (ops.linear, [(7, 5), (5, 4)]),
    "linear, one sample": (ops.linear, [(1, 5), (5, 4), (4,)]),
    "add": (ops.add, [IMAGE, IMAGE]),
    "flatten": (ops.flatten, [(2, 3, 5, 4)]),
    "flatten, numbers": (ops.flatten, [(5,)]),
    "conv 3x3": (partial(ops.conv2d, padding=1), [IMAGE, (3, 3, 3, 4)]),
    "conv 3x3, b": (partial(ops.conv2d, padding=1), [IMAGE, (3, 3, 3, 4), (4,)]),
    "conv 3x3, stride 2": (partial(ops.conv2d, stride=2, padding=1), [(2, 6, 7, 3), (3, 3, 3, 2)]),
    "conv 2x3, stride 3": (partial(ops.conv2d, stride=3), [(1, 7, 9, 2), (2, 3, 2, 3)]),
    "conv 1x1, stride 2": (partial(ops.conv2d, stride=2), [IMAGE, (1, 1, 3, 2)]),
    "conv 5x1, padding 3": (partial(ops.conv2d, padding=3), [(1, 2, 3, 1), (5, 1, 1, 2)]),
    "batch_norm, dense": (ops.batch_norm, [(7, 3), (3,), (3,)]),
    "batch_norm, image": (ops.batch_norm, [IMAGE, (3,), (3,)]),
    "batch_norm, one image": (ops.batch_norm, [(1, 3, 2, 3), (3,), (3,)]),
    "batch_norm, bare": (ops.batch_norm, [(7, 3)]),
    "batch_norm, gamma only": (ops.batch_norm, [(7, 3), (3,)]),
    "batch_norm, beta only": (_beta_only, [(7, 3), (3,)]),
    "batch_norm, evaluation": (_evaluation(ops.batch_norm), [IMAGE, (3,), (3,)]),
    "batch_norm, relu": (partial(ops.batch_norm, relu=True), [IMAGE, (3,), (3,)]),
    "batch_norm, relu, bare": (partial(ops.batch_norm, relu=True), [(7, 3)]),
    "batch_norm, relu, evaluation": (_evaluation(partial(ops.batch_norm, relu=True)), [IMAGE, (3,), (3,)]),
    "mean_only_batch_norm": (ops.mean_only_batch_norm, [IMAGE, (3,)]),
    "mean_only_batch_norm, evaluation": (_evaluation(ops.mean_only_batch_norm), [(1, 3), (3,)]),
    "layer_norm": (ops.layer_norm, [(5, 6), (6,), (6,)]),
    "layer_norm, image": (ops.layer_norm, [IMAGE, (3,), (3,)]),
    "layer_norm, one sample": (ops.layer_norm, [(1, 6), (6,), (6,)]),
    "rms_norm": (ops.rms_norm, [(5, 6), (6,)]),
    "weight_norm": (ops.weight_norm, [(5, 4), (4,)]),
    "weight_norm, conv": (ops.weight_norm, [(3, 3, 2, 4), (4,)]),
    "norm_prop": (ops.norm_prop, [(7, 5), (5, 4), (4,), (4,)]),
    "relu": (ops.relu, [IMAGE]),
    "dropout": (_dropout, [IMAGE]),
    "max_pool": (partial(ops.max_pool, size=2), [(2, 4, 6, 3)]),
    "max_pool 3": (partial(ops.max_pool, size=3), [(1, 3, 9, 2)]),
    "avg_pool": (partial(ops.avg_pool, size=2), [(2, 4, 6, 3)]),
    "global_avg_pool": (ops.global_avg_pool, [IMAGE]),
    "cross_entropy": (_cross_entropy, [(5, 4)]),
    "cross_entropy, smoothing": (partial(_cross_entropy, smoothing=0.2), [(5, 4)]),
}


def draw(name, dtype=np.float64, seed=0):
    """The op of a case, and random arrays for it."""
    op, shapes = CASES[name]
    rng = np.random.default_rng(seed)
    return op, [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def as_tuple(grads):
    return grads if isinstance(grads, tuple) else (grads,)
