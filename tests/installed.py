"""Imports every module of the installed package, runs its doctests and finds its lessons, with numpy and scipy alone.

Run by `make wheel` with the python of an empty environment: python -I tests/installed.py
"""

import doctest
import importlib
import pkgutil
import sys
from pathlib import Path

NEEDS_AN_EXTRA = {"grassmann_np.testing": "hypothesis", "grassmann_np.host": "numba"}


def main():
    """The exit status: 0 if every module imports and every doctest passes."""
    package = importlib.import_module("grassmann_np")
    if Path(package.__file__).is_relative_to(Path(__file__).resolve().parents[1] / "grassmann_np"):
        return "expected the installed package, got the one of the checkout"
    modules = [m.name for m in pkgutil.walk_packages(package.__path__, "grassmann_np.") if "__main__" not in m.name]
    attempted = failed = 0
    for name in modules:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != NEEDS_AN_EXTRA.get(name.rpartition(".")[0]):
                raise
            continue
        result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
        attempted, failed = attempted + result.attempted, failed + result.failed
    taught = importlib.import_module("grassmann_np.lessons")
    lessons = taught.scripts()
    if not all(path.is_relative_to(Path(package.__file__).parent) for path in lessons):
        return f"expected the lessons within the package, got {lessons[0]}"
    for name in ("experiment-first.json", "experiment-digits.json"):
        taught.result(name)
    print(f"installed wheel: {len(modules)} modules, {len(lessons)} lessons")
    print(f"{attempted} doctest examples, {failed} failed")
    return int(failed > 0 or attempted == 0)


if __name__ == "__main__":
    sys.exit(main())
