"""A scene is a lesson on the sphere: a function of a seed and a few numbers that gives an Animation."""

from __future__ import annotations

from collections.abc import Callable

from ..animation import Animation
from .step import step

__all__ = ["SCENES", "step"]

SCENES: dict[str, Callable[..., Animation]] = {
    "step": step,
}
