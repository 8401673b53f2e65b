"""Command lines drawn at random: an exit status, one line when it is not 0, and nothing written outside --out."""

import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grassmann_np import commands, data
from grassmann_np.files import PART
from grassmann_np.train import folder
from grassmann_np.train.limits import DATA, RATES, SCHEDULES

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1000"))
ODD = [
    "",
    " ",
    "nan",
    "inf",
    "-inf",
    "-1",
    "1e400",
    "1e308",
    "1e-320",
    "0x10",
    "--",
    "-",
    "é☃",
    "'\"$x`;\\",
    "None",
    "none",
]
ODD += ["9" * 400, "9" * 5000, "1" * 19, "\x00", "\n", "../x", "~", "/dev/null", "/proc/x", "x" * 300, "١"]
NUMBERS = ["0", "1", "2", "0.5", "1e-3", "1.0", "3", "0.5,0.25", "1,1", ",1"]
VALUES = {
    "--data": [*DATA, "own.npz", "broken.npz", "./FILE", "none.npz"],
    "--test-fraction": ["0.5", "0", "1", "1e-3"],
    "--model": [
        "mlp",
        "mlp",
        "cnn",
        "vgg-12",
        "vgg-99999",
        "wrn-11-1",
        "wrn-9999-9999",
        "wrn-0-0",
        "wrn--1",
        "resnet",
        "no.such:net",
        "os:getcwd",
    ],
    "--optimizer": [*RATES, "lion", "no.such:sgd", "os:getcwd"],
    "--schedule": list(SCHEDULES),
    "--optimizers": [*RATES, "sgd,adam-g", "sgd,sgd", ",", "sgd,os:getcwd"],
    "--schedules": [*SCHEDULES, "linear,cosine", "step,step"],
    "--seeds": ["1", "2", "0", "-3", "10001", "99999999999"],
    "--jobs": ["1", "0", "-2", "99999999"],
    "--backend": ["cores", "dask"],
    "--scheduler": ["127.0.0.1:1", "nowhere"],
    "--recipe": ["digits-mlp-adam", "cifar10-vgg-13-sgd", "digits"],
    "--rule": ["invariant", "published"],
    "--decay": ["weights", "all"],
    "--device": ["cpu", "gpu"],
    "--folder": ["nowhere", "~nobody"],
    "--epochs": ["1", "2", "0", "1000001"],
    "--batch-size": ["2", "7", "64", "1", "1000001"],
    "--seed": ["0", "5", "9223372036854775808", "18446744073709551617"],
    **dict.fromkeys(("--lr", "--lr-euclidean", "--momentum", "--weight-decay", "--clip", "--orthogonality"), NUMBERS),
    "--log-steps": ["csv", "csv,csv", "tensorbord", ","],
    "--weights": ["own.npz", "FILE", "nowhere.npz", "x.pt"],
    **dict.fromkeys(("--drop", "--end", "--keep", "--warm-up"), NUMBERS),
}
QUICK = {"train": ["--quiet", "--epochs", "1"]}  # what is drawn later counts
QUICK["compare"] = [*QUICK["train"], "--seeds", "1", "--jobs", "1"]
DIGITS = data.digits
FLAGS = ["--per-epoch", "--overwrite", "--no-extra", "--download", "--resume", "--abc", "--help", "-h", "--over"]


@st.composite
def command_lines(draw):
    """Words after the program's name; OUT stands for the folder that may be written."""
    name = draw(st.sampled_from(["train", "train", "train", "compare", "evaluate", "recipes", "", "trai", "--help"]))
    words = [name] if name else []
    words += QUICK.get(name, [])
    for option in draw(st.lists(st.sampled_from(list(VALUES)), max_size=5, unique=True)):
        odd = draw(st.integers(0, 9)) == 0
        words += [option, draw(st.sampled_from(ODD if odd else VALUES[option]))]
    words += draw(st.lists(st.sampled_from(FLAGS), max_size=1)) if draw(st.booleans()) else []
    where = draw(st.sampled_from(["OUT", "OUT", "OUT", "OUT/a/b", "FILE", "FILE/a", "RUN"]))
    return words + (["--out", where] if name in ("train", "compare") else [where] if name == "evaluate" else [])


@cache
def few():
    """Twenty digits, so that a training takes no time."""
    images = DIGITS()
    parts = {key: getattr(images, key)[:20] for key in ("x_train", "y_train", "x_test", "y_test")}
    return replace(images, **parts)


@given(command_lines())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_any_command_line(tmp_path_factory, words):
    place = tmp_path_factory.mktemp("line")
    (place / "FILE").write_text("mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "digits", few)
        patch.setattr(data, "mnist", few)
        patch.setattr(data, "photos", few)
        patch.setattr("grassmann_np.train.cluster.PATIENCE", 0.1)
        patch.setattr(commands, "_draw", lambda *_, **__: "no figure")
        patch.setenv("HOME", str(place / "home"))
        patch.chdir(place)
        if "RUN" in words or "--resume" in words:
            folder.begin(place / "RUN", commands.Setup(epochs=1))
        np.savez(place / "own.npz", x=np.zeros((12, 4, 4)), y=np.arange(12) % 2)
        np.savez(place / "broken.npz", x=np.zeros((12, 4, 4)), y=np.arange(11))
        before = everything(place)
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = commands.main(words)
            except SystemExit as asked:  # --help
                status = asked.code
    said = err.getvalue()
    assert status in (0, 1, 2), words
    assert said == "" if status == 0 else (said.count("\n") == 1 and said.startswith("grassmann_np: ")), (words, said)
    assert not any(word in said for word in ("Traceback", "Errno", "object at 0x")), (words, said)
    after, target = everything(place), words[-1] if words else ""
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert all(path.parts[0] in ("OUT", "RUN") and target.startswith(path.parts[0]) for path in changed), (
        words,
        changed,
    )
    assert not [path for path in changed if path.name.startswith(PART)]
    if status == 2:
        assert not changed


def everything(place: Path):
    """The contents of every file below a folder."""
    return {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}
