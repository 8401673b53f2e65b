"""A saved state is taken only if every number in it is one that the constructor would take, and goes by name."""

import copy
import json

import numpy as np
import pytest

from grassmann_np import nn, optim
from grassmann_np.geometry import sphere

BAD = {  # whatever no constructor takes
    "lr": [None, np.inf, np.nan, -1.0, "0.1", True, 1j],
    "weight_decay": [None, -0.1, np.inf],
    "orthogonality": [None, -0.1, np.nan],
    "clip": [0, 0.0, -1.0, np.inf, "x"],
    "factor": [None, -1.0, np.inf],
    "steps": [-1, 1.5, None, True, np.inf],
    "momentum": [1.5, -0.1, None, np.nan],
    "nesterov": [1, 0, None, True, "no"],
    "beta1": [1.0, -0.1, None],
    "beta2": [1.0, 1.5, np.nan],
    "eps": [0, 0.0, -1e-8, np.inf, None],
}


def parameters(names=("0.w", "1.w", "2.w"), dtype=np.float32):
    found = [
        nn.Parameter(sphere.random_point((4, k + 1), np.random.default_rng(k)).astype(dtype), sphere) for k in range(3)
    ]
    for p, name in zip(found, names, strict=True):
        p.name = name
    return found


def stepped(kind, ps):
    optimizer = kind(ps, 0.1, clip=0.5)
    for seed in range(3):
        for k, p in enumerate(sorted(ps, key=lambda p: p.value.shape)):
            p.grad = np.random.default_rng(10 * seed + k).standard_normal(p.value.shape).astype(p.value.dtype)
        optimizer.step()
    return optimizer


def refused(optimizer, saved, message):
    """It says so, and changes nothing."""
    before = copy.deepcopy((optimizer.settings(), optimizer.state))
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(saved)
    assert optimizer.settings() == before[0]
    for ours, theirs in zip(optimizer.state, before[1], strict=True):
        for key, array in theirs.items():
            np.testing.assert_array_equal(ours[key], array)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_every_setting_has_the_range_that_the_constructor_asks(kind):
    optimizer = stepped(kind, parameters())
    for key in optimizer.settings():
        for bad in BAD[key]:
            saved = optimizer.state_dict()
            saved["settings"][key] = bad
            refused(optimizer, saved, f"^state: .*{key}")


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_numbers_of_numpy_become_numbers_of_python(kind):
    optimizer = stepped(kind, parameters())
    saved = optimizer.state_dict()
    before = dict(saved["settings"])
    saved["settings"] = {
        key: value if value is None or isinstance(value, bool) else np.array(value) for key, value in before.items()
    }
    optimizer.load_state_dict(saved)
    assert optimizer.settings() == before
    assert json.loads(json.dumps(optimizer.settings())) == before


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((4, 1), 1e200), "tau, state of 0.w: expected finite numbers of float32"),
        (np.full((4, 1), np.nan), "tau, state of 0.w: expected finite"),
        (np.full((4, 1), -np.inf), "tau, state of 0.w: expected finite"),
        (np.full((4, 1), 1 + 1j), "tau, state of 0.w: expected real numbers, got complex128"),
        (np.full((4, 1), "1"), "tau, state of 0.w: expected real numbers"),
        (np.full((4, 1), None), "tau, state of 0.w: expected real numbers, got object"),
        (np.full((4, 1), True), "tau, state of 0.w: expected real numbers, got bool"),
        (np.zeros((1, 4)), "state of 0.w: expected arrays"),
        ([[0.0], [0.0, 1.0]], "tau, state of 0.w: expected an array of numbers, got list"),
        ({}, "tau, state of 0.w: expected real numbers"),
        (None, "tau, state of 0.w: expected real numbers"),
    ],
)
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_an_array_that_is_no_state(kind, array, message):
    optimizer = stepped(kind, parameters())
    saved = optimizer.state_dict()
    saved["state"][0]["tau"] = array
    refused(optimizer, saved, message)


def test_second_moments_are_not_negative():
    optimizer = stepped(optim.Adam, parameters())
    saved = optimizer.state_dict()
    saved["state"][1]["v"][0] *= -1
    refused(optimizer, saved, r"v, state of 1\.w: expected squares, got a negative number")


@pytest.mark.parametrize("saved", [None, [], 7, "x", {}, {"kind": "SGD", "settings": [], "state": []}])
def test_something_else(saved):
    optimizer = stepped(optim.SGD, parameters())
    refused(optimizer, saved, "^state: expected")
    refused(optimizer, optimizer.state_dict() | {"state": [None] * 3}, "expected a dict of arrays, got NoneType")
    groups = optim.Groups(optimizer)
    for other in (saved, {"groups": saved}, {"groups": [saved]}):
        with pytest.raises(ValueError, match=r"^state: expected"):
            groups.load_state_dict(other)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_state_goes_by_name(kind):
    one = stepped(kind, parameters())
    other = kind(parameters()[::-1], 0.3)
    other.load_state_dict(one.state_dict())
    assert other.settings() == one.settings()
    for ours, theirs in zip(other.state, one.state[::-1], strict=True):
        for key, array in theirs.items():
            np.testing.assert_array_equal(ours[key], array)


@pytest.mark.parametrize("names", [("", "1.w", "2.w"), ("0.w", "0.w", "2.w"), None])
def test_without_a_name_each_state_goes_in_order(names):
    """A state of an older version has no names."""
    one = stepped(optim.Adam, parameters(names or ("0.w", "1.w", "2.w")))
    saved = one.state_dict()
    if names is None:
        del saved["names"]
    other = optim.Adam(parameters(("c", "b", "a")), 0.3)
    other.load_state_dict(saved)
    for ours, theirs in zip(other.state, one.state, strict=True):
        np.testing.assert_array_equal(ours["tau"], theirs["tau"])


def test_other_names_are_other_parameters():
    one = stepped(optim.SGD, parameters())
    refused(stepped(optim.SGD, parameters(("0.w", "1.w", "9.w"))), one.state_dict(), r"the same names; 2\.w is in one")


@pytest.mark.parametrize("bad", [1, 0, "yes", None])
def test_nesterov_is_true_or_false(bad):
    with pytest.raises(TypeError, match="nesterov: expected True or False"):
        optim.SGD([nn.Parameter(np.ones(3))], 0.1, nesterov=bad)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_settings_are_a_dict_and_states_a_list(kind):
    optimizer = stepped(kind, parameters())
    for change in ({"state": 5}, {"state": None}, {"settings": [1]}, {"settings": None}, {"settings": "lr"}):
        refused(optimizer, optimizer.state_dict() | change, "expected a dict of settings and a list of states")


def test_the_largest_number_is_a_number():
    optimizer = stepped(optim.SGD, parameters())
    saved = optimizer.state_dict()
    (key,) = saved["state"][0]
    saved["state"][0][key][0, 0] = np.finfo(np.float32).max
    optimizer.load_state_dict(saved)
    assert optimizer.state[0][key][0, 0] == np.finfo(np.float32).max
    saved["state"][0][key] = saved["state"][0][key].astype(np.float64) * 1.001
    refused(optimizer, saved, "expected finite numbers of float32")
