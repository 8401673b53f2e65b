"""One writer at a time: a folder is locked by the process that writes there, and free when that ends, however it ends.

The lock is a file that the system itself releases; beside it stands who holds it, for those who find it locked.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..extras import install
from ..files import PART

LOCK, HOLDER = ".lock", ".writer"


@contextmanager
def alone(folder: str | Path) -> Iterator[None]:
    """Within it nobody else trains into `folder`, which is made if need be.

    Raises RuntimeError, saying who, if somebody does; ImportError without filelock (the extra `data`).
    """
    try:
        from filelock import FileLock, Timeout
    except ImportError as error:
        raise ImportError(f"a run folder is locked through filelock: {install('data')}") from error
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(folder / LOCK), folder / HOLDER
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        who = "another process"
        with suppress(OSError):
            who = holder.read_text(encoding="utf-8") or who
        raise RuntimeError(f"--out: {who} writes into {folder}; wait for its end, or choose another folder") from error
    try:
        with suppress(OSError):  # a full disk: then nobody is told who writes
            holder.write_text(f"process {os.getpid()} of {platform.node()}", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def is_empty(folder: Path) -> bool:
    """Whether nothing is in the folder but what locks and killed writers leave."""
    return not any(path.name not in (LOCK, HOLDER) and not path.name.startswith(PART) for path in folder.iterdir())
