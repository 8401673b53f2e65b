"""A figure is saved with its caption inside, written beside its place and then renamed into it.

What stands against a file of that name is found out before anything is drawn.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from matplotlib.figure import Figure

from grassmann_np.files import beside

from .look import usual

STILLS = (".png", ".svg")


def ready(path: str | Path, suffixes: Sequence[str]) -> Path:
    """The path, if a file can be written there; nothing on disk changes.

    ValueError for a name that does not end in one of `suffixes`, OSError for a folder or where nothing can be written.
    """
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        one = "one of " if len(suffixes) > 1 else ""
        raise ValueError(f"{path}: expected a name ending in {one}{', '.join(suffixes)}, got {path.suffix!r}")
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder, expected the name of a file", str(path))
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # the nearest that is there: the others are made
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "this is not a folder, nothing can be written in it", str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "nothing can be written in this folder", str(folder))
    return path


@contextmanager
def written(path: str | Path) -> Iterator[Path]:
    """As `beside`, and an error of the disk names the path that was asked for."""
    try:
        with beside(path) as part:
            yield part
    except OSError as wrong:
        raise OSError(wrong.errno or errno.EIO, wrong.strerror or str(wrong), str(path)) from wrong


def save(figure: Figure, path: str | Path, command: str = "") -> Path:
    """Write a figure as .png or .svg, with its caption (the figure's label) inside as the description.

    ValueError for a figure without a caption or another suffix. Same figure, same bytes.
    """
    path, caption = ready(path, STILLS), figure.get_label()
    if not caption:
        raise ValueError("figure: expected a caption, set by figure.set_label(...): it is the picture's alt text")
    if path.suffix.lower() == ".png":
        metadata = {"Description": caption, "Source": command}
    else:
        metadata = {"Description": caption, "Source": command or None, "Date": None}
    with written(path) as part, usual():
        figure.savefig(part, metadata=metadata, dpi=figure.dpi)
    return path
