"""The training loop, the setup by names, the monitor and the schedules, on the real digits."""

import dataclasses
import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from grassmann_np import data, nn, optim, train
from grassmann_np.geometry import sphere
from grassmann_np.train import recipes
from grassmann_np.train.limits import ONE_RATE, RATES
from grassmann_np.train.loop import first_not_finite
from grassmann_np.train.results import matched

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
    trainer = train.Trainer(
        model,
        optim.SGD(model.parameters(), 0.1),
        data.digits(),
        2,
        np.random.default_rng(0),
        500,
        optim.schedule.linear(),
    )
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


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda trainer: trainer.data.x_train.__setitem__(slice(None), np.inf), "it is in the images"),
        (
            lambda trainer: setattr(trainer.model.parameters()[3], "value", np.full((64, 48), np.nan, np.float32)),
            r"it is first in a parameter of layer 4 \(Linear\)",
        ),
    ],
)
def test_a_loss_that_is_not_finite_stops_before_the_step(spoil, where):
    trainer, _ = SHORT.start()
    spoil(trainer)
    before = [p.value for p in trainer.model.parameters()]
    message = f"epoch 1, step 0, with the rate .*{where}"
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=message):
        trainer.run()
    assert all(a is p.value for a, p in zip(before, trainer.model.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": "cats"}, "data: expected one of digits, mnist, .*got 'cats'"),
        ({"data": "cifar10"}, "expected the folder that holds cifar10, got None"),
        ({"model": "lstm"}, "model: expected mlp, cnn, .*got 'lstm'"),
        ({"model": "wrn-100-100"}, "model: expected depth times width squared of at most 50000, got 'wrn-100-100'"),
        ({"model": "vgg-99999"}, "model: expected depth times width squared of at most 50000, got 'vgg-99999'"),
        (
            {"optimizer": "lion"},
            "optimizer: expected one of sgd, sgd-g, adam, adam-g, or package.module:function, got 'lion'",
        ),
        ({"schedule": "magic"}, "schedule: expected one of constant, .*got 'magic'"),
        ({"decay": "some"}, "decay: expected one of weights, all, got 'some'"),
        ({"rule": "published"}, "'published' chooses no weight of mlp"),
        ({"epochs": 0}, "epochs: expected at least 1, got 0"),
        ({"seed": -1}, "seed: expected at least 0, got -1"),
        ({"batch_size": 1}, "batch_size: expected at least 2, got 1"),
        ({"rule": "mine"}, "rule: expected one of invariant, published, got 'mine'"),
        ({"schedule": "exponential", "end": 0.0}, "end: expected a positive number"),
    ],
)
def test_bad_setup(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SHORT, **change).run()


@pytest.mark.parametrize(("epochs", "batch_size"), [(0, 64), (-1, 64), (5, 1), (5, 0)])
def test_a_trainer_needs_an_epoch_and_a_batch_with_a_variance(epochs, batch_size):
    trainer, _ = SHORT.start()
    with pytest.raises(ValueError, match=f"expected epochs >= 1 and batch_size >= 2, got {epochs} and {batch_size}"):
        train.Trainer(trainer.model, trainer.optimizer, trainer.data, epochs, np.random.default_rng(0), batch_size)


ODD = [None, True, "3", [], {}, float("nan"), float("inf"), -1, 1e400]


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(train.Setup)])
def test_every_field_names_itself_when_it_is_odd(name):
    """A setup that is taken can be written as JSON and comes back as it was; one that is not names the field."""
    taken = {
        "folder": [None, "3"],
        "lr": [None],
        "clip": [None],
        "end": [None],
        "per_epoch": [True],
        "extra": [True],
        "drops": [[]],
        "test_fraction": [None],
        "weights": [None, "3"],
    }
    for value in ODD:
        if any(value is one or (value == one and type(value) is type(one)) for one in taken.get(name, [])):
            setup = train.Setup.from_dict({name: value})
            assert train.Setup.from_dict(json.loads(json.dumps(setup.as_dict(), allow_nan=False))) == setup
        else:
            with pytest.raises(ValueError, match=f"^{name}: expected"):
                train.Setup.from_dict({name: value})


@pytest.mark.parametrize("values", [None, [], 3, "x"])
def test_a_setup_is_fields_by_name(values):
    with pytest.raises(ValueError, match="expected fields"):
        train.Setup.from_dict(values)


def test_every_number_of_a_setup_reaches_its_optimizer():
    images = data.digits()

    def optimizers(**change):
        setup = replace(SHORT, **change)
        optimizer = setup.make_optimizer(setup.make_model(images, np.random.default_rng(0)))
        return [one.settings() for one in getattr(optimizer, "optimizers", [optimizer])]

    common = {"lr": 0.3, "lr_euclidean": 0.07, "momentum": 0.6, "weight_decay": 0.01, "clip": 0.5, "orthogonality": 0.2}
    for name in ("sgd-g", "adam-g"):
        curved, flat = optimizers(optimizer=name, **common)
        assert (curved["lr"], curved["clip"], curved["orthogonality"]) == (0.3, 0.5, 0.2)
        assert curved["weight_decay"] == 0 and (flat["clip"], flat["orthogonality"]) == (None, 0)
        assert (flat["lr"], flat["momentum"], flat["weight_decay"], flat["nesterov"]) == (0.07, 0.6, 0.01, True)
        assert name == "adam-g" or curved["momentum"] == 0.6
    for name in ("sgd", "adam"):
        normalized, rest = optimizers(optimizer=name, **common)
        (every,) = optimizers(optimizer=name, **common | {"lr_euclidean": None})
        for one in (normalized, every):
            assert (one["lr"], one["weight_decay"], one["clip"], one["orthogonality"]) == (0.3, 0.01, None, 0)
            assert name == "adam" or (one["momentum"], one["nesterov"]) == (0.6, True)
        assert (rest["lr"], rest["weight_decay"], rest["clip"], rest["orthogonality"]) == (0.07, 0.01, None, 0)
        assert (rest["momentum"], rest["nesterov"]) == (0.6, True)
        assert optimizers(optimizer=name, lr=0.0)[0]["lr"] == 0 and optimizers(optimizer=name)[0]["lr"] == RATES[name]
        assert [one["lr"] for one in optimizers(optimizer=name, lr_euclidean=None)] == [ONE_RATE[name]]


def test_the_normalized_weights_have_a_rate_of_their_own_off_the_sphere_too():
    """With a rate of 0 for one group that group stays, whatever the optimizer; together they are all parameters."""
    images = data.digits()
    for optimizer, (lr, rest) in product(RATES, ((0.0, 0.01), (0.1, 0.0))):
        setup = replace(SHORT, optimizer=optimizer, lr=lr, lr_euclidean=rest, weight_decay=0.0)
        model = setup.make_model(images, np.random.default_rng(0))
        groups = setup.make_optimizer(model)
        before = {p.name: p.value.copy() for p in model.parameters()}
        _, back = model(images.x_train[:32])
        back(np.random.default_rng(1).standard_normal((32, 10)).astype(np.float32))
        groups.step()
        moved = {p.name for p in model.parameters() if np.abs(p.value - before[p.name]).max() > 1e-6}
        normalized = {p.name for p in nn.normalized_weights(model)}
        assert moved == (set(before) - normalized if lr == 0 else normalized)


def test_two_rates_are_needed_on_the_sphere():
    with pytest.raises(ValueError, match="lr_euclidean: expected a number, since adam-g has two rates, got None"):
        replace(SHORT, optimizer="adam-g", lr_euclidean=None)


def test_what_is_said_to_be_matched():
    summary = [{"optimizer": name} for name in ("sgd linear", "sgd step", "sgd-g linear", "adam-g linear")]
    setup = {key: value for key, value in SHORT.as_dict().items() if key not in ("optimizer", "seed")}
    said = matched({"setup": setup, "summary": summary})
    assert "and the rate 0.01 of all weights that are not normalized. " in said
    assert "Not tuned: the rates of the normalized weights, sgd 0.4, sgd-g 0.2, adam-g 0.05. " in said
    assert (
        "weights of sgd-g and adam-g live on the sphere, with gradients clipped at 0.1, orthogonality term 0.1" in said
    )
    assert "those of sgd have weight decay 0.0005 and neither clipping nor the term. " in said
    assert said.endswith(" There sgd has Nesterov momentum.")
    given = matched({"setup": setup | {"lr": 0.5, "clip": None}, "summary": summary})
    assert "sgd 0.5, sgd-g 0.5, adam-g 0.5." in given and "gradients not clipped" in given
    assert "Not matched" not in matched({"setup": setup, "summary": summary[:2]})
    one = matched({"setup": setup | {"lr_euclidean": None}, "summary": summary[:2]})
    assert one.endswith("the order of the batches. Not tuned: the rates of all weights, sgd 0.02.")


def test_dropout_and_the_size_of_a_batch_reach_the_training():
    setup = replace(SHORT, model="wrn-10-1", keep=0.6)
    model = setup.make_model(setup.load(), np.random.default_rng(0))
    found = []
    model.trace(np.zeros((2, 32, 32, 1), np.float32), lambda name, layer, x: found.append(layer) or layer(x)[0])
    assert [layer.keep for layer in found if isinstance(layer, nn.Dropout)] == [0.6] * 3
    trainer, _ = replace(SHORT, batch_size=100).start()
    assert trainer.batch_size == 100 and trainer.steps_per_epoch == len(trainer.data.y_train) // 100 + 1


def test_weights_and_order_are_drawn_apart():
    """Another batch size, or another model, does not change what the other one draws."""
    (a, _), (b, _) = (replace(SHORT, model=model, seed=5).start() for model in ("mlp", "cnn"))
    assert a.order.bit_generator.state == b.order.bit_generator.state
    assert a.augmentation.bit_generator.state != a.order.bit_generator.state


@pytest.mark.parametrize("epochs", [3, 7, 49, 200])
def test_a_rate_per_epoch_changes_with_the_first_step_of_an_epoch(epochs):
    schedule, steps = replace(SHORT, epochs=epochs, per_epoch=True).make_schedule(), 11
    found = [schedule(step / (epochs * steps)) for step in range(epochs * steps)]
    np.testing.assert_allclose(found, np.repeat(1 - np.arange(epochs) / epochs, steps))


def test_csv_counts_epochs_from_one():
    history = train.History()
    for loss in (0.5, 0.25):
        history.add(train_loss=loss, seconds=1.0)
    assert history.as_csv() == "epoch,train_loss,seconds\n1,0.5,1.0\n2,0.25,1.0\n"


def test_looking_for_nan_changes_nothing():
    trainer, _ = SHORT.start()
    before = {name: (m.mean.copy(), m.var.copy()) for name, m in trainer.model.moments().items()}
    assert "the loss alone is not" in first_not_finite(trainer.model, trainer.data.x_train[:8])
    for name, m in trainer.model.moments().items():
        np.testing.assert_array_equal([m.mean, m.var], before[name])


def test_where_a_number_is_lost_is_said():
    trainer, _ = SHORT.start()
    last, images = dict(trainer.model.walk())["7"], trainer.data.x_train[:8]
    last.w.value = np.full_like(last.w.value, 3e38)
    assert first_not_finite(trainer.model, images) == "it is first in the output of layer 7 (Linear)"
    last.w.value[0, 0] = np.inf
    assert first_not_finite(trainer.model, images) == "it is first in a parameter of layer 7 (Linear)"
    assert first_not_finite(trainer.model, np.full((4, 64), np.nan, np.float32)) == "it is in the images"


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


@pytest.mark.parametrize(
    ("setup", "factors"),
    [
        (replace(SHORT, schedule="step", drops=(0.5,), drop=0.1), (1, 1, 0.1)),
        (replace(SHORT, schedule="exponential", end=0.01), (1, 10**-0.5, 0.1)),
        (replace(SHORT, schedule="exponential", end=100.0), (1, 10**0.5, 10)),
        (replace(SHORT, schedule="constant", warm_up=0.5), (1 / 6, 7 / 12, 1)),
        (replace(SHORT, schedule="linear", per_epoch=True), (1, 1, 0.5)),
        (replace(SHORT, schedule="linear", end=0.0), (1, 0.75, 0.5)),
        (replace(SHORT, schedule="linear", warm_up=0.5), (1 / 6, 0.75 * 7 / 12, 0.5)),
        (replace(SHORT, schedule="constant", warm_up=1.0, per_epoch=True), (0.5, 0.5, 0.75)),
        (replace(SHORT, schedule="cosine", end=0.5), (1, 0.75 + 0.25 * 0.5**0.5, 0.75)),
    ],
)
def test_schedule_of_a_setup(setup, factors):
    """The warm-up takes six steps of an epoch here, or two epochs."""
    np.testing.assert_allclose([setup.make_schedule(6)(p) for p in (0, 0.25, 0.5)], factors)


def test_everything_decays_if_asked():
    images = data.digits()
    model = SHORT.make_model(images, np.random.default_rng(0))
    replace(SHORT, optimizer="sgd").make_optimizer(model)
    assert [p.decay for p in model.parameters() if p.value.ndim == 1] == [False] * 5
    replace(SHORT, optimizer="sgd", decay="all").make_optimizer(model)
    assert all(p.decay for p in model.parameters())


def test_monitor_by_hand():
    """norm, angle, effective rate and orthogonality of the last step of an epoch, from the weights around it."""
    trainer, _ = replace(SHORT, optimizer="sgd", lr=0.02, epochs=1, schedule="constant", weight_decay=0.0).start()
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


def test_the_effective_rate_of_weights_on_the_sphere_is_the_rate_of_their_group():
    """There |w| = 1, so that the effective rate is the rate of SGD-G, with its schedule, and not that of the rest."""
    setup = replace(SHORT, lr=0.3, lr_euclidean=0.007, schedule="constant", warm_up=1.0, batch_size=500)
    trainer, _ = setup.start()
    trainer.optimizer.optimizers = trainer.optimizer.optimizers[::-1]
    history = trainer.run()
    np.testing.assert_allclose(history.effective_rate, 0.3 * np.array(history.factor), rtol=1e-5)
    first = 1 / 6  # a step's worth
    np.testing.assert_allclose(history.factor, [first + (1 - first) * step / 6 for step in (2, 5)])
    np.testing.assert_allclose(history.norm, 1, rtol=1e-5)


def test_without_scale_invariant_weights_there_is_nothing_to_monitor():
    model = nn.mlp([64, 10], np.random.default_rng(0))
    history = train.fit(model, optim.SGD(model.parameters(), 0.1), data.digits(), 1, np.random.default_rng(0))
    assert "norm" not in history.as_dict()
    assert history.as_csv().splitlines()[0] == "epoch,train_loss,train_error,test_loss,test_error,factor,seconds,rate"


def test_recipes_are_the_papers():
    book = recipes.recipes()
    paper = [name for name in book if not name.startswith(("digits", "mnist", "photos"))]
    assert len(paper) == 3 * 4 * 3
    for name, rate, keep in (
        ("cifar10-vgg-13-sgd", 0.1, 1.0),
        ("cifar100-wrn-28-10-sgd-g", 0.2, 0.7),
        ("svhn-wrn-16-4-adam-g", 0.005, 0.6),
    ):
        setup = book[name]
        assert (setup.lr, setup.keep, setup.batch_size, setup.weight_decay) == (rate, keep, 128, 5e-4)
        schedule = setup.make_schedule()
        epochs, drop = (200, 0.2) if name.startswith("cifar") else (160, 0.1)
        assert setup.epochs == epochs
        assert schedule(59 / epochs) == 1 and schedule(60 / epochs) == pytest.approx(drop)
        assert schedule(120 / epochs) == pytest.approx(drop**2)
        assert setup.decay == ("all" if name.endswith("-sgd") else "weights")
        assert setup.rule == "published" and schedule((epochs - 1) / epochs) == pytest.approx(drop ** len(setup.drops))
    cifar = ("wrn-28-10", "wrn-40-10")
    wide = {"cifar10": cifar, "cifar100": cifar, "svhn": ("wrn-16-4", "wrn-22-8")}
    cells = [(name, model) for name, models in wide.items() for model in ("vgg-13", "vgg-19", *models)]
    rates = {"cifar": (0.1, 0.2, 0.05), "svhn": (0.01, 0.02, 0.005)}
    for data_name, model in cells:
        for optimizer, rate in zip(("sgd", "sgd-g", "adam-g"), rates[data_name.rstrip("01")], strict=True):
            setup = book[f"{data_name}-{model}-{optimizer}"]
            keep = 1.0 if model.startswith("vgg") else 0.6 if data_name == "svhn" else 0.7
            assert (setup.data, setup.model, setup.optimizer, setup.lr, setup.keep) == (
                data_name,
                model,
                optimizer,
                rate,
                keep,
            )
            assert f"{data_name}-{model}-{optimizer} ".ljust(34) + f" {setup.epochs:6} {rate:6g}" in recipes.table()
    assert all((one.lr_euclidean is None) == name.endswith("-sgd") for name, one in book.items() if name[0] in "cs")
    assert book["svhn-vgg-13-sgd-g"].lr_euclidean == 0.001 and book["cifar10-vgg-13-sgd-g"].lr_euclidean == 0.01
    assert "x 0.2 after 60, 120, 160 epochs" in recipes.table()
