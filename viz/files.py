"""A file is written beside its place and then renamed into it: after Ctrl-C or an error, what was there is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

STILLS = (".png", ".svg")


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """A path in the same folder, made if need be, to write to; renamed to `path` at the end, removed on any error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def save(figure: Figure, path: str | Path, command: str = "") -> Path:
    """Write a figure as .png or .svg, with its caption (the figure's label) inside as the description.

    ValueError for a figure without a caption or another suffix. Same figure, same bytes.
    """
    path, caption = Path(path), figure.get_label()
    if not caption:
        raise ValueError("figure: expected a caption, set by figure.set_label(...): it is the picture's alt text")
    if path.suffix.lower() not in STILLS:
        raise ValueError(f"{path.name}: expected a picture ending in {' or '.join(STILLS)}, got {path.suffix!r}")
    if path.suffix.lower() == ".png":
        metadata = {"Description": caption, "Source": command}
    else:
        metadata = {"Description": caption, "Source": command or None, "Date": None}
    with beside(path) as part, matplotlib.rc_context({"svg.hashsalt": "grassmann_np"}):
        figure.savefig(part, metadata=metadata, dpi=figure.dpi)
    return path
