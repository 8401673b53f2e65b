"""GPU tests run where CuPy finds a device; elsewhere they are deselected, and a line above the tests says how many.

A test that takes `device` runs on the strict fake of CuPy everywhere, and where there is a device on the real one too.

Browser tests run where playwright and a Chromium are; elsewhere they are skipped, and the reason says what to install.
"""

import importlib
import math
import os
import shutil
import signal

import pytest
from hypothesis import settings

from grassmann_np import ways

settings.register_profile("no clock", deadline=None)  # no test is about time
settings.load_profile("no clock")
for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(number) is signal.SIG_IGN:  # under nohup, or in the background of a script: children inherit it
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
NEED_POSIX = [
    "tutorials/planted.py",
    "tutorials/test_planted.py",
    "tutorials/test_exercises.py",
    "viz/test_benchmark.py",
]
NEED_POSIX += ["test_testing_command.py", "viz/test_any_command_line.py"]  # fork and resource; lines of a shell
collect_ignore = [] if os.name == "posix" else NEED_POSIX
LEFT_OUT = pytest.StashKey[int]()
EVERY_WAY = ("geometry", "nn", "ops", "optim", "testing")  # folders whose tests run once a way


def pytest_addoption(parser):
    parser.addoption("--way", default="plain,loops", help="run tests of the library these ways: plain,loops")


def pytest_generate_tests(metafunc):
    if metafunc.definition.path.parent.name in EVERY_WAY:
        metafunc.parametrize("way", metafunc.config.getoption("--way").split(","), indirect=True)


@pytest.fixture(autouse=True)
def way(request, monkeypatch):
    """Every array goes the plain way, or through the loops, two threads sharing it; see grassmann_np/ways.py.

    For all tests, since one that only has it as a parameter would not get it; None outside of EVERY_WAY.
    """
    if name := getattr(request, "param", None):
        take(name, monkeypatch)
    return name


def take(way, monkeypatch):
    """From here on NumPy arrays of any size go this way, "plain" or "loops"."""
    monkeypatch.setattr(ways, "LEAST", 0 if way == "loops" else math.inf)
    if way == "loops":
        pytest.importorskip("numba", reason="pip install 'grassmann-np[fast]'")
        monkeypatch.setattr("grassmann_np.host.share.SMALLEST", 1)
        monkeypatch.setattr("grassmann_np.host.share.AWAKE", 0)  # tests run beside others


def device_count():
    """How many CUDA devices CuPy finds; 0 without CuPy."""
    try:
        import cupy

        return cupy.cuda.runtime.getDeviceCount()
    except Exception:  # no CuPy, no driver, or no device: all mean the same here
        return 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if device_count():
        return
    on_gpu = [item for item in items if item.get_closest_marker("gpu")]
    config.stash[LEFT_OUT] = len(on_gpu)
    config.hook.pytest_deselected(items=on_gpu)
    items[:] = [item for item in items if not item.get_closest_marker("gpu")]


def pytest_report_collectionfinish(config):
    if count := device_count():
        return f"{count} CUDA devices"
    return f"no CUDA device, or no CuPy: {config.stash.get(LEFT_OUT, 0)} tests marked gpu are deselected"


@pytest.fixture(params=["fake", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request, monkeypatch):
    """The module cupy: its strict fake, or the real one."""
    if request.param == "gpu":
        return importlib.import_module("cupy")
    from tests import fake_cupy

    return fake_cupy.install(monkeypatch)


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, driven by playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install 'grassmann-np[browser]'")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("needs Chromium: install the package chromium of your system")
    with playwright.sync_playwright() as engine:
        one = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield one
        one.close()
