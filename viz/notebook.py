"""In a notebook: the figure to drag of the lessons' pages, with the reader's own loss and optimizer in Python.

    explore(loss, optimizer="adam-g", start=(1, 0, 0))

The figure is a page of its own, as `viz.figures` makes them, of figures/explore.js; figures/explore-widget.js carries
its questions to Python and the answers back. A question is a point y; an answer holds f(y), its gradient, and the walk.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from string import Template
from typing import Any

import numpy as np

from grassmann_np.extras import install
from grassmann_np.geometry import sphere

from . import figures, lossmap, widget
from .camera import facing
from .losses import Loss, every, named, one_vector
from .marks import STYLES
from .scenes.shared import Start, first, path

ROWS = 49  # of the table of losses, pole to pole; twice as many columns
LONG = 1.3  # arrows are drawn on average, in radii of the sphere, and no longer: most stay in the window
ONE = "The loss takes one vector: it is called once for each point."


def explore(
    loss: str | Loss = "neuron",
    optimizer: str | Callable[..., Any] = "sgd-g",
    start: Start | None = None,
    steps: int = 24,
    seed: int = 0,
    lr: float = 0.1,
    **settings: Any,
) -> Any:
    """An anywidget: drag y over the sphere coloured by `loss`, see its gradient g, the shadow h, and the walk.

    `loss` is a name of `viz.losses`, or maps points w (3, m) to values (m,) and gradients (3, m), or one w (3,) to a
    value and its gradient (3,); `optimizer` is a name, or a function of a list of parameters. `settings` are its own.
    ValueError for a gradient that is not the loss's, or what cannot be drawn; ImportError without anywidget.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as missing:
        raise ImportError(f"explore needs anywidget: {install('notebook')}") from missing
    explorer = Explorer.of(loss, optimizer, start, steps, seed, lr=lr, **settings)
    fields = {"_esm": figures.read("explore-widget.js"), "page": traitlets.Unicode(explorer.page()).tag(sync=True)}
    shown = type("Explore", (anywidget.AnyWidget,), fields)()
    shown.on_msg(lambda one, question, buffers: one.send(explorer.answer(question)))
    return shown


@dataclass(frozen=True)
class Explorer:
    """What the figure asks: a loss of columns, an optimizer with its settings, a first point, and a word."""

    loss: Loss
    optimizer: str | Callable[..., Any]
    start: np.ndarray
    steps: int
    settings: dict[str, Any]
    word: str = ""

    @classmethod
    def of(
        cls,
        loss: str | Loss,
        optimizer: str | Callable[..., Any],
        start: Start | None,
        steps: int,
        seed: int,
        **settings: Any,
    ) -> Explorer:
        """All of it checked, and tried once.  ValueError as `explore`; what the functions raise goes through."""
        if not 1 <= steps <= 1000:
            raise ValueError(f"steps: expected 1 to 1000, got {steps}")
        rng = np.random.default_rng(seed)
        taken, word = (every(loss), ONE if one_vector(loss) else "") if callable(loss) else (named(loss, rng), "")
        explorer = cls(taken, optimizer, first(start, rng), steps, settings, word)
        explorer._look(explorer.start)
        return explorer

    def answer(self, question: Any) -> dict[str, Any]:
        """The answer to {"y": [x, y, z]}, as JSON takes it; {"y", "error"} in words if the loss or optimizer fails."""
        y = question["y"]
        try:
            return self._look(sphere.normalize(np.asarray(y, dtype=float)))
        except Exception as wrong:  # whatever it is, it is the reader's to see
            return {"y": y, "error": f"{type(wrong).__name__}: {wrong}"}

    def _look(self, y: np.ndarray) -> dict[str, Any]:
        """f(y), its gradient g, the directions of the walk from there, and the loss at its end."""
        value, g = self.loss(y[:, None])
        walk = sphere.normalize(path(self._one, y, self.steps, self.optimizer, **self.settings))
        last = self.loss(walk[:, -1:])[0]
        if not (np.isfinite(value).all() and np.isfinite(g).all() and np.isfinite(last).all()):
            raise ValueError(f"loss: expected finite numbers, got {value} and {np.ravel(g)}, then {last}")
        answer = {"y": y, "value": value[0], "g": g[:, 0], "walk": walk.T, "last": last[0]}
        return {name: np.asarray(one, dtype=float).tolist() for name, one in answer.items()}

    def _one(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, g = self.loss(w[:, None])
        return value[0], g[:, 0]

    def page(self) -> str:
        """The figure's page.  ValueError if the loss is not finite on the whole sphere."""
        z, a = np.linspace(np.pi, 0, ROWS), np.linspace(-np.pi, np.pi, 2 * ROWS)
        points = np.stack(
            [np.outer(np.sin(z), np.cos(a)), np.outer(np.sin(z), np.sin(a)), np.outer(np.cos(z), 0 * a + 1)]
        )
        values, gradients = self.loss(points.reshape(3, -1))
        table = np.asarray(values, dtype=float).reshape(ROWS, -1)
        if not np.isfinite(table).all():
            raise ValueError("loss: expected finite values on the sphere")
        now = self._look(self.start)
        direction = facing(self.start, -sphere.project(self.start, np.array(now["g"])), lean=0.9).direction
        given = {
            "table": table.round(6).tolist(),
            "limits": lossmap.limits(self.loss),
            "scale": scale(np.linalg.norm(np.asarray(gradients, dtype=float), axis=0), points.reshape(3, -1)),
            "start": now,
            "word": self.word,
            "camera": [float(np.arctan2(direction[1], direction[0])), float(np.arcsin(direction[2]))],
            "palette": lossmap.palette().tobytes().hex(),
            "styles": {role: vars(style) for role, style in STYLES.items()},
        }
        scripts = [*(widget.read(name) for name in widget.SHARED), *map(figures.read, ("explore.js", "frame.js"))]
        return Template(figures.read("frame.html")).substitute(
            title="Your loss, and your optimizer's walk",
            style=figures.read("style.css"),
            script="\n".join(scripts),
            data=json.dumps(given, allow_nan=False),
            still="",
        )


def scale(lengths: np.ndarray, points: np.ndarray) -> float:
    """How many times as long arrows of these `lengths` are drawn: 1, 2 or 5 times a power of ten.

    Then their root mean square over the sphere is at most LONG; of a grid, `points` count as their circle is long.
    """
    seen = np.isfinite(lengths)
    most = LONG / (np.sqrt(np.average(lengths[seen] ** 2, weights=np.hypot(*points[:2, seen]))) or LONG)
    power = 10.0 ** np.floor(np.log10(most))
    return float(f"{power * max(k for k in (1, 2, 5) if k == 1 or k * power <= most):.0e}")
