"""An exercise is a cell to fill in, and a check that says in words why what was filled in is wrong.

In a lesson the first has the tag `exercise`, and holds an answer; the cell below it has the tag `check`, and holds
asserts with words. So a lesson that runs has checked its own answers. Who reads it gets

    sign = -1  # neuron(-w) is sign * neuron(w)     as     sign = ...  # neuron(-w) is sign * neuron(w)

a function without its body, and a check that prints: in the page, if it is live, and in what is taken away.
"""

import ast
import textwrap
from itertools import pairwise
from pathlib import Path

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

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
        text = text[:start] + new.encode() + text[starts[last.end_lineno - 1] + last.end_col_offset :]
    return text.decode()


def told(check: str, answer: str) -> str:
    """The check, which prints what its asserts would raise."""
    names = [node.targets[0].id for node in ast.parse(answer).body if isinstance(node, ast.Assign)]
    first = [f'assert {name} is not ..., "fill in {name} first"' for name in names]
    body = textwrap.indent("\n".join([*first, check, 'print("Right.")']), "    ")
    return f'try:\n{body}\nexcept (AssertionError, NotImplementedError) as why:\n    print("Not yet:", why)'


def to_fill_in(lesson: NotebookNode) -> NotebookNode:
    """The lesson with its exercises to fill in, their answers folded.  ValueError for one without its check."""
    cells = []
    for cell, after in pairwise([*lesson.cells, None]):
        tags = cell.metadata.pop("tags", [])
        if "exercise" in tags:
            if after is None or "check" not in after.metadata.get("tags", []):
                raise ValueError(f"the check is missing after {cell.source}")
            answer, cell.source, cell.outputs = cell.source, empty(cell.source), []
        cells.append(cell)
        if "check" in tags:
            cell.source, cell.outputs = told(cell.source, answer), []
            cells.append(new_markdown_cell(ANSWER.format(answer), id=f"answer-{len(cells)}"))
    lesson.cells = cells
    return lesson


def of(path: Path) -> list[dict[str, str]]:
    """The exercises of a lesson for its live page: {"empty", "check"} each."""
    code = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    return [
        {"empty": empty(cell.source), "check": told(after.source, cell.source)}
        for cell, after in pairwise(code)
        if "exercise" in cell.metadata.get("tags", [])
    ]
