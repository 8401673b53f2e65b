"""Riemannian approach to batch normalization (Cho and Lee, NIPS 2017), executable, in plain NumPy.

Batch normalization does not see the length of a weight vector (but for its eps), only its direction. So a weight vector
is a point of a sphere, and is moved along geodesics. Read geometry/sphere.py first, then optim/sgd.py and
nn/invariant.py.

    >>> import numpy as np
    >>> import grassmann_np as g
    >>> g.geometry.sphere.normalize(np.array([3.0, 4.0]))
    array([0.6, 0.8])

A part is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.2.0"
__all__ = ["backend", "data", "geometry", "nn", "ops", "optim", "testing", "train"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
