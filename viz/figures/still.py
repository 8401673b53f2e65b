"""A still is a figure as it stands at the start, for readers without JavaScript: an SVG that node draws.

Where there is no node, there is no still.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files


def drawn(scripts: str, given: str) -> str:
    """The still's HTML over its sentence, "" without node: `scripts` are the figure's own, `given` is JSON.

    RuntimeError for a script that fails.
    """
    node = shutil.which("node")
    if not node:
        return ""
    drawing = (files(__package__) / "still.js").read_text(encoding="utf-8")  # in a block: its names are its own
    script = f'"use strict";\n{scripts}\n{{\n{drawing}}}'
    done = subprocess.run([node, "-e", script], input=given, capture_output=True, encoding="utf-8")
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "Error" in line]
        raise RuntimeError(f"node: {(told or ['it failed'])[0]}")
    return done.stdout
