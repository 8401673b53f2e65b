"""A training on a device: looked at now and then, stopped by what is wrong, and in the end as good as on the host."""

from dataclasses import replace

import numpy as np
import pytest

from grassmann_np import backend, data, nn, ops, optim, train
from grassmann_np.train import Setup, checkpoint
from grassmann_np.train import loop as training
from tests import fake_cupy
from tests.nn.helpers import cast

SHORT = Setup(model="cnn", epochs=2, batch_size=256, device="gpu")


def test_one_fetch_for_every_look(monkeypatch):
    """Two looks an epoch, none between; then what the monitor and the test images need."""
    fake_cupy.install(monkeypatch)
    monkeypatch.setattr(training, "LOOK_EVERY", 3)
    trainer, _ = SHORT.start()
    fetched = []

    def count(trainer):
        fetched.append((len(trainer.unseen), len(fake_cupy.fetched)))

    before = len(fake_cupy.fetched)
    trainer.run(count)
    steps = trainer.steps_per_epoch
    unseen, counts = zip(*fetched[: steps - 1], strict=True)
    assert unseen == tuple(step % 3 if step % 3 else 0 for step in range(1, steps))
    assert [b - a for a, b in zip((before, *counts), counts, strict=False)] == [int(n == 0) for n in unseen]
    assert len(trainer.history) == 2 and isinstance(trainer.data.x_train, fake_cupy.ndarray)


def test_looking_later_changes_no_number(device, monkeypatch):
    histories = []
    for every in (1, 4):
        monkeypatch.setattr(training, "LOOK_EVERY", every)
        histories.append(replace(SHORT, model="mlp").run()[1])
    one, other = histories
    for name in ("train_loss", "train_error", "test_loss", "test_error", "angle"):
        assert getattr(one, name) == getattr(other, name)


def test_a_loss_that_is_not_finite_is_found_later_and_the_step_named(device, monkeypatch):
    monkeypatch.setattr(training, "LOOK_EVERY", 100)
    trainer, _ = SHORT.start()
    kept = []

    def spoil(trainer):
        if trainer.step == 2:
            trainer.data.x_train[:] = np.nan
            kept.extend(p.value.get() for p in trainer.model.parameters())

    with pytest.raises(FloatingPointError, match=r"the loss is nan at epoch 1, step 2, .*it is in the images"):
        trainer.run(spoil)
    for p, value in zip(trainer.model.parameters(), kept, strict=True):  # no step was taken since
        np.testing.assert_array_equal(p.value.get(), value)


def test_a_bad_gradient_stops_the_training_at_the_next_look(device, monkeypatch):
    trainer, _ = SHORT.start()
    step = trainer.optimizer.step

    def spoiled():
        if trainer.step == 1:
            trainer.model.parameters()[0].grad[0, 0, 0, 0] = np.inf
        step()

    monkeypatch.setattr(trainer.optimizer, "step", spoiled)
    with pytest.raises(FloatingPointError, match=r"gradient of 0\.w: expected finite numbers.*nothing was changed"):
        trainer.run()


def test_a_checkpoint_is_of_what_was_looked_at(device, tmp_path):
    """Saved in the middle of an epoch, it holds the sums of all steps so far, and nothing that is not finite."""
    trainer, generators = SHORT.start()

    def save(trainer):
        if trainer.step in (2, 4):
            if trainer.step == 4:
                trainer.model.parameters()[0].grad[:] = np.nan
                trainer.optimizer.step()
            checkpoint.save(tmp_path / f"{trainer.step}.npz", trainer, generators, SHORT.as_dict())

    with pytest.raises(FloatingPointError, match=r"gradient of 0\.w"):
        trainer.run(save)
    saved = checkpoint.load(tmp_path / "2.npz")["progress"]
    assert saved["position"] == 2 and 0 < saved["wrong"] <= 512 and saved["loss_sum"] > 256
    assert not (tmp_path / "4.npz").exists()


def test_labels_out_of_range_make_the_loss_nan(device):
    logits = device.zeros((3, 4))
    for bad in ([0, 4, 1], [0, -1, 1]):
        loss, pullback = ops.cross_entropy(logits, device.asarray(bad))
        assert np.isnan(float(loss)) and np.isnan(pullback().get()[1]).all()
        assert np.isfinite(pullback().get()[[0, 2]]).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["cnn", "wide_resnet"])
def test_one_step_from_the_same_bits_agrees_to_rounding(name, dtype, device):
    make = {"cnn": lambda rng: nn.cnn((28, 28, 1), 10, rng), "wide_resnet": lambda rng: nn.wide_resnet(10, 1, 10, rng)}
    shape = (28, 28, 1) if name == "cnn" else (16, 16, 3)
    rng = np.random.default_rng(1)
    x, labels = rng.standard_normal((20, *shape)).astype(dtype), rng.integers(0, 10, 20)
    found, eps = [], float(np.finfo(dtype).eps)
    for where in ("cpu", "gpu"):
        model = cast(make[name](np.random.default_rng(0)), dtype)
        nn.on_sphere(model)
        model.to(where)
        optimizer = optim.sgd_g(model)
        logits, back = model(backend.to_device(x, where))
        loss, back_loss = ops.cross_entropy(logits, backend.to_device(labels, where))
        start = [backend.to_numpy(p.value).copy() for p in model.parameters()]
        back(back_loss())
        optimizer.step()
        optimizer.check()
        values = [backend.to_numpy(p.value) for p in model.parameters()]
        found.append((start, float(loss), [backend.to_numpy(p.grad) for p in model.parameters()], values))
    (start, loss, grads, values), (start_there, loss_there, grads_there, values_there) = found
    for a, b in zip(start, start_there, strict=True):
        np.testing.assert_array_equal(a, b)
    assert loss_there == pytest.approx(loss, rel=16 * eps)
    for a, b in zip(grads, grads_there, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=160 * eps * np.abs(a).max())
    for a, b in zip(values, values_there, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=16 * eps * max(1, np.abs(a).max()))


def test_the_layout_of_a_weight_survives_the_way_there_and_back(device):
    w = np.zeros((5, 3, 3, 2), np.float32).transpose(1, 2, 3, 0)  # (3, 3, 2, 5), a unit's weights side by side
    w[...] = np.random.default_rng(0).standard_normal(w.shape)
    there = backend.to_device(w, "gpu")
    back = backend.to_device(there, "cpu")
    assert there.strides == back.strides == w.strides
    np.testing.assert_array_equal(back, w)


@pytest.mark.parametrize("optimizer", ["sgd", "sgd-g", "adam-g"])
def test_an_epoch_is_statistically_the_same(optimizer, device):
    """Runs part after some steps, so it is their mean over seeds that is compared, and loosely."""
    short = replace(SHORT, optimizer=optimizer, model="mlp", epochs=1, batch_size=128)

    def losses(where):
        runs = [replace(short, seed=seed, device=where).run() for seed in range(2)]
        return np.array([history.test_loss[-1] for _, history in runs])

    here, there = losses("cpu"), losses("gpu")
    assert abs(here.mean() - there.mean()) < 0.1 * here.mean()
    assert np.all(there < 2.0) and isinstance(data.digits().to("gpu").x_train, device.ndarray)


def test_evaluation_fetches_once(monkeypatch):
    fake_cupy.install(monkeypatch)
    images = data.digits().to("gpu")
    model = nn.mlp([64, 10], np.random.default_rng(0)).to("gpu")
    with fake_cupy.counting() as fetched:
        train.evaluate(model, images.x_test, images.y_test, batch_size=50)
    assert fetched == ["get"]
