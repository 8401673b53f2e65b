"""A contact sheet is one picture of all scenes, each at its key moment: what `python -m viz sheet` writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grassmann_np.files import beside

from . import files
from .animation import Animation

COLUMNS, GAP = 3, 6


def write(path: str | Path, scenes: Mapping[str, Callable[..., Animation]], size: tuple[int, int] = (480, 360)) -> Path:
    """Draws the stills, `size` pixels each, side by side in the order of `scenes`, into a .png.

    Its description holds every caption. Same scenes, same bytes. ValueError for another suffix or no scene.
    """
    path = files.ready(path, (".png",))
    if not scenes:
        raise ValueError("scenes: expected at least one, got none")
    (width, height), rows = size, ceil(len(scenes) / COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (width + GAP) - GAP, rows * (height + GAP) - GAP), "#8c959f")
    sheet.paste("white", (0, (rows - 1) * (height + GAP), *sheet.size))  # the last row may be short
    captions = []
    for i, (name, scene) in enumerate(scenes.items()):
        animation = scene(size=size)
        drawn = animation.draw(animation.drawing(), animation.key)
        picture = Image.frombuffer("RGBA", size, bytes(drawn), "raw", "RGBA", 0, 1)
        sheet.paste(picture.convert("RGB"), (i % COLUMNS * (width + GAP), i // COLUMNS * (height + GAP)))
        captions.append(f"{name}: {animation.caption}")
    about = PngInfo()
    about.add_itxt("Description", "\n".join(captions))
    about.add_itxt("Source", "python -m viz sheet")
    with beside(path) as part:
        sheet.save(part, format="PNG", optimize=True, pnginfo=about)
    return path
