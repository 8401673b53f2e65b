"""The widget is one HTML file in which a reader plays SGD-G on the sphere: nothing beside it is needed, online or off.

It is put together from the files of this folder: page.html, style.css, and in the order in which they build on each
other geometry.js, optimizer.js, camera.js, scene.js, picture.js and app.js. The numbers of the loss come from Python.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from grassmann_np.files import beside
from grassmann_np.geometry import sphere

from .. import lossmap
from ..files import ready
from ..losses import moments, of_moments
from ..marks import STYLES

SHARED = ("geometry.js", "words.js", "optimizer.js", "camera.js", "labels.js", "picture.js")
SCRIPTS = (*SHARED, "scene.js", "app.js")
ROLES = ("y", "g", "h", "d", "tau", "arc", "plane", "guide")
EPS = 0.3  # of the neuron, as in the scenes


def write(path: str | Path, seed: int = 101) -> Path:
    """Write the widget as one .html file; `seed` draws the loss and the first point.  Same seed, same bytes.

    ValueError for a negative seed or another suffix.
    """
    path = ready(path, (".htm", ".html"))
    text = page(seed)
    with beside(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return path


def page(seed: int = 101) -> str:
    """The text of that file."""
    given = data(seed)
    low, high = given["limits"]
    summary = (
        f"The loss is that of one batch-normalized neuron with three inputs, seed {seed}: "
        f"from {low:.2f}, light, to {high:.2f}, dark."
    )
    script = "\n".join(read(name) for name in SCRIPTS)
    return Template(read("page.html")).substitute(
        summary=summary, style=read("style.css"), script=script, data=json.dumps(given, allow_nan=False)
    )


def data(seed: int = 101) -> dict[str, Any]:
    """What the page knows of the loss and of the looks of things, as JSON takes it."""
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed: expected 0 or more, and less than 2^63, got {seed}")
    rng = np.random.default_rng(seed)
    R, c = moments(rng)
    loss = of_moments(R, c, EPS)
    return {
        "numbers": {"R": R.tolist(), "c": c.tolist(), "eps": EPS},
        "limits": lossmap.limits(loss),
        "start": sphere.random_point((3,), rng).tolist(),
        "palette": lossmap.palette().tobytes().hex(),
        "styles": {role: vars(STYLES[role]) for role in ROLES},
    }


def read(name: str) -> str:
    """The text of a file of this folder."""
    return (files(__name__) / name).read_text(encoding="utf-8")
