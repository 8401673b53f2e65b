"""A figure is saved with its caption inside, written beside its place and then renamed into it."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from grassmann_np.files import beside

STILLS = (".png", ".svg")


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
