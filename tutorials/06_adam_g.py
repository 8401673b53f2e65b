# %% [markdown]
# # 6. Adam-G
#
# **Question.** Adam gives every coordinate a step size of its own. What are
# the coordinates of a direction?
#
# You need [lesson 5](05_sgd_g.py): SGD with momentum, on any geometry.

# %%
import numpy as np

from grassmann_np import nn, optim
from grassmann_np.geometry import euclidean, sphere
from viz import losses, scenes

np.set_printoptions(precision=5, suppress=True, floatmode="fixed")
rng = np.random.default_rng(0)
loss = losses.neuron(rng)  # lesson 2: gives value and gradient
y = sphere.random_point((3,), rng)

# %% [markdown]
# ## Adam, in flat space
#
# Gradients may be a thousand times larger for one weight than for another,
# and no single learning rate suits both. *Adam* keeps two running averages
# for every coordinate $i$: $m_i$ of the gradient, which is a momentum, and
# $v_i$ of its square. It divides one by the root of the other:
#
# $$ m_i \leftarrow \beta_1 m_i + (1 - \beta_1)\, g_i, \qquad
#    v_i \leftarrow \beta_2 v_i + (1 - \beta_2)\, g_i^2, $$
#
# $$ d_i = -\eta_t\, \frac{m_i}{\sqrt{v_i + \epsilon}}, \qquad
#    w_i \leftarrow w_i + d_i. $$
#
# If the gradient is 1000 times as large, so are $m$ and the root of $v$, and
# the step is the same. A tiny $\epsilon$ avoids a division by 0. The factor
# $\eta_t = \eta \sqrt{1 - \beta_2^t}\,/\,(1 - \beta_1^t)$ is the learning
# rate $\eta$, corrected for the start: both averages begin at 0, and are too
# small in the first steps $t = 1, 2, \dots$
#
# ## What goes wrong on a sphere
#
# Take the gradient $h$ on the sphere, and divide each entry by the root of
# its own average, as Adam does. In the first step the result is the *sign*
# of every entry:

# %%
h = sphere.project(y, loss(y)[1])
divided = h / np.sqrt(h**2)
print("h      ", h, f"   y'h       {y @ h:.5f}")
print("divided", divided, f"   y'divided {y @ divided:.5f}")
assert abs(y @ h) < 1e-14 and abs(y @ divided) > 0.1

# %% [markdown]
# Three things are wrong.
#
# * The result is not tangent. It was tangent before; dividing its entries by
#   different numbers turned it out of the plane.
# * $v$ cannot be carried along. A list of squares is not a tangent vector,
#   and there is no parallel transport for it.
# * It depends on the axes. The sphere is round: no axis is special. But the
#   entries of $h$, and with them the step, change with the axes.
#
# ## One number per weight vector
#
# Cho and Lee's answer is short. A weight vector is one point, so it gets
# **one** $v$, the average of the squared *length* of the gradient:
#
# $$ v \leftarrow \beta_2\, v + (1 - \beta_2)\, h'h. $$
#
# Now $m/\sqrt{v + \epsilon}$ is $m$ times a number. It is tangent if $m$ is.
# A number needs no transport. And a length does not depend on the axes. The
# rest is as in lesson 5:
#
# | Adam, in flat space | Adam-G, on the sphere |
# |---|---|
# | the gradient $g$ | its tangent part $h$ |
# | $m = \beta_1 \tau + (1 - \beta_1)\, g$ | the same with $h$ |
# | $g_i^2$ enters $v_i$, one per coordinate | $h'h$ enters $v$, one in all |
# | $w + d$ | $\exp_y(d)$ |
# | $\tau = m$ | $\tau = \mathrm{pt}_y(m; d)$, $m$ carried along the walk |
#
# ## Again one optimizer
#
# The third line of the table looks like a new rule. In the library it is
# not. Every geometry has a function `inner`, the inner product of two
# tangent vectors, *one number per point*. On the sphere a point is a whole
# weight vector. In `euclidean`, flat space is seen as $n$ copies of the
# number line: there **a point is one coordinate**.

# %%
print("sphere    ", sphere.inner(y, h, h).round(5))
print("euclidean ", euclidean.inner(y, h, h))
assert np.isclose(sphere.inner(y, h, h), euclidean.inner(y, h, h).sum())

# %% [markdown]
# So the same loop is Adam with one geometry, and Adam-G with the other:


# %%
def adam(geometry, loss, y, steps, eta=0.1, b1=0.9, b2=0.99, eps=1e-8):
    tau, path = np.zeros_like(y), [y]
    v = geometry.inner(y, tau, tau)  # 0, one number per point
    for t in range(1, steps + 1):
        y = geometry.normalize(y)
        h = geometry.project(y, loss(y)[1])
        m = b1 * tau + (1 - b1) * h
        v = b2 * v + (1 - b2) * geometry.inner(y, h, h)
        eta_t = eta * np.sqrt(1 - b2**t) / (1 - b1**t)
        y, tau = geometry.move(y, -eta_t * m / np.sqrt(v + eps), m)
        path.append(y)
    return np.array(path)


# %%
for geometry in (euclidean, sphere):
    w = nn.Parameter(y, geometry)
    optimizer = optim.Adam([w], lr=0.1, beta2=0.99)
    for _ in range(25):
        w.grad = loss(w.value)[1]
        optimizer.step()
    name, v = geometry.__name__.split(".")[-1], optimizer.state[0]["v"]
    print(f"{name:9}", w.value, "numbers in v:", v.size)
    assert np.allclose(w.value, adam(geometry, loss, y, 25)[-1])

# %% [markdown]
# ## The learning rate is an angle
#
# Put the first step together. All averages hold one gradient, and the
# correction for the start undoes the factors $1 - \beta$. What is left is
#
# $$ d = -\eta\, \frac{h}{|h|}. $$
#
# **The first step of Adam-G turns a weight vector by $\eta$**, however long
# the gradient is: 0.05 radians, 2.9 degrees, with the paper's rate. (This is
# our remark; the code checks it, with its small error by $\epsilon$.)

# %%
print("|h|       turned by")
for length in (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 10.0):
    w = nn.Parameter(y, sphere)
    optimizer = optim.Adam([w], lr=0.05, beta2=0.99)
    w.grad = length * sphere.normalize(h)
    optimizer.step()
    turn = sphere.distance(y, w.value)
    print(f"{length:<9g} {turn:.5f}")
    by_formula = 0.05 / np.sqrt(1 + 1e-8 / (0.01 * length**2))
    assert np.isclose(turn, by_formula)

# %% [markdown]
# The $\epsilon$ of $10^{-8}$ is not as tiny as it looks. It stands under the
# root, next to $v$, as in the authors' code. In the first step $v$ is
# $0.01\, h'h$; so at $|h| = 10^{-3}$ both are equal, and the step is
# $1/\sqrt 2$ of $\eta$. Gradients far below that make small steps.
#
# ## Turn the axes
#
# Let $Q$ be a rotation, and look at the same problem in turned coordinates
# $Qw$. The loss is the same, so are all angles. A method that respects the
# sphere must take the same path, turned by $Q$. Does it?

# %%
Q, _ = np.linalg.qr(rng.standard_normal((3, 3)))


def turned_loss(w):
    value, gradient = loss(Q.T @ w)
    return value, Q @ gradient


for name, geometry in (("Adam-G", sphere), ("Adam", euclidean)):
    here = adam(geometry, loss, y, 20)
    there = adam(geometry, turned_loss, Q @ y, 20) @ Q  # turned back
    gap = np.degrees(sphere.distance(here.T, there.T).max())
    print(f"{name:6}: largest gap of the two paths {gap:.1e} degrees")
    assert gap < 1e-6 if geometry is sphere else gap > 1

# %% [markdown]
# Adam-G does, up to rounding. One says that it is **equivariant** under
# rotations. Adam is not: it takes another path, because its step depends on
# where the axes are.

# %%
scenes.adam()

# %% [markdown]
# Is that good? It is a property, not a promise. If the axes mean something,
# for example if some inputs are nearly always zero, a step size for each of
# them can help. Adam-G gives up this freedom within a weight vector, and
# keeps it between them: each unit has its own $v$. What it is worth on real
# data is a question for [lesson 9](09_training_on_real_images.py).
#
# In a network, `optim.adam_g(model)` treats the weights on the sphere with
# Adam-G, and all others with plain SGD, as `optim.sgd_g` does.
#
# ## Summary
#
# * Adam divides every coordinate by its own average. On a sphere the result
#   is not tangent, and depends on the axes.
# * Adam-G keeps one average of $h'h$ per weight vector, and divides the whole
#   vector by its root.
# * In the library both are `optim.Adam`. What differs is `inner`, one number
#   per point, and what a point is.
# * The learning rate of Adam-G is an angle: the first step turns by $\eta$.
# * Turn the axes, and Adam-G's path turns with them.
#
# ## Exercises
#
# 1. How long is the first step of plain Adam, if $n$ coordinates have a
#    gradient that is not zero?
#
# <details><summary>Answer</summary>
#
# Each coordinate moves by $\eta$, so the step has length $\eta\sqrt{n}$. A
# weight vector with 100 inputs moves ten times as far as one number alone.
#
# </details>
#
# 2. Multiply the loss by 1000. What changes in the path of Adam-G, and what
#    in that of SGD-G without clipping?
#
# <details><summary>Answer</summary>
#
# In Adam-G next to nothing: $m$ and $\sqrt v$ are both 1000 times as large,
# only $\epsilon$ is not. The steps of SGD-G are 1000 times as long, and
# wrap around the sphere.
#
# </details>
#
# 3. A convolution has 128 filters of 3 by 3 pixels and 64 channels. How many
#    numbers $v$ do Adam and Adam-G keep for it?
#
# <details><summary>Answer</summary>
#
# Adam keeps one for each of the $3\cdot 3\cdot 64\cdot 128 = 73728$ weights,
# Adam-G one for each of the 128 filters.
#
# </details>
#
# 4. With two inputs the sphere is a circle, $y = (\cos\theta, \sin\theta)$.
#    What is Adam-G, as a rule for $\theta$?
#
# <details><summary>Answer</summary>
#
# Plain Adam for the number $\theta$. There is one way to move, so $h$ is one
# number times $(-\sin\theta, \cos\theta)$. That number is the derivative by
# $\theta$, and transport keeps it. On the circle there is one coordinate per
# point, and the two methods meet.
#
# </details>
#
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017,
#   Algorithm 2.
# * Kingma and Ba, *Adam: a method for stochastic optimization*, 2015.
# * Bécigneul and Ganea, *Riemannian adaptive optimization methods*, 2019: the
#   same idea on products of manifolds, with proofs of convergence.
# * In this project: `grassmann_np/optim/adam.py`,
#   `grassmann_np/optim/groups.py`, `viz/scenes/adam.py`.
