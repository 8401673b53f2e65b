"""A checkpoint is all that a training needs to go on to the same bits, in one .npz file without pickles.

It holds parameters, running moments, the optimizer's state, the random generators, the place in the epoch and the
history: arrays under their own names, everything else as one JSON text, and a checksum of it all. It is written beside
and renamed, so that the last good one stays until the next is complete.
"""

from __future__ import annotations

import copy
import hashlib
import json
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..backend import asarray_like, to_numpy
from ..data import Dataset
from ..files import beside
from .history import History
from .loop import Trainer, first_group, present_rate

FORMAT = "grassmann_np checkpoint"
VERSION = 3
PARTS = {"setup", "data", "parameters", "moments", "optimizer", "generators", "progress", "history"}
PROGRESS = ("position", "loss_sum", "wrong", "seconds", "measured")
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
        "progress": {name: getattr(trainer, name) for name in PROGRESS},
        "history": trainer.history.as_dict(),
    }
    arrays: dict[str, Any] = {}
    text = json.dumps(_pack(tree, arrays, ""), allow_nan=False)
    head = {"format": FORMAT, "version": VERSION, "checksum": _checksum(text, arrays), "tree": text}
    with beside(path) as part:
        np.savez(part, skeleton=np.array(json.dumps(head)), **arrays)


def load(path: str | Path) -> Tree:
    """The tree that `save` wrote.

    Raises OSError, or ValueError for a corrupt or foreign file, or one of another version.
    """
    with open(path, "rb") as file:
        try:
            arrays = _arrays(file)
        except Exception as error:  # a damaged byte breaks the readers of zip and .npy in any way
            raise ValueError(
                f"{path}: expected a checkpoint, got a file that cannot be read: {error!s:.200}"
            ) from error
    try:
        head = json.loads(str(arrays.pop("skeleton")))
        kind, version = head["format"], head["version"]
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected a checkpoint of grassmann_np, got another .npz file") from error
    if kind != FORMAT or version != VERSION:
        raise ValueError(f"{path}: expected {FORMAT} version {VERSION}, got {kind} version {version}")
    try:
        if head["checksum"] != _checksum(head["tree"], arrays):
            raise ValueError("its checksum does not fit")
        tree = _unpack(json.loads(head["tree"]), arrays)
        if set(tree) != PARTS:
            raise ValueError(f"expected {', '.join(sorted(PARTS))}")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: the checkpoint is damaged: {error}") from error
    return dict(tree)


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
    drawn = {"augmentation": trainer.augmentation, **generators}
    try:
        states = {name: tree["generators"][name] for name in ("order", *drawn)}
        for state in states.values():
            copy.deepcopy(trainer.order).bit_generator.state = state
        progress = {name: type(getattr(trainer, name))(tree["progress"][name]) for name in PROGRESS}
        history = History(**tree["history"])
        kept = {name: [tree["moments"][name][key] for key in ("mean", "var")] for name in moments}
        fits = all(a.shape == running.mean.shape for name, running in moments.items() for a in kept[name])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"checkpoint: its generators, moments, progress or history are damaged: {error}") from error
    if not fits:
        raise ValueError("checkpoint: it is of another model; the first difference is in the moments")
    trainer.optimizer.load_state_dict(tree["optimizer"])
    for p in parameters:
        p.value = asarray_like(tree["parameters"][p.name], p.value)
    for name, running in moments.items():
        running.mean, running.var = (asarray_like(a, running.mean) for a in kept[name])
    for name, generator in drawn.items():
        generator.bit_generator.state = states[name]
    trainer.order_state = states["order"]
    for name, value in progress.items():
        setattr(trainer, name, value)
    if not history.rate and present_rate(trainer.optimizer):  # a checkpoint of before there were rates in it
        history.rate = [first_group(trainer.optimizer).lr * factor for factor in history.factor]
    trainer.history = history


def _arrays(file: IO[bytes]) -> dict[str, Any]:
    """The arrays of an .npz file that is not compressed, as ours are: nothing in it expands without end."""
    if not zipfile.is_zipfile(file):
        raise ValueError("it is no .npz file, or cut short")
    with zipfile.ZipFile(file) as packed:
        if any(member.compress_size != member.file_size for member in packed.infolist()):
            raise ValueError("its members are compressed")
    file.seek(0)
    with np.load(file, allow_pickle=False) as members:
        return dict(members)


def _fingerprint(data: Dataset) -> Tree:
    """What tells whether data are the same: shapes, and a checksum of the labels.

    Pixels are not in it: standardized on another machine, they may differ in the last bit.
    """
    labels = [to_numpy(y) for y in (data.y_train, data.y_test)]
    return {
        "shapes": [list(x.shape) for x in (data.x_train, data.x_test)],
        "labels": [zlib.crc32(y.astype("<i8").tobytes()) for y in labels],
    }


def _checksum(text: str, arrays: dict[str, Any]) -> str:
    """SHA-256 of the text and of every array: its name, kind, shape and numbers."""
    found = hashlib.sha256(text.encode())
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


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
