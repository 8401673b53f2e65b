"""The array decides its backend."""

import sys
import types

import array_api_strict as strict
import numpy as np
import pytest

from grassmann_np import backend


def test_numpy_and_the_array_api():
    assert backend.get_xp(np.ones(2), np.float32(1)) is np
    assert backend.get_xp(strict.asarray([1.0])) is strict
    with pytest.raises(TypeError, match="got numpy, array_api_strict"):
        backend.get_xp(np.ones(2), strict.asarray([1.0]))
    with pytest.raises(TypeError, match="at least one array"):
        backend.get_xp()


def test_to_device_walks_the_tree():
    tree = {"a": [np.ones(2), (np.zeros(1), "name")], "b": 3}
    moved = backend.to_device(tree, "cpu")
    assert moved["a"][1][1] == "name" and moved["b"] == 3
    np.testing.assert_array_equal(moved["a"][0], np.ones(2))
    with pytest.raises(ValueError, match='"cpu" or "gpu", got \'tpu\''):
        backend.to_device(tree, "tpu")


def test_gpu_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(RuntimeError, match="needs CuPy, which is not installed; install the extra gpu-cuda12"):
        backend.to_device([np.ones(1)], "gpu")


def test_gpu_without_device(monkeypatch):
    class NoDeviceError(RuntimeError):
        pass

    def count():
        raise NoDeviceError("CUDA driver version is insufficient")

    runtime = types.SimpleNamespace(getDeviceCount=count, CUDARuntimeError=NoDeviceError)
    monkeypatch.setitem(sys.modules, "cupy", types.SimpleNamespace(cuda=types.SimpleNamespace(runtime=runtime)))
    with pytest.raises(RuntimeError, match="CuPy is installed but finds none: CUDA driver version is insufficient"):
        backend.to_device([np.ones(1)], "gpu")
