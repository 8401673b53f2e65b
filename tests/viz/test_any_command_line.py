"""Any command line ends with 0, 1, 2 or 130; what fails says so in one line, and writes nothing."""

import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from inspect import signature
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np.files import beside
from viz import files, scenes, sheet
from viz.__main__ import main
from viz.animation import Animation, ready

ROOT = Path(__file__).parents[2]
NUMBERS = [
    "0",
    "1",
    "2",
    "-1",
    "0.5",
    "1e-300",
    "1e300",
    "nan",
    "inf",
    "-inf",
    "1" + 30 * "0",
    "9" * 5000,
    "x",
    "",
    "²",
]
WORDS = [
    "neuron",
    "linear",
    "two-wells",
    "rayleigh",
    "sgd",
    "adam-g",
    "none",
    "$a$",
    "<b>",
    "--",
    "-h",
    "160x160",
    "161x1",
]
NAMES = [
    "a.png",
    "a.mp4",
    "10:30.gif",
    "a.avi",
    "a",
    "",
    ".png",
    "folder.png",
    "new/b.svg",
    "file.png/c.png",
    "a\udcff.png",
]
NAMES += ["-x.png", "%d.mp4", "n" * 250 + ".png", "ü $ü$.webp", "a.html", "https:a.html", "a\nb.gif"]
OPTIONS = ["se", "unknown", "lr", "units"]


@st.composite
def lines(draw):
    """A command line, and the name that follows --out."""
    command = draw(st.sampled_from([*scenes.SCENES] * 3 + ["list", "page", "sheet", "curves", "widget", "nothing", ""]))
    its = list(signature(scenes.SCENES[command]).parameters) if command in scenes.SCENES else ["seed"]
    words = [command]
    for name in draw(st.lists(st.sampled_from(its) | st.sampled_from(its + OPTIONS), max_size=3)):
        words += [f"--{name}={draw(st.sampled_from(NUMBERS) | st.sampled_from(WORDS) | st.text(max_size=5))}"]
    more = [[], [], ["-h"], ["--"], ["folder.png"], ["missing"], ["file.png", "folder.png"]]
    words += draw(st.sampled_from(more if command not in scenes.SCENES else more[:3]))
    return words, draw(st.sampled_from(NAMES) | st.just("a.png"))


def light(self, path):
    """A film of three moments, none of which is drawn."""
    path = ready(path)
    for t in (0.0, 0.5, 1.0):
        self.frame(t)
    with beside(path) as part:
        part.write_bytes(b"film")
    return path


@settings(max_examples=400, derandomize=True, deadline=None, database=None)
@given(lines())
def test_any_command_line_ends_well(line):
    words, name = line
    out, err, here = StringIO(), StringIO(), os.getcwd()
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(Animation, "save", light)
        patched.setattr(sheet, "write", lambda path, made: light(scenes.exp(), files.ready(path, (".png",))))
        patched.setattr(sys, "argv", ["viz"])
        os.chdir(folder)
        try:
            Path("folder.png").mkdir()
            Path("file.png").write_text("not a picture")
            before = set(Path().rglob("*"))
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    status = main([*words, f"--out={name}"])
                except SystemExit as ended:
                    status = ended.code or 0
            written = {path for path in Path().rglob("*") if path not in before and path.is_file()}
        finally:
            os.chdir(here)
    told = err.getvalue()
    assert status in (0, 1, 2), (status, told)
    if status:
        assert told.startswith("viz: ") and told.count("\n") == 1 and told.endswith("\n") and len(told) < 6000, told
        assert "Traceback" not in told and not written
    else:
        assert not told and (written == {Path(name)} or "usage:" in out.getvalue() or words[0] == "list")


def typed(line, folder, **environment):
    """A line of a shell, `viz` for python -m viz, in that folder."""
    line = f'viz() {{ "{sys.executable}" $PYTHON -m viz "$@"; }}; {line}'
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True)


DRAW = "viz step --size 160x160 --seconds 0.1 --out a.png"
QUIET = [
    "| head -0; exit ${PIPESTATUS[0]}",
    ">/dev/full",
    ">&-",
    "2>&-",
    ">&- 2>&-",
    "2>/dev/full >/dev/full",
    "<&- >&- 2>&-",
]


@pytest.mark.parametrize("end", QUIET)
def test_what_cannot_be_told_is_written_nevertheless(end, tmp_path):
    ended = typed(f"{DRAW.replace('.png', '.gif')} {end}", tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "") and (tmp_path / "a.gif").stat().st_size > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


def test_a_film_is_encoded_without_any_stream(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    ended = typed(f"{DRAW.replace('.png', '.mp4')} <&- >&- 2>&-", tmp_path)
    assert ended.returncode == 0 and (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("words", ["list", "--help", "step --help"])
def test_words_for_a_reader_who_has_gone_are_no_failure_and_words_that_are_lost_are(words, tmp_path):
    gone = typed(f"viz {words} | head -0; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (gone.returncode, gone.stderr) == (0, "")
    lost = typed(f"viz {words} >/dev/full", tmp_path)
    assert (lost.returncode, lost.stderr) == (1, "viz: standard output: No space left on device\n")


@pytest.mark.parametrize(
    "plain", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_terminal_without_letters_makes_no_failure_of_success(plain, tmp_path):
    ended = typed("viz list && viz exp --size 160x160 --out ü√.png && viz lines --help", tmp_path, **plain)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "y and \\u2212y are one point" in ended.stdout and (tmp_path / "ü√.png").exists()


def test_without_docstrings_every_command_works_and_says_the_same(tmp_path):
    listed = typed("viz list; viz race --help", tmp_path)
    assert listed.stdout == typed("viz list; viz race --help", tmp_path, PYTHON="-OO").stdout
    assert "Adam-G and Adam in two" in listed.stdout
    line = f"{DRAW} && viz widget --out w.html && viz network --epochs 1 --size 160x160 --out n.svg"
    ended = typed(line, tmp_path, PYTHON="-OO")
    assert (ended.returncode, ended.stderr) == (0, "") and len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    "name", ["10:30.mp4", "-i.mp4", "%d %s.mp4", "a b'\"$c.mp4", "ü.mp4", "pipe:1.mp4", b"\xff.mp4"]
)
def test_a_film_may_have_any_name(name, tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    words = [sys.executable, "-m", "viz", "exp", "--size", "160x160", "--seconds", "0.1"]
    asked = b"--out=" + os.fsencode(name)
    ended = subprocess.run(
        [*words, asked], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (ended.returncode, ended.stderr) == (0, b"") and os.listdir(os.fsencode(tmp_path)) == [os.fsencode(name)]


@pytest.mark.parametrize(
    "name, says", [("a.avi", "ending in one of"), ("new/b.png", "is a folder"), ("f.png/a.gif", "not a folder")]
)
@pytest.mark.parametrize("command", ["network", "curves", "sheet", "widget"])
def test_where_nothing_can_be_written_nothing_is_drawn(command, name, says, tmp_path, monkeypatch, capsys):
    for one in (*scenes.SCENES,):
        monkeypatch.setitem(scenes.SCENES, one, lambda **given: pytest.fail("drawn"))
    monkeypatch.setattr("viz.curves.of_runs", lambda runs: pytest.fail("drawn"))
    monkeypatch.setattr("viz.widget.page", lambda seed: pytest.fail("drawn"))
    (tmp_path / "new/b.png").mkdir(parents=True)
    (tmp_path / "new/b.html").mkdir(parents=True)
    (tmp_path / "f.png").write_text("here")
    name = name.replace("b.png", "b.html").replace("a.gif", "a.html") if command == "widget" else name
    name = name.replace("a.gif", "a.png") if command in ("curves", "sheet") else name
    out = str(tmp_path / name)
    assert main([command, *(["run"] if command == "curves" else []), "--out", out]) == 1
    told = capsys.readouterr().err
    assert (says in told or "ending in .png" in told) and told.count("\n") == 1 and str(tmp_path) in told


def test_a_full_disk_is_told_with_the_path(tmp_path, monkeypatch, capsys):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    out = tmp_path / "a.png"
    assert main(["exp", "--size", "160x160", "--out", str(out)]) == 1
    assert capsys.readouterr().err == f"viz: {out}: No space left on device\n" and not list(tmp_path.iterdir())


def test_a_full_disk_of_the_encoder_is_told_in_the_same_words(tmp_path, monkeypatch, capsys):
    program = tmp_path / "bin/ffmpeg"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '[mp4 @ 0x1] Error\nav_interleaved: No space left on device' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    out = tmp_path / "a.mp4"
    assert main(["exp", "--size", "160x160", "--seconds", "0.1", "--out", str(out)]) == 1
    assert capsys.readouterr().err == f"viz: {out}: No space left on device\n"
