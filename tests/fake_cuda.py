"""A fake of CUDA that runs kernels on the host: the very same source, compiled by g++, one thread after another.

Blocks run one by one, and the threads of a block take turns: each runs until it waits for the others or is done, first
to last in even blocks, last to first in odd ones, so that a barrier that is missing shows. A thread that is done while
others wait, an argument of another type, an array that does not begin where its type may, a write beside an array, or
too much shared memory is an error. What lies beside an input reads as NaN. It knows nothing of speed, of warps or of
fused multiply-adds.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

SHARED = 48 * 1024  # bytes that a block may have without asking
GUARD = 256  # bytes on either side of an array
TYPES = {
    "float": "float32",
    "float4": "float32",
    "double": "float64",
    "double2": "float64",
    "int": "int32",
    "long long": "int64",
}
VECTORS = ("float4", "double2")
SCALARS = {"long long": (int, ctypes.c_longlong), "double": (float, ctypes.c_double)}

ERRORS = {1: "some threads wait for others that are done", 2: "wrote more shared memory than it asked for"}

BEFORE = """
#include <cmath>
#include <csetjmp>
#include <cstring>
#include <ucontext.h>
using std::fabs; using std::sqrt; using std::fmax; using std::sin; using std::cos;
static unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (__uint128_t)a * b >> 64; }
struct float4 { float x, y, z, w; };
struct double2 { double x, y; };
static struct { unsigned x, y, z; } threadIdx, blockIdx, blockDim, gridDim;
#define __global__
#define __device__
#define __shared__ static
double memory[6144];                                         // what `extern __shared__` means, as long as it may be
static size_t allowed;                                       // bytes of it that the launch has asked for
static void wait_for_the_others();
#define __syncthreads wait_for_the_others
"""

AFTER = """
enum { MOST = 1024, STACK = 65536, NEW = 0, WAITS = 1, DONE = 2 };
static jmp_buf thread[MOST], scheduler;
static ucontext_t start[MOST];
static char *stack[MOST];
static int state[MOST];
static void (*work)();
static void **arguments;

static void wait_for_the_others() {
    const int t = threadIdx.x;
    state[t] = WAITS;
    if (!_setjmp(thread[t])) _longjmp(scheduler, 1);
}

static void live() {                                         // one piece of work after another
    for (;;) {
        const int t = threadIdx.x;
        work();
        state[t] = DONE;
        if (!_setjmp(thread[t])) _longjmp(scheduler, 1);
    }
}

static void go_on(int t) {
    threadIdx.x = t;
    if (_setjmp(scheduler)) return;
    if (stack[t]) _longjmp(thread[t], 1);
    stack[t] = new char[STACK];
    getcontext(&start[t]);
    start[t].uc_stack.ss_sp = stack[t];
    start[t].uc_stack.ss_size = STACK;
    makecontext(&start[t], live, 0);
    setcontext(&start[t]);
}

static bool beyond() {
    for (size_t i = allowed; i < sizeof memory; i++) if (((unsigned char *)memory)[i] != 255) return true;
    return false;
}

static int run(unsigned blocks, unsigned threads) {          // 0, or which of the ERRORS below
    gridDim = {blocks, 1, 1};
    blockDim = {threads, 1, 1};
    for (unsigned b = 0; b < blocks; b++) {
        blockIdx = {b, 0, 0};
        memset(memory, 255, sizeof memory);
        memset(state, 0, sizeof state);
        for (unsigned done = 0; done < threads;) {
            for (unsigned i = 0; i < threads; i++) {
                const int t = b % 2 ? threads - 1 - i : i;
                go_on(t);
                done += state[t] == DONE;
            }
            if (done && done < threads) {
                memset(stack, 0, sizeof stack);              // their stacks are lost
                return 1;
            }
        }
        if (beyond()) return 2;
    }
    return 0;
}
"""


@cache
def _folder():
    folder = tempfile.mkdtemp(prefix="fake_cuda_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _resolved(declared, code):
    """The type behind T or V."""
    found = re.search(rf"typedef (\w+) {declared};", code)
    return found.group(1) if found else declared


@cache
def _kernels(code):
    """(the library, {name: types of the parameters, "float *" or "long long"}) of a source."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++ to run CUDA kernels on the host: install it, or run where there is a GPU")
    kernels, entries = {}, []
    for name, text in re.findall(r"__global__ void (\w+)\(([^)]*)\)", code):
        declared = [re.fullmatch(r"\s*(const )?([\w ]+?) (\*?)\w+", one, re.DOTALL).groups() for one in text.split(",")]
        kernels[name] = [(_resolved(kind, code), star, const) for const, kind, star in declared]
        values = ", ".join(
            f"*({const or ''}{kind} {star}*)arguments[{i}]" for i, (const, kind, star) in enumerate(declared)
        )
        entries.append(
            f"static void work_{name}() {{ {name}({values}); }}\n"
            f'extern "C" int run_{name}(unsigned blocks, unsigned threads, void **given, size_t bytes) {{\n'
            f"    work = work_{name}; arguments = given; allowed = bytes; return run(blocks, threads);\n}}"
        )
    code = "\n".join([BEFORE, code.replace("extern __shared__", "extern"), AFTER, *entries])
    path = _folder() / hashlib.sha256(code.encode()).hexdigest()[:16]
    path.with_suffix(".cpp").write_text(code)
    subprocess.run(
        ["g++", "-std=c++17", "-O1", "-U_FORTIFY_SOURCE", "-w", "-shared", "-fPIC", "-o", f"{path}.so", f"{path}.cpp"],
        check=True,
    )
    return ctypes.CDLL(f"{path}.so"), kernels


class RawModule:
    """As cupy.RawModule, of one source."""

    def __init__(self, *, code, options=()):
        self.code = code

    def get_function(self, name):
        library, kernels = _kernels(self.code)
        run, declared = getattr(library, f"run_{name}"), kernels[name]

        def kernel(grid, block, args, *, shared_mem=0):
            assert len(grid) == len(block) == 1 and grid[0] >= 1 and 1 <= block[0] <= 1024, (grid, block)
            if shared_mem > SHARED:
                raise ValueError(f"{name}: {shared_mem} bytes of shared memory are more than a block may have")
            if len(args) != len(declared):
                raise TypeError(f"{name}: expected {len(declared)} arguments, got {len(args)}")
            arrays: dict[int, Guarded] = {}
            values = [
                _passed(name, i, one, *kind, arrays) for i, (one, kind) in enumerate(zip(args, declared, strict=True))
            ]
            given = (ctypes.c_void_p * len(values))(*[ctypes.addressof(value) for value in values])
            if error := run(*grid, *block, given, ctypes.c_size_t(shared_mem)):
                raise RuntimeError(f"{name}: {ERRORS[error]}")
            for array in arrays.values():
                array.take_back(name)

        return kernel


def _passed(name, place, value, kind, star, const, arrays):
    """The value of one argument as C has it; raises TypeError for another type than the kernel declares."""
    where = f"{name}, argument {place}"
    if star:
        host = getattr(value, "_host", None)
        if host is None or str(host.dtype) != TYPES[kind]:
            got = type(value).__name__ if host is None else host.dtype
            raise TypeError(f"{where}: expected a device array of {TYPES[kind]}, got {got}")
        if kind in VECTORS and host.ctypes.data % 16:
            raise ValueError(f"{where}: {kind} is read 16 bytes at a time, but the array begins between two such")
        array = arrays.setdefault(host.ctypes.data, Guarded(host, 255 if const else 254))
        array.written |= not const
        return ctypes.c_void_p(array.address)
    expected, c_type = SCALARS[kind]
    if type(value) is not expected:
        raise TypeError(f"{where}: expected a Python {expected.__name__}, got {type(value).__name__}")
    return c_type(value)


class Guarded:
    """A copy of an array with bytes of `guard` on both sides: 255 makes NaN, and 254 another number than that."""

    def __init__(self, host, guard):
        self.host, self.guard, self.written = host, guard, False
        self.memory = np.full(host.nbytes + 2 * GUARD + 64, guard, dtype=np.uint8)
        self.begin = GUARD + -(self.memory.ctypes.data + GUARD) % 64  # aligned, as a device has it
        self.inside = self.memory[self.begin : self.begin + host.nbytes]
        self.inside[:] = host.reshape(-1).view(np.uint8)
        self.address = self.memory.ctypes.data + self.begin

    def take_back(self, name):
        """Copies what a kernel has written; raises RuntimeError if it wrote outside."""
        end = self.begin + self.host.nbytes
        if not (np.all(self.memory[: self.begin] == self.guard) and np.all(self.memory[end:] == self.guard)):
            raise RuntimeError(f"{name}: wrote beside an array of shape {self.host.shape}")
        if self.written:
            self.host.reshape(-1).view(np.uint8)[:] = self.inside
