"""The training loop, its history, and runs by name."""

from .compare import compare, table
from .history import History
from .loop import evaluate, fit
from .setup import Setup

__all__ = ["History", "Setup", "compare", "evaluate", "fit", "table"]
