"""An exercise is a cell to fill in, and a check that says in words why what was filled in is wrong.

In a lesson the first has the tag `exercise`, and holds an answer; the cell below it has the tag `check`, and holds
asserts with words. So a lesson that runs has checked its own answers. Who reads it gets

    sign = -1  # neuron(-w) is sign * neuron(w)     as     sign = ...  # neuron(-w) is sign * neuron(w)

a function without its body, and a check that prints: in the page, if it is live, and in what is taken away.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Cell = dict[str, Any]
"""As a notebook's JSON has it, with its source as one text."""
ANSWER = "<details><summary>An answer as code</summary>\n\n```python\n{}\n```\n\n</details>"


def empty(answer: str) -> str:
    """The cell to fill in: of `name = value` and of functions the names and comments.  ValueError if there is more."""
    text = answer.encode()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in reversed(ast.parse(answer).body):
        match node:
            case ast.Assign(targets=[ast.Name()], value=old):
                start, new = starts[old.lineno - 1] + old.col_offset, "..."
            case ast.FunctionDef(name=name, body=[ast.Expr(ast.Constant(str())), old, *_] | [old, *_]):
                start, new = starts[old.lineno - 1] + old.col_offset, f'raise NotImplementedError("write {name} first")'
            case _:
                raise ValueError(f"an exercise is made of `name = value` and functions, not of {ast.unparse(node)}")
        last = node if isinstance(node, ast.FunctionDef) else old
        text = text[:start] + new.encode() + text[starts[(last.end_lineno or 0) - 1] + (last.end_col_offset or 0) :]
    return text.decode()


def told(check: str, answer: str) -> str:
    """The check, which prints what its asserts would raise."""
    assigned = [node.targets[0] for node in ast.parse(answer).body if isinstance(node, ast.Assign)]
    names = [target.id for target in assigned if isinstance(target, ast.Name)]
    first = [f'assert {name} is not ..., "fill in {name} first"' for name in names]
    body = textwrap.indent("\n".join([*first, check, 'print("Right.")']), "    ")
    return f'try:\n{body}\nexcept (AssertionError, NotImplementedError) as why:\n    print("Not yet:", why)'


def to_fill_in(lesson: Sequence[Cell]) -> list[Cell]:
    """The cells with the exercises to fill in, their answers folded, no tags.  ValueError for one without its check."""
    cells: list[Cell] = []
    answer = ""
    for cell, after in pairwise([*lesson, None]):
        assert cell is not None
        tags = _tags(cell)
        cell = {**cell, "metadata": {key: value for key, value in cell["metadata"].items() if key != "tags"}}
        if "exercise" in tags:
            if after is None or "check" not in _tags(after):
                raise ValueError(f"the check is missing after {cell['source']}")
            answer = cell["source"]
            cell |= {"source": empty(answer), "outputs": []}
        if "check" in tags:
            cell |= {"source": told(cell["source"], answer), "outputs": []}
        cells.append(cell)
        if "check" in tags:
            folded = {"id": f"answer-{len(cells)}", "cell_type": "markdown", "metadata": {}}
            cells.append({**folded, "source": ANSWER.format(answer)})
    return cells


def of(lesson: Sequence[Cell]) -> list[dict[str, str]]:
    """The exercises of a lesson for its live page: {"empty", "check"} each."""
    code = [cell for cell in lesson if cell["cell_type"] == "code"]
    return [
        {"empty": empty(cell["source"]), "check": told(after["source"], cell["source"])}
        for cell, after in pairwise(code)
        if "exercise" in _tags(cell)
    ]


def _tags(cell: Cell) -> list[str]:
    return list(cell["metadata"].get("tags", []))
