"""Stop trainings, comparisons and films at random moments, go on, and hold every bit against what was never stopped.

    python -m tests.train.kills --kills 100 --seed 0

The nets are an MLP, a CNN, and a wide residual net with dropout; a film is whole or not there. What stops them is
SIGKILL, SIGTERM, SIGHUP or Ctrl-C, once or twice in quick succession. A few of them are a test (test_kills.py).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from grassmann_np.files import PART, read_json
from grassmann_np.train import checkpoint

SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")
NETS = {
    "mlp": ["--epochs", "60", "--optimizer", "adam-g"],
    "cnn": ["--epochs", "3", "--optimizer", "sgd-g", "--batch-size", "128"],
    "wrn-10-1": ["--epochs", "1", "--keep", "0.7", "--batch-size", "256", "--optimizer", "sgd-g"],
}
FILMS = ("step", "exp")
OURS = [Path(__file__).parents[2] / name for name in ("grassmann_np", "viz")]
COMPARED = ["--epochs", "25", "--seeds", "1", "--optimizers", "sgd,adam-g", "--jobs", "2"]


class Killer:
    """Draws moments and signals; counts what it did."""

    def __init__(self, place: Path, seed: int) -> None:
        self.place, self.random, self.count = place, random.Random(seed), Counter()
        self.whole: dict[str, tuple[Path, float]] = {}

    def run(self, words: list[str], stop_within: float | None = None) -> int:
        """The exit status of a command, stopped within so many seconds of work; in a session, as at a terminal."""
        process = subprocess.Popen(
            [sys.executable, "-m", "viz" if words[0] in FILMS else "grassmann_np", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if stop_within is not None:
            self._stop(process, Path(words[-1]), stop_within)
        said = process.communicate()[1]
        assert not any(f'File "{place}' in said for place in OURS), (
            said
        )  # a traceback; a SIGHUP ends joblib's own helper, which has one
        for _ in range(1500):  # a comparison's workers end with it, and free their folders
            if not _lives(process.pid):
                return process.returncode
            time.sleep(0.01)
        raise AssertionError("processes are left")

    def _stop(self, process: subprocess.Popen[str], out: Path, within: float) -> None:
        """Sends a signal while the command works, or, one time in five, while it begins."""
        begun = time.time()
        if self.random.random() < 0.8 and out.parent.name != "films":
            while process.poll() is None and not _works(out, begun):
                time.sleep(0.005)
        try:
            process.wait(self.random.uniform(0, within))
            return
        except subprocess.TimeoutExpired:
            name = self.random.choice(SIGNALS)
        self.count[name] += 1
        whole_group = name in ("SIGINT", "SIGHUP")  # a terminal sends them to everybody
        (os.killpg if whole_group else os.kill)(process.pid, getattr(signal, name))
        if self.random.random() < 0.2:
            time.sleep(self.random.random() / 20)
            process.send_signal(getattr(signal, name))

    def train(self, net: str) -> None:
        """One training, stopped a few times, until it is done; its bits are those of the whole one."""
        words = ["train", "--model", net, *NETS[net], "--seed", "3", "--quiet", "--out"]
        whole, seconds = self._whole(net, words)
        out = self.place / f"{net}-{sum(self.count.values())}"
        for _ in range(self.random.randint(1, 4)):
            self.run(self._go_on(words, out), seconds)
        assert self.run(self._go_on(words, out)) == 0
        same_run(whole, out)

    def compare(self) -> None:
        """One comparison, stopped a few times, until it is done."""
        words = ["compare", *COMPARED, "--quiet", "--out"]
        whole, seconds = self._whole("compare", words)
        out = self.place / f"compare-{sum(self.count.values())}"
        for _ in range(self.random.randint(1, 3)):
            self.run([*words, str(out)], seconds)
        assert self.run([*words, str(out)]) == 0
        for run in sorted((whole / "runs").iterdir()):
            same_run(run, out / "runs" / run.name)
        found = [read_json(place / "results.json") for place in (whole, out)]
        for one in found:
            for run in one["runs"]:
                del run["history"]["seconds"]
        assert found[0]["runs"] == found[1]["runs"] and found[0]["paired"] == found[1]["paired"]

    def film(self) -> None:
        """One film, stopped while it is drawn over an older file: that one is there, or the whole new one."""
        suffix = self.random.choice(["mp4", "gif"])
        out = self.place / "films" / f"{sum(self.count.values())}.{suffix}"
        words = [self.random.choice(FILMS), "--seconds", "1", "--size", "320x240", "--out"]
        whole = out.with_name(f"whole-{words[0]}.{suffix}")
        if not whole.exists():
            assert self.run([*words, str(whole)]) == 0
        out.write_bytes(b"older")
        for _ in range(self.random.randint(1, 3)):
            self.run([*words, str(out)], 3.0)
            assert out.read_bytes() in (b"older", whole.read_bytes())
        assert self.run([*words, str(out)]) == 0
        assert out.read_bytes() == whole.read_bytes()
        assert not [path for path in out.parent.iterdir() if path.name.startswith(PART)]

    def _whole(self, name: str, words: list[str]) -> tuple[Path, float]:
        """The folder of what was never stopped, and the seconds of its training."""
        if name not in self.whole:
            out = self.place / f"whole-{name}"
            assert self.run([*words, str(out)]) == 0
            histories = [read_json(path)["history"] for path in out.rglob("history.json")]
            self.whole[name] = out, sum(sum(history["seconds"]) for history in histories)
        return self.whole[name]

    def _go_on(self, words: list[str], out: Path) -> list[str]:
        if (out / "setup.json").exists():
            return ["train", "--resume", "--quiet", "--out", str(out)]
        return [*words, str(out)]


def same_run(one: Path, other: Path) -> None:
    """Two run folders hold the same bits, but for the seconds, and nothing half written."""
    trees = [checkpoint.load(place / "checkpoint.npz") for place in (one, other)]
    for tree in trees:
        del tree["history"]["seconds"], tree["progress"]["seconds"]
    _same(*trees)
    assert not [path for path in other.iterdir() if path.name.startswith(PART)]
    assert read_json(other / "history.json")["done"]


def _same(one: object, other: object) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        assert list(one) == list(other)
        for key in one:
            _same(one[key], other[key])
    elif isinstance(one, list) and isinstance(other, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            _same(*pair)
    elif isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes()
    else:
        assert type(one) is type(other) and one == other


def _works(out: Path, since: float) -> bool:
    """Whether somebody has written there since."""
    return any(path.stat().st_mtime > since for path in out.rglob(".writer") if path.exists())


def _lives(group: int) -> bool:
    """Whether a process of this group is left; one that only waits to be counted is not."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        killer, done = Killer(Path(place), options.seed), Counter()
        while sum(killer.count.values()) < options.kills:
            what = killer.random.choice([*NETS, "compare", "film"])
            {"compare": killer.compare, "film": killer.film}.get(what, lambda net=what: killer.train(net))()
            done[what] += 1
            print(
                f"{sum(killer.count.values())} signals {dict(killer.count)}, done and the same {dict(done)}", flush=True
            )


if __name__ == "__main__":
    main()
