"""The house stands: imports run downward, between folders and files, and no circle is anywhere."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "grassmann_np"
FLOORS = [  # from the ground up; parts of one floor do not know each other
    {"backend", "exercises", "extras", "files", "target", "terminal"},
    {"pullback"},
    {"checks", "masks", "room", "sums"},
    {"host", "cuda"},
    {"ways"},
    {"geometry", "ops"},
    {"nn", "data", "lessons"},
    {"optim"},
    {"testing"},
    {"train"},
    {"options"},
    {"commands"},
    {"__main__"},
]
HEIGHT = {part: height for height, parts in enumerate(FLOORS) for part in parts}


def imports(path):
    """The modules of the package that a file names, wherever in it it imports them."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [start, node.module]))
            yield from (resolved(f"{module}.{alias.name}") or resolved(module) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (resolved(alias.name) for alias in node.names)


def resolved(name):
    """The file of a module of the package, as its dotted name; None for everything else."""
    path = ROOT / name.replace(".", "/")
    if not name.startswith("grassmann_np"):
        return None
    return name if path.with_suffix(".py").exists() else f"{name}.__init__" if path.is_dir() else None


GRAPH = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): set(filter(None, imports(path)))
    for path in PACKAGE.rglob("*.py")
}


def part(module):
    return module.split(".")[1]


def test_every_part_has_a_floor():
    assert {part(module) for module in GRAPH} - {"__init__", "cluster"} == set(HEIGHT)


@pytest.mark.parametrize("module", GRAPH)
def test_imports_run_downward(module):
    for other in GRAPH[module]:
        if part(other) != part(module):
            if "__init__" in (part(module), part(other)):
                continue  # the door of the house knows its parts by name only, and they its version
            assert HEIGHT[part(other)] < HEIGHT[part(module)], f"{module} -> {other}"


def test_there_is_no_circle():
    tuple(TopologicalSorter(GRAPH).static_order())  # raises CycleError


def test_only_the_main_programs_look_at_the_pictures():
    text = {path: path.read_text() for path in PACKAGE.rglob("*.py")}
    assert {
        path.relative_to(PACKAGE).as_posix()
        for path, words in text.items()
        if "from viz" in words or "import viz" in words
    } == {"__main__.py", "commands.py", "testing/__main__.py"}


def test_a_file_of_a_wing_has_a_twin_that_teaches():
    machinery = {"__init__", "kernel", "loop", "share", "lanes", "winograd"}
    taught = {path.stem for folder in ("ops", "geometry") for path in (PACKAGE / folder).glob("*.py")}
    for wing in ("host", "cuda"):
        assert {path.stem for path in (PACKAGE / wing).glob("*.py")} - machinery - taught <= {"step"}
