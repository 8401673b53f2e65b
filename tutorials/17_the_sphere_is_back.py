# %% [markdown]
# # 17. The sphere is back
#
# **Question.** Since 2024 several optimizers for very large networks keep the
# norm of the weights fixed. Which norm, how do they step, and what has become
# of the exponential map and of parallel transport?
#
# You need lessons [5](05_sgd_g.py) (SGD-G), [6](06_adam_g.py) (equivariance)
# and [12](12_weight_decay_is_a_learning_rate.py) (the length of a weight
# vector is a hidden learning rate).
#
# > **What was read.** *nGPT* (arXiv 2410.01131): the abstract, the first page
# > and the authors' code. *Training nGPT* (2608.01284): the abstract only.
# > *Hyperball* (2606.16899): the abstract, the first page, the authors' posts
# > of December 2025 (the second up to its section 2.3) and their AdamH code.
# > *Spectral sphere* (2601.08393): version 1, sections 1 to 4. *Modular
# > manifolds* (Bernstein, September 2025): the beginning of the post, and its
# > published code. Nothing below is claimed of the parts that were not read.

# %%
import os
from itertools import pairwise

import numpy as np
from numpy.linalg import norm, svd
from threadpoolctl import threadpool_limits

from grassmann_np import data, nn, ops, optim
from grassmann_np.geometry import sphere
from grassmann_np.nn import Parameter
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 6))
SEEDS = int(os.environ.get("LESSON_SEEDS", 5))
one_thread = threadpool_limits(1)  # for small matrices more are slower

# %% [markdown]
# ## What is held fixed
#
# $W$ has $n$ rows and $p$ columns; column $j$ holds the weights of unit $j$.
# Five ways to hold something of it fixed are in use:
#
# | fixed | who does so | equations |
# |---|---|---|
# | the length of every column | Cho and Lee, nGPT | $p$ |
# | the length of every row | nGPT | $n$ |
# | the Frobenius norm $\lVert W\rVert_F$ | Hyperball | 1 |
# | the spectral norm | spectral sphere | 1 |
# | singular values 1: $W'W = I$ ($n \ge p$) | manifold Muon | $p(p+1)/2$ |
#
# (The Frobenius norm is the root of the sum of all squares, the spectral norm
# the largest singular value. A *transformer*, the kind of network behind the
# language models, hands a vector on from layer to layer, its *hidden state*.
# nGPT's code normalizes, in our notation, the columns of the matrices that
# read this vector, and the rows of those that write to it. Muon, an
# optimizer, is explained below.)
#
# The singular values come from the SVD $W = USV'$
# ([lesson 13](13_subspaces.py)). The last rule needs the **polar factor**
# $UV'$, the matrix with the same $U$ and $V$ and all singular values 1.
# `BACK` takes any matrix `V` to the norm that `W` has, and in the last case
# to singular values 1. (`svd` returns $V'$, here `Vt`.)


# %%
def polar(M):
    U, _, Vt = svd(M, full_matrices=False)
    return U @ Vt


BACK = {
    "columns": lambda W, V: V * (norm(W, axis=0) / norm(V, axis=0)),
    "rows": lambda W, V: (V.T * (norm(W, axis=1) / norm(V, axis=1))).T,
    "Frobenius": lambda W, V: V * (norm(W) / norm(V)),
    "spectral": lambda W, V: V * (norm(W, 2) / norm(V, 2)),
    "singular": lambda W, V: polar(V),
}

# %% [markdown]
# **Guess first.** In front of a batch normalization, the network does not
# see the length of a column. Which of the five restrictions cost the network
# nothing, because it cannot see them? The loss below is that of five
# batch-normalized units, each of which wants to agree with a target of its
# own; $R$ is the covariance of the inputs, as in lesson 1.

# %%
rng = np.random.default_rng(0)
X = rng.standard_normal((200, 12)) * np.linspace(0.5, 1.5, 12)
X -= X.mean(axis=0)
targets = rng.standard_normal((200, 5))
R, C = X.T @ X / 200, X.T @ targets / 200


def loss(W):
    """The value and the gradient; no column's length matters."""
    s = np.sqrt((W * (R @ W)).sum(axis=0))
    agree = (C * W).sum(axis=0) / s
    return (1 - agree).sum(), agree / s**2 * (R @ W) - C / s


# %%
W0 = sphere.random_point((12, 5), rng)
agree = (targets * ops.batch_norm(X @ W0, eps=0.0)[0]).mean(axis=0)
assert np.isclose(loss(W0)[0], (1 - agree).sum(), rtol=1e-12, atol=0)
assert np.abs((W0 * loss(W0)[1]).sum(axis=0)).max() < 1e-14  # lesson 1
V = W0 + rng.standard_normal((12, 5))
for kind, back in BACK.items():
    seen = abs(loss(back(W0, V))[0] - loss(V)[0])
    print(f"{kind:9} changes the loss by {seen:.0e}")
    assert (seen > 1e-3) == (kind in ("rows", "singular"))

# %% [markdown]
# Columns, the Frobenius norm and the spectral norm: going back to any of the
# three rescales columns, and the network forgets that, so that nothing is
# lost. The spheres of the columns are the **quotient**: one point for each
# network. Either of the other two norms only picks some of the many matrices
# that are the same network. Rows and singular values are a **constraint**
# ([lesson 16](16_the_paper_against_its_code.py)): the network had a use for
# what was taken away.
#
# The Frobenius and the spectral norm take *one* number away and leave
# $p - 1$ lengths of columns free, each still a hidden learning rate. Why
# would anybody be content with that? Because transformers have no batch
# normalization. What an RMS normalization behind a layer forgets is
# the scale of the *whole* matrix ([lesson 11](11_beyond_batch_norm.py)). And
# where a normalization stands only *in front* of a layer, its trained gain
# can do what the length of the matrix did; so argues Hyperball's first post.
#
# ## How to get back
#
# Two ways are known from [lesson 3](03_walking_straight.py). `exp` follows
# the sphere. A **retraction** leaves it along a straight line, and then comes
# back to it; it turns by $\arctan|d|$ instead of $|d|$.

# %%
scenes.exp()

# %% [markdown]
# Every method of this page but SGD-G retracts. At the small angles of
# training the two hardly differ: their gap is about $|d|^3/3$. There is
# another difference, and it matters more. Is the step tangent *before* it is
# put back?
#
# Hyperball's is not. With the update $u$ of any optimizer (Adam, Muon), and
# the norm $\rho = \lVert W_0\rVert_F$ of the start, its rule is
#
# $$ U = \rho\,\frac{u}{\lVert u\rVert_F}, \qquad
#    W \leftarrow \rho\,\frac{W - \eta\,U}{\lVert W - \eta\,U\rVert_F}. $$
#
# (From here on $U$ is the step, no longer the $U$ of the SVD.) $W$ and $U$
# have the same length, so that $\eta$ is nearly the angle.
# **Guess first:** when is it less than $\eta$, and can it be more?
#
# Look at the plane of $W$ and $U$, with the angle $a$ between them. Across
# $W$ the step goes $\eta\rho\sin a$; along $W$ what is left is
# $\rho - \eta\rho\cos a$. So it turns $W$ by $\theta$ with
#
# $$ \tan\theta = \frac{\eta\sin a}{1 - \eta\cos a}. $$
#
# (Our derivation, as all formulas here for which no source is named.)


# %%
def hyperball(W, U, eta):
    return BACK["Frobenius"](W, W - eta * U * norm(W) / norm(U))


def angle(W, V):
    """Between two matrices, seen as long vectors."""
    return float(sphere.distance(W.ravel(), V.ravel()))


# %%
y = sphere.normalize(W0.ravel())
across = sphere.normalize(sphere.random_tangent(y, rng))

# %%
for eta in (0.01, 0.1, 0.5):
    a = np.linspace(0.0, np.pi, 1001)
    U = np.outer(np.cos(a), y) + np.outer(np.sin(a), across)
    turns = np.array([angle(y, hyperball(y, u, eta)) for u in U])
    law = np.arctan(eta * np.sin(a) / (1 - eta * np.cos(a)))
    best = np.cos(a[turns.argmax()])
    print(f"eta {eta}: at most {turns.max():.5f}, at cos a = {best:.3f}")
    assert np.allclose(turns, law, rtol=0, atol=1e-12)
    assert abs(turns.max() - np.arcsin(eta)) < 1e-5 and abs(best - eta) < 2e-3
    more = turns > eta * np.sin(a)  # than SGD-G, which walks the tangent part
    assert abs(np.cos(a[1:-1][more[1:-1]].max()) - eta / 3) < 5e-3

# %% [markdown]
# A step along $W$ turns nothing. A tangent step ($a = 90$ degrees) turns by
# $\arctan\eta$, less than $\eta$. The best is a step that shortens $W$ a
# little, with $\cos a = \eta$, and it turns by $\arcsin\eta$. So the angle
# can be more than $\eta$, but only by about $\eta^3/6$.
#
# Drag the end of the step. SGD-G takes its tangent part, whose length is
# $\eta\sin a$, and walks it by `exp`. Where $\cos a$ is less than about
# $\eta/3$, Hyperball turns it less than that; where it is more, more.
#
# ```{raw} html
# <iframe class="figure" src="figures/hyperball.html" loading="lazy"
#   title="How far a step turns W that need not be tangent"></iframe>
# ```
#
# **Exercise.** Find $\arcsin\eta$ without a derivative.
#
# <details><summary>Answer</summary>
#
# The tip of $W - \eta U$ lies on a circle of radius $\eta\rho$ around the tip
# of $W$. The ray from the origin that turns most is the tangent to this
# circle. It stands at a right angle to its radius, in a triangle with
# hypotenuse $\rho$: $\sin\theta = \eta$.
#
# </details>
#
# ## The rules
#
# Each rule is a function that gives $U$, from which $W \leftarrow$ `BACK`$(W,
# W - \eta U)$, or in SGD-G $\exp_W(-\eta U)$. All keep the momentum as an
# average, $m \leftarrow \gamma m + (1-\gamma)\,g$, with $\gamma = 0.9$; `s`
# is the memory of a rule. First SGD-G: it projects, and carries $m$ along the
# way that it has walked.


# %%
def averaged(G, s, gamma=0.9):
    s["m"] = gamma * s.get("m", 0 * G) + (1 - gamma) * G
    return s["m"]


def sgd_g(W, G, s):
    if "old" in s:
        way = sphere.log(s["old"], W)
        s["m"] = sphere.transport(s["old"], way, s["m"])
    s["old"] = W
    return averaged(sphere.project(W, G), s)


# %%
w, W, s = Parameter(W0, sphere), W0, {}
algorithm_1 = optim.SGD([w], lr=0.1 * 0.8, momentum=0.9)
for _ in range(5):
    w.grad = loss(w.value)[1]
    algorithm_1.step()
    W = sphere.exp(W, -0.8 * sgd_g(W, loss(W)[1], s))
assert np.allclose(w.value, W, rtol=0, atol=1e-12)

# %% [markdown]
# That was Algorithm 1 of 2017 without its clipping, at the rate $(1 -
# \gamma)\,\eta$. **nGPT** takes a step of Adam, entry by entry as in flat
# space, and then divides by the lengths. According to its authors' code it
# needs neither weight decay nor a *warm-up*, a rate that begins small and
# grows. **Hyperball** is here with Muon as its base. *Muon* replaces the
# averaged gradient by its polar factor: all singular directions are taken
# equally far. (They compute it by an iteration, we by the SVD.)
#
# The post on modular manifolds begins with an easy case, the **hypersphere**.
# There the step is made tangent, and its length is fixed.


# %%
def ngpt(W, G, s, beta=0.99):
    t = s["t"] = s.get("t", 0) + 1
    s["v"] = beta * s.get("v", 0 * G) + (1 - beta) * G**2
    v = s["v"] / (1 - beta**t)
    return averaged(G, s) / (1 - 0.9**t) / (np.sqrt(v) + 1e-12)


def hyperball_adam(W, G, s):
    u = ngpt(W, G, s)
    return u * norm(W) / norm(u)


# %%
def dot(A, B):
    return float((A * B).sum())


def hyperball_muon(W, G, s):
    u = polar(averaged(G, s))
    return u * norm(W) / norm(u)


def hypersphere(W, G, s):
    h = averaged(G, s) - W * dot(W, s["m"]) / dot(W, W)
    return h * norm(W) / norm(h)


# %% [markdown]
# ### The spectral sphere
#
# Let $\Theta = u_1v_1'$ belong to the largest singular value $\sigma$ of $W$,
# and let no other be as large. Then $\Theta$ is the gradient of $\sigma$, so
# to first order a step $\Phi$ keeps $\sigma$ if $\langle\Theta, \Phi\rangle
# = 0$. (Where two are equally large, the spectral sphere has an edge.) Among
# all such $\Phi$ of spectral norm 1, which has the largest $\langle M,
# \Phi\rangle$? Their answer (equations 10 to 12): with the polar factor
# $\mathrm{pol}$,
#
# $$ \Phi = \mathrm{pol}(M + \mu\,\Theta), \qquad
#    \text{where}\quad \langle\Theta, \Phi\rangle = 0. $$
#
# They find the number $\mu$ (their $\lambda$) by bisection; the left side
# grows with it. With $\mu = 0$ they call it **MuonSphere**.


# %%
def spectral(W, G, s):
    U, S, Vt = svd(W, full_matrices=False)
    theta, M = np.outer(U[:, 0], Vt[0]), averaged(G, s)
    low, high = -2 * norm(M, "nuc"), 2 * norm(M, "nuc")
    for _ in range(30):
        s["mu"] = (low + high) / 2
        phi = polar(M + s["mu"] * theta)
        low, high = (s["mu"], high) if dot(theta, phi) < 0 else (low, s["mu"])
    return S[0] * phi


def muon_sphere(W, G, s):
    return norm(W, 2) * polar(averaged(G, s))


# %% [markdown]
# How can one know that $\Phi$ is the best? By a bound. No $\Phi$ of spectral
# norm 1 has $\langle A, \Phi\rangle$ above the sum of $A$'s singular values,
# the *nuclear norm* $\lVert A\rVert_*$. For a tangent one
# $\langle M, \Phi\rangle = \langle M + \mu\Theta, \Phi\rangle$, so
# $\lVert M + \mu\Theta\rVert_*$ bounds them all, for every $\mu$. Ours
# reaches the bound.

# %%
G, s = loss(W0)[1], {}
phi = spectral(W0, G, s) / norm(W0, 2)
U, _, Vt = svd(W0, full_matrices=False)
theta = np.outer(U[:, 0], Vt[0])
bound = norm(s["m"] + s["mu"] * theta, "nuc")
print(f"<Theta, Phi> {dot(theta, phi):.0e}, spectral norm {norm(phi, 2):.6f}")
print(f"<M, Phi> {dot(s['m'], phi):.6f}, bound {bound:.6f}")
assert abs(dot(theta, phi)) < 1e-6 and abs(norm(phi, 2) - 1) < 1e-12
assert abs(dot(s["m"], phi) - bound) < 1e-6

# %% [markdown]
# ### Manifold Muon
#
# The same question on the matrices with $W'W = I$. There a step $A$ is
# tangent if $W'A + A'W = 0$, and instead of one number there is a symmetric
# matrix $\Lambda$ to find: $A = \mathrm{pol}(M + 2W\Lambda)$.
# The published code ascends to $\Lambda$ in up to 100 small steps. We find
# it by a fixed-point iteration. With $\Psi = M + 2W\Lambda$ and
# $Q = (\Psi'\Psi)^{1/2}$ we have $A = \Psi Q^{-1}$. Put this into the
# condition, and multiply it by $Q$ from both sides: $QW'\Psi + \Psi'WQ = 0$.
# Now $W'\Psi = W'M + 2\Lambda$, so "tangent" means
#
# $$ Q\Lambda + \Lambda Q = -\tfrac12\,(Q\,W'M + M'W\,Q), $$
#
# which is linear in $\Lambda$ if $Q$ is known. In the basis in which $Q$ is
# diagonal, entry $i, j$ of the left side is $(q_i + q_j)\,\Lambda_{ij}$, and
# one divides. (Bernstein credits a fixed-point iteration to Jianlin Su,
# which we have not read.) The published code starts from
# $\Lambda = -\frac14(W'M + M'W)$; that is ours with $Q = I$.


# %%
def manifold_muon(W, G, s, rounds=25):
    M = averaged(G, s) / norm(s["m"])
    B = W.T @ M
    s["L"] = s.get("L", -(B + B.T) / 4)  # goes on from the last step
    for _ in range(rounds):
        _, q, Vt = svd(M + 2 * W @ s["L"], full_matrices=False)
        Q = Vt.T * q @ Vt
        right = Vt @ (Q @ B + B.T @ Q) @ Vt.T
        s["L"] = -Vt.T @ (right / (q[:, None] + q)) @ Vt / 2
    return polar(M + 2 * W @ s["L"])


# %% [markdown]
# Now something pleasant happens (ours). Let $n \ge p$. If $A$ is tangent, and
# $A'A = I$ as for every polar factor, then
# $(W - \eta A)'(W - \eta A) = I - \eta(W'A + A'W) + \eta^2 I
# = (1 + \eta^2)\,I$. Going back is a division by $\sqrt{1 + \eta^2}$, and
# **every column turns by** $\arctan\eta$, whatever the gradient.

# %%
W, s = polar(W0), {}
A = manifold_muon(W, loss(W)[1], s, rounds=300)
M = s["m"] / norm(s["m"])
V, gap = polar(W - 0.1 * A), norm(M + 2 * W @ s["L"], "nuc") - dot(M, A)
print("turned by", sphere.distance(W, V).round(8), "=", np.arctan(0.1))
off = norm(W.T @ A + A.T @ W)
print(f"not tangent: {off:.0e}; from the bound: {gap:.0e}")
assert off < 1e-8 and abs(gap) < 1e-8
assert np.allclose(V, (W - 0.1 * A) / np.sqrt(1.01), rtol=0, atol=1e-8)
assert np.allclose(sphere.distance(W, V), np.arctan(0.1), rtol=0, atol=1e-8)

# %% [markdown]
# ## What the momentum does
#
# With fixed columns, or a fixed Frobenius norm, a gradient is tangent where
# it was taken, since the loss does not see what is fixed. SGD-G carries it to
# the next point; all others add it as it is. What does that cost? Old steps
# have become a part of $W$: at step $t$, $W$ contains
# $-\eta\,(f\,U_{t-1} + f^2\,U_{t-2} + \dots)$, where $f$ is the factor of
# each retraction. If the gradients are nothing but noise, then momentum gives
# $U_t$ and $U_{t-k}$ the cosine $\gamma^k$. So $U_t$ is *not* at a right
# angle to $W$. In Hyperball all $U$ are as long as $W$, so that the cosine of
# $W$ and $U_t$ is
#
# $$ \cos a = -\eta\,(\gamma f + \gamma^2f^2 + \dots)
#    = -\eta\,\frac{\gamma f}{1 - \gamma f}, \qquad
#    f = \frac{1}{\sqrt{1 - 2\eta\cos a + \eta^2}}. $$
#
# (The argument is that of the authors' second post, section 2.3, where the
# factor is that of weight decay. The equations are ours. Adam's division by
# entries and Muon's polar factor also turn even a tangent gradient a little
# out of the tangent plane; this cell uses neither.) The minus sign means that
# steps tend to *lengthen* $W$.


# %%
def noisy_cosine(eta, gamma, steps=800):
    rng = np.random.default_rng(1)
    W, s, found = rng.standard_normal((64, 48)), {}, []
    for _ in range(steps):
        G = rng.standard_normal(W.shape)
        u = averaged(G - W * dot(W, G) / dot(W, W), s, gamma)
        found.append(dot(W, u) / norm(W) / norm(u))
        W = hyperball(W, u, eta)
    return np.mean(found[200:])


# %%
def predicted_cosine(eta, gamma, cosine=0.0):
    for _ in range(200):
        f = gamma / np.sqrt(1 - 2 * eta * cosine + eta**2)
        cosine = -eta * f / (1 - f)
    return cosine


# %%
print("  eta  gamma  cos a: measured, predicted")
for eta, gamma in ((0.003, 0.9), (0.01, 0.9), (0.03, 0.9), (0.03, 0.5)):
    found, law = noisy_cosine(eta, gamma), predicted_cosine(eta, gamma)
    print(f"{eta:5}  {gamma:5} {found:16.4f} {law:10.4f}")
    assert abs(found / law - 1) < 0.02
c = predicted_cosine(0.03, 0.9)
sine = np.sqrt(1 - c**2)
angle_lost = 1 - np.arctan(0.03 * sine / (1 - 0.03 * c)) / 0.03
print(f"eta 0.03: sin a = {sine:.2f}; {angle_lost:.1%} of the angle is lost")
assert round(sine, 2) == 0.97 and round(angle_lost, 2) == 0.04

# %% [markdown]
# With $\eta = 0.03$ a quarter of the step goes along $W$, where the
# retraction undoes it. The price is small: $\sin a$ is 0.97, and the angle
# 4 % less than $\eta$. But note that "fixed step length" is not yet "fixed
# angle".
#
# ## Which identities hold
#
# We now ask nine questions of every rule, and let the page answer them. It
# takes steps with the loss above, and also with that loss in disguise.
#
# 1. *stays*: after 30 steps, what is fixed is still as it was.
# 2. *tang.*: $U$ is tangent, although it contains momentum.
# 3. *first*, the first order: a step is $-\eta$ times the tangent part of
#    $U$, up to $\eta^2$.
# 4. *length*: the step turns $W$ by $\arctan\eta$, whatever the gradient.
# 5. *mom.*: the momentum $m$ is tangent where it is used.
# 6. *scale*: the loss times 1000 gives the same path.
# 7. *sign*: a unit whose weights are negated takes the negated path.
# 8. *inputs*: turning the inputs, $W \to QW$, turns the path; here $Q$ is an
#    orthogonal matrix.
# 9. *units*: mixing the units, $W \to WQ$, turns the path likewise.
#
# For 2, 3 and 5 one must know which part of a matrix is not tangent, that is,
# **normal**.


# %%
def normal(kind, W, V):
    if kind == "columns":
        return W * ((W * V).sum(axis=0) / (W * W).sum(axis=0))
    if kind == "singular":
        return W @ (W.T @ V + V.T @ W) / 2
    if kind == "Frobenius":
        return W * dot(W, V) / dot(W, W)
    U, _, Vt = svd(W)
    theta = np.outer(U[:, 0], Vt[0])
    return theta * dot(theta, V)


# %%
RULES = {
    "SGD-G": ("columns", sgd_g),
    "nGPT": ("columns", ngpt),
    "Hyperball, Adam": ("Frobenius", hyperball_adam),
    "Hyperball, Muon": ("Frobenius", hyperball_muon),
    "hypersphere": ("Frobenius", hypersphere),
    "MuonSphere": ("spectral", muon_sphere),
    "spectral sphere": ("spectral", spectral),
    "manifold Muon": ("singular", manifold_muon),
}


# %%
def walk(name, W, D):
    """From W by D: along the sphere for SGD-G, else there and back."""
    kind = RULES[name][0]
    return sphere.exp(W, D) if name == "SGD-G" else BACK[kind](W, W + D)


# %%
def path(name, W, gradient, eta=0.1, steps=4):
    """The points of a walk, and what the last step used."""
    s, seen = {}, [W]
    for _ in range(steps):
        U = RULES[name][1](W, gradient(W), s)
        m, W = s["m"], walk(name, W, -eta * U)
        seen.append(W)
    return np.array(seen), U, m


# %%
def slope(name, W, U):
    """How the gap to the tangent part of the step shrinks with eta."""
    T = U - normal(RULES[name][0], W, U)
    gaps = [norm(walk(name, W, -eta * U) - (W - eta * T))
            for eta in (1e-3, 1e-4)]
    return np.log10(gaps[0] / gaps[1])


# %% [markdown]
# A disguise is a map $T$ of the matrices that keeps all angles: the gradient
# at $TW$ becomes $T$ of the gradient at $W$, and the path from $TW$ should be
# $T$ of the path.

# %%
def fixed(kind, W):
    return {"columns": norm(W, axis=0), "Frobenius": norm(W),
            "spectral": norm(W, 2), "singular": svd(W)[1]}[kind]


def gradient(W):
    return loss(W)[1]


def same(name, W, there, back, times=1.0):
    """Is the path in disguise the path, disguised?"""
    here = path(name, W, gradient)[0]
    hidden = path(name, there(W), lambda V: times * there(gradient(back(V))))
    pairs = zip(here, hidden[0], strict=True)
    return max(norm(there(a) - b) for a, b in pairs) < 1e-5


# %%
Q12, Q5 = (np.linalg.qr(rng.standard_normal((k, k)))[0] for k in (12, 5))
flip = np.array([1, -1, 1, 1, -1])


def equivariances(name, W):
    yield same(name, W, np.copy, np.copy, times=1000.0)
    yield same(name, W, lambda V: V * flip, lambda V: V * flip)
    yield same(name, W, lambda V: Q12 @ V, lambda V: Q12.T @ V)
    yield same(name, W, lambda V: V @ Q5, lambda V: V @ Q5.T)


# %%
def answers(name):
    kind = RULES[name][0]
    W = polar(W0) if kind == "singular" else W0
    seen, U, m = path(name, W, gradient)
    end = path(name, W, gradient, steps=30)[0][-1]
    last, turns = seen[-2], [angle(*pair) for pair in pairwise(seen)]
    yield np.allclose(fixed(kind, end), fixed(kind, W), rtol=0, atol=1e-9)
    yield norm(normal(kind, last, U)) < 1e-5 * norm(U)
    yield slope(name, last, U) > 1.9
    yield np.allclose(turns, np.arctan(0.1), rtol=0, atol=1e-5)
    yield norm(normal(kind, last, m)) < 1e-5 * norm(m)
    yield from equivariances(name, W)


# %%
KEYS = ("stays", "tang.", "first", "length", "mom.", "scale", "sign",
        "inputs", "units")
EXPECTED = {"SGD-G": "yes yes yes no yes no yes yes no",
            "nGPT": "yes no yes no no yes yes no no",
            "Hyperball, Adam": "yes no yes no no yes yes no no",
            "Hyperball, Muon": "yes no yes no no yes yes yes yes",
            "hypersphere": "yes yes yes yes no yes yes yes yes",
            "MuonSphere": "yes no no no no yes yes yes yes",
            "spectral sphere": "yes yes yes no no yes yes yes yes",
            "manifold Muon": "yes yes yes yes no yes yes yes yes"}

# %%
print(" " * 15, *[f"{key:>6}" for key in KEYS])
for name in RULES:
    row = ["yes" if answer else "no" for answer in answers(name)]
    print(f"{name:15}", *[f"{word:>6}" for word in row])
    assert row == EXPECTED[name].split()

# %% [markdown]
# Read it by columns.
#
# * *stays* and *sign* hold for all.
# * *first*: dividing by a length is an orthogonal projection, to first
#   order. So nGPT and Hyperball take the tangent part of their step without
#   saying so. MuonSphere does not: the division pulls along $W$, while the
#   normal direction is $\Theta$. This is what $\mu$ is for.
# * *length* is known beforehand where the step is tangent *and* as long as
#   $W$: in the hypersphere and in manifold Muon.
# * The momentum is tangent in SGD-G only, because it alone transports.
#   (Where the spectral norm or all singular values are fixed, not even a
#   gradient is. The published codes of the hypersphere and of manifold Muon
#   have no momentum; we gave them the same average as the others.)
# * *scale*: all the new ones forget the size of the gradient, as Adam-G does.
#   SGD-G slows down when gradients become small; the new rules do not, once
#   their averages forget larger gradients, so they need a schedule.
# * *inputs* and *units*: Adam depends on the axes
#   ([lesson 6](06_adam_g.py)). SGD-G depends on which units there are, since
#   each is a point of its own. Muon depends on neither.
#
# ## The angle in real training
#
# Now to the digits: 64 inputs, 48 units with batch normalization, 10 outputs.
# The rules move the first matrix. Everything else is trained in the same way
# in all runs. Runs of one seed have the same start (manifold Muon takes its
# polar factor) and the same batches of 128 images.

# %%
digits = data.digits()
images, labels = digits.x_train, digits.y_train


def start(name, seed):
    """A model, its first weight, an optimizer for the rest, W, batches."""
    model = nn.mlp([64, 48, 10], rng := np.random.default_rng(seed))
    (w,) = nn.normalized_weights(model)
    others = [p for p in model.parameters() if p is not w]
    W = sphere.normalize(w.value.astype(np.float64))
    W = polar(W) if name == "manifold Muon" else W
    batches = [batch for _ in range(EPOCHS)
               for batch in data.batches(len(labels), 128, rng)]
    return model, w, optim.SGD(others, lr=0.1), W, batches


# %%
def learn(model, w, rest, W, batch):
    """The loss and the gradient at W; all other parameters take a step."""
    w.value = W.astype(np.float32)
    logits, pullback = model(images[batch])
    value, dlogits = ops.cross_entropy(logits, labels[batch])
    pullback(dlogits())
    rest.step()
    return float(value), w.grad.astype(np.float64)


def test_error(model, w, W):
    w.value = W.astype(np.float32)
    logits, _ = model(digits.x_test, training=False)
    return float(np.mean(logits.argmax(axis=1) != digits.y_test))


# %% [markdown]
# The network sees the directions of the columns. So the **turn** of a step is
# the root mean square of the angles by which the 48 columns turn; and beside
# it we note how much of the step is normal, as a fraction of its length.
# If `most` is given, the rate is chosen anew in every step, so that the turn
# falls from `most` to 0 in a straight line.


# %%
def turn(W, V):
    return float(np.sqrt(np.mean(sphere.distance(W, V) ** 2)))


def matched(name, W, U, eta, wanted):
    """The rate at which the step -eta U turns by what is wanted."""
    for _ in range(3):
        eta *= wanted / turn(W, walk(name, W, -eta * U))
    return eta


# %%
def train(name, seed, eta, most=None):
    """[turn, normal part, loss] of every step, the test error, and W."""
    (model, w, rest, W, batches), s, seen = start(name, seed), {}, []
    for t, batch in enumerate(batches):
        value, G = learn(model, w, rest, W, batch)
        U = RULES[name][1](W, G, s)
        if most:
            eta = matched(name, W, U, eta, most * (1 - t / len(batches)))
        part = norm(normal(RULES[name][0], W, U)) / norm(U)
        W, old = walk(name, W, -eta * U), W
        seen.append((turn(old, W), part, value))
    return np.array(seen).T, test_error(model, w, W), W


# %% [markdown]
# First at constant rates, chosen by hand so that in the first epoch all turn
# by about 0.05 radians, 3 degrees, a step.
#
# **Guess first:** whose turn will fall during the training, and whose not?

# %%
RATES = {"SGD-G": 1.2, "nGPT": 0.012, "Hyperball, Adam": 0.05,
         "Hyperball, Muon": 0.05, "hypersphere": 0.05, "MuonSphere": 0.03,
         "spectral sphere": 0.03, "manifold Muon": 0.05}
turns, parts, uneven, grown = {}, {}, {}, {}
print("turn in each epoch (0.001 rad), normal part, longest/shortest column")
for name, rate in RATES.items():
    seen, _, W = train(name, 0, rate)
    turns[name], parts[name] = seen[:2].reshape(2, EPOCHS, -1).mean(axis=2)
    uneven[name] = np.ptp(np.log(norm(W, axis=0)))
    grown[name] = norm(W) / np.sqrt(48)
    print(f"{name:15}", *[f"{1e3 * one:5.1f}" for one in turns[name]],
          f" {parts[name].max():7.4f} {np.exp(uneven[name]):7.2f}")

# %%
p = parts["Hyperball, Muon"]
law = np.arctan(0.05 * np.sqrt(1 - p**2) / (1 + 0.05 * p))
print("Hyperball, Muon by the formula:", (1e3 * law).round(1))
print("its normal part, if all were noise:",
      round(-predicted_cosine(0.05, 0.9), 3))
assert np.allclose(turns["Hyperball, Muon"], law, rtol=0.03, atol=0)
exact = turns["manifold Muon"] - np.arctan(0.05)
assert np.abs(exact).max() < 1e-4 and parts["manifold Muon"].max() < 0.04
assert max(parts[name].max() for name in ("SGD-G", "hypersphere")) < 1e-6
assert abs(turns["SGD-G"][0] / turns["nGPT"][0] - 1) < 0.05

# %%
RULES["short memory"] = "columns", lambda W, G, s: ngpt(W, G, s, 0.9)
falls = {name: turn[0] / turn[-1] for name, turn in turns.items()}
steps = train("short memory", 0, 0.012)[0][0]
short = steps.reshape(EPOCHS, -1).mean(axis=1)
print("nGPT with a memory of 10 steps:", (1e3 * short).round(1))

# %%
if EPOCHS == 6:
    assert steps.size == 66 and falls["SGD-G"] > 8 and falls["nGPT"] > 5
    assert turns["nGPT"][-1] < 0.9 * turns["nGPT"][3] < short[-1]
    assert short[3] < short[0] / 3 and short[-1] > 0.95 * short[3]
    assert max(falls[name] for name in list(RATES)[2:]) < 1.3
    assert np.exp(uneven["hypersphere"]) > 2.5 and uneven["nGPT"] < 1e-9
    assert min(grown["MuonSphere"], grown["spectral sphere"]) > 1.1
    assert abs(grown["Hyperball, Muon"] - 1) < 1e-6
    assert abs(p.max() - 0.44) < 0.02
    assert abs(parts["Hyperball, Adam"].max() - 0.57) < 0.03

# %% [markdown]
# Look at the rates first: 1.2 and 0.012 make the same turn. A nominal rate
# says nothing. Then at the lines:
#
# * SGD-G slows down by itself, by a factor of more than 8, because its
#   gradients become smaller and agree less.
# * nGPT falls as well, although Adam forgets scales, and for two reasons. Its
#   step has full length only while the gradients agree. For pure noise the
#   average $m$ is shorter, by the factor $\sqrt{(1-\gamma)/(1+\gamma)} =
#   0.23$ (Hyperball's second post, section 2.2). And its average of squares
#   remembers some 100 steps, more than the 66 of the run. With a memory of 10
#   steps the turn falls to a third in three epochs, and then no more.
# * Hyperball and the spectral rules keep nearly the same speed. Nearly: in
#   Hyperball with Muon up to 44 % of the step is normal and is lost, a little
#   more than the 38 % of pure noise; with Adam 58 %. The formula with $\cos a
#   = -$(normal part) gives the turn to 3 %. In the spectral rules part of the
#   step lies along $W$ too, and lengthens $\lVert W\rVert_F$, which nothing
#   holds.
# * Manifold Muon turns by $\arctan 0.05$ throughout, though our 25 rounds
#   leave some 3 % of a step not tangent.
# * The last number is the ratio of the longest to the shortest column. Where
#   the columns are not fixed they drift apart, threefold in the hypersphere.
#   There lesson 12 goes on inside the matrix: the same step turns a short
#   column further than a long one.
#
# ## At matched angles
#
# Now the same turn for all, in every step: from 0.05 falling to 0. Only the
# direction and what is held fixed can still differ.

# %%
errors, losses = {}, {}
for name, rate in RATES.items():
    runs = [train(name, seed, rate, most=0.05) for seed in range(SEEDS)]
    seen = np.array([run[0] for run in runs])  # (seeds, 3, steps)
    line = np.linspace(0.05, 0, seen.shape[2], endpoint=False)
    assert np.allclose(seen[:, 0], line, rtol=1e-4, atol=0)
    errors[name] = [100 * error for _, error, _ in runs]
    losses[name] = seen[:, 2].reshape(SEEDS, EPOCHS, -1).mean(axis=2)

# %%
print("test error in %: median (all seeds)   loss, first and last epoch")
for name, loss_of in losses.items():
    print(f"{name:15} {np.median(errors[name]):4.1f} ",
          *[f"{error:4.1f}" for error in errors[name]],
          *[f"  {loss_of[:, k].mean():.4f}" for k in (0, -1)])
medians = [np.median(e) for e in errors.values()]
middle = np.median(medians) / 100
yardstick = 200 * np.sqrt(2 * middle * (1 - middle) / len(digits.y_test))
print(f"medians differ by at most {np.ptp(medians):.1f} %; "
      f"two standard errors are {yardstick:.1f} %")

# %%
both = np.array([[losses[name][:, k] for name in RATES] for k in (0, -1)])
gradients, free, singular = both[:, [0, 4]], both[:, [3, 5, 6]], both[:, 7]
assert len(digits.y_test) == 450
if EPOCHS == 6:
    assert np.ptp(medians) < yardstick
    assert (gradients[0].max(axis=0) < free[0].min(axis=0)).all()
    assert (gradients[1].min(axis=0) > free[1].max(axis=0)).all()
    last, groups = both[1].mean(axis=1), ([0, 4], [1, 2], [3, 5, 6])
    assert max(np.ptp(last[group]) for group in groups) < 0.006
    assert gradients[1].mean() - free[1].mean() > 0.008
    assert free[1].mean() < singular[1].mean() < gradients[1].mean()

# %% [markdown]
# The test errors cannot be ranked: 450 images are too few by far. The
# training loss shows more. With every seed the three rules that step along a
# polar factor, and fix one number only, end below the two that step along the
# gradient, though all have turned equally far. (Five seeds out of five have a
# $p$ of 0.06; lesson 16.) And the rules form groups: SGD-G is close to the
# hypersphere, nGPT to Hyperball with Adam, Hyperball with Muon to both
# spectral spheres. Manifold Muon, with its constraint, lies between. So in
# this experiment the *direction* of a step matters more than *which length*
# is fixed. But look at the first epoch as well: there gradient and polar
# factor stand in the reverse order, with every seed. Had we stopped early, we
# would have praised the gradient.
#
# That the rules form groups should not surprise you. The loss sees the
# directions of columns only. So two rules that step along the same $u$, and
# fix one number for the whole matrix, are two names for one thing here.
# Without momentum it is exact:

# %%
here = there = W0
for _ in range(20):
    U = polar(loss(here)[1])
    rate = 0.1 * norm(there) / np.sqrt(5) / norm(there, 2)
    here = hyperball(here, U, 0.1)
    D = rate * norm(there, 2) * polar(loss(there)[1])
    there = 0.7 * BACK["spectral"](there, there - D)  # any radius will do
gap = sphere.distance(here, there).max()
print(f"Hyperball and MuonSphere after 20 steps: {gap:.0e} rad apart")
assert gap < 1e-10 and sphere.distance(W0, here).min() > 0.1

# %% [markdown]
# ## What so small a run can show, and what it cannot
#
# It **can** show what is true of every step: which norm is kept, how far a
# step turns, what untransported momentum does, which symmetries a rule has.
# None of that depends on the size of the network.
#
# It **cannot** show that any of these methods is better.
#
# * The claims are about language models with up to billions of weights: 4 to
#   20 times fewer steps (nGPT, abstract), half the tokens (*Training nGPT*,
#   abstract), 20 to 30 % (Hyperball, abstract), better than AdamW and Muon
#   (spectral sphere, abstract). We have repeated none of it. The nGPT
#   authors' readme itself warns that their public code shows larger
#   speed-ups than it should, because the low precision hurts the
#   baseline more.
# * A learning rate that need not be tuned anew for wider networks is a main
#   point of Hyperball and of the spectral sphere. Here there is only one
#   width.
# * The angle was matched, not tuned. Each rule may have its best angle
#   elsewhere, and a schedule of its own.
# * We simplified: a plain average as momentum, where the code of the
#   spectral sphere has Nesterov's; the radius of the start, where it takes
#   $\sqrt{d_\mathrm{out}/d_\mathrm{in}}$; columns only for nGPT; and a batch
#   normalization, which transformers do not have.
#
# ## Summary
#
# * Columns, rows, the Frobenius norm, the spectral norm, all singular values:
#   five things to hold fixed. In front of a batch normalization the first,
#   third and fourth are invisible, the others are constraints.
# * The exponential map has become a retraction, and the transport has gone.
#   The retraction costs nothing that one would notice at such angles; a
#   momentum that is not transported comes to lie partly along $W$, and that
#   part is lost: in the retraction (nGPT, Hyperball, MuonSphere), or because
#   the rule takes it out first (hypersphere, manifold Muon). The spectral
#   sphere takes out only the part along $\Theta$.
# * Hyperball turns by $\theta$, $\tan\theta = \eta\sin a/(1 - \eta\cos
#   a)$, at most by $\arcsin\eta$. Manifold Muon turns every column by
#   $\arctan\eta$.
# * At matched angles the direction mattered here, but hardly the choice of
#   sphere. Test errors on 450 images rank nothing.
#
# ## Exercises
#
# 1. (Easy.) In the table of turns, Hyperball with Muon has a normal part of
#    up to 0.44 at the rate 0.05, and turns by 0.0445. What does the formula
#    say, and at which rate would it turn by 0.05?
#
# <details><summary>Answer</summary>
#
# The step lengthens $W$, so $\cos a = -0.44$ and $\sin a = 0.90$:
# $\tan\theta = 0.05\cdot 0.90/1.022$, $\theta = 0.044$. Solved for the
# rate, $\eta = \tan\theta/(\sin a + \cos a\tan\theta)$, which is 0.057.
# (With a higher rate $\cos a$ becomes more negative still, so it is a little
# more.)
#
# </details>
#
# 2. (Harder.) `fixed` says that the hypersphere keeps the Frobenius norm.
#    Give a rule with its tangent step that keeps the columns, and say which
#    answers in its row of the table differ from those of the hypersphere.
#
# <details><summary>Answer</summary>
#
# Project the columns of $m$, as SGD-G does with $g$, and divide *each* by its
# length: $U_j = h_j/|h_j|$. Every column turns by $\arctan\eta$. Only
# *units* changes, to "no": each unit is again a point of its own.
#
# </details>
#
# 3. (Open experiment.) Repeat the matched runs with `most` 0.02 and 0.1 and
#    with `LESSON_SEEDS=10`. Before you start, write down which order of the
#    training losses you expect, and which difference of test errors you
#    would believe.
#
# <details><summary>Answer</summary>
#
# There is no answer here, only a rule: report the angles beside the losses,
# pair the runs by seed, and use the yardstick of the page. If the order
# depends on the angle, say so; then no rule is best.
#
# </details>

# %%
slow = np.arctan(0.05 * 0.898 / (1 + 0.05 * 0.44))
rate = np.tan(0.05) / (0.898 - 0.44 * np.tan(0.05))
assert round(slow, 3) == 0.044 and round(rate, 3) == 0.057  # exercise 1
assert predicted_cosine(rate, 0.9) < predicted_cosine(0.05, 0.9)


def by_columns(W, G, s):  # exercise 2
    h = sphere.project(W, averaged(G, s))
    return h / norm(h, axis=0)


RULES["by columns"] = "columns", by_columns
rows = [list(answers(name)) for name in ("by columns", "hypersphere")]
assert rows[0][:-1] == rows[1][:-1] and rows[0][-1] < rows[1][-1]

# %% [markdown]
# ## Going deeper
#
# * Loshchilov, Hsieh, Sun and Ginsburg, *nGPT: normalized transformer with
#   representation learning on the hypersphere*, 2024; Loshchilov and
#   Ginsburg, *Training nGPT*, 2026.
# * Wen, Dang, Lyu, Ma and Liang, *Fantastic pretraining optimizers and where
#   to find them II: Hyperball optimization*, 2026.
# * Xie and others, *Controlled LLM training on spectral sphere*, 2026.
# * Bernstein, *Modular manifolds*, Thinking Machines Lab, 2025.
# * Jordan and others, *Muon: an optimizer for hidden layers in neural
#   networks*, 2024.
# * In this project: `grassmann_np/geometry/sphere.py`,
#   `grassmann_np/optim/sgd.py`; lesson 13 for the subspaces that are left
#   when one forgets even which orthonormal columns span them.
