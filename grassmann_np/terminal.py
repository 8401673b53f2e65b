"""What a program says never stops what it does: closed pipes, full devices and small alphabets are borne."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import IO

UNREACHABLE = (OSError, ValueError)  # what a stream raises whose reader has gone, whose device is full, that is closed


def say(text: str, stream: IO[str] | None) -> bool:
    """Prints a line, and returns whether it could be.  A letter that the stream does not know is written as \\xNN."""
    try:
        answer(text, stream)
    except UNREACHABLE:
        return False
    return True


def answer(text: str, stream: IO[str] | None) -> None:
    """Prints the line that was asked for; without a stream, or a reader, nobody asks any more.

    Raises OSError if it cannot be written.
    """
    if stream is not None:
        letters = getattr(stream, "encoding", None) or "utf-8"
        try:
            print(text.encode(letters, "backslashreplace").decode(letters), file=stream, flush=True)
        except BrokenPipeError:
            pass
        except OSError as error:
            raise OSError(error.errno, error.strerror, "standard output") from error


def describe(error: BaseException) -> str:
    """One line that says what was wrong, with the file if it was about one."""
    if isinstance(error, OSError) and error.strerror:
        words = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    else:
        words = str(error) or type(error).__name__
    return " ".join(words.split())


def stop_on_signals() -> None:
    """From now on SIGTERM and SIGHUP stop the program as Ctrl-C does; what is ignored, as under nohup, stays so."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def leave(status: int) -> int:
    """The exit status, once all is said: what a stream still holds and cannot take is given up, before Python tries."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(*UNREACHABLE):
                stream.flush()
    return status
