"""Samples are images and labels as people have them; here they become what a network takes.

images    (N, H, W) or (N, H, W, C), any real numbers     -> (N, H, W, C)
labels    (N,), whole numbers or words, whatever they are -> (N,) int64 from 0 on, with the name of every class
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import get_named_xp
from ..checks import check_shape

Array = np.ndarray[Any, Any]
BLOCK = 1024  # images that are float64 at a time


def as_images(name: str, images: Array) -> Array:
    """The images with their channel.  Raises TypeError or ValueError for what is none."""
    if get_named_xp(**{name: images}) is not np or images.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected a NumPy array of real numbers, got {images.dtype}")
    if images.ndim == 2:
        raise ValueError(
            f"{name}: expected images (N, H, W) or (N, H, W, C), got {images.shape}; a row of a table is an image of "
            f"one line: {name}[:, None, :]"
        )
    if images.ndim == 3:
        images = images[..., None]
    check_shape(name, images, "N", "H", "W", "C")
    if images.shape[1] in (1, 3) and min(images.shape[2:]) > 4:
        raise ValueError(
            f"{name}: expected the channels last, (N, H, W, C), got {images.shape}; {name}.transpose(0, 2, 3, 1) "
            f"puts them there"
        )
    return images


def as_labels(name: str, labels: Array, n: int) -> Array:
    """(n,) whole numbers or words.  Raises TypeError or ValueError for something else."""
    if get_named_xp(**{name: labels}) is not np:
        raise TypeError(f"{name}: expected a NumPy array, got another")
    if labels.dtype.kind == "O" and all(isinstance(one, str) for one in labels.flat):
        labels = labels.astype(str)
    if labels.dtype.kind not in "iuU":
        advice = f"; {name}.astype(int) makes whole numbers of them" if labels.dtype.kind in "fb" else ""
        raise TypeError(f"{name}: expected a NumPy array of whole numbers or words, got {labels.dtype}{advice}")
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise ValueError(
            f"{name}: expected shape ({n},), got {labels.shape}; if a row has one 1, {name}.argmax(axis=1) says where"
        )
    labels = labels[:, 0] if labels.ndim == 2 else labels
    check_shape(name, labels, n)
    return labels


def numbered(name: str, labels: Array) -> tuple[Array, Array]:
    """The labels as int64 from 0 on, in the order of their values, and the value of each class.

    Raises ValueError for a single class.

    >>> y, values = numbered("y", np.array(["owl", "cat", "owl"]))
    >>> y, named(values)
    (array([1, 0, 1]), ('cat', 'owl'))
    """
    values, y = np.unique(labels, return_inverse=True)
    if len(values) < 2:
        raise ValueError(f"{name}: expected at least two classes, got only {values[0]!s}")
    return y.astype(np.int64), values


def named(values: Array) -> tuple[str, ...]:
    """What the classes with these values are called; () if that is 0 to classes - 1."""
    same = values.dtype.kind != "U" and bool(np.all(values == np.arange(len(values))))
    return () if same else tuple(map(str, values))


def standardized(name: str, images: Array, mean: Array, deviation: Array) -> Array:
    """(images - mean)/deviation, float32; a channel that is everywhere the same is 0.

    Raises ValueError, naming an image, where that is not finite.
    """
    x = np.empty(images.shape, np.float32)
    with np.errstate(all="ignore"):  # what is not finite is found in x
        scale = np.where(deviation > 0, deviation, 1)
        for start in range(0, len(x), BLOCK):
            part = slice(start, start + BLOCK)
            x[part] = (images[part] - mean) / scale
    finite = np.isfinite(x).all(axis=(1, 2, 3))
    if not finite.all():
        raise ValueError(
            f"{name}: expected finite numbers, also once they are standardized float32, got others, first in image "
            f"{finite.argmin()}"
        )
    return x


def moments(images: Array) -> tuple[Array, Array]:
    """Mean and deviation of every channel, (C,) float64."""
    axes: Any = {"axis": (0, 1, 2), "dtype": np.float64}
    with np.errstate(all="ignore"):
        return images.mean(**axes), images.std(**axes)
