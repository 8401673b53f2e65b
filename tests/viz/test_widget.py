"""The widget without a browser: its page as a file, and its JavaScript against NumPy, through node."""

import json
import re
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grassmann_np import nn, optim
from grassmann_np.geometry import sphere
from viz import lossmap, widget
from viz.__main__ import main
from viz.camera import Camera
from viz.losses import neuron

EPS = np.finfo(float).eps
node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node: install nodejs")
few = settings(max_examples=8, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def run(code, **given):
    """What the JavaScript `code` returns, with the page's files before it, but app.js, and `given` as variables."""
    parts = [(files(widget) / name).read_text(encoding="utf-8") for name in widget.SCRIPTS if name != "app.js"]
    body = f"const {{{', '.join(given)}}} = JSON.parse(require('fs').readFileSync(0)); {code}"
    script = "\n".join(['"use strict";', *parts, f"console.log(JSON.stringify((() => {{ {body} }})()));"])
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(given, default=np.ndarray.tolist), text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def cases(seed, n=60):
    """Columns: points y, tangent h, of length 0 and 1e-300 to 40, points x = exp_y(h), tangent v, gradients g."""
    rng = np.random.default_rng(seed)
    y, g = (sphere.random_point((3, n), rng) for _ in range(2))
    lengths = np.concatenate([[0.0, 1e-300, 1e-160, np.pi, 2 * np.pi, 40], 10 ** rng.uniform(-16, 1, n - 6)])
    h = sphere.normalize(sphere.random_tangent(y, rng)) * lengths
    return y, sphere.exp(y, h), h, sphere.random_tangent(y, rng), g * 10 ** rng.uniform(-8, 8, n)


@node
@given(seeds)
@few
def test_the_geometry_is_numpys(seed):
    y, x, h, v, g = cases(seed)
    got = run(
        """return y.map((p, i) => ({
      normalize: normalize(h[i]), project: project(p, g[i]), exp: exp(p, h[i]), transport: transport(p, h[i], v[i]),
      norm: norm(h[i]), distance: distance(p, x[i]), along: along(p, h[i], 0.3)}))""",
        y=y.T,
        x=x.T,
        h=h.T,
        v=v.T,
        g=g.T,
    )
    theta, length = sphere.norm(y, h), sphere.norm(y, v)
    expected = {  # name: (NumPy's, the scale of a rounding error)
        "normalize": (h / np.where(theta > 0, theta, 1), 1),
        "project": (sphere.project(y, g), sphere.norm(y, g)),
        "exp": (sphere.exp(y, h), 1 + theta),
        "transport": (sphere.transport(y, h, v), (1 + theta) * length),
        "norm": (theta, theta),
        "distance": (sphere.distance(y, x), np.pi),
        "along": (sphere.exp(y, 0.3 * h), 1 + theta),
    }
    for name, (want, scale) in expected.items():
        error = np.abs(np.array([row[name] for row in got]).T - want)
        assert np.all(error <= 8 * EPS * scale), (name, error.max())


@node
@given(seeds)
@few
def test_the_camera_is_vizs(seed):
    rng = np.random.default_rng(seed)
    camera = Camera(rng.standard_normal(3))
    p, v = rng.standard_normal((3, 40)), 2 * rng.standard_normal((3, 40))
    y, d = sphere.random_point((3,), rng), 3 * rng.standard_normal(3)
    curve = np.stack([sphere.exp(y, sphere.project(y, d) * s) for s in np.linspace(0, 1, 80)], axis=1)
    got = run(
        """const camera = looking(c);
      return {direction: camera.direction, screen: p.map((q) => camera.screen(q)), depth: p.map((q) => camera.depth(q)),
              hidden: p.map((q) => [camera.hidden(q, true), camera.hidden(q, false)]),
              segments: p.map((q, i) => camera.splitSegment(q, v[i])), curve: camera.splitCurve(curve)}""",
        c=camera.direction,
        p=p.T,
        v=v.T,
        curve=curve.T,
    )
    np.testing.assert_allclose(got["direction"], camera.direction, atol=1e-15)
    np.testing.assert_allclose(np.array(got["screen"]).T, camera.screen(p), atol=1e-14)
    np.testing.assert_allclose(got["depth"], camera.depth(p), atol=1e-14)
    np.testing.assert_array_equal(np.array(got["hidden"]).T, [camera.hidden(p, True), camera.hidden(p, False)])
    for i, parts in enumerate(got["segments"]):
        total = 0.0
        for hidden, pieces in ((False, parts["front"]), (True, parts["back"])):
            for piece in pieces:  # how far along the segment its ends are; well inside it, the rule must hold
                start, end = (
                    (np.array(piece) - camera.screen(p[:, i]))
                    @ camera.screen(v[:, i])
                    / np.sum(camera.screen(v[:, i]) ** 2)
                )
                total += end - start
                inside = p[:, i, None] + np.outer(v[:, i], start + (end - start) * np.array([0.01, 0.3, 0.7, 0.99]))
                assert end - start < 1e-6 or np.all(camera.hidden(inside, on_sphere=False) == hidden)
        assert abs(total - 1) < 1e-9
    seen = camera.screen(curve)[:, camera.depth(curve) >= 0].T
    front, back = (
        np.array([q for piece in got["curve"][half] for q in piece]).reshape(-1, 2) for half in ("front", "back")
    )
    limb = front[np.abs(np.hypot(*front.T) - 1) < 1e-12]
    assert len(limb) == np.count_nonzero(np.diff(camera.depth(curve) < 0)) and len(front) == len(seen) + len(limb)
    assert len(back) == len(curve.T) - len(seen) + len(limb)
    assert all(np.any(np.all(np.abs(seen - q) < 1e-12, axis=1)) for q in front if abs(np.hypot(*q) - 1) >= 1e-12)
    assert all(np.any(np.all(back == q, axis=1)) for q in limb)


@node
@given(seeds)
@few
def test_lifting_undoes_the_screen_and_goes_over_the_edge_without_a_jump(seed):
    rng = np.random.default_rng(seed)
    camera, p = Camera(rng.standard_normal(3)), sphere.random_point((3, 50), rng)
    angle = rng.uniform(0, 2 * np.pi, 20)
    rim = np.stack([np.cos(angle), np.sin(angle)])
    got = run(
        """const camera = looking(c);
      return {same: p.map((q) => camera.lift(camera.screen(q), camera.depth(q) < 0 ? -1 : 1)),
              over: [0.999999, 1.000001, 1.5, 2.5].map((s) =>
                rim.map(([x, y]) => [1, -1].map((side) => camera.lift([s * x, s * y], side))))}""",
        c=camera.direction,
        p=p.T,
        rim=rim.T,
    )
    np.testing.assert_allclose(np.array(got["same"]).T, p, atol=1e-7)
    before, after, half, beyond = np.array(got["over"])  # (20, 2, 3) each
    np.testing.assert_allclose(before, after, atol=1e-2)
    np.testing.assert_allclose(np.linalg.norm(half, axis=-1), 1, atol=1e-15)
    np.testing.assert_allclose(half @ camera.direction, np.sqrt(0.75) * np.array([[-1, 1]] * 20), atol=1e-12)
    np.testing.assert_allclose(half @ camera.basis[:, :2], 0.5 * np.stack([rim.T, rim.T], axis=1), atol=1e-12)
    np.testing.assert_allclose(beyond @ camera.direction, np.array([[-1, 1]] * 20), atol=1e-12)


@node
@given(seeds)
@few
def test_the_neuron_is_vizs(seed):
    given = widget.data(seed % 1000)
    loss = neuron(np.random.default_rng(seed % 1000), eps=widget.EPS)
    w = np.random.default_rng(seed).standard_normal((3, 50))
    got = run("return w.map(neuron(numbers))", numbers=given["numbers"], w=w.T)
    value, gradient = loss(w)
    np.testing.assert_allclose([f for f, _ in got], value, atol=1e-14)
    np.testing.assert_allclose(np.array([g for _, g in got]).T, gradient, atol=1e-13)


def steps_of(optimizer, loss, y, n=20):
    """y after each of n steps of the library's optimizer."""
    parameter = nn.Parameter(np.array(y), sphere)
    optimizer, path = optimizer([parameter]), []
    for _ in range(n):
        parameter.grad = loss(parameter.value)[1]
        optimizer.step()
        path.append(parameter.value)
    return np.array(path)


@node
@given(
    st.integers(0, 50),
    st.sampled_from(["sgd-g", "adam-g"]),
    st.floats(0.01, 1),
    st.floats(0, 0.95),
    st.sampled_from([0.1, 0.5, 1e9]),
)
@few
def test_the_steps_are_the_librarys(seed, rule, eta, gamma, nu):
    given, loss = widget.data(seed), neuron(np.random.default_rng(seed), eps=widget.EPS)
    got = run(
        """const loss = neuron(numbers), path = [];
      let state = {y: start, tau: [0, 0, 0], v: 0, steps: 0};
      for (let i = 0; i < 20; i++) { state = take(state, plan(loss, state, options)); path.push(state.y); }
      return path""",
        numbers=given["numbers"],
        start=given["start"],
        options={"rule": rule, "eta": eta, "gamma": gamma, "nu": nu},
    )
    library = {
        "sgd-g": lambda p: optim.SGD(p, eta, momentum=gamma, clip=nu),
        "adam-g": lambda p: optim.Adam(p, eta, beta1=gamma, beta2=0.99, clip=nu),
    }[rule]
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-12)
    # Adam-G divides by |h|, small near the minimum: there a long step stretches the rounding errors of the one before.
    np.testing.assert_allclose(got, steps_of(library, loss, given["start"]), atol=1e-13 if rule == "sgd-g" else 1e-8)


@node
def test_the_marks_are_the_step_ahead_in_space():
    given = widget.data(3)
    loss = neuron(np.random.default_rng(3), eps=widget.EPS)
    y = np.array(given["start"])
    tau = sphere.project(y, np.array([0.3, 0.1, -0.2]))
    options = {"rule": "sgd-g", "eta": 0.7, "gamma": 0.5, "nu": 0.2}
    show = dict.fromkeys(["g", "h", "tau", "d", "plane", "trail"], True)
    list_, sentence = run(
        """const f = neuron(numbers), next = plan(f, state, options);
      const says = {state, trail: [], next, options, walk: null, show};
      return [marks(says), ahead(f, says)]""",
        numbers=given["numbers"],
        state={"y": y, "tau": tau, "v": 0, "steps": 0},
        options=options,
        show=show,
    )
    g = loss(y)[1]
    h = sphere.project(y, g)
    clipped = h * (0.2 / np.linalg.norm(h))
    d = 0.5 * tau - 0.7 * clipped
    vectors = {mark["role"]: np.array(mark["v"]) for mark in list_ if mark["kind"] == "vector"}
    for role, v in {"g": -g, "h": -clipped, "tau": 0.5 * tau, "d": d}.items():
        np.testing.assert_allclose(vectors[role], v, atol=1e-14)
    (arc,) = (np.array(mark["points"]) for mark in list_ if mark["kind"] == "curve")
    np.testing.assert_allclose(arc[[0, -1]], [y, sphere.exp(y, d)], atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(arc, axis=1), 1, atol=1e-14)
    (ring,) = (mark for mark in list_ if mark["kind"] == "ring")
    assert ring["radius"] == 0.2
    turned, end, cut, nu = (float(x) for x in re.findall(r"[\d.]*\d", sentence.replace("Here the loss is ", "", 1))[1:])
    assert turned == round(np.degrees(np.linalg.norm(d)), 1) and end == round(float(loss(sphere.exp(y, d))[0]), 3)
    assert cut == round(np.linalg.norm(h), 2) and nu == 0.2


@node
def test_contour_lines_lie_on_their_levels_and_miss_none():
    given = widget.data(5)
    loss = neuron(np.random.default_rng(5), eps=widget.EPS)
    lines = np.array(run("return contours(neuron(numbers), limits)", numbers=given["numbers"], limits=given["limits"]))
    low, high = given["limits"]
    level = (loss(lines.reshape(-1, 3).T)[0] - low) / (high - low) * 11
    assert np.abs(level - level.round()).max() < 0.05
    np.testing.assert_array_equal(np.unique(level.round()), np.arange(1, 11))
    ends = np.unique(lines.reshape(-1, 3).round(9), axis=0, return_counts=True)[1]
    assert np.all(ends == 2)  # every end is met by another: the lines close


def test_the_page_is_one_file_that_asks_for_nothing(tmp_path):
    out = widget.write(tmp_path / "new/sphere.html", seed=7)
    text = out.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//cdn|import |fetch\(|XMLHttp|url\(", text)
    assert re.findall(r"(?:src|href)=[\"']?([^\"'> ]*)", text) == ["data:,"]
    assert "<noscript>" in text and 'lang="en"' in text and "$summary" not in text
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    loss = neuron(np.random.default_rng(7), eps=widget.EPS)
    assert data["limits"] == list(lossmap.limits(loss))
    assert bytes.fromhex(data["palette"]) == lossmap.palette().tobytes()
    assert len(text.encode()) < 64_000


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path):
    texts = [widget.write(tmp_path / f"{i}.html", seed=seed).read_bytes() for i, seed in enumerate([4, 4, 5])]
    assert texts[0] == texts[1] != texts[2]


def test_the_command_line_writes_it(tmp_path, capsys):
    out = tmp_path / "sphere.html"
    assert main(["widget", "--out", str(out), "--seed", "6"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert out.read_text(encoding="utf-8") == widget.page(6)
    assert main(["widget", "--out", str(tmp_path / "a.png")]) == 1
    assert capsys.readouterr().err.startswith("viz: ") and not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("name, seed, says", [("a.html", -1, "seed"), ("a.png", 1, r"\.html, got '\.png'")])
def test_a_wrong_option_is_refused_and_nothing_written(tmp_path, name, seed, says):
    with pytest.raises(ValueError, match=says):
        widget.write(tmp_path / name, seed=seed)
    assert not list(tmp_path.iterdir())
