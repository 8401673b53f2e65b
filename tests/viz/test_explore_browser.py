"""The figure of a notebook in Chromium: in a page that answers as Python would, and in a real JupyterLab."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from grassmann_np import lessons
from tests import lab
from tests.viz.hands import drag
from viz import lossmap
from viz.camera import Camera
from viz.notebook import Explorer

pytestmark = pytest.mark.browser
PATIENCE = 300_000  # ms; a busy machine is slow
AT = """() => { const picture = pictures[0], box = picture.canvas.getBoundingClientRect();
    const [x, y] = picture.pixels(camera.screen(state.y)); return [box.left + x, box.top + y] }"""

CELLS = [
    """import numpy as np
import viz
A = np.diag([1.0, 2.0, 4.0])
viz.explore(lambda w: (w @ A @ w / 2, A @ w), "adam-g", start=(1, 2, 3))""",
    """from viz import scenes
scenes.step(seconds=1.0, size=(320, 240))""",
]
A = np.diag([1.0, 2.0, 4.0])
NUMBER = r"\d[\d.]*(?:e-?\d+)?(?<!\.)"


def square(w):
    return np.sum(w * (A @ w), axis=0) / 2, A @ w


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 900, "height": 900})
    one = context.new_page()
    one.set_default_timeout(PATIENCE)
    wrong = []
    one.on("pageerror", lambda error: wrong.append(str(error)))
    yield one
    context.close()
    assert not wrong


def shown(page, explorer, copies=1):
    """The figure in frames of a page that answers each in all of them, as a notebook does; what is asked, as a list."""
    asked = []

    def answer(y):
        asked.append(y)
        return explorer.answer({"y": y})

    page.expose_function("answer", answer)
    page.set_content(copies * "<iframe sandbox='allow-scripts' style='width: 400px; height: 600px'></iframe>")
    page.evaluate(
        """(text) => { const frames = [...document.querySelectorAll("iframe")];
        addEventListener("message", async ({data}) => { if (!data.ask) return;
          const said = await answer(data.ask);
          for (const frame of frames) frame.contentWindow.postMessage({answer: said}, "*"); });
        return Promise.all(frames.map((frame) => new Promise((done) => {
          frame.onload = done; frame.srcdoc = text; }))).then(() => null); }""",
        explorer.page(),
    )  # before a frame has its page, Chromium may put another frame into its place
    for frame in page.frames[1:]:
        frame.wait_for_selector("#sentence:not(:empty)")
    return asked


def dragged(page, frame):
    """Take y some way across the sphere, as the mouse does in the page around, and wait for the answer."""
    corner = frame.frame_element().bounding_box()
    start = np.add(frame.evaluate(AT), (corner["x"], corner["y"]))
    before = np.array(frame.evaluate("state.y"))
    drag(page, start.tolist(), np.add(start, (60, 45)).tolist())
    frame.wait_for_function("norm(minus(state.y, state.answer.y)) < 1e-9")
    y = np.array(frame.evaluate("state.y"))
    assert y @ before < 0.99
    return y


@pytest.mark.parametrize("fails", [False, True])
def test_dragging_asks_and_shows_the_answer(page, fails):
    def loss(w):
        if fails and w.shape == (3, 1) and not np.allclose(w[:, 0], [1, 0, 0]) and asked:
            raise ValueError("not <b>here</b>")
        return square(w)

    asked = []
    asked = shown(page, Explorer.of(loss, "sgd-g", (1, 0, 0) if fails else (1, 2, 3), 9, 0, lr=0.1))
    y = dragged(page, page.frames[1])
    said = page.frames[1].inner_text("#sentence")
    if fails:
        assert said == "Python says: ValueError: not <b>here</b>"
    else:
        assert f"The loss at y is {square(y)[0]:.3f}." in said and len(asked) > 1


def test_shown_twice_each_copy_keeps_its_own_point(page):
    asked = shown(page, Explorer.of(square, "sgd-g", (1, 2, 3), 9, 0, lr=0.1), copies=2)
    one, other = page.frames[1:]
    still = other.inner_text("#sentence")
    y, many = dragged(page, one), len(asked)
    page.wait_for_timeout(500)  # an endless exchange would be under way
    assert len(asked) == many and other.inner_text("#sentence") == still
    assert f"The loss at y is {square(y)[0]:.3f}." in one.inner_text("#sentence")


@pytest.mark.parametrize("units", [1e-4, 1, 1e4])
def test_the_picture_is_true_in_any_units(page, units):
    def loss(w):
        return tuple(units * part for part in square(w))

    shown(page, Explorer.of(loss, "sgd-g", (1, 2, 3), 9, 0, lr=0.1))
    frame, y = page.frames[1], np.array([1, 2, 3]) / np.sqrt(14)
    frame.wait_for_function("pictures[0].mapped")
    vectors, towards, image = frame.evaluate(
        """[shown.marks(state).filter(({kind}) => kind === "vector").map(({v}) => v), camera.direction,
            pictures[0].map.toDataURL()]"""
    )
    got = np.array(Image.open(io.BytesIO(base64.b64decode(image.split(",")[1]))))[::-1].astype(int)
    want = lossmap.coloured(loss, lossmap.limits(loss), Camera(np.array(towards)), len(got))
    assert np.abs(got - want)[want[..., 3] == 255].max() <= 4  # two steps of the palette
    said = frame.inner_text("#sentence")
    value, g, h, *scale = map(float, re.findall(NUMBER, said.split("After")[0]))
    real = units * A @ y, units * (A @ y - (y @ A @ y) * y)
    assert np.allclose([value, g, h], [loss(y)[0], *map(np.linalg.norm, real)], rtol=5e-3)
    assert np.allclose(vectors, np.multiply(real, -scale[0])) and 0.3 < np.linalg.norm(vectors[0]) < 1.3


def test_in_jupyterlab_python_answers_and_a_film_plays(page, tmp_path):
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    book = lessons.notebook([{**cell, "id": f"cell{k}", "source": source} for k, source in enumerate(CELLS)])
    (tmp_path / "book.ipynb").write_text(json.dumps(book))
    with lab.opened(tmp_path) as address:
        lab.run(page, address, "book.ipynb", len(CELLS))
        frame = page.wait_for_selector(".jp-OutputArea iframe[srcdoc]").content_frame()
        frame.wait_for_selector("#sentence:not(:empty)")
        assert "called once for each point" in frame.inner_text("#sentence")
        frame.frame_element().scroll_into_view_if_needed()
        y = dragged(page, frame)
        assert f"The loss at y is {square(y)[0]:.3f}." in frame.inner_text("#sentence")
        assert lab.plays(page).bounding_box()["width"] == 320
