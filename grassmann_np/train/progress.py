"""Progress of training: a bar for a person at a terminal, plain lines for a pipe."""

from __future__ import annotations

import sys
from typing import Any, Self, TextIO

from .history import History


class Progress:
    """Shows epochs as they end, on standard error.  A bar needs tqdm (the extra `data`); without it, lines."""

    def __init__(self, epochs: int, every: int = 1, stream: TextIO | None = None) -> None:
        self.epochs, self.every, self.done = epochs, every, 0
        self.stream = stream or sys.stderr
        self.bar: Any = _bar(epochs, self.stream) if self.stream.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, name: str, history: History) -> None:
        """One more epoch of the run called `name`; in a pipe every `every`-th is printed."""
        self.done += 1
        if self.bar is not None:
            self.bar.set_description(name)
            self.bar.set_postfix_str(history.line())
            self.bar.update()
        elif len(history) % self.every == 0:
            print(f"{name}  epoch {len(history):3}  {history.line()}", file=self.stream, flush=True)


def _bar(total: int, stream: TextIO) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, unit="epoch", file=stream, dynamic_ncols=True)
