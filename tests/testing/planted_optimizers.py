"""Planted bugs: optimizers with one fault each, in plain NumPy. What the properties are worth is what they catch."""

from math import sqrt

import numpy as np


def dot(a, b):
    return np.sum(a * b, axis=0)


def size(a):
    return np.sqrt(dot(a, a))


def unit(a):
    return a / np.where(size(a) > 0, size(a), 1).astype(a.dtype)


def tangent(y, g):
    h = g - y * dot(y, g)
    return h - y * dot(y, h)


def clipped(h, nu):
    return h if nu is None else h * np.minimum(1, nu / np.maximum(size(h), nu)).astype(h.dtype)


class Plain:
    """SGD-G as Algorithm 1 has it, one short method for each line of it; a bug replaces a method."""

    kind, law, transport, clip, gamma = "sgd", "exp", "parallel", None, 0.9
    saved = ("momentum", "t")

    def __init__(self, y, rate):
        if not np.all(size(y) > 0):
            raise ValueError("a column is zero")
        self.y, self.rate, self.t = y, rate, 0  # as it is: to normalize it here and again in step costs the last bit
        self.momentum = np.zeros_like(y)

    def step(self, gradient):
        self.look(gradient)
        self.y = self.again(self.y)
        h = clipped(self.projected(gradient), self.clip)
        self.t += 1
        d, m = self.direction(h)
        y = self.walked(d)
        self.momentum, self.y = self.carried(d, m, y), y
        return y.copy()

    def look(self, g):
        if not np.all(np.isfinite(g)):
            raise ValueError("a gradient is not finite")

    def again(self, y):
        return unit(y)

    def projected(self, g):
        return tangent(self.y, g)

    def direction(self, h):
        """The step d, and what is carried."""
        d = self.gamma * self.momentum - self.rate * h
        return d, d

    def walked(self, d):
        theta = size(d)
        return self.y * np.cos(theta) + unit(d) * np.sin(theta)

    def carried(self, d, m, y):
        theta, u = size(d), unit(d)
        return m - dot(u, m) * (self.y * np.sin(theta) + u * 2 * np.sin(theta / 2) ** 2)

    def state_dict(self):
        return {name: np.copy(getattr(self, name)) for name in self.saved}

    def load_state_dict(self, state):
        vars(self).update({name: np.copy(value) if np.ndim(value) else int(value) for name, value in state.items()})


class Clipped(Plain):
    clip = 0.1


class AdamG(Plain):
    """Adam-G as in the paper: one second moment a column."""

    kind, b1, b2, eps = "adam-g", 0.9, 0.99, 1e-8
    saved = ("momentum", "v", "t")

    def __init__(self, y, rate):
        super().__init__(y, rate)
        self.v = self.square(0 * y)

    def square(self, h):
        return dot(h, h)

    def direction(self, h):
        m = self.b1 * self.momentum + (1 - self.b1) * h
        self.v = self.b2 * self.v + (1 - self.b2) * self.square(h)
        return -self.rate * m * self.quotient(), m

    def quotient(self):
        """1/sqrt(v), corrected for the start of both at zero."""
        return sqrt(1 - self.b2**self.t) / (1 - self.b1**self.t) / np.sqrt(self.v + self.eps)


class AdamGClipped(AdamG):
    clip = 0.1


class Retraction(Plain):
    """(y + d)/|y + d|, and a momentum that is left as it is."""

    law, transport = "normalize", "none"

    def walked(self, d):
        return unit(self.y + d)

    def carried(self, d, m, y):
        return m


class Projected(Retraction):
    """The same, its momentum projected at the new point."""

    transport = "projection"

    def carried(self, d, m, y):
        return tangent(y, m)


class Adam(AdamG):
    """Adam by coordinates, on the sphere by dividing, as nGPT has it."""

    kind, law, transport = "adam", "normalize", "none"

    def square(self, h):
        return h * h

    def projected(self, g):
        return g

    walked, carried = Retraction.walked, Retraction.carried


class AdamProjected(Adam):
    """Adam by coordinates, its step made tangent and taken along the geodesic, its momentum carried along."""

    law, transport = "exp", "parallel"

    def projected(self, g):
        return tangent(self.y, g)

    def direction(self, h):
        d, m = super().direction(h)
        return tangent(self.y, d), m

    walked, carried = Plain.walked, Plain.carried


class Hyperball(Retraction):
    """A step as long as y, whatever the gradient, and back: tan theta = eta sin a/(1 - eta cos a)."""

    law = "fixed-norm"

    def projected(self, g):
        return g

    def direction(self, h):
        m = self.gamma * self.momentum + (1 - self.gamma) * h
        return -self.rate * unit(m), m


GOOD = (
    Plain, Clipped, AdamG, AdamGClipped, Retraction, Projected, Adam, AdamProjected, Hyperball,
)  # fmt: skip


def planted(base, **methods):
    """`base` with these methods or numbers replaced."""
    return type(base.__name__, (base,), methods)


def carried_by_projection(self, d, m, y):
    return tangent(y, m)


def drifting(self, y):
    return y


def once(self, g):
    return g - self.y * dot(self.y, g)


def averaged(self, h):
    m = self.gamma * self.momentum - (1 - self.gamma) * self.rate * h
    return m, m


def upcast(self, d):
    return Plain.walked(self, d.astype(np.float64))


def changed_in_place(self, g):
    g -= self.y * dot(self.y, g)
    return tangent(self.y, g)


def clipped_by_coordinates(self, g):
    return tangent(self.y, np.clip(g, -0.1, 0.1))


def clipped_together(self, g):
    h = tangent(self.y, g)
    return h * (0.1 / max(np.linalg.norm(h), 0.1))


def canonical(self, d):
    y = Plain.walked(self, d)
    return y * np.where(y[0] < 0, -1, 1).astype(y.dtype)


def public_correction(self):
    """sqrt(v) divided by 1 - b2^t, as in a public optimizer for GPUs, in place of v."""
    return (1 - self.b2**self.t) / (1 - self.b1**self.t) / np.sqrt(self.v + self.eps)


def no_correction(self):
    return 1 / np.sqrt(self.v + self.eps)


def late_correction(self):
    """A count of steps that stops at the first: the second step is then too long."""
    return sqrt(1 - self.b2) / (1 - self.b1) / np.sqrt(self.v + self.eps)


def without_guard(self):
    return sqrt(1 - self.b2**self.t) / (1 - self.b1**self.t) / np.sqrt(self.v)


def of_the_length(self, h):
    return size(h)


def of_the_matrix(self, h):
    return np.full(h.shape[1], np.mean(dot(h, h)), h.dtype)


def damped(self, d):
    return self.y * np.cos(size(d)) + d / (size(d) + d.dtype.type(1e-8)) * np.sin(size(d))


def lazy(self, d):
    return Plain.walked(self, np.where(size(d) < 1e-8, 0, d))


def turning(self, d, m, y):
    """Parallel transport, and then a turn in the tangent space: lengths and tangency are kept."""
    v = Plain.carried(self, d, m, y)
    w = unit(tangent(y, np.ones_like(y)))
    return v - 2 * w * dot(w, v)


def last_coordinate_decays(self, g):
    g = g.copy()
    g[-1] += 0.1 * self.y[-1]
    return tangent(self.y, g)


def stops(self, d):
    return Plain.walked(self, d if self.t < 25 else 0 * d)


class ReadOnce(Plain):
    """The rate is read when it is made."""

    def __init__(self, y, rate):
        super().__init__(y, rate)
        self.first = rate

    def direction(self, h):
        d = self.gamma * self.momentum - self.first * h
        return d, d


class Rebuilt(Plain):
    """A new rate makes a new optimizer, as the authors' PyTorch code does."""

    @property
    def rate(self):
        return self.present

    @rate.setter
    def rate(self, rate):
        self.present, self.momentum = rate, np.zeros_like(self.y)


class Radius(Plain):
    """Every column has a radius, which no step leaves and which is not saved: resume-loses-radius."""

    def __init__(self, y, rate):
        super().__init__(y, rate)
        self.radius = np.full(y.shape[1], 0.05, y.dtype)

    def direction(self, h):
        self.radius = self.radius * np.where(dot(self.momentum, h) <= 0, 1.2, 0.8).astype(h.dtype)
        d, _ = super().direction(h)
        d = clipped(d / self.radius, 1) * self.radius
        return d, d


class Alias(Plain):
    """The state is the array itself, and the momentum changes in place."""

    def carried(self, d, m, y):
        self.momentum[...] = Plain.carried(self, d, m, y)
        return self.momentum

    def state_dict(self):
        return {"momentum": self.momentum, "t": self.t}

    def load_state_dict(self, state):
        vars(self).update(state)


class HalfDone(Plain):
    """A gradient that is not finite is refused, when the momentum has already been halved."""

    def look(self, g):
        self.momentum, before = self.momentum / 2, self.momentum
        super().look(g)
        self.momentum = before


class Anything(Plain):
    """A zero column stays zero."""

    def __init__(self, y, rate):
        self.y, self.rate, self.t, self.momentum = y, rate, 0, np.zeros_like(y)


# name of the bug -> (the faulty optimizer, a property that must catch it)
BUGS = {
    "never normalized": (planted(Plain, again=drifting, projected=once), "stays_on_the_sphere"),
    "silent upcast": (planted(Plain, walked=upcast), "keeps_its_dtype"),
    "projected in place": (planted(Plain, projected=changed_in_place), "leaves_the_gradient_alone"),
    "wrong sign": (planted(Plain, walked=lambda self, d: Plain.walked(self, -d)), "first_step"),
    "averaged momentum": (planted(Plain, direction=averaged), "first_step"),
    "not projected": (planted(Plain, projected=lambda self, g: g), "first_step"),
    "retraction in place of exp": (planted(Plain, walked=Retraction.walked), "angle_law"),
    "exp in place of the retraction": (planted(Retraction, walked=Plain.walked), "angle_law"),
    "eps in a divisor": (planted(Plain, walked=damped), "angle_law"),
    "step ignored below 1e-8": (planted(Plain, walked=lazy), "angle_law"),
    "projected before it is given a length": (planted(Hyperball, projected=Plain.projected), "angle_law"),
    "no clipping": (planted(Plain, clip=None, said=0.1), "step_bound"),
    "clipped by coordinates": (
        planted(Plain, projected=clipped_by_coordinates, said=0.1),
        "clipping_forgets_the_excess",
    ),
    "clipped together": (planted(Plain, projected=clipped_together, said=0.1), "columns_are_independent"),
    "0/0 at rest": (planted(AdamG, quotient=without_guard), "rests_without_a_gradient"),
    "zero weight accepted": (Anything, "refuses_a_zero_weight"),
    "NaN taken for 0": (
        planted(Plain, look=lambda self, g: None, projected=lambda self, g: tangent(self.y, np.nan_to_num(g))),
        "tells_of_nan",
    ),
    "refused half-way": (HalfDone, "tells_of_nan"),
    "second moment not squared": (planted(AdamG, square=of_the_length), "scale_of_the_loss"),
    "eps that is not small": (planted(AdamG, eps=1e8), "scale_of_the_loss"),
    "canonical sign": (planted(Plain, walked=canonical), "sign"),
    "second moment by coordinates": (planted(AdamG, square=Adam.square), "rotation"),
    "last coordinate decays": (planted(Plain, projected=last_coordinate_decays), "names_of_coordinates"),
    "one second moment for all": (planted(AdamG, square=of_the_matrix), "columns_are_independent"),
    "momentum not tangent": (planted(Plain, carried=Retraction.carried), "momentum_stays_tangent"),
    "projection in place of transport": (planted(Plain, carried=carried_by_projection), "momentum_is_transported"),
    "momentum that turns": (planted(Plain, carried=turning), "coasting_is_straight"),
    "sqrt(v) corrected in place of v": (planted(AdamG, quotient=public_correction), "bias_correction"),
    "no bias correction": (planted(AdamG, quotient=no_correction), "bias_correction"),
    "steps not counted": (planted(AdamG, quotient=late_correction), "bias_correction"),
    "resume-loses-radius": (Radius, "state_resumes"),
    "steps not saved": (planted(AdamG, saved=("momentum", "v")), "state_resumes"),
    "saved state is alive": (Alias, "saved_state_stays"),
    "rebuilt at a drop": (Rebuilt, "drop_of_the_rate_keeps_the_state"),
    "rate read once": (ReadOnce, "new_rate_counts"),
    "stops after 25 steps": (planted(Plain, walked=stops), "finds_the_eigenvector"),
}
