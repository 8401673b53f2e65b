"""Properties 11 to 15: what must not matter. The path in disguise is the path, disguised (identities 48 and 49)."""

from __future__ import annotations

import numpy as np

from .catalogue import prop
from .trial import Trial

STEPS = 6


@prop(11)
def scale_of_the_loss(t: Trial) -> float:
    """Adam takes the same path if the loss is multiplied; so does SGD, at a rate divided by as much.

    With a fixed norm the length of a gradient never matters. Adam-G is not clipped here, or always.
    Catches: an eps that is not small, a threshold on the gradient, a second moment that is not a square.
    """
    free = t.kind != "sgd" or t.law == "fixed-norm"
    factor = 7.0 if free else 1 / 7.0  # SGD stays below the clipping norm
    y, g = t.start(), t.gradients(STEPS)
    rate = t.rate_for(0.3)
    return t.apart(t.path(y, g, rate), t.path(y, factor * g, rate if free else rate / factor))


@prop(12)
def sign(t: Trial) -> float:
    """From -y with the negated gradients it takes the negated path.

    BN(-z) = -BN(z): which of y and -y a unit starts from is chance.
    Catches: a canonical sign, weights that are clamped.
    """
    y, g = t.start(), t.gradients(STEPS)
    rate = t.rate_for(0.3)
    return t.apart(t.path(y, g, rate), [-x for x in t.path(-y, -g, rate)])


@prop(13, kinds=("sgd", "adam-g"))
def rotation(t: Trial) -> float:
    """From Ry with the gradients Rg it takes the path R y(t), R orthogonal.

    Not asked of Adam with a second moment for every coordinate, which depends on the axes (lesson 6).
    Catches: a second moment, a clipping or a decay by coordinates.
    """
    y, g = t.start(), t.gradients(STEPS)
    turn = np.linalg.qr(np.random.default_rng([t.seed, 2]).standard_normal((t.n, t.n)))[0]
    rate = t.rate_for(0.3)
    return t.apart([turn @ x for x in t.path(y, g, rate)], t.path(turn @ y, turn @ g, rate))


@prop(14)
def names_of_coordinates(t: Trial) -> float:
    """From Sy with the gradients Sg it takes the path S y(t), where S exchanges coordinates and changes their signs.

    Adam with a second moment for every coordinate keeps this part of the rotations.
    Catches: a coordinate that is treated otherwise, such as a bias kept in the last one.
    """
    y, g = t.start(), t.gradients(STEPS)
    rng = np.random.default_rng([t.seed, 3])
    order, signs = rng.permutation(t.n), rng.choice([-1.0, 1.0], (t.n, 1)).astype(t.dtype)
    rate = t.rate_for(0.3)
    moved = [signs * x[order] for x in t.path(y, g, rate)]
    return t.apart(moved, t.path(signs * y[order], signs * g[:, order], rate))


@prop(15)
def columns_are_independent(t: Trial) -> float:
    """The path of a column is the path that it takes alone.

    Identity 49. What couples columns on purpose, such as an orthogonality term, is to be left out of the test.
    Catches: one norm, clip or second moment for the whole matrix; a state of the wrong shape.
    """
    y, g = t.start(), t.gradients(STEPS)
    g[:, :, 1:] /= 16  # columns of unlike gradients
    g *= 1 if t.clip is None else 8  # some are clipped, some not
    rate = t.rate_for(0.3)
    alone = [t.path(y[:, j : j + 1], g[:, :, j : j + 1], rate) for j in range(t.m)]
    return t.apart(t.path(y, g, rate), [np.concatenate(step, axis=1) for step in zip(*alone, strict=True)])
