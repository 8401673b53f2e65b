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

from .camera import Camera, on_sphere
from .losses import Loss

SOME = 1 << 14  # pixels at a time: a loss may hold a batch for each of them
LUMINANCE = np.array([0.299, 0.587, 0.114])  # what red, green and blue add to how light a colour is (Rec. 601)


@cache
def _pixels(n: int) -> tuple[np.ndarray, np.ndarray]:
    """n x n pixels of the square [-1, 1]^2: (right, up, towards the eye) on the sphere (3, n * n), alpha (n * n,)."""
    x = (np.arange(n) + 0.5) * 2 / n - 1
    screen = np.stack(np.meshgrid(x, x)).reshape(2, -1)
    edge = (1 - np.hypot(*screen)) * n / 2 + 0.5  # one soft pixel at the limb
    return on_sphere(screen), np.round(255 * np.clip(edge, 0, 1)).astype(np.uint8)


def plain(n: int, colour: tuple[int, int, int] = (247, 249, 252)) -> np.ndarray:
    """The disc without a loss: of that colour, lit from the upper left; the same for every camera."""
    light = 0.88 + 0.12 * np.clip(np.array([-0.45, 0.55, 0.70]) @ _pixels(n)[0], 0, 1)
    return _image(np.outer(light, colour).round().astype(np.uint8), n)


def coloured(
    loss: Loss, limits: tuple[float, float], camera: Camera, n: int, grey: bool = False, dark: bool = False
) -> np.ndarray:
    """The disc coloured by a loss, light (low) at limits[0] and dark at limits[1].

    `grey`: in greys as light; `dark`: so that light lines are seen on it.
    """
    low, high = limits
    points = camera.basis @ _pixels(n)[0]
    f = np.concatenate([loss(points[:, i : i + SOME])[0] for i in range(0, n * n, SOME)])
    colours = palette(dark)
    if grey:
        colours = np.repeat((colours @ LUMINANCE).round().astype(np.uint8)[:, None], 3, axis=1)
    return _image(colours[np.clip((f - low) * (255 / (high - low or 1.0)), 0, 255).astype(int)], n)


def palette(dark: bool = False) -> np.ndarray:
    """The 256 colours of a loss, least first: (256, 3) uint8; with `dark`, half as light instead of washed."""
    rgb = colormaps["cividis_r"](np.arange(256), bytes=True)[:, :3]
    return (rgb / 2 if dark else rgb + (255 - rgb) / 3).round().astype(np.uint8)


def contours(loss: Loss, limits: tuple[float, float], camera: Camera, n: int = 96) -> np.ndarray:
    """The lines of constant loss, ten from limits[0] to limits[1], on the screen: (2, k), gaps are NaN."""
    x = np.linspace(-1, 1, n)
    grid = np.stack(np.meshgrid(x, x)).reshape(2, -1)
    f = np.ma.masked_array(loss(camera.basis @ on_sphere(grid))[0], np.hypot(*grid) > 1 + 1.5 / n).reshape(n, n)
    lines = contourpy.contour_generator(x, x, f)
    parts = [np.full((2, 1), np.nan)]
    for level in np.linspace(*limits, 12)[1:-1]:
        for line in lines.lines(level):
            points = np.asarray(line).T  # (2, k)
            parts += [np.where(np.hypot(*points) > 1, np.nan, points), parts[0]]
    return np.hstack(parts)


def limits(loss: Loss) -> tuple[float, float]:
    """The least and the greatest loss on the sphere, over 2000 points spread evenly (a Fibonacci spiral)."""
    k = np.arange(2000) + 0.5
    z, a = 1 - k / 1000, np.pi * (1 + 5**0.5) * k
    f = loss(np.stack([np.sqrt(1 - z * z) * np.cos(a), np.sqrt(1 - z * z) * np.sin(a), z]))[0]
    return float(f.min()), float(f.max())


def _image(rgb: np.ndarray, n: int) -> np.ndarray:
    """Pixels (n * n, 3) as an image, transparent beyond the limb."""
    return np.column_stack([rgb, _pixels(n)[1]]).reshape(n, n, 4)
