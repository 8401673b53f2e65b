"""Pictures of the geometry: `scenes` on the sphere, `curves` of training, a `page` that holds both.

`viz.explore(loss, optimizer)` is a figure to drag over a loss of your own, in a notebook (viz/notebook.py).
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """`explore`, which is imported when it is asked for: it brings matplotlib along."""
    if name == "explore":
        from .notebook import explore

        return explore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
