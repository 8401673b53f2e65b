"""Do the tests notice? Small faults are put into the library, one at a time, and the fitting tests run on each.

    python benchmarks/mutants.py --files geometry optim/sgd.py --sample 50 --seed 0 --out mutants.md

A fault (a mutant) is killed if some test fails or does not end; one that survives is a line that no test holds, or a
change that changes nothing. Everything happens in copies of the tree; the same seed takes the same sample.
Source: DeMillo, Lipton and Sayward, Hints on Test Data Selection, 1978.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "grassmann_np"
TESTS = {  # of the files of a folder: words for pytest, fastest first
    "geometry": ["tests/geometry --way plain", "tests/geometry tests/optim --way loops", "tests/testing --way plain"],
    "optim": [
        "tests/optim --way plain",
        "tests/optim --way loops",
        "tests/nn tests/gpu tests/train/test_training.py --way plain",
    ],
    "ops": ["tests/ops --way plain", "tests/ops --way loops", "tests/nn tests/gpu --way plain"],
    "host": ["tests/ops tests/host --way loops", "tests/geometry tests/optim tests/test_share.py --way loops"],
    "data": ["tests/data"],
    "testing": ["tests/testing tests/test_testing_command.py --way plain"],
    "train": ["tests/train/test_training.py", "tests/train/test_statistics.py", "tests/train"],
}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Add,
    ast.Pow: ast.Mult, ast.MatMult: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.USub: ast.UAdd,
}  # fmt: skip
NOT_RUN = {ast.AnnAssign: ("annotation",), ast.arg: ("annotation",), ast.FunctionDef: ("returns",), ast.Raise: ("exc",)}


@dataclass(frozen=True)
class Fault:
    """A change of a syntax tree: owner.key, or owner[key] of a list, becomes `new`."""

    node: Any  # what is seen to change
    operator: str
    owner: Any
    key: Any
    new: Any

    def make(self) -> None:
        """Changes the tree."""
        put: Callable[..., None] = list.__setitem__ if isinstance(self.owner, list) else setattr
        put(self.owner, self.key, self.new)


@dataclass(frozen=True)
class Mutant:
    """A file of the package with one fault."""

    file: str
    line: int
    operator: str
    words: str  # before -> after
    text: str


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """`ast.walk` without what is only read by people: types and words."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in NOT_RUN.get(type(node), ()) and not isinstance(node, ast.JoinedStr):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child)


def faults(tree: ast.AST) -> Iterator[Fault]:
    """Every fault that a tree can have, from its top to its end."""
    for node in walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp | ast.UnaryOp) and type(node.op) in SWAPS:
            yield Fault(node, type(node.op).__name__, node, "op", SWAPS[type(node.op)]())
        elif isinstance(node, ast.Compare):
            for i, op in enumerate(node.ops):
                yield Fault(node, type(op).__name__, node.ops, i, SWAPS[type(op)]())
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield Fault(node, "bool", node, "value", not node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            other = node.value + 1 if isinstance(node.value, int) else 2 * node.value or 1.0
            yield Fault(node, "number", node, "value", other)
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield Fault(node.test, "condition", node, "test", ast.UnaryOp(ast.Not(), node.test))
        elif isinstance(node, ast.Call) and len(node.args) > 1 and not isinstance(node.args[0], ast.Starred):
            first, second, *rest = node.args
            yield Fault(node, "arguments", node, "args", [second, first, *rest])
        body = getattr(node, "body", None)
        for i, statement in enumerate(body if isinstance(body, list) else []):
            call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            if call or isinstance(statement, ast.AugAssign | ast.Raise | ast.If):
                yield Fault(statement, "removed", body, i, ast.copy_location(ast.Pass(), statement))


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    for number in range(sum(1 for _ in faults(ast.parse(path.read_text())))):
        tree = ast.parse(path.read_text())
        fault = list(faults(tree))[number]
        before = ast.unparse(fault.node)
        fault.make()
        after = ast.unparse(ast.fix_missing_locations(fault.new if fault.operator == "removed" else fault.node))
        after = f"not ({before})" if fault.operator == "condition" else after
        words = f"{before.partition(chr(10))[0]} -> {after}"
        yield Mutant(path.relative_to(PACKAGE).as_posix(), fault.node.lineno, fault.operator, words, ast.unparse(tree))


def kept(copy: Path, file: str, limit: float) -> bool:
    """Whether every test that fits the file passes in a copy of the tree, within `limit` seconds a run."""
    env = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    folder = file.split("/")[0]
    env |= {"NUMBA_CACHE_DIR": str(copy / "compiled")}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
    first, *rest = TESTS[folder]
    stages = [f"{first} grassmann_np/{file}", *rest]  # its doctests after tests, which import it as users do
    for stage, words in enumerate(stages):
        python = {"NUMBA_DISABLE_JIT": "1"} if folder == "host" and stage == 0 else {}  # most loops are right there too
        run = subprocess.Popen(
            [*command, *words.split()], cwd=copy, env=os.environ | env | python, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            status = run.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            return run.wait() == 0
        if status:
            return False
    return True


def table(title: str, tried: list[Mutant], survivors: list[Mutant], of: str) -> list[str]:
    """Markdown: how many were tried and killed, by a field of the mutants."""
    count, lived = (Counter(getattr(mutant, of) for mutant in some) for some in (tried, survivors))
    rows = [f"| {name} | {n} | {n - lived[name]} | {1 - lived[name] / n:.0%} |" for name, n in sorted(count.items())]
    return [f"| {title} | tried | killed | |", "|---|---:|---:|---:|", *rows, ""]


def main() -> None:
    """Runs the sample and writes the tables and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", nargs="+", default=sorted(TESTS), help="files or folders in grassmann_np")
    parser.add_argument("--sample", type=int, help="how many mutants; all if not given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=float, default=300, help="seconds for the tests of a mutant")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/mutants.md")
    options = parser.parse_args()
    paths = [PACKAGE / name for name in options.files]
    files = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    tried = [mutant for file in files for mutant in mutants(file)]
    if options.sample is not None:
        tried = random.Random(options.seed).sample(tried, min(options.sample, len(tried)))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for job in range(options.jobs):
            copies.put(
                shutil.copytree(ROOT, Path(folder, str(job)), ignore=shutil.ignore_patterns(".*", "site", "out"))
            )

        def survives(mutant: Mutant) -> bool:
            copy = copies.get()
            path = copy / "grassmann_np" / mutant.file
            whole = path.read_text()
            path.write_text(mutant.text)
            lived = kept(copy, mutant.file, options.limit)
            path.write_text(whole)
            copies.put(copy)
            print(f"{'SURVIVED' if lived else 'killed  '} {mutant.file}:{mutant.line} {mutant.words}", flush=True)
            return lived

        for part in {mutant.file.split("/")[0]: mutant.file for mutant in tried}.values():
            copy = copies.get()
            if not kept(copy, part, 10 * options.limit):
                sys.exit(f"the tests of {part} fail as it is")
            copies.put(copy)
        lived = list(pool.map(survives, tried))
    survivors = [mutant for mutant, alive in zip(tried, lived, strict=True) if alive]
    lines = [f"# Mutants: {len(tried)} of seed {options.seed}, {len(survivors)} survived", ""]
    lines += table("file", tried, survivors, "file") + table("operator", tried, survivors, "operator")
    lines += [f"- {mutant.file}:{mutant.line} `{mutant.words}`" for mutant in survivors]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
