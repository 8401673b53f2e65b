"""Sweeps: lists of numbers for a comparison, a row a run in results.csv; and runs that go on at another rate."""

import csv

import numpy as np
import pytest

from grassmann_np import commands, train
from grassmann_np.files import read_json
from grassmann_np.train import folder

SHORT = train.Setup(epochs=1)


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_sweep_from_the_command_line(tmp_path, capsys):
    words = ["compare", "--epochs", "1", "--seeds", "1", "--optimizers", "sgd,sgd-g", "--jobs", "1", "--quiet"]
    words += ["--lr", "0.1,0.3", "--clip", "0.1,none", "--out", str(tmp_path)]
    assert commands.main(words) == 0
    results = read_json(tmp_path / "results.json")
    assert results["sweep"] == {"lr": [0.1, 0.3], "clip": [0.1, None]}
    labels = [f"{o} lr={lr} clip={clip}" for o in ("sgd", "sgd-g") for lr in (0.1, 0.3) for clip in (0.1, "none")]
    assert [row["optimizer"] for row in results["summary"]] == labels
    said = capsys.readouterr().out
    assert "Swept, whatever is said of them else: lr 0.1, 0.3; clip 0.1, None." in " ".join(said.split())
    assert "Not tuned" not in said and "results.json and results.csv" in said
    table = rows(tmp_path / "results.csv")
    assert [(r["optimizer"], r["lr"], r["clip"], r["seed"]) for r in table] == [
        (o, lr, clip, "0") for o in ("sgd", "sgd-g") for lr in ("0.1", "0.3") for clip in ("0.1", "")
    ]
    for row, run in zip(table, results["runs"], strict=True):
        assert float(row["test_error"]) == run["history"]["test_error"][-1]
        assert float(row["angle"]) == run["history"]["angle"][-1]
        setup = folder.read_setup(tmp_path / row["run"])
        assert (setup.optimizer, setup.lr) == (row["optimizer"], float(row["lr"]))
        assert (row["model"], row["data"], row["drops"]) == ("mlp", "digits", "0.3 0.6 0.8")
    with open(tmp_path / "results.csv", encoding="utf-8") as file:
        columns = file.readline().strip().split(",")
    assert len(set(columns)) == len(columns)
    assert float(table[0]["orthogonality"]) == 0.1
    assert float(table[0]["measured_orthogonality"]) == results["runs"][0]["history"]["orthogonality"][-1]


def test_pandas_reads_it(tmp_path):
    pandas = pytest.importorskip("pandas")
    found = train.compare(tmp_path, SHORT, ["sgd-g"], [0, 1], jobs=1, sweep={"lr": [0.1, 0.2]})
    (tmp_path / "results.csv").write_text(train.as_csv(found))
    means = pandas.read_csv(tmp_path / "results.csv").groupby("lr").test_error.mean()
    last = [run["history"]["test_error"][-1] for run in found["runs"]]
    np.testing.assert_allclose(means[[0.1, 0.2]], [np.mean(last[:2]), np.mean(last[2:])])


def test_a_run_that_failed_has_a_row_too(tmp_path):
    found = train.compare(tmp_path, SHORT, ["sgd"], [0], jobs=1, sweep={"lr": [0.1, 1e300]})
    (tmp_path / "results.csv").write_text(train.as_csv(found))
    fine, failed = rows(tmp_path / "results.csv")
    assert fine["problem"] == "" and failed["test_error"] == "" and "lower the rate" in failed["problem"]


def test_without_a_rate_the_table_has_the_one_that_was_taken(tmp_path):
    found = train.compare(tmp_path, SHORT, ["sgd", "sgd-g"], [0], jobs=1)
    (tmp_path / "results.csv").write_text(train.as_csv(found))
    assert [row["lr"] for row in rows(tmp_path / "results.csv")] == ["0.4", "0.2"]


@pytest.mark.parametrize(
    ("sweep", "reason"),
    [
        ({"epochs": [1, 2]}, "epochs: expected one of batch_size, lr, "),
        ({"lr": []}, r"lr: expected one of batch_size, lr, .*, with its values, got \[\]"),
        ({"lr": [0.1, 0.1]}, "lr: expected values that differ, got 0.1, 0.1"),
        ({"lr": [0.1, -1.0]}, "lr: expected a finite number >= 0, got -1.0"),
    ],
)
def test_what_cannot_be_swept(tmp_path, sweep, reason):
    with pytest.raises(ValueError, match=f"^{reason}"):
        train.compare(tmp_path / "out", SHORT, ["sgd"], [0], jobs=1, sweep=sweep)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["train", "--lr", "0.1,0.2"], "expected a number, got '0.1,0.2'; `compare` takes several"),
        (["train", "--clip", "soup"], "expected a number, got 'soup'"),
        (["compare", "--lr", "0.1,soup"], "expected a number, or several for a sweep, as in 0.1,0.2, got '0.1,soup'"),
        (["compare", "--batch-size", "1.5,2"], "expected a number, or several"),
    ],
)
def test_a_list_that_is_none(tmp_path, capsys, words, reason):
    with pytest.raises(SystemExit) as ended:
        commands.main([*words, "--out", str(tmp_path / "out")])
    assert ended.value.code == 2 and reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--lr", "0.1,0.10"], "lr: expected values that differ, got 0.1, 0.1"),
        (["--lr", "0.1,-1"], "lr: expected a finite number >= 0, got -1.0"),
        (["--optimizers", "sgd,sgd-g", "--lr-euclidean", "none"], "since sgd-g has two rates"),
        (["--optimizers", "lion", "--lr", "-1"], "--optimizers: expected some of"),
    ],
)
def test_a_comparison_is_planned_before_anything_is_fetched(tmp_path, capsys, monkeypatch, words, reason):
    monkeypatch.setattr(train.Setup, "load", None)
    assert commands.main(["compare", *words, "--download", "--out", str(tmp_path / "out")]) == 2
    assert reason in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_setup_is_that_of_the_optimizers_compared(tmp_path):
    """Not of the default sgd-g, which has two rates."""
    words = ["compare", "--optimizers", "sgd,adam", "--lr-euclidean", "none", "--epochs", "1", "--seeds", "1"]
    assert commands.main([*words, "--jobs", "1", "--quiet", "--out", str(tmp_path)]) == 0


def test_a_run_goes_on_at_another_rate(tmp_path):
    words = ["train", "--quiet", "--schedule", "constant", "--out", str(tmp_path / "run")]
    assert commands.main([*words, "--epochs", "1", "--lr", "0.2"]) == 0
    words = ["train", "--quiet", "--resume", "--out", str(tmp_path / "run")]
    assert commands.main([*words, "--epochs", "2", "--lr", "0.01"]) == 0
    assert commands.main([*words, "--epochs", "3"]) == 0  # the new rate stays
    written = read_json(tmp_path / "run" / "history.json")
    assert written["history"]["rate"] == [0.2, 0.01, 0.01] and written["setup"]["lr"] == 0.01
    trainer = folder.go_on(tmp_path / "run")
    curved, rest = trainer.optimizer.optimizers
    assert (curved.lr, rest.lr) == (0.01, 0.01) and read_json(tmp_path / "run" / "setup.json")["lr"] == 0.01
    assert commands.main([*words, "--lr", "-1"]) == 1
    assert read_json(tmp_path / "run" / "setup.json")["lr"] == 0.01
