"""The figure of a notebook in Chromium: in a page that answers as Python would."""

import numpy as np
import pytest

from tests.viz.hands import drag
from viz.notebook import Explorer

pytestmark = pytest.mark.browser
AT = """() => { const picture = pictures[0], box = picture.canvas.getBoundingClientRect();
    const [x, y] = picture.pixels(camera.screen(state.y)); return [box.left + x, box.top + y] }"""


def square(w):
    A = np.diag([1.0, 2.0, 4.0])
    return np.sum(w * (A @ w), axis=0) / 2, A @ w


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 900, "height": 900})
    yield context.new_page()
    context.close()


def dragged(page, frame):
    """Take y some way across the sphere, as the mouse does in the page around."""
    corner = frame.frame_element().bounding_box()
    start = np.add(frame.evaluate(AT), (corner["x"], corner["y"]))
    drag(page, start.tolist(), np.add(start, (60, 45)).tolist())


@pytest.mark.parametrize("fails", [False, True])
def test_dragging_asks_and_shows_the_answer(page, fails):
    def loss(w):
        if fails and w.shape == (3, 1) and not np.allclose(w[:, 0], [1, 0, 0]) and asked:
            raise ValueError("not <b>here</b>")
        return square(w)

    asked, wrong = [], []
    explorer = Explorer.of(loss, "sgd-g", (1, 0, 0) if fails else (1, 2, 3), 9, 0, lr=0.1)

    def answer(y):
        asked.append(y)
        return explorer.answer({"y": y})

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.expose_function("answer", answer)
    page.set_content("<body><iframe sandbox='allow-scripts' style='width: 700px; height: 700px'></iframe></body>")
    page.evaluate(
        """(text) => { const frame = document.querySelector("iframe");
        addEventListener("message", async ({data}) => {
          if (data.ask) frame.contentWindow.postMessage({answer: await answer(data.ask)}, "*"); });
        frame.srcdoc = text; }""",
        explorer.page(),
    )
    page.wait_for_timeout(500)
    frame = page.frames[1]
    before = frame.inner_text("#sentence")
    dragged(page, frame)
    frame.wait_for_function("(before) => document.getElementById('sentence').innerText !== before", arg=before)
    frame.wait_for_function("norm(minus(state.y, state.answer.y)) < 1e-9")
    said, y = frame.inner_text("#sentence"), np.array(frame.evaluate("state.y"))
    if fails:
        assert said == "Python says: ValueError: not <b>here</b>"
    else:
        assert f"The loss at y is {square(y)[0]:.3f}." in said and len(asked) > 1
    assert not wrong
