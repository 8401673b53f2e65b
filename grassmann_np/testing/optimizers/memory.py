"""Properties 16 to 24: what an optimizer remembers, from step to step, over a save, and to what end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...backend import Array
from ..identities.catalogue import worst
from ..view import Wrong
from .catalogue import prop
from .steps import onward, tangent
from .trial import Trial, Watched, angle, carried, dot, project, size, unit


@prop(16, transports=("parallel", "projection"), needs=("momentum",), limit=16.0)
def momentum_stays_tangent(t: Trial) -> float:
    """<y, momentum> = 0 after every step.

    Identity 24. What is left along y at every step becomes a part of the next.
    Catches: a momentum that is added as it is at the next point.
    """
    optimizer, longest, found = t.new(t.start(), t.rate_for(0.3)), np.full(t.m, 1e-300), []
    for g in t.gradients(6):
        y = optimizer.step(g)
        longest = np.maximum(longest, size(optimizer.momentum))  # what is left of a sum that cancels is not exact
        found.append(np.abs(dot(unit(y), optimizer.momentum)) / longest / t.eps)
    return worst(*found)


@prop(17, transports=("parallel", "projection"), needs=("momentum",), limit=16.0)
def momentum_is_transported(t: Trial) -> float:
    """The momentum is the old one and the new gradient, carried to the new point.

    Without a gradient it must be gamma T(old), with the same gamma for steps short and long: T keeps lengths (identity
    25, formula 29); a projection in its place shrinks what lies along the step by cos theta (identity 31), and is the
    expected one for a trial of transport "projection". With one, T must bring it into the plane of the two.
    Catches: a projection in place of the transport, a transport along another way than that of the step.
    """
    gammas, found = [], []
    for wanted in (1e-3, 0.5):
        optimizer, here, there, old, new = _coast(t, wanted)
        expected = carried(here, there, old) if t.transport == "parallel" else project(there, old)
        length = np.where(size(expected) > 0, size(expected), 1)
        gammas.append(np.where(_near(here, there), size(new) / length, np.nan))
        found.append(_near(here, there) * size(new - expected * (size(new) / length)) / length)
    found.append(np.nan_to_num(np.abs(gammas[1] - gammas[0])))
    if t.transport == "parallel":
        here = there
        h = project(here, t.gradients(8)[-1])
        old, there = optimizer.momentum, optimizer.step(h)
        back = carried(there, here, optimizer.momentum)
        found.append(
            _near(here, there) * size(_beside(back, old, h)) / np.maximum(1e-300, np.maximum(size(back), size(old)))
        )
    return worst(*found) / t.eps


@prop(18, kinds=("sgd", "adam-g"))
def coasting_is_straight(t: Trial) -> float:
    """Without a gradient it goes on along the great circle of its last step, forward.

    Identity 46. Where SGD's momentum is transported, its steps along the geodesic are a geometric series.
    Catches: a momentum that turns, or is scaled, on the way; a step along something else than the momentum.
    """
    y, g = t.start(), t.start_and_gradient()[1]
    g = tangent(t, y) if t.kind == "adam" else g
    optimizer = t.new(y, t.rate_for(0.4))
    points = [y.astype(np.float64), optimizer.step(g), *(optimizer.step(0 * g) for _ in range(4))]
    e = unit(project(y, points[1]))
    turned = [np.arctan2(dot(x, e), dot(x, y)) for x in points]
    steps = [(b - a + np.pi) % (2 * np.pi) - np.pi for a, b in pairwise(turned)]
    found = [size(x - y * dot(x, y) - e * dot(x, e)) for x in points]
    found += [np.maximum(0, -step) for step in steps]
    if t.kind == "sgd" and t.law == "exp" and t.transport == "parallel":
        found += [np.abs(steps[k + 1] * steps[0] - steps[k] * steps[1]) for k in range(1, 4)]
    return worst(*found) / t.eps


@prop(19, kinds=("adam-g", "adam"), laws=("exp", "normalize"), limit=32.0)
def bias_correction(t: Trial) -> float:
    """Along a great circle with gradients of one length, every step of Adam is eta long, from the first on.

    m = (1 - b1^t) h and v = (1 - b2^t) |h|^2, so that both corrections leave the quotient 1, whatever b1 and b2.
    Catches: a correction that is missing, or of sqrt(v) in place of v: with b2 = 0.99 the first step is then 0.100
    of what it should be; a count of steps that starts at 0 or is shared.
    """
    exact = t.kind == "adam-g" and t.law == "exp" and t.transport == "parallel"
    turn = 0.2 if exact else 1e-3 if t.dtype == np.float64 else 1e-2
    slack = t.slack + (0.0 if exact else 40 * turn)  # of what is not transported, or divided by coordinates
    y, g = t.start_and_gradient()
    y = y.astype(np.float64)
    along, rate = np.sign(g) * t.strength if t.kind == "adam" else tangent(t, y), t.rate_for(turn)
    wanted = turn if t.law == "exp" else np.arctan(turn)
    optimizer, here, found = t.new(y, rate), y, []
    for _ in range(8):
        there = optimizer.step(-onward(y, along, here) * size(along))
        found.append(np.abs(angle(here, there) - wanted) / (t.eps + slack * wanted))
        here = there
    return worst(*found)


@prop(20, needs=("state",), limit=0.0)
def state_resumes(t: Trial) -> float:
    """Saved in the middle, and loaded into a fresh one at the point reached, it goes on to the bit.

    `make` must take the point as it is: to divide it by its length once more may cost the last bit.
    Catches: a count of steps, a moment, or a radius of every column that is not saved.
    """
    g = t.gradients(9)
    optimizer = t.new(t.start())
    for one in g[:5]:
        y = optimizer.step(one)
    fresh = t.new(y)
    fresh.optimizer.load_state_dict(optimizer.optimizer.state_dict())
    fresh_path = [fresh.step(one) for one in g[5:]]
    return _same(fresh_path, [optimizer.step(one) for one in g[5:]], "after loading")


@prop(21, needs=("state",), limit=0.0)
def saved_state_stays(t: Trial) -> float:
    """A saved state does not change while the optimizer goes on, nor while another that has loaded it does.

    PyTorch's is a view, to be copied by whoever keeps it: its adapter does.
    Catches: a state that holds the arrays themselves, changed in place.
    """
    g = t.gradients(9)
    optimizer = t.new(t.start())
    for one in g[:3]:
        y = optimizer.step(one)
    saved = optimizer.optimizer.state_dict()
    expected = [optimizer.step(one) for one in g[3:6]]
    found = 0.0
    for _ in range(2):
        fresh = t.new(y)
        fresh.optimizer.load_state_dict(saved)
        found = max(found, _same([fresh.step(one) for one in g[3:6]], expected, "from a state saved earlier"))
    return found


@prop(22, needs=("rate",), limit=0.0)
def drop_of_the_rate_keeps_the_state(t: Trial) -> float:
    """A rate that is lowered and raised again between two steps changes nothing; a lowered one, only the lengths.

    Without a gradient it goes on in the same direction at the lower rate. (The authors' PyTorch code makes a new
    optimizer at every drop, and loses the momentum.)
    Catches: a momentum or a count of steps that is lost with the rate.
    """
    y, g = t.start(), t.gradients(6)
    expected = t.path(y, g)
    optimizer, path = t.new(y), []
    for one in g:
        rate = optimizer.optimizer.rate
        optimizer.optimizer.rate = rate * 0.1
        optimizer.optimizer.rate = rate
        path.append(optimizer.step(one))
    found = _same(path, expected, "after a drop that was taken back")
    ways = []
    for factor in (1.0, 0.1):
        optimizer = t.new(y, t.rate_for(0.01))
        here = optimizer.step(tangent(t, y))
        optimizer.optimizer.rate *= factor
        ways.append(project(here, optimizer.step(0 * y)))
    one, other = (size(way) for way in ways)
    if np.any((one > 100 * t.eps) & (other < 0.01 * one)):
        raise Wrong("after a drop of the rate it does not go on: its momentum is lost")
    return found


@prop(23, needs=("rate",))
def new_rate_counts(t: Trial) -> float:
    """The rate that is set is the rate of the next step.

    Catches: a rate that is read once, when the optimizer is made.
    """
    y, g = t.start_and_gradient()
    optimizer = t.new(y, t.rate_for(0.3))
    optimizer.optimizer.rate = t.rate_for(0.1)
    return worst(size(optimizer.step(g) - t.new(y, t.rate_for(0.1)).step(g)) / t.eps)


@prop(24, unit="rad", limit=0.05, long=True)
def finds_the_eigenvector(t: Trial) -> float:
    """Down the quotient -y'Ay/(2y'y), columns reach the eigenvector of the largest eigenvalue of A, or its negative.

    The gradient is the quotient's own, tangent, as that of every loss which forgets the length of y (identity 5).
    Catches: whatever makes it stop, or turn around, after the first few steps.
    """
    rate = t.rate_for(0.1 if t.kind == "sgd" and t.law != "fixed-norm" else 0.02)
    rng = np.random.default_rng([t.seed, 4])
    axes = np.linalg.qr(rng.standard_normal((t.n, t.n)))[0]
    values = np.linspace(0, 0.5, t.n)
    values[-1] = 1.0
    a = axes * values @ axes.T * (0.5 / rate if t.kind == "sgd" and t.law != "fixed-norm" else t.strength)
    optimizer, y = t.new(t.start(), rate), t.start().astype(np.float64)
    for _ in range(600):
        y = optimizer.step(-project(y, a @ y))
    best = axes[:, -1:] * np.ones(t.m)
    return worst(np.minimum(angle(y, best), angle(y, -best)))


def _coast(t: Trial, wanted: float) -> tuple[Watched, Array, Array, Array, Array]:
    """The optimizer after a step of this angle and one without a gradient: the two points, the two momenta."""
    y = t.start()
    optimizer = t.new(y, t.rate_for(wanted))
    here = optimizer.step(tangent(t, y))
    old = optimizer.momentum
    there = optimizer.step(np.zeros_like(y))
    return optimizer, here, there, old, optimizer.momentum


def _near(y: Array, x: Array) -> Array:
    """Whether the shortest way between two points is told well: near the antipode it is not."""
    return angle(y, x) < 2.5


def _beside(v: Array, *others: Array) -> Array:
    """What of v is not in the span of the others, column by column."""
    basis: list[Array] = []
    for other in others:
        for _ in range(2):
            for e in basis:
                other = other - e * dot(other, e)
        basis.append(unit(other))
    for e in basis * 2:
        v = v - e * dot(v, e)
    return v


def _same(path: list[Array], expected: list[Array], when: str) -> float:
    """0 if the paths are the same to the bit.  Raises Wrong, with the first step in which they are not."""
    for k, (one, other) in enumerate(zip(path, expected, strict=True)):
        if not np.array_equal(one, other):
            raise Wrong(f"{when}, step {k + 1} is {worst(size(one - other)):.2g} off")
    return 0.0
