"""A figure is one HTML file with one idea to drag: nothing beside it is needed, online or off.

It is put together from the widget's shared scripts, frame.js, which holds what all figures do, and NAME.js, which knows
what this one shows. The numbers come from Python: `given` has a function for each figure. Without JavaScript a reader
sees the `still`.
"""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from grassmann_np.files import beside

from .. import widget
from ..files import ready
from . import still
from .given import FIGURES, data


def write(folder: str | Path, results: dict[str, Any] | None = None) -> list[Path]:
    """Write every figure as FOLDER/NAME.html; those of measured `results` only with them.  Same bytes every time."""
    names = [name for name, figure in FIGURES.items() if results is not None or not figure.measured]
    texts = {ready(Path(folder) / f"{name}.html", (".html",)): page(name, results) for name in names}
    for path, text in texts.items():
        with beside(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def page(name: str, results: dict[str, Any] | None = None) -> str:
    """The text of that file.  ValueError for a figure that is none, or that is of results and has none."""
    given = json.dumps(data(name, results), allow_nan=False, separators=(",", ":"))
    own = "\n".join([*(widget.read(one) for one in widget.SHARED), read(f"{name}.js")])
    return Template(read("frame.html")).substitute(
        title=escape(FIGURES[name].title),
        style=read("style.css"),
        script=f"{own}\n{read('frame.js')}",
        data=given,
        still=still.drawn(own, given),
    )


def read(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")
