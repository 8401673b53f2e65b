"""A data set is images and labels in two parts: what a network may learn from, and what it is tested on.

Images are (N, H, W, C) float32, labels (N,) int64 from 0 to classes - 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from ..backend import to_device

Array = np.ndarray[Any, Any]
Augment: TypeAlias = Callable[[Any, np.random.Generator], Any]  # training images, a generator -> images like them


@dataclass(frozen=True)
class Dataset:
    """Training and test images with their labels, and how a batch of training images is augmented, if at all."""

    name: str
    classes: int
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    augment: Augment | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels

    def padded(self, size: int) -> Dataset:
        """The same images inside a border of their background, the smallest value, so that H = W = size.

        Raises ValueError if they are larger.
        """
        height, width, _ = self.shape
        if max(height, width) > size:
            raise ValueError(f"size: expected at least {max(height, width)}, got {size}")
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

    images (N, H, W, C), labels (N,).  Mean and deviation of every channel are the training part's alone, so that
    nothing of the test part leaks into training.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction: expected a number between 0 and 1, got {test_fraction!r}")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    rank = np.empty(len(labels), dtype=np.int64)  # of a sample within its class
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    held_out = np.round(test_fraction * np.bincount(labels))[labels]
    is_test = (rank < held_out)[order]
    train, test = order[~is_test], order[is_test]
    mean, deviation = images[train].mean(axis=(0, 1, 2)), images[train].std(axis=(0, 1, 2))
    x = ((images - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
    y = labels.astype(np.int64)
    return Dataset(name, int(y.max()) + 1, x[train], y[train], x[test], y[test])
