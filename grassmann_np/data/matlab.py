"""A MATLAB file of version 5 is a header of 128 bytes and then elements: a tag, its kind and size, and a content.

    matrix        its flags, shape, name and numbers: elements in turn, each padded to 8 bytes
    compressed    a matrix behind zlib

Read here and not by scipy, whose reader trusts a file: a wrong byte can crash it, a small file fill the memory.

Source: MathWorks, MAT-File Format; numbers of kinds and classes are theirs.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from .dataset import Array

Bytes: TypeAlias = bytes | bytearray
Read: TypeAlias = Callable[[int], Bytes]  # exactly so many bytes, or ValueError

SHAPE, MATRIX, COMPRESSED = 5, 14, 15  # kinds of elements
STORED: dict[int, np.dtype[Any]] = {2: np.dtype("u1"), 9: np.dtype("<f8")}  # how numbers are, by kind
CLASSES = (6, 9)  # double, uint8


def read(path: Path, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """The named arrays of uint8 or float64 of a file, which must have these shapes; others are passed over.

    No more than them is taken into memory.  Raises ValueError for a file that holds something else.
    """
    found: dict[str, Array] = {}
    try:
        with path.open("rb") as file:
            if file.read(128)[124:] != b"\x00\x01IM":
                raise ValueError("not a little-endian MATLAB file of version 5")
            while tag := file.read(8):
                kind, size = struct.unpack("<II", tag)
                end = file.tell() + size
                take = _exactly(file)
                if kind == COMPRESSED:
                    take = _inflated(take, size)
                    kind, _ = struct.unpack("<II", take(8))
                if kind != MATRIX:
                    raise ValueError(f"an element of kind {kind} instead of a matrix")
                name, array = _matrix(take, shapes)
                if name in found:
                    raise ValueError(f"{name} is there twice")
                if array is not None:
                    found[name] = array
                file.seek(end)
        if missing := [name for name in shapes if name not in found]:
            raise ValueError(f"{', '.join(missing)} is missing")
    except (ValueError, struct.error, zlib.error) as error:
        wanted = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"{path}: expected arrays of numbers, {wanted}: {error}") from error
    return found


def _matrix(take: Read, shapes: dict[str, tuple[int, ...]]) -> tuple[str, Array | None]:
    """The name of a matrix, and the matrix if it is one of `shapes`."""
    of, flags = struct.unpack("<BB6x", _element(take, 8)[1])  # its class; complex, global, logical
    kind, sizes = _element(take, 128)
    name = _element(take, 64)[1].decode("latin-1")
    if name not in shapes:
        return name, None
    shape = struct.unpack(f"<{len(sizes) // 4}i", sizes)
    if kind != SHAPE or shape != shapes[name] or of not in CLASSES or flags:
        raise ValueError(f"{name} is of class {of}, flags {flags} and shape {shape}")
    stored, numbers = _element(take, 8 * prod(shape))
    if stored not in STORED or len(numbers) != prod(shape) * STORED[stored].itemsize:
        raise ValueError(f"{name} has {len(numbers)} bytes of kind {stored}")
    return name, np.frombuffer(numbers, STORED[stored]).reshape(shape, order="F")


def _element(take: Read, most: int) -> tuple[int, Bytes]:
    """Kind and content of the next element; one of up to 4 bytes may stand in its own tag."""
    tag = take(8)
    small, kind = divmod(struct.unpack("<I", tag[:4])[0], 2**16)
    if small:
        return kind, tag[4 : 4 + small]
    size = struct.unpack("<I", tag[4:])[0]
    if size > most:
        raise ValueError(f"an element of {size} bytes where {most} are enough")
    content = take(size)
    take(-size % 8)
    return kind, content


def _exactly(file: BinaryIO) -> Read:
    def take(size: int) -> bytes:
        content = file.read(size)
        if len(content) < size:
            raise ValueError("it ends too early")
        return content

    return take


def _inflated(packed: Read, length: int) -> Read:
    """What the next `length` bytes hold behind zlib; no more of it is unpacked than is asked for."""
    inflate = zlib.decompressobj()
    pieces = (packed(min(2**16, length - start)) for start in range(0, length, 2**16))

    def take(size: int) -> bytearray:
        content, start = bytearray(size), 0
        while start < size:
            more = inflate.unconsumed_tail or next(pieces, b"")
            piece = inflate.decompress(more, size - start)
            if not piece and (inflate.eof or not more):
                raise ValueError("it ends too early")
            content[start : start + len(piece)] = piece
            start += len(piece)
        return content

    return take
