# %% [markdown]
# # 2. The space of directions
#
# **Question.** Of the weights in front of a batch normalization, a network
# sees only the direction. What is the space of all directions, and which part
# of a gradient counts there?
#
# You need [lesson 1](01_why_length_does_not_matter.py). As there, a prime is
# a transpose, never a derivative: $y'v$ is the inner product of $y$ and $v$.
# It is zero if they are at a right angle, and $y'y$ is the square of the
# length $|y|$.

# %%
import numpy as np

from grassmann_np import ops
from grassmann_np.geometry import lines, sphere
from viz import losses, scenes

rng = np.random.default_rng(0)

# %% [markdown]
# ## Points
#
# Two vectors other than 0 have the same direction if one is a positive
# multiple of the other. All vectors of one direction form a *ray*, a
# half-line that starts at the origin, without the origin itself. Every ray
# meets the *unit sphere*, the set of all $y$ with $y'y = 1$, in exactly one
# point, so let this point stand for the ray. To find it, divide by the
# length:

# %%
w = np.array([1.0, 2.0, -1.0])
y = sphere.normalize(w)
print(y.round(4), " length", np.linalg.norm(y).round(12))
assert abs(np.linalg.norm(y) - 1) < 1e-14
assert np.allclose(sphere.normalize(5 * w), y, rtol=0, atol=1e-14)

# %% [markdown]
# With three inputs a direction is a point of the ordinary sphere in space.
# With $n$ inputs it is a point of the unit sphere in $\mathbb{R}^n$, which
# nobody can draw, but whose formulas are the same. A *layer* is a set of
# neurons with the same inputs, and has a weight vector for each of them. The
# library keeps these as the **columns** of a matrix, and treats every column
# as a point of its own:

# %%
W = rng.standard_normal((3, 4))  # 3 inputs, 4 neurons
Y = sphere.normalize(W)
print(np.linalg.norm(Y, axis=0))
for i in range(4):
    assert np.array_equal(Y[:, i], sphere.normalize(W[:, i]))

# %% [markdown]
# ## The tangent plane
#
# Let a point move on the sphere, and let $p(s)$ be its position at time $s$,
# with $p(0) = y$. It stays on the sphere, so $p'p = 1$ at all times.
# Differentiate both sides with respect to $s$, by the product rule:
# $2\, p'\dot p = 0$, where the dot is the derivative, so that $\dot p$ is the
# velocity. At time 0 it is therefore at a right angle to $y$.
#
# Conversely, every $v$ at a right angle to $y$ is a velocity. Push $y$ by
# $sv$ and put it back on the sphere: $p(s) = (y + sv)/|y + sv|$. The divisor
# is $\sqrt{1 + s^2 v'v}$, whose derivative at $s = 0$ is zero. To first order
# no correction is needed, and the velocity at time 0 is $v$. So the possible
# velocities at $y$, the **tangent vectors**, are exactly
#
# $$ T_y = \{\, v : y'v = 0 \,\}. $$
#
# In space this is a plane through the *origin*, since it contains 0, the
# velocity of a point at rest. It is called the **tangent plane** because of
# the way in which we draw it: moved to $y$, where it touches the sphere, with
# the arrow of $v$ going from $y$ to $y + v$. In $\mathbb{R}^n$ it has $n - 1$
# dimensions, because one is lost, the one along $y$.
#
# We measure velocities by two positions near $y$. A push $a$ need not be
# tangent, but its velocity is; a tangent push $v$ is its own velocity:

# %%
a = rng.standard_normal(3)
v = a - (y @ a) * y


def position(s, push):
    return sphere.normalize(y + s * push)


for push in (a, v):
    velocity = (position(1e-4, push) - position(-1e-4, push)) / 2e-4
    print(f"y'push {y @ push:7.4f}   y'velocity {y @ velocity:8.1e}")
    assert abs(y @ velocity) < 1e-7
assert np.allclose(velocity, v, rtol=0, atol=1e-7) and abs(y @ a) > 0.1
assert abs(np.sum((y + v) ** 2) - (1 + v @ v)) < 1e-14  # y + v: outside

# %% [markdown]
# ## The gradient
#
# Backpropagation, which is the chain rule of lesson 1 applied op by op, knows
# nothing of spheres. It gives $g$, the derivatives of the loss with respect
# to the weights. What does $g$ say about moving *on* the sphere? Let us first
# do it by hand, with two weights: $y = (1, 0)$, a point of the unit circle,
# and $g = (3, 4)$, a gradient of length 5.
#
# **Guess first:** $y$ moves on the circle with speed 1. How fast can the loss
# fall at most: by 5, by 4, or by 3 per unit of time?
#
# By the chain rule the loss changes at the rate $g'v$ if $v$ is the velocity.
# But the only velocities of length 1 are $(0, 1)$ and $(0, -1)$, so the rates
# are 4 and $-4$. The best that a free point could do, 5, is out of reach,
# because the part $(3, 0)$ of $g$ lies along $y$, and no velocity does. What
# counts is the rest, $h = (3, 4) - 3\,(1, 0) = (0, 4)$.
#
# In general, split $g$ into the part along $y$ and the rest:
#
# $$ g = (y'g)\,y + h, \qquad h = g - (y'g)\,y. $$
#
# Then $h$ is tangent, since $y'h = y'g - (y'g)(y'y) = 0$, and
# $g'v = h'v$ for every tangent $v$, since $y'v = 0$. No other tangent vector
# has the second property: the difference $e$ of two of them would have
# $e'v = 0$ for every tangent $v$, also for $v = e$, so that $e = 0$. It is
# this property that makes $h$ **the gradient on the sphere**: the tangent
# vector whose inner product with a velocity is the rate of change. Its
# formula, the *projection* of $g$ onto the tangent plane, is equation (6) of
# the paper.

# %%
y2, g2 = np.array([1.0, 0.0]), np.array([3.0, 4.0])
h2 = sphere.project(y2, g2)
print("by hand (0, 4), sphere.project", h2)
assert np.array_equal(h2, [0, 4])
ahead = np.array([np.cos(1e-4), np.sin(1e-4)])  # on the circle, up and down
assert abs((g2 @ ahead - g2 @ (ahead * [1, -1])) / 2e-4 - 4) < 1e-7

# %% [markdown]
# Now a loss that does see the length, $f(w) = 1 - c'w$ with a fixed unit
# vector $c$. (Like all of `losses` it returns its value and its gradient,
# here $-c$.) We move by the push $v$, and compare the rate of change with
# $h'v$:

# %%
linear = losses.linear(rng)
_, g = linear(y)
h = sphere.project(y, g)
rate = (linear(position(1e-4, v))[0] - linear(position(-1e-4, v))[0]) / 2e-4
print(f"rate of change {rate:.6f}, h'v {h @ v:.6f}")
assert abs(rate - h @ v) < 1e-7 and abs(rate) > 0.1
assert np.allclose(h, g - (y @ g) * y, rtol=0, atol=1e-14)
assert abs(y @ h) < 1e-14

# %% [markdown]
# The film sets out from $y$ in the direction of $-h$, keeps straight on, and
# ends at the lowest point. There $g$ is not zero, but it lies along $y$,
# pointing inwards, so that $h$ is zero.

# %%
lowest = -g  # this is c
assert np.linalg.norm(sphere.project(lowest, g)) < 1e-14
scenes.project()

# %% [markdown]
# Drag $y$: the shadow of $g$ follows, and vanishes at the lowest point.
#
# ```{raw} html
# <iframe class="figure" src="figures/gradient.html" loading="lazy"
#   title="The gradient g and its shadow h"></iframe>
# ```

# %% [markdown]
# And a batch-normalized neuron? Its gradient is at a right angle to $y$
# already (lesson 1), so that projection takes nothing away. `losses.neuron`
# is such a neuron, with another batch. Its targets have mean 0 and variance
# 1, as its output has, so that half the mean of $(\mathrm{out} - t)^2$ is
# $1 - \langle t\,\mathrm{out}\rangle$. By lesson 1's formula for the output
# this is $1 - c'w/\sqrt{w'Rw}$, with $c = \langle t\,(x - \langle x\rangle)
# \rangle$:

# %%
neuron = losses.neuron(np.random.default_rng(1))
R, c = losses.moments(np.random.default_rng(1))  # the same batch
value, g = neuron(w)
assert np.isclose(value, 1 - c @ w / np.sqrt(w @ R @ w), rtol=1e-12, atol=0)
lost = np.linalg.norm(g - sphere.project(y, g))
print(f"|g| {np.linalg.norm(g):.4f}, lost {lost:.0e}")
assert lost < 1e-12 * np.linalg.norm(g)
decayed = sphere.project(y, g + 0.1 * w)  # with weight decay
assert np.allclose(decayed, g, rtol=0, atol=1e-15)

# %% [markdown]
# Then why project at all? Because a gradient may lean. What *weight decay*
# adds, $\lambda w$ (lesson 1, exercise 2), lies entirely along $w$, and
# rounding and batch normalization's $\epsilon$ let $g$ lean a little.
#
# ## How long is a step?
#
# A point of the unit sphere with the velocity $v$ turns by $|v|$ radians per
# unit of time. So there the ordinary length of a tangent vector is an angle,
# and we keep the ordinary inner product. But suppose that we had kept $w$, of
# any length, to stand for its ray. A step $\Delta$ at $w$ and the step
# $5\Delta$ at $5w$ are then one and the same turn, and should have the same
# length. They do if inner products are divided by $w'w$:
#
# $$ \langle \Delta_1, \Delta_2 \rangle_w = \frac{\Delta_1'\Delta_2}{w'w}
#    \qquad\text{for}\quad w'\Delta_1 = w'\Delta_2 = 0. $$
#
# A constant factor would do no harm; without one, lengths are angles. The
# condition is needed because a step *along* $w$ does not turn it at all: it
# must be projected away before its length means anything. An inner product on
# every tangent plane, like this one, is called a **metric**. A space with
# tangent planes and a metric, both of which change smoothly from point to
# point, is a *Riemannian manifold*. That is all the two words mean here.
#
# For a loss that does not see the length of $w$, the gradient, too, can now
# be written at any $w$. It is at a right angle to $w$, and has the property
# of $h$ in the inner product at $w$: $\langle \mathrm{grad}, \Delta\rangle_w
# = g'\Delta$ for every such step $\Delta$. So $\mathrm{grad}$ is $w'w$ times
# the tangent part of $g$. If $|w| = 1$ it is $h$: this is one gradient,
# written at several vectors.
#
# **Guess first:** for our neuron, whose $g$ is tangent, take the steps
# $-0.1\,g$ and $-0.1\,\mathrm{grad}$ at $w$, $5w$ and $25w$. Which of them
# turn the vector by the same angle? (`sphere.distance` is that angle.)

# %%
turns = []
for factor in (1, 5, 25):
    v = factor * w
    g = neuron(v)[1]
    d = -0.1 * (v @ v) * g
    turns.append([sphere.distance(v, v - 0.1 * g), sphere.distance(v, v + d)])
    print(f"{factor:2} w: g turns it by {turns[-1][0]:.6f} radians,",
          f"grad by {turns[-1][1]:.6f}")
    assert abs(np.tan(turns[-1][1]) ** 2 * (v @ v) / (d @ d) - 1) < 1e-9
by_g, by_grad = np.array(turns).T
assert np.allclose(by_grad, by_grad[0], rtol=1e-12, atol=0)
assert np.allclose(by_g * [1, 25, 625], by_g[0], rtol=1e-3, atol=0)

# %% [markdown]
# All steps along $\mathrm{grad}$ do, whereas turns along $g$, as long as they
# are small, fall as $1/|w|^2$ (lesson 1). The metric repairs the gradient.
# (The columns differ at $1w$ too, since this $w$ has length $\sqrt 6$.) On
# the unit sphere there is nothing to repair, which is why the library works
# there.
#
# ## Rays or lines?
#
# The paper speaks of **G(1, n)**, the *Grassmann manifold* of lines through
# the origin, where $x$ and $y$ are one point if $x = ay$ with $a \ne 0$. So
# $y$ and $-y$, which lie on one line but on two rays, are one point of it.
#
# > **Scale and shift.** In a network, a batch normalization is followed by a
# > scale $\gamma$ and a shift $\beta$, which are trained too:
# > $\gamma\,\mathrm{BN}(z) + \beta$.
#
# **Guess first:** which of $(-y, \gamma, \beta)$ and $(-y, -\gamma, \beta)$
# is the same network as $(y, \gamma, \beta)$?

# %%
x = rng.standard_normal((64, 3)) @ np.diag([1.5, 0.9, 0.4])  # a batch
t = np.tanh(x @ np.array([[1.0], [0.5], [-2.0]]))  # targets
gamma, beta = np.array([0.6]), np.array([0.1])


def network(y, gamma, beta):
    """The loss, and its gradients for y, gamma and beta."""
    z, back_linear = ops.linear(x, y[:, None])
    out, back_norm = ops.batch_norm(z, gamma, beta, eps=0.0)
    dz, dgamma, dbeta = back_norm((out - t) / len(x))
    loss = float(np.mean((out - t) ** 2) / 2)
    return loss, back_linear(dz)[1][:, 0], dgamma, dbeta


# %%
loss = network(y, gamma, beta)[0]
minus_y = network(-y, gamma, beta)[0]
minus_both = network(-y, -gamma, beta)[0]
longer = network(5 * y, gamma, beta)[0]
print(f"( y,  gamma, beta)  {loss:.12f}\n(-y,  gamma, beta)  {minus_y:.12f}")
print(f"(-y, -gamma, beta)  {minus_both:.12f}")
print(f"(5y,  gamma, beta)  {longer:.12f}")
assert abs(loss - minus_y) > 0.01
assert np.isclose(loss, minus_both, rtol=1e-12, atol=0)
assert np.isclose(loss, longer, rtol=1e-12, atol=0)

# %% [markdown]
# The second one is, since $\mathrm{BN}(-z) = -\mathrm{BN}(z)$ and the two
# signs cancel. To *glue* points that are the same network, so that they count
# as one, is to form a **quotient**. What is glued depends on what a point is:
#
# * *The weights alone*, with $\gamma$ fixed, or without $\gamma$. Batch
#   normalization forgets their length, and nothing else unless some
#   combination of the inputs is constant. All vectors of a ray are glued, and
#   the quotient is the **sphere**.
# * *The weights with $\gamma$.* Now $(y, \gamma)$ and $(-y, -\gamma)$ are
#   glued as well. What is left of $y$ is a line through the origin, and what
#   the two pairs share is the vector $\gamma y$ on that line.
#
# So $y$ lives in G(1, n) if $\gamma$ keeps track of the sign. With $\gamma$
# fixed, G(1, n) glues two different networks. (This account of the signs is
# ours, not the paper's.)
#
# Does the difference matter? For a step, no. The sphere covers G(1, n) twice,
# and a small piece of one looks exactly like a small piece of the other. A
# gradient and a step see only what is near $y$, and never ask whether $-y$,
# far away, is the same point. In the library `lines` is G(1, n). It *uses*
# the sphere's functions, and differs only where two points that may be far
# apart are compared: two lines are at most a right angle apart.

# %%
for name in ("normalize", "project", "inner", "norm"):
    assert getattr(lines, name) is getattr(sphere, name)
near = y + 0.1
assert lines.distance(y, near) == sphere.distance(y, near) > 0.1
print("from y to -y, on the sphere:", sphere.distance(y, -y).round(4))
print("from y to -y, as lines:     ", lines.distance(y, -y).round(4))
assert np.isclose(sphere.distance(y, -y), np.pi, rtol=1e-14, atol=0)
assert lines.distance(y, -y) == 0
assert lines.distance(*rng.standard_normal((2, 3, 99))).max() <= np.pi / 2

# %% [markdown]
# ## Summary
#
# * A direction is a point of the unit sphere. A layer is a matrix whose
#   columns are points.
# * The tangent plane at $y$, all $v$ with $y'v = 0$, holds the velocities at
#   $y$. It goes through the origin, and is drawn moved to $y$.
# * The gradient on the sphere is the tangent part of what backpropagation
#   gives: $h = g - (y'g)\,y$.
# * A metric says how long a step is. On the unit sphere it is an angle.
# * Batch normalization forgets lengths, not signs: with $\gamma$ fixed, the
#   quotient is the sphere. With $\gamma$ free, $(y, \gamma)$ and $(-y,
#   -\gamma)$ are one network, and $y$ becomes a line. A step is the same in
#   both.
#
# ## Exercises
#
# 1. *Easy.* By hand: $y = (0, 1)$ and $g = (3, 4)$. What is $h$, and what if
#    you project $h$ once more?

# %% tags=["exercise"]
h_by_hand = np.array([3.0, 0.0])
h_once_more = np.array([3.0, 0.0])

# %% tags=["check"]
up = np.array([0.0, 1.0])
for by_hand in (h_by_hand, h_once_more):
    assert np.shape(by_hand) == (2,), "a vector of two numbers is asked for"
    assert abs(up @ by_hand) < 1e-12, "it is not tangent: y'h is not 0"
lost = g2 - h_by_hand
assert abs(lost[0]) < 1e-12, "what g loses must be a multiple of y"
twice = np.allclose(h_once_more, h_by_hand, rtol=0, atol=1e-12)
assert twice, "h is tangent already: what has it left to lose?"

# %% [markdown]
# <details><summary>Answer</summary>
#
# $(3, 0)$, both times. What is tangent has no part along $y$ to lose.
#
# </details>
#
# 2. *Harder.* You know the gradients of the loss at $(y, \gamma, \beta)$.
#    What are they at $(-y, -\gamma, \beta)$?

# %% tags=["exercise"]
signs = -1, -1, 1  # of the gradients for y, gamma, beta

# %% tags=["check"]
assert len(signs) == 3, "there are three: for y, for gamma, for beta"
known = network(y, gamma, beta)[1:]
mirrored = network(-y, -gamma, beta)[1:]
for name, sign, one, other in zip(("y", "gamma", "beta"), signs, known,
                                  mirrored, strict=True):
    assert np.allclose(other, sign * one, rtol=0, atol=1e-14), (
        f"for {name} it is {one.round(4)} here and {other.round(4)} there")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Differentiate $L(y, \gamma, \beta) = L(-y, -\gamma, \beta)$: the gradients
# for $y$ and $\gamma$ change their sign, the one for $\beta$ stays. So
# gradient descent from one of the two starts is the mirror image of that from
# the other, and both compute the same at every step.
#
# </details>
#
# 3. *Harder.* A batch normalization without $\gamma$ and $\beta$ is followed
#    by a *ReLU*, $\max(0, z)$. Can the next weight make up for putting $-y$
#    in place of $y$?
#
# <details><summary>Answer</summary>
#
# No. Of $\max(0, z)$ and $\max(0, -z)$ one is zero for every input; and as
# $z$ takes both signs, neither is zero for all. So neither is a multiple of
# the other. The authors' VGG networks, made for images, are like this: their
# code has no $\gamma$ there, only a $\beta$, which does not help.
#
# </details>
#
# 4. *Open experiment.* Draw points $y$ and gradients $g$ at random in
#    $\mathbb{R}^n$. What share of $|g|^2$ does the projection take away on
#    average, for $n = 3$, 30, 300?


# %% tags=["exercise"]
def lost_share(n):
    return 1 / n


# %% tags=["check"]
for n in (3, 30, 300):
    draw = np.random.default_rng(n)
    many, at = draw.standard_normal((2, n, 9999))
    kept = np.sum(sphere.project(sphere.normalize(at), many) ** 2)
    measured = 1 - kept / np.sum(many**2)
    said = lost_share(n)
    assert np.ndim(said) == 0 and 0 < said < 1, "a share is between 0 and 1"
    assert np.isclose(said, measured, rtol=0.05, atol=0), (
        f"n = {n}: you say {said:.4f}, 9999 points say {measured:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# $1/n$. The squared length is shared out evenly among $n$ directions, and $y$
# is one of them. For a weight vector with many entries a random push is
# nearly tangent.
#
# </details>
#
# Two cells check the answers; try the exercises first.

# %%
y1 = np.array([0.0, 1.0])
assert np.array_equal(sphere.project(y1, g2), [3, 0])
assert np.array_equal(sphere.project(y1, np.array([3.0, 0.0])), [3, 0])
here, there = network(y, gamma, beta), network(-y, -gamma, beta)
for a, b, sign in zip(here[1:], there[1:], (-1, -1, 1), strict=True):
    assert np.allclose(b, sign * a, rtol=0, atol=1e-14) and np.any(a)

# %%
z = x @ y - np.mean(x @ y)
assert np.all(ops.relu(z)[0] * ops.relu(-z)[0] == 0)
assert z.min() < 0 < z.max()
for n in (3, 30, 300):
    g = rng.standard_normal((n, 9999))
    Y = sphere.normalize(rng.standard_normal((n, 9999)))
    rest = np.sum(sphere.project(Y, g) ** 2, axis=0)
    share = np.mean(1 - rest / np.sum(g**2, axis=0))
    assert np.isclose(share, 1 / n, rtol=0.05, atol=0)

# %% [markdown]
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017:
#   G(1, n), its metric, and equation (6).
# * Edelman, Arias and Smith, *The geometry of algorithms with orthogonality
#   constraints*, 1998: where most of these formulas come from.
# * Boumal, *An introduction to optimization on smooth manifolds*, 2023,
#   chapter 3: tangent spaces and gradients, gently.
# * In this project: `grassmann_np/geometry/sphere.py`,
#   `grassmann_np/geometry/lines.py`, `viz/losses.py`.
