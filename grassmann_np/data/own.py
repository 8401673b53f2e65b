"""Data of one's own are an .npz file of arrays, or a folder of images.

    flowers.npz    x_train, y_train, x_test, y_test; or x and y, which are then divided
    flowers/       rose/*.png, tulip/*.jpg, ...: a folder a class, which are then divided; or train/ and test/ of these

Files that are no images, and files and folders whose name begins with a dot, are passed over. Nothing in a file is
run: arrays of Python objects are refused.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..files import read_npz
from .dataset import PARTS, Array, Dataset, from_arrays, split
from .fetch import place
from .images import folders, image_files, read

WHOLE = ("x", "y")
TEST_FRACTION = 0.2


def load(path: str | Path, test_fraction: float | None = None, seed: int = 0) -> Dataset:
    """The data of this .npz file or folder, as `split` and `from_arrays` make them; the name is that of the file.

    test_fraction (None: a fifth) and seed divide what is not yet divided.
    Raises FileNotFoundError for nothing there, ImportError for images without Pillow (the extra `data`), ValueError,
    naming the path, for what is no data set, and for a test_fraction where the test images are given.
    """
    path = place(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected an .npz file or a folder of images, got nothing there")
    try:
        held = _folder(path) if path.is_dir() else read_npz(path, PARTS, WHOLE)
        if "x" in held:
            fraction = TEST_FRACTION if test_fraction is None else test_fraction
            return split(path.stem, held["x"], held["y"], fraction, seed)
        if test_fraction is not None:
            raise ValueError("test_fraction: expected None, since the test images are given")
        return from_arrays(path.stem, **held)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _folder(path: Path) -> dict[str, Array]:
    """PARTS of a folder that holds train/ and test/, else WHOLE; the labels are the names of the classes' folders."""
    if {"train", "test"} == {folder.name for folder in folders(path)}:
        parts = [_classes(path / part) for part in ("train", "test")]
        images, n = read(path, [file for files, _ in parts for file in files]), len(parts[0][0])
        return dict(zip(PARTS, (images[:n], parts[0][1], images[n:], parts[1][1]), strict=True))
    files, labels = _classes(path)
    return dict(zip(WHOLE, (read(path, files), labels), strict=True))


def _classes(path: Path) -> tuple[list[Path], Array]:
    """The images below every folder in `path`, and the name of that folder for each."""
    found = [(folder.name, image_files(folder)) for folder in folders(path)]
    if not found:
        raise ValueError(f"{path.name}: expected a folder for every class, with its images, got none")
    for name, files in found:
        if not files:
            raise ValueError(f"{name}: expected images in the folder of a class, got none")
    return [file for _, files in found for file in files], np.array([name for name, files in found for _ in files])
