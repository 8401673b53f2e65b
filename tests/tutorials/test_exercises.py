"""Each exercise of a lesson: its answer is right, usual wrong ones are told why, and the lesson does not need it.

A wrong answer is one change of a right one, and what the check must say of it.
"""

import ast
import contextlib
import functools
import io
import os
import sys
from itertools import pairwise

import jupytext
import numpy as np
import pytest
from nbformat import from_dict

from grassmann_np import exercises, lessons
from tests.tutorials import planted

WRONG = {
    "01": [
        ("factor = -1", "factor = 1", "print the first outputs"),
        ("factor = -1", "factor = 0", "variance 1"),
        ("factor = -1", "factor = -neuron(w)", "one number"),
        ("1 / (1 - product) ** 2", "1 / (1 - product)", "you say 1.1111, but step(...)[1] grows by 1.2346"),
        ("1 / (1 - product) ** 2", "(1 - product) ** 2", "shorter now"),
        ("1 / (1 - product) ** 2", "1 / (1 - product * w) ** 2", "one number"),
    ],
    "02": [
        ("h_by_hand = np.array([3.0, 0.0])", "h_by_hand = np.array([0.0, 4.0])", "not tangent"),
        ("h_by_hand = np.array([3.0, 0.0])", "h_by_hand = np.array([1.0, 0.0])", "a multiple of y"),
        ("h_by_hand = np.array([3.0, 0.0])", "h_by_hand = 3.0", "two numbers"),
        ("h_once_more = np.array([3.0, 0.0])", "h_once_more = np.zeros(2)", "left to lose"),
        ("signs = -1, -1, 1", "signs = 1, 1, 1", "for y it is"),
        ("signs = -1, -1, 1", "signs = -1, 1, 1", "for gamma it is"),
        ("signs = -1, -1, 1", "signs = -1, -1, -1", "for beta it is"),
        ("signs = -1, -1, 1", "signs = -1, -1", "there are three"),
        ("return 1 / n", "return 1 / np.sqrt(n)", "you say 0.5774"),
        ("return 1 / n", "return 1 - 1 / n", "you say 0.6667"),
        ("return 1 / n", "return n", "between 0 and 1"),
    ],
    "03": [
        ("walked = np.array([1.0, 0.0])", "walked = np.array([np.pi / 2, 1.0])", "not on the circle"),
        ("walked = np.array([1.0, 0.0])", "walked = np.array([0.0, -1.0])", "you walk 3.1416"),
        ("walked = np.array([1.0, 0.0])", "walked = np.array([-1.0, 0.0])", "not opposite"),
        ("walked = np.array([1.0, 0.0])", "walked = 1.0", "two numbers"),
        ("way = np.array([-np.pi / 2, 0.0])", "way = np.array([-1.0, -1.0])", "not tangent"),
        ("way = np.array([-np.pi / 2, 0.0])", "way = np.array([-1.0, 0.0])", "does not end at x"),
        ("way = np.array([-np.pi / 2, 0.0])", "way = np.array([np.pi * 1.5, 0.0])", "not the shortest"),
        ("return 8 / (3 * k**2)", "return (2 / k) ** 3 / 3", "for k = 10 you say 0.00267"),
        ("return 8 / (3 * k**2)", "return 0.26 / k", "for k = 20"),
        ("return 8 / (3 * k**2)", "return -8 / (3 * k**2)", "does not go too far"),
        ("return 8 / (3 * k**2)", "return 8 / (3 * k**2) * np.ones(3)", "one number"),
    ],
    "04": [
        ("step_home = sphere.log(x, y)", "step_home = -d", "not tangent there"),
        ("step_home = sphere.log(x, y)", "step_home = -sphere.log(x, y)", "does not reach y"),
        ("step_home = sphere.log(x, y)", "step_home = (1 - 2 * np.pi) * sphere.log(x, y)", "the long way"),
        ("step_home = sphere.log(x, y)", "step_home = -1.0", "three numbers"),
        ("carried_home = v", "carried_home = there", "is another vector"),
        ("return 2 * np.pi * (1 - np.cos(alpha))", "return 2 * np.pi * np.cos(alpha)", "at 0.3000 you say 6.0"),
        ("return 2 * np.pi * (1 - np.cos(alpha))", "return np.pi * alpha**2", "at 0.3000 you say 0.28"),
        ("return 2 * np.pi * (1 - np.cos(alpha))", "return -2 * np.pi * (1 - np.cos(alpha))", ">= 0"),
    ],
    "05": [
        (
            "return sphere.exp(y, -eta * sphere.project(y, g))",
            "return sphere.exp(y, eta * sphere.project(y, g))",
            "the loss rises",
        ),
        ("return sphere.exp(y, -eta * sphere.project(y, g))", "return sphere.exp(y, -eta * g)", "not on the sphere"),
        (
            "return sphere.exp(y, -eta * sphere.project(y, g))",
            "return sphere.normalize(y - eta * g)",
            "but your step turns y by",
        ),
        ("return sphere.exp(y, -eta * sphere.project(y, g))", "return -eta * sphere.norm(y, g)", "three numbers"),
        ("2 * np.pi / np.linalg.norm(h)", "np.pi / np.linalg.norm(h)", "0.500 times round"),
        ("2 * np.pi / np.linalg.norm(h)", "2 * np.pi", "times round, not once"),
        ("rate_at_8y = 64 * 0.3", "rate_at_8y = 8 * 0.3", "degrees apart"),
        ("rate_at_8y = 64 * 0.3", "rate_at_8y = 0.3", "degrees apart"),
        ("rate_at_8y = 64 * 0.3", "rate_at_8y = -64 * 0.3", "one number > 0"),
    ],
    "06": [
        ("return eta * np.sqrt(n)", "return eta", "n = 4, eta = 0.1: you say 0.100, it is 0.2"),
        ("return eta * np.sqrt(n)", "return eta * n", "n = 4, eta = 0.1: you say 0.400"),
        ("return eta * np.sqrt(n)", "return np.sqrt(n)", "n = 1, eta = 0.1: you say 1.000"),
        ("return eta * np.sqrt(n)", "return np.full(n, eta)", "one number"),
    ],
    "07": [
        ("return dy - dy.mean(axis=0)", "return dy", "the sum of the outputs is always 0"),
        ("return dy - dy.mean(axis=0)", "return dy.mean(axis=0)", "not (2,)"),
        ("return dy - dy.mean(axis=0)", "return dy - dy.mean()", "<dy, Jv> is"),
        ("return dy - dy.mean(axis=0)", "return 0 * dy", "<dz, v> is 0.0000"),
    ],
    "08": [
        ("forward = 64 * 26 * 26 * 32 * 9 * 32", "forward = 64 * 28 * 28 * 32 * 9 * 32", "each output"),
        ("forward = 64 * 26 * 26 * 32 * 9 * 32", "forward = 64 * 26 * 26 * 32 * 32", "a window is 3 by 3"),
        ("forward = 64 * 26 * 26 * 32 * 9 * 32", "forward = 64 * 26 * 26 * 32 * 9", "how many numbers"),
        ("operations = 6 * forward", "operations = 2 * forward", "forward only"),
        ("operations = 6 * forward", "operations = 4 * forward", "does backward take"),
        ("operations = 6 * forward", "operations = 3 * forward", "an addition"),
        ("return w[::-1, ::-1].transpose(0, 1, 3, 2)", "return w[::-1, ::-1]", "3 channels"),
        ("return w[::-1, ::-1].transpose(0, 1, 3, 2)", "return w[..., :3]", "do not match"),
        ("return w[::-1, ::-1].transpose(0, 1, 3, 2)", "return w.transpose(0, 1, 3, 2)", "corner pixel"),
        ("return np.pad(dy, ((0, 0), (2, 2), (2, 2), (0, 0)))", "return dy", "dx is (4, 12, 10, 3), yours is"),
    ],
    "09": [
        ("pairs = 8", "pairs = 7", "the smallest p of 7 pairs is 0.0156"),
        ("pairs = 8", "pairs = 9", "one pair fewer"),
        ("pairs = 8", "pairs = 6.64", "a count"),
    ],
    "10": [
        ("stuck = np.array([[1.0, 1.0, -1.0], [0.0, 0.0, 0.0]])", "stuck = np.eye(3)", "can be larger"),
        (
            "stuck = np.array([[1.0, 1.0, -1.0], [0.0, 0.0, 0.0]])",
            "stuck = np.ones((2, 2))",
            "have lengths [1.414 1.414]",
        ),
        (
            "stuck = np.array([[1.0, 1.0, -1.0], [0.0, 0.0, 0.0]])",
            "stuck = np.array([[1.0, 0.6], [0.0, 0.8]])",
            "the gradient on the sphere is not 0",
        ),
        ("stuck = np.array([[1.0, 1.0, -1.0], [0.0, 0.0, 0.0]])", "stuck = np.array([1.0, 0.0])", "W has columns"),
    ],
}
LESSONS = {name[:2]: path for name, path in planted.LESSONS.items()}
OF = {number: exercises.of(lessons.read(path)) for number, path in LESSONS.items()}


@functools.cache
def reached(number):
    """The exercises of a lesson, as answer, check and the names that there are when a reader reaches it."""
    found, names = [], {"__name__": "__main__"}
    sys.modules.setdefault("viz.scenes", planted.NoScenes("viz.scenes"))
    code = [cell for cell in jupytext.read(LESSONS[number]).cells if cell.cell_type == "code"]
    with pytest.MonkeyPatch.context() as patch, np.printoptions(), contextlib.redirect_stdout(io.StringIO()):
        for name, value in planted.SMALL.items():
            patch.setitem(os.environ, name, value)
        for cell, after in pairwise([*code, None]):
            tags = cell.metadata.get("tags", [])
            if "exercise" in tags:
                found.append((cell.source, exercises.told(after.source, cell.source), names.copy()))
            elif "check" not in tags:
                exec(cell.source, names)
    return found


def said(answer, check, names):
    names, out = names.copy(), io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(answer, names)
        exec(check, names)
    return out.getvalue().strip()


@pytest.mark.parametrize("number", WRONG)
def test_the_answer_is_right_and_an_empty_cell_is_not(number):
    for answer, check, names in reached(number):
        assert said(answer, check, names) == "Right."
        assert said(exercises.empty(answer), check, names).startswith(("Not yet: fill in ", "Not yet: write "))


@pytest.mark.parametrize(("number", "old", "new", "words"), [(n, *one) for n, some in WRONG.items() for one in some])
def test_a_wrong_answer_is_told_why(number, old, new, words):
    [(answer, check, names)] = [one for one in reached(number) if old in one[0]]
    assert answer.count(old) == 1
    told = said(answer.replace(old, new), check, names)
    assert told.startswith("Not yet: ") and words in told


def test_the_first_ten_lessons_have_exercises_and_each_has_three_wrong_answers():
    assert {number for number, found in OF.items() if found} == set(WRONG) == {f"{n:02}" for n in range(1, 11)}
    for number in WRONG:
        for answer, _, _ in reached(number):
            assert len([old for old, *_ in WRONG[number] if old in answer]) >= 3


@pytest.mark.parametrize("number", WRONG)
def test_a_check_says_why_and_does_not_give_the_answer_away(number):
    for answer, check, _ in reached(number):
        asserts = [node for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Assert)]
        assert all(node.msg for node in asserts)
        for node in ast.walk(ast.parse(answer)):
            if isinstance(node, ast.Assign | ast.Return) and len(value := ast.unparse(node.value)) > 4:
                assert value not in ast.unparse(ast.parse(check))


ANSWER = '''# 2. é
a = (1,
     2)  # a pair


def f(x):  # of a
    """Half of x."""
    half = x / 2  # secret
    return half


def g(x): return 2 * x
'''


def test_of_an_answer_the_names_and_the_comments_stay():
    assert exercises.empty(ANSWER) == (
        "# 2. é\na = ...  # a pair\n\n\n"
        'def f(x):  # of a\n    """Half of x."""\n    raise NotImplementedError("write f first")\n\n\n'
        'def g(x): raise NotImplementedError("write g first")\n'
    )
    for more in ("print(1)", "a, b = 1, 2", "a[0] = 1", "a += 1", "import os"):
        with pytest.raises(ValueError, match="name = value"):
            exercises.empty(more)


def test_what_is_taken_away_has_the_check_below_and_the_answer_folded():
    text = '# %%\nx = 1\n\n# %% tags=["exercise"]\na = 1\n\n# %% tags=["check"]\nassert a == x, "no"\n\n# %%\nx\n'
    taken = [from_dict(cell) for cell in exercises.to_fill_in(jupytext.reads(text, fmt="py:percent").cells)]
    kinds = [cell.cell_type for cell in taken]
    assert kinds == ["code", "code", "code", "markdown", "code"] and not any("tags" in cell.metadata for cell in taken)
    assert taken[1].source == "a = ..." and taken[2].source == exercises.told('assert a == x, "no"', "a = 1")
    assert taken[3].source.startswith("<details>") and "a = 1" in taken[3].source
    assert (
        said("a = 1", taken[2].source, {"x": 1}) == "Right."
        and said("a = 2", taken[2].source, {"x": 1}) == "Not yet: no"
    )
    with pytest.raises(ValueError, match="check is missing"):
        exercises.to_fill_in(jupytext.reads(text.replace("check", "other"), fmt="py:percent").cells)
