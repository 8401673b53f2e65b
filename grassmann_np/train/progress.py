"""Progress of training: a bar for a person at a terminal, plain lines for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self, TextIO

from ..terminal import UNREACHABLE, say, waiting
from .loop import Trainer


class Progress:
    """Shows steps and epochs of the run called `name` on standard error, as callbacks of Trainer.run.

    At a terminal that is a bar with the time left, if tqdm is there (the extra `data`); in a pipe, a line for every
    epoch; with `about`, first a line on the data. With `quiet`, or where nobody reads any more, nothing: it never stops
    the training.
    """

    def __init__(self, name: str, quiet: bool = False, stream: TextIO | None = None, about: bool = False) -> None:
        self.name, self.stream, self.about = name, stream or sys.stderr, about
        self.quiet = quiet or self.stream is None  # None: a program without a standard error
        self.bar: Any = None
        self.before = ExitStack()  # what is said before the first step

    def __enter__(self) -> Self:
        self.before.enter_context(waiting(f"{self.name}: reading the images, making the model", self.quiet))
        return self

    def __exit__(self, *_: object) -> None:
        self.before.close()
        if self.bar is not None:
            self._try(self.bar.close)

    def step(self, trainer: Trainer) -> None:
        """One more step."""
        self.before.close()
        if self.quiet:
            return
        if self.about:
            self.about, self.quiet = False, not say(trainer.data.line(), self.stream)
        if self.bar is None and self.stream.isatty():
            total = trainer.epochs * trainer.steps_per_epoch
            self._try(lambda: setattr(self, "bar", _bar(trainer.step - 1, total, self.name, self.stream)))
        if self.bar is not None:
            self._try(self.bar.update)

    def epoch(self, trainer: Trainer) -> None:
        """One more epoch."""
        if self.quiet:
            return
        if self.bar is not None:
            self._try(lambda: self.bar.set_postfix_str(trainer.history.line()))
        else:
            line = f"{self.name}  epoch {len(trainer.history):3}  {trainer.history.line()}"
            self.quiet = not say(line, self.stream)

    def _try(self, draw: Callable[[], Any]) -> None:
        try:
            draw()
        except UNREACHABLE:
            self.quiet = True


def _bar(done: int, total: int, name: str, stream: TextIO) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(initial=done, total=total, desc=name, unit="step", file=stream, dynamic_ncols=True)
