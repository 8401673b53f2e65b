"""SVHN: small .mat files in the true format are read exactly; others are refused with the reason."""

import io
import struct
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from grassmann_np import data
from grassmann_np.data import matlab
from tests.data.small import listing, md5, shrink_svhn, svhn, write

TRAIN, EXTRA, TEST = "train_32x32.mat", "extra_32x32.mat", "test_32x32.mat"


@pytest.mark.parametrize("extra", [True, False])
def test_images_and_labels(monkeypatch, tmp_path, extra):
    files, made = shrink_svhn(monkeypatch)
    write(tmp_path, files)
    if not extra:
        (tmp_path / EXTRA).unlink()
    got = data.svhn(tmp_path, extra=extra)
    parts = [made[name] for name in ((TRAIN, EXTRA) if extra else (TRAIN,))]
    for x, y, labels, images in (
        (got.x_train, got.y_train, *(np.concatenate(kind) for kind in zip(*parts, strict=True))),
        (got.x_test, got.y_test, *made[TEST]),
    ):
        assert x.dtype == np.float32 and y.dtype == np.int64
        np.testing.assert_array_equal(x, images.astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(y, np.where(labels == 10, 0, labels))
    assert set(got.y_test) == set(range(10)) and got.x_train.max() == 1 and got.x_train.min() == 0
    assert (got.name, got.classes, got.shape, got.augment) == ("svhn", 10, (32, 32, 3), None)


def test_extra_is_there_unless_refused(monkeypatch, tmp_path):
    files, made = shrink_svhn(monkeypatch)
    write(tmp_path, files)
    assert len(data.svhn(tmp_path).y_train) == len(made[TRAIN][0]) + len(made[EXTRA][0])


@pytest.mark.parametrize("name", [TRAIN, EXTRA, TEST])
@pytest.mark.parametrize("damage", ["empty", "half", "one bit", "foreign"])
def test_a_broken_file_is_refused_and_left_alone(monkeypatch, tmp_path, name, damage):
    files, _ = shrink_svhn(monkeypatch)
    whole = files[name]
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    foreign = files[TRAIN if name == TEST else TEST]
    content = {"empty": b"", "half": whole[: len(whole) // 2], "one bit": bytes(flipped), "foreign": foreign}[damage]
    write(tmp_path, files | {name: content})
    before = listing(tmp_path)
    with pytest.raises(ValueError, match=f"{name}: expected .* MD5 {md5(whole)}, got {md5(content)} .{len(content)} b"):
        data.svhn(tmp_path, download=True)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("name", [TRAIN, EXTRA, TEST])
def test_a_missing_file_is_named_with_where_to_get_it(monkeypatch, tmp_path, name):
    files, _ = shrink_svhn(monkeypatch)
    write(tmp_path, files)
    (tmp_path / name).unlink()
    with pytest.raises(
        FileNotFoundError,
        match=f"expected {name} in .*download=True .--download on the command line., or get it from http://.*/{name}",
    ):
        data.svhn(tmp_path)


X, Y = np.zeros((32, 32, 3, 12), np.uint8), np.arange(1, 13)[:, None] % 10 + 1


def saved(compressed=True, **arrays):
    out = io.BytesIO()
    savemat(out, arrays, do_compression=compressed)
    return out.getvalue()


def publish(monkeypatch, folder, content):
    """SVHN whose training file is `content`, whatever is in it."""
    files, _ = shrink_svhn(monkeypatch)
    monkeypatch.setitem(svhn.FILES, TRAIN, (md5(content), len(Y)))
    write(folder, files | {TRAIN: content})


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def bomb(shape, size):
    """X of that shape, which unpacks to `size` bytes: 1000 times as many as are in the file."""
    flags, name = element(6, struct.pack("<II", 9, 0)), element(1, b"X")
    head = flags + element(5, struct.pack("<4i", *shape)) + name + struct.pack("<II", 2, size)
    packed = zlib.compress(struct.pack("<II", 14, len(head) + size) + head + bytes(size))
    return saved(y=Y.astype(np.uint8)) + struct.pack("<II", 15, len(packed)) + packed


OBJECTS = np.empty((12, 1), object)
OBJECTS[:] = "open('/tmp/x', 'w')"
HOSTILE = {
    "X is missing": saved(y=Y.astype(np.uint8)),
    "y is missing": saved(X=X),
    "both are": saved(z=X),
    "X of floats": saved(X=X.astype(float), y=Y.astype(np.uint8)),
    "X of int8": saved(X=X.astype(np.int8), y=Y.astype(np.uint8)),
    "X of logicals": saved(X=X.astype(bool), y=Y.astype(np.uint8)),
    "X complex": saved(X=X.astype(complex), y=Y.astype(np.uint8)),
    "X of text": saved(X="images", y=Y.astype(np.uint8)),
    "X a struct": saved(X={"a": 1}, y=Y.astype(np.uint8)),
    "X of cells": saved(X=OBJECTS, y=Y.astype(np.uint8)),
    "y of cells": saved(X=X, y=OBJECTS),
    "y of text": saved(X=X, y="abcdefghijkl"),
    "X of another size": saved(X=X[:, :31], y=Y.astype(np.uint8)),
    "X gray": saved(X=X[:, :, 0], y=Y.astype(np.uint8)),
    "one label less": saved(X=X, y=Y[:-1].astype(np.uint8)),
    "y a row": saved(X=X, y=Y.T.astype(np.uint8)),
    "y empty": saved(X=X[..., :0], y=Y[:0].astype(np.uint8)),
    "a label 0": saved(X=X, y=np.where(Y == 3, 0, Y).astype(np.uint8)),
    "a label 11": saved(X=X, y=np.where(Y == 3, 11, Y).astype(np.uint8)),
    "a label 1.5": saved(X=X, y=np.where(Y == 3, 1.5, Y)),
    "a label NaN": saved(X=X, y=np.where(Y == 3, np.nan, Y)),
    "a label twice": saved(X=X, y=Y.astype(np.uint8)) + saved(y=Y.astype(np.uint8))[128:],
    "more than its shape": bomb((32, 32, 3, 12), 50_000_000),
    "empty": b"",
    "text": b"<html>404</html>" * 100,
    "half": saved(X=X, y=Y.astype(np.uint8))[:150],
    "newer": b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(1000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_holds_something_else_is_refused(monkeypatch, tmp_path, kind):
    publish(monkeypatch, tmp_path, HOSTILE[kind])
    before = listing(tmp_path)
    with pytest.raises(ValueError, match=f"{TRAIN}: expected "):
        data.svhn(tmp_path)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_what_else_the_format_allows_is_read(monkeypatch, tmp_path, compressed, dtype):
    publish(monkeypatch, tmp_path, saved(compressed, a="text", X=X, b={"c": OBJECTS}, y=Y.astype(dtype)))
    got = data.svhn(tmp_path, extra=False)
    np.testing.assert_array_equal(got.y_train, Y[:, 0] % 10)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_byte_changed_anywhere_is_refused_or_is_another_number(tmp_path, compressed):
    rng, path = np.random.default_rng(0), tmp_path / TRAIN
    whole = saved(compressed, X=X, y=Y.astype(np.uint8))
    heads = [*range(116, 220), *range(len(whole) - 200, len(whole))]
    for place in [*heads, *rng.integers(0, len(whole), 50)]:
        content = bytearray(whole)
        content[place] ^= rng.integers(1, 256)
        path.write_bytes(content)
        try:
            got = matlab.read(path, X=X.shape, y=Y.shape)
        except ValueError as error:
            assert str(error).startswith(f"{path}: expected arrays of numbers, X {X.shape}, y {Y.shape}: ")
        else:
            assert got["X"].shape == X.shape and got["y"].shape == Y.shape


def test_the_home_directory_is_known(monkeypatch, tmp_path):
    files, _ = shrink_svhn(monkeypatch)
    write(tmp_path / "svhn", files)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data.svhn("~/svhn").classes == 10
