"""A data set is images and labels in two parts: what a network may learn from, and what it is tested on.

Images are (N, H, W, C) float32, and float64 will do; labels are (N,) int64 from 0 to classes - 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from ..backend import get_named_xp, to_device
from ..checks import check_arrays, check_kind, check_number, check_several, check_shape, check_whole
from .samples import Array as Array
from .samples import as_images, as_labels, moments, named, numbered, standardized

PARTS = ("x_train", "y_train", "x_test", "y_test")
"""The arrays of a data set."""
NAMED = 10  # classes that are named in a line
Augment: TypeAlias = Callable[[Any, np.random.Generator], Any]  # training images, a generator -> images like them


@dataclass(frozen=True)
class Dataset:
    """Training and test images with their labels, and how a batch of training images is augmented, if at all.

    `names` says what the classes are called, in their order, if they are called anything but 0 to classes - 1.
    Raises TypeError for arrays of another kind or dtype, ValueError for another shape, an empty part, a label that is
    not from 0 to classes - 1, or another number of names.
    """

    name: str
    classes: int
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    augment: Augment | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_whole("classes", self.classes, 1)
        get_named_xp(**self._arrays())
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
        for name in check_several("names", self.names):
            check_kind("names", name, str)
        object.__setattr__(self, "names", tuple(self.names))
        if self.names and len(self.names) != self.classes:
            raise ValueError(f"names: expected one for each of {self.classes} classes, got {len(self.names)}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels

    def line(self) -> str:
        """The data set in words: how many images of which size, and the number of every class that has a name."""
        height, width, channels = self.shape
        called = [f"{name} is {number}" for number, name in enumerate(self.names)]
        if len(called) > NAMED:
            called = [*called[: NAMED - 1], "...", called[-1]]
        return (
            f"{self.name}: {len(self.y_train)} training and {len(self.y_test)} test images of {height} x {width} x "
            f"{channels} in {self.classes} classes{': ' if called else ''}{', '.join(called)}"
        )

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
        return replace(self, **to_device(self._arrays(), device))

    def _arrays(self) -> dict[str, Array]:
        return {name: getattr(self, name) for name in PARTS}


def split(name: str, images: Array, labels: Array, test_fraction: float, seed: int) -> Dataset:
    """Every class divided in the same proportion, in an order drawn from `seed`; then standardized.

    images (N, H, W) or (N, H, W, C), finite real numbers; labels (N,), whole numbers or words. Classes are numbered in
    the order of their labels; `names` says what each was. Mean and deviation of every channel are the training part's
    alone, so that nothing of the test part leaks into training.
    Raises TypeError for other kinds of arguments, ValueError for other values, for a single class, a test part without
    images or a training part without some class.
    """
    images = as_images("images", images)
    y, values = numbered("labels", as_labels("labels", labels, len(images)))
    names = named(values)
    train, test = divided(y, test_fraction, seed, names)
    x = standardized("images", images, *moments(images[train]))
    return Dataset(name, len(values), x[train], y[train], x[test], y[test], names=names)


def divided(y: Array, test_fraction: float, seed: int, names: tuple[str, ...] = ()) -> tuple[Array, Array]:
    """The numbers of the training and of the test samples, as `split` draws them; y (N,) int64 from 0 on."""
    test_fraction, seed = check_number("test_fraction", test_fraction), check_whole("seed", seed, 0)
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction: expected a number between 0 and 1, got {test_fraction!r}")
    of_class = np.bincount(y)
    held_out = np.round(test_fraction * of_class)  # of each class
    if not held_out.any():
        raise ValueError(f"test_fraction: expected more: {test_fraction} of {of_class.max()} samples a class is none")
    if np.any(held_out == of_class):
        one = np.argmax(held_out == of_class)
        called = names[one] if names else one
        raise ValueError(
            f"test_fraction: expected less: {test_fraction} leaves none of {of_class[one]} of class {called}"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    rank = np.empty(len(y), dtype=np.int64)  # of a sample within its class
    for label in range(len(of_class)):
        members = order[y[order] == label]
        rank[members] = np.arange(len(members))
    is_test = (rank < held_out[y])[order]
    return order[~is_test], order[is_test]


def from_arrays(name: str, x_train: Array, y_train: Array, x_test: Array, y_test: Array) -> Dataset:
    """Samples that are already in two parts, as `split` takes them; standardized by the training part alone.

    The classes are those of y_train.  Raises as `split`, and ValueError for a class that is in y_test only.
    """
    x_train, x_test = as_images("x_train", x_train), as_images("x_test", x_test)
    y_train, y_test = as_labels("y_train", y_train, len(x_train)), as_labels("y_test", y_test, len(x_test))
    check_shape("x_test", x_test, "N", *x_train.shape[1:])
    y, values = numbered("y_train", y_train)
    places = {value: place for place, value in enumerate(values.tolist())}
    if unknown := [label for label in np.unique(y_test).tolist() if label not in places]:
        raise ValueError(f"y_test: expected the classes of y_train, got {unknown[0]!r} too")
    tested = np.array([places[label] for label in y_test.tolist()], dtype=np.int64)
    channels = moments(x_train)
    x, x_tested = (standardized(part, x, *channels) for part, x in (("x_train", x_train), ("x_test", x_test)))
    return Dataset(name, len(values), x, y, x_tested, tested, names=named(values))
