"""The command line: folders, errors, exit codes; and comparisons over seeds."""

import io
import signal
import subprocess
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest

import grassmann_np
from grassmann_np import commands as command
from grassmann_np import data, train
from grassmann_np.files import read_json, write_json
from grassmann_np.train import checkpoint
from grassmann_np.train.progress import Progress
from grassmann_np.train.results import paired, summary

SHORT = train.Setup(epochs=2)


def test_train_and_evaluate(tmp_path, capsys):
    run = tmp_path / "run"
    words = ["train", "--epochs", "1", "--optimizer", "adam-g", "--out", str(run)]
    assert command.main(words) == 0
    written = read_json(run / "history.json")
    assert written["done"] and written["setup"]["optimizer"] == "adam-g"
    assert read_json(run / "setup.json") == written["setup"]
    assert len((run / "history.csv").read_text().splitlines()) == 2
    captured = capsys.readouterr()
    assert "mlp on digits with adam-g: loss" in captured.out and "epoch   1" in captured.err
    assert command.main(["evaluate", str(run)]) == 0
    assert f"test error {100 * written['history']['test_error'][0]:.2f} %" in capsys.readouterr().out


def test_a_run_folder_is_never_silently_overwritten(tmp_path, capsys):
    words = ["train", "--epochs", "1", "--quiet", "--out", str(tmp_path / "run")]
    assert command.main(words) == 0
    before = (tmp_path / "run" / "checkpoint.npz").read_bytes()
    assert capsys.readouterr().err == ""
    assert command.main(words) == 1
    assert "is not empty; choose another folder, or say --resume or --overwrite" in capsys.readouterr().err
    assert (tmp_path / "run" / "checkpoint.npz").read_bytes() == before
    assert command.main([*words, "--overwrite"]) == 0
    assert command.main(["train", "--quiet", "--resume", "--out", str(tmp_path / "run")]) == 0  # nothing left to do


def test_a_recipe_with_one_value_changed(tmp_path):
    words = ["train", "--recipe", "digits-mlp-adam", "--epochs", "1", "--quiet", "--out", str(tmp_path)]
    assert command.main(words) == 0
    setup = read_json(tmp_path / "setup.json")
    assert (setup["optimizer"], setup["epochs"]) == ("adam", 1)


def test_a_run_goes_on_for_longer(tmp_path, capsys):
    words = ["train", "--quiet", "--out", str(tmp_path)]
    assert command.main([*words, "--epochs", "1"]) == 0
    assert command.main([*words, "--resume", "--epochs", "3"]) == 0
    assert len(read_json(tmp_path / "history.json")["history"]["seconds"]) == 3
    assert read_json(tmp_path / "setup.json")["epochs"] == 3
    capsys.readouterr()
    assert command.main([*words, "--resume", "--epochs", "2"]) == 1
    assert "epochs: expected at least the 3 done, got 2" in capsys.readouterr().err
    assert read_json(tmp_path / "setup.json")["epochs"] == 3
    assert command.main([*words, "--resume"]) == 0


def test_a_run_goes_on_with_its_images_elsewhere(tmp_path, monkeypatch):
    seen = []

    def cifar10(folder, download):
        seen.append((folder, download))
        return data.digits()

    monkeypatch.setattr(data, "cifar10", cifar10)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    words = ["train", "--quiet", "--out", "~/run"]
    assert command.main([*words, "--data", "cifar10", "--model", "mlp", "--epochs", "1", "--folder", "here"]) == 0
    assert read_json(tmp_path / "run" / "setup.json")["folder"] == str(tmp_path / "here")
    assert command.main([*words, "--resume", "--folder", "~/there"]) == 0
    assert command.main(["evaluate", "~/run", "--folder", "elsewhere"]) == 0
    assert command.main([*words, "--resume", "--download", "--epochs", "2"]) == 0
    places = ["here", "there", "elsewhere", "there", "there"]
    assert seen == [(str(tmp_path / place), k == 3) for k, place in enumerate(places)]


def test_svhn_without_its_easier_images(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "svhn", lambda folder, extra, download: asked.append(extra) or data.digits())
    words = ["train", "--data", "svhn", "--folder", "x", "--model", "mlp", "--epochs", "1", "--quiet", "--out"]
    assert command.main([*words, str(tmp_path / "a")]) == 0
    assert command.main([*words, str(tmp_path / "b"), "--no-extra"]) == 0
    assert asked == [True, False] and read_json(tmp_path / "b" / "setup.json")["extra"] is False


def test_clipping_can_be_turned_off(tmp_path):
    assert command.main(["train", "--clip", "none", "--epochs", "1", "--quiet", "--out", str(tmp_path)]) == 0
    assert read_json(tmp_path / "setup.json")["clip"] is None


@pytest.mark.parametrize(
    "words",
    [
        ["--momentum", "0", "--warm-up", "0.5", "--optimizer", "sgd"],
        ["--momentum", "0", "--warm-up", "1", "--clip", "none"],
        ["--lr-euclidean", "0", "--optimizer", "adam-g"],
        ["--lr", "0"],
        ["--warm-up", "0.5", "--per-epoch"],
    ],
)
def test_rates_of_nothing_and_of_little(tmp_path, words):
    assert command.main(["train", "--epochs", "1", "--quiet", "--out", str(tmp_path), *words]) == 0
    moved = read_json(tmp_path / "history.json")["history"]["angle"][0] > 1e-5
    assert moved != (words == ["--lr", "0"])


def test_a_first_step_is_at_one_steps_worth():
    factors = []
    trainer, _ = replace(SHORT, warm_up=0.5, schedule="constant").start()
    trainer.run(lambda trainer: factors.append(trainer.optimizer.factor))
    steps = trainer.steps_per_epoch
    np.testing.assert_allclose(factors[:steps], [1 / steps + (1 - 1 / steps) * k / steps for k in range(steps)])
    assert min(factors) == 1 / steps and factors[steps:] == [1.0] * steps


def test_the_version(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"grassmann_np {grassmann_np.__version__}\n"


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ([], "recipes"),
        (["train"], "--resume"),
        (["compare"], "--seeds"),
        (["evaluate"], "FOLDER"),
        (["export"], "--out"),
        (["lessons"], "--out"),
    ],
)
def test_a_bare_command_prints_its_help(capsys, words, option):
    try:
        assert command.main(words) == 0
    except SystemExit as ended:
        assert ended.code == 0
    said = capsys.readouterr()
    assert said.out.startswith(" ".join(["usage: python -m grassmann_np", *words])) and option in said.out
    assert said.err == ""


def test_help_imports_nothing_that_is_slow():
    """Nor does a command that is wrong, or the list of recipes."""
    slow = {"scipy.stats", "sklearn", "mlxtend", "joblib", "filelock", "pooch", "matplotlib", "PIL", "numba", "dask"}
    slow |= {"skimage", "tensorboardX", "torch", "tqdm", "pandas", "viz"}
    for words in (["--help"], ["train", "--help"], ["--version"], ["recipes"], ["train", "--lr", "x"]):
        code = "import sys\nfrom grassmann_np.commands import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n"
        code += "    pass\nprint('imported', *sys.modules)"
        out = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True).stdout
        assert not slow & set(out.rpartition("imported")[2].split()), words


def test_a_comparison_says_how_far_it_is(tmp_path, capsys, monkeypatch):
    words = ["compare", "--epochs", "1", "--seeds", "3", "--optimizers", "sgd", "--out", str(tmp_path)]
    found = {"history": {"test_error": [0.5]}}

    def compare(*_, after_run, **__):
        for name in ("sgd seed 0", "sgd seed 1", "sgd seed 2"):
            after_run(name, found)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "compare", compare)
    assert command.main(words) == 130
    assert capsys.readouterr().err.splitlines()[:3] == [
        "1 of 3  sgd seed 0  test error 50.00 %",
        "2 of 3  sgd seed 1  test error 50.00 %",
        "3 of 3  sgd seed 2  test error 50.00 %",
    ]


def test_recipes(capsys):
    assert command.main(["recipes"]) == 0
    assert "cifar10-wrn-28-10-sgd-g" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message", "status"),
    [
        (["compare", "--optimizers", "sgd,lion"], "--optimizers: expected some of", 2),
        (["compare", "--optimizers", "sgd,sgd"], "each once, got 'sgd,sgd'", 2),
        (["compare", "--optimizers", ""], "--optimizers: expected some of", 2),
        (["compare", "--schedules", "magic"], "--schedules: expected some of", 2),
        (["compare", "--seeds", "0"], "--seeds: expected at least 1", 2),
        (["train", "--recipe", "soup"], "--recipe: expected one of", 2),
        (["train", "--model", "lstm"], "model: expected", 2),
        (["train", "--seed", "-1"], "seed: expected at least 0", 2),
        (["train", "--resume", "--momentum", "0"], "leave out --momentum", 2),
        (["train", "--resume", "--data", "mnist", "--per-epoch"], "leave out --data, --per-epoch", 2),
        (["train", "--resume", "--recipe", "digits-mlp-sgd"], "leave out --recipe", 2),
        (["train", "--resume"], "expected the setup of a run", 1),
        (["train", "--lr", "nan"], "lr: expected a finite number >= 0, got nan", 2),
        (["compare", "--end", "inf"], "end: expected a finite number >= 0, got inf", 2),
        (["train", "--warm-up", "7"], "warm_up: expected", 2),
        (["train", "--model", "vgg-12"], "depth: expected one of 11, 13, 16, 19, got 12", 1),
        (["train", "--data", "cifar10", "--folder", "/nowhere"], "in /nowhere", 1),
    ],
)
def test_bad_input_writes_nothing(tmp_path, capsys, words, message, status):
    assert command.main([*words, "--out", str(tmp_path / "run")]) == status
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_out_is_a_file(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for name in ("train", "compare"):
        assert command.main([name, "--out", str(tmp_path / "file")]) == 1
        assert "expected a folder, got the file" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_evaluate_without_a_checkpoint(tmp_path, capsys):
    assert command.main(["evaluate", str(tmp_path)]) == 1
    assert "checkpoint.npz" in capsys.readouterr().err


def test_compare(tmp_path, capsys):
    words = [
        "compare",
        "--epochs",
        "2",
        "--seeds",
        "3",
        "--optimizers",
        "sgd,sgd-g",
        "--jobs",
        "1",
        "--out",
        str(tmp_path),
    ]
    assert command.main(words) == 0
    assert "sgd-g against sgd, same seeds" in capsys.readouterr().out
    results = read_json(tmp_path / "results.json")
    assert results["command"].startswith("python -m grassmann_np compare --epochs 2")
    assert [(run["optimizer"], run["seed"]) for run in results["runs"]] == [
        (o, s) for o in ("sgd", "sgd-g") for s in (0, 1, 2)
    ]
    last = sorted(run["history"]["test_error"][-1] for run in results["runs"][:3])
    row = results["summary"][0]
    assert row["median_test_error"] == last[1]
    assert row["quartiles"] == pytest.approx([(last[0] + last[1]) / 2, (last[1] + last[2]) / 2])
    assert f"{100 * last[1]:.2f} %" in train.table(results)
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_only_what_is_missing_is_run_again(tmp_path):
    first = train.compare(tmp_path, SHORT, ["sgd"], [0, 1], jobs=1)
    kept = tmp_path / "runs" / "sgd-0" / "history.json"
    before = kept.stat().st_mtime_ns
    for path in (tmp_path / "runs" / "sgd-1").iterdir():
        path.unlink()
    second = train.compare(tmp_path, SHORT, ["sgd"], [0, 1], jobs=1)
    assert kept.stat().st_mtime_ns == before
    assert [run["history"]["test_error"] for run in second["runs"]] == [
        run["history"]["test_error"] for run in first["runs"]
    ]
    with pytest.raises(ValueError, match="holds a run of another setup"):
        train.compare(tmp_path, replace(SHORT, lr=0.5), ["sgd"], [0, 1], jobs=1)


def test_a_run_cut_short_before_its_last_history_is_whole_in_a_comparison(tmp_path):
    first = train.compare(tmp_path, SHORT, ["sgd"], [0], jobs=1)
    path = tmp_path / "runs" / "sgd-0" / "history.json"
    written = read_json(path)
    shorter = {name: numbers[:1] for name, numbers in written["history"].items()}
    write_json(path, written | {"done": False, "history": shorter})
    assert train.compare(tmp_path, SHORT, ["sgd"], [0], jobs=1) == first
    path.write_text("{")
    with pytest.raises(ValueError, match=r"sgd-0/history\.json: expected JSON with a checksum"):
        train.compare(tmp_path, SHORT, ["sgd"], [0], jobs=1)


def test_overwrite_begins_every_run_anew_and_touches_nothing_else(tmp_path):
    words = ["compare", "--epochs", "1", "--seeds", "1", "--optimizers", "sgd", "--jobs", "1", "--quiet"]
    words += ["--out", str(tmp_path)]
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine.txt").write_text("mine")
    assert command.main(words) == 0
    assert command.main([*words, "--lr", "0.3"]) == 1
    kept = tmp_path / "runs" / "sgd-0" / "checkpoint.npz"
    before = kept.read_bytes()
    assert command.main([*words, "--lr", "-1", "--overwrite"]) == 2
    assert kept.read_bytes() == before
    assert command.main([*words, "--lr", "0.3", "--overwrite"]) == 0
    assert read_json(tmp_path / "results.json")["setup"]["lr"] == 0.3
    assert (tmp_path / "runs" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "again"),
    [
        (["train", "--epochs", "3", "--overwrite", "--out"], "train --resume --out {}"),
        (["compare", "--epochs", "3", "--jobs", "1", "--overwrite", "--out"], "compare --epochs 3 --jobs 1 --out {}"),
    ],
)
def test_after_ctrl_c_the_command_that_goes_on_is_said(tmp_path, capsys, monkeypatch, words, again):
    save = checkpoint.save

    def pressed(*given):
        monkeypatch.undo()
        save(*given)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(checkpoint, "save", pressed)
    out = str(tmp_path / "a run")
    assert command.main([*words, out]) == 130
    said = capsys.readouterr().err.splitlines()
    assert said[-2:] == [
        "grassmann_np: stopped after a step and saved; go on with",
        "  python -m grassmann_np " + again.format(f"'{out}'"),
    ]


def test_without_a_standard_error_there_is_no_progress(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    assert command.main(["train", "--epochs", "1", "--out", str(tmp_path / "run")]) == 0
    assert "epoch   1" not in capsys.readouterr().out


def test_a_figure_that_cannot_be_drawn_is_not_a_missing_package(tmp_path, monkeypatch):
    for name in ("cells", "curves", "files"):
        monkeypatch.delitem(sys.modules, f"viz.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "viz", ModuleType("viz"))
    said = command._draw({"runs": [1]}, tmp_path, "", many=False)
    assert said.startswith("no figure: ValueError")
    monkeypatch.setitem(sys.modules, "viz", None)
    assert command._draw({"runs": [1]}, tmp_path, "", many=False).startswith("no figure: viz is missing")


def test_optimizers_and_schedules(tmp_path):
    results = train.compare(tmp_path, replace(SHORT, epochs=1), ["sgd", "adam"], [0], ["linear", "cosine"], jobs=1)
    assert [row["optimizer"] for row in results["summary"]] == [
        "sgd linear",
        "sgd cosine",
        "adam linear",
        "adam cosine",
    ]


def test_paired_test_is_exact_and_counts_its_pairs():
    def runs(label, errors):
        return [
            {"optimizer": label, "seed": seed, "history": {"test_error": [error]}} for seed, error in enumerate(errors)
        ]

    found = paired("b", "a", runs("a", [0.5, 0.4, 0.3, 0.2]) + runs("b", [0.4, 0.38, 0.27, 0.2]))
    assert found["n"] == 3 and found["median_difference"] == pytest.approx(-0.025)
    assert found["p"] == pytest.approx(binomtest(0, 3).pvalue)  # all of one sign: signed ranks say what signs say
    assert paired("b", "a", runs("a", [0.5]) + runs("b", [0.5]))["p"] == 1.0


def test_a_run_that_diverges_does_not_take_the_others_with_it(tmp_path, capsys):
    words = ["compare", "--epochs", "1", "--seeds", "2", "--optimizers", "sgd-g,adam", "--lr", "1e30", "--jobs", "1"]
    with np.errstate(all="ignore"):
        assert command.main([*words, "--clip", "1e-30", "--out", str(tmp_path)]) == 0
    results = read_json(tmp_path / "results.json")
    assert [row["optimizer"] for row in results["summary"]] == ["sgd-g"]
    assert [run["seed"] for run in results["failed"]] == [0, 1]
    assert "adam seed 1 failed: " in capsys.readouterr().out


def test_a_comparison_whose_every_run_fails_has_failed(tmp_path, capsys):
    words = [
        "compare",
        "--epochs",
        "1",
        "--seeds",
        "1",
        "--optimizers",
        "sgd",
        "--lr",
        "1e300",
        "--jobs",
        "1",
        "--quiet",
    ]
    assert command.main([*words, "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("grassmann_np: every run failed; step of 1.w: h: expected finite numbers")
    assert read_json(tmp_path / "results.json")["runs"] == []


@pytest.mark.parametrize("name", ["results.json", "results.csv", "comparison.png"])
def test_a_place_that_cannot_be_written_is_noticed_before_anything_is_trained(tmp_path, capsys, name):
    (tmp_path / name).mkdir()
    assert command.main(["compare", "--epochs", "1", "--seeds", "1", "--out", str(tmp_path)]) == 1
    said = f"grassmann_np: {tmp_path / name}: this is a folder, expected the name of a file\n"
    assert capsys.readouterr().err == said
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_users_own_viz_is_not_ours(tmp_path, monkeypatch):
    (tmp_path / "viz.py").write_text("raise SystemExit(3)")
    for name in [name for name in sys.modules if name.partition(".")[0] == "viz"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    said = command._draw({"runs": [1]}, tmp_path / "x.png", "", many=False)
    assert said == f"no figure: {tmp_path / 'viz.py'} is in the place of our viz"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_a_bar_at_a_terminal_and_lines_in_a_pipe():
    history = train.History()
    history.add(train_loss=1.0, train_error=0.5, test_loss=1.0, test_error=0.25, factor=1.0, seconds=0.1, angle=0.01)
    trainer = SimpleNamespace(history=history, step=1, epochs=1, steps_per_epoch=2)
    for stream, quiet, expected in (
        (Terminal(), False, ["1/2", "25.00 %", "1.0e-02 rad a step"]),
        (io.StringIO(), False, ["epoch   1", "25.00 %"]),
        (Terminal(), True, []),
        (io.StringIO(), True, []),
    ):
        with Progress("sgd", stream=stream, **({"quiet": True} if quiet else {})) as progress:
            progress.step(trainer)
            progress.epoch(trainer)
        assert all(word in stream.getvalue() for word in expected)
        assert bool(stream.getvalue()) == bool(expected)


def test_a_bar_goes_on_from_where_the_run_was():
    stream = Terminal()
    with Progress("sgd", False, stream) as progress:
        progress.step(SimpleNamespace(step=6, epochs=2, steps_per_epoch=4))
    assert "5/8" in stream.getvalue()


def test_a_summary_is_of_the_last_epoch_and_of_its_own_runs():
    """Not of the best epoch, which nobody can know without the test images."""
    runs = [
        {"optimizer": label, "seed": seed, "history": {"test_error": [0.01, 0.1 * seed], "seconds": [cost, cost]}}
        for label, cost in (("a", 1.0), ("b", 5.0))
        for seed in (1, 2, 3)
    ]
    for label, cost in (("a", 1.0), ("b", 5.0)):
        found = summary(label, runs)
        assert found["median_test_error"] == pytest.approx(0.2) and found["seconds_per_epoch"] == cost
        assert found["quartiles"] == pytest.approx([0.15, 0.25])


@pytest.mark.parametrize("n", [1, 5, 20, 60])
def test_pairs_of_one_sign_have_the_least_p_there_is(n):
    runs = [
        {"optimizer": label, "seed": seed, "history": {"test_error": [error]}}
        for seed in range(n)
        for label, error in (("a", 0.5), ("b", 0.4 - 0.001 * seed))
    ]
    found = paired("b", "a", runs)
    assert found["n"] == n and found["p"] == pytest.approx(2.0 ** (1 - n), rel=1e-9, abs=0)


def test_seeds_begin_at_the_seed(tmp_path, capsys):
    words = ["compare", "--epochs", "1", "--seed", "7", "--seeds", "2", "--optimizers", "sgd", "--jobs", "1", "--quiet"]
    assert command.main([*words, "--out", str(tmp_path)]) == 0
    results = read_json(tmp_path / "results.json")
    assert results["seeds"] == [run["seed"] for run in results["runs"]] == [7, 8]
    assert capsys.readouterr().err == ""


def test_a_reader_that_has_had_enough_is_no_error(monkeypatch, capsys):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    assert command.main(["recipes"]) == 0
    assert capsys.readouterr().err == ""
