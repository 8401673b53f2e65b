"""A record of every step: whole, without a gap, and the same whether the run was stopped or not."""

import csv
import signal
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from grassmann_np import commands, train
from grassmann_np.train import checkpoint, folder, steps

SETUP = train.Setup(epochs=2, batch_size=256)  # six steps an epoch


def rows(path):
    with (path / "steps.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_step_has_a_row_and_the_training_is_the_same(tmp_path):
    plain = folder.begin(tmp_path / "plain", SETUP)
    losses, angles = [], []

    def look(trainer):
        losses.append(trainer.loss)
        angles.append(trainer.measured["angle"])

    watched = folder.begin(tmp_path / "watched", SETUP, after_step=look, steps=["csv"])
    found = rows(tmp_path / "watched")
    per_epoch = plain.steps_per_epoch
    assert [int(row["step"]) for row in found] == list(range(1, 2 * per_epoch + 1))
    assert [int(row["epoch"]) for row in found] == [1] * per_epoch + [2] * per_epoch
    assert [float(row["loss"]) for row in found] == losses and len(set(losses)) == len(losses)
    assert [float(row["angle"]) for row in found] == angles and len(set(angles)) == len(angles)
    np.testing.assert_allclose([float(row["rate"]) for row in found], 0.2 * (1 - np.arange(len(found)) / len(found)))
    for name, numbers in plain.history.as_dict().items():
        if name != "seconds":
            assert watched.history.as_dict()[name] == numbers
    assert watched.history.angle == angles[per_epoch - 1 :: per_epoch]
    assert not (tmp_path / "plain" / "steps.csv").exists()


def test_a_run_that_was_stopped_has_the_same_rows(tmp_path, monkeypatch):
    folder.begin(tmp_path / "whole", SETUP, steps=["csv"])

    def press(trainer):
        if trainer.step in (2, 9):
            signal.raise_signal(signal.SIGINT)

    for go in (lambda: folder.begin(tmp_path / "run", SETUP, after_step=press, steps=["csv"]),) + (
        lambda: folder.go_on(tmp_path / "run", after_step=press),
    ) * 2:
        try:
            go()
        except folder.Stopped:
            assert int(rows(tmp_path / "run")[-1]["step"]) in (2, 9)
    assert (tmp_path / "run" / "steps.csv").read_bytes() == (tmp_path / "whole" / "steps.csv").read_bytes()


def test_rows_after_the_last_checkpoint_are_cut_off(tmp_path, monkeypatch):
    folder.begin(tmp_path / "whole", SETUP, steps=["csv"])
    save = checkpoint.save

    def once(*given):
        if given[1].step > 6:
            raise OSError("killed here")
        save(*given)

    monkeypatch.setattr(checkpoint, "save", once)
    with pytest.raises(OSError, match="killed here"):
        folder.begin(tmp_path / "run", SETUP, steps=["csv"])
    path = tmp_path / "run" / "steps.csv"
    assert len(rows(tmp_path / "run")) == 12
    path.write_text(path.read_text() + "13,3,0.")
    monkeypatch.undo()
    folder.go_on(tmp_path / "run")
    assert path.read_bytes() == (tmp_path / "whole" / "steps.csv").read_bytes()


def test_how_a_run_diverged_is_kept(tmp_path):
    with pytest.raises(FloatingPointError):
        folder.begin(tmp_path / "run", train.Setup(optimizer="sgd", lr=1e30), steps=["csv"])
    assert len(rows(tmp_path / "run")) >= 1


def test_another_run_in_its_place_begins_without_the_old_rows(tmp_path):
    words = ["train", "--epochs", "1", "--quiet", "--out", str(tmp_path)]
    assert commands.main([*words, "--log-steps", "csv"]) == 0 and rows(tmp_path)
    assert commands.main([*words, "--overwrite"]) == 0
    assert not (tmp_path / "steps.csv").exists()


def test_a_comparison_records_too(tmp_path):
    words = ["compare", "--epochs", "1", "--seeds", "1", "--optimizers", "sgd", "--jobs", "1", "--quiet"]
    assert commands.main([*words, "--log-steps", "csv", "--out", str(tmp_path)]) == 0
    assert rows(tmp_path / "runs" / "sgd-0")


def test_a_model_without_such_weights_has_no_angles(tmp_path, monkeypatch):
    monkeypatch.setattr("grassmann_np.train.monitor.invariant_weights", lambda model: [])
    folder.begin(tmp_path, train.Setup(epochs=1, optimizer="sgd"), steps=["csv"])
    assert list(rows(tmp_path)[0]) == ["step", "epoch", "loss", "rate"]


class Writer:
    def __init__(self, place, purge_step):
        self.told, self.purge_step, self.open = [], purge_step, True
        WRITERS.append(self)

    def add_scalar(self, *told):
        self.told.append(told)

    def flush(self):
        pass

    def close(self):
        self.open = False


WRITERS: list[Writer] = []


def test_events_for_tensorboard(tmp_path, monkeypatch):
    module = ModuleType("tensorboardX")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    WRITERS.clear()
    trainer = folder.begin(tmp_path, SETUP, steps=["csv", "tensorboard"])
    (one,) = WRITERS
    told = {(name, step): value for name, value, step in one.told}
    for row in rows(tmp_path):
        for name in ("loss", "angle", "rate"):
            assert told[f"step/{name}", int(row["step"])] == float(row[name])
    assert [told["epoch/test_error", 6 * k] for k in (1, 2)] == trainer.history.test_error
    assert one.purge_step == 1 and not one.open
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "events.out.tfevents.1").touch()
    folder.go_on(tmp_path, change={"epochs": 3})
    assert WRITERS[1].purge_step == 13 and ("epoch/test_error", 12) not in {(n, s) for n, _, s in WRITERS[1].told}


def test_only_a_run_that_goes_on_looks_for_records(tmp_path, monkeypatch):
    """A folder of the same name that is somebody else's is left, and is no record; what is one cannot be left out."""
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "mine.txt").write_text("mine")
    folder.begin(tmp_path, replace(SETUP, epochs=1), overwrite=True)
    folder.go_on(tmp_path, change={"epochs": 2})
    assert [path.name for path in (tmp_path / "events").iterdir()] == ["mine.txt"]
    (tmp_path / "events" / "events.out.tfevents.1").touch()
    before = (tmp_path / "setup.json").read_bytes()
    with pytest.raises(ImportError, match="tensorboardX"):
        folder.go_on(tmp_path, change={"epochs": 3})
    assert (tmp_path / "setup.json").read_bytes() == before


def test_events_are_read_back(tmp_path):
    pytest.importorskip("tensorboardX", reason="pip install 'grassmann-np[tensorboard]'")
    folder.begin(tmp_path, SETUP, steps=["tensorboard"])
    (path,) = (tmp_path / "events").iterdir()
    assert b"step/angle" in path.read_bytes() and b"epoch/test_error" in path.read_bytes()
    folder.begin(tmp_path, SETUP, overwrite=True)
    assert not (tmp_path / "events").exists()


def test_what_cannot_be_recorded_is_said_first(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    out = tmp_path / "out"
    assert commands.main(["train", "--log-steps", "tensorboard", "--out", str(out)]) == 1
    assert "pip install 'grassmann-np[tensorboard]'" in capsys.readouterr().err
    with pytest.raises(ValueError, match="steps: expected some of csv, tensorboard, got 'json'"):
        folder.begin(out, SETUP, steps=["json"])
    assert not out.exists() and list(steps.KINDS) == ["csv", "tensorboard"]
