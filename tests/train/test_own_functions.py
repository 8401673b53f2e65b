"""A model and an optimizer of the user's own, named on the command line; one line for each mistake in them."""

import sys

import numpy as np
import pytest

from grassmann_np import commands, train
from grassmann_np.files import read_json
from grassmann_np.optim.registry import OPTIMIZERS
from grassmann_np.train import own

MODULE = """
import numpy as np
from grassmann_np import nn, optim

def net(shape, classes, rng):
    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 20, rng), nn.BatchNorm(20), nn.ReLU(),
                         nn.Dropout(0.9, rng), nn.Linear(20, classes, rng))

def plain(shape, classes, rng):
    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), classes, rng))

def sgd(model, setup):
    return optim.SGD(model.parameters(), 0.05 if setup.lr is None else setup.lr, setup.momentum)

class Silent:  # has an lr, and does not say its rate
    lr = factor = 1.0

    def __init__(self, one):
        self.one = one

    def __getattr__(self, name):
        if name == "one" or name not in ("step", "check", "notes", "state_dict", "load_state_dict"):
            raise AttributeError(name)
        return getattr(self.one, name)

def silent(model, setup):
    return Silent(optim.SGD(model.parameters(), 0.05))

class Counting(nn.Sequential):
    calls = 0

    def __call__(self, x, training=True):
        self.calls += 1
        return super().__call__(x, training)

def counting(shape, classes, rng):
    return Counting(nn.Flatten(), nn.Linear(int(np.prod(shape)), classes, rng))

class Box:
    net = staticmethod(net)

def fails(shape, classes, rng):
    raise KeyError("width")

def nothing(shape, classes, rng):
    pass

def narrow(shape, classes, rng):
    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 3, rng))

def crooked(shape, classes, rng):
    return nn.Linear(5, classes, rng)

def empty(shape, classes, rng):
    return nn.Flatten()

def no_optimizer(model, setup):
    return model

def odd_state(model, setup):
    made = sgd(model, setup)
    made.state_dict = lambda: {"state": [{1, 2}]}
    return made

number = 3
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "odd.py").write_text("1 +\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("mine", "broken", "odd"):
        sys.modules.pop(name, None)


def test_train_stop_and_go_on(mine, capsys):
    words = ["--model", "mine:net", "--optimizer", "mine:sgd", "--quiet", "--out", str(mine / "run")]
    assert commands.main(["train", "--epochs", "1", *words]) == 0
    assert capsys.readouterr().out.startswith("mine:net on digits with mine:sgd: loss")
    words = ["train", "--resume", "--quiet", "--out", str(mine / "run")]
    assert commands.main([*words, "--epochs", "2", "--lr", "0.01"]) == 0
    rates = read_json(mine / "run" / "history.json")["history"]["rate"]
    assert 0 < rates[0] <= 0.05 and 0 < rates[1] <= 0.01
    assert commands.main(["evaluate", str(mine / "run")]) == 0
    whole = train.Setup(model="mine:net", optimizer="mine:sgd", epochs=2, schedule="constant", lr=0.01)
    _, history = whole.run()
    assert history.test_error[-1] < 0.3 and history.rate == [0.01, 0.01]


def test_an_optimizer_that_does_not_say_its_rate(mine):
    words = ["train", "--quiet", "--out", str(mine / "run")]
    assert commands.main([*words, "--optimizer", "mine:silent", "--epochs", "1"]) == 0
    assert commands.main([*words, "--resume", "--epochs", "2"]) == 0
    history = read_json(mine / "run" / "history.json")["history"]
    assert not {"rate", "effective_rate"} & set(history) and len(history["angle"]) == 2
    assert len((mine / "run" / "history.csv").read_text().splitlines()) == 3


def test_what_was_not_given_is_the_functions(mine):
    trainer, _ = train.Setup(optimizer="mine:sgd").start()
    assert trainer.optimizer.lr == 0.05 and trainer.optimizer.momentum == 0.9
    trainer, _ = train.Setup(model="mine:Box.net", momentum=0.0, optimizer="sgd-g").start()
    assert [p.name for p in trainer.optimizer.optimizers[0].parameters] == ["1.w"]


def test_compare(mine, capsys):
    words = ["compare", "--model", "mine:net", "--optimizers", "sgd,mine:sgd", "--epochs", "1", "--seeds", "1"]
    assert commands.main([*words, "--jobs", "1", "--quiet", "--out", str(mine / "out")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Not tuned: the rates of the normalized weights, sgd 0.4, mine:sgd its own." in said
    assert "What mine:sgd does is its own." in said and "figure in" in said
    results = read_json(mine / "out" / "results.json")
    assert [run["optimizer"] for run in results["runs"]] == ["sgd", "mine:sgd"]
    assert (mine / "out" / "runs" / "mine+sgd-0" / "history.json").exists()


@pytest.mark.parametrize("name", ["train", "compare"])
@pytest.mark.parametrize(
    ("option", "text", "reason"),
    [
        ("model", "mine:fails", "model: mine:fails raised KeyError: 'width' (mine.py, line 43)"),
        ("model", "mine:nothing", "model: expected an nn.Layer from mine:nothing, got NoneType"),
        (
            "model",
            "mine:narrow",
            "model: expected (logits (2, 10), pullback) from mine:narrow on two images, got (2, 3)",
        ),
        ("model", "mine:crooked", "model: mine:crooked on images of (8, 8, 1) raised ValueError: x: expected shape"),
        ("model", "mine:empty", "model: expected parameters in what mine:empty makes, got none"),
        ("model", "mine:number", "model: expected a function, got mine:number, which is int"),
        ("model", "mine:lacking", "model: there is no lacking in mine"),
        ("model", "nowhere.to_be:found", "model: there is no module nowhere here; start where it is, or install it"),
        ("model", "broken:net", "model: broken raised ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("model", "odd:net", "model: odd raised SyntaxError"),
        ("model", "mine:plain", "rule: 'invariant' chooses no weight of mine:plain; a normalization of your own says"),
        (
            "optimizer",
            "mine:no_optimizer",
            "expected an optimizer from mine:no_optimizer, got Sequential, without factor",
        ),
        ("optimizer", "mine:odd_state", "expected numbers, words and arrays in the state of mine:odd_state, got set"),
        ("optimizer", "mine:net", "optimizer: mine:net raised TypeError"),
    ],
)
def test_one_line_for_a_mistake_and_nothing_is_written(mine, capsys, name, option, text, reason):
    if option == "optimizer" and name == "compare":
        option = "optimizers"
    assert commands.main([name, f"--{option}", text, "--out", str(mine / "out")]) == 1
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1 and said.startswith("grassmann_np: ")
    assert not (mine / "out").exists()


@pytest.mark.parametrize(
    ("text", "fits"),
    [("a:b", True), ("a.b_1:C.d", True), ("a", False), ("a:", False), (":b", False), ("a.:b", False), ("a:b:c", False),
     ("a b:c", False), ("1:b", False), ("../a:b", False), (3, False), (None, False)],
)  # fmt: skip
def test_what_names_a_function(text, fits):
    assert own.is_own(text) == fits


def test_one_list_of_optimizers():
    from viz import cells, curves, marks
    from viz.scenes import shared

    assert list(OPTIMIZERS) == [one.name for one in OPTIMIZERS.values()] == list(curves.NAMES)
    assert {name: one.rate for name, one in OPTIMIZERS.items()} == train.limits.RATES
    for name, one in OPTIMIZERS.items():
        assert marks.STYLES[name].color == one.color and shared.NAMES[name] == curves.name(name) == one.label
    run = {"optimizer": "adam-g", "history": {"test_error": [0.1]}}
    row = {"optimizer": "adam-g", "median_test_error": 0.1, "quartiles": [0.1, 0.1]}
    results = {"summary": [row], "runs": [run], "model": "m", "data": "d", "epochs": 1, "seeds": [0]}
    (bar, *_) = cells.cells(results).axes[0].lines
    assert bar.get_color() == OPTIMIZERS["adam-g"].color


def test_a_copy_is_tried_and_not_the_model(mine):
    from mine import counting

    made = own.model("mine:counting", (2, 2, 1), 3, np.random.default_rng(0))
    assert type(made) is type(counting((2, 2, 1), 3, np.random.default_rng(0))) and made.calls == 0
