"""The comparison's curves against the numbers, and the page against a parser."""

import json
import os
import re
import shlex
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grassmann_np.files import write_json
from grassmann_np.train.results import matched
from viz import cells, curves, files, page, scenes
from viz.__main__ import main

OPTIMIZERS = ("sgd", "sgd-g", "adam-g")


@pytest.fixture
def results():
    rng = np.random.default_rng(0)
    runs, summary = [], []
    for number, optimizer in enumerate(OPTIMIZERS):
        finals = []
        for seed in range(5):
            error = np.round(450 * (0.02 + 0.005 * number + 0.2 * 0.6 ** np.arange(6) + 0.01 * rng.random(6))) / 450
            history = {
                "train_loss": list(0.5 ** np.arange(6) * (1 + rng.random())),
                "train_error": list(error / 2),
                "test_error": list(error),
                "seconds": [0.1] * 6,
            }
            runs.append({"optimizer": optimizer, "seed": seed, "history": history})
            finals.append(error[-1])
        summary.append(
            {
                "optimizer": optimizer,
                "median_test_error": float(np.median(finals)),
                "quartiles": list(np.quantile(finals, [0.25, 0.75])),
                "seconds_per_epoch": 0.1,
            }
        )
    return {
        "data": "digits",
        "model": "mlp",
        "epochs": 6,
        "seeds": list(range(5)),
        "runs": runs,
        "summary": summary,
        "setup": {"lr": None, "lr_euclidean": 0.01, "clip": 0.1, "orthogonality": 0.1, "weight_decay": 5e-4},
        "paired": [
            {
                "optimizer": "sgd-g",
                "baseline": "sgd",
                "median_difference": -0.01333,
                "mean_difference": -0.0125,
                "interval": [-0.02, -0.005],
                "n": 5,
                "p": 0.0625,
            }
        ],
        "command": "python -m grassmann_np compare --data digits --note '<b>&'",
    }


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    made, film = tmp_path_factory.mktemp("films"), scenes.step(seconds=0.1, size=(160, 160))
    for suffix in ("mp4", "gif", "png"):
        film.save(made / f"step.{suffix}")
    return made


@pytest.fixture
def folder(results, films, tmp_path):
    shutil.copytree(films, tmp_path, dirs_exist_ok=True)
    (tmp_path / "compare").mkdir()
    write_json(tmp_path / "compare/results.json", results)
    return tmp_path


def test_lines_are_medians_and_bands_are_quartiles(results):
    figure = curves.comparison(results)
    for axes, key, scale in zip(figure.axes, ("test_error", "train_loss"), (100, 1), strict=True):
        lines = {line.get_gid(): line for line in axes.lines}
        assert tuple(lines) == OPTIMIZERS
        for band, (optimizer, line) in zip(axes.collections, lines.items(), strict=True):
            runs = [run["history"][key] for run in results["runs"] if run["optimizer"] == optimizer]
            low, middle, high = scale * np.quantile(runs, [0.25, 0.5, 0.75], axis=0)
            assert np.allclose(line.get_ydata(), middle) and np.array_equal(line.get_xdata(), np.arange(1, 7))
            corners = band.get_paths()[0].vertices
            for epoch in range(1, 7):
                heights = corners[np.isclose(corners[:, 0], epoch), 1]
                assert np.isclose(heights.min(), low[epoch - 1]) and np.isclose(heights.max(), high[epoch - 1])


def test_lines_differ_without_colour_and_carry_their_names_apart(results):
    figure = curves.comparison(results)
    figure.canvas.draw()
    for axes in figure.axes:
        assert len({str(line._dash_pattern) for line in axes.lines}) == len(OPTIMIZERS)
        assert [text.get_text() for text in axes.texts] == ["SGD", "SGD-G", "Adam-G"]
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
        assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in boxes)


def test_the_caption_tells_the_numbers(results):
    figure = curves.comparison(results)
    for row in results["summary"]:
        low, high = row["quartiles"]
        told = f"{100 * row['median_test_error']:.2f} % ({100 * low:.2f} to {100 * high:.2f})"
        assert told in figure.get_label()
    assert "5 seeds" in figure.get_label() and "epoch 6" in figure.get_label()


@pytest.mark.parametrize("runs", [[], [{"optimizer": str(i), "history": {}} for i in range(9)]])
def test_results_without_runs_or_with_too_many_optimizers_are_refused(results, runs):
    with pytest.raises(ValueError, match="expected runs of one to 8 optimizers"):
        curves.comparison(results | {"runs": runs})


def test_one_epoch_of_one_seed_and_an_error_of_zero_can_be_drawn(results, tmp_path):
    run = {"optimizer": "adam", "seed": 0, "history": {"train_loss": [1.0], "test_error": [0.0]}}
    curves.save(curves.comparison(results | {"runs": [run]}), tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as picture:
        assert "Adam 0.00 %" in picture.info["Description"]


class Reader(HTMLParser):
    """The tags of a page with their attributes, and which of them were left open."""

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "img", "source", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_is_whole_offline_and_says_what_the_results_say(folder, results):
    assert main(["page", str(folder)]) == 0
    text = (folder / "index.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    words = " ".join(reader.words)
    assert not reader.open and "http" not in text
    for tag, attributes in reader.tags:
        for name in ("src", "href", "poster", "data-src"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, name)
        if tag == "img":
            assert len(attributes["alt"]) > 40
    kinds = re.findall(r'"data:([a-z]+/[a-z0-9]+);base64,', text)
    assert sorted(kinds) == ["image/gif", "image/png", "image/png", "video/mp4"]
    for row in results["summary"]:
        low, high = (100 * error for error in row["quartiles"])
        name = curves.NAMES[row["optimizer"]]
        cells = (name, f"{100 * row['median_test_error']:.2f}", f"{low:.2f} to {high:.2f}", "0.100")
        assert "".join(f"<td>{cell}</td>" for cell in cells) in text
    assert results["command"] in words and "python -m viz step --seconds 0.1 --size 160x160 --out" in words
    assert curves.caption(results) in words
    assert scenes.step(seconds=0.1, size=(160, 160)).caption in words
    assert "prefers-color-scheme: dark" in text and 'name="viewport"' in text


@pytest.mark.parametrize("name", page.MAKERS)
def test_a_missing_piece_is_named_with_the_command_that_makes_it(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=re.escape(page.MAKERS[name].format(folder=shlex.quote(str(folder))))):
        page.write(folder)
    assert not (folder / "index.html").exists()


@pytest.mark.parametrize("broken", ["{", "[]", '{"data": 1}'])
def test_results_that_cannot_be_read_leave_the_page_that_was_there(folder, broken):
    before = page.write(folder).read_bytes()
    (folder / "compare/results.json").write_text(broken)
    with pytest.raises(ValueError, match=r"results\.json"):
        page.write(folder)
    assert (folder / "index.html").read_bytes() == before


def test_the_controls_of_the_film_are_below_it_and_its_own_only_without_script(folder):
    text = page.write(folder).read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    tags = [tag for tag, _ in reader.tags]
    assert tags.index("video") < tags.index("button") < tags.index("input") < tags.index("figcaption")
    assert "film.controls = false" in text and "controls" in dict(reader.tags)["video"]


def test_the_page_has_both_statements_under_its_table(folder, results):
    text = page.write(folder).read_text(encoding="utf-8")
    pair = "SGD-G against SGD, same seeds: mean difference -1.25 % (95 %: -2.00 to -0.50), p = 0.0625 by the signed "
    pair += "ranks of the 5 that differ."
    assert (
        text.index("</table>") < text.index(matched(results, curves.name)) < text.index(pair) < text.rindex("<figure>")
    )
    write_json(folder / "compare/results.json", {k: v for k, v in results.items() if k != "paired"})
    assert "same seeds" not in page.write(folder).read_text(encoding="utf-8")


def nine(results):
    """Results of nine cells, of three optimizers with three schedules."""
    cells = {}
    for schedule in ("constant", "linear", "cosine"):
        for run in results["runs"]:
            label = f"{run['optimizer']} {schedule}"
            cells.setdefault(label, []).append(run | {"optimizer": label})
    rows = [row | {"optimizer": label} for label, row in zip(cells, 3 * results["summary"], strict=True)]
    paired = [results["paired"][0] | {"optimizer": "sgd-g linear", "baseline": "sgd linear"}]
    return results | {"runs": [run for runs in cells.values() for run in runs], "summary": rows, "paired": paired}


def test_a_comparison_of_nine_cells_has_its_page(folder, results):
    write_json(folder / "compare/results.json", nine(results))
    assert main(["page", str(folder)]) == 0
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert text.count("<tr><td>") == 9 and "<td>SGD-G linear</td>" in text and "for 9 cells" in text
    assert "SGD-G linear against SGD linear, same seeds" in text
    assert "the rates of the normalized weights, SGD 0.4, SGD-G 0.2, Adam-G 0.05." in text


def test_nothing_that_is_said_overwrites_a_comparison(folder, results):
    assert not any("overwrite" in maker for maker in page.MAKERS.values())
    (folder / "compare/results.json").write_text("{}")
    with pytest.raises(ValueError) as wrong:
        page.write(folder)
    assert "overwrite" not in str(wrong.value)


HOSTILE = "<script>alert('1')</script>\"&amp;' onload=x $\\frac{1}$ </title></style>-->"


def tags_of(text):
    reader = Reader()
    reader.feed(text)
    return [(tag, sorted(attributes)) for tag, attributes in reader.tags]


def test_whatever_came_from_elsewhere_is_escaped(folder, results, tmp_path):
    tame = tags_of(page.write(folder).read_text(encoding="utf-8"))

    def hostile(value):
        if isinstance(value, dict):
            return {key: hostile(one) for key, one in value.items()}
        if isinstance(value, list):
            return [hostile(one) for one in value]
        return f"{value} {HOSTILE}" if isinstance(value, str) else value

    found = hostile(results | {"failed": [{"optimizer": "sgd", "seed": 1, "problem": "the loss is not finite"}]})
    place = tmp_path / "a <b> & \"q\" 'p' <script>"
    place.mkdir()
    for name in ("step.mp4", "step.gif"):
        shutil.copy(folder / name, place / name)
    with Image.open(folder / "step.png") as still:
        about = PngInfo()
        about.add_itxt("Description", HOSTILE)
        about.add_itxt("Source", HOSTILE)
        still.save(place / "step.png", pnginfo=about)
    (place / "compare").mkdir()
    write_json(place / "compare/results.json", found)
    text = page.write(place).read_text(encoding="utf-8")
    found_tags = tags_of(text)
    assert text.count("<script") == 1 and "<b>" not in text
    assert {tag for tag, _ in found_tags} == {tag for tag, _ in tame}
    assert {str(one) for one in found_tags} == {str(one) for one in tame}  # no attribute more
    reader = Reader()
    reader.feed(text)
    words = "".join(reader.words)
    assert HOSTILE in words and f"python -m viz page {shlex.quote(str(place))}" in words and "the loss is not" in words


BROKEN = {
    "NaN": lambda good: good.replace("0.1", "NaN", 1),
    "Infinity": lambda good: good.replace("0.1", "-Infinity", 1),
    "1e999": lambda good: good.replace("0.1", "1e999", 1),
    "huge": lambda good: good.replace("0.1", "1" + 400 * "0", 1),
    "digits": lambda good: good.replace("0.1", "1" + 5000 * "0", 1),
    "deep": lambda good: 100_000 * "[",
    "deeper": lambda good: '{"summary": ' + 500 * "[" + 500 * "]" + "}",
    "text": lambda good: good.replace("0.1", '"0.1"', 1),
    "null": lambda good: "null",
    "list": lambda good: "[]",
    "empty": lambda good: "{}",
    "nothing": lambda good: "",
    "bytes": lambda good: "\udcff",
    "no summary": lambda good: json.dumps(json.loads(good) | {"summary": []}),
    "no runs": lambda good: json.dumps(json.loads(good) | {"runs": []}),
    "numbers": lambda good: json.dumps(json.loads(good) | {"summary": 7}),
    "names": lambda good: json.dumps(json.loads(good) | {"paired": [{"optimizer": 3}]}),
    "setup": lambda good: json.dumps(json.loads(good) | {"setup": {"lr": "x"}}),
    "quartiles": lambda good: good.replace('"quartiles": [', '"quartiles": [[], '),
    "history": lambda good: good.replace('"test_error": [', '"test_error": [{}, '),
    "ragged": lambda good: good.replace('"train_loss": [', '"train_loss": [[], '),
}


@pytest.mark.parametrize("how", BROKEN)
def test_results_of_any_kind_give_one_line_and_leave_the_page(folder, results, how, capsys):
    before = page.write(folder).read_bytes()
    text = BROKEN[how](json.dumps(results))
    try:
        write_json(folder / "compare/results.json", json.loads(text))  # with the checksum of what is wrong
    except (TypeError, ValueError, RecursionError):
        (folder / "compare/results.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    capsys.readouterr()
    assert main(["page", str(folder)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"viz: {folder}/compare/results.json: expected the results of a comparison")
    assert told.count("\n") == 1 and len(told) < 2100 and (folder / "index.html").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + 40 * b"\0"])
def test_a_still_that_is_no_picture_gives_one_line(folder, content, capsys):
    (folder / "step.png").write_bytes(content)
    assert main(["page", str(folder)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"viz: {folder}/step.png: expected a picture") and told.count("\n") == 1


def test_a_folder_that_is_not_utf_8_has_its_page(folder):
    odd = folder.parent / os.fsdecode(b"odd \xff")
    shutil.copytree(folder, odd)
    assert main(["page", str(odd)]) == 0 and (odd / "index.html").read_text(encoding="utf-8")


def test_a_dollar_in_a_name_is_a_dollar(results):
    found = nine(results) | {"data": "$x$ and $\\frac"}
    figure = cells.cells(found)
    figure.canvas.draw()
    assert figure.axes[0].get_title(loc="left").startswith("mlp on $x$ and $\\frac")
    assert not any(text.get_parse_math() for text in figure.axes[0].get_yticklabels())
    odd = [run | {"optimizer": "a $b"} for run in results["runs"]]
    curves.comparison(results | {"runs": odd}).canvas.draw()


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_command_with_a_name_that_is_not_text_is_written(tmp_path, results, suffix):
    path = files.save(curves.comparison(results), tmp_path / f"figure{suffix}", "compare --out 'a\udcff'")
    assert b"a\\udcff" in path.read_bytes()
