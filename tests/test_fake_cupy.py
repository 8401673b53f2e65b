"""The fake of CuPy is as strict as it says, and knows no name that a real CuPy lacks."""

import numpy as np
import pytest

from grassmann_np.backend import get_xp, to_device, to_numpy
from tests import fake_cupy
from tests.fake_cupy import cupy


def test_moves_to_and_fro(monkeypatch):
    fake_cupy.install(monkeypatch)
    x = np.arange(3.0)
    on_device = to_device(x, "gpu")
    assert get_xp(on_device) is cupy
    assert to_numpy(on_device).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "stray",
    [
        lambda x: np.asarray(x),
        lambda x: np.sqrt(x),
        lambda x: np.sum(x),
        lambda x: np.concatenate([x, x]),
        lambda x: x + np.ones(3),
        lambda x: np.ones(3) + x,
        lambda x: x * np.float64(2),
        lambda x: cupy.maximum(x, np.zeros(3)),
        lambda x: x[np.array([0, 1])],
        lambda x: x.__setitem__(0, np.float32(1)),
        lambda x: get_xp(x, np.ones(3)),
    ],
)
def test_refuses_numpy(stray):
    with pytest.raises(TypeError):
        stray(cupy.ones(3))


@pytest.mark.parametrize("missing", [lambda: cupy.vecdot, lambda: cupy.linalg.svdvals, lambda: cupy.ones(3).put])
def test_refuses_names_that_cupy_lacks(missing):
    with pytest.raises(AttributeError):
        missing()


@pytest.mark.parametrize("keyword", [{"device": None}, {"like": None}])
def test_refuses_keywords_that_cupy_lacks(keyword):
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        cupy.eye(3, **keyword)


def test_results_stay_on_the_device():
    x = cupy.ones((2, 3), dtype=np.float32)
    for y in (x.sum(), x @ x.T, 2 * x, x[0, 0], x > 0, cupy.where(x > 0, x, 0.0), *cupy.linalg.svd(x)):
        assert isinstance(y, fake_cupy.ndarray)
    assert (x.sum() / 2).dtype == np.float32


@pytest.mark.parametrize(
    "look",
    [
        float,
        int,
        bool,
        repr,
        str,
        lambda x: x.get(),
        lambda x: x.item(),
        lambda x: x.tolist(),
        lambda x: max(x, x),
        lambda x: range(9)[x.astype(np.int64)],
        lambda x: x.reshape(1).nonzero(),
        lambda x: cupy.nonzero(x.reshape(1)),
        lambda x: cupy.where(x.reshape(1)),
        lambda x: x.reshape(1)[x.reshape(1) > 0],
    ],
    ids=range(14),
)
def test_who_looks_is_counted(look):
    x = cupy.ones(())
    with fake_cupy.counting() as fetched:
        look(x)
    assert len(fetched) == 1


def test_who_does_not_look_is_not_counted():
    x = cupy.ones((2, 3))
    with fake_cupy.counting() as fetched:
        cupy.where(x > 0, x, -x)[0, 1:].astype(np.float32).sum()
        assert len(x) == x.shape[0] and x.size and x.flags.c_contiguous
    assert fetched == []


@pytest.mark.gpu
def test_every_name_is_in_cupy():
    real = pytest.importorskip("cupy")
    names = [(real, fake_cupy.FUNCTIONS + fake_cupy.CONSTANTS), (real.linalg, fake_cupy.LINALG)]
    names += [(real.lib.stride_tricks, fake_cupy.STRIDE_TRICKS)]
    names += [(real.ndarray, fake_cupy.METHODS + fake_cupy.PROPERTIES)]
    assert [name for module, listed in names for name in listed if not hasattr(module, name)] == []
