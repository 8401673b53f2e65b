"""Weights are the parameters and running moments of a model, in a file for other programs: by our names, or PyTorch's.

    weights.npz    our names and layouts: "1.w" (n_in, n_out), "0.w" (kh, kw, c_in, c_out), "2.gamma", "2.running.mean"
    weights.pt     PyTorch's state_dict: "1.weight" (n_out, n_in), "0.weight" (c_out, c_in, kh, kw), "2.running_mean"

A Flatten reads (H, W, C) here and (C, H, W) there: what comes behind it is put into the other order too. A layer that
PyTorch does not have, and one of the user's own, keeps its names and layouts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..backend import Array, asarray_like, to_numpy
from ..extras import install
from ..files import beside, read_npz
from ..nn import (
    BatchNorm,
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    LayerNorm,
    Linear,
    Parameter,
    ReLU,
    RMSNorm,
    WeightNormLinear,
)
from ..nn.layer import dotted
from ..ops import RunningMoments

TORCH = (".pt", ".pth")
NAMES: dict[type, dict[str, str]] = {  # of layers that PyTorch has, and what it calls their parameters
    Linear: {"w": "weight", "b": "bias"},
    Conv2D: {"w": "weight", "b": "bias"},
    BatchNorm: {"gamma": "weight", "beta": "bias"},
    LayerNorm: {"gamma": "weight", "beta": "bias"},
    RMSNorm: {"gamma": "weight"},
    WeightNormLinear: {"v": "parametrizations.weight.original1", "g": "parametrizations.weight.original0", "b": "bias"},
}
KEEPING = (BatchNorm, Dropout, LayerNorm, ReLU, RMSNorm)  # what comes out of these is in the order of what goes in
Shape = tuple[int, int, int]
Turn = Callable[[Array], Array]


class Twin(NamedTuple):
    """One of our arrays, what PyTorch calls it, and how to turn it there and back."""

    ours: str
    theirs: str
    there: Turn
    back: Turn


def save(path: str | Path, model: Layer, shape: Shape) -> None:
    """Writes the weights of `model`, for images of this shape, as the suffix says: .npz, .pt or .pth.

    Raises ValueError for another suffix, ImportError for PyTorch's without it (the extra `torch`), and OSError.
    """
    path = check_suffix(path)
    if path.suffix in TORCH:
        torch = _torch()
        tensors = {name: torch.from_numpy(array) for name, array in to_torch(model, shape).items()}
        with beside(path) as part:
            torch.save(tensors, part)
    else:
        with beside(path) as part:
            np.savez(part, **arrays(model))


def load(path: str | Path, model: Layer, shape: Shape) -> None:
    """Puts what `save` wrote, or PyTorch's torch.save(model.state_dict(), path), into the model.

    Raises as `save`, and ValueError, before anything changes, for a file that cannot be read or is of another model.
    """
    path = check_suffix(path)
    try:
        if path.suffix in TORCH:
            put(model, from_torch(model, shape, _read_torch(path)))
        else:
            put(model, read_npz(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def check_suffix(path: str | Path) -> Path:
    """The path.  Raises ValueError unless it ends with .npz, .pt or .pth."""
    path = Path(path)
    if path.suffix not in (".npz", *TORCH):
        raise ValueError(f"{path}: expected a name that ends with .npz, .pt or .pth")
    return path


def arrays(model: Layer) -> dict[str, Array]:
    """Every parameter and running moment by its name: copies on the host, laid out row by row."""
    found = {p.name: p.value for p in model.parameters()}
    for name, running in model.moments().items():
        found |= {f"{name}.mean": running.mean, f"{name}.var": running.var}
    return {name: np.array(to_numpy(array), order="C") for name, array in found.items()}


def put(model: Layer, found: dict[str, Array]) -> None:
    """Makes these arrays, as `arrays` gave them, those of the model; any real numbers will do.

    Raises ValueError, before anything changes, for other names or shapes, or numbers that are not finite.
    """
    ours = arrays(model)
    _same_names(set(ours), set(found))
    taken = {}
    for name, array in ours.items():
        got = np.asarray(found[name])
        if got.shape != array.shape or got.dtype.kind not in "fiu":
            raise ValueError(f"{name}: expected numbers of shape {array.shape}, got {got.dtype} of {got.shape}")
        with np.errstate(over="ignore"):
            taken[name] = got.astype(array.dtype)
        if not np.isfinite(taken[name]).all():
            raise ValueError(f"{name}: expected finite numbers, got others")
    for parameter in model.parameters():
        parameter.value = asarray_like(taken[parameter.name], parameter.value)
    for name, running in model.moments().items():
        running.mean, running.var = (asarray_like(taken[f"{name}.{key}"], running.mean) for key in ("mean", "var"))


def to_torch(model: Layer, shape: Shape) -> dict[str, Array]:
    """The state_dict of the same model in PyTorch, as NumPy arrays; gamma, where there is none, is 1."""
    ours = arrays(model)
    found = {twin.theirs: np.ascontiguousarray(twin.there(ours[twin.ours])) for twin in twins(model, shape)}
    for name, layer in model.walk():
        if type(layer) is BatchNorm:
            found[dotted(name, "num_batches_tracked")] = np.array(0)
            if layer.gamma is None:
                found[dotted(name, "weight")] = np.ones_like(found[dotted(name, "bias")])
    return found


def from_torch(model: Layer, shape: Shape, state: dict[str, Array]) -> dict[str, Array]:
    """What `arrays` would give of the model with this state_dict.  Raises ValueError for one of another model."""
    state = {name: array for name, array in state.items() if not name.endswith("num_batches_tracked")}
    for name, layer in model.walk():
        if type(layer) is BatchNorm and layer.gamma is None:
            gamma = state.pop(dotted(name, "weight"), np.ones(1))
            if not np.all(gamma == 1):
                raise ValueError(f"{dotted(name, 'weight')}: expected 1, since this layer has no gamma, got others")
    every = twins(model, shape)
    _same_names({twin.theirs for twin in every}, set(state))
    ours, found = arrays(model), {}
    for twin in every:
        want = twin.there(ours[twin.ours]).shape
        if state[twin.theirs].shape != want:
            raise ValueError(f"{twin.theirs}: expected shape {want}, got {state[twin.theirs].shape}")
        found[twin.ours] = twin.back(state[twin.theirs])
    return found


def twins(model: Layer, shape: Shape) -> list[Twin]:
    """Every array of the model, for images of this shape, with its twin in PyTorch."""
    found, order = [], _orders(model, shape)
    for name, layer in model.walk():
        known = NAMES.get(type(layer), {})
        kept = order.get(name) if known else None
        for key, value in vars(layer).items():
            if isinstance(value, Parameter):
                there, back = _turns(layer, value, kept)
                found.append(Twin(dotted(name, key), dotted(name, known.get(key, key)), there, back))
            elif isinstance(value, RunningMoments):
                for part in ("mean", "var"):
                    theirs = f"{key}_{part}" if known else f"{key}.{part}"
                    found.append(Twin(dotted(name, key, part), dotted(name, theirs), *_reordered(kept)))
    return found


def _turns(layer: Layer, parameter: Parameter, order: Array | None) -> tuple[Turn, Turn]:
    """How a parameter is turned there and back; `order` is where PyTorch's k-th input is among ours."""
    there, back = _reordered(order)
    if type(layer) not in NAMES:
        return _reordered(None)
    if isinstance(layer, Conv2D) and parameter is layer.w:
        return lambda w: w.transpose(3, 2, 0, 1), lambda w: w.transpose(2, 3, 1, 0)
    if parameter.value.ndim == 2:
        return lambda w: there(w).T, lambda w: back(w.T)
    if isinstance(layer, WeightNormLinear) and parameter is layer.g:
        return lambda g: g[:, None], lambda g: g[:, 0]
    return _reordered(None) if isinstance(layer, Linear | Conv2D | WeightNormLinear) else (there, back)


def _reordered(order: Array | None) -> tuple[Turn, Turn]:
    if order is None:
        return (lambda a: a), (lambda a: a)
    back = np.argsort(order)
    return (lambda a: a[order]), (lambda a: a[back])


def _orders(model: Layer, shape: Shape) -> dict[str, Array]:
    """Of every layer behind a Flatten, up to the first that mixes its inputs, the order of PyTorch's inputs in ours."""
    found: dict[str, Array] = {}
    present: list[Array] = []

    def visit(name: str, layer: Layer, x: Array) -> Array:
        if isinstance(layer, Flatten) and x.ndim == 4:
            height, width, channels = x.shape[1:]
            present[:] = [np.arange(math.prod(x.shape[1:])).reshape(height, width, channels).transpose(2, 0, 1).ravel()]
        elif present and x.shape[1:] == present[0].shape:
            found[name] = present[0]
            if not isinstance(layer, KEEPING):
                present.clear()
        y, _ = layer(x, training=False)
        return y

    first = model.parameters()[0].value
    model.trace(asarray_like(np.zeros((1, *shape), np.float32), first), visit)
    return found


def _same_names(ours: set[str], theirs: set[str]) -> None:
    if ours != theirs:
        lacking, more = sorted(ours - theirs), sorted(theirs - ours)
        said = [f"no {lacking[0]}"] if lacking else []
        said += [f"{more[0]}, which the model does not have"] if more else []
        raise ValueError(f"expected the {len(ours)} arrays of this model, got {' and '.join(said)}")


def _read_torch(path: Path) -> dict[str, Array]:
    torch = _torch()
    with path.open("rb") as file:
        try:
            held = torch.load(file, map_location="cpu", weights_only=True)
            return {name: tensor.detach().numpy() for name, tensor in held.items()}
        except Exception as error:  # pickle and zip break in any way
            raise ValueError(f"expected a state_dict, got one that cannot be read: {error!s:.200}") from error


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise ImportError(f"PyTorch's files need it, .npz does not: {install('torch')}") from error
    return torch
