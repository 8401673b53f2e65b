"""What weight decay and momentum do to scale-invariant weights, exactly: tested on a real BN network in float64.

Li and Arora 2019; Heo et al. 2021; the effective-rate law is this project's own. BN has eps = 0 here.
"""

from itertools import pairwise

import numpy as np
import pytest

from grassmann_np import ops, optim
from grassmann_np.geometry import euclidean
from grassmann_np.nn import Parameter


@pytest.fixture
def gradient():
    """grad(w) of a two-layer network with a BN neuron layer: w (6, 5) is scale-invariant column by column."""
    rng = np.random.default_rng(0)
    x, head, labels = rng.standard_normal((40, 6)), rng.standard_normal((5, 3)), rng.integers(0, 3, 40)

    def grad(w):
        z, to_w = ops.linear(x, w)
        n, to_z = ops.batch_norm(z, eps=0.0)
        r, to_n = ops.relu(n)
        logits, to_r = ops.linear(r, head)
        _, to_logits = ops.cross_entropy(logits, labels)
        return to_w(to_z(to_n(to_r(to_logits())[0])))[1]

    return grad


def start():
    return np.random.default_rng(1).standard_normal((6, 5))


def walk(w, gradient, steps, rate, momentum=0.0, decay=0.0):
    """The weights before each step and after the last, and the steps' optimizer."""
    p = Parameter(w.copy(), geometry=euclidean)
    optimizer, values = optim.SGD([p], rate, momentum, weight_decay=decay), [w]
    for _ in range(steps):
        p.grad = gradient(p.value)
        optimizer.step()
        values.append(p.value)
    return values


def square(a):
    return np.sum(a * a, axis=0)


def angle(a, b):
    cosine = np.sum(a * b, axis=0) / np.sqrt(square(a) * square(b))
    return np.arccos(np.clip(cosine, -1, 1))


def test_a_step_lengthens_and_turns_by_the_arctangent(gradient):
    """|w'|^2 = |w|^2 + eta^2 |g|^2, angle arctan(eta |g|/|w|)."""
    w, eta = start(), 0.5
    g, (_, after) = gradient(w), walk(w, gradient, 1, eta)
    np.testing.assert_allclose(np.sum(w * g, axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(square(after), square(w) + eta**2 * square(g), rtol=1e-14)
    np.testing.assert_allclose(angle(w, after), np.arctan(eta * np.sqrt(square(g) / square(w))), rtol=1e-7)


def test_growth_of_the_norm_under_momentum(gradient):
    """|w_t|^2 grows by eta^2 |p_t|^2 + 2 eta^2 sum_{k<t} b^(t-k) |p_k|^2, with p <- b p + g."""
    eta, b = 0.3, 0.9
    values = walk(start(), gradient, 12, eta, b)
    p = [(before - after) / eta for before, after in pairwise(values)]
    for t, (before, after) in enumerate(pairwise(values)):
        growth = eta**2 * (square(p[t]) + 2 * sum(b ** (t - k) * square(p[k]) for k in range(t)))
        np.testing.assert_allclose(square(after), square(before) + growth, rtol=1e-13)


@pytest.mark.parametrize("gamma", [0.0, 0.9])
def test_decay_is_an_exponentially_growing_rate(gradient, gamma):
    """Li and Arora: theta_t = a^t phi_t, where phi has no decay, momentum gamma and the rate eta a^(-2t-1)."""
    eta, decay = 0.1, 0.02  # a is real: eta lambda < (1 - sqrt(gamma))^2
    half = (1 + gamma - decay * eta) / 2
    a = half + np.sqrt(half**2 - gamma)
    theta = walk(start(), gradient, 15, eta, gamma, decay)

    def rate(t):
        return eta * a ** (-2 * t - 1)

    phi = [theta[0] * a, theta[0]]  # phi_{-1} = a theta_{-1}, and theta_{-1} = theta_0: no momentum yet
    for t in range(15):
        velocity = gamma * (phi[-1] - phi[-2]) / rate(t - 1) - gradient(phi[-1])
        phi.append(phi[-1] + rate(t) * velocity)
        np.testing.assert_allclose(theta[t + 1], a ** (t + 1) * phi[-1], rtol=1e-11, atol=1e-12)


def test_effective_rate_law(gradient):
    """F = eta/(a r^2), a = 1 - eta lambda: F' = B F/(1 + F^2 |grad at unit norm|^2), B = 1/a^2 at constant rate."""
    eta, decay = 0.2, 0.1
    a = 1 - eta * decay
    values = walk(start(), gradient, 10, eta, 0.0, decay)
    for w, after in pairwise(values):
        f, f_next = eta / (a * square(w)), eta / (a * square(after))
        unit_gradient = gradient(w / np.sqrt(square(w)))
        np.testing.assert_allclose(f_next, f / a**2 / (1 + f**2 * square(unit_gradient)), rtol=1e-13)
