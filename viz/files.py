"""A figure is saved with its caption inside, written beside its place and then renamed into it.

What stands against a file of that name is found out before anything is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from grassmann_np.files import beside, check_target

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
    check_target(path)
    return path


def save(figure: Figure, path: str | Path, command: str = "") -> Path:
    """Write a figure as .png or .svg, with its caption (the figure's label) inside as the description.

    ValueError for a figure without a caption or another suffix. Same figure, same bytes.
    """
    path, caption = ready(path, STILLS), figure.get_label()
    if not caption:
        raise ValueError("figure: expected a caption, set by figure.set_label(...): it is the picture's alt text")
    command = command.encode("utf-8", "backslashreplace").decode()  # with names of bytes that are not UTF-8
    if path.suffix.lower() == ".png":
        metadata = {"Description": caption, "Source": command}
    else:
        metadata = {"Description": caption, "Source": command or None, "Date": None}
    with beside(path) as part, usual():
        figure.savefig(part, metadata=metadata, dpi=figure.dpi)
    return path
