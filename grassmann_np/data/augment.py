"""An augmentation shows a network its training images a little differently every epoch.

    out[i, j] = padded[top + i, left + j]        with an even chance mirrored, out[i, W - 1 - j]

`padded` is the image continued by reflection, its edge not repeated.  It is never built: pixel i of a reflected axis of
`size` pixels is pixel size - 1 - |size - 1 - |i|| of the image, so that one gather does everything.
"""

from __future__ import annotations

import numpy as np

from ..backend import Array, get_named_xp
from ..checks import check_generator, check_whole


def crop_and_flip(x: Array, rng: np.random.Generator, padding: int = 4) -> Array:
    """Every image shifted by up to `padding` pixels in each direction, and half of them mirrored left to right.

    x (N, H, W, C) on any backend -> the same shape, dtype and backend; the same `rng` gives the same choices on each.
    Raises ValueError for another shape, or a padding that is not less than H and W, TypeError for a `padding` that is
    not whole, or an `rng` that is not a numpy Generator.
    Source: the code of Cho and Lee 2017 for CIFAR: reflect-pad 4, a random 32 x 32 crop, a horizontal flip.

    >>> x = np.broadcast_to(np.arange(3)[:, None], (4, 3, 3, 1))  # four images, each with columns 0, 1, 2
    >>> crop_and_flip(x, np.random.default_rng(2), padding=1)[:, 0, :, 0]
    array([[0, 1, 2],
           [1, 2, 1],
           [2, 1, 0],
           [1, 0, 1]])
    """
    xp = get_named_xp(x=x)
    padding = check_whole("padding", padding, 0)
    check_generator(rng)
    if len(x.shape) != 4 or 0 in x.shape[1:] or padding >= min(x.shape[1:3]):
        raise ValueError(f"x: expected images (N, H, W, C) and 0 <= padding < H, W; got {tuple(x.shape)} and {padding}")
    n, height, width, channels = x.shape
    rows, columns = _window(n, height, padding, rng), _window(n, width, padding, rng)  # (N, H), (N, W)
    mirrored = rng.integers(0, 2, (n, 1)) == 1
    columns = np.where(mirrored, columns[:, ::-1], columns)
    image, rows, columns = (xp.asarray(a) for a in (np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]))
    pixels = (image * height + rows) * width + columns  # (N, H, W), put together where x is
    taken = xp.take(xp.reshape(x, (-1, channels)), xp.reshape(pixels, (-1,)), axis=0)
    return xp.reshape(taken, x.shape)


def _window(n: int, size: int, padding: int, rng: np.random.Generator) -> Array:
    """The pixels under a random window of `size` in each of n reflected axes of `size` pixels.  (n, size)."""
    i = rng.integers(-padding, padding + 1, (n, 1)) + np.arange(size)
    return size - 1 - abs(size - 1 - abs(i))
