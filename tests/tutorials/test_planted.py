"""Every assert of a lesson has a bug that it must see, and in the quick lessons it sees it."""

import json
import subprocess
import sys

import pytest

from tests.tutorials import planted

QUICK = ("01", "02", "03", "04", "07")  # half a second a run; the others: python -m tests.tutorials.planted
lessons = pytest.mark.parametrize("lesson", planted.LESSONS)


@lessons
def test_every_assert_has_a_bug(lesson):
    assert list(planted.complaints(lesson)) == []
    untried = [bug for bug in planted.table()[lesson] if not bug.fails]
    if untried:
        pytest.skip(f"{len(untried)} bugs to be tried: python -m tests.tutorials.planted {lesson[:2]} --search 0")
    assert planted.without(lesson) == []


@pytest.mark.parametrize("number", QUICK)
def test_every_assert_sees_its_bug(number):
    command = [sys.executable, "-m", "tests.tutorials.planted", number]
    found = subprocess.run(command, cwd=planted.ROOT, capture_output=True, text=True, timeout=300)
    assert (found.stdout, found.stderr, found.returncode) == ("", "", 0), found.stdout + found.stderr


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A lesson of three asserts, of which the last cannot fail, and an empty table."""
    lesson = tmp_path / "tutorials" / "lesson.py"
    lesson.parent.mkdir()
    lesson.write_text("x = 2\ny = 3 * x\nassert y == 6\nfor k in range(3):\n    assert y > k\nassert 1 < 2\n")
    monkeypatch.setattr(planted, "ROOT", tmp_path)
    monkeypatch.setattr(planted, "LESSONS", {"lesson": lesson})
    monkeypatch.setattr(planted, "TABLE", tmp_path / "table.json")
    return lambda rows: planted.TABLE.write_text(json.dumps({"lesson": rows}))


def bug(old, new, *fails):
    return {"file": "tutorials/lesson.py", "old": old, "new": new, "fails": fails}


def test_an_assert_that_no_bug_fails_is_told(small):
    small([bug("3 * x", "4 * x", "y == 6", "y > k")])
    assert planted.without("lesson") == ["1 < 2"]
    assert list(planted.survivors("lesson")) == ["1 < 2", "y > k"]
    small([bug("3 * x", "-x", "y == 6", "y > k")])
    assert list(planted.survivors("lesson")) == ["1 < 2"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (bug("z", "x"), "found it 0 times"),
        (bug("y", "x"), "found it 3 times"),
        (bug("3 * x", "(", "y == 6"), "never closed"),
        (bug("3 * x", "x", "y == 7"), "no assert has the text y == 7"),
        (bug("y == 6", "y == 7", "y == 6"), "an assert is changed"),
    ],
)
def test_a_table_that_does_not_fit_is_told(small, row, words):
    small([row])
    assert words in " ".join(planted.complaints("lesson"))


def test_an_error_is_no_failure(small):
    small([bug("3 * x", "1 / 0", "y == 6")])
    assert "y == 6" in set(planted.survivors("lesson"))
