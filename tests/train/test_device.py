"""A whole training on a device: --device gpu, its checkpoints, its resumption; on the strict fake of CuPy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from grassmann_np import commands as command
from grassmann_np.data import crop_and_flip
from grassmann_np.train import Setup, Trainer, checkpoint, evaluate, loop
from grassmann_np.train.limits import RATES, SCHEDULES
from tests import fake_cupy
from tests.nn.helpers import cast

HOST = Setup(model="cnn", epochs=2, batch_size=256)


def trained(setup, dtype):
    """(model, history) of a setup whose weights and images are of this dtype."""
    weights, order = np.random.default_rng(setup.seed).spawn(2)
    images = setup.load()
    images = replace(images, x_train=images.x_train.astype(dtype), x_test=images.x_test.astype(dtype)).to(setup.device)
    model = cast(setup.make_model(images, weights), dtype)
    trainer = Trainer(model, setup.make_optimizer(model), images, setup.epochs, order, setup.batch_size)
    return model, trainer.run()


@pytest.mark.parametrize(
    ("optimizer", "dtype", "tolerance"),
    [
        ("sgd", np.float64, 1e-13),
        ("sgd-g", np.float64, 1e-13),
        ("adam", np.float64, 1e-13),
        ("adam-g", np.float64, 1e-13),
        ("sgd-g", np.float32, 1e-3),
    ],
)
def test_a_training_is_the_same_there(optimizer, dtype, tolerance, device):
    """For an epoch of six steps.  A million numbers go through a ReLU in each: in float32 some are so near to zero that
    rounding decides, and one of them is a thousandth of a gradient; in float64 none is."""
    setup = replace(HOST, optimizer=optimizer, epochs=1)
    (here, mine), (there, theirs) = (trained(replace(setup, device=d), dtype) for d in ("cpu", "gpu"))
    for key in ("train_loss", "test_loss", "angle", "orthogonality"):
        np.testing.assert_allclose(getattr(mine, key), getattr(theirs, key), rtol=tolerance)
    for p, q in zip(here.parameters(), there.parameters(), strict=True):
        assert isinstance(q.value, device.ndarray) and q.value.dtype == p.value.dtype == dtype
        np.testing.assert_allclose(q.value.get(), p.value, rtol=0, atol=tolerance * max(0.1, np.abs(p.value).max()))


def test_resume_with_augmentation_to_the_same_bits(tmp_path, monkeypatch):
    fake_cupy.install(monkeypatch)

    def start():
        trainer, generators = replace(HOST, device="gpu").start()
        trainer.data = replace(trainer.data, augment=lambda x, rng: crop_and_flip(x, rng, 1))
        return trainer, generators

    class Enough(Exception):
        pass

    def stop(trainer):
        if trainer.step == 7:
            raise Enough

    whole, _ = start()
    whole.run()
    part, generators = start()
    with pytest.raises(Enough):
        part.run(stop)
    checkpoint.save(tmp_path / "c.npz", part, generators, HOST.as_dict())
    again, generators = start()
    checkpoint.restore(again, generators, checkpoint.load(tmp_path / "c.npz"))
    again.run()
    for p, q in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert isinstance(q.value, fake_cupy.ndarray)
        np.testing.assert_array_equal(p.value.get(), q.value.get())
    found = evaluate(again.model, again.data.x_test, again.data.y_test)
    assert found == (again.history.test_loss[-1], again.history.test_error[-1])


def test_the_command_line(tmp_path, monkeypatch, capsys):
    words = ["train", "--model", "mlp", "--epochs", "1", "--device", "gpu", "--out", str(tmp_path / "a")]
    monkeypatch.setitem(__import__("sys").modules, "cupy", None)
    assert command.main(words) == 1
    assert "gpu-cuda12 or gpu-cuda13" in capsys.readouterr().err and not (tmp_path / "a").exists()
    fake_cupy.install(monkeypatch)
    assert command.main(words) == 0
    assert command.main(["evaluate", str(tmp_path / "a")]) == 0
    assert "test error" in capsys.readouterr().out


class Few(Setup):
    """A setup with few images, augmented."""

    def load(self):
        images = super().load()
        few = {key: getattr(images, key)[:12] for key in ("x_train", "y_train", "x_test", "y_test")}
        return replace(images, **few, augment=crop_and_flip)


def setups():
    """What the command line offers, but for VGG, which has the layers of the CNN."""

    def make(model, rule, **options):
        return Few(
            model=model, rule="invariant" if model == "mlp" else rule, device="gpu", epochs=1, batch_size=4, **options
        )

    sampled = {
        name: st.sampled_from(values)
        for name, values in {
            "model": ("mlp", "cnn", "wrn-10-1"),
            "optimizer": tuple(RATES),
            "schedule": SCHEDULES,
            "rule": ("invariant", "published"),
            "decay": ("weights", "all"),
            "clip": (None, 0.1),
            "warm_up": (0.0, 0.4),
            "orthogonality": (0.0, 0.1),
            "weight_decay": (0.0, 5e-4),
            "momentum": (0.0, 0.9),
            "keep": (1.0, 0.7),
            "per_epoch": (False, True),
            "end": (None, 0.1),
        }.items()
    }
    return st.builds(make, **sampled)


@settings(max_examples=10, phases=[Phase.generate])  # to shrink a setup takes minutes, and it is short
@given(setup=setups())
def test_nothing_is_fetched_between_two_looks(setup):
    """Whatever the setup: of three steps the second is a look, and the last is the end of the epoch."""
    counts = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        fake_cupy.install(monkeypatch)
        monkeypatch.setattr(loop, "LOOK_EVERY", 2)
        trainer, _ = setup.start()
        before = len(fake_cupy.fetched)
        trainer.run(lambda trainer: counts.append(len(fake_cupy.fetched)))
    assert len(counts) == 3 and np.diff([before, *counts])[:2].tolist() == [0, 1]
    assert all(isinstance(p.value, fake_cupy.ndarray) for p in trainer.model.parameters())
