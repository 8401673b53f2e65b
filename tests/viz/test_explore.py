"""The figure of a notebook, without one: what goes to Python and what comes back."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

import viz
from viz.notebook import ONE, Explorer, explore

A = np.diag([1.0, 2.0, 4.0])
Y = np.array([0.6, 0.0, 0.8])


def square(w):
    """w'Aw / 2, of columns."""
    return np.sum(w * (A @ w), axis=0) / 2, A @ w


def made(loss=square, optimizer="sgd-g", start=(1, 2, 3), steps=5, lr=0.1, **settings):
    return Explorer.of(loss, optimizer, start, steps, 0, lr=lr, **settings)


def given(explorer):
    return json.loads(re.search(r'id="data">(.*?)</script>', explorer.page(), re.S)[1])


def test_an_answer_holds_the_loss_its_gradient_and_the_walk():
    answer = json.loads(json.dumps(made().answer({"y": (2 * Y).tolist()})))
    assert np.allclose(answer["y"], Y) and np.isclose(answer["value"], (0.36 + 4 * 0.64) / 2)
    assert np.allclose(answer["g"], [0.6, 0, 3.2])
    y = Y  # SGD without momentum, walked by sines and cosines
    for _ in range(5):
        d = -0.1 * (A @ y - (y @ A @ y) * y)
        y = y * np.cos(np.linalg.norm(d)) + d * np.sin(np.linalg.norm(d)) / np.linalg.norm(d)
    answer = made(momentum=0.0, clip=None).answer({"y": Y.tolist()})
    assert np.shape(answer["walk"]) == (6, 3) and np.allclose(answer["walk"][-1], y)
    assert np.isclose(answer["last"], y @ A @ y / 2)


def test_a_loss_of_one_vector_is_taken_with_a_word():
    one = made(lambda w: (w @ A @ w / 2, A @ w))
    single, every = (explorer.answer({"y": Y.tolist()}) for explorer in (one, made()))
    assert single.keys() == every.keys() and all(np.allclose(single[name], every[name]) for name in every)
    assert given(one)["word"] == ONE and given(made())["word"] == ""


def test_a_loss_in_float32_is_taken():
    def single(w):
        w = w.astype(np.float32)
        return np.sum(w * (A.astype(np.float32) @ w), axis=0) / 2, A.astype(np.float32) @ w

    answer = made(single).answer({"y": Y.tolist()})
    assert np.allclose(answer["walk"], made().answer({"y": Y.tolist()})["walk"], atol=1e-5)
    json.dumps(given(made(single)))


@pytest.mark.parametrize(("times", "told"), [(-1, "its negative"), (2, "2 times it")])
def test_a_wrong_gradient_is_told(times, told):
    with pytest.raises(ValueError, match=told):
        made(lambda w: (square(w)[0], times * square(w)[1]))
    with pytest.raises(ValueError, match=told):
        made(lambda w: (w @ A @ w / 2, times * (A @ w)))


def test_what_fails_while_dragging_is_said():
    def fails(w):
        if w.shape == (3, 1) and w[0, 0] < 0:
            raise KeyError("left")
        return square(w)

    wrong = made(fails).answer({"y": [-1.0, 0.0, 0.0]})
    assert wrong == {"y": [-1.0, 0.0, 0.0], "error": "KeyError: 'left'"}


def test_what_fails_at_once_is_raised():
    with pytest.raises(ValueError, match="steps: expected 1 to 1000"):
        made(steps=0)
    with pytest.raises(ValueError, match="optimizer: expected one of"):
        made(optimizer="none")
    with pytest.raises(ValueError, match="start: expected three numbers"):
        made(start=(0, 0, 0))
    with pytest.raises(ZeroDivisionError):
        made(lambda w: 1 / 0)


def test_the_table_runs_from_the_south_pole_to_the_north_and_once_around():
    table = np.array(given(made(lambda w: (w[2] + 0.5 * w[1], np.outer([0, 0.5, 1], np.ones(w.shape[1])))))["table"])
    assert np.allclose(table[0], -1) and np.allclose(table[-1], 1) and np.allclose(table[:, 0], table[:, -1], atol=1e-6)
    assert np.argmin(table[24]) in (48 // 2, 49 // 2) and np.argmax(table[24]) in (72, 73)  # azimuth -90 and 90 degrees


@pytest.mark.parametrize(("units", "scale"), [(1e-7, 2e6), (0.3, 1), (1, 0.2), (1e5, 2e-6), (0, 1)])
def test_arrows_are_drawn_to_a_scale_that_fits_the_gradient(units, scale):
    explorer = made(lambda w: tuple(units * part for part in square(w)))
    assert given(explorer)["scale"] == scale  # the mean of |Aw|^2 over the sphere is 21/3, and 1.3 / sqrt(7) is 0.49


@pytest.mark.parametrize("name", ["explore", "scenes", "curves"])
def test_without_matplotlib_a_part_says_what_to_install(name):
    code = f"import sys; sys.modules |= dict.fromkeys(['contourpy', 'matplotlib']); import viz; viz.{name}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert re.match(r"ImportError: (contourpy|matplotlib) is missing; pip install .grassmann-np\[viz\]., or", last), (
        last
    )


def test_without_anywidget_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"pip install 'grassmann-np\[notebook\]'"):
        explore(square)


def test_the_widget_answers_messages(monkeypatch):
    pytest.importorskip("anywidget", reason="pip install 'grassmann-np[notebook]'")
    shown, said = explore(square, start=(1, 2, 3)), []
    monkeypatch.setattr(type(shown), "send", lambda self, message: said.append(message), raising=False)
    shown._handle_custom_msg({"y": Y.tolist()}, [])
    assert np.allclose(said[0]["g"], [0.6, 0, 3.2]) and "export default" in shown._esm and "<canvas" not in shown.page


def test_a_loss_that_is_not_finite_somewhere_is_refused():
    def hole(w):
        f, g = square(w)
        return np.where(w[2] < -0.9999, np.nan, f), g

    with pytest.raises(ValueError, match="finite values on the sphere"):
        made(hole).page()


def test_it_is_found_where_the_readme_says():
    assert viz.explore is explore
    with pytest.raises(AttributeError, match="has no attribute 'exploer'"):
        viz.exploer  # noqa: B018
