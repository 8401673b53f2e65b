# %% [markdown]
# # 7. Backpropagation by hand
#
# **Question.** How do you write down the gradient of a layer so that you can
# trust it?
#
# You need lessons [1](01_why_length_does_not_matter.py) and
# [2](02_the_space_of_directions.py) and the chain rule; with these you may
# read this lesson before lesson 5.

# %%
import numpy as np

from grassmann_np import nn, ops
from grassmann_np.geometry import sphere
from grassmann_np.testing import gradcheck
from viz import scenes

rng = np.random.default_rng(0)
x = rng.standard_normal((6, 3))  # a batch of 6 inputs
w = rng.standard_normal((3, 2))  # two neurons, one weight vector a column

# %% [markdown]
# ## One product, with numbers
#
# Take $y = x_1 x_2$ at $x = (3, 4)$, somewhere inside a network, and suppose
# that the rest of the network says: if $y$ grows a little, the loss grows
# twice as much. We write $dy = 2$. By the chain rule $dx_1 = dy \cdot x_2 =
# 8$ and $dx_2 = dy \cdot x_1 = 6$. Keep two questions apart. *How does $y$
# change if $x$ does?* is answered by the derivatives $(4, 3)$. *How does the
# loss change?* is answered by the function that takes $dy$ to $dx$, and
# backpropagation needs only this one.


# %%
def product(x):
    return x[0] * x[1], lambda dy: dy * x[::-1]


value, pullback = product(np.array([3.0, 4.0]))
print("y =", value, "  dx =", pullback(2.0))
assert value == 12 and np.array_equal(pullback(2.0), [8, 6])

# %% [markdown]
# ## What a pullback is
#
# In general a step $y = f(x)$ of a network has many inputs and outputs. (On
# this page $y$ is an output, as in all ops of the library, and not a point of
# a sphere.) If $x$ changes a little, by $v$, then to first order $y$ changes
# by $Jv$, where the matrix $J$ of all derivatives is the *Jacobian* of $f$.
#
# Write $dy$ for the gradient of the loss with respect to $y$, an array of
# the shape of $y$. We look for $dx$, the same for $x$. When $x$ changes by
# $v$, the loss changes by
#
# $$ \langle dy, Jv\rangle = \langle J'dy, v\rangle,
#    \qquad\text{so}\qquad dx = J'dy, $$
#
# where $\langle a, b\rangle$ is the sum of the products of the entries. The
# map $dy \mapsto J'dy$ is the **pullback** of $f$, because it pulls a
# gradient back from the output to the input. (Elsewhere it is called the
# vector-Jacobian product.) Nobody builds the matrix $J$; one writes down what
# its transpose does.
#
# Every op of the library returns its value and its pullback. Values go
# forward through a network, and pullbacks backward, in the opposite order:
#
# ```
#  x  -- linear -->  z  -- batch norm -->  y  --  loss  -->  number
#  dx <-- pullback --  dz  <-- pullback --  dy  <-- pullback --  1
# ```
#
# That is all of backpropagation.
#
# ## Linear
#
# $y = xw$ means $y_{ij} = \sum_k x_{ik} w_{kj}$. The number $x_{ik}$ enters
# every $y_{ij}$ of its row, with the factor $w_{kj}$, and $w_{kj}$ enters
# every $y_{ij}$ of its column, with the factor $x_{ik}$. So
#
# $$ dx_{ik} = \sum_j dy_{ij} w_{kj}, \qquad
#    dw_{kj} = \sum_i x_{ik}\, dy_{ij}, $$
#
# or $dx = dy\,w'$ and $dw = x'\,dy$. The shapes, which all differ here, fit
# together in no other way, which makes this easy to remember.

# %%
y, pullback = ops.linear(x, w)
dy = rng.standard_normal(y.shape)
dx, dw = pullback(dy)
print("x", x.shape, " w", w.shape, " y", y.shape)
assert np.allclose(dx, dy @ w.T, rtol=0, atol=1e-14)
assert np.allclose(dw, x.T @ dy, rtol=0, atol=1e-14)
v = rng.standard_normal(x.shape)  # the op is linear in x, so Jv = vw
forward, back = np.sum(dy * (v @ w)), np.sum(dx * v)
print(f"<dy, Jv> = {forward:.12f}\n<J'dy, v> = {back:.12f}")
assert abs(forward - back) < 1e-13

# %% [markdown]
# ## Batch normalization, line by line
#
# Now one channel, a column $z$ of $N$ numbers. Every output depends on every
# input of the batch, because the mean and the variance do. So we go slowly,
# one small step a line. Write $\langle z\rangle$ for the mean over the batch.
#
# $$ \mu = \langle z\rangle, \quad c = z - \mu, \quad
#    s = \langle c^2\rangle, \quad r = \frac{1}{\sqrt{s + \epsilon}}, \quad
#    y = c\,r. $$

# %%
z = rng.standard_normal((6, 2))
eps = 1e-5
mu = z.mean(axis=0)
c = z - mu
s = (c**2).mean(axis=0)
r = 1 / np.sqrt(s + eps)
y = c * r
assert np.allclose(y, ops.batch_norm(z, eps=eps)[0], rtol=0, atol=1e-14)

# %% [markdown]
# Backwards we read the lines from the last to the first, and ask of each
# name through which lines it enters the loss. Where there is more than one,
# the contributions add up.
#
# * $y = c\,r$: here $c_i$ enters $y_i$ alone, so $dc_i = r\,dy_i$ to begin
#   with, whereas the one number $r$ enters every sample, so
#   $dr = \sum_i c_i\,dy_i$.
# * $r = (s + \epsilon)^{-1/2}$: $ds = -\tfrac12 r^3\,dr$.
# * $s = \frac1N\sum_i c_i^2$: a second line with $c_i$, so we *add*
#   $\tfrac2N c_i\,ds$ to $dc_i$.
# * $c_i = z_i - \mu$: $dz_i = dc_i$ to begin with, and $d\mu = -\sum_i dc_i$.
# * $\mu = \frac1N\sum_i z_i$: a second line with $z_i$: add $\tfrac1N d\mu$.

# %%
dy = rng.standard_normal(y.shape)
dc = r * dy
dr = (c * dy).sum(axis=0)
ds = -(r**3) * dr / 2
dc = dc + 2 * c * ds / len(z)
dmu = -dc.sum(axis=0)
dz = dc + dmu / len(z)
ours = ops.batch_norm(z, eps=eps)[1](dy)
assert np.allclose(dz, ours, rtol=0, atol=1e-14)

# %% [markdown]
# **Try it now.** After the normalization the network scales and shifts,
# $\gamma y + \beta$, with two numbers a channel that are trained too. (These
# are the network's $\gamma$ and $\beta$, not a momentum and not Adam's.) What
# are $d\gamma$, $d\beta$ and the gradient that goes on to $y$?
#
# <details><summary>Answer</summary>
#
# $\gamma$ and $\beta$ enter every sample, so
# $d\gamma = \sum_i y_i\,dy_i$ and $d\beta = \sum_i dy_i$, where $dy$ is the
# gradient with respect to the scaled output. What goes on is $\gamma\,dy_i$.
# In the same way the bias $b$ of a layer $xw + b$ gets $db = \sum_i dy_i$.
#
# </details>

# %%
gamma, beta, b = rng.standard_normal((3, 2))
dz_scaled, dgamma, dbeta = ops.batch_norm(z, gamma, beta, eps=eps)[1](dy)
assert np.allclose(dgamma, (y * dy).sum(axis=0), rtol=0, atol=1e-14)
assert np.allclose(dbeta, dy.sum(axis=0), rtol=0, atol=1e-14)
on = ops.batch_norm(z, eps=eps)[1](gamma * dy)
assert np.allclose(dz_scaled, on, rtol=0, atol=1e-14)
db = ops.linear(x, w, b)[1](dy)[2]
assert np.allclose(db, dy.sum(axis=0), rtol=0, atol=1e-14)

# %% [markdown]
# ## The same in one line
#
# Substitute. By the first three lines, and with $c\,r = y$, we have
# $\tfrac2N c_i\,ds = -r\,y_i\,\langle y\,dy\rangle$, so that
# $dc = r\,(dy - y\,\langle y\,dy\rangle)$. The last two lines subtract the
# mean, and the mean of $y$ is 0:
#
# $$ dz = r\,\bigl(dy - \langle dy\rangle - y\,\langle y\,dy\rangle\bigr). $$

# %%
short = r * (dy - dy.mean(axis=0) - y * (y * dy).mean(axis=0))
assert np.allclose(short, dz, rtol=0, atol=1e-14)

# %% [markdown]
# Read it as geometry. The batch is *one* vector with $N$ entries. Then
# $\langle dy\rangle$ is the part of $dy$ along $(1, \dots, 1)$, and
# $y\,\langle y\,dy\rangle$ is its part along $y$ (for $\epsilon = 0$, when
# $|y|^2 = N$). The pullback removes both parts and scales the rest by $r$.
# It has to: adding a constant to $z$, or stretching it, changes nothing, so
# the gradient cannot point there.
#
# Or read it as statistics. Plot $dy_i$ against $y_i$, a point for each
# sample. The straight line that fits these points best, by least squares, is
# $\langle dy\rangle + y\,\langle y\,dy\rangle$ (for $\epsilon = 0$ again).
# The pullback subtracts it, and multiplies what is left by $r$. Drag the
# points: when they all lie on one line, nothing is left.
#
# ```{raw} html
# <iframe class="figure" src="figures/pullback.html" loading="lazy"
#   title="The pullback of batch normalization subtracts a line"></iframe>
# ```

# %%
for k in (0, 1):
    line = np.polynomial.Polynomial.fit(y[:, k], dy[:, k], 1)
    left = dy[:, k] - line(y[:, k])
    assert np.allclose(r[k] * left, ours[:, k], rtol=0, atol=1e-4)

# %% [markdown]
# Lesson 2 had a smaller relative. Normalizing a vector, $z \mapsto z/|z|$,
# forgets only the length, so its pullback removes one part: $dz = (dy -
# y\,(y'dy))/|z|$, which is $1/|z|$ times the projection onto the tangent
# plane at $y$. The film shows this pullback in motion, at length 1. Its loss
# is linear in the normalized vector, so the gradient that arrives is the same
# $g$ everywhere; what comes out of the pullback is $h$, and what is removed
# is $(y'g)\,y$.

# %%
a, dn = rng.standard_normal((2, 3))  # a vector, and a gradient after it
n = a / np.linalg.norm(a)
J = np.eye(3) / np.linalg.norm(a)  # the Jacobian, for once: first term
J -= np.outer(a, a) / np.linalg.norm(a) ** 3  # ... and second
by_projection = sphere.project(n, dn) / np.linalg.norm(a)
assert np.allclose(J.T @ dn, by_projection, rtol=0, atol=1e-14)

# %%
scenes.project()

# %% [markdown]
# Now the right angle of lesson 1 is one line. The weights before the
# normalization get $dw = x'dz$, and $z = xw$, so for one neuron
#
# $$ w'dw = (xw)'dz = z'dz = 0, $$
#
# because $z$ is a constant plus a multiple of $y$, and for $\epsilon = 0$
# $dz$ has no part along either.

# %%
z, back_linear = ops.linear(x, w)
y, back_norm = ops.batch_norm(z, eps=0.0)
dz = back_norm(dy)
dw = back_linear(dz)[1]
print("w'dw of each neuron:", (w * dw).sum(axis=0))
assert np.all(abs((w * dw).sum(axis=0)) < 1e-13)
assert np.all(abs(dz.sum(axis=0)) < 1e-13)
assert np.all(abs((y * dz).sum(axis=0)) < 1e-13)

# %% [markdown]
# ## Is it right? Differences
#
# A formula for a gradient is checked by moving the input a little, both
# ways, and looking at what the loss $L$ does:
#
# $$ \langle dx, v\rangle \approx
#    \frac{L(x + tv) - L(x - tv)}{2t}. $$
#
# The difference is off by about $t^2$, and rounding adds about $10^{-16}/t$.
# So if the gradient is right, dividing $t$ by 10 divides the error by 100,
# until rounding takes over. Beside the library's pullback we put one with a
# mistake that many have made: it takes the standard deviation for a constant,
# and forgets the last term. **Guess first:** what does *its* error do as $t$
# falls?


# %%
def forgetful(z):
    y, _ = ops.batch_norm(z)
    r = 1 / np.sqrt(z.var(axis=0) + 1e-5)
    return y, lambda dy: r * (dy - dy.mean(axis=0))


def error(op, z, dy, v, t):
    ahead, behind = (op(z + sign * t * v)[0] for sign in (1, -1))
    found = np.sum(dy * (ahead - behind)) / (2 * t)
    return abs(found - np.sum(op(z)[1](dy) * v))


# %%
z, dy, v = rng.standard_normal((3, 6, 2))
steps = 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-7, 1e-9
right = [error(ops.batch_norm, z, dy, v, t) for t in steps]
wrong = [error(forgetful, z, dy, v, t) for t in steps]
for t, one, other in zip(steps, right, wrong, strict=True):
    print(f"t = {t:.0e}: right {one:.1e}, forgetful {other:.1e}")
for k in (1, 2):
    assert 95 < right[k] / right[k + 1] < 105
assert right[-1] > 10 * min(right)  # rounding
assert min(wrong) > 0.02 and abs(wrong[-1] / wrong[2] - 1) < 1e-3

# %% [markdown]
# With a wrong gradient the error settles at a value of its own, and no $t$
# makes it small.
#
# ## The trap
#
# Many check with the simplest loss there is, the sum of the outputs, so that
# $dy = (1, \dots, 1)$. **Guess first:** does `forgetful` pass?

# %%
ones = np.ones_like(z)
found = error(forgetful, z, ones, v, 1e-5)
print(f"difference and pullback differ by {found:.1e}")
assert found < 1e-9
nothing = error(lambda z: (ops.batch_norm(z)[0], np.zeros_like), z, ones, v,
                1e-5)
assert nothing < 1e-9

# %% [markdown]
# It passes. But what was compared? The outputs of a batch normalization have
# mean 0, whatever comes in, so their sum is *always* 0, and so is its
# gradient: the check has compared nothing with nothing. (Press $dy = 1$ in
# the figure: points of equal height lie on a line.) The second assert
# shows that even a pullback which returns zeros passes it.
#
# The way out is a **random** $dy$, which favours no direction. The checker of
# this project draws one. It compares every entry with a difference, and
# requires the error to fall as $t^2$.

# %%
verdicts = {}
for op in (ops.batch_norm, forgetful):
    try:
        report = gradcheck.check(op, z, rng=np.random.default_rng(1))
        verdicts[op] = f"right, to {report.entries:.0e}"
        slope = report.slope
    except AssertionError as found:
        verdicts[op] = f"wrong: {found}"
    print(op.__name__, verdicts[op], sep=": ")
assert verdicts[ops.batch_norm].startswith("right") and 1.9 < slope < 2.1
assert verdicts[forgetful].startswith("wrong")

# %% [markdown]
# Point it at your own: `gradcheck.check(op, x, w, rng=rng)` for a function
# that returns `(y, pullback)`, and `check_layer` for a layer. Three rules go
# with it. Use float64, because with the seven digits of float32 a difference
# has little room between $t^2$ and rounding. Use sizes that all differ, so
# that no two axes can be exchanged unnoticed. And give $\gamma$ and $\beta$
# random values, because at their usual start, 1 and 0, a pullback that
# forgets $\gamma$ is right:


# %%
def without_gamma(z, gamma, beta):
    y, back = ops.batch_norm(z, gamma, beta)
    dz = ops.batch_norm(z)[1]
    return y, lambda dy: (dz(dy), *back(dy)[1:])


def passes(op, *arrays):
    try:
        return gradcheck.check(op, *arrays, rng=rng).entries < 1e-6
    except AssertionError:
        return False


# %%
assert passes(without_gamma, z, np.ones(2), np.zeros(2))
assert not passes(without_gamma, z, gamma, beta)
assert passes(ops.batch_norm, z, gamma, beta)
layer = nn.Sequential(nn.Linear(3, 2, rng, bias=False), nn.BatchNorm(2))
layer.layers[1].gamma.value = gamma.astype(np.float32)
layer.layers[1].beta.value = beta.astype(np.float32)
report = gradcheck.check_layer(layer, x, rng)
print(f"two layers: largest error of an entry {report.entries:.0e}")
assert report.entries < 1e-6

# %% [markdown]
# ## Summary
#
# * A pullback is the transpose of the Jacobian, written as a function. A
#   network's gradient is the chain of pullbacks, called last first.
# * Linear: $dx = dy\,w'$, $dw = x'\,dy$.
# * Batch normalization: $dz = r\,(dy - \langle dy\rangle - y\,\langle
#   y\,dy\rangle)$. It removes the two directions in which the output does not
#   change (that of $y$ wholly for $\epsilon = 0$).
# * Check with differences in float64, a random $dy$ and several $t$. After a
#   batch normalization the sum of the outputs has gradient 0, so that even a
#   pullback of zeros passes.
#
# ## Exercises
#
# 1. (Easy.) *Mean-only* batch normalization is $y = z - \langle z\rangle$.
#    Find its pullback.


# %% tags=["exercise"]
def back_mean_only(dy):  # (N, n) -> dz (N, n)
    return dy - dy.mean(axis=0)


# %% tags=["check"]
push, ahead = np.random.default_rng(1).standard_normal((2, 6, 2))
found = back_mean_only(push)
assert np.shape(found) == (6, 2), f"dz is (6, 2) as dy, not {np.shape(found)}"
moved = np.sum(back_mean_only(np.ones((6, 2))) ** 2)
assert moved < 1e-20, "the sum of the outputs is always 0: so must dz be"
J_ahead = ops.mean_only_batch_norm(ahead, np.zeros(2))[0]  # it is linear
forward, back = np.sum(push * J_ahead), np.sum(found * ahead)
assert abs(forward - back) < 1e-12, (
    f"<dy, Jv> is {forward:.4f}, but <dz, v> is {back:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# $dz = dy - \langle dy\rangle$. The map is symmetric: it is its own
# pullback.
#
# </details>
#
# 2. (Experiment.) Another mistake: forget $\langle dy\rangle$, and keep the
#    last term. Does the sum of the outputs find it? Does the loss
#    $\tfrac12\sum y^2$, whose gradient is $y$, find `forgetful`? Does it find
#    the pullback that returns zeros?
#
# <details><summary>Answer</summary>
#
# The sum finds this one: it gives $r\,(1 - y\,\langle y\rangle) = r$, not 0.
# So a check may find one mistake and miss its neighbour. The sum of squares
# finds `forgetful`, which gives $r\,y$, but if $\epsilon = 0$ it is always
# $N/2$ a channel, so that its gradient is 0 again, and zeros pass. Before you
# trust a check, plant a mistake and see it fail.
#
# </details>
#
# 3. (Harder.) With $\epsilon > 0$ the gradient is not quite at a right angle
#    to $w$. Use the formula for $dz$ to find $w'dw$.
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
# These cells check the answers.


# %%
def no_mean(z):
    y, _ = ops.batch_norm(z, eps=0.0)
    return y, lambda dy: (dy - y * (y * dy).mean(axis=0)) / z.std(axis=0)


y, back_norm = ops.batch_norm(z, eps=0.0)
assert np.allclose(no_mean(z)[1](ones), 1 / z.std(axis=0), rtol=1e-12, atol=0)
assert error(no_mean, z, ones, v, 1e-5) > 0.01
assert error(forgetful, z, y, v, 1e-5) > 0.01
assert abs(back_norm(y)).max() < 1e-14

# %%
centred, back = ops.mean_only_batch_norm(z, np.zeros(2))
assert np.allclose(centred, z - z.mean(axis=0), rtol=0, atol=1e-14)
assert np.allclose(back(dy)[0], dy - dy.mean(axis=0), rtol=0, atol=1e-14)
z, back_linear = ops.linear(x, w)
y, back_norm = ops.batch_norm(z, eps=0.1)
leans = (w * back_linear(back_norm(dy))[1]).sum(axis=0)
formula = 0.1 / (z.var(axis=0) + 0.1) * (y * dy).sum(axis=0)
assert np.allclose(leans, formula, rtol=1e-10, atol=0)

# %% [markdown]
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
