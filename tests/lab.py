"""A JupyterLab for tests in a browser; needs the extra `notebook`."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

OPTIONS = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--ServerApp.port_retries=0"]


@contextmanager
def opened(folder):
    """The address of a JupyterLab whose files are those in `folder`."""
    if not all(map(find_spec, ("jupyterlab", "anywidget"))):
        pytest.skip("pip install 'grassmann-np[notebook]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    environment = {**os.environ, **homes, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--port={port}", f"--ServerApp.root_dir={folder}"]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        answers = False
        while not answers:
            assert server.poll() is None, (folder / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close()
                answers = True
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/lab"
    finally:
        server.terminate()
        server.wait(60)


def run(page, address, name, cells):
    """Open a notebook of so many cells and run them all; they need not have ended."""
    page.goto(f"{address}/tree/{name}")
    page.wait_for_selector(".jp-Toolbar-kernelName:has-text('Python')")  # without a kernel, cells would be left out
    page.locator(".jp-Notebook .jp-Cell").first.click()
    for _ in range(cells - 1):
        page.keyboard.press("Shift+Enter")
    page.keyboard.press("Control+Enter")  # the other would add a cell


def plays(page):
    """The film of the notebook, once it has begun."""
    film = page.wait_for_selector(".jp-OutputArea video, .jp-OutputArea figure img", state="attached")
    film.scroll_into_view_if_needed()
    if film.evaluate("(film) => film.tagName") == "VIDEO":
        film.click()
        page.wait_for_function("(film) => film.currentTime > 0.5", arg=film)
    else:  # an animated image plays by itself
        assert film.evaluate("(film) => film.decode().then(() => film.naturalWidth)") >= 320
    return film
