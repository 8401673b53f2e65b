"""Training, comparing, and the command line, on the real digits."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from grassmann_np import __main__ as command
from grassmann_np import data, nn, optim, train
from grassmann_np.geometry import sphere
from grassmann_np.train.progress import Progress
from grassmann_np.train.setup import RATES, load, make_model

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
    """The last, Euclidean layer is bit-equal; the others differ by the length of their columns alone."""
    images = load("digits", "mlp")
    plain, placed = (make_model("mlp", images, np.random.default_rng(7)) for _ in range(2))
    nn.on_sphere(placed)
    for p, q in zip(plain.parameters(), placed.parameters(), strict=True):
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


def test_schedule_reaches_the_optimizer():
    factors = []
    model = nn.mlp([64, 10], np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), 0.1)
    step = optimizer.step
    optimizer.step = lambda: (factors.append(optimizer.factor), step())
    train.fit(model, optimizer, data.digits(), 2, np.random.default_rng(0), 500, optim.schedule.linear())
    np.testing.assert_allclose(factors, 1 - np.arange(6) / 6)


def test_a_loss_that_is_not_finite_stops_before_the_step():
    images = data.digits()
    model = nn.mlp([64, 10], np.random.default_rng(0))
    weight = model.parameters()[0]
    weight.value = weight.value * np.float32(np.nan)
    before = [p.value for p in model.parameters()]
    with pytest.raises(FloatingPointError, match="the loss is nan at epoch 1, step 0; lower the rate"):
        train.fit(model, optim.SGD(model.parameters(), 0.1), images, 1, np.random.default_rng(0))
    assert all(a is p.value for a, p in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize(("change", "message"), [
    ({"data": "cats"}, "data: expected one of digits, mnist, got 'cats'"),
    ({"model": "lstm"}, "model: expected mlp, cnn, .*got 'lstm'"),
    ({"optimizer": "lion"}, "optimizer: expected one of sgd, sgd-g, adam, adam-g, got 'lion'"),
    ({"schedule": "magic"}, "schedule: expected one of constant, .*got 'magic'"),
    ({"rule": "published"}, "'published' puts no weight of mlp on the sphere"),
    ({"epochs": 0}, "epochs >= 1"),
    ({"batch_size": 1}, "batch_size >= 2"),
])
def test_bad_setup(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SHORT, **change).run()


@pytest.mark.parametrize("model", ["cnn", "vgg-11", "wrn-10-1"])
def test_models_by_name(model):
    images = load("digits", model)
    assert images.shape == ((8, 8, 1) if model == "cnn" else (32, 32, 1))
    network = make_model(model, images, np.random.default_rng(0))
    assert network(images.x_test[:2])[0].shape == (2, 10)


def test_comparison():
    seen = []
    results = train.compare(SHORT, ["sgd", "sgd-g"], [0, 1, 2], lambda setup, _: seen.append(setup.optimizer))
    assert seen == ["sgd"] * 6 + ["sgd-g"] * 6
    assert [(run["optimizer"], run["seed"]) for run in results["runs"]] == [
        (o, s) for o in ("sgd", "sgd-g") for s in (0, 1, 2)]
    last = sorted(run["history"]["test_error"][-1] for run in results["runs"][:3])
    row = results["summary"][0]
    assert row["median_test_error"] == last[1]
    assert row["quartiles"] == pytest.approx([(last[0] + last[1]) / 2, (last[1] + last[2]) / 2])
    assert f"{100 * last[1]:.2f} %" in train.table(results)


def test_command_train(tmp_path, capsys):
    words = ["train", "--epochs", "1", "--optimizer", "adam-g", "--out", str(tmp_path / "run")]
    assert command.main(words) == 0
    written = json.loads((tmp_path / "run" / "history.json").read_text())
    assert written["setup"]["optimizer"] == "adam-g" and len(written["history"]["test_error"]) == 1
    captured = capsys.readouterr()
    assert "mlp on digits with adam-g: loss" in captured.out
    assert "epoch   1" in captured.err
    assert command.main(words) == 1  # never silently overwritten
    assert "is not empty; choose another folder, or say --overwrite" in capsys.readouterr().err


def test_command_compare(tmp_path, capsys):
    words = ["compare", "--epochs", "1", "--seeds", "2", "--optimizers", "sgd,sgd-g", "--out", str(tmp_path)]
    assert command.main(words) == 0
    assert "test error, median" in capsys.readouterr().out
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["command"].startswith("python -m grassmann_np compare --epochs 1")
    assert [row["optimizer"] for row in results["summary"]] == ["sgd", "sgd-g"]
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "comparison.png"}


@pytest.mark.parametrize(("words", "message"), [
    (["compare", "--optimizers", "sgd,lion"], "--optimizers: expected some of"),
    (["compare", "--seeds", "0"], "--seeds: expected at least 1"),
    (["train", "--epochs", "0"], "epochs >= 1"),
])
def test_command_with_bad_input_writes_nothing(tmp_path, capsys, words, message):
    assert command.main([*words, "--out", str(tmp_path / "run")]) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_a_bar_at_a_terminal_and_lines_in_a_pipe():
    history = train.History()
    history.add(train_loss=1.0, train_error=0.5, test_loss=1.0, test_error=0.25, factor=1.0, seconds=0.1)
    for stream, expected in ((Terminal(), "1/2"), (io.StringIO(), "epoch   1")):
        with Progress(2, stream=stream) as progress:
            progress.show("sgd", history)
        assert expected in stream.getvalue()
        assert "25.00 %" in stream.getvalue()
