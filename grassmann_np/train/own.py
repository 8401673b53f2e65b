"""A model or an optimizer of one's own is a function, named as package.module:function, that is called once.

    model(shape, classes, rng)    shape (H, W, C) of an image; returns an nn.Layer that maps images to logits
    optimizer(model, setup)       returns an optim.Optimizer or Groups, or what has their methods (loop.Steppable); it
                                  calls nn.on_sphere(model) itself, if it wants to, and reads its numbers off the setup

The module is looked for as `import` does: in the folder where Python was started, or installed.
"""

from __future__ import annotations

import copy
import importlib
import os
import re
import traceback
from typing import Any

import numpy as np

from ..nn.layer import Layer
from ..target import find

PATTERN = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
METHODS = ("factor", "step", "check", "notes", "state_dict", "load_state_dict")
SAVED = (str, int, float, type(None), np.ndarray)  # what a checkpoint takes, in dicts and lists


def is_own(text: Any) -> bool:
    """Whether it names a function of one's own."""
    return isinstance(text, str) and PATTERN.fullmatch(text) is not None


def model(text: str, shape: tuple[int, int, int], classes: int, rng: np.random.Generator) -> Layer:
    """The model that the function makes, tried on two images.  Raises ValueError for anything that goes wrong."""
    made = _called("model", text, shape, classes, rng)
    if not isinstance(made, Layer):
        raise ValueError(f"model: expected an nn.Layer from {text}, got {type(made).__name__}")

    what, two = f"{text} on images of {shape}", np.zeros((2, *shape), np.float32)
    if not _explained("model", what, made.parameters):
        raise ValueError(f"model: expected parameters in what {text} makes, got none")
    got = _explained("model", what, lambda: copy.deepcopy(made)(two, training=False))
    if not (isinstance(got, tuple) and len(got) == 2 and getattr(got[0], "shape", None) == (2, classes)):
        found = getattr(got[0], "shape", got[0]) if isinstance(got, tuple) and got else got
        raise ValueError(f"model: expected (logits (2, {classes}), pullback) from {text} on two images, got {found}")
    return made


def optimizer(text: str, layer: Layer, setup: Any) -> Any:
    """The optimizer that the function makes.  Raises ValueError for anything that goes wrong."""
    made = _called("optimizer", text, layer, setup)
    if missing := [name for name in METHODS if not hasattr(made, name)]:
        raise ValueError(
            f"optimizer: expected an optimizer from {text}, got {type(made).__name__}, without {missing[0]}"
        )
    state = _explained("optimizer", f"{text}: state_dict()", made.state_dict)
    if (other := _unsaved(state)) is not None:
        raise ValueError(f"optimizer: expected numbers, words and arrays in the state of {text}, got {other}")
    return made


def _called(option: str, text: str, *arguments: Any) -> Any:
    module, _, name = text.partition(":")
    try:
        home = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module + ".").startswith(error.name + "."):
            raise ValueError(
                f"{option}: there is no module {error.name} here; start where it is, or install it"
            ) from None
        raise ValueError(f"{option}: {_said(module, error)}") from error
    except Exception as error:
        raise ValueError(f"{option}: {_said(module, error)}") from error
    try:
        found = find(text)
    except AttributeError:
        raise ValueError(f"{option}: there is no {name} in {module} ({getattr(home, '__file__', None)})") from None
    if not callable(found):
        raise ValueError(f"{option}: expected a function, got {text}, which is {type(found).__name__}")
    return _explained(option, text, lambda: found(*arguments))


def _explained(option: str, text: str, act: Any) -> Any:
    """What `act` returns; what it raises becomes a line that says where."""
    try:
        return act()
    except Exception as error:
        raise ValueError(f"{option}: {_said(text, error)}") from error


def _said(text: str, error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} raised {type(error).__name__}: {error} ({os.path.basename(place.filename)}, line {place.lineno})"


def _unsaved(node: Any) -> str | None:
    """The kind of the first thing in a state that no checkpoint takes."""
    if isinstance(node, dict):
        odd = next((key for key in node if not isinstance(key, str)), None)
        return f"the key {odd!r}" if odd is not None else next(filter(None, map(_unsaved, node.values())), None)
    if isinstance(node, list | tuple):
        return next(filter(None, map(_unsaved, node)), None)
    return None if isinstance(node, SAVED) else type(node).__name__
