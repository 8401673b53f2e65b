"""A lesson is a script whose comments are its text; here it becomes a notebook, for those who have only pip.

    # %%               begins a cell of code        # %% [markdown]        one of text, a comment on every line
    # %% tags=["exercise"], # %% tags=["check"]     cells of code that exercises.py makes ready to fill in

The scripts lie in tutorials/ of a checkout, and in a wheel within the package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .exercises import Cell, to_fill_in
from .files import beside, check_target, read_json

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


def result(name: str) -> dict[str, Any]:
    """Measured numbers that a lesson reads: a file of benchmarks/results, or in a wheel one beside the lessons.

    Raises OSError if there is none, ValueError if it is damaged.
    """
    here = PLACES[0] / name
    return read_json(here if here.exists() else PLACES[1].parent / "benchmarks" / "results" / name)


def cells(path: Path) -> list[Cell]:
    """The cells of a lesson as its reader gets them: what it needs first, and its exercises to fill in."""
    return to_fill_in([_cell("[markdown]", NEEDS.format(path.stem), 0), *read(path)])


def read(path: Path) -> list[Cell]:
    """The cells of a script."""
    _, *parts = CELL.split(path.read_text(encoding="utf-8"))
    found = []
    for k, (head, body) in enumerate(zip(parts[::2], parts[1::2], strict=True), start=1):
        lines = body.strip("\n").split("\n")
        if head.strip() == "[markdown]":
            lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
        found.append(_cell(head, "\n".join(lines), k))
    return found


def _cell(head: str, source: str, k: int) -> Cell:
    kind = "markdown" if head.strip() == "[markdown]" else "code"
    tags = {"tags": re.findall(r'"(\w+)"', head)} if "tags=" in head else {}
    run: Cell = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"id": f"cell-{k}", "cell_type": kind, "metadata": tags, "source": source, **run}


def script(found: Sequence[Cell]) -> str:
    """The cells as a script."""
    parts = []
    for cell in found:
        lines = cell["source"].split("\n")
        if cell["cell_type"] == "markdown":
            lines = ["# %% [markdown]", *(f"# {line}".rstrip() for line in lines)]
        else:
            lines = ["# %%", *lines]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def notebook(found: Sequence[Cell]) -> dict[str, Any]:
    """The cells as a notebook of nbformat 4.5 without outputs, as JSON takes it."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": list(found), "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def write(folder: str | Path, overwrite: bool = False) -> list[Path]:
    """Each lesson as NAME.ipynb and NAME.py in the folder, made if need be; returns what was left as it is.

    A file that says something else is left, since its reader may have changed it, unless `overwrite`. Raises OSError
    if one cannot be written, before any is.
    """
    texts: dict[Path, str] = {}
    for path in scripts():
        found = cells(path)
        texts[Path(folder) / f"{path.stem}.py"] = script(found)
        texts[Path(folder) / f"{path.stem}.ipynb"] = json.dumps(notebook(found), indent=1, ensure_ascii=False) + "\n"
    for target in texts:
        check_target(target)
    there = {target: target.read_bytes() for target in texts if target.exists()}
    other = [target for target in there if there[target] != texts[target].encode()]
    for target, text in texts.items():
        if target not in there or (target in other and overwrite):
            with beside(target) as part:
                part.write_bytes(text.encode())
    return [] if overwrite else other
