"""Properties 1 to 10: one step, and many; what bounds it, and what an optimizer must refuse."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np

from ...backend import Array
from ..identities.catalogue import worst
from ..view import Wrong
from .catalogue import prop
from .trial import Trial, angle, dot, project, size, unit


@prop(1, long=True)
def stays_on_the_sphere(t: Trial) -> float:
    """|y| = 1 after many steps, to rounding.

    The gradients have a part along y, against which a step lengthens a y that is not made unit again and again.
    Identity 7, and the last of the formulas that are accurate everywhere.
    Catches: a point that is never normalized.
    """
    optimizer, drawn, y = t.new(t.start()), t.gradients(64), t.start().astype(np.float64)
    furthest = 0.0
    for k in range(t.steps):
        y = optimizer.step(drawn[k % 64] + y * t.strength)
        furthest = worst(furthest, np.abs(size(y) - 1))
    return furthest / t.eps


@prop(2, limit=0.0)
def keeps_its_dtype(t: Trial) -> float:
    """The new y has the shape and the dtype of the start.

    Catches: a float32 weight that comes back as float64.
    """
    optimizer = t.new(t.start())
    for g in t.gradients(2):
        optimizer.step(g)
        if optimizer.answered != t.dtype:
            raise Wrong(f"step: expected {np.dtype(t.dtype)} as the start is, got {optimizer.answered}")
    return 0.0


@prop(3, limit=0.0)
def leaves_the_gradient_alone(t: Trial) -> float:
    """step(gradient) does not change the gradient that it is given.

    Catches: clipping or projection in place.
    """
    optimizer = t.new(t.start())
    for g in 10 * t.gradients(2):
        given = g.copy()
        optimizer.optimizer.step(given)
        if not np.array_equal(given, g):
            raise Wrong("step: the gradient that it was given has changed")
    return 0.0


@prop(4, limit=16.0)
def first_step(t: Trial) -> float:
    """The first step is -eta h (SGD-G) or -eta h/|h| (Adam-G), taken by the law.

    h is the tangent gradient, clipped. The whole point is compared, not only its angle. Algorithms 1 and 2 of the
    paper with tau = 0; Adam's bias correction makes its first step eta long whatever b1 and b2. By coordinates, h/|h|
    is sign(h); with a fixed norm the gradient is not projected, and made as long as y.
    Catches: a wrong sign, a gradient that is not projected, a momentum that is an average and starts at 0.
    """
    y, g = t.start_and_gradient()
    rate = t.rate_for(0.3)
    expected = t.turned(y, t.update(y, g), rate)[1]
    return worst(size(t.new(y, rate).step(g) - expected) / (t.eps + t.slack))


@prop(5, limit=16.0)
def angle_law(t: Trial) -> float:
    """A step turns y by the angle of its law, from tiny to large.

    exp: theta = eta |h|, the paper's (7). normalize: arctan(eta |h|), identity 36. A fixed norm:
    tan theta = eta sin a/(1 - eta cos a), a the angle between step and y (lesson 17). For Adam |h| is 1.
    Catches: a retraction in place of exp or the reverse, an eps in a divisor, a threshold below which nothing moves.
    """
    y, g = t.start_and_gradient()
    found = []
    for wanted in (1e-12, 1e-9, 1e-7, 1e-4, 0.03, 0.5, *([1.5, 2.5] if t.law == "exp" else [0.9])):
        rate = t.rate_for(wanted)
        theta = t.turned(y, t.update(y, g), rate)[0]
        found.append(np.abs(_turn(t, y, g, rate) - theta) / (t.eps + t.slack * theta))
    return worst(*found)


@prop(6, kinds=("sgd", "adam-g"))
def step_bound(t: Trial) -> float:
    """No step is longer than the rate and the momentum allow.

    SGD: eta c/(1 - gamma) for gradients no longer than c, which is nu if they are clipped (identity 45); gamma is
    measured, as the ratio of a coasting step to the one before. Adam-G: eta, if all gradients are as long, since then
    |m| is at most their length and v its square. Of the retractions it is the arctan, with a fixed norm arcsin eta.
    Catches: clipping after the momentum or not at all; a momentum that grows.
    """
    y, rate = t.start(), t.rate_for(0.01)
    along, most, long = tangent(t, y), rate, t.strength
    if t.kind == "sgd" and t.law != "fixed-norm":
        long = 1000 * t.clip if t.clip else t.strength
        lost = 1 - _coasting(t, y, along)
        most = rate * (t.clip or t.strength) / lost if lost > 0 else np.inf
    most = {"exp": most, "normalize": np.arctan(most), "fixed-norm": np.arcsin(rate)}[t.law]
    optimizer, here, furthest = t.new(y, rate), y.astype(np.float64), 0.0
    for _ in range(60):
        there = optimizer.step(-onward(y, along, here) * long)
        furthest, here = worst(furthest, angle(here, there)), there
    return max(0.0, furthest - float(most) * (1 + t.slack)) / t.eps


@prop(7, needs=("clip",))
def clipping_forgets_the_excess(t: Trial) -> float:
    """Gradients 100 and 10000 times as long as the clipping norm give the same path.

    The paper's norm clipping: h nu/|h| where |h| > nu, identity 47.
    Catches: clipping by coordinates, by a smooth function, or not at all.
    """
    g = t.gradients(5)
    if t.law == "normalize":
        g[1:] = 0  # a gradient that is not projected may be clipped with its part along y or without
        g[0] = t.start_and_gradient()[1]
    g = g / t.strength * (t.clip or 1)
    return t.apart(t.path(t.start(), 100 * g), t.path(t.start(), 10_000 * g))


@prop(8)
def rests_without_a_gradient(t: Trial) -> float:
    """At rest a zero gradient moves nothing.

    Identity 46; |h| = 0 has no direction, and Adam's v is 0.
    Catches: 0/0, a step of length eta whatever the gradient.
    """
    y = t.start()
    path = t.path(y, np.zeros((3, t.n, t.m), t.dtype))
    return worst(*(size(x - y) / t.eps for x in path))


@prop(9, limit=0.0, promise="a zero weight is refused")
def refuses_a_zero_weight(t: Trial) -> float:
    """A column of zeros, which has no direction, is refused: by make, or by the first step.

    Catches: a zero column that stays zero, or becomes NaN, without a word.
    """
    y = t.start()
    y[:, -1] = 0
    try:
        t.new(y).look(t.gradients(1)[0])
    except Wrong:
        raise
    except Exception:
        return 0.0
    raise Wrong("expected an error for a column of zeros, got an answer")


@prop(10, limit=0.0)
def tells_of_nan(t: Trial) -> float:
    """NaN or inf in a gradient is refused, and then nothing has changed; or it is told: a warning, or NaN in y.

    Catches: a NaN that is taken for 0, a refused step that has already changed the momentum.
    """
    y, (first, bad, next_one) = t.start(), t.gradients(3)
    for what in (np.nan, np.inf):
        bad[0, 0] = what
        optimizer = t.new(y)
        optimizer.step(first)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                answer = optimizer.look(bad)
            except Wrong:
                raise
            except Exception:
                if not np.array_equal(optimizer.step(next_one), t.path(y, (first, next_one))[-1]):
                    raise Wrong(f"a gradient with {what} was refused, but the next step is another one") from None
                continue
        if not said and np.all(np.isfinite(answer[:, 0])):
            raise Wrong(f"a gradient with {what} gave finite weights, without a word")
    return 0.0


def _turn(t: Trial, y: Array, g: Array, rate: float) -> Array:
    return angle(y, t.new(y, rate).step(g))


def _coasting(t: Trial, y: Array, along: Array) -> float:
    """gamma: the ratio of a step without a gradient to the one before, both short.  Raises Wrong if it is above 1."""
    optimizer = t.new(y, t.rate_for(1e-3))
    points = [y, optimizer.step(along), optimizer.step(0 * along)]
    first, second = (angle(*pair) for pair in pairwise(points))
    gamma = worst(second / first)
    if gamma > 1 + 1e-2:
        raise Wrong(f"without a gradient a step is {gamma:.3g} times the one before")
    return gamma + 8 * t.eps / 1e-3


def tangent(t: Trial, y: Array) -> Array:
    """A tangent gradient at y, as long as an ordinary one, in float64."""
    h = project(y, t.gradients(1)[0])
    return h / size(h) * t.strength


def onward(y: Array, along: Array, here: Array) -> Array:
    """The direction at `here` of the great circle that leaves y against `along`: unit columns."""
    e = -unit(along)
    return unit(e * dot(here, y) - y * dot(here, e))
