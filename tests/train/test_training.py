"""The training loop, the setup by names, the monitor and the schedules, on the real digits."""

from dataclasses import replace

import numpy as np
import pytest

from grassmann_np import data, nn, optim, train
from grassmann_np.geometry import sphere
from grassmann_np.train import recipes
from grassmann_np.train.setup import RATES

SHORT = train.Setup(epochs=2)


@pytest.mark.parametrize("optimizer", RATES)
def test_every_optimizer_learns_the_digits(optimizer):
    _, history = replace(SHORT, optimizer=optimizer, epochs=8).run()
    assert len(history) == 8
    assert history.train_loss[-1] < history.train_loss[0] / 2
    assert history.test_error[-1] < 0.15


def test_weights_stay_on_the_sphere():
    model, _ = SHORT.run()
    on_it = [p for p in model.parameters() if p.geometry is sphere]
    assert [p.name for p in on_it] == ["1.w", "4.w"]
    for p in on_it:
        np.testing.assert_allclose(np.linalg.norm(p.matrix, axis=0), 1, atol=1e-6)


def test_a_seed_gives_the_same_bits_and_another_one_others():
    (_, a), (_, b), (_, c) = (replace(SHORT, seed=seed).run() for seed in (1, 1, 2))
    assert a.train_loss == b.train_loss and a.test_error == b.test_error
    assert a.train_loss != c.train_loss


def test_optimizers_start_from_the_same_network():
    """The weights on the sphere differ by the length of their columns alone, the others not at all."""
    (plain, _), (placed, _) = (replace(SHORT, optimizer=name).start() for name in ("sgd", "sgd-g"))
    for p, q in zip(plain.model.parameters(), placed.model.parameters(), strict=True):
        same = sphere.normalize(p.matrix) if q.geometry is sphere else p.matrix
        np.testing.assert_array_equal(q.matrix, same)


def test_loss_and_error_by_hand():
    images = data.digits()
    model = nn.mlp([64, 8, 10], np.random.default_rng(0))
    logits = model(images.x_test, training=False)[0].astype(float)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss, error = train.evaluate(model, images.x_test, images.y_test, batch_size=100)
    assert loss == pytest.approx(-log_p[np.arange(len(log_p)), images.y_test].mean(), rel=1e-5)
    assert error == np.mean(logits.argmax(axis=1) != images.y_test)


def test_loss_and_error_of_training_are_means_over_the_epoch():
    """With a rate of 0 and no batch statistics, an epoch's numbers are those of the model on the training images."""
    images = data.digits()
    model = nn.mlp([64, 10], np.random.default_rng(0))
    history = train.fit(model, optim.SGD(model.parameters(), 0.0), images, 1, np.random.default_rng(0), 100)
    loss, error = train.evaluate(model, images.x_train, images.y_train)
    assert history.train_loss == [pytest.approx(loss, rel=1e-5)] and history.train_error == [pytest.approx(error)]


def test_nothing_to_evaluate():
    images = data.digits()
    with pytest.raises(ValueError, match="at least one image to evaluate on, got none"):
        train.evaluate(nn.mlp([64, 10], np.random.default_rng(0)), images.x_test[:0], images.y_test[:0])


def test_schedule_reaches_the_optimizer():
    factors = []
    model = nn.mlp([64, 10], np.random.default_rng(0))
    trainer = train.Trainer(model, optim.SGD(model.parameters(), 0.1), data.digits(), 2, np.random.default_rng(0), 500,
                            optim.schedule.linear())
    trainer.run(lambda trainer: factors.append(trainer.optimizer.factor))
    np.testing.assert_allclose(factors, 1 - np.arange(6) / 6)


def test_augmentation_is_drawn_anew_for_every_batch():
    seen = []

    def augment(x, rng):
        seen.append(rng.random())
        return x

    images = replace(data.digits(), augment=augment)
    model = nn.mlp([64, 10], np.random.default_rng(0))
    train.fit(model, optim.SGD(model.parameters(), 0.1), images, 2, np.random.default_rng(0), 500)
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(("spoil", "where"), [
    (lambda trainer: trainer.data.x_train.__setitem__(slice(None), np.inf), "it is in the images"),
    (lambda trainer: setattr(trainer.model.parameters()[3], "value", np.full((64, 48), np.nan, np.float32)),
     r"it is first in a parameter of layer 4 \(Linear\)"),
])
def test_a_loss_that_is_not_finite_stops_before_the_step(spoil, where):
    trainer, _ = SHORT.start()
    spoil(trainer)
    before = [p.value for p in trainer.model.parameters()]
    message = f"epoch 1, step 0, with the rate .*{where}"
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=message):
        trainer.run()
    assert all(a is p.value for a, p in zip(before, trainer.model.parameters(), strict=True))


@pytest.mark.parametrize(("change", "message"), [
    ({"data": "cats"}, "data: expected one of digits, mnist, .*got 'cats'"),
    ({"data": "cifar10"}, "expected the folder that holds cifar10, got None"),
    ({"model": "lstm"}, "model: expected mlp, cnn, .*got 'lstm'"),
    ({"optimizer": "lion"}, "optimizer: expected one of sgd, sgd-g, adam, adam-g, got 'lion'"),
    ({"schedule": "magic"}, "schedule: expected one of constant, .*got 'magic'"),
    ({"decay": "some"}, "decay: expected one of weights, all, got 'some'"),
    ({"rule": "published"}, "'published' puts no weight of mlp on the sphere"),
    ({"epochs": 0}, "epochs: expected at least 1, got 0"),
    ({"seed": -1}, "seed: expected at least 0, got -1"),
    ({"batch_size": 1}, "batch_size: expected at least 2, got 1"),
])
def test_bad_setup(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SHORT, **change).run()


def test_a_test_loss_that_is_not_finite_stops(monkeypatch):
    trainer, _ = SHORT.start()
    trainer.data.x_test[0] = np.inf
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="the test loss is nan after epoch 1"):
        trainer.run()


def test_setup_survives_json():
    setup = replace(SHORT, drops=(0.5, 0.75), lr=0.1)
    assert train.Setup.from_dict(setup.as_dict() | {"drops": [0.5, 0.75]}) == setup
    with pytest.raises(ValueError, match=r"got \['rate'\]"):
        train.Setup.from_dict({"rate": 0.1})


@pytest.mark.parametrize("model", ["cnn", "vgg-11", "wrn-10-1"])
def test_models_by_name(model):
    setup = replace(SHORT, model=model)
    images = setup.load()
    assert images.shape == ((8, 8, 1) if model == "cnn" else (32, 32, 1))
    network = setup.make_model(images, np.random.default_rng(0))
    assert network(images.x_test[:2])[0].shape == (2, 10)


@pytest.mark.parametrize(("setup", "factors"), [
    (replace(SHORT, schedule="step", drops=(0.5,), drop=0.1), (1, 1, 0.1)),
    (replace(SHORT, schedule="exponential", end=0.01), (1, 10**-0.5, 0.1)),
    (replace(SHORT, schedule="exponential", end=100.0), (1, 10**0.5, 10)),
    (replace(SHORT, schedule="constant", warm_up=0.5), (0, 0.5, 1)),
    (replace(SHORT, schedule="linear", per_epoch=True), (1, 1, 0.5)),
])
def test_schedule_of_a_setup(setup, factors):
    np.testing.assert_allclose([setup.make_schedule()(p) for p in (0, 0.25, 0.5)], factors)


def test_everything_decays_if_asked():
    images = data.digits()
    model = SHORT.make_model(images, np.random.default_rng(0))
    replace(SHORT, optimizer="sgd").make_optimizer(model)
    assert [p.decay for p in model.parameters() if p.value.ndim == 1] == [False] * 5
    replace(SHORT, optimizer="sgd", decay="all").make_optimizer(model)
    assert all(p.decay for p in model.parameters())


def test_monitor_by_hand():
    """norm, angle, effective rate and orthogonality of the last step of an epoch, from the weights around it."""
    trainer, _ = replace(SHORT, optimizer="sgd", epochs=1, schedule="constant", weight_decay=0.0).start()
    kept = []
    history = trainer.run(lambda trainer: kept.append([p.value.astype(float) for p in trainer.monitor.weights]))
    cosines, norms, rates, penalty = [], [], [], 0.0
    for before, after in zip(kept[-2], kept[-1], strict=True):
        norm = np.linalg.norm(after, axis=0)
        cosines += list(np.sum(before * after, axis=0) / norm / np.linalg.norm(before, axis=0))
        norms += list(norm)
        rates += list(0.02 / norm**2)
        gram = (after / norm).T @ (after / norm) - np.eye(after.shape[1])
        penalty += np.sum(gram**2) / 2
    assert history.norm == [pytest.approx(np.mean(norms), rel=1e-5)]
    assert history.angle == [pytest.approx(np.mean(np.arccos(cosines)), rel=1e-3)]
    assert history.effective_rate == [pytest.approx(np.mean(rates), rel=1e-5)]
    assert history.orthogonality == [pytest.approx(penalty, rel=1e-4)]


def test_without_scale_invariant_weights_there_is_nothing_to_monitor():
    model = nn.mlp([64, 10], np.random.default_rng(0))
    history = train.fit(model, optim.SGD(model.parameters(), 0.1), data.digits(), 1, np.random.default_rng(0))
    assert "norm" not in history.as_dict()
    assert history.as_csv().splitlines()[0] == "epoch,train_loss,train_error,test_loss,test_error,factor,seconds"


def test_recipes_are_the_papers():
    book = recipes.recipes()
    paper = [name for name in book if not name.startswith(("digits", "mnist"))]
    assert len(paper) == 3 * 4 * 3
    for name, rate, keep in (("cifar10-vgg-13-sgd", 0.1, 1.0), ("cifar100-wrn-28-10-sgd-g", 0.2, 0.7),
                             ("svhn-wrn-16-4-adam-g", 0.005, 0.6)):
        setup = book[name]
        assert (setup.lr, setup.keep, setup.batch_size, setup.weight_decay) == (rate, keep, 128, 5e-4)
        schedule = setup.make_schedule()
        epochs, drop = (200, 0.2) if name.startswith("cifar") else (160, 0.1)
        assert setup.epochs == epochs
        assert schedule(59 / epochs) == 1 and schedule(60 / epochs) == pytest.approx(drop)
        assert schedule(120 / epochs) == pytest.approx(drop**2)
        assert setup.decay == ("all" if name.endswith("-sgd") else "weights")
    assert book["svhn-vgg-13-sgd-g"].lr_euclidean == 0.001 and book["cifar10-vgg-13-sgd-g"].lr_euclidean == 0.01
    assert "x 0.2 after 60, 120, 160 epochs" in recipes.table()
