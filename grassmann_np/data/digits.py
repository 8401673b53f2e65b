"""Handwritten digits: 1797 real images of 8 x 8 pixels, inside scikit-learn; no download.

Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (its test part).
"""

from __future__ import annotations

from ..extras import install
from .dataset import Dataset, split


def digits(seed: int = 0, test_fraction: float = 0.25) -> Dataset:
    """The digits, divided by `seed` and standardized.  Raises ImportError without scikit-learn (the extra `data`)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(f"the digits are inside scikit-learn: {install('data')}") from error
    images, labels = load_digits(return_X_y=True)
    return split("digits", images.reshape(-1, 8, 8, 1), labels, test_fraction, seed)
