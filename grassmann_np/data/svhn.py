"""SVHN: digits of 32 x 32 pixels from house numbers, 73,257 to train on, 531,131 easier ones, 26,032 to test on.

A file holds X, uint8 (32, 32, 3, N), and y, (N, 1) from 1 to 10, where 10 is the digit 0.

Source: Netzer et al., Reading Digits in Natural Images, 2011; ufldl.stanford.edu/housenumbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dataset import Array, Dataset
from .fetch import obtain, place
from .matlab import read

SITE = "http://ufldl.stanford.edu/housenumbers/"
FILES = {  # MD5 and images of each
    "train_32x32.mat": ("e26dedcc434d2e4c54c9b2d4a06d8373", 73_257),
    "extra_32x32.mat": ("a93ce644f1a588dc4d68dda5feec44a7", 531_131),
    "test_32x32.mat": ("eb5a983be6a315427106f1b164d9cef3", 26_032),
}


def svhn(folder: str | Path, extra: bool = True, download: bool = False) -> Dataset:
    """SVHN from the .mat files in `folder`, to train on with the easier ones or without; pixels from 0 to 1.

    `download` fetches what is not there: 1.6 GB, without `extra` 0.25 GB; ~ is the home directory.  As float32 it takes
    7.8 GB, and 1.9 GB more while it is read; without `extra` 1.2 and 0.2.  Raises FileNotFoundError for a missing file,
    ValueError for one that is not the published one or holds something else, and as `fetch.obtain` does.
    """
    names = [name for name in FILES if extra or name != "extra_32x32.mat"]
    paths = [obtain(place(folder), SITE + name, FILES[name][0], download, wanted=name) for name in names]
    return Dataset("svhn", 10, *_read(paths[:-1]), *_read(paths[-1:]))


def _read(paths: list[Path]) -> tuple[Array, Array]:
    """(images, labels) of the files, one after another: float32 (N, 32, 32, 3) and int64 (N,)."""
    files = [_arrays(path, FILES[path.name][1]) for path in paths]
    y = np.concatenate([labels for _, labels in files]).astype(np.int64) % 10
    x = np.empty((len(y), 32, 32, 3), np.float32)
    start = 0
    for images, labels in files:
        stop = start + len(labels)
        x[start:stop] = images.transpose(3, 0, 1, 2)
        start = stop
    x /= 255
    return x, y


def _arrays(path: Path, n: int) -> tuple[Array, Array]:
    """X, uint8 (32, 32, 3, n), and y, (n,) from 1 to 10, of a file."""
    held = read(path, X=(32, 32, 3, n), y=(n, 1))
    x, y = held["X"], held["y"][:, 0]
    if x.dtype != np.uint8:
        raise ValueError(f"{path}: expected X of uint8, got {x.dtype}")
    if not np.isin(y, range(1, 11)).all():
        raise ValueError(f"{path}: expected y from 1 to 10, got others")
    return x, y
