"""The figures without a browser: their pages as files, and their numbers against NumPy, through node."""

import json
import re
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest

from grassmann_np import ops
from viz import figures, lossmap, widget
from viz.figures.given import FIGURES, data
from viz.marks import STYLES

node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node: install nodejs")


def run(name, code, **given):
    """What the JavaScript `code` returns: `shown` is the figure, `data` its data, `given` are variables."""
    parts = [(files(widget) / one).read_text(encoding="utf-8") for one in figures.SCRIPTS]
    parts.append((files(figures) / f"{name}.js").read_text(encoding="utf-8"))
    names = ", ".join(["data", *given])
    body = f"const {{{names}}} = JSON.parse(require('fs').readFileSync(0)); const shown = figure(data); {code}"
    script = "\n".join(['"use strict";', *parts, f"console.log(JSON.stringify((() => {{ {body} }})()));"])
    told = json.dumps({"data": data(name), **given}, default=np.ndarray.tolist)
    done = subprocess.run(["node", "-e", script], input=told, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers_of(sentence):
    """The numbers of a sentence, in order."""
    return [float(x.replace("−", "-")) for x in re.findall(r"−?\d+(?:\.\d+)?", sentence)]


def test_every_page_is_one_small_file_that_asks_for_nothing(tmp_path):
    paths = figures.write(tmp_path / "new")
    assert [path.stem for path in paths] == list(FIGURES)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//cdn|import |fetch\(|XMLHttp|url\(", text)
        assert re.findall(r"(?:src|href)=[\"']?([^\"'> ]*)", text) == ["data:,"]
        assert "<noscript>" in text and 'lang="en"' in text and "$title" not in text
        given = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
        assert bytes.fromhex(given["palette"]) == lossmap.palette().tobytes()
        assert given["styles"]["h"]["color"] == STYLES["h"].color
        assert len(text.encode()) < 80_000


def test_the_same_bytes_every_time():
    assert [figures.page(name) for name in FIGURES] == [figures.page(name) for name in FIGURES]


def test_a_figure_that_is_none_is_refused():
    with pytest.raises(ValueError, match="expected one of length"):
        figures.page("lenght")


def test_every_script_is_a_figure_and_every_figure_a_script():
    scripts = {path.name for path in files(figures).iterdir() if path.name.endswith(".js")}
    assert scripts - {"frame.js"} == {f"{name}.js" for name in FIGURES}


@node
@pytest.mark.parametrize("name", FIGURES)
def test_at_the_start_it_is_whole(name):
    """Finite numbers, roles that have a look, handles that stay where they are put, a sentence of two lines at most."""
    start, marks, sentence, put = run(
        name,
        """const state = shown.start, handles = shown.handles?.(state) ?? {};
        const put = Object.entries(handles).map(([key, {at, move}]) => [at, shown.handles(move(at))[key].at]);
        return [state, shown.views.map((_, i) => shown.marks(state, i, shown.camera)), shown.sentence(state), put]""",
    )
    assert start and "null" not in json.dumps(marks) and "NaN" not in sentence and "undefined" not in sentence
    for mark in (mark for view in marks for mark in view):
        assert mark["role"] in STYLES, mark
    for at, after in put:
        np.testing.assert_allclose(after, at, atol=1e-9)
    assert len(sentence.replace("*", "")) <= 215


# 1: the length of w


def lesson_1(w):
    """Lesson 1's loss and gradient with two inputs, by its ops."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 3)) @ np.diag([1.5, 0.9, 0.4])
    t = np.tanh(x @ np.array([[1.0], [0.5], [-2.0]]))
    z, back_linear = ops.linear(x[:, :2], np.array(w[:2])[:, None])
    out, back_norm = ops.batch_norm(z, eps=0.0)
    return float(np.mean((out - t) ** 2) / 2), back_linear(back_norm((out - t) / len(x)))[1][:, 0]


@node
@pytest.mark.parametrize("far", [0.6, 1.0, 2.1])
def test_the_step_of_length_is_lesson_1s(far):
    w, eta = far * np.array([np.cos(2.0), np.sin(2.0), 0.0]), 0.7
    said, marks = run("length", "return [shown.sentence(state), shown.marks(state)]", state={"w": w, "eta": eta})
    loss, g = lesson_1(w)
    after = w[:2] - eta * g
    angle = np.degrees(np.arccos(after @ w[:2] / np.linalg.norm(after) / far))
    told = numbers_of(said)
    want = [far, eta * np.linalg.norm(g), angle, np.linalg.norm(after), loss]
    np.testing.assert_allclose(told, want, atol=0.0501, rtol=0)
    assert [f"{x:.2f}" for x in told[:2]] == [f"{x:.2f}" for x in want[:2]] and told[4] == round(loss, 3)
    arc = np.array([mark for mark in marks if mark["kind"] == "curve" and mark["role"] == "d"][0]["points"])
    np.testing.assert_allclose(arc[0], w / far, atol=1e-12)
    np.testing.assert_allclose(arc[-1, :2], after / np.linalg.norm(after), atol=1e-12)


@node
def test_a_dragged_w_keeps_its_direction_and_a_length_that_can_be_drawn():
    got = run("length", "return [[0.1, 0.1], [9, -9], [1, 1]].map((p) => shown.handles(shown.start).w.move(p).w)")
    lengths = np.linalg.norm(got, axis=1)
    np.testing.assert_allclose(lengths, [0.6, 2.15, np.sqrt(2)], atol=1e-12)
    np.testing.assert_allclose(
        np.array(got)[:, :2] / lengths[:, None] * np.sqrt(2), [[1, 1], [1, -1], [1, 1]], atol=1e-12
    )
