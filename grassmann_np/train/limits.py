"""A limit is what a setup may hold: the names that there are, and the range of every number."""

from __future__ import annotations

import os
import re
from typing import Any

from ..optim.registry import OPTIMIZERS
from ..optim.settings import in_range
from .own import is_own

MODELS = "mlp, cnn, vgg-11, vgg-13, vgg-16, vgg-19, wrn-DEPTH-WIDTH as in wrn-16-4, or package.module:function"
INSIDE = ("digits", "mnist", "photos")
"""The data sets that need no folder."""
DATA = (*INSIDE, "cifar10", "cifar100", "svhn")
"""The data sets that have a name; anything else is the path of one's own."""
RATES = {name: one.rate for name, one in OPTIMIZERS.items()}
ONE_RATE = {name: one.rate_of_all for name, one in OPTIMIZERS.items() if one.rate_of_all is not None}
"""Of all weights, where the rest has no rate of its own."""
SCHEDULES = ("constant", "step", "linear", "exponential", "cosine")
WHOLE = {"epochs": (1, 10**6), "batch_size": (2, 10**6), "seed": (0, 2**63)}
"""The whole numbers of a setup, the least and the most that each may be: what is beyond never ends."""
LARGEST = 50_000
"""The most that depth times width squared of a wide residual net may be; the paper's largest is 4000."""
RANGES: dict[str, dict[str, float]] = {
    "lr": {},
    "lr_euclidean": {},
    "momentum": {"most": 1.0},
    "weight_decay": {},
    "clip": {"above": 0.0},
    "orthogonality": {},
    "drop": {},
    "end": {},
    "warm_up": {"most": 1.0},
    "keep": {"above": 0.0, "most": 1.0},
    "test_fraction": {"above": 0.0, "below": 1.0},
}
"""The other numbers, and what optim.settings.in_range asks of each."""
OPTIONAL = ("lr", "lr_euclidean", "clip", "end", "test_fraction")


def checked(setup: Any) -> dict[str, Any]:
    """The fields of a Setup that are written otherwise than they were given: absolute paths, and drops as a tuple.

    Raises ValueError for an unknown name or a number out of range, before anything is loaded.
    """
    found: dict[str, Any] = {}
    own_data = setup.data not in DATA
    if own_data:
        found["data"] = _path_of_data(setup.data)
    if setup.optimizer not in tuple(RATES) and not is_own(setup.optimizer):
        known = ", ".join(RATES)
        raise ValueError(f"optimizer: expected one of {known}, or package.module:function, got {setup.optimizer!r}")
    _choose("schedule", setup.schedule, SCHEDULES)
    _choose("decay", setup.decay, ("weights", "all"))
    _choose("rule", setup.rule, ("invariant", "published"))
    _choose("device", setup.device, ("cpu", "gpu"))
    named = isinstance(setup.model, str) and re.fullmatch(r"mlp|cnn|vgg-\d+|wrn-\d+-\d+", setup.model, re.ASCII)
    if not named and not is_own(setup.model):
        raise ValueError(f"model: expected {MODELS}, got {setup.model!r}")
    kind, *sizes = setup.model.split("-")
    if any(len(size) > 4 for size in sizes) or (kind == "wrn" and int(sizes[0]) * int(sizes[1]) ** 2 > LARGEST):
        raise ValueError(f"model: expected depth times width squared of at most {LARGEST}, got {setup.model!r}")
    for name in ("folder", "weights"):
        path = getattr(setup, name)
        if not isinstance(path, str | None) or "\0" in (path or ""):
            raise ValueError(f"{name}: expected a path or None, got {path!r}")
        if path is not None:
            found[name] = os.path.abspath(os.path.expanduser(path))
    if setup.test_fraction is not None and not own_data:
        raise ValueError(f"test_fraction: expected None, since {setup.data} is divided already")
    for name in ("per_epoch", "extra"):
        if not isinstance(getattr(setup, name), bool):
            raise ValueError(f"{name}: expected true or false, got {getattr(setup, name)!r}")
    for name, (least, most) in WHOLE.items():
        value = _number(name, getattr(setup, name), int)
        if not least <= value <= most:
            bound = f"at least {least}" if value < least else f"at most {most}"
            raise ValueError(f"{name}: expected {bound}, got {value}")
    for name, limits in RANGES.items():
        if not (name in OPTIONAL and getattr(setup, name) is None):
            in_range(name, _number(name, getattr(setup, name), int | float), **limits)
    if setup.lr_euclidean is None and setup.optimizer in RATES and setup.optimizer not in ONE_RATE:
        raise ValueError(f"lr_euclidean: expected a number, since {setup.optimizer} has two rates, got None")
    if not isinstance(setup.drops, list | tuple):
        raise ValueError(f"drops: expected fractions of the training, got {setup.drops!r}")
    for drop in setup.drops:
        in_range("drops", _number("drops", drop, int | float), most=1.0)
    found["drops"] = tuple(setup.drops)  # JSON has lists only
    return found


def _path_of_data(given: Any) -> str:
    """The absolute path that a user gives as his data.  Raises ValueError for what is neither a path nor in DATA."""
    if isinstance(given, str) and "\0" not in given:
        path = os.path.expanduser(given)
        if os.path.basename(path) != path or path.endswith(".npz") or os.path.isdir(path):
            return os.path.abspath(path)
    raise ValueError(f"data: expected one of {', '.join(DATA)}, an .npz file or a folder of images, got {given!r}")


def _choose(name: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise ValueError(f"{name}: expected one of {', '.join(options)}, got {value!r}")


def _number(name: str, value: Any, kind: Any) -> Any:
    """`value`, if it is a number of this kind; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ValueError(f"{name}: expected a {'whole ' if kind is int else ''}number, got {value!r}")
    return value
