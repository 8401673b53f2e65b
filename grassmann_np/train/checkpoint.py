"""A checkpoint is all that a training needs to go on to the same bits, in one .npz file without pickles.

It holds parameters, running moments, the optimizer's state, the random generators, the place in the epoch and the
history: arrays under their own names, everything else as one JSON text. It is written beside and renamed, so that the
last good one stays until the next is complete.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import asarray_like, to_numpy
from ..data import Dataset
from ..files import beside
from .history import History
from .loop import Trainer

FORMAT = "grassmann_np checkpoint"
VERSION = 2
PARTS = {"setup", "data", "parameters", "moments", "optimizer", "generators", "progress", "history"}
Tree = dict[str, Any]


def save(path: str | Path, trainer: Trainer, generators: dict[str, np.random.Generator], setup: Tree) -> None:
    """Writes the trainer, the model's own `generators` (dropout), and `setup`, which says how to make them again.

    Raises what `trainer.look` raises, before anything is written.
    """
    trainer.look()
    parameters = trainer.model.parameters()
    drawn = {"augmentation": trainer.augmentation, **generators}
    tree = {
        "setup": setup,
        "data": _fingerprint(trainer.data),
        "parameters": {p.name: to_numpy(p.value) for p in parameters},
        "moments": {
            name: {"mean": to_numpy(m.mean), "var": to_numpy(m.var)} for name, m in trainer.model.moments().items()
        },
        "optimizer": trainer.optimizer.state_dict(),
        "generators": {"order": trainer.order_state, **{k: g.bit_generator.state for k, g in drawn.items()}},
        "progress": {
            "position": trainer.position,
            "loss_sum": trainer.loss_sum,
            "wrong": trainer.wrong,
            "seconds": trainer.seconds,
            "measured": trainer.measured,
        },
        "history": trainer.history.as_dict(),
    }
    arrays: dict[str, Any] = {}
    skeleton = json.dumps({"format": FORMAT, "version": VERSION, "tree": _pack(tree, arrays, "")})
    with beside(path) as part:
        np.savez(part, skeleton=np.array(skeleton), **arrays)


def load(path: str | Path) -> Tree:
    """The tree that `save` wrote.

    Raises FileNotFoundError, or ValueError for a corrupt or foreign file, or one of another version.
    """
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("it is no .npz file, or cut short")
            file.seek(0)
            with np.load(file, allow_pickle=False) as members:
                arrays = dict(members)
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged byte breaks the readers of zip and .npy in any way
        raise ValueError(f"{path}: expected a checkpoint, got a file that cannot be read: {error}") from error
    try:
        head = json.loads(str(arrays.pop("skeleton")))
        kind, version, skeleton = head["format"], head["version"], head["tree"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected a checkpoint of grassmann_np, got another .npz file") from error
    if kind != FORMAT or version != VERSION:
        raise ValueError(f"{path}: expected {FORMAT} version {VERSION}, got {kind} version {version}")
    try:
        tree = _unpack(skeleton, arrays)
    except KeyError as error:
        raise ValueError(f"{path}: the array {error} is missing from the checkpoint") from error
    if not isinstance(tree, dict) or set(tree) != PARTS:
        raise ValueError(f"{path}: expected a checkpoint with {', '.join(sorted(PARTS))}; it is damaged")
    return tree


def restore(trainer: Trainer, generators: dict[str, np.random.Generator], tree: Tree) -> None:
    """Puts `tree` into a trainer made from the same setup.

    Raises ValueError, before anything changes, if parameters, moments, data or the optimizer's state do not fit.
    """
    parameters, moments = trainer.model.parameters(), trainer.model.moments()
    want = {p.name: (p.value.shape, str(p.value.dtype)) for p in parameters}
    got = {name: (value.shape, str(value.dtype)) for name, value in tree["parameters"].items()}
    if want != got or set(moments) != set(tree["moments"]):
        wrong = sorted(name for name in want.keys() | got.keys() if want.get(name) != got.get(name))
        raise ValueError(f"checkpoint: it is of another model; the first difference is in {wrong[:1] or 'the moments'}")
    if tree["data"] != _fingerprint(trainer.data):
        raise ValueError("checkpoint: the data have changed since it was written; the order of its batches is lost")
    trainer.optimizer.load_state_dict(tree["optimizer"])
    for p in parameters:
        p.value = asarray_like(tree["parameters"][p.name], p.value)
    for name, running in moments.items():
        mean, var = (asarray_like(tree["moments"][name][key], running.mean) for key in ("mean", "var"))
        running.mean, running.var = mean, var
    drawn = {"augmentation": trainer.augmentation, **generators}
    for name, generator in drawn.items():
        generator.bit_generator.state = tree["generators"][name]
    trainer.order_state = tree["generators"]["order"]
    for name, value in tree["progress"].items():
        setattr(trainer, name, value)
    trainer.history = History(**tree["history"])


def _fingerprint(data: Dataset) -> Tree:
    """What tells whether data are the same: shapes, and a checksum of the labels.

    Pixels are not in it: standardized on another machine, they may differ in the last bit.
    """
    labels = [to_numpy(y) for y in (data.y_train, data.y_test)]
    return {
        "shapes": [list(x.shape) for x in (data.x_train, data.x_test)],
        "labels": [zlib.crc32(y.astype("<i8").tobytes()) for y in labels],
    }


def _pack(node: Any, arrays: dict[str, Any], path: str) -> Any:
    """The tree as JSON takes it; arrays go into `arrays`, and leave {"array": name} behind."""
    if isinstance(node, np.ndarray):
        arrays[path] = node
        return {"array": path}
    if isinstance(node, dict):
        return {key: _pack(value, arrays, f"{path}/{key}" if path else key) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_pack(value, arrays, f"{path}/{index}") for index, value in enumerate(node)]
    return node


def _unpack(node: Any, arrays: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        if set(node) == {"array"}:
            return arrays[node["array"]]
        return {key: _unpack(value, arrays) for key, value in node.items()}
    return [_unpack(value, arrays) for value in node] if isinstance(node, list) else node
