"""Photos: 5000 handwritten digits blended over patches of photographs, 32 x 32 pixels in colour; no download.

    image = |patch - digit|             channel by channel, both from 0 to 255

The digits are MNIST-5k in a border of two pixels, divided as `mnist` divides them. Every image has a patch of its own,
anywhere in one of the photographs that are inside scikit-learn and scikit-image; those behind the test images are
others than those behind the training images. Digits and photographs are real, their blend is not; and six photographs
are few, so that a background is seen many times.

Source: the recipe of MNIST-M, Ganin et al., Domain-Adversarial Training of Neural Networks, 2016, which has the
photographs of BSDS500.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..extras import install
from ..files import beside, read_npz
from .dataset import PARTS, Array, Dataset, divided, from_arrays
from .fetch import place
from .mnist import images_and_labels

TRAIN = ("astronaut", "chelsea", "rocket", "flower.jpg")
TEST = ("coffee", "china.jpg")
"""The photographs: of scikit-learn those that end with .jpg, of scikit-image the others."""
SIDE, BORDER = 32, 2
RECIPE = 1  # in the name of what is kept: another recipe has another number


def photos(seed: int = 0, test_fraction: float = 0.2, folder: str | Path | None = None) -> Dataset:
    """The blends, drawn by `seed`, standardized: 4000 to train on and 1000 to test on.

    They are made once, and kept in `folder` (None: grassmann_np in the user's cache, 15 MB), if that can be written.
    Raises ImportError without scikit-image, scikit-learn, mlxtend or pooch (the extra `data`).
    """
    try:
        import pooch
        import skimage.data  # noqa: F401
        import sklearn.datasets  # noqa: F401
    except ImportError as error:
        raise ImportError(f"the photographs are inside scikit-image and scikit-learn: {install('data')}") from error
    kept = (pooch.os_cache("grassmann_np") if folder is None else place(folder)) / (
        f"photos-{RECIPE}-{seed}-{test_fraction}.npz"
    )
    parts = _kept(kept)
    if parts is None:
        parts = blended(seed, test_fraction)
        held: dict[str, Any] = {**parts, "checksum": _checksum(parts)}
        with suppress(OSError), beside(kept) as part:
            np.savez(part, **held)
    return from_arrays("photos", **parts)


def blended(seed: int, test_fraction: float) -> dict[str, Array]:
    """PARTS as they are kept: images uint8 (N, 32, 32, 3), labels (N,)."""
    images, labels = images_and_labels()
    border = ((0, 0), (BORDER, BORDER), (BORDER, BORDER))
    digits = np.pad(images.reshape(-1, 28, 28), border).astype(np.int16)[..., None]  # (N, 32, 32, 1)
    found = {}
    streams = np.random.default_rng(seed).spawn(2)
    both = zip(("train", "test"), divided(labels, test_fraction, seed), (TRAIN, TEST), streams, strict=True)
    for part, numbers, names, rng in both:
        patches = _patches([photograph(name) for name in names], len(numbers), rng)
        found[f"x_{part}"] = abs(patches - digits[numbers]).astype(np.uint8)
        found[f"y_{part}"] = labels[numbers]
    return found


def photograph(name: str) -> Array:
    """One of TRAIN or TEST.  uint8 (H, W, 3)."""
    if name.endswith(".jpg"):
        from sklearn.datasets import load_sample_image

        found: Array = load_sample_image(name)
    else:
        import skimage.data

        found = getattr(skimage.data, name)()
    return found


def _patches(photographs: list[Array], n: int, rng: np.random.Generator) -> Array:
    """n squares, each anywhere in any of the photographs.  int16 (n, 32, 32, 3)."""
    found = np.empty((n, SIDE, SIDE, 3), np.int16)
    for k, which in enumerate(rng.integers(0, len(photographs), n)):
        one = photographs[which]
        top, left = (rng.integers(0, length - SIDE + 1) for length in one.shape[:2])
        found[k] = one[top : top + SIDE, left : left + SIDE]
    return found


def _kept(path: Path) -> dict[str, Array] | None:
    """What was kept, or None for nothing, or something that is damaged."""
    try:
        parts = read_npz(path, (*PARTS, "checksum"))
    except (OSError, ValueError):
        return None
    return parts if str(parts.pop("checksum")) == _checksum(parts) else None


def _checksum(parts: dict[str, Array]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(parts[name]).tobytes() for name in PARTS)).hexdigest()
