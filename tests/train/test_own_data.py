"""Trainings on one's own data: by path, from the command line, in a comparison and in Python."""

from dataclasses import replace

import numpy as np
import pytest

from grassmann_np import commands, data, train
from grassmann_np.files import read_json

Y = np.arange(80) % 4
X = np.random.default_rng(0).standard_normal((80, 9, 6)) + Y[:, None, None]
WORDS = np.array(["bee", "cat", "newt", "owl"])


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x=X, y=WORDS[Y])
    return path


def test_train_says_what_the_data_are(tmp_path, mine, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["train", "--data", "mine.npz", "--test-fraction", "0.5", "--epochs", "1", "--out", "run"]
    assert commands.main(words) == 0
    said = capsys.readouterr()
    line = "mine: 40 training and 40 test images of 9 x 6 x 1 in 4 classes: bee is 0, cat is 1, newt is 2, owl is 3"
    assert said.err.splitlines()[0] == line and said.out.startswith("mlp on mine with sgd-g: loss")
    setup = read_json(tmp_path / "run" / "setup.json")
    assert setup["data"] == str(mine) and setup["test_fraction"] == 0.5
    assert commands.main([*words, "--quiet", "--overwrite"]) == 0
    assert capsys.readouterr().err == ""


def test_a_run_goes_on_with_its_data_elsewhere(tmp_path, mine, capsys):
    run = str(tmp_path / "run")
    assert commands.main(["train", "--data", str(mine), "--epochs", "1", "--quiet", "--out", run]) == 0
    there = mine.rename(tmp_path / "there.npz")
    words = ["train", "--resume", "--epochs", "2", "--quiet", "--out", run]
    assert commands.main(words) == 1 and commands.main(["evaluate", run]) == 1
    assert commands.main([*words, "--data", str(there)]) == 0
    assert commands.main(["evaluate", run, "--data", str(there)]) == 0
    assert commands.main(["evaluate", run, "--data", "digits"]) == 2
    np.savez(there, x=X, y=np.roll(Y, 1))
    capsys.readouterr()
    assert commands.main([*words, "--epochs", "3"]) == 1
    assert "the data have changed since it was written" in capsys.readouterr().err
    assert commands.main(["train", "--epochs", "1", "--quiet", "--out", run + "2"]) == 0
    assert commands.main(["train", "--resume", "--data", str(there), "--out", run + "2"]) == 1
    assert "data: a run goes on with the same; only epochs, lr, folder, device may" in capsys.readouterr().err


def test_compare(tmp_path, mine, capsys):
    words = ["compare", "--data", str(mine), "--epochs", "1", "--seeds", "2", "--optimizers", "sgd", "--jobs", "1"]
    assert commands.main([*words, "--out", str(tmp_path / "out")]) == 0
    results = read_json(tmp_path / "out" / "results.json")
    assert results["data"] == "mine" and results["setup"]["data"] == str(mine)
    said = capsys.readouterr()
    assert said.out.startswith("mlp on mine, 1 epochs, 2 seeds")
    assert said.err.splitlines()[0].startswith("mine: 64 training and 16 test images of 9 x 6 x 1")


@pytest.mark.parametrize("name", ["train", "compare"])
@pytest.mark.parametrize(
    ("held", "words", "reason"),
    [
        (None, [], "expected an .npz file or a folder of images, got nothing there"),
        ({"x": X}, [], "expected the arrays x_train"),
        ({"x": X, "y": Y[1:]}, [], "labels: expected shape (80,), got (79,)"),
        ({"x": X, "y": Y * 0}, [], "labels: expected at least two classes"),
        ({"x": np.zeros((80, 40, 40)), "y": Y}, ["--model", "vgg-11"], "vgg-11 takes images of at most 32 x 32"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(tmp_path, capsys, name, held, words, reason):
    path = tmp_path / "mine.npz"
    if held is not None:
        np.savez(path, **held)
    before = list(tmp_path.iterdir())
    assert commands.main([name, "--data", str(path), *words, "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == before


def test_what_is_neither_a_name_nor_a_path(tmp_path, capsys):
    assert commands.main(["train", "--data", "digts", "--out", str(tmp_path / "out")]) == 2
    assert "svhn, an .npz file or a folder of images, got 'digts'" in capsys.readouterr().err
    assert commands.main(["train", "--test-fraction", "0.5", "--out", str(tmp_path / "out")]) == 2
    assert "test_fraction: expected None, since digits is divided already" in capsys.readouterr().err


@pytest.mark.parametrize(("model", "shape"), [("mlp", (9, 6)), ("cnn", (12, 12)), ("wrn-10-1", (32, 32))])
def test_images_get_the_border_that_a_network_needs(mine, model, shape):
    setup = train.Setup(data=str(mine), model=model)
    images = setup.load()
    assert images.shape == (*shape, 1) and images.names == tuple(WORDS)
    setup.make_model(images, np.random.default_rng(0))(images.x_train[:2])


def test_a_wide_net_takes_larger_images(tmp_path):
    np.savez(tmp_path / "mine.npz", x=np.random.default_rng(0).random((8, 35, 46, 3)), y=Y[:8])
    setup = train.Setup(data=str(tmp_path / "mine.npz"), model="wrn-10-1", test_fraction=0.5)
    images = setup.load()
    assert images.shape == (35, 46, 3)
    logits, _ = setup.make_model(images, np.random.default_rng(0))(images.x_train[:2])
    assert logits.shape == (2, 4)


def test_from_python_by_path_or_by_arrays(mine):
    setup = train.Setup(data=str(mine), epochs=2)
    _, history = setup.run()
    images = data.split("mine", X, WORDS[Y], 0.2, 0)
    weights, order = np.random.default_rng(0).spawn(2)
    model = setup.make_model(images, weights)
    again = train.fit(model, setup.make_optimizer(model), images, 2, order, schedule=setup.make_schedule(1))
    assert again.test_error == history.test_error
    assert replace(setup, seed=1).data == str(mine)
