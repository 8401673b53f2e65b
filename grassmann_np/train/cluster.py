"""Where a comparison runs: on the cores of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..extras import install
from .compare import Spread

PATIENCE = 10  # seconds to wait for a scheduler; three times as long for its first worker


@contextmanager
def workers(scheduler: str, folder: str | Path) -> Iterator[Spread]:
    """What maps the runs of `compare` over the workers of the Dask scheduler at HOST:PORT, which all see `folder`.

    A run whose worker ends goes on, from its checkpoint, on another.

    Raises ImportError without Dask (the extra `cluster`); OSError if the scheduler does not answer, has no workers, has
    one that does not see the folder, or is gone before the end; RuntimeError for a run that ended several workers.
    """
    try:
        from dask.distributed import CancelledError, Client, KilledWorker
    except ImportError as error:
        raise ImportError(f"a cluster needs Dask: {install('data,cluster')}") from error
    place = Path(folder).absolute()
    place.mkdir(parents=True, exist_ok=True)
    with Client(scheduler, timeout=PATIENCE, set_as_default=False) as client:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=3 * PATIENCE)
        seen = client.run(place.is_dir)
        if not seen:
            raise OSError(f"the scheduler at {scheduler} has no workers")
        blind = [worker for worker, sees in seen.items() if not sees]
        if blind:
            raise OSError(f"--out: the workers {', '.join(blind)} do not see {place}; choose a folder that all share")
        try:
            yield lambda function, runs: (run.result() for run in client.map(function, runs, pure=False))
        except CancelledError as error:
            raise OSError(
                f"the scheduler at {scheduler} is gone; the same command goes on from what is saved"
            ) from error
        except KilledWorker as error:
            raise RuntimeError(f"a run ended every worker that took it; has it memory enough? {error}") from error
