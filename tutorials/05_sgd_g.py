# %% [markdown]
# # 5. SGD-G
#
# **Question.** What is gradient descent with momentum, when the weights are
# points of a sphere?
#
# You need lessons [2](02_the_space_of_directions.py),
# [3](03_walking_straight.py) and [4](04_carrying_a_vector.py): the gradient
# on the sphere, `exp`, and parallel transport.

# %%
import numpy as np

from grassmann_np import data, nn, ops, optim
from grassmann_np.geometry import euclidean, sphere
from viz import losses, scenes

np.set_printoptions(precision=5, suppress=True, floatmode="fixed")
rng = np.random.default_rng(0)
loss = losses.neuron(rng)  # lesson 2: gives value and gradient
y = sphere.random_point((3,), rng)

# %% [markdown]
# ## Momentum, in flat space
#
# *Stochastic gradient descent*, SGD, takes a step against the gradient $g$
# of a batch, with the learning rate $\eta$. With **momentum** it also repeats
# a part $\gamma$ of its last step $\tau$, as a heavy ball would. Steps that
# agree add up, steps that do not cancel. With $d$ for the new step,
#
# $$ d = \gamma\,\tau - \eta\, g, \qquad w \leftarrow w + d, \qquad
#    \tau \leftarrow d. $$
#
# (Lessons 1 and 2 had another $\gamma$, the scale after batch normalization.
# Both names are customary. In this lesson $\gamma$ is the momentum.)
#
# ## The same on the sphere
#
# Every symbol has its counterpart, from the last three lessons:
#
# | in flat space | on the sphere | lesson |
# |---|---|---|
# | the gradient $g$ | its tangent part $h = g - (y'g)\,y$ | 2 |
# | the step $d = \gamma\,\tau - \eta\, g$ | $d = \gamma\,\tau - \eta\, h$ | |
# | go there, $w + d$ | walk there, $\exp_y(d)$ | 3 |
# | keep the step, $d$ | carry the step along, $\mathrm{pt}_y(d; d)$ | 4 |
#
# The step $d$ is a sum of tangent vectors at $y$, so it is tangent. Carried
# to the new point, it is tangent *there*, and can be added to the next
# gradient. That is **SGD-G**, Algorithm 1 of the paper (but for clipping,
# below). The film shows one step of it, drawn large, with all its vectors.

# %%
scenes.step()

# %% [markdown]
# ## One optimizer, two geometries
#
# The table has two columns, but one shape. A *geometry*, in this library, is
# a module that has the functions `project`, `exp`, `transport`, `move` and a
# few more. `sphere` is one. `euclidean` is another, where nothing is curved:

# %%
a, b = rng.standard_normal((2, 3))
assert np.array_equal(euclidean.project(y, a), a)  # all is tangent
assert np.array_equal(euclidean.exp(y, a), y + a)  # walking is adding
assert np.array_equal(euclidean.transport(y, a, b), b)  # nothing turns

# %% [markdown]
# So one loop is enough for both. The first line in it divides $y$ by its
# length. On the sphere $y$ has length 1 already, up to rounding; without that
# line, the rounding of thousands of steps would add up. In `euclidean` it
# does nothing.


# %%
def sgd(geometry, y, steps, eta=0.3, gamma=0.9):
    tau, path = np.zeros_like(y), [y]
    for _ in range(steps):
        y = geometry.normalize(y)
        h = geometry.project(y, loss(y)[1])
        d = gamma * tau - eta * h
        y, tau = geometry.move(y, d, d)  # exp and transport, in one go
        path.append(y)
    return np.array(path)


# %% [markdown]
# The library's optimizer is this loop, with checks. It works on
# *parameters*. A parameter has a value, a gradient, and the geometry in
# which it lives:

# %%
for geometry in (euclidean, sphere):
    w = nn.Parameter(y, geometry)
    optimizer = optim.SGD([w], lr=0.3, momentum=0.9)
    for _ in range(25):
        w.grad = loss(w.value)[1]
        optimizer.step()
    print(f"{geometry.__name__.split('.')[-1]:9}", w.value)
    assert np.allclose(w.value, sgd(geometry, y, 25)[-1])

# %% [markdown]
# With `euclidean` it is the SGD that everybody uses, with `sphere` it is
# SGD-G. There is no `if` in it.
#
# What is gained? Lesson 1: a network that forgets the length of $w$ learns
# slowly if $w$ is long. We start SGD in the same direction with three
# lengths, and SGD-G in that direction:

# %%
least = loss(sgd(sphere, y, 2000)[-1])[0]
print("loss above its least, after 0, 20, ..., 80 steps; |w| then")
for length in (0.5, 2.0, 8.0):
    path = sgd(euclidean, length * y, 80)
    print(f"SGD {length} w", (loss(path.T)[0] - least)[::20],
          np.linalg.norm(path[-1]).round(2))
values = loss(sgd(sphere, y, 80).T)[0] - least
print("SGD-G    ", values[::20])
assert values[-1] < 1e-3 * values[0]

# %% [markdown]
# A long vector settles late. A short one is thrown far by its first steps, so
# that it is a long one from then on. SGD-G has one line, since there is
# nothing to choose. That does not make it faster than SGD at *every* length.
# It removes a setting that nobody had set on purpose.
#
# ## What momentum does alone
#
# Give one push, and then no gradient at all. In flat space a ball with
# $\gamma = 1$ rolls on for ever, in a straight line. On the sphere it goes
# round a great circle and comes back. With $\gamma < 1$ each step is
# $\gamma$ times the one before; so it coasts, and the steps add up to
#
# $$ |d|\,(1 + \gamma + \gamma^2 + \dots) = \frac{|d|}{1 - \gamma}. $$


# %%
def coast(gamma, push, steps):
    w = nn.Parameter(y, sphere)
    optimizer = optim.SGD([w], lr=1.0, momentum=gamma)
    for k in range(steps):
        w.grad = -push if k == 0 else np.zeros(3)
        optimizer.step()
    return w.value


# %%
u = sphere.normalize(sphere.random_tangent(y, rng))
once_round = coast(1.0, 2 * np.pi / 20 * u, steps=20)
print(f"gamma 1, 20 steps: {sphere.distance(y, once_round):.0e} from y")
stopped = coast(0.9, 0.2 * u, steps=400)
print(f"gamma 0.9: it stops {sphere.distance(y, stopped):.6f} from y")
assert np.allclose(once_round, y)
assert np.allclose(stopped, sphere.exp(y, 0.2 / (1 - 0.9) * u))

# %% [markdown]
# In the film: left, momentum with gradients; right, the same first step
# left alone.

# %%
scenes.momentum()

# %% [markdown]
# ## Clipping
#
# On the sphere there is a danger that flat space does not have. A step that
# is too long leads *back*: $\exp_y(2\pi u) = y$. The gradient of a
# batch-normalized neuron has no upper bound; a unit whose inputs hardly vary
# has a huge one. With the paper's learning rate 0.2, a gradient of length 32
# makes a step of 6.4 radians, once round and a little further. To an
# onlooker, almost nothing happened.
#
# The remedy is **norm clipping**: a gradient longer than $\nu$ is shortened
# to $\nu$, before it enters the step. The paper takes $\nu = 0.1$.

# %%
h = 32.0 * u
clipped = optim.clip_norm(sphere, y, h, 0.1)
print("length after clipping", np.linalg.norm(clipped).round(12))
for name, gradient in (("clipped", clipped), ("not clipped", h)):
    step = -0.2 * gradient
    away = sphere.distance(y, sphere.exp(y, step))
    print(f"{name:11}: walked {np.linalg.norm(step):.3f} radians, "
          f"{away:.3f} away from y")
assert np.isclose(away, 6.4 - 2 * np.pi)

# %%
scenes.clip()

# %% [markdown]
# Clipping also bounds the speed. Every gradient adds at most $\eta\nu$ to
# the step, and the older ones have faded by $\gamma, \gamma^2, \dots$. So by
# the sum above, **no step turns a weight by more than** $\eta\nu/(1 -
# \gamma)$. With the paper's numbers, 0.2, 0.1 and 0.9, that is 0.2 radians,
# or 11.5 degrees. (This bound is our remark; it is checked below.)
#
# To come near it, all gradients must agree. We let a strong wind blow along
# the equator, always ahead:

# %%
w = nn.Parameter(np.array([1.0, 0.0, 0.0]), sphere)
optimizer = optim.SGD([w], lr=0.2, momentum=0.9, clip=0.1)
turns = []
for _ in range(60):
    before = w.value
    w.grad = -1000 * np.cross([0.0, 0.0, 1.0], w.value)
    optimizer.step()
    turns.append(sphere.distance(before, w.value))
print("turned by", np.array(turns[::10]))
assert max(turns) < 0.2 and turns[-1] > 0.199

# %% [markdown]
# ## A whole network
#
# A layer is a matrix with a weight vector in every column (lesson 2). All of
# the above is done to each column, as if it were alone:

# %%
W = sphere.random_point((3, 4), rng)  # four points
together = sgd(sphere, W, 10)[-1]
alone = [sgd(sphere, w, 10)[-1] for w in W.T]
assert np.allclose(together.T, alone)

# %% [markdown]
# In a network only the weights that feed a batch normalization are points of
# a sphere. `nn.on_sphere` finds them, divides their columns by their
# lengths, and notes their geometry. `optim.sgd_g` moves those with SGD-G,
# and all others with plain SGD. (It also keeps the columns apart: lesson 10.)
# Here is one pass through small real images of digits, in batches of 128. The
# network has 64 inputs, 32 units with batch normalization, and 10 outputs,
# the *logits*: a score for every digit. The loss, *cross entropy*, is minus
# the logarithm of the probability that they give to the right digit. Who
# guesses gives it 1/10.

# %%
digits = data.digits()
images, labels = digits.x_train, digits.y_train
model = nn.mlp([64, 32, 10], rng)
chosen = nn.on_sphere(model)
optimizer = optim.sgd_g(model)
for batch in data.batches(len(labels), 128, rng):
    logits, pullback = model(images[batch])
    value, dlogits = ops.cross_entropy(logits, labels[batch])
    pullback(dlogits())  # fills .grad of every parameter (lesson 7)
    optimizer.step()

# %% [markdown]
# A name below is the place of a layer in the network, counted from 0, and
# what it holds: `0` flattens the image, `1.w` are the weights in front of the
# batch normalization `2`, which has the *other* gamma, and beta; `3` is a
# ReLU, and `4` gives the logits. Networks compute in float32, with 7 digits.

# %%
print("on the sphere:", [p.name for p in chosen], "of",
      [p.name for p in model.parameters()])
lengths = np.linalg.norm(chosen[0].value, axis=0)
print("lengths of its columns:", lengths.min(), "to", lengths.max())
print(f"loss of the last batch: {value:.3f}, guessing: {np.log(10):.3f}")
assert np.allclose(lengths, 1, atol=1e-5)

# %% [markdown]
# Does it learn better than plain SGD? That needs many runs and an honest
# comparison: [lesson 9](09_training_on_real_images.py).
#
# ## Summary
#
# * SGD-G is SGD with momentum, word for word: project the gradient, add the
#   momentum, walk along the geodesic, carry the step with you.
# * In the library it is one class, `optim.SGD`. The geometry of a parameter
#   decides what a step is.
# * Momentum alone goes round a great circle, or coasts for $|d|/(1-\gamma)$.
# * A step that is too long comes back from behind. With clipping, no step is
#   longer than $\eta\nu/(1-\gamma)$.
#
# ## Exercises
#
# 1. Set $\gamma = 0$. Write one step of SGD-G as a single expression.
#
# <details><summary>Answer</summary>
#
# `sphere.exp(y, -eta * sphere.project(y, g))`. It equals
# `sgd(sphere, y, 1, eta, 0.0)[-1]`, with `g = loss(y)[1]`.
#
# </details>
#
# 2. Which learning rate makes an unclipped first step end where it began?
#
# <details><summary>Answer</summary>
#
# $\eta = 2\pi/|h|$. Try it: with `h = sphere.project(y, loss(y)[1])`,
# `sphere.exp(y, -2 * np.pi / np.linalg.norm(h) * h)` is `y`.
#
# </details>
#
# 3. Suppose that the momentum is projected onto the new tangent plane, not
#    transported. A push of 0.2 radians with $\gamma = 0.9$ coasts for 2
#    radians. How far would it coast then?
#
# <details><summary>Answer</summary>
#
# 1.88 radians. Every step is then $\gamma\cos|d|$ times the one before:
# start with `d, s = 0.2, 0.0`, and repeat `s += d; d *= 0.9 * np.cos(d)`.
#
# </details>
#
# 4. SGD in flat space can be clipped too. Does the bound hold there? What
#    does it say about the *direction* of $w$?
#
# <details><summary>Answer</summary>
#
# A step is no longer than $\eta\nu/(1-\gamma)$ there too. But it turns a
# weight vector of length 0.01 much more than one of length 100. The bound is
# an angle only on the sphere.
#
# </details>
#
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017,
#   Algorithm 1.
# * Goh, *Why momentum really works*, 2017: momentum in flat space, in
#   pictures one can play with.
# * Bonnabel, *Stochastic gradient descent on Riemannian manifolds*, 2013:
#   when such walks converge.
# * In this project: `grassmann_np/optim/sgd.py`,
#   `grassmann_np/optim/optimizer.py`, `grassmann_np/nn/invariant.py`.
