"""The fake of CUDA runs kernels as a device would, and refuses what a device would answer with garbage."""

import numpy as np
import pytest

from grassmann_np.cuda import kernel
from tests.fake_cuda import RawModule
from tests.fake_cupy import cupy


def run(source, *arguments, blocks=1, threads=64, memory=0):
    """The kernel `f` of the source."""
    RawModule(code=f'extern "C" __global__ void f({source}').get_function("f")(
        (blocks,), (threads,), arguments, shared_mem=memory
    )


def test_threads_of_a_block_share_and_wait():
    x = cupy.asarray(np.arange(128.0))
    run(
        """double *x) {
        __shared__ double all[64];
        const int t = threadIdx.x, at = blockIdx.x * blockDim.x + t;
        all[t] = x[at];
        __syncthreads();
        x[at] = all[blockDim.x - 1 - t] + 1000 * gridDim.x;
    }""",
        x,
        blocks=2,
    )
    np.testing.assert_array_equal(x.get(), np.arange(128.0).reshape(2, 64)[:, ::-1].ravel() + 2000)


@pytest.mark.parametrize("neighbour", [1, 63])
def test_a_missing_barrier_shows_in_one_of_two_blocks(neighbour):
    """Whoever reads what its left neighbour has written is right only if that one came first, and likewise right."""
    x = cupy.zeros(2 * 64)
    run(
        """double *x, long long neighbour) {
        __shared__ double all[64];
        const int t = threadIdx.x;
        all[t] = -1;
        __syncthreads();
        all[t] = t;
        x[blockIdx.x * 64 + t] = all[(t + neighbour) % 64];
    }""",
        x,
        neighbour,
        blocks=2,
    )
    wrong = np.sum(x.get().reshape(2, 64) != (np.arange(64) + neighbour) % 64, axis=1)
    assert sorted(wrong) == [1, 63]


@pytest.mark.parametrize(
    ("source", "arguments", "error"),
    [
        ("double *x) { if (threadIdx.x < 3) __syncthreads(); }", (cupy.zeros(3),), "wait for others that are done"),
        ("double *x) { x[3 + threadIdx.x % 2] = 1; }", (cupy.zeros(3),), r"wrote beside an array of shape \(3,\)"),
        ("const double *y, double *x) { x[3] = y[3]; }", (cupy.ones(3), cupy.zeros(3)), "wrote beside an array"),
        ("double *x) { x[-1] = 1; }", (cupy.zeros(3),), r"wrote beside an array of shape \(3,\)"),
        ("double *x) { extern __shared__ double memory[]; memory[0] = 1; }", (cupy.zeros(3),), "more shared memory"),
    ],
)
def test_what_a_kernel_must_not_do(source, arguments, error):
    with pytest.raises(RuntimeError, match=error):
        run(source, *arguments)


def test_what_lies_beside_an_array_is_nan():
    x, y = cupy.zeros(3), cupy.zeros(64)
    run("const double *x, double *y) { y[threadIdx.x] = x[threadIdx.x]; }", x, y)
    assert np.isnan(y.get()[3:10]).all() and np.isnan(cupy.empty(3).get()).all()


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ("float *x", (cupy.zeros(3),)),
        ("double *x", (np.zeros(3),)),
        ("long long n", (3.0,)),
        ("double s", (3,)),
        ("long long n", (np.int64(3),)),
        ("long long n, long long m", (3,)),
    ],
)
def test_arguments_of_another_type_are_refused(parameters, arguments):
    with pytest.raises(TypeError, match="expected"):
        run(f"{parameters}) {{}}", *arguments)


def test_a_wide_type_between_two_of_its_places_is_refused():
    numbers = cupy.zeros(12, dtype=np.float32)
    run("float4 *x) {}", numbers[4:])
    with pytest.raises(ValueError, match="argument 0: float4 is read 16 bytes at a time"):
        run("float4 *x) {}", numbers[1:9])


def test_too_much_shared_memory_is_refused():
    with pytest.raises(ValueError, match="more than a block may have"):
        run("double *x) {}", cupy.zeros(3), memory=49 * 1024)


def test_every_number_is_somebodys():
    x = cupy.zeros(1000, dtype=np.float32)
    source = 'extern "C" __global__ void count(T *x, long long size) { EACH(at, size) x[at] += 1 + at; }'
    kernel.launch(source, "count", x.dtype, 2, (x, x.size))
    np.testing.assert_array_equal(x.get(), np.arange(1.0, 1001.0))
