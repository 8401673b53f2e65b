"""Pictures of the geometry: `scenes` on the sphere, `curves` of training, a `page` that holds both.

`viz.explore(loss, optimizer)` is a figure to drag over a loss of your own, in a notebook (viz/notebook.py).

    >>> import viz
    >>> viz.scenes.step(seed=3).title
    'One step of SGD-G'

A part is imported when it is first asked for, and matplotlib with it.
"""

import importlib
from typing import Any

from grassmann_np.extras import install

__all__ = ["curves", "explore", "page", "scenes"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = importlib.import_module(".notebook" if name == "explore" else f".{name}", __name__)
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        says = "Pillow" if package == "PIL" else package
        raise ImportError(f"{says} is missing; {install('viz')}") from missing
    return found.explore if name == "explore" else found


def __dir__() -> list[str]:
    return list(__all__)
