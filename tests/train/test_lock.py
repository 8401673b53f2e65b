"""One writer at a time: the second is told who writes, and nothing of the first's is touched."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grassmann_np import commands as command
from grassmann_np import train
from grassmann_np.train import folder
from grassmann_np.train.lock import alone, is_empty

SHORT = train.Setup(epochs=1, batch_size=500)


def test_the_second_is_told_who_writes(tmp_path, capsys):
    with alone(tmp_path / "run"):
        for words in (["train"], ["train", "--overwrite"], ["compare", "--seeds", "1", "--jobs", "1"]):
            assert command.main([*words, "--epochs", "1", "--out", str(tmp_path / "run")]) == 1
            assert f"--out: process {os.getpid()} of " in (said := capsys.readouterr().err)
            assert said.count("\n") == 1
        assert is_empty(tmp_path / "run")
    folder.begin(tmp_path / "run", SHORT)
    with alone(tmp_path / "run"), pytest.raises(RuntimeError, match="writes into"):
        folder.go_on(tmp_path / "run")
    assert folder.read_history(tmp_path / "run")["done"]


def test_a_lock_ends_with_its_process(tmp_path):
    code = "import sys, os; from grassmann_np.train.lock import alone\nwith alone(sys.argv[1]): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == -9
    folder.begin(tmp_path, SHORT)
    assert not (tmp_path / ".writer").exists()


def test_of_many_trainings_in_one_folder_one_is_done(tmp_path):
    """Each with another seed: the folder that is left is of one of them, whole."""
    words = [sys.executable, "-m", "grassmann_np", "train", "--epochs", "2", "--out", str(tmp_path), "--overwrite"]
    several = [
        subprocess.Popen([*words, "--seed", str(seed)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for seed in range(4)
    ]
    said = [process.communicate(timeout=120)[1] for process in several]
    for process, words in zip(several, said, strict=True):
        assert process.returncode == 0 or "writes into" in words
    assert any(process.returncode == 0 for process in several)
    done = folder.read_history(tmp_path)
    assert done["done"] and train.Setup.from_dict(done["setup"]) == folder.read_setup(tmp_path)
    folder.go_on(tmp_path)


def test_a_run_that_is_read_back_is_the_run_that_was_asked_for(tmp_path, monkeypatch):
    """Though another setup came into its folder while the comparison went on."""
    first = train.compare(tmp_path, SHORT, ["sgd"], [0], jobs=1)
    compare = sys.modules["grassmann_np.train.compare"]
    finish, other = compare._finish, train.Setup(epochs=1, batch_size=500, optimizer="sgd", lr=0.3)

    def late(run):
        folder.begin(run[0], other, overwrite=True)
        return finish(run)

    monkeypatch.setattr(compare, "_finish", late)
    with pytest.raises(ValueError, match="holds a run of another setup"):
        train.compare(tmp_path, SHORT, ["sgd"], [0], jobs=1)
    monkeypatch.undo()
    assert train.compare(tmp_path, SHORT, ["sgd"], [0], jobs=1, overwrite=True)["summary"] != []
    assert first["runs"][0]["seed"] == 0


def lives(process):
    """Whether a process is there that has not ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return b") Z" not in Path(f"/proc/{process}/stat").read_bytes() if Path("/proc/self/stat").exists() else True


def wait_until(condition):
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it has not happened")


@pytest.mark.skipif(os.name != "posix", reason="os.fork")
@pytest.mark.parametrize("busy", [True, False])
def test_a_worker_ends_with_the_one_who_asked(tmp_path, busy):
    """A process whose parent is killed saves its run and ends; so does one that waits for its next."""
    code = (
        "import os, sys, time\nfrom pathlib import Path\nfrom grassmann_np.train import Setup\n"
        "compare = __import__('importlib').import_module('grassmann_np.train.compare')\nparent = os.getpid()\n"
        "child = os.fork()\nif child:\n"
        "    (Path(sys.argv[1]) / 'child').write_text(str(child))\n    os.waitpid(child, 0)\n"
        "compare._end_with(parent)\n"
        "if sys.argv[2] == 'True':\n"
        "    try:\n        compare._finish((Path(sys.argv[1]) / 'run', Setup(epochs=100000), False, ()))\n"
        "    except BaseException:\n        pass\n"
        "    os._exit(0)\n"
        "time.sleep(1000)"
    )
    parent = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code, str(tmp_path), str(busy)])
    started = tmp_path / ("run/checkpoint.npz" if busy else "child")
    wait_until(lambda: started.exists() and (tmp_path / "child").exists() and (tmp_path / "child").read_text())
    parent.kill()
    parent.wait()
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not lives(child))
    if busy:
        assert 0 < len(folder.read_history(tmp_path / "run")["history"]["seconds"]) < 100000


def test_the_workers_of_a_killed_comparison_end(tmp_path):
    words = ["compare", "--epochs", "1", "--seeds", "60", "--optimizers", "sgd", "--jobs", "2", "--quiet", "--out"]
    process = subprocess.Popen(
        [sys.executable, "-m", "grassmann_np", *words, str(tmp_path)], start_new_session=True, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: list(tmp_path.glob("runs/*/history.json")))
    process.kill()
    process.wait()

    def gone():
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    wait_until(gone)


def test_without_a_lock_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "filelock", None)
    assert command.main(["train", "--epochs", "1", "--out", str(tmp_path / "run")]) == 1
    assert "locked through filelock: pip install 'grassmann-np[data]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
