"""Real images: two sets that need no download, and those of the paper from a folder."""

from .augment import crop_and_flip
from .batches import batches
from .cifar import cifar10, cifar100
from .dataset import Dataset, split
from .digits import digits
from .mnist import mnist
from .svhn import svhn

__all__ = ["Dataset", "batches", "cifar10", "cifar100", "crop_and_flip", "digits", "mnist", "split", "svhn"]
