"""A kernel is a CUDA function that many threads run at once, each for its own numbers of an array.

    launch(SOURCE, "name", dtype, blocks, arguments)       blocks x THREADS threads; T in SOURCE is that dtype

A block of threads shares a small fast memory, and waits for its own threads only: what needs a sum over everything
takes two launches. To launch is to ask: the host goes on at once, and kernels run one after another, in order.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..backend import Array, get_xp

THREADS = 256  # in a block; the kernels are written for any power of two
BLOCKS = 2048  # enough to fill a large device; whoever has more to do goes around again
EACH = """
// This thread's share of the numbers 0 to size - 1: neighbours have neighbours, so that memory is read in long runs.
#define EACH(at, size) \\
    for (long long at = blockIdx.x * (long long)THREADS + threadIdx.x; at < (size); \\
         at += gridDim.x * (long long)THREADS)
"""
TYPES = {"float32": "float", "float64": "double"}


def launch(source: str, name: str, dtype: Any, blocks: int, arguments: tuple[Any, ...], memory: int = 0) -> None:
    """Starts the function `name` of `source` in so many blocks, each with `memory` bytes to share; does not wait.

    An array arrives as a pointer, a Python int as long long, a float as double.
    Raises ValueError for an array that is not C-contiguous: a pointer knows no strides.
    """
    arrays = [argument for argument in arguments if hasattr(argument, "flags")]
    for array in arrays:
        if not array.flags.c_contiguous:
            raise ValueError(f"{name}: expected C-contiguous arrays, got strides {array.strides}")
    _function(source, name, dtype, get_xp(*arrays))((blocks,), (THREADS,), arguments, shared_mem=memory)


def contiguous(x: Array) -> Array:
    """x itself if its numbers lie in order, else a copy."""
    return x if x.flags.c_contiguous else x.copy()


def blocks_for(work: int, each: int = THREADS) -> int:
    """How many blocks for so much work, `each` at a time: at least one, at most BLOCKS.

    >>> blocks_for(1000), blocks_for(10**9)
    (4, 2048)
    """
    return max(1, min(BLOCKS, -(-work // each)))


def complete(source: str, dtype: str) -> str:
    """`source` with what it takes for granted.  T is a type and no macro: NVIDIA's own headers have a T, too."""
    return f"typedef {TYPES[dtype]} T;\nenum {{ THREADS = {THREADS} }};\n{EACH}{source}"


@cache
def _function(source: str, name: str, dtype: Any, xp: Any) -> Any:
    return _module(source, dtype, xp).get_function(name)


@cache
def _module(source: str, dtype: Any, xp: Any) -> Any:
    """CuPy keeps what it has compiled: in memory for every device, and in its folder for the next time."""
    return xp.RawModule(code=complete(source, str(dtype)), options=("--std=c++17",))
