"""A geometry seen through another array library: it is handed that library's arrays, the caller only sees NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class Through:
    """`geometry` with NumPy arrays in and out: `to` converts every argument, `back` every result.

    Lets `identities.check` try a geometry on CuPy, on a strict Array API module, or one written for another library.
    """

    def __init__(self, geometry: Any, to: Callable[[Any], Any], back: Callable[[Any], Any]) -> None:
        self._geometry, self._to, self._back = geometry, to, back
        self.__name__ = f"{getattr(geometry, '__name__', 'geometry')} through another backend"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        function = getattr(self._geometry, name)

        def call(*arguments: Any, **options: Any) -> Any:
            result = function(*map(self._wrap, arguments), **{key: self._wrap(a) for key, a in options.items()})
            return tuple(map(self._unwrap, result)) if isinstance(result, tuple) else self._unwrap(result)

        return call

    def _wrap(self, argument: Any) -> Any:
        return self._to(argument) if isinstance(argument, np.ndarray | np.generic) else argument

    def _unwrap(self, array: Any) -> Any:
        return array if isinstance(array, np.ndarray | np.generic) else self._back(array)
