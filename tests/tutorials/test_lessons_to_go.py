"""The lessons that `grassmann_np lessons` writes are what jupytext makes of them, and nothing of the reader is lost."""

import json

import jupytext
import nbformat
import pytest

from grassmann_np import commands, exercises, lessons
from tests.tutorials.test_lessons import LESSONS


def test_they_are_those_of_the_checkout():
    assert lessons.scripts() == LESSONS and len(LESSONS) == 17


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_script_is_read_as_jupytext_reads_it(path):
    like = jupytext.read(path).cells
    found = [(c["cell_type"], c["source"], c["metadata"].get("tags")) for c in lessons.read(path)]
    assert found == [(c.cell_type, c.source, c.metadata.get("tags")) for c in like]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_script_and_notebook_hold_what_it_needs_and_exercises_to_fill_in(path):
    cells = lessons.cells(path)
    made = lessons.notebook(cells)
    nbformat.validate(made)
    assert made["cells"][0]["source"] == lessons.NEEDS.format(path.stem)
    assert len(cells) == 1 + len(lessons.read(path)) + len(exercises.of(lessons.read(path)))  # answers, folded
    again = jupytext.reads(lessons.script(cells), fmt="py:percent")
    assert [(c.cell_type, c.source) for c in again.cells] == [(c["cell_type"], c["source"]) for c in cells]


def test_what_a_reader_changed_stays(tmp_path, capsys):
    out = tmp_path / "my lessons"
    words = ["lessons", "--out", str(out)]
    assert commands.main(words) == 0
    assert capsys.readouterr().out == f"17 lessons, as notebooks and scripts, in {out}\n"
    names = sorted(path.name for path in out.iterdir())
    assert names == sorted(f"{path.stem}.{kind}" for path in LESSONS for kind in ("ipynb", "py"))
    mine, gone = out / names[0], out / names[1]
    whole = mine.read_bytes()
    mine.write_text("mine")
    gone.unlink()
    assert commands.main(words) == 0
    said = capsys.readouterr().err
    assert mine.read_text() == "mine" and gone.exists() and names[0] in said and names[1] not in said
    assert commands.main([*words, "--overwrite"]) == 0 and capsys.readouterr().err == ""
    assert mine.read_bytes() == whole and json.loads(whole)["nbformat"] == 4


def test_nothing_is_written_where_one_cannot_be(tmp_path, capsys):
    (tmp_path / "17_the_sphere_is_back.py").mkdir()
    assert commands.main(["lessons", "--out", str(tmp_path)]) == 1
    assert "this is a folder" in capsys.readouterr().err and len(list(tmp_path.iterdir())) == 1
    (tmp_path / "file").touch()
    assert commands.main(["lessons", "--out", str(tmp_path / "file")]) == 1


def test_without_lessons(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lessons, "PLACES", (tmp_path / "a", tmp_path / "b"))
    assert commands.main(["lessons", "--out", str(tmp_path / "out")]) == 1
    assert "expected the lessons in" in capsys.readouterr().err and not list(tmp_path.iterdir())
