"""The figure of a notebook in Chromium: in a page that answers as Python would, and in a real JupyterLab."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.viz.hands import drag
from viz.notebook import Explorer

pytestmark = pytest.mark.browser
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


@pytest.fixture
def lab(tmp_path):
    """The address of a notebook of CELLS in a JupyterLab of its own."""
    if not all(map(find_spec, ("jupyterlab", "anywidget"))):
        pytest.skip("pip install 'grassmann-np[notebook]'")
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    cells = [{**cell, "id": f"cell{k}", "source": source} for k, source in enumerate(CELLS)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book.ipynb").write_text(json.dumps(book))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    environment = {**os.environ, **homes, "PYTHONPATH": str(Path(__file__).parents[2])}
    options = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--ServerApp.port_retries=0"]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--port={port}", f"--ServerApp.root_dir={tmp_path}"]
    with open(tmp_path / "log", "w") as log:
        server = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)
    try:
        answers = False
        while not answers:
            assert server.poll() is None, (tmp_path / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close()
                answers = True
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/lab/tree/book.ipynb"
    finally:
        server.terminate()
        server.wait(60)


def test_in_jupyterlab_python_answers_and_a_film_plays(page, lab):
    page.set_default_timeout(180_000)
    page.goto(lab)
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    frame = page.wait_for_selector(".jp-OutputArea iframe[srcdoc]").content_frame()
    frame.wait_for_selector("#sentence:not(:empty)")
    assert "called once for each point" in frame.inner_text("#sentence")
    film = page.wait_for_selector(".jp-OutputArea video, .jp-OutputArea figure img", state="attached")
    frame.frame_element().scroll_into_view_if_needed()
    before = frame.evaluate("state.y")
    dragged(page, frame)
    frame.wait_for_function("norm(minus(state.y, state.answer.y)) < 1e-9")
    y = np.array(frame.evaluate("state.y"))
    assert y @ before < 0.99
    assert f"The loss at y is {square(y)[0]:.3f}." in frame.inner_text("#sentence")
    film.scroll_into_view_if_needed()
    assert film.bounding_box()["width"] == 320
    if film.evaluate("(film) => film.tagName") == "VIDEO":
        film.evaluate("(film) => film.play()")
        page.wait_for_function("(film) => film.currentTime > 0.5", arg=film)
    else:  # an animated image plays by itself
        assert film.evaluate("(film) => film.decode().then(() => film.naturalWidth)") >= 320
