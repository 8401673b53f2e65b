"""Every op that was made fast, again as it was before: a few array operations over the whole batch, no blocks."""

import numpy as np


def conv2d(x, w, b=None, stride=1, padding=0):
    """All columns at once; the way back by folding, at every stride."""
    kh, kw, _, c_out = w.shape
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    matrix, columns = w.reshape(-1, c_out), unfold(padded, kh, kw, stride)
    y = (columns.reshape(-1, len(matrix)) @ matrix).reshape(*columns.shape[:3], c_out)

    def pullback(dy):
        rows = dy.reshape(-1, c_out)
        dw = (columns.reshape(-1, len(matrix)).T @ rows).reshape(w.shape)
        d_padded = fold((rows @ matrix.T).reshape(columns.shape), padded.shape, stride)
        dx = d_padded[:, padding : padding + height, padding : padding + width]
        return (dx, dw) if b is None else (dx, dw, rows.sum(0))

    return (y if b is None else y + b), pullback


def unfold(x, kh, kw, stride):
    """Every window, copied.  (N, H, W, C) -> (N, H', W', kh, kw, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def fold(columns, shape, stride):
    """The transpose of `unfold`."""
    _, h, w, kh, kw, _ = columns.shape
    x = np.zeros(shape, dtype=columns.dtype)
    for i, j in np.ndindex(kh, kw):
        x[:, i : i + stride * h : stride, j : j + stride * w : stride] += columns[:, :, :, i, j]
    return x


def batch_norm(x, gamma, beta, eps=1e-5):
    """One array operation after another, each over the whole batch."""
    n = x.size // x.shape[-1]
    axes = tuple(range(x.ndim - 1))
    centered = x - x.mean(axes)
    inverse = 1 / np.sqrt((centered * centered).mean(axes) + np.asarray(eps, x.dtype))
    xh = centered * inverse

    def pullback(dy):
        dgamma, dbeta = (dy * xh).sum(axes), dy.sum(axes)
        return (dy - dbeta / n - xh * (dgamma / n)) * (gamma * inverse), dgamma, dbeta

    return xh * gamma + beta, pullback


def relu(x):
    return np.maximum(x, 0.0), lambda dy: np.where(x > 0, dy, 0.0)


def max_pool(x, size):
    """The first maximum of every window, by its place in the window."""
    n, height, width, channels = x.shape
    shape = n, height // size, size, width // size, size, channels
    windows = x.reshape(shape).transpose(0, 1, 3, 5, 2, 4).reshape(-1, size * size)
    first = windows.argmax(1)[:, None]

    def pullback(dy):
        d_windows = np.zeros_like(windows)
        np.put_along_axis(d_windows, first, dy.reshape(-1, 1), 1)
        folded = d_windows.reshape(n, height // size, width // size, channels, size, size)
        return folded.transpose(0, 1, 4, 2, 5, 3).reshape(x.shape)

    return windows.max(1).reshape(n, height // size, width // size, channels), pullback
