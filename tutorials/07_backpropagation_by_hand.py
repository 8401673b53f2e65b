# %% [markdown]
# # 7. Backpropagation by hand
#
# **Question.** A gradient must find its way back from the loss to the
# weights, through a linear layer and through batch normalization. What is
# the rule at each of them, and how do you know that you got it right?
#
# You need lesson 1 and the chain rule.

# %%
import numpy as np

from grassmann_np import nn, ops
from grassmann_np.testing import gradcheck
from viz import scenes

rng = np.random.default_rng(0)
x = rng.standard_normal((6, 3))  # a batch of 6 inputs
w = rng.standard_normal((3, 2))  # two neurons, one weight vector a column

# %% [markdown]
# ## What a pullback is
#
# Take one step $y = f(x)$ of a network. If $x$ changes a little, by $v$,
# then $y$ changes by $Jv$: a linear map of $v$, the *Jacobian* of $f$.
#
# Write $dy$ for the gradient of the loss with respect to $y$: an array of
# the shape of $y$, which says how the loss changes when an entry of $y$
# does. We look for $dx$, the same for $x$. When $x$ changes by $v$, the
# loss changes by
#
# $$ \langle dy, Jv\rangle = \langle J'dy, v\rangle,
#    \qquad\text{so}\qquad dx = J'dy. $$
#
# Here $\langle a, b\rangle$ is the sum of all products of entries. The map
# $dy \mapsto J'dy$ is the **pullback** of $f$: it pulls a gradient back
# from the output to the input. Nobody builds the matrix $J$. One writes
# down what its transpose does.
#
# Every op of the library returns its value and its pullback, and a network
# is a chain: the values go forward, the pullbacks are called in the
# opposite order. That is all of backpropagation.
#
# ## Linear
#
# $y = xw$ means $y_{ij} = \sum_k x_{ik} w_{kj}$. How does the loss feel the
# one number $x_{ik}$? Through every $y_{ij}$ of the same row, with factor
# $w_{kj}$. And $w_{kj}$? Through every $y_{ij}$ of the same column, with
# factor $x_{ik}$. So
#
# $$ dx_{ik} = \sum_j dy_{ij} w_{kj}, \qquad
#    dw_{kj} = \sum_i x_{ik}\, dy_{ij}, $$
#
# or $dx = dy\,w'$ and $dw = x'\,dy$. There is no other way to put the
# shapes together, which is a good way to remember it.

# %%
y, pullback = ops.linear(x, w)
dy = rng.standard_normal(y.shape)
dx, dw = pullback(dy)
print("x", x.shape, " w", w.shape, " y", y.shape)
assert np.allclose(dx, dy @ w.T) and np.allclose(dw, x.T @ dy)

# %% [markdown]
# The definition can be checked as it stands. `ops.linear` is linear in $x$,
# so $Jv = vw$ exactly, and the two inner products must agree:

# %%
v = rng.standard_normal(x.shape)
forward, back = np.sum(dy * (v @ w)), np.sum(dx * v)
print(f"<dy, Jv> = {forward:.12f}\n<J'dy, v> = {back:.12f}")
assert np.isclose(forward, back)

# %% [markdown]
# ## Batch normalization, line by line
#
# Now one channel, a column $z$ of $N$ numbers. In batch normalization every
# output depends on every input of the batch, because the mean and the
# variance do. So we go slowly, one small step a line. Write
# $\langle z\rangle$ for the mean over the batch.
#
# $$ m = \langle z\rangle, \quad c = z - m, \quad
#    s = \langle c^2\rangle, \quad r = \frac{1}{\sqrt{s + \epsilon}}, \quad
#    y = c\,r. $$

# %%
z = rng.standard_normal((6, 2))
eps = 1e-5
m = z.mean(axis=0)
c = z - m
s = (c**2).mean(axis=0)
r = 1 / np.sqrt(s + eps)
y = c * r
assert np.allclose(y, ops.batch_norm(z, eps=eps)[0])

# %% [markdown]
# Backwards we read the lines from the last to the first, and ask of each
# name: through which lines does the loss feel it?
#
# * $y = c\,r$: each $c_i$ is used once, so $dc_i = r\,dy_i$. The one number
#   $r$ is used in every sample, so $dr = \sum_i c_i\,dy_i$.
# * $r = (s + \epsilon)^{-1/2}$: $ds = -\tfrac12 r^3\,dr$.
# * $s = \frac1N\sum_i c_i^2$: a second way for $c_i$, so we *add*
#   $\tfrac2N c_i\,ds$ to $dc_i$.
# * $c_i = z_i - m$: $dz_i = dc_i$, and $dm = -\sum_i dc_i$.
# * $m = \frac1N\sum_i z_i$: a second way for $z_i$: add $\tfrac1N dm$.

# %%
dy = rng.standard_normal(y.shape)
dc = r * dy
dr = (c * dy).sum(axis=0)
ds = -(r**3) * dr / 2
dc = dc + 2 * c * ds / len(z)
dm = -dc.sum(axis=0)
dz = dc + dm / len(z)
assert np.allclose(dz, ops.batch_norm(z, eps=eps)[1](dy))

# %% [markdown]
# ## The same in one line
#
# Put the lines into each other. With $c\,r = y$, the second and the third
# give $\tfrac2N c_i\,ds = -r\,y_i\,\langle y\,dy\rangle$, so that
# $dc = r\,(dy - y\,\langle y\,dy\rangle)$. The last two lines subtract the
# mean, and the mean of $y$ is 0:
#
# $$ dz = r\,\bigl(dy - \langle dy\rangle - y\,\langle y\,dy\rangle\bigr). $$

# %%
short = r * (dy - dy.mean(axis=0) - y * (y * dy).mean(axis=0))
assert np.allclose(short, dz)

# %% [markdown]
# Read it as a picture. Think of the batch as *one* vector with $N$ entries.
# Then $\langle dy\rangle$ is the part of $dy$ along $(1, \dots, 1)$, and
# $y\,\langle y\,dy\rangle$ is its part along $y$ (for $\epsilon = 0$, when
# $|y|^2 = N$). The pullback removes both parts and scales the rest by $r$.
# It must: to add a constant to $z$, or to make $z$ longer, changes nothing,
# so the gradient cannot point there.
#
# To make a vector 1 long, $z \mapsto z/|z|$, has the same pullback with
# only one part to remove: $dz = (dy - y\,(y'dy))/|z|$. That is $1/|z|$ times
# the projection onto the tangent plane of lesson 2, here in motion. The
# gradient is $g$, what is left of it is $h$, what is removed is $y'g$.

# %%
scenes.project()

# %% [markdown]
# Now lesson 1 is one line. The weights before the normalization get
# $dw = x'dz$, and $z = xw$, so for one neuron
#
# $$ w'dw = (xw)'dz = z'dz = 0, $$
#
# because $z$ is a constant plus a multiple of $y$, and $dz$ has no part
# along either. The gradient is at a right angle to the weights.

# %%
z, back_linear = ops.linear(x, w)
y, back_norm = ops.batch_norm(z, eps=0.0)
_, dw = back_linear(back_norm(dy))
print("w'dw of each neuron:", (w * dw).sum(axis=0))
assert np.all(abs((w * dw).sum(axis=0)) < 1e-12)

# %% [markdown]
# ## Is it right? Differences
#
# A formula for a gradient is checked by moving the input a little, both
# ways, and looking at what the loss does:
#
# $$ \langle dx, v\rangle \approx
#    \frac{L(x + tv) - L(x - tv)}{2t}. $$
#
# Which $t$? The difference is wrong by about $t^2$, and rounding adds about
# $10^{-16}/t$. So the error must *fall* by 100 when $t$ falls by 10, until
# rounding takes over. A wrong gradient does not fall: its error stays.

# %%
z, dy = rng.standard_normal((6, 2)), rng.standard_normal((6, 2))
v = rng.standard_normal(z.shape)
claimed = np.sum(ops.batch_norm(z)[1](dy) * v)
errors = []
for t in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-7, 1e-9):
    ahead, behind = (ops.batch_norm(z + s * v)[0] for s in (t, -t))
    errors.append(abs(np.sum(dy * (ahead - behind)) / (2 * t) - claimed))
    print(f"t = {t:.0e}: error {errors[-1]:.1e}")
assert errors[3] < 1e-4 * errors[1] < errors[0]

# %% [markdown]
# ## The trap
#
# Here is a pullback with a mistake that many have made. It takes the
# standard deviation for a constant, and forgets the last term.


# %%
def forgetful(z):
    y, _ = ops.batch_norm(z)
    r = 1 / np.sqrt(z.var(axis=0) + 1e-5)
    return y, lambda dy: r * (dy - dy.mean(axis=0))


# %% [markdown]
# Let us check it the usual way: the simplest loss is the sum of the
# outputs, so $dy = (1, \dots, 1)$.

# %%
ones = np.ones_like(z)
dz = forgetful(z)[1](ones)
t, v = 1e-5, rng.standard_normal(z.shape)
ahead, behind = forgetful(z + t * v)[0].sum(), forgetful(z - t * v)[0].sum()
found = (ahead - behind) / (2 * t)
print(f"differences {found:.1e}, pullback {np.sum(dz * v):.1e}")
assert np.isclose(found, np.sum(dz * v), atol=1e-8)

# %% [markdown]
# It passes. But what was compared? The outputs of a normalization have mean
# 0, whatever comes in. So their sum is *always* 0, its gradient is 0, and
# the check has compared nothing with nothing. The terms that are wrong are
# not used. Even a pullback that returns zeros would pass.
#
# The way out is a **random** $dy$, which favours no direction. The checker
# of this project draws one. It compares every entry with a difference, and
# asks that the error falls as $t^2$.

# %%
for op in (ops.batch_norm, forgetful):
    try:
        report = gradcheck.check(op, z, rng=np.random.default_rng(1))
        print(f"right, to {report.entries:.0e}; slope {report.slope:.2f}")
        assert op is ops.batch_norm
    except AssertionError as error:
        print(f"wrong: {error}")
        assert op is forgetful

# %% [markdown]
# Point it at your own: `gradcheck.check(op, x, w, rng=rng)` for a function
# that returns `(y, pullback)`, and `check_layer` for a layer. Use float64:
# with the seven digits of float32, a difference has no room between $t^2$
# and rounding. Use odd sizes, so that two axes cannot be exchanged
# unnoticed. And give $\gamma$ and $\beta$ random values: at their usual
# start, 1 and 0, a pullback that forgets $\gamma$ is right.

# %%
gamma, beta = rng.standard_normal((2, 2))
gradcheck.check(ops.batch_norm, z, gamma, beta, rng=rng)
layer = nn.Sequential(nn.Linear(3, 2, rng, bias=False), nn.BatchNorm(2))
report = gradcheck.check_layer(layer, x, rng)
print(f"two layers: largest error of an entry {report.entries:.0e}")

# %% [markdown]
# ## Summary
#
# * A pullback is the transpose of the Jacobian, written as a function. A
#   network's gradient is the chain of pullbacks, called from the last.
# * Linear: $dx = dy\,w'$, $dw = x'\,dy$.
# * Batch normalization:
#   $dz = r\,(dy - \langle dy\rangle - y\,\langle y\,dy\rangle)$. It removes
#   the two directions that the output does not see.
# * Check with differences in float64, a random $dy$, several $t$. The sum of
#   the outputs as a loss checks nothing behind a normalization.
#
# ## Exercises
#
# 1. Another mistake: forget $\langle dy\rangle$, and keep the last term.
#    Does the sum of the outputs find it?
#
# <details><summary>Answer</summary>
#
# Yes: for $dy = (1, \dots, 1)$ it gives
# $r\,(1 - y\,\langle y\rangle) = r$, not 0. So a check may find one mistake
# and miss its neighbour. Before you trust a check, plant a mistake and see
# it fail.
#
# </details>
#
# 2. Take the loss $\tfrac12\sum y^2$ instead of the sum. Is it a better
#    check of batch normalization?
#
# <details><summary>Answer</summary>
#
# Hardly. For $\epsilon = 0$ it is always $N/2$ a channel, and its gradient
# is 0 again. It finds `forgetful`, which gives $r\,y$, but a pullback that
# returns zeros passes it.
#
# </details>
#
# 3. *Mean-only* batch normalization is $y = z - \langle z\rangle$. Find its
#    pullback, and compare it with `ops.mean_only_batch_norm(z, beta)`.
#
# <details><summary>Answer</summary>
#
# $dz = dy - \langle dy\rangle$. The map is symmetric: it is its own
# pullback.
#
# </details>
#
# 4. With $\epsilon > 0$ the gradient leans a little towards $w$ (lesson 1).
#    Use the formula for $dz$ to find $w'dw$.
#
# <details><summary>Answer</summary>
#
# $w'dw = z'dz = c'dz$, since $dz$ has mean 0. With $c = y/r$ and
# $\langle y^2\rangle = s/(s + \epsilon)$ this is
# $\sum_i y_i\,dy_i\,(1 - \langle y^2\rangle)
# = \frac{\epsilon}{s + \epsilon}\sum_i y_i\,dy_i$.
#
# </details>
#
# ## Going deeper
#
# * Rumelhart, Hinton and Williams, *Learning representations by
#   back-propagating errors*, 1986.
# * Ioffe and Szegedy, *Batch normalization*, 2015, section 3: the six
#   gradients of the layer.
# * Baydin, Pearlmutter, Radul and Siskind, *Automatic differentiation in
#   machine learning: a survey*, 2018: how programs find pullbacks.
# * In this project: `grassmann_np/ops/normalize.py`,
#   `grassmann_np/testing/gradcheck.py`, `tests/testing/test_gradcheck.py`.
