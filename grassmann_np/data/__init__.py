"""Real images: two sets that need no download, and those of the paper from a folder."""

from .augment import crop_and_flip
from .batches import batches
from .dataset import Dataset, split
from .digits import digits
from .mnist import mnist

__all__ = ["Dataset", "batches", "crop_and_flip", "digits", "mnist", "split"]
