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
# and then a single learning rate seldom suits both. *Adam* keeps two running
# averages for every coordinate $i$: $m_i$ of the gradient, which is a
# momentum, and $v_i$ of its square. It divides one by the root of the other:
#
# $$ m_i \leftarrow \beta_1 m_i + (1 - \beta_1)\, g_i, \qquad
#    v_i \leftarrow \beta_2 v_i + (1 - \beta_2)\, g_i^2, $$
#
# $$ d_i = -\eta_t\, \frac{m_i}{\sqrt{v_i + \epsilon}}, \qquad
#    w_i \leftarrow w_i + d_i. $$
#
# If the gradient is 1000 times as large, so are $m$ and the root of $v$, and
# the step stays the same. The small number $\epsilon$ avoids a division by
# zero. It stands where the authors have it in their code, not where textbooks
# have it; a section below shows what that changes. The factor $\eta_t = \eta
# \sqrt{1 - \beta_2^t}\,/\,(1 - \beta_1^t)$ is the learning rate $\eta$,
# corrected because both averages begin at 0 and are therefore too small in
# the first steps $t = 1, 2, \dots$ (The $\beta$s are Adam's own; batch
# normalization's $\beta$ does not occur on this page.)
#
# ## What goes wrong on a sphere
#
# **Guess first:** take the gradient $h$ on the sphere, and divide each entry
# by the root of its own average. What is the result in the first step, and is
# it still tangent?

# %%
h = sphere.project(y, loss(y)[1])
divided = h / np.sqrt(h**2)
print("h      ", h, f"   y'h       {y @ h:.5f}")
print("divided", divided, f"   y'divided {y @ divided:.5f}")
assert np.array_equal(divided, np.sign(h))
assert abs(y @ h) < 1e-14 and abs(y @ divided) > 0.1

# %% [markdown]
# It is the *sign* of every entry, and three things are wrong with it.
#
# * It is not tangent, because dividing the entries by different numbers turns
#   the vector.
# * $v$ cannot be carried along: a list of squares is not a tangent vector,
#   so there is no parallel transport for it.
# * It depends on the axes. The sphere is round, and no axis is special, but
#   the entries of $h$, and with them the step, change with the axes.
#
# ## One number per weight vector
#
# Cho and Lee's answer is short. A weight vector is one point, so it gets
# **one** $v$, the average of the squared *length* of the gradient:
#
# $$ v \leftarrow \beta_2\, v + (1 - \beta_2)\, h'h. $$
#
# All three complaints are met: $m/\sqrt{v + \epsilon}$ is $m$ times a number
# and therefore tangent if $m$ is, a number needs no transport, and a length
# does not depend on the axes. The rest is as in lesson 5:
#
# | Adam, in flat space | Adam-G, on the sphere |
# |---|---|
# | the gradient $g$ | its tangent part $h$ |
# | $m = \beta_1 \tau + (1 - \beta_1)\, g$ | the same with $h$ |
# | $g_i^2$ enters $v_i$, one per coordinate | $h'h$ enters one $v$ |
# | $w + d$ | $\exp_y(d)$ |
# | $\tau = m$ | $\tau = \mathrm{pt}_y(m; d)$, $m$ carried along the walk |
#
# ## Again one optimizer
#
# The third row of the table looks like a new rule, but in the library it is
# not. Every geometry has a function `inner`, the inner product of two tangent
# vectors, *one number per point*. On the sphere a point is a whole weight
# vector, a column. In `euclidean`, flat space is seen as many copies of the
# number line, and **a point is one coordinate**. Here are two weight vectors
# of two entries each, and the squares that would enter $v$:

# %%
Y = np.array([[0.8, 1.0], [-0.6, 0.0]])  # two points, in columns
H = np.array([[3.0, 0.0], [4.0, 1.0]])  # a tangent vector at each
print("sphere, one per column:", sphere.inner(Y, H, H))
print(f"euclidean, one per entry:\n{euclidean.inner(Y, H, H)}")
assert np.allclose(sphere.inner(Y, H, H), [25, 1], rtol=1e-14, atol=0)
assert np.array_equal(euclidean.inner(Y, H, H), [[9, 0], [16, 1]])

# %% [markdown]
# So one loop is Adam with one geometry, and Adam-G with the other:


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
for geometry, size in ((euclidean, 3), (sphere, 1)):
    w = nn.Parameter(y, geometry)
    optimizer = optim.Adam([w], lr=0.1, beta2=0.99)
    for _ in range(25):
        w.grad = loss(w.value)[1]
        optimizer.step()
    name, v = geometry.__name__.split(".")[-1], optimizer.state[0]["v"]
    print(f"{name:9}", w.value, "numbers in v:", v.size)
    path = adam(geometry, loss, y, 25)
    assert v.size == size and abs(w.value - path[-1]).max() < 1e-13

# %% [markdown]
# ## How far does a step turn a weight?
#
# Work out the first step. All averages hold one gradient, the correction
# undoes the factors $1 - \beta$, and up to $\epsilon$ this leaves $d =
# -\eta\, h/|h|$: it turns the weight vector by $\eta$, however long the
# gradient is. If the gradient stays the same, carried along, so do all later
# steps. The rate of Adam-G is therefore an angle. The default of
# `optim.adam_g`, which we meet below, is 0.05 radians or 2.9 degrees, from
# the authors' code for CIFAR.
#
# **Guess first:** can step 50 turn the weight further than $\eta$?
#
# It can. Step $t$ turns the weight by at most $\eta\,c_t$, where
#
# $$ c_t = \frac{1 - \beta_1}{\sqrt{1 - \beta_2}}\,
#    \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}\,
#    \sqrt{\frac{1 - r^t}{1 - r}}, \qquad r = \beta_1^2/\beta_2 < 1, $$
#
# and a gradient which always points ahead and grows by the factor
# $\beta_2/\beta_1 = 1.1$ at every step gets there. (This is ours.)
#
# <details><summary>Where does the bound come from?</summary>
#
# Let $h_k$ be the gradient of $k$ steps ago, carried here. The averages are
# sums over $k = 0, \dots, t - 1$: $m = (1 - \beta_1)\sum_k \beta_1^k h_k$ and
# $v = (1 - \beta_2)\sum_k \beta_2^k\,|h_k|^2$. The length of $m$ is at most
# $(1 - \beta_1)\sum_k \beta_1^k\,|h_k|$. Split each term into $\sqrt{r^k}$
# times $\sqrt{\beta_2^k}\,|h_k|$. By the Cauchy-Schwarz inequality the square
# of this sum is at most
#
# $$ \sum_k r^k\,\sum_k \beta_2^k\,|h_k|^2
#    = \frac{1 - r^t}{1 - r}\;\frac{v}{1 - \beta_2}, $$
#
# so that $\eta_t\,|m|/\sqrt v$ is at most $\eta\,c_t$. They agree if all
# $h_k$ point ahead and $|h_k|$ is proportional to $(\beta_1/\beta_2)^k$, that
# is, if each gradient is $\beta_2/\beta_1$ times as long as the one before.
#
# </details>


# %%
def bound(t, b1=0.9, b2=0.99):
    r = b1**2 / b2
    start = np.sqrt(1 - b2**t) / (1 - b1**t)
    spread = np.sqrt((1 - r**t) / (1 - r))
    return (1 - b1) / np.sqrt(1 - b2) * start * spread


# %%
def turns(lengths, clip=None):
    w, found = nn.Parameter(np.array([1.0, 0.0, 0.0]), sphere), []
    optimizer = optim.Adam([w], lr=0.05, beta2=0.99, clip=clip)
    for length in lengths:  # of a gradient that always points ahead
        before = w.value
        w.grad = -length * np.cross([0.0, 0.0, 1.0], w.value)
        optimizer.step()
        found.append(sphere.distance(before, w.value))
    return np.array(found)


# %%
steady, growing = turns(np.ones(50)), turns(1.1 ** np.arange(50))
limits = 0.05 * bound(np.arange(1, 201))
print("turn of step 1 and 50, steady ", steady[[0, 49]])
print("turn of step 1 and 50, growing", growing[[0, 49]])
print("c_1, c_50, c_1000:", np.array([bound(1), bound(50), bound(1000)]))
assert np.allclose(steady, 0.05, rtol=1e-4, atol=0)
assert abs(growing[49] / limits[49] - 1) < 1e-4
assert abs(bound(50) - 1.48) < 0.005
assert abs(bound(np.arange(1, 5000)).max() - 2.345) < 5e-4
for lengths in np.exp(rng.standard_normal((20, 200))):
    assert np.all(turns(lengths) <= limits)

# %% [markdown]
# So with $\beta_1 = 0.9$ and $\beta_2 = 0.99$ step 50 can turn a weight by
# 1.48 $\eta$, and a late step by 2.35 $\eta$, 0.117 radians at the default
# rate. Less is always possible: where the gradients disagree, they cancel in
# $m$ but not in $v$, and the step shrinks.
#
# ## Why clip what is divided by its own length?
#
# For a network there is `optim.adam_g`: Adam-G for the weights on the sphere,
# and for all others an SGD with a rate of its own, as in `optim.sgd_g`. It
# clips gradients to $\nu = 0.1$, as the authors' code does. **Guess first:**
# what for? At such rates no step of Adam-G can wrap around the sphere, as we
# have seen.
#
# The point is that a gradient is *not* divided by its own length, but by an
# average that remembers: $v$ forgets with $\beta_2 = 0.99$, so its root
# forgets half of what it holds in about 138 steps. Let all gradients have
# length 0.01, except one, which is a thousand times as long:

# %%
lengths = np.full(600, 0.01)
lengths[50] = 10.0
print("step               50      51      61     101     201     600")
for nu in (None, 0.1):
    found = turns(lengths, clip=nu)
    print(f"clip {nu!s:5} turns", found[[49, 50, 60, 100, 200, 599]])
    assert found[50:].max() < 0.052
    if nu is None:  # it stands nearly still, for hundreds of steps
        assert found[200] < 0.05 / 40 and found[599] < 0.05 / 5
        assert np.isclose(found[538] / found[400], 2, rtol=0.02, atol=0)
    else:
        assert found[50:].min() > 0.05 / 2

# %%
equal = turns(1.1 ** np.arange(50), clip=0.1)
assert np.allclose(equal, 0.05, rtol=1e-4, atol=0)

# %% [markdown]
# The loud gradient does no harm in its own step. It makes the *later* steps
# tiny, because everything is measured against it. Clipped, it is ten times as
# long as the others instead of a thousand times, and is soon forgotten.
# Gradients that are all longer than $\nu$ become equally long, so that
# growing ones turn a weight no more than steady ones. (The reason is ours; we
# do not know if it was the authors'.)
#
# ## Where does eps stand?
#
# Kingma and Ba, who invented Adam, add their $\epsilon$ of $10^{-8}$
# *outside* the root of the *corrected* average: $d = -\eta\,\hat
# m/(\sqrt{\hat v} + \epsilon)$ with $\hat m = m/(1 - \beta_1^t)$ and $\hat v
# = v/(1 - \beta_2^t)$. Cho and Lee add theirs to the raw $v$ *inside*, and
# the library follows them. The same number is far larger there, since its
# root is $10^{-4}$:


# %%
def textbook(length, eta=0.05, b1=0.9, b2=0.99, eps=1e-8):
    m, v = (1 - b1) * length, (1 - b2) * length**2
    return eta * m / (1 - b1) / (np.sqrt(v / (1 - b2)) + eps)


print("|h|       first step  textbook")
for length in (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 10.0):
    turn = turns([length])[0]
    print(f"{length:<9g} {turn:.5f}     {textbook(length):.5f}")
    by_formula = 0.05 / np.sqrt(1 + 1e-8 / (0.01 * length**2))
    assert abs(turn / by_formula - 1) < 1e-9
    assert abs(textbook(length) / 0.05 - 1) < 0.0011
late = turns(np.full(1500, 1e-4))[-1] * np.sqrt(2) / 0.05
assert abs(late - 1) < 1e-3 and textbook(1e-8) < 0.05 / 1.99

# %% [markdown]
# In the first step $v$ is $0.01\,h'h$, so at $|h| = 10^{-3}$ it equals
# $\epsilon$, and the step is $1/\sqrt 2$ of $\eta$. Later $v$ approaches
# $h'h$, and the border moves to $10^{-4}$. So "however long the gradient is"
# holds far above that, and below it the steps of Adam-G shrink with the
# gradient, whereas the textbook's shrink only near $10^{-8}$. Whoever
# compares `optim.Adam` with another library should know this.
#
# ## Turn the axes
#
# Let $Q$ be an orthogonal matrix, and look at the same problem in the
# coordinates $Qw$. The loss is the same, and so are all angles. A method that
# respects the sphere must take the same path, turned by $Q$.
# **Guess first:** which of Adam-G and Adam does?

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
    assert gap < 1e-6 if geometry is sphere else abs(gap - 14) < 0.5

# %% [markdown]
# Adam-G does, up to rounding: it is **equivariant** under rotations and
# reflections. Adam takes another path, up to 14 degrees away, because its
# step depends on where the axes are.

# %%
scenes.adam()

# %% [markdown]
# Now turn the coordinates yourself, here about the third axis. At 90 degrees
# two axes have only changed places, and one its sign, and Adam is back on its
# first path.
#
# ```{raw} html
# <iframe class="figure" src="figures/axes.html" loading="lazy"
#   title="Adam and Adam-G, while the coordinates turn"></iframe>
# ```

# %% [markdown]
# Is that good? It is a property, not a promise. If the axes mean something,
# for example if some inputs are nearly always zero, a step size for each of
# them can help. Adam-G gives up this freedom within weight vectors and keeps
# it between them, since each unit has its own $v$. What it is worth on real
# data is a question for [lesson 9](09_training_on_real_images.py).
#
# ## Summary
#
# * Adam divides every coordinate by the root of the average of its squares.
#   On a sphere the result is not tangent, and depends on the axes.
# * Adam-G keeps one average of $h'h$ per weight vector, and divides the whole
#   vector by its root. In the library both are `optim.Adam`: the rule for $v$
#   differs only in `inner`, one number per point, and in what a point is.
# * The rate of Adam-G is an angle: a steady gradient well above $10^{-3}$
#   turns the weight by $\eta$ a step, and no step turns it by more than 2.35
#   $\eta$ with these $\beta$s. Clipping keeps one loud gradient from slowing
#   the steps after it.
# * Turn the axes, and Adam-G's path turns with them.
#
# ## Exercises
#
# 1. (Easy.) How long is the first step of plain Adam, if $n$ coordinates have
#    a gradient that is not zero?


# %% tags=["exercise"]
def first_length(n, eta):
    return eta * np.sqrt(n)


# %% tags=["check"]
for n, eta in ((1, 0.1), (4, 0.1), (100, 0.02)):
    w = nn.Parameter(np.zeros(n))
    w.grad = np.linspace(1.0, 2.0, n)
    optim.Adam([w], lr=eta).step()
    said, measured = first_length(n, eta), np.linalg.norm(w.value)
    assert np.ndim(said) == 0, "a length is one number"
    assert abs(said / measured - 1) < 0.01, (
        f"n = {n}, eta = {eta}: you say {said:.3f}, it is {measured:.3f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Each coordinate moves by $\eta$, so the step has length $\eta\sqrt{n}$. A
# weight vector with 100 inputs moves ten times as far as one number alone.
#
# </details>
#
# 2. (Experiment.) Multiply the loss by 1000. What changes in the path of
#    Adam-G, and what in that of SGD-G without clipping?
#
# <details><summary>Answer</summary>
#
# In Adam-G next to nothing: $m$ and $\sqrt v$ are both 1000 times as large,
# only $\epsilon$ is not. The first step of SGD-G is 1000 times as long, and
# wraps around the sphere.
#
# </details>
#
# 3. (Harder.) With two inputs the sphere is a circle,
#    $y = (\cos\theta, \sin\theta)$. What is Adam-G, as a rule for $\theta$?
#
# <details><summary>Answer</summary>
#
# Plain Adam for the number $\theta$. There is one direction to move in, so
# $h$ is one number times $(-\sin\theta, \cos\theta)$. That number is the
# derivative with respect to $\theta$, and transport keeps it. On the circle
# there is one coordinate per point, and the two methods meet.
#
# </details>
#
# These cells check the answers.

# %%
w = nn.Parameter(np.zeros(100))
w.grad = rng.standard_normal(100)
optim.Adam([w], lr=0.1).step()
assert abs(np.linalg.norm(w.value) - 0.1 * 10) < 1e-3


def louder(w):
    value, gradient = loss(w)
    return 1000 * value, 1000 * gradient


paths = [adam(sphere, one, y, 25) for one in (loss, louder)]
assert abs(paths[0] - paths[1]).max() < 1e-5
first_sgd_step = 0.3 * np.linalg.norm(louder(y)[1])
print(f"first step of SGD-G: {first_sgd_step:.0f} radians")
assert first_sgd_step > 2 * np.pi


# %%
def on_circle(w):  # the loss 1 - c'w with c = (0.6, 0.8)
    return 0.0, np.array([-0.6, -0.8])


def of_angle(theta):  # its derivative with respect to theta
    return 0.0, 0.6 * np.sin(theta) - 0.8 * np.cos(theta)


start = np.array([2.0])
points = adam(sphere, on_circle, np.array([np.cos(2), np.sin(2)]), 30)
angles = adam(euclidean, of_angle, start, 30)[:, 0]
assert np.allclose(points.T, [np.cos(angles), np.sin(angles)], 0, 1e-12)

# %% [markdown]
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017: the
#   paper's Adam-G.
# * Kingma and Ba, *Adam: a method for stochastic optimization*, 2015,
#   Algorithm 1.
# * Bécigneul and Ganea, *Riemannian adaptive optimization methods*, 2019: the
#   same idea on products of manifolds, with proofs of convergence.
# * In this project: `grassmann_np/optim/adam.py`,
#   `grassmann_np/optim/groups.py`, `viz/scenes/adam.py`.
