"""A disc is the sphere as the camera sees it: an (n, n, 4) uint8 image on the square [-1, 1]^2, softly lit or coloured.

A loss map is a disc coloured by a loss: every pixel is lifted back to the sphere (projection inverted), the loss is
taken there, and shown as cividis, its yellow end low, washed a third to white, under contour lines. Row 0 is the
bottom.
"""

from __future__ import annotations

from functools import cache

import contourpy
import numpy as np
from matplotlib import colormaps

from .camera import Camera
from .losses import Loss


@cache
def pixels(n: int) -> np.ndarray:
    """The centres of n x n pixels of the square [-1, 1]^2: (2, n * n)."""
    x = (np.arange(n) + 0.5) * 2 / n - 1
    return np.stack(np.meshgrid(x, x)).reshape(2, -1)


def plain(n: int) -> np.ndarray:
    """The disc without a loss: pale, lit from the upper left; the same for every camera."""
    x, y = pixels(n)
    rho = np.minimum(1.0, np.hypot(x, y))
    z = np.sqrt(1 - rho**2)
    light = 0.88 + 0.12 * np.clip(-0.45 * x + 0.55 * y + 0.70 * z, 0, 1)
    return _image(np.stack([light * 247, light * 249, light * 252], axis=1), n)


def coloured(loss: Loss, limits: tuple[float, float], camera: Camera, n: int) -> np.ndarray:
    """The disc coloured by a loss, light (low) at limits[0] and dark at limits[1]."""
    low, high = limits
    f = loss(camera.lift(pixels(n)))[0]
    rgb = colormaps["cividis_r"]((f - low) / (high - low or 1.0))[:, :3]
    return _image(255 * (rgb + (1 - rgb) / 3), n)


def contours(loss: Loss, limits: tuple[float, float], camera: Camera, n: int = 96) -> np.ndarray:
    """The lines of constant loss, ten from limits[0] to limits[1], on the screen: (2, k), gaps are NaN."""
    x = np.linspace(-1, 1, n)
    grid = np.stack(np.meshgrid(x, x)).reshape(2, -1)
    f = np.ma.masked_array(loss(camera.lift(grid))[0], np.hypot(*grid) > 1 + 1.5 / n).reshape(n, n)
    lines = contourpy.contour_generator(x, x, f)
    parts = [np.full((2, 1), np.nan)]
    for level in np.linspace(*limits, 12)[1:-1]:
        for line in lines.lines(level):
            outside = np.hypot(*line.T) > 1
            parts += [np.where(outside, np.nan, line.T), parts[0]]
    return np.hstack(parts)


def limits(loss: Loss) -> tuple[float, float]:
    """The least and the greatest loss on the sphere, over 2000 points spread evenly (a Fibonacci spiral)."""
    k = np.arange(2000) + 0.5
    z, a = 1 - k / 1000, np.pi * (1 + 5**0.5) * k
    f = loss(np.stack([np.sqrt(1 - z * z) * np.cos(a), np.sqrt(1 - z * z) * np.sin(a), z]))[0]
    return float(f.min()), float(f.max())


def _image(rgb: np.ndarray, n: int) -> np.ndarray:
    """Pixels (n * n, 3) in 0..255 as an image, transparent beyond the limb, with one soft pixel at it."""
    alpha = 255 * np.clip((1 - np.hypot(*pixels(n))) * n / 2 + 0.5, 0, 1)
    return np.column_stack([rgb, alpha]).round().astype(np.uint8).reshape(n, n, 4)
