"""Digits over photographs: the recipe, no leak from the test part, the same from a seed, kept and read again."""

import sys
from types import ModuleType

import numpy as np
import pytest

from grassmann_np import data

photos = sys.modules["grassmann_np.data.photos"]  # the module: in the package its function has the name
N = 200


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A few digits and photographs of one colour each, without scikit-image; (digits, labels, how often made)."""
    rng = np.random.default_rng(0)
    digits, labels = rng.integers(0, 256, (N, 784)).astype(float), np.arange(N) % 10
    made = []

    def photograph(name):
        made.append(name)
        return np.full((40, 50, 3), [*photos.TRAIN, *photos.TEST].index(name) * 40 + np.arange(3), np.uint8)

    for name in ("skimage", "skimage.data"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(photos, "images_and_labels", lambda: (digits, labels))
    monkeypatch.setattr(photos, "photograph", photograph)
    return digits, labels, made


def test_every_image_is_a_digit_over_a_patch_of_a_photograph_of_its_part(small):
    digits, labels, _ = small
    found = photos.blended(0, 0.2)
    colors = {"train": {0, 40, 80, 120}, "test": {160, 200}}
    numbers = dict(zip(("train", "test"), data.dataset.divided(labels, 0.2, 0), strict=True))
    for part, allowed in colors.items():
        x, y = found[f"x_{part}"].astype(int), found[f"y_{part}"]
        np.testing.assert_array_equal(y, labels[numbers[part]])
        behind = x[:, 0, 0, 0]  # in the border there is no digit
        assert set(behind) == allowed
        patch = behind[:, None, None, None] + np.arange(3)
        inside = x[:, 2:30, 2:30]
        np.testing.assert_array_equal(inside, abs(patch - digits[numbers[part]].reshape(-1, 28, 28, 1)))
        border = np.ones((32, 32), bool)
        border[2:30, 2:30] = False
        assert np.all(x[:, border] == patch[:, 0])
    assert len(found["y_train"]) == 160 and not set(numbers["train"]) & set(numbers["test"])


def test_no_photograph_is_behind_both_parts():
    assert not set(photos.TRAIN) & set(photos.TEST)


def test_patches_lie_everywhere():
    place = np.stack(np.broadcast_arrays(*np.ogrid[:35, :34], 0), axis=-1).astype(np.uint8)
    found = photos._patches([place], 500, np.random.default_rng(0))
    corners = {tuple(patch[0, 0, :2]) for patch in found}
    assert corners == {(i, j) for i in range(4) for j in range(3)}


def test_a_seed_gives_the_same_and_another_other_patches(small):
    a, b, c = photos.blended(3, 0.2), photos.blended(3, 0.2), photos.blended(4, 0.2)
    np.testing.assert_array_equal(a["x_train"], b["x_train"])
    assert not np.array_equal(a["x_train"], c["x_train"])


def test_it_is_made_once_and_again_when_damaged(small, tmp_path):
    made = small[2]
    first = data.photos(folder=tmp_path)
    assert first.shape == (32, 32, 3) and first.classes == 10 and first.names == () and first.augment is None
    assert abs(first.x_train.mean(axis=(0, 1, 2))).max() < 1e-5
    count = len(made)
    again = data.photos(folder=tmp_path)
    np.testing.assert_array_equal(again.x_train, first.x_train)
    assert len(made) == count > 0
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    np.testing.assert_array_equal(data.photos(folder=tmp_path).x_train, first.x_train)
    assert len(made) == 2 * count
    data.photos(seed=1, folder=tmp_path), data.photos(test_fraction=0.3, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_checksum_tells_what_a_zip_file_does_not(small, tmp_path):
    first = data.photos(folder=tmp_path)
    (path,) = tmp_path.iterdir()
    with np.load(path) as file:
        held = dict(file)
    held["x_test"] = held["x_test"][::-1]
    np.savez(path, **held)
    np.testing.assert_array_equal(data.photos(folder=tmp_path).x_test, first.x_test)


def test_a_folder_that_cannot_be_written_is_done_without(small, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert data.photos(folder=tmp_path / "file").shape == (32, 32, 3)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_real_ones(tmp_path):
    pytest.importorskip("skimage", reason="pip install 'grassmann-np[data]'")
    images = data.photos(folder=tmp_path)
    assert (len(images.y_train), len(images.y_test), images.shape) == (4000, 1000, (32, 32, 3))
    plain = data.mnist()
    np.testing.assert_array_equal(images.y_test, plain.y_test)  # the same digits are tested
    np.testing.assert_array_equal(images.y_train, plain.y_train)
    for name in (*photos.TRAIN, *photos.TEST):
        one = photos.photograph(name)
        assert one.dtype == np.uint8 and one.shape[2] == 3 and min(one.shape[:2]) > 200
    assert np.all(np.bincount(images.y_train) == 400)
