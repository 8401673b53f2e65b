"""Files of images become one array: gray if all of them are, else red, green and blue.

Sizes and kinds are read first, from the heads of the files, so that what does not fit is known before much is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..extras import install
from .samples import Array

KINDS = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
GRAY = ("1", "L", "LA", "La")
DEEP = ("I", "F")  # how the names of modes of more than 8 bits begin; never coloured


def folders(path: Path) -> list[Path]:
    """The folders in `path`, by name, but those whose name begins with a dot."""
    return sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))


def image_files(folder: Path) -> list[Path]:
    """The images in the folder and in all folders below it, by name; nothing whose name begins with a dot."""
    found = (one for one in folder.rglob("*") if one.suffix.lower() in KINDS and one.is_file())
    return sorted(one for one in found if not any(part[0] == "." for part in one.relative_to(folder).parts))


def read(root: Path, paths: list[Path]) -> Array:
    """The images as (N, H, W, 1) or (N, H, W, 3), of 8 bits, or gray as deep as the files are.

    Raises ImportError without Pillow (the extra `data`), ValueError, naming a file below `root`, for what is no image,
    for images of unequal size, and for coloured ones together with gray ones of more than 8 bits.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"images are read by Pillow: {install('data')}") from error

    def opened(path: Path, mode: str | None) -> Any:
        """The pixels in this mode, if there is one; else the mode and the size of the file."""
        try:
            with Image.open(path) as image:
                if mode is None:
                    return image.mode, (image.height, image.width)
                return np.asarray(image if mode in DEEP else image.convert(mode))
        except MemoryError:
            raise
        except Exception as error:  # a damaged byte breaks the readers of images in any way
            raise ValueError(f"{path.relative_to(root)}: expected an image: {error!s:.200}") from error

    heads = [opened(path, None) for path in paths]
    (mode, size), first = heads[0], paths[0].relative_to(root)
    for path, (_, other) in zip(paths, heads, strict=True):
        if other != size:
            says = "{} x {} ({})"
            raise ValueError(
                f"expected images of one size, got {says.format(*size, first)} and "
                f"{says.format(*other, path.relative_to(root))}; make them alike first"
            )
    deep = [mode.startswith(DEEP) for mode, _ in heads]
    if any(deep) and not all(deep):
        one = paths[deep.index(True)].relative_to(root)
        raise ValueError(f"{one}: expected 8 bits a pixel, as others have, got more")
    mode = DEEP[0] if any(deep) else "L" if all(mode in GRAY for mode, _ in heads) else "RGB"
    pixels = [opened(path, mode) for path in paths]
    return np.stack(pixels).reshape(len(paths), *size, -1)
