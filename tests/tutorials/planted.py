"""A planted bug is one small mistake, put on purpose into a lesson or the library: each assert of a lesson sees one.

    python -m tests.tutorials.planted                        plant all; print the asserts that saw none; 1 if there are
    python -m tests.tutorials.planted 02 05                  of these lessons
    python -m tests.tutorials.planted 02 --search 10         look for bugs for 10 minutes, and write them into the table

A bug is a text that occurs once in a file, and what stands there instead. It may not touch an assert. With a bug in
place the lesson runs to its end: an assert that is false is noted, not raised, so that one run shows all that see the
bug. An error elsewhere ends the run, and what comes after it has seen nothing; NumPy's warnings are such errors, so no
assert counts that only saw a NaN. Nothing is written into the tree: each run is a child that reads a changed text.

The table, planted.json, says for every assert, by its text, which bug it must see. A bug for a new assert is either
written into the table by hand, without what it `fails`, or found by a search, which tries the faults of
benchmarks/mutants.py; in either case --search fills in the rest, and shares the asserts out: each goes to the bug that
the fewest of them see. A `full` bug is planted in the lesson at its full size, which may take minutes.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import json
import os
import random
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from inspect import CO_NEWLOCALS
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]
LESSONS = {path.stem: path for path in sorted((ROOT / "tutorials").glob("[0-9]*.py"))}
TABLE = Path(__file__).with_suffix(".json")
SMALL = {"LESSON_EPOCHS": "1", "LESSON_SEEDS": "1"}  # as in test_lessons.py
OURS = ("grassmann_np", "viz")
NOT_PLANTED = ("host/", "cuda/", "checks.py", "ways.py")  # compiled and kept on disk; words for people; which way to go
SLOWER, PATIENCE = 10, 10.0  # a run may take so many times the seconds of the lesson, and so many more


@dataclass(frozen=True)
class Bug:
    """In `file`, `new` stands where `old` stood.  The asserts in `fails` must see it."""

    file: str
    old: str
    new: str
    full: bool = False
    fails: tuple[str, ...] = ()

    def planted(self, text: str) -> str:
        """The text with the bug.  ValueError unless `old` occurs exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: expected {self.old!r} once, found it {text.count(self.old)} times")
        return text.replace(self.old, self.new)


@dataclass
class Run:
    """What the asserts saw: those that were true each time, those that were once false, and how it ended."""

    held: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    ended: str = "did not end"
    seconds: float = 0.0
    modules: list[str] = field(default_factory=list)  # in memory at the end
    called: set[tuple[str, int]] = field(default_factory=set)  # functions of ours: file, line


# --- the asserts of a lesson ---


def asserts(text: str) -> dict[str, ast.Assert]:
    """The asserts of a lesson by their text, on one line; the second of the same text has a (2) behind it."""
    found: dict[str, ast.Assert] = {}
    place = places(text)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]
    for node in sorted(nodes, key=lambda node: node.lineno):
        start, end = place(node.test)
        key = words = " ".join(text[start:end].split())
        number = 1
        while key in found:
            number += 1
            key = f"{words} ({number})"
        found[key] = node
    return found


def places(text: str) -> Callable[[Any], tuple[int, int]]:
    """Where a node of the syntax tree begins and ends in the text; ast.get_source_segment reads all for each node."""
    lines = text.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, lines))]

    def place(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    return lambda node: (place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset))


class Noted(ast.NodeTransformer):
    """Every `assert test` becomes `__note__(key, lambda: test)`."""

    def __init__(self, text: str) -> None:
        self.keys = {node.lineno: key for key, node in asserts(text).items()}

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        call = ast.parse("__note__(key, lambda: test)").body[0]
        assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
        test = call.value.args[1]
        assert isinstance(test, ast.Lambda)
        call.value.args[0], test.body = ast.Constant(self.keys[node.lineno]), node.test
        return ast.fix_missing_locations(ast.copy_location(call, node))


# --- one run ---


def run(
    lesson: str, bug: Bug | None = None, until: frozenset[str] = frozenset(), limit: float = 0.0, calls: bool = False
) -> Run:
    """Runs a lesson in a child, with the bug if one is given; stops when all of `until` have failed, if any are given.

    `limit` is in seconds of the processor; 0 is none. With `calls` it is noted which functions are called.
    """
    result = Run()
    with tempfile.TemporaryDirectory() as folder:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _child(lesson, bug, until, limit, calls, folder, writer)
        os.close(writer)
        with os.fdopen(reader) as lines:
            for line in lines:
                with suppress(json.JSONDecodeError):  # the last one of a child that was stopped
                    what, value = json.loads(line)
                    _take(result, what, value)
        _, _, usage = os.wait4(child, 0)
    result.held -= result.failed
    result.seconds = usage.ru_utime + usage.ru_stime
    return result


def _take(result: Run, what: str, value: Any) -> None:
    if what in ("held", "failed"):
        getattr(result, what).add(value)
    else:
        setattr(result, what, {(file, line) for file, line in value} if what == "called" else value)


def _child(
    lesson: str, bug: Bug | None, until: frozenset[str], limit: float, calls: bool, folder: str, writer: int
) -> NoReturn:
    """Runs the lesson, and says what it sees, one JSON line each, into the pipe."""
    said: set[tuple[str, str]] = set()

    def say(what: str, value: Any) -> None:
        os.write(writer, (json.dumps([what, value]) + "\n").encode())

    def note(key: str, test: Any) -> None:
        what = "held" if test() else "failed"  # an error in here ends the run: nothing was compared
        if (what, key) not in said:
            said.add((what, key))
            say(what, key)
            if until and all(("failed", one) in said for one in until):
                os._exit(0)

    called: set[tuple[str, int]] = set()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            called.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    try:
        if limit:
            resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        os.chdir(folder)
        if not (bug and bug.full):
            os.environ |= SMALL
        text = LESSONS[lesson].read_text(encoding="utf-8")
        if bug and bug.file == f"tutorials/{lesson}.py":
            text = bug.planted(text)
        elif bug:
            plant(bug)
        sys.modules.setdefault("viz.scenes", NoScenes("viz.scenes"))
        code = compile(Noted(text).visit(ast.parse(text)), str(LESSONS[lesson]), "exec")
        warnings.simplefilter("error")
        if calls:
            sys.setprofile(profile)
        exec(code, {"__name__": "__main__", "__note__": note})
        sys.setprofile(None)
        say("ended", "")
    except BaseException as error:
        sys.setprofile(None)
        say("ended", f"{type(error).__name__}: {error}"[:200])
    if bug is None:
        say("modules", list(sys.modules))
        ours = tuple(str(ROOT / folder) + os.sep for folder in (*OURS, "tutorials"))
        say("called", [one for one in called if one[0].startswith(ours)])
    os._exit(0)


def plant(bug: Bug) -> None:
    """Puts the bug into the library: into the functions that are in memory, else all is imported anew."""
    text = (ROOT / bug.file).read_text(encoding="utf-8")
    path = str(ROOT / bug.file)
    pairs = list(changes(compile(text, path, "exec"), compile(bug.planted(text), path, "exec")))
    functions = [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__code__.co_filename == path]
    if all(old.co_flags & CO_NEWLOCALS and old.co_freevars == new.co_freevars for old, new in pairs):
        new_code = dict(pairs)
        for function in functions:
            function.__code__ = new_code.get(function.__code__, function.__code__)
    else:  # a default, a constant, a class: something that only its import makes
        for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
            del sys.modules[name]
        sys.meta_path.insert(0, Planter(bug))


def changes(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The functions that differ; where something else does, that."""
    parts, others = ([one for one in code.co_consts if isinstance(one, CodeType)] for code in (old, new))
    rest, other = (
        (code.co_code, code.co_names, [one for one in code.co_consts if not isinstance(one, CodeType)])
        for code in (old, new)
    )
    if old.co_flags & CO_NEWLOCALS or rest != other or len(parts) != len(others):
        if old != new:
            yield old, new
    else:
        for one, two in zip(parts, others, strict=True):
            yield from changes(one, two)


class NoScenes(ModuleType):
    """`viz.scenes` without pictures: no lesson computes with one."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **options: None


class Planter(SourceFileLoader):
    """Finds the module of one file, and loads its text with the bug."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug
        name = bug.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        super().__init__(name, str(ROOT / bug.file))

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        folders = [str(ROOT / self.bug.file).removesuffix("/__init__.py")] if "__init__" in self.bug.file else None
        spec = spec_from_file_location(name, self.path, loader=self, submodule_search_locations=folders)
        return spec if name == self.name else None

    def get_code(self, fullname: str) -> Any:
        return compile(self.bug.planted(Path(self.path).read_text(encoding="utf-8")), self.path, "exec")


def clean(lesson: str, calls: bool = False) -> Run:
    """The lesson as it is, whose asserts all hold; what it imports stays in memory, for this run and those to come."""
    warm(lesson)
    result = run(lesson, calls=calls)
    if result.failed or result.ended:
        sys.exit(f"{lesson} fails as it is: {result.ended} {sorted(result.failed)}")
    _load(result.modules)
    return result


def warm(lesson: str) -> None:
    """Imports what the lesson asks for."""
    sys.modules.setdefault("viz.scenes", NoScenes("viz.scenes"))
    for node in ast.walk(ast.parse(LESSONS[lesson].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            _load([node.module or "", *(f"{node.module}.{one.name}" for one in node.names)])
        elif isinstance(node, ast.Import):
            _load([one.name for one in node.names])


def _load(names: list[str]) -> None:
    for name in names:
        if name not in sys.modules:
            with suppress(Exception), warnings.catch_warnings(action="ignore"):
                importlib.import_module(name)


# --- the table ---


def table() -> dict[str, list[Bug]]:
    """The bugs of every lesson."""
    rows = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    return {
        name: [Bug(**{**row, "fails": tuple(row.get("fails", ()))}) for row in rows.get(name, [])] for name in LESSONS
    }


def keep(lesson: str, bugs: list[Bug]) -> None:
    """Writes the bugs of a lesson into the table."""
    every = table() | {lesson: bugs}
    rows = {name: [{k: v for k, v in asdict(bug).items() if v} for bug in some] for name, some in every.items() if some}
    TABLE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def without(lesson: str) -> list[str]:
    """The asserts of a lesson for which the table has no bug."""
    have = {key for bug in table()[lesson] for key in bug.fails}
    return [key for key in asserts(LESSONS[lesson].read_text(encoding="utf-8")) if key not in have]


def complaints(lesson: str) -> Iterator[str]:
    """What is wrong with the table, without a run: a text that has gone, a bug that changes an assert."""
    text = LESSONS[lesson].read_text(encoding="utf-8")
    keys = list(asserts(text))
    for bug in table()[lesson]:
        yield from (f"{lesson}: no assert has the text {key}" for key in bug.fails if key not in keys)
        try:
            planted = bug.planted((ROOT / bug.file).read_text(encoding="utf-8"))
            ast.parse(planted)
        except (OSError, SyntaxError, ValueError) as error:
            yield f"{lesson}: {error}"
            continue
        if bug.file == f"tutorials/{lesson}.py" and list(asserts(planted)) != keys:
            yield f"{lesson}: an assert is changed by {bug.new!r}"
        if any(part in bug.file for part in NOT_PLANTED):
            yield f"{lesson}: no bug may be in {bug.file}"


def survivors(lesson: str) -> Iterator[str]:
    """Plants the bugs of a lesson, one after the other, and gives the asserts that did not see theirs, or have none."""
    yield from without(lesson)
    limit = SLOWER * clean(lesson).seconds + PATIENCE
    for bug in table()[lesson]:
        found = run(lesson, bug, frozenset(bug.fails), 0.0 if bug.full else limit)
        yield from (key for key in bug.fails if key not in found.failed)


# --- a search ---


def search(lesson: str, minutes: float, seed: int) -> None:
    """Tries the bugs of the table that nobody has tried, then faults drawn at random while an assert has no bug."""
    base = clean(lesson, calls=True)
    limit = SLOWER * base.seconds + PATIENCE
    print(f"{lesson}: {len(base.held)} asserts, {base.seconds:.1f} s", flush=True)
    seen: dict[Bug, set[str]] = {}
    for bug in table()[lesson]:
        if bug.fails:
            seen.setdefault(replace(bug, fails=()), set()).update(bug.fails)
    untried = [bug for bug in table()[lesson] if not bug.fails]

    def attempt(bug: Bug) -> None:
        found = run(lesson, bug, limit=0.0 if bug.full else limit)
        seen[bug] = found.failed
        keep(lesson, shared_out(seen) + untried)
        print(f"  {bug.file}: {bug.old!r} -> {bug.new!r}", flush=True)
        print(f"    {len(found.failed)} saw it; {found.ended or 'it ran to its end'}", flush=True)

    while untried:
        attempt(untried.pop(0))
    end = time.monotonic() + 60 * minutes
    candidates = faults(lesson, base.called, random.Random(seed))
    while without(lesson) and time.monotonic() < end and (bug := next(candidates, None)):
        attempt(bug)
    print(*(f"  no bug: {key}" for key in without(lesson)), sep="\n", flush=True)


def shared_out(seen: dict[Bug, set[str]]) -> list[Bug]:
    """Every assert goes to the bug that the fewest asserts see; a bug that gets none is dropped."""
    rank = {bug: (bug.full, len(failed)) for bug, failed in seen.items()}
    chosen: dict[Bug, list[str]] = {bug: [] for bug in seen}
    for key in sorted(set().union(*seen.values())):
        chosen[min((bug for bug, failed in seen.items() if key in failed), key=lambda bug: rank[bug])].append(key)
    return [replace(bug, fails=tuple(keys)) for bug, keys in chosen.items() if keys]


def faults(lesson: str, called: set[tuple[str, int]], rng: random.Random) -> Iterator[Bug]:
    """Faults of the functions of ours that the lesson calls, and of its own lines; its own numbers come last."""
    from benchmarks.mutants import Fault
    from benchmarks.mutants import faults as every

    first: list[tuple[Path, ast.Module, Fault]] = []
    last: list[tuple[Path, ast.Module, Fault]] = []
    for path in sorted({Path(file) for file, _ in called} | {LESSONS[lesson]}):
        if any(part in path.as_posix() for part in NOT_PLANTED):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        spans = [_lines(node) for node in ast.walk(tree) if (str(path), _lines(node)[0]) in called]
        of_lesson = path == LESSONS[lesson]
        closed = [_lines(node) for node in ast.walk(tree) if isinstance(node, ast.Assert) or _prints(node)]
        for fault in every(tree):
            line, end = _lines(fault.node)
            if of_lesson and not any(a <= end and line <= b for a, b in closed):
                (last if fault.operator == "number" else first).append((path, tree, fault))
            elif not of_lesson and fault.operator != "arguments" and any(a <= line and end <= b for a, b in spans):
                first.append((path, tree, fault))
    rng.shuffle(first)
    rng.shuffle(last)
    for path, tree, fault in first + last:
        with suppress(ValueError, SyntaxError):
            yield _bug(path, tree, fault)


def _lines(node: ast.AST) -> tuple[int, int]:
    lines = [one.lineno for one in [node, *getattr(node, "decorator_list", [])] if hasattr(one, "lineno")]
    return min(lines, default=0), getattr(node, "end_lineno", 0)


def _prints(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def _bug(path: Path, tree: ast.Module, fault: Any) -> Bug:
    """A fault as a change of the text."""
    text = path.read_text(encoding="utf-8")
    owner, key = fault.owner, fault.key
    before = owner[key] if isinstance(owner, list) else getattr(owner, key)
    node = fault.node
    starts = [0, *accumulate(map(len, text.splitlines(keepends=True)))]
    start, end = places(text)(node)
    fault.make()
    changed = ast.unparse(fault.new if fault.operator in ("removed", "condition") else node)
    wanted = ast.dump(tree)
    type(fault)(node, "", owner, key, before).make()  # as it was
    for words in (changed, f"({changed})"):
        whole = text[:start] + words + text[end:]
        with suppress(SyntaxError):
            if ast.dump(ast.parse(whole)) == wanted:
                break
    else:
        raise ValueError("this fault has no place in the text")
    left, right = starts[node.lineno - 1], starts[node.end_lineno]
    first = node.lineno - 1
    while text.count(text[left:right].strip()) != 1:
        first -= 1
        if first < 0:
            raise ValueError("no lines around this fault are the only ones of their kind")
        left = starts[first]
    left += len(text[left:right]) - len(text[left:right].lstrip())
    right = left + len(text[left:right].rstrip())
    return Bug(path.relative_to(ROOT).as_posix(), text[left:right], whole[left : len(whole) - (len(text) - right)])


def main() -> None:
    """Plants the bugs of all lessons, or of those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lessons", nargs="*", help="numbers of lessons, as 02; all if not given")
    parser.add_argument("--search", type=float, metavar="MINUTES", help="look for bugs, so long for each lesson")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    options = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # so that a child finds no threads that it has not
    sys.path.insert(0, str(ROOT))
    found = False
    for lesson in LESSONS:
        if options.lessons and lesson[:2] not in options.lessons:
            continue
        if options.search is not None:
            search(lesson, options.search, options.seed)
            continue
        for words in (*complaints(lesson), *(f"{lesson}: survived: {key}" for key in survivors(lesson))):
            found = True
            print(words, flush=True)
    sys.exit(found)


if __name__ == "__main__":
    main()
