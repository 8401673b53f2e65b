"""What a program says never stops what it does: closed pipes, full devices and small alphabets are borne."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NoReturn

PATIENCE = 2.0  # seconds without a word
SCRIPTS = {"grassmann-np": "grassmann_np", "grassmann-viz": "viz"}
"""The console scripts, and the modules that they run."""
UNREACHABLE = (OSError, ValueError)  # what a stream raises whose reader has gone, whose device is full, that is closed


def called(command: str) -> str:
    """The command `python -m MODULE ...`, with the name of its console script if this program was called by that."""
    script = Path(sys.argv[0]).stem
    words = command.split(" ", 3)
    return " ".join([script, *words[3:]]) if words[2:3] == [SCRIPTS.get(script)] else command


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line, and its help on any terminal.

    `prog` is "python -m MODULE"; called by its console script, it has the name of that.
    """

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(called(prog), **options)

    @property
    def module(self) -> str:
        """What it is the command line of."""
        first, *rest = self.prog.split()
        return SCRIPTS.get(first) or rest[1]

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; a shell that asks gets its completions, if argcomplete is there (the extra `completion`)."""
        if "_ARGCOMPLETE" in os.environ:
            with suppress(ImportError):
                from argcomplete import autocomplete

                autocomplete(self)
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Ends the program with status 2."""
        self._end(2, message)

    def print_help(self, file: Any = None) -> None:
        """Prints the help as an answer; ends the program with status 1 if it cannot be written."""
        try:
            answer(self.format_help().rstrip("\n"), sys.stdout)
        except OSError as error:
            self._end(1, describe(error))

    def _end(self, status: int, message: str) -> NoReturn:
        say(f"{self.module}: {_one_line(message)}", sys.stderr)
        sys.exit(status)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, which takes --name=-- for a list of nothing."""
        found, rest = super().parse_known_args(args, namespace)
        for name, value in vars(found).items():
            if value == []:
                self.error(f"argument --{name.replace('_', '-')}: expected one argument")
        return found, rest


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
        return _one_line(f"{os.fsdecode(error.filename)}: {error.strerror}" if error.filename else error.strerror)
    unsaid = "there is not enough memory for this" if isinstance(error, MemoryError) else type(error).__name__
    return _one_line(str(error)) or unsaid


def _one_line(text: str) -> str:
    """The text without line breaks, its middle left out where it is long."""
    text = " ".join(text.split())
    return text if len(text) < 2000 else f"{text[:1000]} ... {text[-900:]}"


@contextmanager
def waiting(text: str, quiet: bool = False) -> Iterator[None]:
    """Says to a person at a terminal what is being done, if that takes longer than PATIENCE."""
    timer = threading.Timer(PATIENCE, lambda: say(text, sys.stderr))
    timer.daemon = True
    if not quiet and sys.stderr is not None and sys.stderr.isatty():
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def run(main: Callable[[], int]) -> NoReturn:
    """Runs a program to its end, and exits with its status.

    SIGTERM and SIGHUP stop it as Ctrl-C does; what is ignored, as under nohup, stays so. What a stream still holds at
    the end and cannot take goes nowhere, before Python tries.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        status = main()
    except SystemExit as asked:  # for --help
        status = int(asked.code or 0)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except UNREACHABLE:
            with suppress(*UNREACHABLE):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)
