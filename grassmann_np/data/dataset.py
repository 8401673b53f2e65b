"""A data set is images and labels in two parts: what a network may learn from, and what it is tested on.

Images are (N, H, W, C) float32, and float64 will do; labels are (N,) int64 from 0 to classes - 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from ..backend import get_named_xp, to_device
from ..checks import check_arrays, check_number, check_shape, check_whole

Array = np.ndarray[Any, Any]
Augment: TypeAlias = Callable[[Any, np.random.Generator], Any]  # training images, a generator -> images like them


@dataclass(frozen=True)
class Dataset:
    """Training and test images with their labels, and how a batch of training images is augmented, if at all.

    Raises TypeError for arrays of another kind or dtype, ValueError for another shape, an empty part, or a label that
    is not from 0 to classes - 1.
    """

    name: str
    classes: int
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    augment: Augment | None = None

    def __post_init__(self) -> None:
        check_whole("classes", self.classes, 1)
        get_named_xp(x_train=self.x_train, y_train=self.y_train, x_test=self.x_test, y_test=self.y_test)
        check_arrays(x_train=self.x_train, x_test=self.x_test)
        size: tuple[Any, ...] = ("H", "W", "C")
        for part in ("train", "test"):
            x, y = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
            check_shape(f"x_{part}", x, "N", *size)
            check_shape(f"y_{part}", y, len(x))
            size = x.shape[1:]
            if y.dtype != np.int64:
                raise TypeError(f"y_{part}: expected int64, got {y.dtype}")
            if int(y.min()) < 0 or int(y.max()) >= self.classes:
                raise ValueError(f"y_{part}: expected 0 to {self.classes - 1}, got {y.min()} to {y.max()}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels

    def padded(self, size: int) -> Dataset:
        """The same images inside a border of their background, the smallest value, so that H = W = size.

        Raises ValueError if they are larger, TypeError for a size that is not whole.
        """
        height, width, _ = self.shape
        size = check_whole("size", size, max(height, width))
        top, left = (size - height) // 2, (size - width) // 2
        border = ((0, 0), (top, size - height - top), (left, size - width - left), (0, 0))
        background = self.x_train.min()
        x_train, x_test = (np.pad(x, border, constant_values=background) for x in (self.x_train, self.x_test))
        return replace(self, x_train=x_train, x_test=x_test)

    def to(self, device: str) -> Dataset:
        """The same data with their arrays on `device`, "cpu" or "gpu".  Raises as `backend.to_device` does."""
        arrays = {name: getattr(self, name) for name in ("x_train", "y_train", "x_test", "y_test")}
        return replace(self, **to_device(arrays, device))


def split(name: str, images: Array, labels: Array, test_fraction: float, seed: int) -> Dataset:
    """Every class divided in the same proportion, in an order drawn from `seed`; then standardized.

    images (N, H, W, C), finite real numbers; labels (N,), whole, every class from 0 on.  Mean and deviation of every
    channel are the training part's alone, so that nothing of the test part leaks into training.
    Raises TypeError for other kinds of arguments, ValueError for other values, for a test part without images or a
    training part without some class.
    """
    _check_samples(images, labels)
    test_fraction, seed = check_number("test_fraction", test_fraction), check_whole("seed", seed, 0)
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction: expected a number between 0 and 1, got {test_fraction!r}")
    y = labels.astype(np.int64)
    of_class = np.bincount(y)
    held_out = np.round(test_fraction * of_class)  # of each class
    if not held_out.any():
        raise ValueError(f"test_fraction: expected more: {test_fraction} of {of_class.max()} samples a class is none")
    if np.any(held_out == of_class):
        one = np.argmax(held_out == of_class)
        raise ValueError(f"test_fraction: expected less: {test_fraction} leaves none of {of_class[one]} of class {one}")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    rank = np.empty(len(y), dtype=np.int64)  # of a sample within its class
    for label in range(len(of_class)):
        members = order[y[order] == label]
        rank[members] = np.arange(len(members))
    is_test = (rank < held_out[y])[order]
    train, test = order[~is_test], order[is_test]
    with np.errstate(all="ignore"):  # what is not finite is found in x
        mean, deviation = (f(images[train], axis=(0, 1, 2), dtype=np.float64) for f in (np.mean, np.std))
        x = ((images - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
    if not np.isfinite(x).all():
        raise ValueError("images: expected finite numbers, also once they are standardized float32, got others")
    return Dataset(name, len(of_class), x[train], y[train], x[test], y[test])


def _check_samples(images: Array, labels: Array) -> None:
    for name, array, kinds, words in (("images", images, "fiub", "real"), ("labels", labels, "iu", "whole")):
        if get_named_xp(**{name: array}) is not np or array.dtype.kind not in kinds:
            raise TypeError(f"{name}: expected a NumPy array of {words} numbers, got {array.dtype}")
    check_shape("images", images, "N", "H", "W", "C")
    check_shape("labels", labels, len(images))
    classes = int(labels.max()) + 1
    if labels.min() < 0:
        raise ValueError(f"labels: expected whole numbers from 0 on, got {labels.min()}")
    if classes > len(labels) or len(np.unique(labels)) < classes:
        raise ValueError(f"labels: expected samples of every class from 0 to {classes - 1}, got none of some")
