"""A lesson is a script whose comments are its text; here it becomes a notebook, for those who have only pip.

    # %%               begins a cell of code        # %% [markdown]        one of text, a comment on every line

The scripts lie in tutorials/ of a checkout, and in a wheel within the package.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .files import beside, check_target

PLACES = (Path(__file__).with_name("_lessons"), Path(__file__).parents[1] / "tutorials")
NEEDS = """This lesson needs Python 3.11 or newer, and

    pip install 'grassmann-np[viz,film,data,fast]'

As a notebook it draws its films. As a script, `python {}.py`, it prints its
numbers."""
CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)


def scripts() -> list[Path]:
    """Every lesson, in their order.  Raises FileNotFoundError where there are none."""
    for place in PLACES:
        if found := sorted(place.glob("[0-9][0-9]_*.py")):
            return found
    raise FileNotFoundError(f"expected the lessons in {' or '.join(map(str, PLACES))}, got none")


def script(path: Path) -> str:
    """The lesson, with a first cell that says what it needs."""
    words = "\n".join(f"# {line}".rstrip() for line in NEEDS.format(path.stem).split("\n"))
    return f"# %% [markdown]\n{words}\n\n{path.read_text(encoding='utf-8')}"


def notebook(text: str) -> dict[str, Any]:
    """A script as a notebook of nbformat 4.5 without outputs, as JSON takes it."""
    _, *parts = CELL.split(text)
    cells: list[dict[str, Any]] = []
    for head, body in zip(parts[::2], parts[1::2], strict=True):
        lines = body.strip("\n").split("\n")
        cell: dict[str, Any] = {"id": f"cell-{len(cells)}", "metadata": {}}
        if head.strip() == "[markdown]":
            lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
            cell["cell_type"] = "markdown"
        else:
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
        cells.append(cell | {"source": "\n".join(lines)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def write(folder: str | Path, overwrite: bool = False) -> list[Path]:
    """Each lesson as NAME.ipynb and NAME.py in the folder, made if need be; returns what was left as it is.

    A file that says something else is left, since its reader may have changed it, unless `overwrite`. Raises OSError
    if one cannot be written, before any is.
    """
    texts: dict[Path, str] = {}
    for path in scripts():
        text = script(path)
        texts[Path(folder) / f"{path.stem}.py"] = text
        texts[Path(folder) / f"{path.stem}.ipynb"] = json.dumps(notebook(text), indent=1, ensure_ascii=False) + "\n"
    for target in texts:
        check_target(target)
    there = {target: target.read_bytes() for target in texts if target.exists()}
    other = [target for target in there if there[target] != texts[target].encode()]
    for target, text in texts.items():
        if target not in there or (target in other and overwrite):
            with beside(target) as part:
                part.write_bytes(text.encode())
    return [] if overwrite else other
