"""The files around the program agree with it: one version, the same Pythons, extras and targets that exist."""

import re
import tomllib
from pathlib import Path

import yaml

import grassmann_np

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / ".github/workflows").glob("*.yml")}


def test_one_version():
    """CITATION.cff and the newest entry of CHANGELOG.md say that of the package; pyproject.toml reads it there."""
    assert PROJECT["dynamic"] == ["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert citation["version"] == newest[1] == grassmann_np.__version__


def test_the_pythons_that_are_promised_are_those_that_are_tested():
    promised = [re.search(r"3\.\d+$", line) for line in PROJECT["classifiers"] if "Python" in line]
    matrix = yaml.safe_load(WORKFLOWS["tests"])["jobs"]["all"]["strategy"]["matrix"]
    assert matrix["python"] == [found[0] for found in promised if found]
    assert f">={matrix['python'][0]}" == PROJECT["requires-python"]


def test_what_the_workflows_call_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(WORKFLOWS) == {"tests", "site", "release"}
    for text in WORKFLOWS.values():
        for job in yaml.safe_load(text)["jobs"].values():
            runs = "\n".join(step.get("run", "") for step in job["steps"])
            extras = {extra for some in re.findall(r"\.\[([a-z,]+)\]", runs) for extra in some.split(",")}
            assert extras <= set(PROJECT["optional-dependencies"])
            assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in re.findall(r"make (\w+)", runs))
            for path in re.findall(r"(?:tests|\.ci)/[\w.]+", runs):
                assert (ROOT / path).exists()


def test_the_issue_forms_ask_for_a_command_that_runs():
    forms = [path.read_text(encoding="utf-8") for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("[gw]*.yml")]
    assert len(forms) == 2
    for form in forms:
        assert yaml.safe_load(form)["body"]
        for module in re.findall(r"python -m ([\w.]+)", form):
            assert (ROOT / module.replace(".", "/") / "__main__.py").exists()


def test_an_error_that_misses_an_extra_names_a_line_that_installs_it():
    """From the index and from a checkout; by `install`, and for an extra that there is."""
    named = set()
    for path in (ROOT / "grassmann_np").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= {one for extras in re.findall(r"\binstall\('([a-z,]+)'\)", text) for one in extras.split(",")}
        if path.name not in ("extras.py", "lessons.py"):
            assert "pip install 'grassmann-np" not in text, path
    assert {"data", "cluster", "torch", "tensorboard", "viz"} <= named <= set(PROJECT["optional-dependencies"])
