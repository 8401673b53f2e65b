"""A fuzz calls every public function with what nobody would pass: wrong shapes, dtypes, layouts, numbers and objects.

Allowed is the right value, or a ValueError or TypeError that names the argument and says what was expected. Never: a
warning, a changed input, another dtype, an error from inside. Functions are found by walking the modules, so a new one
is called too; what its arguments are like is known by their names.

    python -m tests.fuzz --minutes 60 --seed 1
"""

from __future__ import annotations

import argparse
import inspect
import re
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from grassmann_np import data, nn, ops, optim, ways
from grassmann_np.geometry import euclidean, lines, sphere, subspaces

GEOMETRIES = {"euclidean": euclidean, "sphere": sphere, "lines": lines, "subspaces": subspaces}
Rng = np.random.Generator


class Finding(AssertionError):
    """A call that did what none may do."""


class Target(NamedTuple):
    """A function, what draws its valid arguments, and whether float32 must agree with float64."""

    name: str
    call: Callable[..., Any]
    arguments: Callable[[Rng, Any], dict[str, Any]]
    exact: bool = True


# --- what is public ---


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """What the module offers: its __all__, or all functions of its own without an underscore."""
    own = [name for name, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__]
    names = getattr(module, "__all__", own)
    for name in names:
        value = getattr(module, name)
        if callable(value) and not name.startswith("_"):
            yield name, value


def targets() -> list[Target]:
    """Everything that is called."""
    found = []
    for place, geometry in GEOMETRIES.items():
        for name, function in public(geometry):
            found.append(Target(f"{place}.{name}", function, _geometric(place, geometry, function), name not in DRAWN))
    for module, place in ((ops, "ops"), (nn, "nn"), (optim, "optim"), (optim.schedule, "schedule"), (data, "data")):
        for name, function in public(module):
            if name in ABSTRACT:
                continue
            make = EXAMPLES.get(f"{place}.{name}" if place == "schedule" else name) or _by_name(function)
            found.append(Target(f"{place}.{name}", function, make, exact=name not in DRAWN))
    for name in LAYERS:
        found.append(Target(f"nn.{name}()", _call_layer, _layer_and_x(name), exact=name != "Dropout"))
    found.append(Target("optim.step", _step, _optimizer_and_gradient, exact=False))
    found.append(Target("optim.load_state_dict", _load, _optimizer_and_state, exact=False))
    found.append(Target("data.Dataset.padded", _padded, lambda r, t: {"dataset": _dataset(r, t), "size": 6}))
    found.append(Target("running.update", _update, _running, exact=False))
    return found


# --- valid arguments ---


def array(rng: Rng, dtype: Any, *shape: int) -> Any:
    return rng.standard_normal(shape).astype(dtype)


def model(rng: Rng) -> Any:
    return nn.mlp([5, 4, 3], np.random.default_rng(int(rng.integers(99))))


def curved(rng: Rng) -> Any:
    one = model(rng)
    nn.on_sphere(one)
    return one


def parameters(rng: Rng, dtype: Any) -> list[nn.Parameter]:
    place = [euclidean, sphere, lines][int(rng.integers(3))]
    found = [nn.Parameter(array(rng, dtype, 5, 3), place), nn.Parameter(array(rng, dtype, 4))]
    for k, p in enumerate(found):
        p.name, p.grad = f"{k}.w", array(rng, dtype, *p.value.shape)
    return found


def _geometric(place: str, geometry: Any, function: Any) -> Callable[[Rng, Any], dict[str, Any]]:
    """Points, tangent vectors and numbers by the house's names for them."""

    def draw(rng: Rng, dtype: Any) -> dict[str, Any]:
        one = (5,) if place in ("sphere", "lines", "euclidean") and rng.random() < 0.3 else (5, 2)
        y = geometry.random_point(one, rng).astype(dtype)
        count = {"euclidean": one, "subspaces": ()}.get(place, one[1:])
        known = {
            "y": lambda: y,
            "x": lambda: geometry.random_point(one, rng).astype(dtype),
            "s": lambda: array(rng, dtype, *count),
            "rng": lambda: rng,
            "shape": lambda: one,
            "cut": lambda: "raise",
        }
        tangent = lambda: geometry.random_tangent(y, rng) / dtype(2)  # noqa: E731
        numbers = {"a", "b"} if "u" in inspect.signature(function).parameters else set()
        made = {}
        for name in inspect.signature(function).parameters:
            if name in numbers:
                made[name] = 0.5 if rng.random() < 0.5 else array(rng, dtype, *count)
            else:
                made[name] = known.get(name, tangent)()
        return made

    return draw


BY_NAME: dict[str, Callable[[Rng, Any], Any]] = {
    "rng": lambda rng, dtype: np.random.default_rng(3),
    "model": lambda rng, dtype: curved(rng),
    "parameters": parameters,
    "lr": lambda rng, dtype: 0.1,
    "x": lambda rng, dtype: array(rng, dtype, 6, 5),
    "w": lambda rng, dtype: array(rng, dtype, 5, 3),
    "end": lambda rng, dtype: 0.5,
    "factor": lambda rng, dtype: 0.5,
    "fraction": lambda rng, dtype: 0.5,
    "schedule": lambda rng, dtype: optim.schedule.linear(),
    "epochs": lambda rng, dtype: 3,
}


def _by_name(function: Any) -> Callable[[Rng, Any], dict[str, Any]]:
    """Of a function that nobody has described: its defaults, and what arguments of such names usually are."""

    def draw(rng: Rng, dtype: Any) -> dict[str, Any]:
        made = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if name in BY_NAME:
                made[name] = BY_NAME[name](rng, dtype)
            else:
                made[name] = 3 if parameter.default is inspect.Parameter.empty else parameter.default
        return made

    return draw


def _image(rng: Rng, dtype: Any) -> Any:
    return array(rng, dtype, 2, 4, 6, 3)


def _some(rng: Rng, value: Any) -> Any:
    return value if rng.random() < 0.6 else None


ABSTRACT = {"Pullback", "Layer", "Optimizer", "Invariance", "Geometry", "Augment"}
ABSTRACT |= {"cifar10", "cifar100", "svhn", "digits", "mnist", "photos", "load"}  # these read files
DRAWN = {"dropout", "random_point"}  # another dtype draws other numbers
EXAMPLES: dict[str, Callable[[Rng, Any], dict[str, Any]]] = {
    "linear": lambda r, t: {"x": array(r, t, 6, 5), "w": array(r, t, 5, 3), "b": _some(r, array(r, t, 3))},
    "add": lambda r, t: {"a": array(r, t, 6, 5), "b": array(r, t, 6, 5)},
    "conv2d": lambda r, t: {
        "x": _image(r, t), "w": array(r, t, 3, 2, 3, 4), "b": _some(r, array(r, t, 4)),
        "stride": int(r.integers(1, 3)), "padding": int(r.integers(0, 2)),
    },
    "batch_norm": lambda r, t: {
        "x": _image(r, t), "gamma": _some(r, array(r, t, 3)), "beta": _some(r, array(r, t, 3)), "eps": 1e-5,
        "running": ops.RunningMoments(3), "training": bool(r.random() < 0.7), "relu": bool(r.random() < 0.3),
    },
    "mean_only_batch_norm": lambda r, t: {
        "x": array(r, t, 6, 5), "beta": array(r, t, 5), "running": ops.RunningMoments(5), "training": True,
    },
    "layer_norm": lambda r, t: {"x": array(r, t, 6, 5), "gamma": array(r, t, 5), "beta": array(r, t, 5), "eps": 1e-5},
    "rms_norm": lambda r, t: {"x": array(r, t, 6, 5), "gamma": array(r, t, 5), "eps": 1e-5},
    "weight_norm": lambda r, t: {"v": array(r, t, 5, 3), "g": array(r, t, 3)},
    "weight_norm_start": lambda r, t: {"x": array(r, t, 6, 5), "v": array(r, t, 5, 3)},
    "norm_prop": lambda r, t: {
        "x": array(r, t, 6, 5), "w": array(r, t, 5, 3), "gamma": array(r, t, 3), "beta": array(r, t, 3),
    },
    "dropout": lambda r, t: {"x": array(r, t, 6, 5), "keep": 0.5, "rng": np.random.default_rng(3)},
    "max_pool": lambda r, t: {"x": _image(r, t), "size": 2},
    "avg_pool": lambda r, t: {"x": _image(r, t), "size": 2},
    "global_avg_pool": lambda r, t: {"x": _image(r, t)},
    "cross_entropy": lambda r, t: {"logits": array(r, t, 6, 5), "labels": r.integers(0, 5, 6), "smoothing": 0.1},
    "RunningMoments": lambda r, t: {"channels": 3, "momentum": 0.1},
    "Sequential": lambda r, t: {"layers": nn.ReLU()},
    "Residual": lambda r, t: {"body": nn.ReLU(), "shortcut": _some(r, nn.ReLU())},
    "Linear": lambda r, t: {"n_in": 5, "n_out": 3, "rng": np.random.default_rng(3), "bias": True},
    "Conv2D": lambda r, t: {
        "c_in": 3, "c_out": 2, "size": 3, "rng": np.random.default_rng(3), "stride": 1, "padding": 1, "bias": True,
    },
    "WeightNormLinear": lambda r, t: {"n_in": 5, "n_out": 3, "rng": np.random.default_rng(3)},
    "NormPropLinear": lambda r, t: {"n_in": 5, "n_out": 3, "rng": np.random.default_rng(3)},
    "BatchNorm": lambda r, t: {"channels": 5, "gamma": True, "eps": 1e-5, "momentum": 0.1},
    "LayerNorm": lambda r, t: {"features": 5, "eps": 1e-5},
    "RMSNorm": lambda r, t: {"features": 5, "eps": 1e-5},
    "Dropout": lambda r, t: {"keep": 0.5, "rng": np.random.default_rng(3)},
    "MaxPool": lambda r, t: {"size": 2},
    "AvgPool": lambda r, t: {"size": 2},
    "Parameter": lambda r, t: {"value": array(r, t, 5, 3), "geometry": sphere, "decay": True},
    "mlp": lambda r, t: {"sizes": [5, 4, 3], "rng": np.random.default_rng(3)},
    "cnn": lambda r, t: {"shape": (8, 8, 1), "classes": 3, "rng": np.random.default_rng(3), "widths": (2, 3)},
    "wide_resnet": lambda r, t: {
        "depth": 10, "width": 1, "classes": 3, "rng": np.random.default_rng(3), "keep": 0.5, "channels": 1,
    },
    "vgg": lambda r, t: {"depth": 7, "classes": 3, "rng": np.random.default_rng(3), "channels": 3},
    "on_sphere": lambda r, t: {"model": model(r), "rule": "invariant"},
    "start_weight_norm": lambda r, t: {
        "model": nn.Sequential(nn.WeightNormLinear(5, 3, np.random.default_rng(3))), "x": array(r, np.float32, 6, 5),
    },
    "estimate_moments": lambda r, t: {"model": model(r), "batches": [array(r, np.float32, 6, 5)] * 2},
    "measure_invariance": lambda r, t: {
        "model": model(r), "x": array(r, np.float32, 6, 5), "labels": r.integers(0, 3, 6),
    },
    "invariance_table": lambda r, t: {"measured": [nn.Invariance("0.w", "sphere", 0.0, 0.0, 0.0)]},
    "Groups": lambda r, t: {"optimizers": optim.SGD(parameters(r, t), 0.1)},
    "clip_norm": lambda r, t: {
        "geometry": sphere, "y": sphere.random_point((5, 2), r).astype(t), "h": array(r, t, 5, 2), "nu": _some(r, 0.5),
    },
    "orthogonality": lambda r, t: {"w": array(r, t, 5, 3), "alpha": 0.5},
    "orthogonality_gradient": lambda r, t: {"w": array(r, t, 5, 3), "alpha": 0.5, "products": None},
    "welch_bound": lambda r, t: {"n": 3, "p": 4},
    "split": lambda r, t: {
        "name": "x", "images": array(r, t, 12, 4, 4, 1), "labels": np.arange(12) % 3, "test_fraction": 0.5, "seed": 1,
    },
    "from_arrays": lambda r, t: {
        "name": "x", "x_train": array(r, t, 12, 4, 4, 1), "y_train": np.arange(12) % 3,
        "x_test": array(r, t, 6, 4, 4, 1), "y_test": np.arange(6) % 3,
    },
    "batches": lambda r, t: {"n": 10, "size": 4, "rng": np.random.default_rng(3), "drop_last": False},
    "crop_and_flip": lambda r, t: {"x": _image(r, t), "rng": np.random.default_rng(3), "padding": 1},
    "Dataset": lambda r, t: _dataset(r, t),
    "schedule.step_decay": lambda r, t: {"drops": (0.3, 0.6), "factor": 0.2},
}  # fmt: skip


def _dataset(rng: Rng, dtype: Any) -> dict[str, Any]:
    made = {"name": "x", "classes": 3, "augment": None, "names": ()}
    for part in ("train", "test"):
        made |= {f"x_{part}": array(rng, dtype, 4, 5, 4, 2), f"y_{part}": rng.integers(0, 3, 4)}
    return made


STARRED = {"Sequential": "layers", "Groups": "optimizers"}
LAYERS = [
    "AvgPool", "BatchNorm", "Conv2D", "Dropout", "Flatten", "GlobalAvgPool", "LayerNorm", "Linear", "MaxPool",
    "NormPropLinear", "ReLU", "RMSNorm", "WeightNormLinear", "mlp", "Residual",
]  # fmt: skip


def _layer_and_x(name: str) -> Callable[[Rng, Any], dict[str, Any]]:
    def draw(rng: Rng, dtype: Any) -> dict[str, Any]:
        make = getattr(nn, name)
        options = EXAMPLES[name](rng, np.float32) if name in EXAMPLES else {}
        image = name in ("AvgPool", "Conv2D", "GlobalAvgPool", "MaxPool")
        x = _image(rng, np.float32) if image else array(rng, np.float32, 6, 5)
        return {"layer": make(**options), "x": x, "training": bool(rng.random() < 0.7)}

    return draw


def _call_layer(layer: Any, x: Any, training: Any) -> Any:
    return layer(x, training)


def _optimizer(rng: Rng, dtype: Any) -> Any:
    ps = parameters(rng, dtype)
    make = optim.SGD if rng.random() < 0.5 else optim.Adam
    clip, term = _some(rng, 0.5), 0.1 if rng.random() < 0.5 else 0.0
    one = make(ps, 0.1, clip=clip, orthogonality=term, weight_decay=term)
    return one if rng.random() < 0.5 else optim.Groups(one)


def _optimizer_and_gradient(rng: Rng, dtype: Any) -> dict[str, Any]:
    return {"optimizer": _optimizer(rng, dtype), "grad": array(rng, dtype, 5, 3), "factor": 0.5}


def _step(optimizer: Any, grad: Any, factor: Any) -> Any:
    first = optimizer.parameters[0]
    before = first.value, first.grad
    first.grad, optimizer.factor = grad, factor
    try:
        optimizer.step()
    except Exception:
        if first.value is not before[0]:
            raise Finding("a step that failed has changed a value") from None
        raise
    state = getattr(optimizer, "optimizers", [optimizer])[0].state
    finite = [p.value for p in optimizer.parameters] + [a for one in state for a in one.values()]
    if not all(np.isfinite(a).all() for a in finite):
        raise Finding("a step has left NaN or inf")
    return [first.value, state[0]]


def _optimizer_and_state(rng: Rng, dtype: Any) -> dict[str, Any]:
    optimizer = _optimizer(rng, dtype)
    saved = optimizer.state_dict()
    inner = saved["groups"][0] if "groups" in saved else saved
    places = [(inner["settings"], key) for key in inner["settings"]]
    places += [(one, key) for one in inner["state"] for key in one] + [(inner, key) for key in inner]
    holder, key = places[int(rng.integers(len(places)))]
    return {"optimizer": optimizer, "saved": saved, "holder": holder, "key": key, "value": holder[key]}


def _load(optimizer: Any, saved: Any, holder: Any, key: Any, value: Any) -> Any:
    holder[key] = value
    optimizer.load_state_dict(saved)
    return optimizer.state_dict() and None


def _update(running_itself: Any, mean: Any, var: Any) -> Any:
    running_itself.update(mean, var)


def _padded(dataset: Any, size: Any) -> Any:
    padded = data.Dataset(**dataset).padded(size)
    return [padded.x_train, padded.x_test]


def _running(rng: Rng, dtype: Any) -> dict[str, Any]:
    return {"running_itself": ops.RunningMoments(3), "mean": array(rng, dtype, 3), "var": array(rng, dtype, 3) ** 2}


FIXED = {
    "layer",
    "optimizer",
    "running_itself",
    "holder",
    "key",
    "dataset",
}  # what a call is made of, not what it is given


# --- what nobody would pass ---


def strided(a: Any) -> Any:
    return np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a


def backward(a: Any) -> Any:
    return a[::-1].copy()[::-1] if a.ndim else a


def frozen(a: Any) -> Any:
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = [lambda a: a.copy(order="C"), lambda a: a.copy(order="F"), strided, backward, frozen]
OBJECTS = [
    None, [1.0, 2.0], (), "x", {}, 3, 1.5, object(), np.float64(2.0), True, 1j, b"x", set(), [None], [[1], [2, 3]],
]  # fmt: skip
SHAPES = [
    lambda a: a[:1], lambda a: a[:0], lambda a: a[..., :0], lambda a: a[None], lambda a: a[..., None], lambda a: a.T,
    lambda a: a[0] if a.size else a, lambda a: a.reshape(-1), lambda a: np.concatenate([a, a]) if a.ndim else a,
    lambda a: a.dtype.type(1.5) if a.size else a, lambda a: np.array(1.5, a.dtype), lambda a: a[..., :1],
    lambda a: np.repeat(a, 2, -1) if a.ndim else a,
]  # fmt: skip
DTYPES = [
    "float16", "float32", "float64", "longdouble", "int8", "int64", "uint8", "bool", "complex64", "complex128",
    "object", ">f4", ">f8", "S3", "U3",
]  # fmt: skip
VALUES = [
    np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, "max", "-max", "tiny", "subnormal", 1e20, 1e-20, 1e30, 1e-30, 1e154,
    1e-160, 1e200, 1e300, 7,
]  # fmt: skip
NUMBERS = [
    0, -1, 1, 2, 0.5, 1.5, -0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 10**400, 2**70, np.float32(0.5),
    np.float16(0.5), np.longdouble(0.5), np.int8(2), np.uint8(2), np.uint8(20), np.array(2), np.array(0.5),
    np.array([2]), np.array([0.5, 0.5]), Fraction(1, 2), np.True_, np.float32(np.nan), np.array(np.nan), 1e-300,
]  # fmt: skip


def pick(rng: Rng, options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


def spoil_array(rng: Rng, a: Any) -> Any:
    kind, a = rng.random(), a if a.ndim else a.reshape(1)
    if kind < 0.25:
        return pick(rng, SHAPES)(a)
    if kind < 0.5:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return a.astype(pick(rng, DTYPES))
            except Exception:  # some have no such numbers
                return a.astype(object)
    if kind < 0.6:
        return pick(rng, OBJECTS)
    if a.dtype.kind not in "fiu":
        return pick(rng, OBJECTS)
    if a.dtype.kind != "f":
        return a.astype(np.int64) + pick(rng, [-100, -1, 1, 100])
    info, value = np.finfo(a.dtype), pick(rng, VALUES)
    named = {"max": info.max, "-max": -info.max, "tiny": info.smallest_normal, "subnormal": info.smallest_subnormal}
    with np.errstate(all="ignore"):
        value = a.dtype.type(named.get(value, value) if isinstance(value, str) else value)
        if kind < 0.8 and a.size:
            a = a.copy()
            a[tuple(int(rng.integers(n)) for n in a.shape)] = value
            return a
        if kind < 0.9:
            return np.where(np.isfinite(a * value), a * value, np.sign(a) * info.max).astype(a.dtype)
        return np.full_like(a, value)


def spoil(rng: Rng, value: Any) -> Any:
    """Something else in the place of a valid argument."""
    if isinstance(value, np.ndarray):
        return spoil_array(rng, value)
    if isinstance(value, bool | int | float) and rng.random() < 0.7:
        return pick(rng, NUMBERS)
    if isinstance(value, list | tuple) and value and not hasattr(value, "_fields") and rng.random() < 0.6:
        k = int(rng.integers(len(value)))
        other = spoil(rng, value[k])
        return type(value)([*value[:k], other, *value[k + 1 :]])
    return pick(rng, [*OBJECTS, *NUMBERS[:9], np.ones(3), np.ones((2, 2), np.float32)])


# --- what may come out ---


def flat(value: Any) -> list[Any]:
    """The arrays in a result."""
    if isinstance(value, np.ndarray | np.generic):
        return [value]
    if isinstance(value, dict):
        return [a for one in value.values() for a in flat(one)]
    return [a for one in value for a in flat(one)] if isinstance(value, list | tuple) else []


def frozen_bits(value: Any) -> Any:
    """What an argument was, to see whether it is still."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return value.shape, str(value.dtype), value.tobytes()
    if isinstance(value, list | tuple):
        return [frozen_bits(one) for one in value]
    return repr(value) if isinstance(value, int | float | str | None) else None


def called(target: Target, arguments: dict[str, Any], upstream: Any = None) -> list[Any]:
    """All arrays that come out, also of a pullback, and of a schedule; raises what it raises."""
    named = dict(arguments)
    star = STARRED.get(target.name.rpartition(".")[2])
    starred = (named.pop(star),) if star else ()
    result = target.call(*starred, **named)
    found = flat(result)
    if isinstance(result, tuple) and len(result) == 2 and callable(result[1]):
        dy = result[0] if upstream is None else upstream(result[0])
        if np.ndim(result[0]) == 0 and upstream is None:
            dy = 1.0
        before = frozen_bits(dy)
        found += flat(result[1](dy))
        if frozen_bits(dy) != before:
            raise Finding("dy has changed")
    if target.name in ("data.split", "data.from_arrays"):
        found = [result.x_train, result.y_train, result.x_test, result.y_test]
    if target.name.startswith("schedule.") and callable(result):
        values = [result(t) for t in (-0.5, 0.0, 0.3, 0.5, 1.0, 1.5)]
        if not all(isinstance(v, float | int) and 0 <= v < np.inf for v in values):
            raise Finding(f"a schedule gives {values}")
    return found


PLACES = ["x", "dy", "dw", "do", "dloss", "gradient of", "weights of", "step of", r"\d\.w", "state", r"log\(y, x\)"]
WANTED = "expected|choose|has changed|again|no gradient yet"


def explained(error: Exception, names: list[str]) -> bool:
    """Whether the words name an argument and say what was expected."""
    place = "|".join([*map(re.escape, names), *PLACES])
    return bool(re.search(rf"(?<!\w)({place})(?!\w)", str(error)) and re.search(WANTED, str(error)))


def told(arguments: dict[str, Any]) -> str:
    """The arguments in words, not too many."""
    dtypes = {name: f" {a.dtype}" for name, a in arguments.items() if isinstance(a, np.ndarray)}
    return "".join(f"\n  {name} = {value!r:.300}{dtypes.get(name, '')}" for name, value in arguments.items())


def try_once(target: Target, rng: Rng) -> str:
    """One call; what came of it: "value", "refused" or "same".  Raises Finding for what may not be."""
    dtype, seed = pick(rng, [np.float32, np.float64]), int(rng.integers(2**31))
    arguments = target.arguments(np.random.default_rng(seed), dtype)
    names = [name for name in arguments if name not in FIXED]
    spoiled, upstream = [], None
    if rng.random() < 0.15 or not names:
        arguments |= {name: pick(rng, LAYOUTS)(a) for name, a in arguments.items() if isinstance(a, np.ndarray)}
    elif rng.random() < 0.15:
        spoiled, upstream = ["dy"], lambda y: spoil(rng, np.array(y))
    else:
        spoiled = [pick(rng, names) for _ in range(pick(rng, [1, 1, 1, 2]))]
        for name in spoiled:
            arguments[name] = spoil(rng, arguments[name])
    words = f"\n  spoiled: {spoiled}{told(arguments)}"
    before = {name: frozen_bits(value) for name, value in arguments.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = called(target, arguments, upstream)
            if not spoiled:
                _compare_with_plain(target, found, seed, dtype)
    except Finding as error:
        raise Finding(f"{target.name}: {error}{words}") from error
    except Exception as error:
        inside = ["w", "b", "v", "g", "gamma", "beta"] if target.name.startswith("nn.") else []
        fine = type(error) in (ValueError, TypeError) and explained(error, names + inside)
        if not fine or not (spoiled or target.name == "nn.vgg"):  # whose valid arguments make a large network
            raise Finding(f"{target.name}: {type(error).__name__}: {error}{words}") from error
        return "refused"
    for name, bits in before.items():
        if bits is not None and frozen_bits(arguments[name]) != bits:
            raise Finding(f"{target.name}: {name} has changed{words}")
    kinds = {str(a.dtype) for a in arguments.values() if isinstance(a, np.ndarray) and a.dtype.kind == "f" and a.ndim}
    got = {str(a.dtype) for a in found if a.dtype.kind == "f"}
    if target.name.startswith((*GEOMETRIES, "ops")) and len(kinds) == 1 and got - kinds:
        raise Finding(f"{target.name}: {kinds} in, {got} out{words}")
    return "value" if spoiled else "same"


def _compare_with_plain(target: Target, found: list[Any], seed: int, dtype: Any) -> None:
    """What was found in any layout, with that of contiguous arrays, and of float64."""
    clean = target.arguments(np.random.default_rng(seed), dtype)
    _compare(found, called(target, clean), 1e3)
    if target.exact and dtype == np.float32 and not target.name.startswith("nn."):
        again = target.arguments(np.random.default_rng(seed), dtype)
        floats = {k: a for k, a in again.items() if isinstance(a, np.ndarray) and a.dtype.kind == "f"}
        _compare(found, called(target, again | {k: a.astype(np.float64) for k, a in floats.items()}), 1e4)


def _compare(found: list[Any], right: list[Any], many: float) -> None:
    """Equal to `many` eps of what was found."""
    if len(found) != len(right):
        raise Finding(f"{len(found)} results, not {len(right)}")
    for a, b in zip(found, right, strict=True):
        tolerance = many * np.finfo(a.dtype).eps if a.dtype.kind == "f" else 0
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance * (1 + np.max(np.abs(b), initial=0))):
            raise Finding(f"{a} is not {b}")


def place_of(finding: Finding, target: Target) -> str:
    """Where it was raised, to tell one finding from another."""
    inner = traceback.extract_tb(finding.__cause__.__traceback__)[-1] if finding.__cause__ else None
    return f"{target.name}" if inner is None else f"{inner.filename}:{inner.lineno}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="functions whose name contains this")
    parser.add_argument("--plain", action="store_true", help="without loops")
    arguments = parser.parse_args()
    ways.LEAST = 2**60 if arguments.plain else 0
    chosen = [one for one in targets() if arguments.only in one.name]
    end, seed, counts = time.monotonic() + 60 * arguments.minutes, arguments.seed * 10**9, Counter()
    seen: set[str] = set()
    while time.monotonic() < end:
        for target in chosen:
            try:
                counts[try_once(target, np.random.default_rng(seed))] += 1
            except Finding as finding:
                counts["found"] += 1
                if (place := place_of(finding, target)) not in seen:
                    print(f"--- seed {seed} at {place}\n{finding}", flush=True)
                seen.add(place)
            seed += 1
    print(f"{counts.total()} calls of {len(chosen)} functions: {dict(counts)}; {len(seen)} places found")


if __name__ == "__main__":
    main()
