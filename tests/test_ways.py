"""Every way gives the same values, ways.py takes the one that it says, and no wing is there before it is needed."""

import subprocess
import sys

import numpy as np
import pytest

from grassmann_np import ops, ways
from tests import fake_cupy
from tests.conftest import take
from tests.ops.cases import CASES, as_tuple, draw

LAYOUTS = {
    "contiguous": np.ascontiguousarray,
    "by columns": np.asfortranarray,
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "upside down": lambda a: a[::-1].copy()[::-1],
    "read only": lambda a: np.broadcast_to(a, a.shape),
}


def everything(op, arrays, put, get):
    """y and all gradients of a random dy, as host arrays."""
    y, pullback = op(*map(put, arrays))
    dy = np.asarray(np.random.default_rng(2).standard_normal(np.shape(get(y))), dtype=arrays[0].dtype)
    return [get(a) for a in (y, *as_tuple(pullback(put(dy))))]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("way", ["plain", "loops", "device"])
@pytest.mark.parametrize("name", CASES)
def test_every_op_every_way(name, way, dtype, layout, monkeypatch):
    """Against the plain way in float64, to some roundings of the largest number: sums are in another order."""
    op, arrays = draw(name)
    arrays = [a.astype(dtype) for a in arrays]
    take("plain", monkeypatch)
    right = everything(op, [a.astype(np.float64) for a in arrays], np.asarray, np.asarray)
    put, get = (lambda a: LAYOUTS[layout](a) if a.ndim else a), np.asarray
    if way == "device":
        cupy = fake_cupy.install(monkeypatch)
        on_host = put
        put, get = (lambda a: cupy.asarray(on_host(a))), lambda a: a.get()
    else:
        take(way, monkeypatch)
    for ours, exact in zip(everything(op, arrays, put, get), right, strict=True):
        assert ours.dtype == dtype and ours.shape == exact.shape
        assert np.abs(ours - exact).max(initial=0.0) <= 64 * np.finfo(dtype).eps * max(
            1.0, np.abs(exact).max(initial=0.0)
        )


def test_device_then_size_then_plain(monkeypatch):
    cupy = fake_cupy.install(monkeypatch)
    small, large = np.ones(ways.LEAST // 8 - 1), np.ones(ways.LEAST // 8)
    assert ways.wing("normalize", cupy.asarray(small)).__name__ == "grassmann_np.cuda.normalize"
    assert ways.wing("normalize", large).__name__ == "grassmann_np.host.normalize"
    assert ways.wing("normalize", small, large) is not None
    assert ways.wing("normalize", small) is None
    assert ways.wing("no such file", large) is None and ways.find("pool", "no such op", large) is None


@pytest.mark.parametrize(
    "odd",
    [
        np.ones(2**20).view(type("Mine", (np.ndarray,), {})),
        np.ones(2**20, ">f8"),
        np.frombuffer(bytes(2**20 * 8 + 1), np.uint8)[1:].view(np.float64),
    ],
    ids=["subclass", "other byte order", "unaligned"],
)
def test_what_a_loop_cannot_read_goes_the_plain_way(odd):
    plain = np.ones(2**20)
    assert ways.wing("activate", plain) is not None
    assert all(ways.wing("activate", *arrays) is None for arrays in ([odd], [odd, plain], [plain, odd]))


@pytest.mark.parametrize(
    "spoil",
    [
        'sys.modules["numba"] = None',
        'import types; sys.modules["numba"] = types.ModuleType("numba")',  # of a version without njit
        "import numba; numba.njit = lambda *a, **k: 1 / 0",
        "import grassmann_np.host.loop as l; l.trial = lambda a: 1 / 0",
    ],
)
def test_where_loops_cannot_be_compiled_the_plain_way_is_gone(spoil):
    code = f"""if True:
        import sys, warnings
        warnings.simplefilter("error")
        import numpy as np
        {spoil}
        from grassmann_np import nn, ops, optim, ways
        x = np.random.default_rng(0).standard_normal((2**9, 2**9))
        assert ways.wing("activate", x) is None
        y, pullback = ops.batch_norm(x, relu=True)
        assert np.isfinite(pullback(y)).all()
        w = nn.Parameter(x)
        w.grad = y
        optim.SGD([w], 0.1).step()"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_cannot_be_kept_on_disk_is_compiled_all_the_same(monkeypatch):
    numba = pytest.importorskip("numba")
    from grassmann_np.host import loop

    njit = numba.njit

    def refuses(function, cache=False, **options):
        if cache:
            raise RuntimeError(f"cannot cache function {function.__name__!r}: no locator available")
        return njit(function, **options)

    monkeypatch.setattr(numba, "njit", refuses)
    assert loop.loop(lambda a: a + 1)(1) == 2


def test_nothing_is_imported_before_it_is_needed():
    code = """if True:
        import sys
        import grassmann_np as g
        own = [name for name in sys.modules if name.startswith("grassmann_np.")]
        assert not own, own
        assert {"geometry", "nn", "ops", "optim", "train"} <= set(dir(g))
        g.geometry.sphere, g.nn.mlp, g.ops.relu, g.optim.SGD
        late = [name for name in sys.modules if name.split(".")[0] in ("scipy", "numba", "threadpoolctl", "cupy")]
        assert not late and "grassmann_np.host" not in sys.modules, late
        try:
            g.nothing
        except AttributeError as error:
            assert "no attribute 'nothing'" in str(error)
        else:
            raise AssertionError"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_subclasses_of_arrays_stay_what_they_were():
    """They did before there were loops."""
    x = np.ones((2**8, 2**8)).view(type("Mine", (np.ndarray,), {}))
    assert type(ops.relu(x)[0]) is type(x)
