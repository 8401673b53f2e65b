"""Every op again, in loops over single numbers: slow, plain, and sharing no code with the thing it judges."""

import math

import numpy as np


def conv2d(x, w, stride, padding):
    n, height, width, c_in = x.shape
    kh, kw, _, c_out = w.shape
    h, v = (height + 2 * padding - kh) // stride + 1, (width + 2 * padding - kw) // stride + 1
    y = np.zeros((n, h, v, c_out))
    for s, p, q, c in np.ndindex(y.shape):
        for i, j, d in np.ndindex(kh, kw, c_in):
            a, b = p * stride + i - padding, q * stride + j - padding
            if 0 <= a < height and 0 <= b < width:
                y[s, p, q, c] += x[s, a, b, d] * w[i, j, d, c]
    return y


def pool(x, size, reduce):
    n, height, width, channels = x.shape
    y = np.zeros((n, height // size, width // size, channels))
    for s, p, q, c in np.ndindex(y.shape):
        y[s, p, q, c] = reduce([x[s, p * size + i, q * size + j, c] for i, j in np.ndindex(size, size)])
    return y


def mean(values):
    return math.fsum(values) / len(values)


def variance(values):
    m = mean(values)
    return mean([(v - m) ** 2 for v in values])


def batch_norm(x, gamma, beta, eps):
    y = np.zeros(x.shape)
    for c in range(x.shape[-1]):
        values = x[..., c].ravel().tolist()
        m, s = mean(values), math.sqrt(variance(values) + eps)
        for index in np.ndindex(x.shape[:-1]):
            y[(*index, c)] = gamma[c] * (x[(*index, c)] - m) / s + beta[c]
    return y


def layer_norm(x, gamma, beta, eps):
    y = np.zeros(x.shape)
    for index in np.ndindex(x.shape[:-1]):
        values = x[index].tolist()
        m, s = mean(values), math.sqrt(variance(values) + eps)
        y[index] = [gamma[c] * (v - m) / s + beta[c] for c, v in enumerate(values)]
    return y


def rms_norm(x, gamma, eps):
    y = np.zeros(x.shape)
    for index in np.ndindex(x.shape[:-1]):
        values = x[index].tolist()
        s = math.sqrt(mean([v * v for v in values]) + eps)
        y[index] = [gamma[c] * v / s for c, v in enumerate(values)]
    return y


def weight_norm(v, g):
    w = np.zeros(v.shape)
    for c in range(v.shape[-1]):
        length = math.sqrt(math.fsum(a * a for a in v[..., c].ravel().tolist()))
        w[..., c] = g[c] * v[..., c] / length
    return w


def norm_prop(x, w, gamma, beta):
    o = np.zeros((x.shape[0], w.shape[1]))
    for i, j in np.ndindex(o.shape):
        length = math.sqrt(math.fsum(a * a for a in w[:, j].tolist()))
        u = math.fsum(a * b / length for a, b in zip(x[i].tolist(), w[:, j].tolist(), strict=True))
        rectified = max(gamma[j] * u + beta[j], 0.0)
        o[i, j] = (rectified - math.sqrt(1 / (2 * math.pi))) / math.sqrt((1 - 1 / math.pi) / 2)
    return o


def cross_entropy(logits, labels, smoothing):
    classes = logits.shape[1]
    losses = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        log_sum = math.log(math.fsum(math.exp(z) for z in row))
        for k, z in enumerate(row):
            target = smoothing / classes + (1 - smoothing) * (k == label)
            losses.append(-target * (z - log_sum))
    return math.fsum(losses) / len(labels)
