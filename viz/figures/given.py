"""What every figure takes from Python: a title, and numbers as JSON takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from grassmann_np.geometry import sphere

from .. import losses, lossmap, widget
from ..camera import Camera, facing
from ..curves import name as written
from ..marks import STYLES
from ..scenes.orthogonality import CENTRE
from ..scenes.shared import path, take

Given = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """What it is called, and the function that gives its numbers: of the results of the experiment, if `measured`."""

    title: str
    numbers: Callable[..., Given]
    measured: bool = False


def data(name: str, results: Given | None = None) -> Given:
    """All that the page of the figure `name` knows: its numbers, and the looks of things.

    `results` are those of benchmarks/experiment.py. ValueError for a figure that is none, or that needs them.
    """
    if name not in FIGURES:
        raise ValueError(f"figure: expected one of {', '.join(FIGURES)}, got {name!r}")
    looks = {"palette": lossmap.palette().tobytes().hex(), "styles": {role: vars(s) for role, s in STYLES.items()}}
    figure = FIGURES[name]
    if figure.measured and results is None:
        raise ValueError(f"figure {name}: expected the results of the experiment, got none")
    try:
        numbers = figure.numbers(results) if figure.measured else figure.numbers()
    except KeyError as missing:
        raise ValueError(f"figure {name}: the results have no {missing}") from None
    return numbers | looks


def length() -> Given:
    """Lesson 1's neuron and targets, without the third input: L = offset + 1 - c'w/sqrt(w'Rw)."""
    return _two_inputs() | {"start": [-0.5, 1.3, 0.0]}


def _two_inputs() -> Given:
    """That neuron, and its loss by the direction of w: a colour every two degrees, and the rays of equal steps."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 3)) @ np.diag([1.5, 0.9, 0.4])
    t = np.tanh(x @ np.array([1.0, 0.5, -2.0]))
    centered = x[:, :2] - x[:, :2].mean(axis=0)
    R, c = np.zeros((3, 3)), np.zeros(3)
    R[:2, :2], c[:2] = centered.T @ centered / len(x), t @ centered / len(x)
    offset = (1 + float(np.mean(t**2))) / 2 - 1
    angle = np.radians(np.arange(0, 360, 2))
    way = np.stack([np.cos(angle), np.sin(angle), 0 * angle])
    value = 1 - c @ way / np.sqrt(np.sum(way * (R @ way), axis=0))
    low, high = float(value.min()), float(value.max())
    shades = lossmap.palette()[np.clip((value - low) / (high - low) * 255, 0, 255).astype(int)]
    levels = np.floor((value - low) / (high - low) * 11)
    crossing = np.flatnonzero(levels != np.roll(levels, -1))
    return {
        "numbers": {"R": R.tolist(), "c": c.tolist(), "eps": 0},
        "offset": offset,
        "limits": [low + offset, high + offset],
        "colours": ["#" + bytes(shade.tolist()).hex() for shade in shades],
        "rays": np.radians(2 * crossing + 1).tolist(),
    }


def gradient() -> Given:
    """Lesson 2's linear loss and its neuron, as neurons: 1 - c'w is one with R = 0 and eps = 1."""
    rng = np.random.default_rng(0)
    rng.standard_normal((3, 4)), rng.standard_normal(3)  # what the lesson has drawn before
    linear, (R, c) = losses.linear(rng), losses.moments(np.random.default_rng(1))
    lowest = -linear(np.zeros(3))[1]
    y = sphere.exp(lowest, 0.9 * sphere.normalize(sphere.project(lowest, np.array([0.0, 1.0, 0.0]))))
    return {
        "losses": {"linear": _loss(np.zeros((3, 3)), lowest, 1.0), "neuron": _loss(R, c, 0.0)},
        "start": y.tolist(),
        "camera": _angles(facing(y, sphere.log(y, lowest), lean=0.9)),
    }


def step() -> Given:
    """The film's step."""
    return {"start": 1.3}


def triangle() -> Given:
    """A triangle about as large as the film's, and lesson 4's."""
    middle = sphere.normalize(np.array([1.0, 0.3, 0.5]))
    east = sphere.normalize(np.cross([0.0, 0.0, 1.0], middle))
    north = np.cross(middle, east)
    ways = [0.8 * (np.cos(a) * east + np.sin(a) * north) for a in np.radians([200, 330, 80])]
    corners = [sphere.exp(middle, h).tolist() for h in ways]
    first, second, pole = np.eye(3).tolist()
    return {"corners": corners, "eighth": [pole, first, second], "camera": [0.35, 0.5]}


def axes() -> Given:
    """Lesson 6's neuron and first point."""
    rng = np.random.default_rng(0)
    R, c = losses.moments(rng)
    loss = losses.of_moments(R, c)
    y = sphere.random_point((3,), rng)
    middle = path(loss, y, 20, "adam-g", lr=0.1).mean(axis=1)
    camera = Camera(sphere.normalize(middle) + 0.35 * sphere.normalize(np.cross(middle, y)))
    return {"loss": _loss(R, c, 0.0), "start": y.tolist(), "camera": _angles(camera)}


def repel() -> Given:
    """Eight columns near each other, about where the film's are."""
    start = sphere.normalize(CENTRE[:, None] + 0.3 * np.random.default_rng(131).standard_normal((3, 8)))
    return {"columns": start.T.tolist(), "camera": _angles(Camera(CENTRE))}


def planes() -> Given:
    """Two planes 65 degrees apart, as in the film."""
    n = sphere.normalize(np.array([0.1, -0.35, 0.9]))
    line = sphere.normalize(np.cross(n, [0.35, 0.9, 0.1]))
    m = sphere.exp(n, np.radians(65) * np.cross(line, n))
    return {"normals": [n.tolist(), m.tolist()], "camera": [-0.5, 0.45]}


def decay() -> Given:
    """The neuron of `length`, from a place where it is steep."""
    return _two_inputs() | {"start": [-0.55, 0.75, 0.0]}


def window() -> Given:
    """A handwritten 3, the fourth image of the digits, and three kernels."""
    rows = ["007fd100", "08d6f400", "021dd000", "002fb100", "0001cc10", "00001a80", "00845e90", "007dd900"]
    edge = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4
    return {
        "image": [[int(x, 16) for x in row] for row in rows],
        "kernels": {"edge": edge.tolist(), "floor": edge.T.tolist(), "mean": np.full((3, 3), 1 / 9).tolist()},
    }


def stages() -> Given:
    """The film's neuron, and its second step."""
    rng = np.random.default_rng(101)
    R, c = losses.moments(rng)
    loss = losses.of_moments(R, c, widget.EPS)
    first = take(loss, sphere.random_point((3,), rng), np.zeros(3), 1.0, 0.9, 0.5)
    y, tau = sphere.move(first.y, first.d, first.d)
    now = take(loss, y, tau, 1.0, 0.9, 0.5)
    start = {"y": y.tolist(), "tau": tau.tolist()}
    return {"loss": _loss(R, c, widget.EPS), "start": start, "camera": _angles(facing(y, now.d))}


def pullback() -> Given:
    """Four numbers of a batch, and the gradient that arrives at each."""
    return {"z": [-1.4, -0.6, 0.3, 1.5], "dy": [-0.4, -1.3, 1.3, 0.9]}


def lengths() -> Given:
    """Lesson 11's inputs, which are the teacher's outputs but for a factor, and those of three neurons near them."""
    inputs = np.random.default_rng(0).standard_normal((256, 3))[:64]
    student = inputs @ sphere.normalize(np.eye(3) + 0.4 * np.roll(np.eye(3), 1, axis=0))
    return {"student": student.T.tolist(), "teacher": inputs.T.tolist(), "start": [1.0, 2.5]}


def adders() -> Given:
    """2^p numbers and 2^q units."""
    return {"start": {"p": 12, "q": 2}}


def planted() -> Given:
    """A walk across the sphere, and a vector at an angle with it."""
    y = sphere.normalize(np.array([0.75, -0.6, 0.15]))
    x = sphere.normalize(np.array([0.75, 0.55, 0.45]))
    start = {"y": y.tolist(), "x": x.tolist(), "bug": "projected", "phi": 35}
    return {"start": start, "camera": _angles(facing(y, sphere.log(y, x)))}


def hyperball() -> Given:
    """A step that lengthens W, as momentum makes them."""
    return {"start": {"eta": 0.6, "a": 110}}


def seeds(results: Given) -> Given:
    """Wrong test images by arm and seed, and Student's quantiles for 2, 3, ... differences."""
    arms = {name: arm["wrong"] for name, arm in results["arms"].items()}
    count = min(map(len, arms.values()))
    quantiles = [round(float(q), 6) for q in stats.t.ppf(0.975, np.arange(1, count))]
    named = {written(name): wrong[:count] for name, wrong in arms.items()}
    return {"arms": named, "of": results["of"], "quantiles": quantiles, "start": _two(list(named))}


def epochs(results: Given) -> Given:
    """Wrong test images, lengths and turns of the weight vectors, by arm and epoch: means over seeds."""
    arms = {}
    for name, arm in results["arms"].items():
        kept = [errors for errors in arm["errors"] if errors]
        if kept and "angle" in arm:
            wrong = np.mean(kept, axis=0).round(3).tolist()
            role = name.split()[0]  # the optimizer's
            arms[written(name)] = {"role": role, "wrong": wrong, "norm": arm["norm"], "angle": arm["angle"]}
    return {"arms": arms, "of": results["of"], "start": _two(list(arms))}


def _two(names: list[str]) -> dict[str, str]:
    """The two that are compared at first: SGD-G and SGD if they are there."""
    a, b = [*dict.fromkeys([*(name for name in ("SGD-G", "SGD") if name in names), *names]), *names][:2]
    return {"a": a, "b": b}


def _angles(camera: Camera) -> list[float]:
    """Its azimuth and elevation."""
    x, y, z = camera.direction
    return [float(np.arctan2(y, x)), float(np.arcsin(z))]


def _loss(R: np.ndarray, c: np.ndarray, eps: float) -> Given:
    """A neuron's constants, and the least and the greatest loss on the sphere."""
    limits = lossmap.limits(losses.of_moments(R, c, eps))
    return {"numbers": {"R": R.tolist(), "c": c.tolist(), "eps": eps}, "limits": limits}


FIGURES = {
    "length": Figure("The length of w: drag it, and the step shrinks, but the loss stays", length),
    "gradient": Figure("The gradient g and its shadow h on the tangent plane, wherever y is", gradient),
    "step": Figure("A step d: walked on the circle, straight off it, and put back", step),
    "triangle": Figure("A frame carried around a triangle, and projected", triangle),
    "axes": Figure("Adam and Adam-G, while the coordinates turn", axes),
    "repel": Figure("Columns that turn toward right angles", repel),
    "planes": Figure("Two planes and their principal angles", planes),
    "decay": Figure("Weight decay is a learning rate: two runs that are one", decay),
    "window": Figure("A window of an image is a row of the unfolded matrix", window),
    "stages": Figure("One step of SGD-G in seven stages", stages),
    "pullback": Figure("What batch normalization hands back: the gradient, less a straight line", pullback),
    "lengths": Figure("Lengths of weight vectors, and which of them a normalization forgets", lengths),
    "adders": Figure("How many units share a sum, and what its last digits are worth", adders),
    "planted": Figure("Bugs of the transport, and the identities that tell them", planted),
    "hyperball": Figure("How far a step turns W that need not be tangent", hyperball),
    "seeds": Figure("How many seeds it takes to tell two optimizers apart", seeds, measured=True),
    "epochs": Figure("Two optimizers, epoch by epoch", epochs, measured=True),
}
