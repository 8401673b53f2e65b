"""A parameter is an array that is trained, and knows the geometry it lives in.

A geometry sees columns: one weight vector per unit. A convolution (kh, kw, c_in, c_out) is therefore the matrix
(kh kw c_in, c_out) to it, while vectors and dense weights are themselves. The entries of a column lie side by side in
memory: an optimizer reads a column from end to end, and a matrix product does not mind.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from ..backend import Array, by_columns, get_named_xp, get_xp
from ..checks import check_flag
from ..geometry import Geometry, euclidean, subspaces


class Parameter:
    """`.value`, its gradient `.grad` (None before the first pullback), its `.geometry` and its dotted `.name`.

    `decay` says whether weight decay is meant for it: yes for weights, no for biases, gamma and beta.

    >>> import numpy as np
    >>> p = Parameter(np.ones((3, 3, 16, 32), dtype=np.float32))
    >>> p.matrix.shape
    (144, 32)
    """

    def __init__(self, value: Array, geometry: Geometry = euclidean, decay: bool = True) -> None:
        xp = get_named_xp(value=value)
        if value.dtype not in (xp.float32, xp.float64):
            raise TypeError(f"value: expected float32 or float64, got {value.dtype}")
        if not callable(getattr(geometry, "project", None)):
            raise TypeError(f"geometry: expected one like the module geometry.sphere, got {geometry!r}")
        if value.ndim > 2 and geometry is subspaces:
            raise ValueError(f"value: expected one subspace (n, p), got a stack of shape {tuple(value.shape)}")
        self.value = value
        self.grad: Array | None = None
        self.geometry = geometry
        self.decay = check_flag("decay", decay)
        self.name = ""

    @property
    def value(self) -> Array:
        """The array itself; what is assigned is laid out by columns, and copied if it was not."""
        return self._value

    @value.setter
    def value(self, value: Array) -> None:
        self._value = by_columns(value)

    @property
    def matrix(self) -> Array:
        """The value as its geometry sees it; assigning keeps the value's own shape."""
        return _as_matrix(self.value)

    @matrix.setter
    def matrix(self, y: Array) -> None:
        if y.shape != self.matrix.shape or y.dtype != self.value.dtype:
            want = f"{self.value.dtype} of shape {tuple(self.matrix.shape)}"
            raise ValueError(f"{self.name or 'matrix'}: expected {want}, got {y.dtype} of shape {tuple(y.shape)}")
        self.value = get_xp(y).reshape(y, self.value.shape)

    @property
    def matrix_grad(self) -> Array:
        """The gradient as the geometry sees it.  Raises ValueError before the first pullback, or if it does not fit."""
        name = self.name or "parameter"
        if self.grad is None:
            raise ValueError(f"{name}: no gradient yet; call the model's pullback first")
        get_named_xp(**{"value": self.value, f"gradient of {name}": self.grad})
        if self.grad.shape != self.value.shape or self.grad.dtype != self.value.dtype:
            want, got = (f"{a.dtype} of shape {tuple(a.shape)}" for a in (self.value, self.grad))
            raise ValueError(f"gradient of {name}: expected {want} like its value, got {got}")
        return _as_matrix(by_columns(self.grad))

    def __repr__(self) -> str:
        place = self.geometry.__name__.rpartition(".")[2]
        return f"Parameter({self.name or 'unnamed'}, shape {tuple(self.value.shape)}, {self.value.dtype}, {place})"

    def __reduce__(self) -> Any:
        """A geometry that is a module travels by name, since neither copy nor pickle knows modules."""
        state = {key: value for key, value in vars(self).items() if key not in ("geometry", "_value")}
        named = isinstance(self.geometry, ModuleType)
        return _rebuild, (self.value, self.geometry.__name__ if named else self.geometry), state


def _rebuild(value: Array, geometry: Any) -> Parameter:
    return Parameter(value, geometry=importlib.import_module(geometry) if isinstance(geometry, str) else geometry)


def _as_matrix(array: Array) -> Array:
    return get_xp(array).reshape(array, (-1, array.shape[-1])) if array.ndim > 2 else array
