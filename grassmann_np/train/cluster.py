"""Where a comparison runs: on the cores of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .compare import Spread

PATIENCE = 10  # seconds to wait for a scheduler


@contextmanager
def workers(scheduler: str, folder: str | Path) -> Iterator[Spread]:
    """What maps the runs of `compare` over the workers of the Dask scheduler at HOST:PORT, which all see `folder`.

    Raises ImportError without Dask (the extra `cluster`), and OSError if the scheduler does not answer, has no workers,
    or has one that does not see the folder.
    """
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise ImportError("a cluster needs Dask: pip install 'grassmann-np[data,cluster]'") from error
    place = Path(folder).absolute()
    place.mkdir(parents=True, exist_ok=True)
    with Client(scheduler, timeout=PATIENCE, set_as_default=False) as client:
        seen = client.run(place.is_dir)
        if not seen:
            raise OSError(f"the scheduler at {scheduler} has no workers")
        blind = [worker for worker, sees in seen.items() if not sees]
        if blind:
            raise OSError(f"--out: the workers {', '.join(blind)} do not see {place}; choose a folder that all share")
        yield lambda function, runs: (run.result() for run in client.map(function, runs, pure=False))
