"""A file is written beside its place and then renamed into it: after a kill or an error, what was there is there.

JSON files carry a checksum of what they say, so that a damaged number is never taken for one that was measured. Of an
.npz file arrays are read and nothing else: Python objects are refused.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

PART = ".part-"  # how the name of a file begins that is not complete: .part-HOST-PROCESS-RANDOM.SUFFIX


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """A path in the same folder, made if need be, to write to; renamed to `path` at the end, removed on any error.

    A link stays a link, and a file keeps its mode. What a killed process left in the folder is removed.
    Raises OSError, naming `path`, if it cannot be written: as `check_target` does, or for a full disk.
    """
    target = check_target(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    suffix = target.suffix if len(target.suffix) < 10 else ""
    part = target.with_name(f"{PART}{_host()}-{os.getpid()}-{secrets.token_hex(4)}{suffix}")
    try:
        try:
            yield part
            if target.exists():
                shutil.copymode(target, part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.filename not in (None, str(part)):
            raise  # of another file
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


def check_target(path: str | Path) -> Path:
    """Where a file at `path` would lie, links followed.

    Raises IsADirectoryError for a folder, NotADirectoryError if a file stands in its way, PermissionError if it may
    not be written, and OSError for a name that no file can have.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder, expected the name of a file", str(path))
    place = target.parent
    while not os.path.lexists(place):
        place = place.parent
    if not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "this is not a folder, nothing can be written in it", str(place))
    there = target.exists()  # asks the system: a name that is too long raises here
    if not os.access(place, os.W_OK | os.X_OK) or (there and not os.access(target, os.W_OK)):
        raise PermissionError(errno.EACCES, "this may not be written", str(target if there else place))
    return target


def write_json(path: str | Path, value: dict[str, Any]) -> None:
    """Writes `value` as JSON with its checksum; NaN and inf are refused."""
    text = json.dumps({"checksum": _checksum(value), **value}, indent=1, allow_nan=False) + "\n"
    with beside(path) as part:
        part.write_text(text, encoding="utf-8")


def read_json(path: str | Path) -> dict[str, Any]:
    """What `write_json` wrote.  Raises OSError, or ValueError for anything else: cut short, damaged or changed."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_no_number)
        checksum = value.pop("checksum")
        whole = checksum == _checksum(value)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected JSON with a checksum, got something else: {error}") from error
    if not whole:
        raise ValueError(f"{path}: its checksum does not fit: it is damaged, or was changed by hand")
    return dict(value)


def read_npz(path: str | Path, *choices: Sequence[str]) -> dict[str, Any]:
    """The arrays of an .npz file by name: those of the first choice that are all there, or without a choice all.

    Raises OSError; ValueError for another or a damaged file, one that lacks some of every choice, and Python objects.
    """
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("expected an .npz file, as np.savez writes it, got something else")
        file.seek(0)
        try:
            held = np.load(file, allow_pickle=False)
            there = list(held.files)
        except MemoryError:
            raise
        except Exception as error:  # a damaged byte breaks the readers of zip and .npy in any way
            raise ValueError(f"expected an .npz file, got one that cannot be read: {error!s:.200}") from error
        names = next((names for names in choices or (there,) if set(names) <= set(there)), None)
        if names is None:
            wanted = ", or ".join(map(", ".join, choices))
            raise ValueError(f"expected the arrays {wanted}, got {', '.join(there) or 'nothing'}")
        return {name: _member(held, name) for name in names}


def _member(held: Any, name: str) -> Any:
    """One array of an .npz file.  Raises ValueError for anything else."""
    try:
        array = held[name]
    except MemoryError:
        raise
    except Exception as error:  # as above
        if "allow_pickle" in str(error):
            advice = f"save numbers, or words by {name}.astype(str)"
            raise ValueError(f"{name}: got Python objects, which are not read; {advice}") from error
        raise ValueError(f"{name}: expected an array, got one that is damaged: {error!s:.200}") from error
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name}: expected an array, got something else")
    return array


def _checksum(value: Any) -> str:
    """SHA-256 of the value, whatever the order of its names and its spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _sweep(folder: Path) -> None:
    """Removes what processes of this machine that are no more left half written."""
    for part in folder.glob(f"{PART}{_host()}-*"):
        process = part.name.removeprefix(f"{PART}{_host()}-").partition("-")[0]
        if process.isdecimal() and not _lives(int(process)):
            with suppress(OSError):
                part.unlink()


def _lives(process: int) -> bool:
    """Whether there is a process of this number; where the system cannot be asked without harm, there is."""
    if os.name == "posix":
        with suppress(OverflowError, PermissionError):
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                return False
    return True


def _host() -> str:
    """The name of this machine, as it may stand in a file's name."""
    return "".join(letter for letter in platform.node() if letter.isalnum())[:40]
