"""The training loop, its history and checkpoints, and trainings by name."""

from .compare import compare
from .history import History
from .loop import Trainer, evaluate, fit
from .results import as_csv, table
from .setup import Setup

__all__ = ["History", "Setup", "Trainer", "as_csv", "compare", "evaluate", "fit", "table"]
