"""GPU tests run where CuPy finds a device; elsewhere they are deselected, and the header says so."""

import pytest


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
    config.hook.pytest_deselected(items=on_gpu)
    items[:] = [item for item in items if item not in on_gpu]


def pytest_report_header():
    count = device_count()
    return f"{count} CUDA devices" if count else "no CUDA device: the tests marked gpu are deselected"
