"""The contact sheet holds the still of every scene, in order, and says what each shows."""

import numpy as np
import pytest
from PIL import Image

from viz import scenes, sheet


def test_every_still_is_in_its_place(tmp_path):
    size, some = (320, 240), {name: scenes.SCENES[name] for name in ("exp", "step", "clip", "lines")}
    path = sheet.write(tmp_path / "sheet.png", some, size)
    with Image.open(path) as picture:
        assert picture.size == (3 * 320 + 2 * sheet.GAP, 2 * 240 + sheet.GAP)
        pixels, words = np.asarray(picture.convert("RGB")).astype(int), picture.info["Description"].splitlines()
    for i, (name, scene) in enumerate(some.items()):
        animation = scene(size=size)
        alone = np.frombuffer(animation.draw(animation.drawing(), animation.key), np.uint8).reshape(240, 320, 4)
        top, left = i // 3 * (240 + sheet.GAP), i % 3 * (320 + sheet.GAP)
        assert np.array_equal(pixels[top : top + 240, left : left + 320], alone[..., :3])
        assert words[i] == f"{name}: {animation.caption}"
    assert (pixels[240 + sheet.GAP :, 320 + sheet.GAP :] == 255).all()  # nothing after the last


def test_what_it_refuses(tmp_path):
    with pytest.raises(ValueError, match=r"ending in \.png"):
        sheet.write(tmp_path / "sheet.gif", scenes.SCENES)
    with pytest.raises(ValueError, match="at least one"):
        sheet.write(tmp_path / "sheet.png", {})
    assert not list(tmp_path.iterdir())
