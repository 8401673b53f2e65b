"""Real images: sets that need no download, those of the paper from a folder, and your own."""

from .augment import crop_and_flip
from .batches import batches
from .cifar import cifar10, cifar100
from .dataset import Dataset, from_arrays, split
from .digits import digits
from .mnist import mnist
from .own import load
from .photos import photos
from .svhn import svhn

__all__ = [
    "Dataset",
    "batches",
    "cifar10",
    "cifar100",
    "crop_and_flip",
    "digits",
    "from_arrays",
    "load",
    "mnist",
    "photos",
    "split",
    "svhn",
]
