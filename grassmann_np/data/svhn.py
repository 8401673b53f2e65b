"""SVHN: digits of 32 x 32 pixels from house numbers, 73,257 to train on, 531,131 easier ones, 26,032 to test on.

A file holds X, uint8 (32, 32, 3, N), and y, (N, 1) from 1 to 10, where 10 is the digit 0.

Source: Netzer et al., Reading Digits in Natural Images, 2011; ufldl.stanford.edu/housenumbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dataset import Array, Dataset
from .fetch import obtain

SITE = "http://ufldl.stanford.edu/housenumbers/"
MD5 = {
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "extra_32x32.mat": "a93ce644f1a588dc4d68dda5feec44a7",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
}


def svhn(folder: str | Path, extra: bool = True, download: bool = False) -> Dataset:
    """SVHN from the .mat files in `folder`, to train on with the easier ones or without; pixels from 0 to 1.

    `download` fetches what is not there: 1.6 GB, without `extra` 0.25 GB.  As float32 it takes 7.8 GB, and 1.9 GB more
    while it is read; without `extra` 1.2 and 0.2.  Raises FileNotFoundError for a missing file, ValueError for one
    that is not the published one, and as `fetch.fetch` does.
    """
    names = [name for name in MD5 if extra or name != "extra_32x32.mat"]
    paths = [obtain(Path(folder), SITE + name, MD5[name], download, wanted=name) for name in names]
    return Dataset("svhn", 10, *_read(paths[:-1]), *_read(paths[-1:]))


def _read(paths: list[Path]) -> tuple[Array, Array]:
    """(images, labels) of the files, one after another: float32 (N, 32, 32, 3) and int64 (N,)."""
    from scipy.io import loadmat  # here: it takes longer to import than all the rest

    files = [loadmat(path, variable_names=("X", "y")) for path in paths]
    y = np.concatenate([file["y"].ravel() for file in files]).astype(np.int64) % 10
    x = np.empty((len(y), 32, 32, 3), np.float32)
    start = 0
    for file in files:
        stop = start + len(file["y"])
        x[start:stop] = file["X"].transpose(3, 0, 1, 2)
        start = stop
    x /= 255
    return x, y
