"""One's own data: .npz files and folders of images, and one line for everything that is wrong with them."""

import sys

import numpy as np
import pytest
from PIL import Image

from grassmann_np import data

RNG = np.random.default_rng(0)
X, Y = RNG.integers(0, 256, (40, 6, 5)).astype(np.uint8), np.arange(40) % 4
WORDS = np.array(["bee", "cat", "newt", "owl"])
PARTS = {"x_train": X[:30], "y_train": Y[:30], "x_test": X[30:], "y_test": Y[30:]}


def test_an_npz_file_with_parts(tmp_path):
    np.savez(tmp_path / "mine.npz", **PARTS, more=1)
    got, like = data.load(tmp_path / "mine.npz"), data.from_arrays("mine", **PARTS)
    assert (got.name, got.classes, got.shape) == ("mine", 4, (6, 5, 1))
    for name in PARTS:
        np.testing.assert_array_equal(getattr(got, name), getattr(like, name))


def test_an_npz_file_without_parts(tmp_path):
    np.savez_compressed(tmp_path / "mine.npz", x=X, y=WORDS[Y])
    got = data.load(tmp_path / "mine.npz", test_fraction=0.5, seed=3)
    like = data.split("mine", X, WORDS[Y], 0.5, 3)
    assert len(data.load(str(tmp_path / "mine.npz")).y_test) == 8 and got.names == tuple(WORDS)
    np.testing.assert_array_equal(got.x_test, like.x_test)


def write(folder, images, labels, kind="png"):
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / str(WORDS[label])
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{k:03}.{kind}")


def test_a_folder_of_images_by_class(tmp_path):
    write(tmp_path / "mine", X, Y)
    (tmp_path / "mine" / "bee" / "notes.txt").write_text("no image")
    (tmp_path / "mine" / "bee" / ".hidden.png").write_text("no image")
    for place in (".hidden", "bee/.thumbnails", "bee/deep/.thumbnails"):
        (tmp_path / "mine" / place).mkdir(parents=True)
        (tmp_path / "mine" / place / "small.png").write_text("no image")
    got = data.load(tmp_path / "mine", test_fraction=0.25)
    order = np.argsort(Y, kind="stable")
    like = data.split("mine", X[order], Y[order], 0.25, 0)
    assert (got.name, got.names, got.shape) == ("mine", tuple(WORDS), (6, 5, 1))
    for name in PARTS:
        np.testing.assert_array_equal(getattr(got, name), getattr(like, name))


def test_a_folder_that_is_divided(tmp_path):
    write(tmp_path / "train", X[:30], Y[:30])
    write(tmp_path / "test", X[30:], Y[30:])
    got = data.load(tmp_path)
    order = np.argsort(Y[:30], kind="stable")
    like = data.from_arrays("x", **PARTS | {"x_train": X[:30][order], "y_train": Y[:30][order]})
    np.testing.assert_array_equal(got.x_train, like.x_train)
    np.testing.assert_array_equal(np.sort(got.y_test), np.sort(like.y_test))
    assert len(got.y_test) == 10 and got.names == tuple(WORDS)


def test_colours_and_depths(tmp_path):
    coloured = RNG.integers(0, 256, (20, 6, 5, 3)).astype(np.uint8)
    write(tmp_path / "mixed", [*coloured[:10], *X[:10]], Y[:20])
    assert data.load(tmp_path / "mixed").shape == (6, 5, 3)
    write(tmp_path / "deep", X.astype(np.uint16) * 257, Y)
    write(tmp_path / "gray", X, Y)
    deep, gray = data.load(tmp_path / "deep"), data.load(tmp_path / "gray")
    np.testing.assert_allclose(deep.x_train, gray.x_train, rtol=1e-5, atol=1e-6)
    write(tmp_path / "both", [*X[:10], *X[:10].astype(np.uint16)], Y[:20])
    with pytest.raises(ValueError, match=r"both: bee/012\.png: expected 8 bits a pixel, as others have, got more"):
        data.load(tmp_path / "both")


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ({"x": X}, "expected the arrays x_train, y_train, x_test, y_test, or x, y, got x$"),
        ({}, "expected the arrays .*, got nothing$"),
        ({"x": X, "y": np.array([{}] * 40)}, r"y: got Python objects, .*; save numbers, or words by y.astype\(str\)"),
        ({"x": X, "y": Y[1:]}, r"labels: expected shape \(40,\), got \(39,\)"),
        ({"x": X.astype(str), "y": Y}, "images: expected a NumPy array of real numbers, got <U"),
        ({"x": np.where(X[3, 2, 1] == X, np.nan, X), "y": Y}, "images: expected finite numbers"),
        ({"x": X[:0], "y": Y[:0]}, r"images: expected shape \(N, H, W, C\), got \(0, 6, 5, 1\): axis 0 is empty"),
        ({"x": X[0, 0, 0], "y": Y[0]}, r"images: expected shape \(N, H, W, C\), got \(\)"),
        ({"x": X, "y": Y * 0}, "labels: expected at least two classes, got only 0"),
        (PARTS | {"x_test": X[30:, :3]}, r"x_test: expected shape \(N, 6, 5, 1\), got \(10, 3, 5, 1\)"),
    ],
)
def test_what_is_wrong_with_an_npz_file_is_said_with_its_path(tmp_path, held, reason):
    path = tmp_path / "mine.npz"
    np.savez(path, **held)
    with pytest.raises(ValueError, match=rf"mine\.npz: {reason}"):
        data.load(path)


def test_a_damaged_file_another_file_and_none(tmp_path):
    path = tmp_path / "mine.npz"
    with pytest.raises(
        FileNotFoundError, match=r"mine\.npz: expected an \.npz file or a folder of images, got nothing"
    ):
        data.load(path)
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "x.npy").rename(path)
    with pytest.raises(ValueError, match=r"mine\.npz: expected an \.npz file, as np\.savez writes it"):
        data.load(path)
    np.savez(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[300] ^= 255
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.npz: x: expected an array, got one that is damaged"):
        data.load(path)


def test_parts_that_are_there_are_not_divided_again(tmp_path):
    np.savez(tmp_path / "mine.npz", **PARTS)
    with pytest.raises(ValueError, match="test_fraction: expected None, since the test images are given"):
        data.load(tmp_path / "mine.npz", test_fraction=0.2)


def test_what_is_wrong_with_a_folder_is_said_with_its_file(tmp_path):
    place = tmp_path / "mine"
    place.mkdir()
    with pytest.raises(ValueError, match="mine: mine: expected a folder for every class, with its images, got none"):
        data.load(place)
    write(place, X[:8], [0] * 8)
    with pytest.raises(ValueError, match="labels: expected at least two classes, got only bee"):
        data.load(place)
    (place / "owl").mkdir()
    with pytest.raises(ValueError, match="mine: owl: expected images in the folder of a class, got none"):
        data.load(place)
    write(place, X[:8, :3], [3] * 8)
    with pytest.raises(ValueError, match=r"images of one size, got 6 x 5 \(bee/000.png\) and 3 x 5 \(owl/000.png\)"):
        data.load(place)
    write(place, X[:8], [3] * 8)
    whole = (place / "owl" / "003.png").read_bytes()
    for broken in (b"no image", whole[:-30]):
        (place / "owl" / "003.png").write_bytes(broken)
        with pytest.raises(ValueError, match=r"mine: owl/003\.png: expected an image: "):
            data.load(place)


def test_a_class_of_the_test_images_alone(tmp_path):
    write(tmp_path / "train", X[:20], Y[:20] % 3)
    write(tmp_path / "test", X[20:], Y[20:])
    with pytest.raises(ValueError, match="y_test: expected the classes of y_train, got 'owl' too"):
        data.load(tmp_path)


def test_without_pillow(tmp_path, monkeypatch):
    write(tmp_path, X, Y)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"images are read by Pillow: pip install 'grassmann-np\[data\]'"):
        data.load(tmp_path)
