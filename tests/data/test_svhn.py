"""SVHN: small .mat files in the true format are read exactly; others are refused with the reason."""

import numpy as np
import pytest

from grassmann_np import data
from tests.data.small import listing, md5, shrink_svhn, write

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
    with pytest.raises(FileNotFoundError, match=f"expected {name} in .*download=True, or get it from http://.*/{name}"):
        data.svhn(tmp_path)
