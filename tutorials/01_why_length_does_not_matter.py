# %% [markdown]
# # 1. Why the length of a weight does not matter
#
# **Question.** Batch normalization is one line of a network. What does it do
# to the weights in front of it?
#
# You need NumPy and the chain rule. Everything runs on a laptop. As a script,
# a lesson prints its numbers; its film plays in a notebook and on the site.

# %%
import numpy as np

from grassmann_np import ops
from viz import scenes

rng = np.random.default_rng(0)
x = rng.standard_normal((64, 3)) @ np.diag([1.5, 0.9, 0.4])  # a batch of 64
w = np.array([[1.0], [2.0], [-1.0]])  # the weights of one neuron

# %% [markdown]
# ## One neuron
#
# A neuron with weights $w$ turns every input $x$ into one number,
# $z = w'x$. (A prime is a transpose: $w'x$ is the sum of the products of the
# entries.) Batch normalization then shifts and scales these numbers, so that
# over the batch they have mean 0 and variance 1. With $\langle\cdot\rangle$
# for the mean over the batch,
#
# $$ \mathrm{BN}(z) = \frac{z - \langle z\rangle}
#    {\sqrt{\langle (z - \langle z\rangle)^2\rangle}}. $$
#
# Write $R$ for the covariance matrix of the inputs, the mean of
# $(x - \langle x\rangle)(x - \langle x\rangle)'$. The variance of $z$ is
# $w'Rw$, so
#
# $$ \mathrm{BN}(w'x) = \frac{w'(x - \langle x\rangle)}{\sqrt{w'Rw}}. $$
#
# Put $5w$ in place of $w$: the 5 stands above and below, and cancels.
# We try it. (Every op returns two things, and here we want the first. The
# second is for the gradient, and `eps` is explained at the end.)


# %%
def neuron(w):
    z, _ = ops.linear(x, w)
    return ops.batch_norm(z, eps=0.0)[0]


print(neuron(w)[:3].T.round(4))
print(neuron(5 * w)[:3].T.round(4))
assert np.allclose(neuron(w), neuron(5 * w))

# %% [markdown]
# The output is the same, and so is everything after it: the whole network
# sees the *direction* $w/|w|$ and nothing else.
#
# The library holds the second formula to account. `R` is the covariance.

# %%
centered = x - x.mean(axis=0)
R = centered.T @ centered / len(x)
by_formula = centered @ w / np.sqrt(w.T @ R @ w)
assert np.allclose(neuron(w), by_formula)

# %% [markdown]
# ## Backwards
#
# What does that mean for the gradient? Take any loss of the output, say the
# squared distance to targets $t$. It is constant along the ray through $w$,
# all its positive multiples. So its derivative along the ray is 0: **the
# gradient stands at a right angle to the weight vector.**
#
# Every op of the library returns its value and its *pullback*, the function
# that takes the gradient by the output and gives those by the inputs: the
# chain rule for this op (lesson 7). We chain two of them by hand.

# %%
t = np.tanh(x @ np.array([[1.0], [0.5], [-2.0]]))


def loss_and_gradient(w):
    z, back_linear = ops.linear(x, w)
    y, back_norm = ops.batch_norm(z, eps=0.0)
    _, dw = back_linear(back_norm((y - t) / len(x)))
    return float(np.mean((y - t) ** 2) / 2), dw


loss, g = loss_and_gradient(w)
print("loss", round(loss, 4), "  w'g", f"{(w * g).sum():.0e}")
assert abs((w * g).sum()) < 1e-12 * np.linalg.norm(w) * np.linalg.norm(g)

# %% [markdown]
# And if $w$ is five times as long, the same small push turns it by a fifth
# of the angle. So the loss changes a fifth as fast: **the gradient is
# $1/|w|$ times the gradient at unit length.**

# %%
for factor in (1, 5, 25):
    loss, g = loss_and_gradient(factor * w)
    print(f"{factor:3} w: loss {loss:.4f}, |g| {np.linalg.norm(g):.5f}")
assert np.allclose(25 * loss_and_gradient(25 * w)[1], loss_and_gradient(w)[1])

# %% [markdown]
# ## What plain gradient descent makes of it
#
# The gradient is at a right angle to $w$, so every step makes $w$ longer,
# by Pythagoras:
#
# $$ |w - \eta g|^2 = |w|^2 + \eta^2 |g|^2. $$
#
# And the longer $w$ is, the less a step with the learning rate $\eta$ turns
# it: by the angle $\arctan(\eta |g|/|w|)$, which falls as $1/|w|^2$, since
# $|g|$ itself falls as $1/|w|$. Two networks that compute the same thing, one
# with long weights and one with short ones, learn at different speeds. Nobody
# chose that.

# %%
eta, w_now = 1.0, w / np.linalg.norm(w)
for _ in range(4):
    g = loss_and_gradient(w_now)[1]
    length, new = np.linalg.norm(w_now), w_now - eta * g
    angle = np.arctan(eta * np.linalg.norm(g) / length)
    unit_g = loss_and_gradient(w_now / length)[1]
    at_1 = np.arctan(eta * np.linalg.norm(unit_g))
    print(f"|w| {length:.4f}, turns by {angle:.4f}, at |w| 1 by {at_1:.4f}")
    assert np.isclose(np.tan(angle) * length**2, np.tan(at_1))
    grown = length**2 + eta**2 * np.linalg.norm(g) ** 2
    assert np.isclose(np.linalg.norm(new) ** 2, grown)
    w_now = new

# %% [markdown]
# The angles are in radians. The last one is the turn that the same direction
# would get at length 1. (The first step turns most of all because it starts
# where the loss is steep.)
#
# Here is the same in a picture, for a neuron with three inputs. The sphere
# holds the directions; its colour is the loss.

# %%
scenes.scale()

# %% [markdown]
# ## The remedy
#
# Cho and Lee's remedy is to take the fact seriously. If all vectors on a ray
# are one and the same network, then let one point stand for the ray: the
# unit vector. The weights of a neuron become **a point of the unit sphere**,
# and learning becomes a walk on the sphere. How to walk there is what the
# next lessons are about.
#
# A word on the `eps` of batch normalization. In practice the variance has
# a small number added, $10^{-5}$, so that nothing is divided by 0. Then the
# length is *almost* forgotten, and $w'g$ is almost 0:

# %%
y, back_norm = ops.batch_norm(x @ w, eps=1e-5)
g = x.T @ back_norm((y - t) / len(x))
leaning = (w * g).sum() / (np.linalg.norm(w) * np.linalg.norm(g))
print(f"cosine of the angle between w and g: {leaning:.1e}")
assert 0 < abs(leaning) < 1e-4

# %% [markdown]
# ## Summary
#
# * Batch normalization cancels the length of the weight vector before it.
# * The gradient is orthogonal to the weights, and shrinks as $1/|w|$.
# * Plain gradient descent makes the weights longer at every step, and turns
#   them less and less.
# * What is left of the weights is a direction: a point of the unit sphere.
#
# ## Exercises
#
# 1. Does the *sign* of $w$ matter? Compare `neuron(w)` and `neuron(-w)`.
#
# <details><summary>Answer</summary>
#
# The output changes its sign: $\mathrm{BN}(-z) = -\mathrm{BN}(z)$. So $w$ and
# $-w$ are different networks, unless what follows can undo a sign. The
# parameters $\gamma$ and $\beta$ that follow can: lesson 2.
#
# </details>
#
# 2. Weight decay adds $\lambda w$ to the gradient. Does it change what the
#    network computes? What does it change?
#
# <details><summary>Answer</summary>
#
# It shrinks $w$, which the network does not see. But a shorter $w$ turns
# faster: for these weights, weight decay is a way to raise the learning
# rate. Lesson 12 makes that exact.
#
# </details>
#
# 3. Why can `eps` not be seen in the picture above?
#
# <details><summary>Answer</summary>
#
# The scene takes `eps = 0`. With $10^{-5}$ the gradient would lean by less
# than a hundredth of a degree: nobody could see it.
#
# </details>
#
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017,
#   sections 1 and 2.
# * Ioffe and Szegedy, *Batch normalization*, 2015: where the layer comes
#   from. Section 3.3 mentions the invariance.
# * In this project: `grassmann_np/ops/normalize.py`,
#   `grassmann_np/nn/invariant.py`.
