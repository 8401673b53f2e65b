"""`python -m grassmann_np`: the door to the commands, which hears Ctrl-C while they are still being imported."""

import os
import signal
import sys


def _leave(*_: object) -> None:
    """Nothing has begun: there is nothing to save and nothing to tell."""
    os._exit(130)


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)

    from .commands import main
    from .terminal import leave, stop_on_signals

    stop_on_signals()
    try:
        status = main()
    except SystemExit as asked:  # for --help
        status = int(asked.code or 0)
    sys.exit(leave(status))
