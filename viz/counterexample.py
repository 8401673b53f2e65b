"""The picture of a counterexample: one call that went wrong, drawn on the sphere, or the error against the size.

On the sphere stand the arguments of the call, what our own geometry makes of them, "expected", and what came, "got".
Where that cannot be seen there, or not be drawn, a chart shows the error in cases of every size, and the limit.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from grassmann_np import geometry
from grassmann_np.geometry import sphere
from grassmann_np.testing.cases import Case
from grassmann_np.testing.counterexample import replayed, search
from grassmann_np.testing.identities import Identity, measure
from grassmann_np.testing.report import Result
from grassmann_np.testing.view import Call, View

from . import residuals
from .animation import Animation
from .camera import facing
from .drawing import Formula, Frame, Sphere
from .look import Figure, usual
from .marks import STYLES, Curve, Label, Mark, Plane, Point, Vector
from .picture import Picture

SEEN, LONGEST = 0.03, 4.0  # what is nearer than this looks the same on the sphere; what is longer leaves the picture
ARGUMENTS = {
    "exp": "yh", "log": "yx", "transport": "yhv", "move": "yhv", "project": "yg", "normalize": "w", "distance": "yx",
}  # fmt: skip
ROLES = {"y": "y", "x": "y", "h": "h", "v": "d", "g": "d", "w": "h", "expected": "frame", "got": "g"}
SIZE = (720, 480)  # in pixels


def picture(result: Result, view: View) -> Picture:
    """The smallest counterexample to the identity of a result that does not hold.

    Raises ValueError if none is found or nothing of it can be drawn, ImportError without hypothesis.
    """
    case = search(result.identity, view)
    if case is None:
        raise ValueError(f"{result.identity.name}: no small counterexample was found")
    calls = [one for one in replayed(result.identity, case)[0] if isinstance(one, Call) and _fits(one, view)]
    worst = max(calls, key=lambda call: _gap(call, view.kind), default=None)
    if worst is not None and _gap(worst, view.kind) > SEEN:
        return Picture(_on_the_sphere(result.identity, case, worst))
    return Picture(residuals.chart(result, case))


def _fits(call: Call, view: View) -> bool:
    """Whether a call of theirs can be drawn: of one point on the sphere in R^2 or R^3, with no long vector."""
    arrays = [a for a in call.arguments if isinstance(a, np.ndarray)]
    small = all(a.size <= 3 and np.linalg.norm(a) < LONGEST for a in arrays)
    return view.kind in ("sphere", "lines") and call.function in ARGUMENTS and view.has(call.function) and small


def _expected(call: Call, kind: str) -> Any:
    """What our geometry answers; None if it refuses."""
    try:
        return getattr(getattr(geometry, kind), call.function)(*call.arguments)
    except ValueError:
        return None


def _gap(call: Call, kind: str) -> float:
    """How far the answer is from ours; inf if one of both is none."""
    ours = _expected(call, kind)
    if ours is None or call.result is None:
        return 0.0 if ours is call.result else np.inf
    pairs = zip(ours, call.result, strict=True) if call.function == "move" else [(ours, call.result)]
    either = kind == "lines" and call.function in ("exp", "move", "transport", "normalize")  # y and -y are one point
    return max(float(min(np.linalg.norm(a - b), np.linalg.norm(a + b) if either else np.inf)) for a, b in pairs)


@usual()
def _on_the_sphere(identity: Identity, case: Case, call: Call) -> Figure:
    """The call, its arguments and answers in numbers beside it."""
    name, expected, got = call.function, _expected(call, case.kind), call.result
    given = dict(zip(ARGUMENTS[name], call.arguments, strict=True))
    asked = f"{case.geometry.names[name]}({', '.join(given)})"
    if name == "move":  # the point, or if that is right the vector
        which = int(got is None or np.linalg.norm(expected[0] - got[0]) <= SEEN)
        name, expected, got = ("exp", "transport")[which], expected[which], None if got is None else got[which]
        asked = f"the {('point', 'vector')[which]} of {asked}"
    n = np.size(call.arguments[0])
    answers = {"expected": expected, "got": got}
    marks, y, d = _marks(
        name, *({key: _in_space(a) for key, a in some.items() if a is not None} for some in (given, answers))
    )
    if n == 2:
        circle = np.linspace(0, 2 * np.pi, 121)
        marks = {"circle": Curve(np.stack([np.cos(circle), np.sin(circle), 0 * circle]), "guide"), **marks}
    lines = [Formula(f"{key} = {_numbers(a)}", ROLES[key]) for key, a in given.items()]
    should = _numbers(expected, "an error")
    lines += [Formula(f"expected {should}", ROLES["expected"]), Formula(f"got {_numbers(got)}", ROLES["got"])]
    here = f"Here, in R^{n}{' (the dotted circle)' if n == 2 else ''}"
    caption = _caption(
        f"{identity.statement}. {here}, {asked} should give {should} and gave {_numbers(got)}. "
        f"Error: {measure(identity, [case]).reason}."
    )
    frame = Frame(marks, facing(y, d, lean=0.9 if n == 2 else 0.5), caption)
    spheres = (Sphere(ghost=case.kind == "lines"),)
    drawing = Animation(lambda t: frame, identity.name, caption, 1.0, SIZE, spheres, tuple(lines)).drawing()
    drawing.show(frame)
    for bar, line in zip(drawing.bars, lines, strict=True):
        bar.set_color(STYLES[line.role].color)
    drawing.figure.set_label(caption)
    return drawing.figure


def _marks(
    name: str, given: dict[str, np.ndarray], answers: dict[str, np.ndarray]
) -> tuple[dict[str, Mark], np.ndarray, np.ndarray]:
    """What is drawn of a call, and the walk (y, d) that the eye should see."""
    y = given.get("y", answers.get("expected", np.eye(3)[0]))
    d = given.get("h", np.zeros(3))
    if name in ("log", "distance") and np.any(y + given["x"]):
        d = sphere.log(y, given["x"])
    walk = sphere.exp(np.outer(y, np.ones(61)), np.outer(d, np.linspace(0, 1, 61)))
    marks: dict[str, Mark] = {"walk": Curve(walk)} if np.any(d) else {}
    if name == "project":
        marks["plane"] = Plane(y, sphere.normalize(sphere.project(y, np.eye(3)[np.argmin(np.abs(y))])), 0.6)
    if name == "distance":
        numbers = ", ".join(f"{key} {_numbers(a[0])}" for key, a in answers.items())
        marks["numbers"] = Label(sphere.exp(y, d / 2), numbers, "g", sphere.exp(y, d / 2))
    same = "v" in given and np.array_equal(d, given["v"])
    for key in [key for key in "hvgw" if key in given and not (same and key == "h")]:
        word = "h = v" if same else key
        marks[key] = Vector(np.zeros(3) if key == "w" else y, given[key], ROLES[key], word)
    if name in ("exp", "normalize"):
        marks |= {key: Point(a, key, ROLES[key]) for key, a in answers.items()}
    elif name != "distance":
        start = sphere.exp(y, d) if name == "transport" else y
        longest = sorted(answers.items(), key=lambda item: -np.linalg.norm(item[1]))  # the shorter one on top
        marks |= {key: Vector(start, a, ROLES[key], key) for key, a in longest}
    marks |= {key: Point(given[key], key) for key in "yx" if key in given}
    return marks, y, d


def _in_space(a: Any) -> np.ndarray:
    """A vector of R^2 or R^3, or a number, as a vector of R^3."""
    flat = np.ravel(np.asarray(a, float))
    return np.pad(flat, (0, 3 - flat.size))


def _numbers(a: Any, none: str = "no answer") -> str:
    """An answer in short numbers; what is tiny beside the largest of them is 0."""
    if a is None:
        return none
    numbers = np.ravel(np.asarray(a, float))
    numbers = np.where(np.abs(numbers) < 1e-3 * np.max(np.abs(numbers)), 0, numbers)
    words = [f"{x:.3g}".replace("-", "−") for x in numbers]
    return f"({', '.join(words)})" if len(words) > 1 else words[0]


def _caption(text: str) -> str:
    """The text, to be broken outside of brackets only."""
    return re.sub(r"\([^()]*\)", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
