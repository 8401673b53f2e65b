"""A stopped training goes on to the same bits; what is not a checkpoint is refused and nothing is overwritten."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np import train
from grassmann_np.files import read_json, write_json
from grassmann_np.terminal import describe
from grassmann_np.train import checkpoint, folder

SETUP = train.Setup(epochs=3, batch_size=256)
STEPS = 3 * 6
CORRUPTIONS = int(os.environ.get("CORRUPTIONS", "0"))


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
    return subprocess.Popen(
        [sys.executable, "-m", "grassmann_np", *map(str, words)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


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


@pytest.mark.skipif(os.name != "posix", reason="signals")
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
    assert read_json(killed / "history.json")["done"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_finishes_the_step_saves_and_says_how_to_go_on(tmp_path, name):
    run = tmp_path / "run"
    process = command("train", "--epochs", "3000", "--quiet", "--out", run)
    wait_for(run / "checkpoint.npz", process)
    process.send_signal(getattr(signal, name))
    status, errors = finish(process)
    assert status == 130
    assert "stopped after a step and saved" in errors and f"train --resume --out {run}" in errors
    assert "Traceback" not in errors
    tree = checkpoint.load(run / "checkpoint.npz")
    assert 0 < len(tree["history"]["test_error"]) < 3000


def test_foreign_and_corrupt_files_are_refused(tmp_path):
    path = tmp_path / "checkpoint.npz"
    trainer, generators = SETUP.start()
    checkpoint.save(path, trainer, generators, SETUP.as_dict())
    good = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        checkpoint.load(tmp_path / "none.npz")
    for bad in (b"", good[: len(good) // 2], good[:-1], b"not a zip file"):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"cannot be read: it is no \.npz file, or cut short"):
            checkpoint.load(path)
    np.savez(path, x=np.ones(3))
    with pytest.raises(ValueError, match=r"got another \.npz file"):
        checkpoint.load(path)
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="cannot be read"):
        checkpoint.load(path)
    np.savez(path, skeleton=np.array(json.dumps({"format": checkpoint.FORMAT, "version": 99, "tree": {}})))
    with pytest.raises(ValueError, match=r"expected grassmann_np checkpoint version 3, got .* version 99"):
        checkpoint.load(path)
    head = {"format": checkpoint.FORMAT, "version": checkpoint.VERSION, "tree": "{}"}
    for change, message in (
        ({"format": "another"}, r"expected grassmann_np checkpoint .* got another version"),
        ({"checksum": "0"}, "damaged: its checksum does not fit"),
        ({"tree": '{"setup": {}}'}, "damaged: expected data, generators"),
        ({"tree": "[]"}, "damaged: expected data"),
        ({"tree": "["}, "damaged: Expecting value"),
        ({"tree": "[" * 9999 + "]" * 9999}, "damaged: maximum recursion"),
        ({"tree": '{"setup": {"array": "gone"}}'}, "damaged: 'gone'"),
    ):
        changed = head | change
        changed = {"checksum": checkpoint._checksum(changed["tree"], {})} | changed
        np.savez(path, skeleton=np.array(json.dumps(changed)))
        with pytest.raises(ValueError, match=message):
            checkpoint.load(path)


def test_a_file_that_expands_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", skeleton=np.zeros(10**7))
    with pytest.raises(ValueError, match="its members are compressed"):
        checkpoint.load(tmp_path / "bomb.npz")


def test_a_damaged_or_missing_byte_is_refused_or_was_of_no_account(tmp_path):
    """A zip file holds bytes that nobody reads, its dates for one; whatever is read is as it was written."""
    path = tmp_path / "checkpoint.npz"
    trainer, generators = replace(SETUP, optimizer="sgd").start()
    checkpoint.save(path, trainer, generators, SETUP.as_dict())
    good, whole = path.read_bytes(), everything(trainer)
    with zipfile.ZipFile(path) as packed:
        heads = [place for one in packed.infolist() for place in range(one.header_offset, one.header_offset + 200)]
    rng = np.random.default_rng(0)
    places = [*rng.integers(0, len(good), 100), *rng.choice(heads, 100), *range(len(good) - 200, len(good))]
    if CORRUPTIONS:  # all of them takes an hour
        places = [*heads, *rng.integers(0, len(good), CORRUPTIONS), *range(packed.start_dir, len(good))]
    accepted = 0
    for place in places:
        byte = good[place] ^ int(rng.choice([1, 0x80, 0xFF]))
        for bad in (good[:place] + bytes([byte]) + good[place + 1 :], good[:place] + good[place + 1 :], good[:place]):
            path.write_bytes(bad)
            try:
                tree = checkpoint.load(path)
            except ValueError as error:
                assert str(path) in str(error) and len(describe(error)) < 500
            else:
                checkpoint.restore(trainer, generators, tree)
                assert everything(trainer) == whole
                accepted += 1
            assert path.read_bytes() == bad
    print(f"{3 * len(places)} corruptions, {accepted} of no account")
    assert accepted < len(places) / 2


def test_changed_data_are_refused(tmp_path):
    """Other labels, or another number of images: the epoch's order would be another one, half way through."""
    path = tmp_path / "checkpoint.npz"
    trainer, generators = SETUP.start()
    checkpoint.save(path, trainer, generators, SETUP.as_dict())
    was = trainer.data
    for part, less in product(("train", "test"), (True, False)):
        x, y = getattr(was, f"x_{part}"), getattr(was, f"y_{part}")
        trainer.data = replace(was, **{f"x_{part}": x[less:], f"y_{part}": y[less:] if less else y[::-1]})
        before = everything(trainer)
        with pytest.raises(ValueError, match="the data have changed"):
            checkpoint.restore(trainer, generators, checkpoint.load(path))
        assert everything(trainer) == before
    trainer.data = was
    checkpoint.restore(trainer, generators, checkpoint.load(path))


def test_seconds_of_an_epoch_go_on(tmp_path):
    path = tmp_path / "checkpoint.npz"
    trainer, generators = SETUP.start()
    trainer.seconds = 1000.0
    checkpoint.save(path, trainer, generators, SETUP.as_dict())
    resumed, generators = SETUP.start()
    checkpoint.restore(resumed, generators, checkpoint.load(path))
    history = resumed.run()
    assert history.seconds[0] > 1000 > max(history.seconds[1:])  # and the next epoch starts from nothing


def test_setup_and_checkpoint_of_two_runs_are_refused(tmp_path):
    folder.begin(tmp_path, replace(SETUP, epochs=1))
    before = (tmp_path / "checkpoint.npz").read_bytes()
    for change in ({"momentum": 0.5}, {"seed": 1}, {"weight_decay": 0.3}):
        write_json(tmp_path / "setup.json", replace(SETUP, **{"epochs": 1} | change).as_dict())
        with pytest.raises(ValueError, match=f"of two runs, with another {next(iter(change))};"):
            folder.go_on(tmp_path)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


@pytest.mark.parametrize("there", [None, "", '{"done": false, "setup": {}, "history": {}}'])
def test_a_kill_after_the_last_checkpoint_leaves_a_history_to_be_written(tmp_path, there):
    folder.begin(tmp_path, replace(SETUP, epochs=1))
    names = ("history.json", "history.csv")
    whole = [(tmp_path / name).read_text() for name in names]
    for name in names:
        (tmp_path / name).unlink() if there is None else (tmp_path / name).write_text(there)
    folder.go_on(tmp_path)
    assert [(tmp_path / name).read_text() for name in names] == whole


@pytest.mark.parametrize("change", [{"model": "vgg-12"}, {"rule": "published"}, {"data": "svhn", "folder": "/nowhere"}])
def test_what_cannot_begin_overwrites_nothing(tmp_path, change):
    (tmp_path / "checkpoint.npz").write_bytes(b"weeks of work")
    with pytest.raises((ValueError, OSError)):
        folder.begin(tmp_path, replace(SETUP, **change), overwrite=True)
    with pytest.raises((ValueError, OSError)):
        folder.begin(tmp_path / "new", replace(SETUP, **change))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.npz"]
    assert (tmp_path / "checkpoint.npz").read_bytes() == b"weeks of work"


def test_ctrl_c_is_as_before_after_a_run(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    folder.begin(tmp_path, replace(SETUP, epochs=1))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_within_an_epoch_saves_the_step_that_was_finished(tmp_path):
    steps = []

    def press(trainer):
        steps.append(trainer.position)
        if len(steps) == trainer.steps_per_epoch + 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(folder.Stopped):
        folder.begin(tmp_path, replace(SETUP, epochs=3), after_step=press)
    tree = checkpoint.load(tmp_path / "checkpoint.npz")
    assert len(tree["history"]["seconds"]) == 1 and tree["progress"]["position"] == steps[-1] > 0


def test_ctrl_c_twice_while_a_checkpoint_is_written_keeps_the_last(tmp_path, monkeypatch):
    written = []
    savez = np.savez

    def slow(file, **arrays):
        savez(file, **arrays)
        written.append(file)
        if len(written) == 2:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(np, "savez", slow)
    with pytest.raises(KeyboardInterrupt):
        folder.begin(tmp_path, SETUP)
    assert sorted(os.listdir(tmp_path)) == [".lock", "checkpoint.npz", "history.csv", "history.json", "setup.json"]
    assert len(checkpoint.load(tmp_path / "checkpoint.npz")["history"]["seconds"]) == 1


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
    tree = checkpoint.load(path)
    name = next(iter(tree["moments"]))
    tree["moments"][name]["mean"] = tree["moments"][name]["mean"][:3]
    with pytest.raises(ValueError, match="another model; the first difference is in the moments"):
        checkpoint.restore(trainer, generators, tree)
    tree["parameters"] = {name: value.astype(float) for name, value in checkpoint.load(path)["parameters"].items()}
    with pytest.raises(ValueError, match="it is of another model"):
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
    with np.errstate(all="ignore"), pytest.raises((FloatingPointError, ValueError), match=r"finite|the loss is"):
        folder.begin(tmp_path / "run", replace(SETUP, optimizer="sgd", lr=1e30))
    assert not (tmp_path / "run" / "checkpoint.npz").exists()
