"""A target names what is the user's own: package.module, package.module:object or package.module:object.part."""

from __future__ import annotations

import importlib
from typing import Any


def find(text: str) -> Any:
    """What is called so.  Raises what importing the module raises, and AttributeError if there is no such object in it.

    >>> find("os:path.sep") == find("os").path.sep
    True
    """
    module, _, path = text.partition(":")
    found: Any = importlib.import_module(module)
    for part in filter(None, path.split(".")):
        found = getattr(found, part)
    return found
