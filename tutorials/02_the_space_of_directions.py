# %% [markdown]
# # 2. The space of directions
#
# **Question.** A network with batch normalization sees only the direction of
# a weight vector. What is the space of all directions, and what is a
# gradient there?
#
# You need [lesson 1](01_why_length_does_not_matter.py). A prime is a
# transpose, never a derivative: $y'v$ is the inner product of the vectors $y$
# and $v$, the sum of the products of their entries. It is zero if they stand
# at a right angle, and $y'y$ is the square of the length $|y|$.

# %%
import numpy as np

from grassmann_np import ops
from grassmann_np.geometry import lines, sphere
from viz import losses, scenes

rng = np.random.default_rng(0)

# %% [markdown]
# ## Points
#
# Two vectors have the same direction if one is a positive multiple of the
# other. All vectors of one direction form a *ray*, a half-line that starts
# at the origin. Every ray meets the *unit sphere*, the set of all $y$ with
# $y'y = 1$, in exactly one point. So let this point stand for the ray. To
# find it, divide by the length:

# %%
w = np.array([1.0, 2.0, -1.0])
y = sphere.normalize(w)
print(y.round(4), " length", np.linalg.norm(y).round(12))
assert np.allclose(sphere.normalize(5 * w), y)

# %% [markdown]
# With three inputs a direction is a point of the ordinary sphere in space.
# With $n$ inputs it is a point of the unit sphere in $\mathbb{R}^n$, which
# nobody can draw. All formulas are the same.
#
# A layer has a weight vector for every unit. The library keeps them as the
# **columns** of a matrix, and treats every column as a point of its own:

# %%
W = rng.standard_normal((3, 4))  # 3 inputs, 4 units
print(np.linalg.norm(sphere.normalize(W), axis=0))

# %% [markdown]
# ## The ways in which a point can move
#
# Let a point move on the sphere, $c(t)$ at time $t$, with $c(0) = y$. It
# stays on the sphere, so $c'c = 1$ at all times. Take the derivative of
# both sides by $t$, with the product rule: $2\, c'\dot c = 0$. Here $\dot c$
# is the derivative of $c$ by $t$, the velocity. It stands at a right angle to
# the point itself.
#
# The vectors at a right angle to $y$ are the ways in which $y$ can move.
# They form a plane, the **tangent plane** at $y$, and are called **tangent
# vectors** at $y$:
#
# $$ T_y = \{\, v : y'v = 0 \,\}. $$
#
# In space it is a plane that touches the sphere at $y$. In $\mathbb{R}^n$ it
# has $n - 1$ dimensions: one is lost, the one along $y$.
#
# We push $y$ in any direction $a$, put it back on the sphere, and measure
# its velocity by two positions near $y$. The push is not tangent. The
# velocity is, up to the error of this difference:

# %%
a = rng.standard_normal(3)


def curve(t):
    return sphere.normalize(y + t * a)


velocity = (curve(1e-4) - curve(-1e-4)) / 2e-4
print(f"y'a {y @ a:.4f}   y'velocity {y @ velocity:.1e}")
assert abs(y @ velocity) < 1e-7

# %% [markdown]
# ## The gradient
#
# Backpropagation knows nothing of spheres. It gives $g$, the derivatives of
# the loss by the entries of $w$. What does $g$ say about moving *on* the
# sphere? If $y$ moves with velocity $v$, the loss changes at the rate $g'v$,
# by the chain rule. But $v$ is tangent. Split $g$ into a part along $y$ and
# the rest:
#
# $$ g = (y'g)\,y + h, \qquad h = g - (y'g)\,y. $$
#
# The first part has no effect, since $y'v = 0$. The second is tangent, since
# $y'h = y'g - (y'g)(y'y) = 0$. So $h$ alone says how the loss changes on the
# sphere. It is the *projection* of $g$ onto the tangent plane, and **the
# gradient on the sphere**, equation (6) of the paper. We try it on a loss
# that does see the length, $f(w) = 1 - c'w$ with a fixed vector $c$:

# %%
loss = losses.linear(rng)
_, g = loss(y)
h = sphere.project(y, g)
rate = (loss(curve(1e-4))[0] - loss(curve(-1e-4))[0]) / 2e-4
print(f"loss along the curve {rate:.6f}   h'velocity {h @ velocity:.6f}")
assert np.isclose(rate, h @ velocity, atol=1e-7)
assert abs(y @ h) < 1e-14 and np.allclose(h, g - (y @ g) * y)

# %% [markdown]
# The film walks downhill on this loss and keeps both parts in sight. At the
# lowest point $g$ is not zero. But it points along $y$, and $h$ is zero.

# %%
scenes.project()

# %% [markdown]
# And a batch-normalized neuron? Its gradient is at a right angle to $y$
# already (lesson 1), so nothing is lost. `losses.neuron` is the loss of
# lesson 1 with another batch, written as a formula of its three weights. Like
# all losses here it returns two things, the value and the gradient.

# %%
neuron = losses.neuron(rng)
g = neuron(y)[1]
print("lost:", np.linalg.norm(g - sphere.project(y, g)).round(12))
assert np.allclose(sphere.project(y, g), g)

# %% [markdown]
# Then why project at all? Because other terms of the loss, the `eps` of
# batch normalization, and rounding all lean a little along $y$.
#
# ## How long is a way?
#
# A tangent vector needs a length: it is how far the point moves. On the unit
# sphere we take the ordinary length. It is an angle: a short step of length
# 0.01 turns $y$ by 0.01 radians.
#
# We chose the unit vector to stand for the ray. Had we kept $w$, of any
# length, then a step $\Delta$ at $w$ and the step $5\Delta$ at $5w$ would be
# one and the same turn. A fair measure gives them the same length. So inner
# products of steps must be divided by the squared length of $w$:
#
# $$ \langle \Delta_1, \Delta_2 \rangle_w = \frac{\Delta_1'\Delta_2}{w'w}. $$
#
# Such a rule, an inner product at every point, is called a **metric**. A
# space with tangent planes and a metric is a *Riemannian manifold*. That is
# all the two words mean here. For unit vectors the divisor is 1.
#
# The metric also repairs the gradient. A gradient is the vector whose inner
# product with every short step is the change of the loss:
# $\langle \mathrm{grad}, \Delta\rangle_w = g'\Delta$. So
# $\mathrm{grad} = (w'w)\,g$ for our neuron. Lesson 1 found that $g$ shrinks
# as $w$ grows, and that learning slows down. A step along $\mathrm{grad}$
# turns $w$ by the same angle at every length:

# %%
turns = []
for factor in (1, 5, 25):
    v = factor * w
    g = neuron(v)[1]
    plain = sphere.distance(v, v - 0.1 * g)
    turns.append(sphere.distance(v, v - 0.1 * (v @ v) * g))
    print(f"{factor:2} w: g turns it by {plain:.6f} radians,",
          f"grad by {turns[-1]:.6f}")
assert np.allclose(turns, turns[0])

# %% [markdown]
# On the unit sphere both are the same, and nothing has to be repaired. That
# is why the library works there. (The two differ at $1w$ too, since this $w$
# has length $\sqrt 6$. `sphere.distance` is the angle between two vectors:
# lesson 3.)
#
# ## Rays or lines?
#
# The paper speaks of **G(1, n)**, the *Grassmann manifold* of lines through
# the origin. Two vectors are one point of it if $x = a y$ with $a \ne 0$.
# So $y$ and $-y$ are one point: they lie on one line, but on two rays.
# Which of the two does batch normalization forget?
#
# Exercise 1 of lesson 1 has the answer: $\mathrm{BN}(-z) = -\mathrm{BN}(z)$.
# The sign is not forgotten. A batch normalization is followed by a scale
# $\gamma$ and a shift $\beta$, which are trained too:
# $\gamma\,\mathrm{BN}(z) + \beta$. Let us see what a loss $L(y, \gamma,
# \beta)$ makes of a sign.

# %%
x = rng.standard_normal((64, 3)) @ np.diag([1.5, 0.9, 0.4])  # a batch
t = np.tanh(x @ np.array([1.0, 0.5, -2.0]))  # targets
gamma, beta = np.array([0.6]), np.array([0.1])


def L(y, gamma, beta):
    z, _ = ops.linear(x, y[:, None])
    out, _ = ops.batch_norm(z, gamma, beta, eps=0.0)
    return float(np.mean((out[:, 0] - t) ** 2) / 2)


# %%
print(f"L( y,  gamma, beta)  {L(y, gamma, beta):.12f}")
print(f"L(-y,  gamma, beta)  {L(-y, gamma, beta):.12f}")
print(f"L(-y, -gamma, beta)  {L(-y, -gamma, beta):.12f}")
print(f"L(5y,  gamma, beta)  {L(5 * y, gamma, beta):.12f}")
assert abs(L(y, gamma, beta) - L(-y, gamma, beta)) > 0.01
assert np.isclose(L(y, gamma, beta), L(-y, -gamma, beta), rtol=1e-12)
assert np.isclose(L(y, gamma, beta), L(5 * y, gamma, beta), rtol=1e-12)

# %% [markdown]
# So $-y$ with the same $\gamma$ is **another network**. Only if the sign of
# $\gamma$ is turned as well is it the same one: the two signs cancel.
#
# To *glue* all points that are one and the same network is to form a
# **quotient**. What the weights in front of batch normalization forget is
# the length alone. Glue all vectors of a ray, and there is one point left
# for each: the quotient is the **sphere**. Glue $y$ and $-y$ too, and it is
# G(1, n). That goes one step further than batch normalization does.
# (The paper works on G(1, n). What we say of signs is not taken from it, but
# checked here, by the asserts above.)
#
# Does the difference matter? For a step, no. The sphere covers G(1, n)
# twice, and a small piece of one looks exactly like a small piece of the
# other. A gradient and a step see only what is near $y$; whether the point
# $-y$, far away, is the same one is never asked. In the library, `lines` is
# G(1, n), and it simply *uses* the sphere's functions. (The next lessons say
# what `exp`, `transport` and `move` do.)

# %%
for name in ("project", "inner", "exp", "transport", "move"):
    assert getattr(lines, name) is getattr(sphere, name)
print("from y to -y, on the sphere:", sphere.distance(y, -y).round(4))
print("from y to -y, as lines:     ", lines.distance(y, -y).round(4))
assert np.isclose(sphere.distance(y, -y), np.pi)
assert lines.distance(y, -y) == 0

# %% [markdown]
# What differs is what compares two points that may be far apart. Lines are
# never more than a right angle apart, and past it the shortest way leads to
# the other end of the line. (In the film this shortest way is called log,
# see lesson 3, and the place where both ends are equally near is the *cut
# locus*.)

# %%
scenes.lines()

# %% [markdown]
# ## Summary
#
# * A direction is a point of the unit sphere. A layer is a matrix whose
#   columns are points.
# * The tangent plane at $y$ holds the ways in which $y$ can move: all $v$
#   with $y'v = 0$.
# * The gradient on the sphere is the tangent part of what backpropagation
#   gives: $h = g - (y'g)\,y$.
# * A metric says how long a step is. On the unit sphere it is an angle.
# * Batch normalization forgets lengths, not signs. Its exact quotient is the
#   sphere; the paper's G(1, n) glues $y$ and $-y$ too. Every formula for a
#   step is the same.
#
# ## Exercises
#
# 1. Project twice: what is `sphere.project(y, sphere.project(y, g))`?
#
# <details><summary>Answer</summary>
#
# `sphere.project(y, g)`, up to rounding. What is tangent already has no part
# along $y$ to lose.
#
# </details>
#
# 2. Where on the sphere is the gradient of $f(w) = 1 - c'w$ zero, if $|c| =
#    1$?
#
# <details><summary>Answer</summary>
#
# Where $g = -c$ points along $y$: at $y = c$, where the loss is 0, its
# minimum, and at $y = -c$, where it is 2, its maximum. In space the gradient
# is $-c$ everywhere: without the sphere this loss has no minimum.
#
# </details>
#
# 3. You know the gradients of $L$ at $(y, \gamma, \beta)$. What are they at
#    $(-y, -\gamma, \beta)$?
#
# <details><summary>Answer</summary>
#
# Take derivatives of $L(y, \gamma, \beta) = L(-y, -\gamma, \beta)$: the
# gradients for $y$ and $\gamma$ change their sign, the one for $\beta$ stays.
# So gradient descent from one of the two starts is the mirror image of that
# from the other, and both compute the same at every step.
#
# </details>
#
# 4. A batch normalization without $\gamma$ is followed by a ReLU,
#    $\max(0, z)$. Are $y$ and $-y$ the same unit, seen from what follows?
#
# <details><summary>Answer</summary>
#
# No. $\max(0, -z)$ is zero where $\max(0, z)$ is not: the two units fire on
# different inputs, and no weight that follows can undo that. The authors'
# VGG networks, a kind for images, are like this: their code has no $\gamma$
# there.
#
# </details>
#
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017,
#   up to equation (6): G(1, n), its metric and its gradient.
# * Edelman, Arias and Smith, *The geometry of algorithms with orthogonality
#   constraints*, 1998: where most of these formulas come from.
# * Boumal, *An introduction to optimization on smooth manifolds*, 2023,
#   chapter 3: tangent spaces and gradients, gently.
# * In this project: `grassmann_np/geometry/sphere.py`,
#   `grassmann_np/geometry/lines.py`, `viz/losses.py`.
