"""Every kernel compiles for a GPU: NVIDIA's compiler needs no device, only CuPy and its CUDA."""

import pytest

from grassmann_np.cuda import activate, conv, kernel, normalize, pool, step

SOURCES = {
    "unfold": conv.unfold_source("T"),
    "unfold, float4": conv.unfold_source("float4"),
    "unfold, double2": conv.unfold_source("double2"),
    "fold": conv.FOLD,
    "relu": activate.RELU,
    "dropout": activate.DROPOUT,
    "batch_norm": normalize.SOURCE,
    "max_pool": pool.SOURCE,
    "step": step.SOURCE,
}


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("dtype", kernel.TYPES)
@pytest.mark.parametrize("name", SOURCES)
def test_compiles_for_a_gpu(name, dtype, architecture):
    nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc", reason="needs CuPy, of the extra gpu-cuda13")
    try:
        nvrtc.getVersion()
    except Exception as error:  # its library is another package, and is loaded at the first call
        pytest.skip(f"needs NVIDIA's compiler nvrtc: {type(error).__name__}")
    program = nvrtc.createProgram(kernel.complete(SOURCES[name], dtype), "kernel.cu", (), ())
    try:
        nvrtc.compileProgram(program, ("--std=c++17", f"--gpu-architecture={architecture}"))
    except nvrtc.NVRTCError:
        pytest.fail(nvrtc.getProgramLog(program))
    assert nvrtc.getCUBIN(program)
