"""A stopped training goes on to the same bits; what is not a checkpoint is refused and nothing is overwritten."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np import train
from grassmann_np.train import checkpoint, folder

SETUP = train.Setup(epochs=3, batch_size=256)
STEPS = 3 * 6


def everything(trainer):
    """The fingerprint of all that a training has come to; only the seconds may differ."""
    history = {key: value for key, value in trainer.history.as_dict().items() if key != "seconds"}
    arrays = [p.value.tobytes() for p in trainer.model.parameters()]
    moments = [(m.mean.tobytes(), m.var.tobytes()) for m in trainer.model.moments().values()]
    groups = getattr(trainer.optimizer, "optimizers", [trainer.optimizer])
    state = [(g.settings(), [{key: a.tobytes() for key, a in one.items()} for one in g.state]) for g in groups]
    return hashlib.sha256(repr((history, arrays, moments, state)).encode()).hexdigest()


class EnoughError(Exception):
    pass


def stop_after(steps, save):
    def after_step(trainer):
        if trainer.step == steps:
            save(trainer)
            raise EnoughError

    return after_step


@pytest.fixture(scope="module")
def uninterrupted():
    kept = {}
    for optimizer in ("sgd", "adam", "sgd-g", "adam-g"):
        trainer, _ = replace(SETUP, optimizer=optimizer).start()
        trainer.run()
        kept[optimizer] = everything(trainer)
    return kept


@given(st.integers(1, STEPS - 1), st.sampled_from(["sgd", "adam", "sgd-g", "adam-g"]))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_any_step_is_a_place_to_stop(tmp_path_factory, uninterrupted, steps, optimizer):
    path, setup = tmp_path_factory.mktemp("run") / "checkpoint.npz", replace(SETUP, optimizer=optimizer)
    trainer, generators = setup.start()
    with pytest.raises(EnoughError):
        trainer.run(stop_after(steps, lambda trainer: checkpoint.save(path, trainer, generators, setup.as_dict())))
    resumed, generators = setup.start()
    checkpoint.restore(resumed, generators, checkpoint.load(path))
    assert resumed.step == steps % STEPS
    resumed.run()
    assert everything(resumed) == uninterrupted[optimizer]


def test_dropout_and_augmentation_go_on_too(tmp_path):
    setup = replace(SETUP, model="wrn-10-1", keep=0.6, epochs=1, batch_size=8, optimizer="sgd-g")

    def start():
        trainer, generators = setup.start()
        small = {name: getattr(trainer.data, name)[:32] for name in ("x_train", "y_train", "x_test", "y_test")}
        noisy = replace(trainer.data, augment=lambda x, rng: x + rng.standard_normal(x.shape).astype(x.dtype), **small)
        trainer.data, trainer.steps_per_epoch = noisy, 4
        return trainer, generators

    straight, _ = start()
    straight.run()
    stopped, generators = start()
    path = tmp_path / "checkpoint.npz"
    with pytest.raises(EnoughError):
        stopped.run(stop_after(2, lambda trainer: checkpoint.save(path, trainer, generators, setup.as_dict())))
    resumed, generators = start()
    checkpoint.restore(resumed, generators, checkpoint.load(path))
    resumed.run()
    assert everything(resumed) == everything(straight)


def command(*words, **options):
    return subprocess.Popen([sys.executable, "-m", "grassmann_np", *map(str, words)], stderr=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, **options)


def finish(process):
    """(exit status, what it wrote on standard error)."""
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors


def wait_for(path, process):
    for _ in range(2000):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.01)


def same_run(one, other):
    """Two run folders hold the same bits, but for the seconds."""
    trees = [checkpoint.load(place / "checkpoint.npz") for place in (one, other)]
    for tree in trees:
        del tree["history"]["seconds"], tree["progress"]["seconds"]
    assert str(trees[0]) == str(trees[1])
    for name, value in trees[0]["parameters"].items():
        np.testing.assert_array_equal(value, trees[1]["parameters"][name])


@pytest.mark.parametrize("delay", [0.0, 0.07, 0.3])
def test_kill_nine_and_resume(tmp_path, delay):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    words = ["train", "--epochs", "12", "--seed", "3", "--quiet", "--out"]
    assert finish(command(*words, whole)) == (0, "")
    process = command(*words, killed)
    wait_for(killed / "checkpoint.npz", process)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    assert finish(process)[0] in (-signal.SIGKILL, 0)
    assert finish(command("train", "--resume", "--quiet", "--out", killed)) == (0, "")
    same_run(whole, killed)
    assert json.loads((killed / "history.json").read_text())["done"]


def test_ctrl_c_finishes_the_step_saves_and_says_how_to_go_on(tmp_path):
    run = tmp_path / "run"
    process = command("train", "--epochs", "300", "--quiet", "--out", run)
    wait_for(run / "checkpoint.npz", process)
    process.send_signal(signal.SIGINT)
    status, errors = finish(process)
    assert status == 130
    assert "stopped after a step and saved" in errors and f"train --resume --out {run}" in errors
    assert "Traceback" not in errors
    tree = checkpoint.load(run / "checkpoint.npz")
    assert 0 < len(tree["history"]["test_error"]) < 300


def test_foreign_and_corrupt_files_are_refused(tmp_path):
    path = tmp_path / "checkpoint.npz"
    trainer, generators = SETUP.start()
    checkpoint.save(path, trainer, generators, SETUP.as_dict())
    good = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        checkpoint.load(tmp_path / "none.npz")
    half, flipped = good[: len(good) // 2], bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    for bad, message in ((b"", "cannot be read"), (half, "cannot be read"), (bytes(flipped), "cannot be read"),
                         (b"not a zip file", "cannot be read")):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=message):
            checkpoint.load(path)
    np.savez(path, x=np.ones(3))
    with pytest.raises(ValueError, match=r"got another \.npz file"):
        checkpoint.load(path)
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="cannot be read"):
        checkpoint.load(path)
    np.savez(path, skeleton=np.array(json.dumps({"format": checkpoint.FORMAT, "version": 99, "tree": {}})))
    with pytest.raises(ValueError, match=r"expected grassmann_np checkpoint version 1, got .* version 99"):
        checkpoint.load(path)


def test_a_checkpoint_of_another_model_changes_nothing(tmp_path):
    path = tmp_path / "checkpoint.npz"
    trainer, generators = SETUP.start()
    checkpoint.save(path, trainer, generators, SETUP.as_dict())
    other, its_generators = replace(SETUP, model="cnn").start()
    before = everything(other)
    with pytest.raises(ValueError, match="it is of another model; the first difference is in"):
        checkpoint.restore(other, its_generators, checkpoint.load(path))
    tree = checkpoint.load(path)
    tree["parameters"]["1.w"] = tree["parameters"]["1.w"][:, :5]
    with pytest.raises(ValueError, match=r"the first difference is in \['1\.w'\]"):
        checkpoint.restore(trainer, generators, tree)
    with pytest.raises(ValueError, match="state: expected"):
        sgd, its_generators = replace(SETUP, optimizer="sgd").start()
        checkpoint.restore(sgd, its_generators, checkpoint.load(path))
    assert everything(other) == before


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.npz"
    trainer, generators = SETUP.start()
    checkpoint.save(path, trainer, generators, SETUP.as_dict())
    good = path.read_bytes()

    def full(file, **arrays):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(path, trainer, generators, SETUP.as_dict())
    assert path.read_bytes() == good and os.listdir(tmp_path) == ["checkpoint.npz"]


def test_nan_keeps_the_last_good_checkpoint(tmp_path):
    folder.begin(tmp_path / "run", replace(SETUP, optimizer="sgd", lr=1e30))
    with np.errstate(all="ignore"), pytest.raises((FloatingPointError, ValueError), match=r"finite|the loss is"):
        folder.go_on(tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoint.npz").exists()
