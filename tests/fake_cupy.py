"""A strict fake of CuPy: arrays that live on a "device", so that code meant for a GPU is tested without one.

It wraps NumPy and refuses what CuPy refuses, and a little more: implicit conversion to NumPy, `np.` functions on a
device array, NumPy arrays and NumPy scalars among the arguments, and every name that is not on the lists below.
CUDA kernels are run by tests/fake_cuda.py. What `empty` returns is NaN. `counting()` lists what was fetched, which on a
device means to wait.
`install(monkeypatch)` makes it what `import cupy` finds, so that `model.to("gpu")` works.
"""

from __future__ import annotations

import contextlib
import operator
import sys
from types import SimpleNamespace

import numpy as np

from tests.fake_cuda import RawModule


def _words(text):
    return text.split()


# All in CuPy 14 (tests/test_fake_cupy.py asks a real one); only names with the meaning of NumPy's.
FUNCTIONS = _words("""
abs add all any arange argmax argmin argsort asarray ascontiguousarray astype atan2 broadcast_to clip concat
concatenate copysign cos diagonal dot einsum empty empty_like exp exp2 expand_dims expm1 eye flip full full_like
greater hypot isfinite isnan log log1p matmul matrix_transpose max maximum mean min minimum moveaxis multiply nonzero
ones ones_like outer pad permute_dims pow prod reshape sign signbit sin sinc sinh sqrt square squeeze stack std
subtract sum take tan tanh tensordot transpose tril triu var where zeros zeros_like
""")
CONSTANTS = _words("bool finfo float32 float64 inf int32 int64 isdtype nan newaxis pi")
LINALG = _words("cholesky eigh inv matmul matrix_transpose norm qr solve svd")
STRIDE_TRICKS = ["sliding_window_view"]
METHODS = _words("""
all any argmax argmin astype clip copy cumsum diagonal dot fill flatten item max mean min nonzero prod ravel reshape
round squeeze std sum swapaxes take tolist trace transpose var
""")
PROPERTIES = _words("T dtype flags itemsize mT nbytes ndim shape size strides")

FETCHING = {"item", "nonzero", "tolist"}  # methods that answer with numbers on the host, or need to know some
fetched: list[str] = []


@contextlib.contextmanager
def counting():
    """The list of all fetches inside: names, in order."""
    before = len(fetched)
    inside: list[str] = []
    try:
        yield inside
    finally:
        inside += fetched[before:]


NO_KEYWORDS = {"device", "initial", "like", "subok", "where"}  # that NumPy's functions have and CuPy's have not


class Device:
    """The one device, number 0; a context, as CuPy's is."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def __eq__(self, other):
        return isinstance(other, Device)

    def __hash__(self):
        return 0


class ndarray:
    """An array on the device."""

    def __init__(self, host):
        self._host = host if isinstance(host, np.ndarray) else np.asarray(host)

    def get(self):
        """A copy on the host: the only way back."""
        fetched.append("get")
        return self._host.copy()

    device = property(lambda self: Device())
    data = property(lambda self: SimpleNamespace(ptr=self._host.ctypes.data))

    def __array_namespace__(self, api_version=None):
        return cupy

    def __getattr__(self, name):
        if name in PROPERTIES:
            return _to_device(getattr(self._host, name))
        if name in METHODS:
            fetched.extend({name} & FETCHING)
            return _on_device(getattr(self._host, name))
        raise AttributeError(f"cupy.ndarray has no attribute {name!r} that the fake knows")

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc, *args, **kwargs):
        raise TypeError(f"np.{ufunc.__name__} called on a device array")

    def __array_function__(self, function, *args, **kwargs):
        raise TypeError(f"np.{function.__name__} called on a device array")

    def __getitem__(self, index):
        if getattr(index, "dtype", np.dtype(int)).kind == "b":
            fetched.append("mask")  # how long is the result?
        return ndarray(self._host[_to_host(index)])

    def __setitem__(self, index, value):
        self._host[_to_host(index)] = _to_host(value)

    def __len__(self):
        return len(self._host)

    def __bool__(self):
        fetched.append("bool")
        return bool(self._host)

    def __int__(self):
        fetched.append("int")
        return int(self._host)

    def __float__(self):
        fetched.append("float")
        return float(self._host)

    def __index__(self):
        fetched.append("index")
        return operator.index(self._host)

    def __copy__(self):
        return ndarray(self._host.copy())

    def __deepcopy__(self, memo):
        return ndarray(self._host.copy())

    def __repr__(self):
        fetched.append("repr")
        return f"fake {self._host!r}"


def _add_operators():
    def binary(function, reverse=False):
        def method(self, other):
            operands = (self._host, _to_host(other))
            return ndarray(function(*(operands[::-1] if reverse else operands)))

        return method

    def unary(function):
        return lambda self: ndarray(function(self._host))

    def in_place(function):
        def method(self, other):
            self._host = function(self._host, _to_host(other))
            return self

        return method

    for name in _words("add sub mul truediv floordiv mod pow matmul and or xor"):
        function = getattr(operator, name if name not in ("and", "or") else name + "_")
        setattr(ndarray, f"__{name}__", binary(function))
        setattr(ndarray, f"__r{name}__", binary(function, reverse=True))
        setattr(ndarray, f"__i{name}__", in_place(getattr(operator, "i" + name)))
    for name in _words("lt le eq ne gt ge"):
        setattr(ndarray, f"__{name}__", binary(getattr(operator, name)))
    for name in _words("neg pos abs invert"):
        setattr(ndarray, f"__{name}__", unary(getattr(operator, name)))
    ndarray.__hash__ = None


_add_operators()


def _to_host(value):
    """The NumPy array inside, for the fake's own use; refuses what has no business on the device."""
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"Unsupported type {type(value)}: a host array or NumPy scalar among device arrays")
    if isinstance(value, tuple | list):
        return type(value)(_to_host(item) for item in value)
    if isinstance(value, dict):
        return {key: _to_host(item) for key, item in value.items()}
    return value


def _to_device(value):
    if isinstance(value, np.ndarray | np.generic):
        return ndarray(value)
    if isinstance(value, tuple) and any(isinstance(item, np.ndarray) for item in value):
        return tuple(_to_device(item) for item in value)
    return value


def _on_device(function):
    def call(*args, **kwargs):
        if refused := kwargs.keys() & NO_KEYWORDS:
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument {refused.pop()!r}")
        return _to_device(function(*_to_host(args), **_to_host(kwargs)))

    return call


def _waiting(function):
    """Of nonzero, and of where without values: how long the result is, is known on the device only."""

    def call(*args, **kwargs):
        if len(args) == 1:
            fetched.append(function.__name__)
        return _on_device(function)(*args, **kwargs)

    return call


def _unwritten(function):
    def call(*args, **kwargs):
        array = _on_device(function)(*args, **kwargs)
        if array.dtype.kind == "f":
            array.fill(np.nan)
        return array

    return call


def _asarray(a, dtype=None):
    """From the host to the device, or a device array as it is."""
    if isinstance(a, ndarray):
        return a if dtype is None or a.dtype == dtype else a.astype(dtype)
    return ndarray(np.array(a, dtype=dtype))


class CUDARuntimeError(Exception):
    pass


class _Module:
    """Only what is on the lists; anything else is an AttributeError, as in the real module."""

    __name__ = "cupy"

    def __init__(self):
        for name in FUNCTIONS:
            setattr(self, name, _on_device(getattr(np, name)))
        for name in CONSTANTS:
            setattr(self, name, getattr(np, name))
        tricks = {name: _on_device(getattr(np.lib.stride_tricks, name)) for name in STRIDE_TRICKS}
        self.lib = SimpleNamespace(stride_tricks=SimpleNamespace(**tricks))
        self.linalg = SimpleNamespace(**{name: _on_device(getattr(np.linalg, name)) for name in LINALG})
        self.asarray = _asarray
        self.nonzero, self.where = _waiting(np.nonzero), _waiting(np.where)
        self.empty, self.empty_like = _unwritten(np.empty), _unwritten(np.empty_like)
        self.RawModule = RawModule
        self.ndarray = ndarray
        runtime = SimpleNamespace(getDeviceCount=lambda: 1, CUDARuntimeError=CUDARuntimeError)
        self.cuda = SimpleNamespace(runtime=runtime)


cupy = _Module()


def install(monkeypatch):
    """Makes `import cupy` find the fake, for one test."""
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return cupy
