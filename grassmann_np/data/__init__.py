"""Real images that need no download."""

from .dataset import Dataset, batches, split
from .digits import digits
from .mnist import mnist

__all__ = ["Dataset", "batches", "digits", "mnist", "split"]
