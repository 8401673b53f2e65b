"""A backend is the array module that an array belongs to: NumPy, CuPy, or any other of the Array API.

The array decides: a function asks `get_xp(*arrays)` for the module and calls it `xp`. There is no global switch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # numpy.ndarray, cupy.ndarray, or an array of another Array API module


def get_xp(*arrays: Array) -> Any:
    """The one module that all `arrays` belong to.

    Raises TypeError for something that is not an array, or for arrays of two modules.
    Source: the Python array API standard, `__array_namespace__`.

    >>> get_xp(np.ones(3)).__name__
    'numpy'
    """
    if not arrays:
        raise TypeError("expected at least one array, got none")
    for array in arrays:
        if type(array) is not np.ndarray:
            break
    else:
        return np  # the usual case, and this is asked often
    modules = [_module_of(array) for array in arrays]
    for module in modules[1:]:
        if module is not modules[0]:
            names = ", ".join(m.__name__ for m in modules)
            raise TypeError(f"expected arrays of one backend, got {names}; move them with backend.to_device")
    return modules[0]


def get_named_xp(**arrays: Array) -> Any:
    """`get_xp` of these arrays; the error names the one that is none."""
    try:
        return get_xp(*arrays.values())
    except TypeError as error:
        for name, array in arrays.items():
            try:
                get_xp(array)
            except TypeError as found:
                raise TypeError(f"{name}: {found}") from None
        raise TypeError(f"{', '.join(arrays)}: {error}") from None


def _module_of(array: Array) -> Any:
    if isinstance(array, np.ma.MaskedArray | np.matrix):
        raise TypeError(f"expected a plain array, got {type(array).__name__}; use numpy.array(array)")
    if isinstance(array, np.ndarray | np.generic):
        return np
    if type(array).__module__.split(".")[0] == "cupy":
        import cupy

        return cupy
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    raise TypeError(f"expected a NumPy or CuPy array, got {type(array).__name__}; make one with numpy.asarray")


def on_gpu(*arrays: Array) -> bool:
    """Whether these arrays of one backend are CuPy's."""
    return bool(get_xp(*arrays).__name__ == "cupy")


def asarray_like(host: np.ndarray[Any, Any], like: Array) -> Array:
    """The NumPy array `host` with the backend, device and dtype of `like`."""
    xp = get_xp(like)
    if xp.__name__ == "cupy":
        with like.device:
            return xp.asarray(host, dtype=like.dtype)
    return xp.asarray(host, dtype=like.dtype, device=like.device)


def by_columns(array: Array) -> Array:
    """The same numbers, with all but the last axis contiguous in memory; no copy where they are."""
    if array.ndim < 2 or not hasattr(array, "flags"):  # the Array API knows no layout
        return array
    *others, last = range(array.ndim)
    columns = array.transpose(last, *others)
    if columns.flags.c_contiguous:
        return array
    return get_xp(array).ascontiguousarray(columns).transpose(*range(1, array.ndim), 0)


def to_numpy(array: Array) -> np.ndarray[Any, Any]:
    """A host copy or view of `array`, whatever its backend; its numbers lie in the same order."""
    return np.asarray(_in_order(array, lambda a: a.get()) if hasattr(array, "get") else array)


def _in_order(array: Array, move: Callable[[Array], Array]) -> Array:
    """move(array), which may lay its numbers out as it likes: so it is given them in the order in which they lie."""
    axes = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    return move(array.transpose(axes)).transpose([axes.index(axis) for axis in range(array.ndim)])


def to_device(tree: Any, device: str) -> Any:
    """The same tree of lists, tuples, dicts and arrays, its arrays on `device`, "cpu" or "gpu", and laid out alike.

    Raises ValueError for an unknown device and RuntimeError if CuPy or a CUDA device is missing.
    """
    move = _mover(device)

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: walk(value) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return type(node)(walk(value) for value in node)
        return move(node) if hasattr(node, "dtype") and hasattr(node, "shape") else node

    return walk(tree)


def _mover(device: str) -> Callable[[Array], Array]:
    if device == "cpu":
        return to_numpy
    if device != "gpu":
        raise ValueError(f'expected device "cpu" or "gpu", got {device!r}')
    try:
        import cupy
    except ImportError as error:
        raise RuntimeError(
            "device 'gpu' needs CuPy, which is not installed; install the extra gpu-cuda12 or gpu-cuda13"
        ) from error
    try:
        found, why = cupy.cuda.runtime.getDeviceCount(), ""
    except cupy.cuda.runtime.CUDARuntimeError as error:
        found, why = 0, f": {error}"  # no device, or a driver older than CuPy's CUDA
    if not found:
        raise RuntimeError(f"device 'gpu' needs a CUDA device; CuPy is installed but finds none{why}")
    return lambda array: _in_order(array, cupy.asarray)
