"""Augmentation: against padding, cropping and mirroring image by image; on every backend the same bits."""

import array_api_strict
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from grassmann_np import backend
from grassmann_np.data import crop_and_flip
from tests import fake_cupy


def numbered(n, height, width, channels=2):
    """Images whose every value is another number, so that a pixel says where it comes from."""
    return np.arange(n * height * width * channels, dtype=np.float32).reshape(n, height, width, channels)


def slow(x, rng, padding):
    """The definition, one image at a time, from the same draws."""
    n, height, width, _ = x.shape
    tops, lefts = (rng.integers(-padding, padding + 1, (n, 1)).ravel() + padding for _ in range(2))
    mirrored = rng.integers(0, 2, (n, 1)).ravel()
    out = np.empty_like(x)
    for k in range(n):
        padded = np.pad(x[k], ((padding, padding), (padding, padding), (0, 0)), mode="reflect")
        crop = padded[tops[k] : tops[k] + height, lefts[k] : lefts[k] + width]
        out[k] = crop[:, ::-1] if mirrored[k] else crop
    return out


@st.composite
def images_and_padding(draw):
    height, width = draw(st.integers(2, 7)), draw(st.integers(2, 7))
    x = numbered(draw(st.integers(0, 5)), height, width, draw(st.integers(1, 3)))
    return x, draw(st.integers(0, min(height, width) - 1)), draw(st.integers(0, 2**32 - 1))


@settings(deadline=None)
@given(images_and_padding())
def test_equals_the_definition(case):
    x, padding, seed = case
    before = x.copy()
    y = crop_and_flip(x, np.random.default_rng(seed), padding)
    np.testing.assert_array_equal(y, slow(x, np.random.default_rng(seed), padding))
    np.testing.assert_array_equal(x, before)
    assert y.dtype == x.dtype


@settings(deadline=None)
@given(images_and_padding())
def test_every_result_is_a_window_of_the_padded_image_or_its_mirror(case):
    x, padding, seed = case
    for image, out in zip(x, crop_and_flip(x, np.random.default_rng(seed), padding), strict=True):
        padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, image.shape)
        windows = windows.reshape(-1, *image.shape)
        assert np.any(np.all(windows == out, axis=(1, 2, 3)) | np.all(windows == out[:, ::-1], axis=(1, 2, 3)))


def test_every_offset_and_both_directions_come_equally_often():
    x = numbered(1, 9, 9, 1).repeat(16_200, axis=0)
    y = crop_and_flip(x, np.random.default_rng(0))[..., 0].astype(int)
    middle = y[:, 4, 4]  # one number for each of the 9 x 9 offsets
    _, counts = np.unique(middle, return_counts=True)
    inside = (middle % 9 > 0) & (middle % 9 < 8)  # there a row counts up, or down if mirrored
    mirrored = y[inside, 4, 5] < middle[inside]
    assert len(counts) == 81 and np.all(abs(counts - 200) < 5 * np.sqrt(200))
    assert abs(mirrored.mean() - 0.5) < 0.02


def test_same_seed_same_bits_another_seed_others():
    x = numbered(8, 32, 32, 3)
    a, b, c = (crop_and_flip(x, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert len({(image - first).tobytes() for image, first in zip(a, x, strict=True)}) > 1  # each its own draw


@pytest.mark.parametrize("device", ["fake", "strict", pytest.param("gpu", marks=pytest.mark.gpu)])
def test_every_backend_gives_the_same_bits(device, monkeypatch):
    if device == "fake":
        fake_cupy.install(monkeypatch)
    x = numbered(8, 32, 32, 3)
    there = array_api_strict.asarray(x) if device == "strict" else backend.to_device(x, "gpu")
    y = crop_and_flip(there, np.random.default_rng(3))
    assert type(y) is type(there)
    np.testing.assert_array_equal(backend.to_numpy(y), crop_and_flip(x, np.random.default_rng(3)))


@pytest.mark.parametrize(
    ("shape", "padding"), [((8, 8, 8), 4), ((2, 4, 8, 3), 4), ((2, 8, 4, 3), 4), ((2, 8, 8, 0), 4), ((2, 0, 0, 3), 0)]
)
def test_refused(shape, padding):
    with pytest.raises(ValueError, match=r"0 <= padding < H, W; got"):
        crop_and_flip(np.zeros(shape, np.float32), np.random.default_rng(0), padding)


@pytest.mark.parametrize(
    ("x", "rng", "padding", "error", "reason"),
    [
        (numbered(2, 8, 8), 0, 4, TypeError, "rng: expected a numpy.random.Generator"),
        (numbered(2, 8, 8), None, -1, ValueError, "padding: expected padding >= 0, got -1"),
        (numbered(2, 8, 8), None, 1.5, TypeError, "padding: expected a whole number, got 1.5"),
        (numbered(2, 8, 8), None, True, TypeError, "padding: expected a whole number, got True"),
        ([[[[1.0]]]], None, 0, TypeError, "x: expected a NumPy or CuPy array, got list"),
        (np.ma.masked_array(numbered(2, 8, 8)), None, 4, TypeError, "x: expected a plain array, got MaskedArray"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_drawn(x, rng, padding, error, reason):
    mine = np.random.default_rng(0)
    before = mine.bit_generator.state
    with pytest.raises(error, match=f"^{reason}"):
        crop_and_flip(x, mine if rng is None else rng, padding)
    assert mine.bit_generator.state == before


@pytest.mark.parametrize("dtype", ["uint8", "bool", "float16", ">f4", "int64"])
def test_any_dtype_and_a_read_only_image_will_do(dtype):
    x = numbered(3, 5, 6).astype(dtype)
    x.flags.writeable = False
    y = crop_and_flip(x, np.random.default_rng(0), 2)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y, slow(x, np.random.default_rng(0), 2))
