"""A recipe is a named setup: every cell of the paper's tables, and small ones for a laptop.

Names are DATA-MODEL-OPTIMIZER, as in cifar10-wrn-28-10-sgd-g. The numbers are those of the authors' repositories: in
the SGD runs everything is decayed, in the G runs only the weights that are not on the sphere; batch 128; the authors
put 3x3 convolutions with fan_in > fan_out on the sphere, and have one rate for all weights in the SGD runs. The small
recipes differ: they put exactly the scale-invariant weights there, have two rates and decay weights only, for every
optimizer alike, and let the rate fall linearly.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from .limits import RATES
from .setup import Setup

CIFAR_MODELS = ("vgg-13", "vgg-19", "wrn-28-10", "wrn-40-10")
SVHN_MODELS = ("vgg-13", "vgg-19", "wrn-16-4", "wrn-22-8")
OPTIMIZERS = ("sgd", "sgd-g", "adam-g")
SMALL = {
    "digits": (("mlp", 30), ("cnn", 20)),
    "mnist": (("mlp", 20), ("cnn", 15), ("vgg-13", 3), ("wrn-16-4", 3)),
    "photos": (("cnn", 15), ("vgg-11", 10), ("wrn-10-1", 15), ("wrn-16-1", 15)),
}


def recipes() -> dict[str, Setup]:
    """Every recipe by name."""
    found = {}
    cifar = Setup(epochs=200, batch_size=128, rule="published", schedule="step", drops=(0.3, 0.6, 0.8), drop=0.2)
    svhn = replace(cifar, epochs=160, drops=(60 / 160, 120 / 160), drop=0.1, lr_euclidean=0.001)
    rates = {"cifar": {"sgd": 0.1, "sgd-g": 0.2, "adam-g": 0.05}, "svhn": {"sgd": 0.01, "sgd-g": 0.02, "adam-g": 0.005}}
    for data, base, models, keep, kind in (
        ("cifar10", cifar, CIFAR_MODELS, 0.7, "cifar"),
        ("cifar100", cifar, CIFAR_MODELS, 0.7, "cifar"),
        ("svhn", svhn, SVHN_MODELS, 0.6, "svhn"),
    ):
        for model, optimizer in product(models, OPTIMIZERS):
            found[f"{data}-{model}-{optimizer}"] = replace(
                base,
                data=data,
                model=model,
                optimizer=optimizer,
                lr=rates[kind][optimizer],
                keep=keep if model.startswith("wrn") else 1.0,
                decay="all" if optimizer == "sgd" else "weights",
                lr_euclidean=None if optimizer == "sgd" else base.lr_euclidean,
            )
    for data, small in SMALL.items():
        for (model, epochs), optimizer in product(small, RATES):
            found[f"{data}-{model}-{optimizer}"] = Setup(data=data, model=model, optimizer=optimizer, epochs=epochs)
    return found


def table() -> str:
    """Every recipe on one line: name, epochs, rate, schedule."""
    lines = [f"{'recipe':34} {'epochs':>6} {'rate':>6}  schedule"]
    for name, setup in recipes().items():
        schedule = (
            setup.schedule
            if setup.schedule != "step"
            else (
                f"x {setup.drop:g} after " + ", ".join(f"{drop * setup.epochs:g}" for drop in setup.drops) + " epochs"
            )
        )
        lines.append(f"{name:34} {setup.epochs:6} {setup.rate:6g}  {schedule}")
    return "\n".join(lines)
