"""A program that cannot speak still works, and says in one line what was wrong when it can."""

import io
import os
import signal
import subprocess
import sys
import threading

import pytest

from grassmann_np import terminal
from grassmann_np.terminal import answer, describe, say, waiting


class Broken(io.StringIO):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


def test_saying_never_raises_and_tells_whether_it_was_heard():
    heard = io.StringIO()
    assert say("a line", heard) and heard.getvalue() == "a line\n"
    assert say("a line", None)
    assert say("a line", Broken(BrokenPipeError()))  # nobody wants to know
    assert not say("a line", Broken(OSError(28, "full")))
    heard.close()
    assert not say("a line", heard)


def test_an_answer_that_cannot_be_written_is_an_error():
    answer("a line", Broken(BrokenPipeError()))
    with pytest.raises(OSError, match="full"):
        answer("a line", Broken(OSError(28, "full")))


def test_letters_that_a_stream_does_not_know():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    answer("ü ☃ a", stream)
    assert raw.getvalue() == b"\\xfc \\u2603 a\n"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("a\nb  c"), "a b c"),
        (OSError(28, "No space left on device", "/x/y"), "/x/y: No space left on device"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("odd"), "odd"),
        (MemoryError(), "there is not enough memory for this"),
        (KeyError(), "KeyError"),
        (ValueError("x" * 5000), "x" * 1000 + " ... " + "x" * 900),
    ],
)
def test_an_error_is_one_line(error, told):
    assert describe(error) == told


FEW = "train --epochs 2 --batch-size 500 --out"


@pytest.mark.skipif(os.name != "posix", reason="a shell")
@pytest.mark.parametrize(
    ("words", "how", "status"),
    [
        ("recipes", "| true", 0),
        ("recipes", "> /dev/full", 1),
        ("recipes", ">&-", 0),
        ("--help", "> /dev/full", 1),
        ("--help", "| true", 0),
        ("evaluate run", "> /dev/full", 1),
        ("evaluate run", "| true", 0),
        (f"{FEW} new", "2>&1 | head -1", 0),
        (f"{FEW} new", "> /dev/full 2> /dev/full", 0),
        (f"{FEW} new", ">&- 2>&-", 0),
        (f"{FEW} new", "2>&1 | true", 0),
        (f"{FEW} ü", "2> err", 0),
        ("compare --epochs 1 --seeds 1 --optimizers sgd --jobs 1 --out new", "2>&1 | true", 0),
        ("compare --epochs 1 --seeds 1 --optimizers sgd --jobs 1 --out new", "> /dev/full 2> /dev/full", 0),
    ],
)
@pytest.mark.parametrize("unbuffered", [False, True])
def test_streams_that_take_nothing(tmp_path, run_folder, words, how, status, unbuffered):
    environment = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "PYTHONUTF8")}
    environment |= {"PYTHONIOENCODING": "ascii"} | ({"PYTHONUNBUFFERED": "1"} if unbuffered else {})
    if unbuffered and "compare" in words:
        pytest.skip("it says what train says")
    (tmp_path / "run").symlink_to(run_folder)
    line = f"{sys.executable} -m grassmann_np {words} {how}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == status
    said = done.stderr.splitlines()
    assert said == (["grassmann_np: standard output: No space left on device"] if status else [])
    written = "results.json" if "compare" in words else "checkpoint.npz"
    if "--out" in words:
        assert (tmp_path / words.split()[-1] / written).exists()


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    from grassmann_np.train import Setup, folder

    path = tmp_path_factory.mktemp("terminal") / "run"
    folder.begin(path, Setup(epochs=1, batch_size=500))
    return path


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("delay", [0.05, 0.15, 0.3, 0.5])
def test_ctrl_c_while_the_program_is_imported_is_no_traceback(tmp_path, delay):
    command = [sys.executable, "-m", "grassmann_np", "train", "--epochs", "9999", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        process.communicate(timeout=delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (130, 1, -signal.SIGINT)
    if "Traceback" in said or process.returncode != 130:  # Python itself had hardly begun, or was at the package
        assert "grassmann_np/__main__.py" not in said


def test_a_wait_is_told_and_what_is_quick_is_not(monkeypatch):
    heard = threading.Event()

    class Ear(io.StringIO):
        def isatty(self):
            return True

        def flush(self):
            heard.set()

    ear = Ear()
    monkeypatch.setattr(sys, "stderr", ear)
    monkeypatch.setattr(terminal, "PATIENCE", 0.01)
    with waiting("reading the images"):
        assert heard.wait(60)
    assert ear.getvalue() == "reading the images\n"


@pytest.mark.parametrize(
    ("terminal", "quiet", "begun"),
    [(True, False, ["start", "cancel"]), (True, True, ["cancel"]), (False, False, ["cancel"])],
)
def test_a_wait_ends_its_clock_and_has_none_where_nobody_looks(monkeypatch, terminal, quiet, begun):
    done = []

    class Clock:
        def __init__(self, seconds, act):
            assert seconds == 2.0

        def start(self):
            done.append("start")

        def cancel(self):
            done.append("cancel")

    ear = io.StringIO()
    monkeypatch.setattr(ear, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(sys, "stderr", ear)
    monkeypatch.setattr(threading, "Timer", Clock)
    with pytest.raises(KeyError), waiting("anything", quiet):
        raise KeyError
    assert done == begun
