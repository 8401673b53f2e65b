"""The figures without a browser: their pages as files, and their numbers against NumPy, through node."""

import base64
import io
import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from scipy.spatial.transform import Rotation

from grassmann_np import nn, ops, optim
from grassmann_np.files import read_json
from grassmann_np.geometry import euclidean, lines, sphere, subspaces
from grassmann_np.ops.conv import fold
from viz import figures, losses, lossmap, widget
from viz.__main__ import main
from viz.camera import Camera
from viz.figures import given
from viz.figures.given import FIGURES, data
from viz.marks import STYLES
from viz.scenes.shared import take
from viz.scenes.transport import excess

STORED = Path(__file__).parents[2] / "benchmarks/results/experiment-digits.json"
RESULTS = read_json(STORED)
node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node: install nodejs")


def run(name, code, **given):
    """What the JavaScript `code` returns: `shown` is the figure, `data` its data, `given` are variables."""
    parts = [(files(widget) / one).read_text(encoding="utf-8") for one in widget.SHARED]
    parts.append((files(figures) / f"{name}.js").read_text(encoding="utf-8"))
    names = ", ".join(["data", *given])
    body = f"const {{{names}}} = JSON.parse(require('fs').readFileSync(0)); const shown = figure(data); {code}"
    script = "\n".join(['"use strict";', *parts, f"console.log(JSON.stringify((() => {{ {body} }})()));"])
    told = json.dumps({"data": data(name, RESULTS), **given}, default=np.ndarray.tolist)
    done = subprocess.run(["node", "-e", script], input=told, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers_of(sentence):
    """The numbers of a sentence, in order."""
    return [float(x.replace("−", "-")) for x in re.findall(r"−?\d+(?:\.\d+)?", sentence)]


def test_every_page_is_one_small_file_that_asks_for_nothing(tmp_path):
    paths = figures.write(tmp_path / "new", RESULTS)
    assert [path.stem for path in paths] == list(FIGURES)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//cdn|import |fetch\(|XMLHttp|url\(", text)
        asked = re.findall(r"(?:src|href)=[\"']?([^\"'> $]+)", text)
        assert asked[0] == "data:," and all(one.startswith("data:image/png;base64,") for one in asked[1:])
        assert "<noscript>" in text and 'lang="en"' in text and "$title" not in text
        given = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
        assert bytes.fromhex(given["palette"]) == lossmap.palette().tobytes()
        assert given["styles"]["h"]["color"] == STYLES["h"].color
        assert len(text.encode()) < 90_000


def test_the_same_bytes_every_time():
    assert [figures.page(name, RESULTS) for name in FIGURES] == [figures.page(name, RESULTS) for name in FIGURES]


def test_a_figure_that_is_none_is_refused():
    with pytest.raises(ValueError, match="expected one of length"):
        figures.page("lenght")


def test_a_figure_of_results_needs_them(tmp_path):
    with pytest.raises(ValueError, match="expected the results of the experiment"):
        figures.page("seeds")
    assert {path.stem for path in figures.write(tmp_path)} == {n for n, one in FIGURES.items() if not one.measured}


def test_results_of_another_kind_are_told_and_nothing_is_written(tmp_path):
    arms = {name: {key: arm[key] for key in ("wrong", "rates")} for name, arm in RESULTS["arms"].items()}
    with pytest.raises(ValueError, match="figure epochs: the results have no 'errors'"):
        figures.write(tmp_path, RESULTS | {"arms": arms})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("names", "a", "b"),
    [(["Adam", "SGD", "SGD-G"], "SGD-G", "SGD"), (["SGD-G", "Adam"], "SGD-G", "Adam"), (["Adam"], "Adam", "Adam")],
)
def test_two_different_optimizers_are_compared_at_first_if_there_are_two(names, a, b):
    assert given._two(names) == {"a": a, "b": b}


def test_the_command_line_writes_them(tmp_path, capsys):
    assert main(["figures", str(tmp_path / "a"), "--results", str(STORED)]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "a" / f"{name}.html") for name in FIGURES]
    assert (tmp_path / "a/seeds.html").read_text(encoding="utf-8") == figures.page("seeds", RESULTS)
    assert main(["figures", str(tmp_path / "b"), "--results", str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().err.startswith("viz: ") and not (tmp_path / "b").exists()


def test_every_script_is_a_figure_and_every_figure_a_script():
    scripts = {path.name for path in files(figures).iterdir() if path.name.endswith(".js")}
    others = {"frame.js", "still.js", "explore.js", "explore-widget.js"}  # these two are of viz/notebook.py
    assert scripts - others == {f"{name}.js" for name in FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_one_lesson_holds_it_and_the_gallery_names_it(name):
    tutorials = Path(__file__).parents[2] / "tutorials"
    framed = rf'<iframe class="figure" src="figures/{name}\.html" loading="lazy"\n#   title="[^"]+"></iframe>'
    (lesson,) = (path for path in tutorials.glob("[0-9]*.py") if re.search(framed, path.read_text(encoding="utf-8")))
    row = re.search(
        rf'<a href="figures/{name}\.html">{name}</a> \| .* \| \[\d+\]\((.*)\) \|',
        (tutorials / "gallery.md").read_text(),
    )
    assert row and row[1] == lesson.name


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
    arc = np.array(next(mark for mark in marks if mark["kind"] == "curve" and mark["role"] == "d")["points"])
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


# 2: g and its shadow


@node
@pytest.mark.parametrize("name", ["linear", "neuron"])
@pytest.mark.parametrize("decay", [0, 0.4])
def test_the_shadow_is_the_projection_of_lesson_2s_gradient(name, decay):
    rng = np.random.default_rng(0)
    rng.standard_normal((3, 4)), rng.standard_normal(3)
    loss = {"linear": losses.linear(rng), "neuron": losses.neuron(np.random.default_rng(1))}[name]
    y = sphere.random_point((3,), np.random.default_rng(5))
    said, marks, limits = run(
        "gradient",
        "return [shown.sentence(state), shown.marks(state), shown.loss(state).limits]",
        state={"y": y, "loss": name, "decay": decay},
    )
    value, g = loss(y)
    g = g + decay * y
    h = sphere.project(y, g)
    vectors = {mark["role"]: np.array(mark["v"]) for mark in marks if mark["kind"] == "vector"}
    np.testing.assert_allclose(vectors["g"], -g, atol=1e-13)
    np.testing.assert_allclose(vectors["h"], -h, atol=1e-13)
    lean = np.degrees(np.arcsin(abs(y @ g) / np.linalg.norm(g)))
    want = [round(value, 3), round(np.linalg.norm(g), 2), round(lean, 1), round(np.linalg.norm(h), 2)]
    assert numbers_of(said) == [x for x in want if x > 0.05]
    assert ("tangent, so" in said) == (name == "neuron" and not decay)
    np.testing.assert_allclose(limits, lossmap.limits(loss), atol=1e-12)


# 3: a step, walked, straight, put back


@node
@pytest.mark.parametrize("length", [0.02, 1.0, 3.1, 3.6])
def test_a_step_goes_where_exp_and_the_retraction_go(length):
    said, marks = run("step", "return [shown.sentence(state), shown.marks(state)]", state={"length": length})
    y, d = np.array([0.0, 1.0, 0.0]), np.array([length, 0.0, 0.0])
    points = {mark["role"]: mark["at"] for mark in marks if mark["kind"] == "point" and mark.get("label") != "y"}
    ends = sphere.exp(y, d), sphere.normalize(y + d)
    np.testing.assert_allclose(points["arc"], ends[0], atol=1e-14)
    np.testing.assert_allclose(points["h"], ends[1], atol=1e-14)
    far = [np.degrees(sphere.distance(y, x)) for x in ends]
    walk = np.degrees(length)
    want = [length, walk, np.linalg.norm(y + d), far[1], walk - far[1]]
    if length > np.pi:
        want.append(far[0])  # the shortest way
    np.testing.assert_allclose(numbers_of(said), want, atol=0.0501)


# 4: a frame around a triangle


@node
@pytest.mark.parametrize("seed", range(4))
def test_around_a_triangle_the_frame_turns_by_girards_area(seed):
    a, b, c = sphere.random_point((3, 3), np.random.default_rng(seed)).T
    marks, projected, said = run(
        "triangle",
        "return [shown.marks(state, 0), shown.marks(state, 1), shown.sentence(state)]",
        state={"a": a, "b": b, "c": c, "s": 3},
    )
    area = excess([a, b, c])
    arrow = {
        role: next(np.array(m["v"]) for m in marks if m["kind"] == "vector" and m["role"] == role)
        for role in ("guide", "d", "frame")
    }
    turned = sphere.transport(c, sphere.log(c, a), sphere.transport(b, sphere.log(b, c), sphere.transport(
        a, sphere.log(a, b), arrow["guide"])))  # fmt: skip
    np.testing.assert_allclose(arrow["d"], turned, atol=1e-12)
    assert abs(arrow["d"] @ arrow["frame"]) < 1e-12
    thrown = arrow["guide"]
    for x in (b, c, a):
        thrown = sphere.project(x, thrown)
    left = next(np.array(m["v"]) for m in projected if m["kind"] == "vector" and m["role"] == "d")
    np.testing.assert_allclose(left, thrown, atol=1e-12)
    signed = np.arctan2(a @ np.cross(arrow["guide"], turned), arrow["guide"] @ turned)
    full = (signed - area * np.sign(a @ np.cross(b, c))) / (2 * np.pi)
    assert abs(full - round(full)) < 1e-12
    told = numbers_of(said)
    np.testing.assert_allclose(told[:3], np.degrees([np.pi + area, area, area]), atol=0.0501)
    assert told[3] == round(100 * np.linalg.norm(thrown) / np.linalg.norm(arrow["guide"]))
    assert ("counterclockwise" in said) == (a @ np.cross(b, c) > 0)


@node
def test_on_the_way_the_frame_is_where_the_walk_is():
    state = run("triangle", "return {...shown.start, s: 1.4}")
    marks = run("triangle", "return shown.marks(state, 0)", state=state)
    b, c = np.array(state["b"]), np.array(state["c"])
    here = sphere.exp(b, 0.4 * sphere.log(b, c))
    at = next(m["at"] for m in marks if m["kind"] == "vector" and m["role"] == "d")
    np.testing.assert_allclose(at, here, atol=1e-12)
    path = np.array(next(m["points"] for m in marks if m["kind"] == "curve" and m["role"] == "arc"))
    np.testing.assert_allclose(path[[0, -1]], [state["a"], here], atol=1e-12)


@node
def test_a_corner_does_not_come_on_another_or_its_antipode():
    got = run(
        "triangle",
        """const {a, b, c} = shown.start, put = (p) => shown.handles(shown.start).a.move(p).a;
        return [put(b), put(times(c, -1)), put(normalize(plus(b, c)))].map((p) => distance(p, a) > 0)""",
    )
    assert got == [False, False, True]


# 6: Adam and Adam-G under a turn of the coordinates


def visited(rule, loss, y, Q):
    """The directions of the library's optimizer in the coordinates Qx, turned back."""
    kind = sphere if rule == "adam-g" else euclidean
    w = nn.Parameter(Q @ y, kind)
    optimizer, seen = optim.Adam([w], 0.1, beta2=0.99), [y]
    for _ in range(20):
        w.grad = Q @ loss(Q.T @ w.value)[1]
        optimizer.step()
        seen.append(Q.T @ sphere.normalize(w.value))
    return np.array(seen)


@node
@pytest.mark.parametrize("angle", [0, 25, 90])
def test_the_paths_are_those_of_the_librarys_adams(angle):
    rng = np.random.default_rng(0)
    loss = losses.neuron(rng)
    y = sphere.random_point((3,), rng)
    start = run("axes", "return shown.start.y")
    np.testing.assert_allclose(start, y, atol=1e-15)
    Q = Rotation.from_rotvec(np.array([0, 0, np.radians(angle)])).as_matrix()
    said, marks = run("axes", "return [shown.sentence(state), shown.marks(state)]", state={"y": y, "angle": angle})
    flat = [visited("adam", loss, y, one) for one in (np.eye(3), Q)]
    trails = [np.array(mark["points"]) for mark in marks if mark["kind"] == "trail"]
    for got, want in zip(trails, [*flat, visited("adam-g", loss, y, Q)], strict=True):
        np.testing.assert_allclose(got, want, atol=1e-9)
    away = np.degrees(sphere.distance(*(path.T for path in flat)))
    np.testing.assert_allclose(numbers_of(said)[2:], [away.max(), away[-1], 0], atol=0.0501)
    drawn = np.array([mark["at"] for mark in marks if mark["kind"] == "vector"])
    np.testing.assert_allclose(drawn, Q, atol=1e-12)  # row i of Q is axis i of the coordinates Qx


# 10: columns that repel


@node
@pytest.mark.parametrize("p, alpha", [(2, 2.0), (3, 0.1), (8, 1.0)])
def test_the_columns_repel_as_the_library_has_it(p, alpha):
    W = np.array(data("repel")["columns"][:p]).T
    said, marks = run(
        "repel",
        "const it = {...shown.start, ...state}; return [shown.sentence(it), shown.marks(it)]",
        state={"p": p, "alpha": alpha, "step": 30},
    )
    weight = nn.Parameter(W, sphere)
    sgd_g = optim.SGD([weight], 0.02, 0.5, orthogonality=alpha)
    for _ in range(30):
        weight.grad = np.zeros((3, p))
        sgd_g.step()
    ends = np.array([mark["at"] for mark in marks if mark["kind"] == "point"]).T
    np.testing.assert_allclose(ends, weight.value, atol=1e-12)
    lines_apart = [np.degrees(lines.distance(ends[:, i], ends[:, j])) for i in range(p) for j in range(i)]
    told = numbers_of(said.replace("² ", " "))
    assert told[:2] == [p, 30] and abs(told[-1] - min(lines_apart)) < 0.0501
    want = [2 * optim.orthogonality(weight.value, 1.0), 2 * optim.orthogonality(W, 1.0)]
    np.testing.assert_allclose(told[2:4], want, atol=0.00501)
    if p > 3:
        assert told[5] == round(optim.welch_bound(3, p), 2)


@node
def test_a_dragged_column_begins_a_new_walk_from_where_all_are():
    now, after, others = run(
        "repel",
        """const at = Object.values(shown.handles(shown.start)).map(({at}) => at);
        const next = shown.handles(shown.start)[2].move([0, 0, 1]);
        return [at, Object.values(shown.handles(next)).map(({at}) => at), [next.step, next.columns.slice(3)]]""",
    )
    assert after == [now[0], [0, 0, 1], now[2]] and others == [0, data("repel")["columns"][3:]]


# 13: two planes


@node
@pytest.mark.parametrize("seed", range(4))
def test_the_angle_of_two_planes_is_their_second_principal_angle(seed):
    rng = np.random.default_rng(seed)
    n, m = sphere.random_point((3, 2), rng).T
    said, marks = run("planes", "return [shown.sentence(state), shown.marks(state)]", state={"n": n, "m": m, "s": 0.3})
    Y, X = (np.linalg.svd(k[None])[2][1:].T for k in (n, m))  # bases of what is at right angles to each
    angles = subspaces.principal_angles(Y, X)
    told = numbers_of(said)
    assert told[0] == 0 and abs(angles[0]) < 1e-7
    np.testing.assert_allclose(told[1], np.degrees(angles[1]), atol=0.0501)
    assert told[2] == round(subspaces.distance(Y, X), 2)
    vectors = [np.array(mark["v"]) for mark in marks if mark["kind"] == "vector"]
    np.testing.assert_allclose([vectors[0] @ n, vectors[1] @ m], 0, atol=1e-12)
    np.testing.assert_allclose(sphere.distance(*vectors), angles[1], atol=1e-12)
    middle = [np.array(mark["normal"]) for mark in marks if mark["kind"] == "disc"][2]
    between = subspaces.exp(Y, 0.3 * subspaces.log(Y, X))
    np.testing.assert_allclose(middle @ between, 0, atol=1e-12)


# 12: weight decay as a rate


@node
@pytest.mark.parametrize("decay", [0.0, 0.05, 0.15])
def test_two_runs_are_one(decay):
    state = run("decay", "return shown.start") | {"decay": decay, "step": 25}
    said, marks = run("decay", "return [shown.sentence(state), shown.marks(state)]", state=state)
    p, q = (nn.Parameter(np.array(state["w"])[:, None]) for _ in range(2))
    with_decay = optim.SGD([p], 0.2, 0.0, weight_decay=decay)
    growing, a = optim.SGD([q], 0.2, 0.0), 1 - 0.2 * decay
    for t in range(25):
        for w in (p, q):
            w.grad = np.append(lesson_1(w.value[:, 0])[1], 0.0)[:, None]
        growing.factor = a ** (-2 * t - 1)
        with_decay.step(), growing.step()
    ends = {m["role"]: np.array(m["points"])[-1] for m in marks if m["kind"] == "trail"}
    np.testing.assert_allclose(ends["decay"], p.value[:, 0], atol=1e-12)
    np.testing.assert_allclose(ends["sgd"], q.value[:, 0], atol=1e-12)
    np.testing.assert_allclose(p.value, a**25 * q.value, atol=1e-12)
    assert ("has grown" in said) == (decay > 0)
    want = [25, 0.2, np.linalg.norm(p.value), 0.2 * a**-49, np.linalg.norm(q.value), 0]
    np.testing.assert_allclose(numbers_of(said), want, atol=0.00501)


@node
def test_no_run_leaves_the_picture():
    longest = run(
        "decay",
        """const ends = Array.from({length: 60}, (_, i) => {
          const a = i * Math.PI / 30, w = [1.1 * Math.cos(a), 1.1 * Math.sin(a), 0];
          return shown.marks({w, decay: 0.15, step: 40}).filter(({kind}) => kind === "trail")
            .flatMap(({points}) => points.map(norm)) });
        return Math.max(...ends.flat())""",
    )
    assert longest < 2.42


# 8: a window is a row


@node
@pytest.mark.parametrize("kernel", ["edge", "floor", "mean"])
def test_the_windows_are_numpys_and_the_output_is_the_librarys(kernel):
    given = data("window")
    image, weights = np.array(given["image"], dtype=float), np.array(given["kernels"][kernel])
    said, marks = run(
        "window", "return [shown.sentence(state), shown.marks(state)]", state={"row": 3, "column": 5, "kernel": kernel}
    )
    picture, rows, output = (np.array(mark["values"]) for mark in marks if mark["kind"] == "cells")
    view = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    want = ops.conv2d(image[None, :, :, None], weights[:, :, None, None])[0][0, :, :, 0]
    np.testing.assert_array_equal(picture, image)
    np.testing.assert_array_equal(rows, view.reshape(36, 9))
    np.testing.assert_allclose(output, want, atol=1e-12)
    copies = fold(np.ones((1, 6, 6, 3, 3, 1)), (8, 8), 1)[0, :, :, 0]
    assert numbers_of(said) == [4, 6, 3 * 6 + 5 + 1, round(want[3, 5], 2), copies[4, 6]]


def test_the_image_is_a_digit():
    image = pytest.importorskip("sklearn.datasets").load_digits().images[3]
    assert image.max() < 16 and data("window")["image"] == image.tolist()


# 5: SGD-G in seven stages


@node
@pytest.mark.parametrize("nu", [0.2, 1.0])
def test_seven_stages_are_a_step_of_the_library(nu):
    start = run("stages", "return shown.start") | {"eta": 0.7, "gamma": 0.6, "nu": nu, "stage": 0}
    loss = losses.neuron(np.random.default_rng(101), eps=widget.EPS)
    states, marks, said = run(
        "stages",
        """const all = [start], next = shown.controls.find(({label}) => label === "next stage").press;
        for (let i = 0; i < 7; i++) all.push(next(all[i]));
        return [all, all.slice(0, 7).map((one) => shown.marks(one)), all.slice(0, 7).map(shown.sentence)]""",
        start=start,
    )
    y, tau = np.array(start["y"]), np.array(start["tau"])
    step = take(loss, y, tau, 0.7, 0.6, nu)
    after, carried = sphere.move(y, step.d, step.d)
    assert [one["stage"] for one in states] == [0, 1, 2, 3, 4, 5, 6, 0]
    np.testing.assert_allclose(states[7]["y"], after, atol=1e-12)
    np.testing.assert_allclose(states[7]["tau"], carried, atol=1e-12)

    def vectors(stage):
        return {m["label"]: np.array(m["v"]) for m in marks[stage] if m["kind"] == "vector"}

    np.testing.assert_allclose(vectors(2)["−g"], -step.g, atol=1e-12)
    np.testing.assert_allclose(vectors(3)["−h"], -step.h, atol=1e-12)
    cut = np.linalg.norm(step.h) > nu
    np.testing.assert_allclose(vectors(4)["−ηĥ" if cut else "−ηh"], -0.7 * step.clipped, atol=1e-12)
    np.testing.assert_allclose(vectors(4)["γτ"], 0.6 * tau, atol=1e-12)
    np.testing.assert_allclose(vectors(4)["d"], step.d, atol=1e-12)
    np.testing.assert_allclose(vectors(6)["τ"], carried, atol=1e-12)
    turned = np.linalg.norm(step.d)
    want = [6, 7, turned, np.degrees(turned), step.value, loss(after)[0]]
    np.testing.assert_allclose(numbers_of(said[5]), want, atol=0.0501)
    assert ("clipped" in said[4]) == cut


@node
def test_a_dragged_y_takes_its_momentum_along():
    start, moved = run("stages", "return [shown.start, shown.handles(shown.start).y.move([0.6, 0, 0.8])]")
    y, tau = np.array(start["y"]), np.array(start["tau"])
    want = sphere.transport(y, sphere.log(y, np.array([0.6, 0, 0.8])), tau)
    np.testing.assert_allclose(moved["tau"], want, atol=1e-12)
    assert run("stages", "return Object.keys(shown.handles({...shown.start, stage: 5}))") == []


# 9: how many seeds


@node
@pytest.mark.parametrize("n", [2, 12, 60])
@pytest.mark.parametrize("a, b", [("SGD-G", "SGD"), ("SGD one rate", "SGD"), ("SGD-G", "SGD-G")])
def test_the_interval_is_students(a, b, n):
    said, marks = run("seeds", "return [shown.sentence(state), shown.marks(state)]", state={"a": a, "b": b, "n": n})
    wrong = [np.array(RESULTS["arms"][name.replace("SGD", "sgd").replace("-G", "-g")]["wrong"][:n]) for name in (a, b)]
    d = wrong[0] - wrong[1]
    low, high = stats.ttest_1samp(d, 0).confidence_interval() if d.std() else (d.mean(), d.mean())
    told = numbers_of(said.replace("%", ""))
    np.testing.assert_allclose(
        told, [n, d.mean(), RESULTS["of"], 95, low, high, *([0] if a != b else [])], atol=0.00501
    )
    assert a == b or ("holds 0" in said) == (low <= 0 <= high)
    drawn = [m for m in marks if m["kind"] == "point" and m["role"] == "h"]
    assert sorted(m["at"][0] for m in drawn) == sorted(np.clip(d, -11, 11).tolist())
    assert len({tuple(m["at"]) for m in marks if m["kind"] == "point"}) == 61  # no dot hides another


# 16: epoch by epoch


@node
@pytest.mark.parametrize("kind, digits", [("angle", 4), ("norm", 2), ("wrong", 1)])
def test_the_curves_are_the_stored_results(kind, digits):
    state = {"kind": kind, "a": "SGD-G", "b": "SGD clip", "epoch": 3}
    said, marks = run("epochs", "return [shown.sentence(state), shown.marks(state)]", state=state)
    arms = [RESULTS["arms"][name] for name in ("sgd-g", "sgd clip")]
    curves = [np.mean(one["errors"], axis=0) if kind == "wrong" else np.array(one[kind]) for one in arms]
    p, q = (curve[2] for curve in curves)
    told = numbers_of(said)
    want = [3, p, *([RESULTS["of"]] if kind == "wrong" else []), q, p / q]
    np.testing.assert_allclose(told, want, atol=0.505 * 10.0 ** -min(digits, 2))
    np.testing.assert_allclose(told[1], p, atol=0.505 * 10.0**-digits)
    drawn = {mark["role"]: np.array(mark["points"]) for mark in marks if mark["kind"] == "trail"}
    logs, heights = np.log10(np.concatenate(curves)), np.concatenate([drawn["sgd-g"][:, 1], drawn["sgd"][:, 1]])
    slope, level = np.polyfit(logs, heights, 1)
    assert slope > 0
    np.testing.assert_allclose(heights, slope * logs + level, atol=1e-3)  # the means are rounded
    assert all(0 <= y <= 9 for points in drawn.values() for y in points[:, 1])


@node
def test_a_curve_has_the_colour_of_its_optimizer_and_of_two_of_one_the_second_is_pale():
    def looks(a, b):
        state = {"kind": "wrong", "a": a, "b": b, "epoch": 3}
        marks = run("epochs", "return shown.marks(state)", state=state)
        return [(m["role"], m["alpha"]) for m in marks if m["kind"] == "trail"][::-1]

    assert looks("Adam", "SGD") == [("adam", 1), ("sgd", 1)]
    assert looks("Adam-G", "SGD-G") == [("adam-g", 1), ("sgd-g", 1)]
    assert looks("SGD clip", "SGD") == [("sgd", 1), ("sgd", 0.5)]


# 7: what batch normalization hands back


def batch(**changed):
    return run("pullback", "return shown.start") | changed


@node
@pytest.mark.parametrize("stretch", [0.5, 1.0, 1.5])
def test_the_pullback_is_the_librarys_and_what_it_takes_away_is_the_best_line(stretch):
    state = batch(z=[0.3, -1.9, 1.2, 0.7], dy=[1.1, 0.2, -0.9, -1.7], stretch=stretch)
    said, marks = run("pullback", "return [shown.sentence(state), shown.marks(state)]", state=state)
    z, dy = stretch * np.array(state["z"])[:, None], np.array(state["dy"])[:, None]
    y, pullback = ops.batch_norm(z, eps=0.0)
    slope, level = np.polyfit(y[:, 0], dy[:, 0], 1)
    told = numbers_of(said.replace("− ", "−"))
    want = [level, slope, 1 / z.std(), *pullback(dy)[:, 0], 0, 0]
    np.testing.assert_allclose(told, want, atol=0.00501)
    left = np.array([m["v"][1] for m in marks if m["kind"] == "segment" and m["role"] == "h"])
    np.testing.assert_allclose(left / z.std(), pullback(dy)[:, 0], atol=1e-12)
    ends = np.array(next(m["points"] for m in marks if m["kind"] == "path"))
    np.testing.assert_allclose(ends[:, 1], level + slope * (ends[:, 0] - z.mean()) / z.std(), atol=1e-12)
    points = np.array([m["at"] for m in marks if m["kind"] == "point"])
    np.testing.assert_allclose(points[:, :2], np.column_stack([z, dy]), atol=1e-15)


@node
def test_of_points_on_a_line_nothing_is_left():
    """dy = 1, dy = y, and no other dy here: what each button makes, and what is said of it."""
    ones, same, some = run(
        "pullback",
        """return [...shown.controls.filter(({press}) => press).map(({press}) => press(shown.start)), shown.start]
        .map((state) => [state.dy, shown.sentence(state)])""",
    )
    z = np.array(data("pullback")["z"])
    np.testing.assert_allclose(ones[0], 1)
    np.testing.assert_allclose(same[0], (z - z.mean()) / z.std(), atol=1e-12)
    assert "Nothing is left" in ones[1] and "Nothing is left" in same[1] and "Nothing is left" not in some[1]


@node
def test_a_dragged_number_keeps_a_deviation():
    far, flat = run(
        "pullback",
        """const move = (state, i, p) => shown.handles(state)[i].move(p), twins = {...shown.start, z: [0, 0, 0, 2]};
        return [move({...shown.start, stretch: 0.5}, 2, [9, -9, 0]), move(twins, 4, [0.1, 0.3, 0])]""",
    )
    assert far["z"][1] == 2 and far["dy"][1] == -1.8 and far["stretch"] == 0.5
    assert flat["z"] == [0, 0, 0, 2] and flat["dy"][3] == 0.3


# 11: which lengths a normalization forgets


def loss_of_lengths(norm, a, b):
    """Its value and the gradient by (a, b), by the library's ops."""
    given = data("lengths")
    student, teacher = np.array(given["student"]).T, np.array(given["teacher"]).T
    one, lengths = np.ones(3), np.array([a, b, b])
    norms = {
        "none": lambda z: (z, lambda dy: [dy]),
        "batch": lambda z: ops.batch_norm(z, eps=0.0),
        "layer": lambda z: ops.layer_norm(z, one, 0 * one, eps=0.0),
        "rms": lambda z: ops.rms_norm(z, one, eps=0.0),
    }
    if norm == "weight":
        w, pullback = ops.weight_norm(np.diag(lengths), one)
        out, wanted = student @ w, teacher
        by_length = np.diag(pullback(student.T @ (out - wanted) / len(out))[0])
    else:
        (out, pullback), wanted = norms[norm](student * lengths), norms[norm](2 * teacher)[0]
        back = pullback((out - wanted) / len(out))
        by_length = ((back[0] if norm in ("none", "layer", "rms") else back) * student).sum(axis=0)
    return np.sum((out - wanted) ** 2) / len(out) / 2, np.array([by_length[0], by_length[1:].sum()])


@node
@pytest.mark.parametrize("norm", ["none", "weight", "batch", "layer", "rms"])
def test_the_loss_of_lengths_is_the_librarys_and_its_arrows_go_downhill(norm):
    a, b = 0.7, 2.2
    said, marks = run(
        "lengths", "return [shown.sentence(state), shown.marks(state)]", state={"lengths": [a, b], "norm": norm}
    )
    want = [loss_of_lengths(norm, *at)[0] for at in ((a, b), (2 * a, b), (2 * a, 2 * b))]
    told = numbers_of(said.replace("column 1", "").replace("Column 1", ""))
    np.testing.assert_allclose(told, [a, b, *want], atol=0.000501)
    assert said.count("the same") == {"none": 0, "layer": 1, "rms": 1}.get(norm, 2)
    assert norm not in ("layer", "rms") or said.endswith("the same.")
    big = next(np.array(m["v"]) for m in marks if m["kind"] == "vector" and m["role"] == "g")
    np.testing.assert_allclose(big[:2], -0.8 * loss_of_lengths(norm, a, b)[1], atol=1e-6)
    arrows = [m for m in marks if m["kind"] == "vector" and m["role"] == "h"]
    assert len(arrows) == (0 if norm in ("weight", "batch") else 49)
    for arrow in arrows:
        way = np.array(arrow["v"][:2]) / 0.3
        at = np.array(arrow["at"][:2]) + 0.15 * way
        g = loss_of_lengths(norm, *at)[1]
        np.testing.assert_allclose(way, -g / np.linalg.norm(g), atol=1e-5)
        assert norm == "none" or abs(way @ at) < 1e-5  # no part along the ray


# 14: how many units share a sum


def lists(p):
    """The figure's 16 lists of 2^p numbers, float32, as rows."""
    x, columns = np.arange(16, dtype=np.uint64), []
    for _ in range(2**p):
        x = (1664525 * x + 1013904223) % 2**32
        columns.append((x >> 8) / 2**24)
    return np.array(columns, dtype=np.float32).T


@node
@pytest.mark.parametrize("p, q", [(5, 5), (12, 0), (12, 6), (7, 12)])
def test_the_sums_of_many_units_round_as_float32(p, q):
    asked = "[shown.sentence(state), shown.marks(state), shown.controls[1].text(state.q, state)]"
    said, marks, units = run("adders", f"return {asked}", state={"p": p, "q": q})
    assert units == str(2 ** min(p, q))  # no more than there are numbers
    numbers = lists(p)
    exact = numbers.astype(float).sum(axis=1)

    def off(sums):
        return np.sqrt(np.mean((sums / exact - 1) ** 2))

    want = []
    for k in 2 ** np.arange(p + 1):
        sums = np.cumsum(numbers.reshape(16, -1, k), axis=1)[:, -1]
        want.append(off(np.cumsum(sums, axis=1)[:, -1]))
    halves = numbers
    while halves.shape[1] > 1:
        halves = sum(np.split(halves, 2, axis=1))
    curve = np.array(next(m["points"] for m in marks if m["kind"] == "trail"))
    np.testing.assert_allclose(curve[:, 0], np.arange(p + 1), atol=1e-12)
    np.testing.assert_allclose(curve[:, 1], 3.5 * (np.log10(want) + 8), atol=1e-9)
    assert np.all((curve[:, 1] > 0) & (curve[:, 1] < 7))
    errors = [want[min(p, q)], want[0], off(halves[:, 0])]
    powers = re.findall(r"(\d\.\d)·10⁻([⁰¹²³⁴⁵⁶⁷⁸⁹])", said)
    told = [float(digits) * 10.0 ** -"⁰¹²³⁴⁵⁶⁷⁸⁹".index(power) for digits, power in powers]
    np.testing.assert_allclose(told, errors, rtol=0.051)
    assert p < 12 or (min(want) < want[0] / 5 and want[-1] == want[0])  # as the lesson says: not too few, nor too many


# 15: bugs of the transport


def by_projection(y, h, v):
    return sphere.project(sphere.exp(y, h), v)


def flipped(y, h, v):
    n = np.linalg.norm(h)
    return v - (h @ v / n) * (-np.sin(n) * y + 2 * np.sin(n / 2) ** 2 * h / n)


BUGS = {
    "right": sphere.transport,
    "projected": by_projection,
    "stretched": lambda y, h, v: sphere.normalize(by_projection(y, h, v)) * np.linalg.norm(v),
    "flipped": flipped,
    "unchanged": lambda y, h, v: v,
}


@node
@pytest.mark.parametrize("phi", [0, 50, 90, 180])
@pytest.mark.parametrize(
    "bug, tells", [("right", ""), ("projected", "li"), ("stretched", "i"), ("flipped", "t"), ("unchanged", "t")]
)
def test_what_came_is_numpys_and_its_identities_tell(bug, tells, phi):
    """Which of t(angent), l(ength), i(nner product); at 90 degrees none, and along the walk a length put right is."""
    y, x = sphere.random_point((3, 2), np.random.default_rng(3)).T
    said, marks = run(
        "planted", "return [shown.sentence(state), shown.marks(state)]", state={"y": y, "x": x, "bug": bug, "phi": phi}
    )
    h = sphere.log(y, x)
    u, a = sphere.normalize(h), np.radians(phi)
    v = np.cos(a) * u + np.sin(a) * np.cross(y, u)
    want, got, along = sphere.transport(y, h, v), BUGS[bug](y, h, v), BUGS[bug](y, h, u)
    drawn = {m["role"]: np.array(m["v"]) for m in marks if m["kind"] == "vector"}
    for role, vector in (("h", v), ("frame", want), ("g", got)):
        np.testing.assert_allclose(drawn[role], 0.6 * vector, atol=1e-12)
    told, off = said.split("Off by: ")
    apart = np.degrees(np.arctan2(np.linalg.norm(np.cross(want, got)), want @ got))
    np.testing.assert_allclose(
        numbers_of(told), [np.degrees(np.linalg.norm(h)), np.linalg.norm(got), apart], atol=0.0501
    )
    errors = {"tangent": x @ got, "length": np.linalg.norm(got) - 1, "inner product": got @ along - v @ u}
    loud = "" if phi == 90 else tells if phi == 50 else tells.replace("i", "") if bug == "stretched" else tells
    for name, error in errors.items():
        digit, power = re.search(rf"{name} (\d+)(?:·10([⁰¹²³⁴⁵⁶⁷⁸⁹]+))? eps", off).groups()
        value = int(digit) * 10 ** sum("⁰¹²³⁴⁵⁶⁷⁸⁹".index(c) * 10**i for i, c in enumerate(reversed(power or "⁰")))
        assert (value > 1e9) == (name[0] in loud) == (abs(error) > 1e-9)
        np.testing.assert_allclose(value * np.finfo(float).eps, abs(error), rtol=0.34, atol=1e-14)


# 17: a step that need not be tangent


@node
@pytest.mark.parametrize("a", [0, 40, 90, 150])
def test_hyperball_and_sgd_g_turn_as_the_library_has_it(a):
    eta, angle = 0.55, np.radians(a)
    said, marks = run("hyperball", "return [shown.sentence(state), shown.marks(state)]", state={"eta": eta, "a": a})
    W, U = np.array([0.0, 1.0, 0.0]), np.array([-np.sin(angle), np.cos(angle), 0.0])
    ends = {"h": sphere.normalize(W - eta * U), "arc": sphere.exp(W, -eta * sphere.project(W, U))}
    points = {m["role"]: m["at"] for m in marks if m["kind"] == "point"}
    for role, end in ends.items():
        np.testing.assert_allclose(points[role], end, atol=1e-14)
    np.testing.assert_allclose(points["d"], W - eta * U, atol=1e-14)
    put, walked = (np.degrees(sphere.distance(W, end)) for end in ends.values())
    want = [eta, a, np.linalg.norm(W - eta * U), put, np.degrees(np.arcsin(eta)), eta * np.sin(angle), walked]
    np.testing.assert_allclose(numbers_of(said), want, atol=0.0501)
    assert a <= 90 or put < walked  # as the lesson says: a step that lengthens W
    assert a != 40 or put > walked


@node
def test_a_dragged_step_has_an_angle_and_a_rate_that_can_be_drawn():
    got = run(
        "hyperball", "return [[0.5, 1, 0], [-3, 0.4, 0], [0, 1, 0]].map((p) => shown.handles(shown.start).u.move(p))"
    )
    assert got[0] == {"eta": 0.5, "a": 90} and got[1] == {"eta": 0.6, "a": 0} and got[2]["eta"] == 0.05


# the still


def still_of(name):
    return figures.page(name, RESULTS).partition("</noscript>")[0].partition("<noscript>")[2]


@node
@pytest.mark.parametrize("name", FIGURES)
def test_without_javascript_the_start_is_seen_with_its_labels_over_its_sentence(name):
    views, said = run(
        name, "return [shown.views.map((_, i) => shown.marks(shown.start, i)), shown.sentence(shown.start)]"
    )
    still = still_of(name)
    assert still.count("<svg ") == len(views) and re.sub(r"\*(.+?)\*", r"<i>\1</i>", said) in still
    for svg, marks in zip(re.findall(r"<svg .*?</svg>", still, re.S), views, strict=True):
        tree = ElementTree.fromstring(re.sub(r"\bstyle=", "class=", svg))
        words = {one.text for one in tree.iter("text")}
        assert words == {text for mark in marks if (text := mark.get("label") or mark.get("text"))}
        wide, tall = map(int, tree.get("viewBox").split()[2:])
        assert all(0 <= int(one.get("x")) <= wide and 0 <= int(one.get("y")) <= tall for one in tree.iter("text"))
        assert "NaN" not in svg and "undefined" not in svg and "Object" not in svg


@node
def test_the_sphere_of_a_still_has_the_colours_of_the_loss():
    given = data("gradient")
    picture = base64.b64decode(re.search(r"base64,([^\"]*)", still_of("gradient"))[1])
    got = np.array(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)[::-1]
    n, numbers = len(got), given["losses"]["linear"]["numbers"]
    loss = losses.of_moments(np.array(numbers["R"]), np.array(numbers["c"]), numbers["eps"])
    azimuth, elevation = given["camera"]
    towards = [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
    want = lossmap.coloured(loss, lossmap.limits(loss), Camera(np.array(towards)), n)
    seen = want[..., 3] > 0
    assert n >= 64 and np.abs(got - want[..., :3])[seen].max() <= 2  # a step of the palette


def test_without_node_there_are_words_and_a_broken_script_is_told(monkeypatch):
    if shutil.which("node"):
        with pytest.raises(RuntimeError, match="node: ReferenceError: nothing is not defined"):
            figures.still.drawn("nothing();", "{}")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    page = figures.page("length")
    assert "<svg" not in page and "To drag it needs JavaScript" in page
