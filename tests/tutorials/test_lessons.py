"""Every lesson runs from its first cell to its last, keeps to the form, and opens as a notebook."""

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "tutorials"
LESSONS = sorted(FOLDER.glob("[0-9]*.py"))
lessons = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
SMALL = {"LESSON_EPOCHS": "1", "LESSON_SEEDS": "1"}  # sizes of the slow ones; the code is the same


@lessons
def test_runs_anywhere_and_writes_nothing(lesson, tmp_path):
    subprocess.run(
        [sys.executable, "-W", "error", str(lesson)],
        check=True,
        cwd=tmp_path,
        timeout=300,
        env={**os.environ, **SMALL, "MPLCONFIGDIR": str(tmp_path.parent / "matplotlib")},
    )
    assert not list(tmp_path.iterdir())


@lessons
def test_keeps_to_the_form(lesson):
    text = lesson.read_text()
    assert max(map(len, text.splitlines())) <= 78
    notebook = jupytext.reads(text, fmt="py:percent")
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert words.startswith(f"# {int(lesson.stem[:2])}. ") and "**Question.**" in words
    sections = re.findall(r"^## (.*)", words, flags=re.MULTILINE)
    assert sections[-3:] == ["Summary", "Exercises", "Going deeper"]
    exercises = words[words.index("## Exercises") :]
    asked = len(re.findall(r"^\d\. ", exercises, flags=re.MULTILINE))
    assert 2 <= asked == exercises.count("<details>") == exercises.count("</details>")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert max(sum(bool(line.strip()) for line in cell.splitlines()) for cell in code) <= 12
    assert "assert " in "\n".join(code) and re.search(r"^scenes\.\w+\(|^viz\.scenes\.", "\n".join(code), re.MULTILINE)


@lessons
def test_no_line_inside_a_paragraph_looks_like_the_item_of_a_list(lesson):
    before = ""
    for number, line in enumerate(lesson.read_text().splitlines(), start=1):
        words = line.removeprefix("# ")
        inside = line.startswith("# ") and before.startswith("# ") and before.strip("# ")
        item = r"[-+*] |\d+[.)] "
        listed = re.match(rf"{item}|  ", before.removeprefix("# "))
        assert not (inside and re.match(item, words) and not listed), f"{number}: {line}"
        before = line


@lessons
def test_opens_as_a_notebook(lesson):
    notebook = jupytext.read(lesson)
    nbformat.validate(nbformat.from_dict(nbformat.v4.upgrade(notebook)))
    assert notebook.cells[0].cell_type == "markdown" and any(cell.cell_type == "code" for cell in notebook.cells)


def test_links_between_lessons_lead_somewhere():
    for path in [*FOLDER.glob("*.py"), *FOLDER.glob("*.md")]:
        for target in re.findall(r"\]\(([\w./-]+\.(?:py|md))\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
