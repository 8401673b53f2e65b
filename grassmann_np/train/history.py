"""A history is what was measured at the end of every epoch."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, field


@dataclass
class History:
    """One number per epoch; errors are fractions, seconds are of training alone, factor is the schedule's.

    rate is that of the optimizer's first group, the normalized weights, at the last step. The last four are of the
    scale-invariant weights (train/monitor.py); they stay empty if there are none.
    """

    train_loss: list[float] = field(default_factory=list)
    train_error: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_error: list[float] = field(default_factory=list)
    factor: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    norm: list[float] = field(default_factory=list)
    angle: list[float] = field(default_factory=list)
    effective_rate: list[float] = field(default_factory=list)
    orthogonality: list[float] = field(default_factory=list)

    def add(self, **numbers: float) -> None:
        """Appends one epoch."""
        for name, number in numbers.items():
            getattr(self, name).append(number)

    def __len__(self) -> int:
        return len(self.train_loss)

    def line(self) -> str:
        """The last epoch in words."""
        turned = f"  {self.angle[-1]:.1e} rad a step" if self.angle else ""
        return (
            f"loss {self.train_loss[-1]:.4f}  train error {100 * self.train_error[-1]:5.2f} %  "
            f"test error {100 * self.test_error[-1]:5.2f} %{turned}"
        )

    def as_dict(self) -> dict[str, list[float]]:
        """Lists of numbers by name; empty ones are left out."""
        return {name: numbers for name, numbers in asdict(self).items() if numbers}

    def as_csv(self) -> str:
        """A header and one row per epoch."""
        columns, out = self.as_dict(), io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["epoch", *columns])
        rows.writerows([epoch, *numbers] for epoch, numbers in enumerate(zip(*columns.values(), strict=True), start=1))
        return out.getvalue()
