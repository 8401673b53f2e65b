"""CIFAR-10 and CIFAR-100: 50,000 training and 10,000 test photographs of 32 x 32 pixels, in 10 and 100 classes.

A file of the binary version is a row of records with nothing between them:

    CIFAR-10     label, 1024 red, 1024 green, 1024 blue                  3073 bytes
    CIFAR-100    coarse label, fine label, 1024 red, green, blue         3074 bytes

Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from .augment import crop_and_flip
from .dataset import Array, Dataset
from .fetch import obtain, place

MORE = 2**20
"""Bytes that an archive may hold beside its images: headers, a page to read, the names of the classes."""


@dataclass(frozen=True)
class Published:
    """An archive, the files in it, and what is in those."""

    name: str
    url: str
    md5: str
    inside: str  # the folder in the archive
    classes: tuple[int, ...]  # of every label of a record; the last label is the one to learn
    train: dict[str, int]  # how many images are in each file
    test: dict[str, int]

    @property
    def record(self) -> int:
        """The bytes of an image with its labels."""
        return len(self.classes) + 3072

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of every file."""
        return {name: n * self.record for name, n in (self.train | self.test).items()}


CIFAR10 = Published(
    name="cifar10",
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    md5="c32a1d4ab5d03f1284b67883e8d87530",
    inside="cifar-10-batches-bin",
    classes=(10,),
    train={f"data_batch_{i}.bin": 10_000 for i in range(1, 6)},
    test={"test_batch.bin": 10_000},
)
CIFAR100 = Published(
    name="cifar100",
    url="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    md5="03b5dce01913d631647c71ecec9e9cb8",
    inside="cifar-100-binary",
    classes=(20, 100),
    train={"train.bin": 50_000},
    test={"test.bin": 10_000},
)


def cifar10(folder: str | Path, download: bool = False) -> Dataset:
    """CIFAR-10 from `folder`: its .bin files, there or in cifar-10-batches-bin, or else cifar-10-binary.tar.gz.

    `download` fetches the archive (162 MB) into `folder`, where ~ is the home directory, if none of them is there; it
    is read without unpacking.  Pixels are standardized by the mean and deviation of each channel of the training
    images; `augment` is crop_and_flip.  Takes 0.7 GB, 1.2 while it is read.
    Raises FileNotFoundError for missing files, ValueError for a file of another size, checksum (of an archive), label
    or kind, and as `fetch.obtain` does.
    """
    return _load(CIFAR10, place(folder), download)


def cifar100(folder: str | Path, download: bool = False) -> Dataset:
    """CIFAR-100 with its 100 fine labels, as `cifar10`: train.bin and test.bin, or else cifar-100-binary.tar.gz."""
    return _load(CIFAR100, place(folder), download)


def _load(published: Published, folder: Path, download: bool) -> Dataset:
    files = _files(published, folder, download)
    train, test = (
        np.concatenate([_records(*files[name], published) for name in part])
        for part in (published.train, published.test)
    )
    labels = len(published.classes)
    pixels = train[:, labels:].reshape(-1, 3, 1024)
    mean = pixels.mean(axis=(0, 2))
    deviation = np.sqrt(np.square(pixels, dtype=np.uint16).mean(axis=(0, 2)) - mean**2)  # 255^2 is a uint16
    deviation[deviation == 0] = 1
    x_train, x_test = (_standardized(records[:, labels:], mean, deviation) for records in (train, test))
    y_train, y_test = (records[:, labels - 1].astype(np.int64) for records in (train, test))
    return Dataset(published.name, published.classes[-1], x_train, y_train, x_test, y_test, augment=crop_and_flip)


def _files(published: Published, folder: Path, download: bool) -> dict[str, tuple[str, bytes]]:
    """Where every file is, in words, and its content, by name; each has its size, and no more is read."""
    for where in (folder, folder / published.inside):
        paths = {name: where / name for name in published.sizes}
        if all(path.is_file() for path in paths.values()):
            for name, path in paths.items():
                _check_size(str(path), path.stat().st_size, published.sizes[name])
            return {name: (str(path), path.read_bytes()) for name, path in paths.items()}
    wanted = f"{', '.join(published.sizes)}, or {published.url.rsplit('/', 1)[1]},"
    archive = obtain(folder, published.url, published.md5, download, wanted)
    try:
        return _unpacked(published, archive)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{archive}: truncated or damaged: {error}") from error


def _unpacked(published: Published, archive: Path) -> dict[str, tuple[str, bytes]]:
    """`_files` of an archive, which may hold only files and folders inside its own one, and each of ours once."""
    found: dict[str, tuple[str, bytes]] = {}
    most = sum(published.sizes.values()) + MORE
    with _AtMost(archive, most) as content, tarfile.open(fileobj=content, mode="r|") as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            inside = path.parts[:1] == (published.inside,) and ".." not in path.parts
            if not inside or not (member.isreg() or member.isdir()):
                raise ValueError(f"{archive}: expected files in {published.inside}, got {member.name!r}")
            name = "/".join(path.parts[1:])
            if name not in published.sizes:
                continue
            if name in found:
                raise ValueError(f"{archive}: expected {name} once, got it twice")
            words = f"{archive}: {name}"
            _check_size(words, member.size, published.sizes[name])
            file = tar.extractfile(member)
            found[name] = words, file.read() if file else b""
    if missing := [name for name in published.sizes if name not in found]:
        raise ValueError(f"{archive}: expected {', '.join(missing)} in {published.inside}, got none")
    return found


class _AtMost(gzip.GzipFile):
    """A compressed file, which may never end: read beyond `most` bytes, it raises ValueError."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path)
        self.most = most

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        if self.tell() > self.most:
            raise ValueError(f"{self.name}: expected at most {self.most} bytes when unpacked, got more")
        return content


def _check_size(words: str, found: int, expected: int) -> None:
    if found != expected:
        raise ValueError(f"{words}: expected {expected} bytes, got {found}: truncated or another file")


def _records(words: str, content: bytes, published: Published) -> Array:
    """The records of a file, its size and its labels checked.  uint8 (n, labels + 3072)."""
    records = np.frombuffer(content, np.uint8).reshape(-1, published.record)
    for column, limit in enumerate(published.classes):
        wrong = np.flatnonzero(records[:, column] >= limit)
        if len(wrong):
            raise ValueError(
                f"{words}: expected labels from 0 to {limit - 1}, got {records[wrong[0], column]} for image "
                f"{wrong[0]}: damaged or another file"
            )
    return records


def _standardized(pixels: Array, mean: Array, deviation: Array) -> Array:
    """From uint8 (N, 3072) to float32 (N, 32, 32, 3)."""
    planes = pixels.reshape(-1, 3, 32, 32)
    x = np.empty((len(planes), 32, 32, 3), np.float32)
    for c in range(3):
        x[..., c] = (planes[:, c] - np.float32(mean[c])) / np.float32(deviation[c])
    return x
