"""A scene is a lesson on the sphere: a function of a seed and a few numbers that gives an Animation.

Its heart is frame(t), t from 0 to 1: marks in R^3, a camera, a caption. One file a scene: formulas, marks, captions in
numbers of the data; one import and one entry of SCENES below. Its first sentence is what `python -m viz list` prints,
its parameters, all with defaults, are the options of the command line.

>>> import numpy as np
>>> from grassmann_np.geometry import sphere
>>> from viz.camera import facing
>>> from viz.drawing import Frame, Sphere
>>> from viz.marks import Curve, Point
>>> from viz.scenes.shared import SIZE, along, check, scene
>>> @scene
... def walk(seed: int = 0, seconds: float = 4.0, size: tuple[int, int] = SIZE) -> Animation:
...     '''A point that walks a quarter of a great circle.'''
...     check(seed)
...     rng = np.random.default_rng(seed)
...     y = sphere.random_point((3,), rng)
...     d = sphere.normalize(sphere.random_tangent(y, rng)) * np.pi / 2
...     def frame(t: float) -> Frame:
...         marks = {"walk": Curve(along(y, d, np.linspace(0, t, 61))), "y": Point(sphere.exp(y, t * d), "y")}
...         return Frame(marks, facing(y, d), "y walks along d.")
...     return Animation(frame, "A walk", "A quarter of a great circle, 90 degrees.", seconds, size, (Sphere(),))
>>> walk(seed=3).command
'python -m viz walk --seed 3'
"""

from __future__ import annotations

from collections.abc import Callable

from ..animation import Animation
from .adam import adam
from .clip import clip
from .exp import exp
from .lines import lines
from .momentum import momentum
from .network import network
from .orthogonality import orthogonality
from .project import project
from .race import race
from .scale import scale
from .step import step
from .subspaces import subspaces
from .transport import transport

__all__ = [
    "SCENES",
    "adam",
    "clip",
    "exp",
    "lines",
    "momentum",
    "network",
    "orthogonality",
    "project",
    "race",
    "scale",
    "step",
    "subspaces",
    "transport",
]

SCENES: dict[str, Callable[..., Animation]] = {
    "scale": scale,
    "project": project,
    "exp": exp,
    "transport": transport,
    "step": step,
    "momentum": momentum,
    "clip": clip,
    "adam": adam,
    "race": race,
    "orthogonality": orthogonality,
    "lines": lines,
    "subspaces": subspaces,
    "network": network,
}
