"""A history is what was measured at the end of every epoch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class History:
    """One number per epoch; errors are fractions, seconds are of training alone, factor is the schedule's."""

    train_loss: list[float] = field(default_factory=list)
    train_error: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_error: list[float] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, **numbers: float) -> None:
        """Appends one epoch."""
        for name, number in numbers.items():
            getattr(self, name).append(number)

    def __len__(self) -> int:
        return len(self.train_loss)

    def line(self) -> str:
        """The last epoch in words."""
        return (f"loss {self.train_loss[-1]:.4f}  train error {100 * self.train_error[-1]:5.2f} %  "
                f"test error {100 * self.test_error[-1]:5.2f} %")

    def as_dict(self) -> dict[str, Any]:
        """Lists of numbers by name."""
        return asdict(self)
