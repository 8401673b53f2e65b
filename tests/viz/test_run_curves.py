"""The curves of run folders, against the numbers in them."""

import numpy as np
import pytest
from PIL import Image

from grassmann_np.files import write_json
from grassmann_np.train.folder import begin, go_on
from grassmann_np.train.setup import Setup
from viz import curves
from viz.__main__ import main

TITLES = {"train_error": 100, "test_error": 100, "angle": 1, "norm": 1, "effective_rate": 1, "factor": 1}


def history(rng, epochs):
    falling = 0.7 ** np.arange(epochs)
    return {name: list(falling * (1 + rng.random(epochs)) / scale) for name, scale in TITLES.items()}


def write(folder, setup, numbers, done=True):
    write_json(folder / "history.json", {"done": done, "setup": setup.as_dict(), "history": numbers})


@pytest.fixture
def comparison(tmp_path):
    """{(optimizer, clip): the histories of its seeds}, all below tmp_path / "all"."""
    rng, made = np.random.default_rng(0), {}
    for optimizer, clip in (("adam-g", 0.1), ("sgd-g", 0.1), ("sgd-g", 1.0), ("sgd", 0.1)):
        for seed in range(4):
            numbers = history(rng, 6 if seed else 5)  # one was stopped
            setup = Setup(optimizer=optimizer, clip=clip, seed=seed)
            write(tmp_path / f"all/runs/{optimizer}-{clip}-{seed}", setup, numbers)
            made.setdefault((optimizer, clip), []).append(numbers)
    return made


LABELS = {
    ("sgd", 0.1): "SGD",
    ("sgd-g", 0.1): "SGD-G, clip 0.1",
    ("sgd-g", 1.0): "SGD-G, clip 1.0",
    ("adam-g", 0.1): "Adam-G",
}


def test_every_label_has_its_median_and_quartiles_in_every_chart(comparison, tmp_path):
    figure = curves.of_runs([tmp_path / "all"])
    assert len(figure.axes) == len(TITLES)
    for axes, (name, scale) in zip(figure.axes, TITLES.items(), strict=True):
        lines = {line.get_gid(): line for line in axes.lines}
        assert list(lines) == list(LABELS.values()) and len({str(line._dash_pattern) for line in axes.lines}) == 4
        for band, (which, label) in zip(axes.collections, LABELS.items(), strict=True):
            runs = scale * np.array([numbers[name][:5] for numbers in comparison[which]])
            assert np.allclose(lines[label].get_ydata(), np.median(runs, axis=0))
            low, high = np.percentile(runs, 25, axis=0), np.percentile(runs, 75, axis=0)
            corners = band.get_paths()[0].vertices
            for epoch in range(1, 6):
                heights = corners[np.isclose(corners[:, 0], epoch), 1]
                assert np.isclose(heights.min(), low[epoch - 1]) and np.isclose(heights.max(), high[epoch - 1])


def test_the_names_stand_apart_within_the_figure_and_the_caption_tells_the_last_errors(comparison, tmp_path):
    figure = curves.of_runs([tmp_path / "all"])
    figure.canvas.draw()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
        others = [other.bbox for other in figure.axes if other is not axes]
        assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= axes.bbox.y0 - 1 for box in boxes)
        assert not any(box.overlaps(other) for box in boxes for other in others)
    for which, label in LABELS.items():
        last = np.median([100 * numbers["test_error"][4] for numbers in comparison[which]])
        assert f"{label} {last:.2f} %" in figure.get_label()
    assert "of 4 seeds" in figure.get_label()


def test_a_run_named_twice_counts_once_and_what_was_not_measured_has_no_chart(comparison, tmp_path):
    runs = sorted((tmp_path / "all/runs").iterdir())
    assert curves.of_runs([tmp_path / "all", *runs]).get_label() == curves.of_runs(runs).get_label()
    write(tmp_path / "flat", Setup(optimizer="sgd"), {"train_error": [0.5], "test_error": [0.5], "factor": [1.0]})
    assert [axes.get_title("left") for axes in curves.of_runs([tmp_path / "flat"]).axes] == [
        "Training error, %",
        "Test error, %",
        "Schedule",
    ]
    write(tmp_path / "mnist", Setup(optimizer="adam", data="mnist"), {"train_error": [0.5], "test_error": [0.5]})
    told = curves.of_runs([tmp_path / "flat", tmp_path / "mnist"]).get_label()
    assert "SGD, data digits 50.00 %" in told and "Adam, data mnist 50.00 %" in told


def test_the_command_draws_what_train_wrote(tmp_path):
    pytest.importorskip("sklearn")
    for seed in range(2):
        setup = Setup(epochs=1, seed=seed)
        begin(tmp_path / str(seed), setup)
        go_on(tmp_path / str(seed))
    out = tmp_path / "curves.png"
    assert main(["curves", str(tmp_path / "0"), str(tmp_path / "1"), "--out", str(out)]) == 0
    with Image.open(out) as picture:
        assert "SGD-G" in picture.info["Description"] and "angle per step" in picture.info["Description"]
        assert picture.info["Source"].startswith("python -m viz curves ")


NO_EPOCH = {"done": False, "setup": {"optimizer": "sgd"}, "history": {"test_error": []}}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"setup": {}}', NO_EPOCH])
def test_what_is_not_a_run_is_refused_by_name(tmp_path, capsys, text):
    if isinstance(text, dict):
        write_json(tmp_path / "history.json", text)
    elif text:
        (tmp_path / "history.json").write_text(text)
    assert main(["curves", str(tmp_path), "--out", str(tmp_path / "curves.png")]) == 1
    assert str(tmp_path) in capsys.readouterr().err and not (tmp_path / "curves.png").exists()


def test_more_labels_than_lines_are_refused(tmp_path):
    for i in range(9):
        write(tmp_path / str(i), Setup(lr=float(i)), {"test_error": [0.1]})
    with pytest.raises(ValueError, match="expected runs of one to 8 labels, got 9"):
        curves.of_runs([tmp_path / str(i) for i in range(9)])
