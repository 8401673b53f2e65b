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
# > **Batch.** A handful of training samples, drawn at random, on which one
# > gradient is computed; it stands in for the gradient on all of them.
#
# *Stochastic gradient descent*, SGD, takes a step against the gradient $g$
# of a batch, with the learning rate $\eta$. With **momentum** it also repeats
# a part $\gamma$ of its last step $\tau$, as a heavy ball would, so that
# steps which agree add up and steps which disagree cancel. With $d$ for the
# new step,
#
# $$ d = \gamma\,\tau - \eta\, g, \qquad w \leftarrow w + d, \qquad
#    \tau \leftarrow d. $$
#
# (In lesson 2, $\gamma$ was the scale after a batch normalization. On this
# page it is the momentum's factor; both names are customary.)
#
# **Guess first:** which parts of these three formulas fail to make sense on
# a sphere, and what did the last three lessons put in their place?
#
# ## The same on the sphere
#
# | in flat space | on the sphere | lesson |
# |---|---|---|
# | the gradient $g$ | its tangent part $h = g - (y'g)\,y$ | 2 |
# | the step $d = \gamma\,\tau - \eta\, g$ | $d = \gamma\,\tau - \eta\, h$ | |
# | go there, $w + d$ | walk there, $\exp_y(d)$ | 3 |
# | keep the step, $d$ | carry the step along, $\mathrm{pt}_y(d; d)$ | 4 |
#
# The second row needs nothing new: $d$ is a sum of two tangent vectors at
# $y$, so it is tangent at $y$. The last row is the one that is easily
# forgotten. The old arrow $d$ is not tangent at the new point, whereas the
# carried one is, and can therefore be added to the next gradient:

# %%
d = -0.3 * sphere.project(y, loss(y)[1])
y_next, tau = sphere.move(y, d, d)  # exp and transport, in one go
print(f"at the new y: y'd {y_next @ d:.3f}, y'tau {y_next @ tau:.0e}")
assert abs(y_next @ d) > 0.1 and abs(y_next @ tau) < 1e-14

# %% [markdown]
# This is **SGD-G**, Algorithm 1 of the paper, up to clipping, which comes
# below.
#
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
# So one loop is enough for both. Its first line divides $y$ by its length, so
# rounding cannot push $y$ off the sphere; in `euclidean` it does nothing.


# %%
def sgd(geometry, y, steps, eta=0.3, gamma=0.9):
    tau, path = np.zeros_like(y), [y]
    for _ in range(steps):
        y = geometry.normalize(y)
        h = geometry.project(y, loss(y)[1])
        d = gamma * tau - eta * h
        y, tau = geometry.move(y, d, d)
        path.append(y)
    return np.array(path)


# %% [markdown]
# > **Parameter.** An array that is trained. In the library it has a value, a
# > gradient `.grad`, and the geometry in which its value lives.
#
# The library's optimizer takes parameters and does what the loop does, with
# checks around it:

# %%
for geometry in (euclidean, sphere):
    w = nn.Parameter(y, geometry)
    optimizer = optim.SGD([w], lr=0.3, momentum=0.9)
    for _ in range(25):
        w.grad = loss(w.value)[1]
        optimizer.step()
    print(f"{geometry.__name__.split('.')[-1]:9}", w.value)
    assert abs(w.value - sgd(geometry, y, 25)[-1]).max() < 1e-13

# %% [markdown]
# With `euclidean` this is SGD with momentum, with `sphere` SGD-G, and the
# loop does not ask which.
#
# What is gained? By lesson 1, a gradient step at the same rate turns a long
# $w$ less than a short one. **Guess first:** we start SGD in one direction
# with the lengths 0.5, 2 and 8, always at the rate 0.3. Which of the three
# comes down fastest?

# %%
least = loss(sgd(sphere, y, 2000)[-1])[0]
print("loss above its minimum, after 0, 20, ..., 80 steps; |w| at the end")
above, ends = {}, {}
for c in (0.5, 2.0, 8.0):
    path = sgd(euclidean, c * y, 80)
    above[c], ends[c] = loss(path.T)[0] - least, np.linalg.norm(path[-1])
    print(f"SGD, |w| = {c}", above[c][::20], ends[c].round(2))
on_sphere = loss(sgd(sphere, y, 80).T)[0] - least
print("SGD-G, |y| = 1", on_sphere[::20])

# %%
assert ends[0.5] > 14 * 0.5 and ends[8.0] < 1.1 * 8
assert min(above[0.5][-1], above[8.0][-1]) > 50 * above[2.0][-1]
assert above[8.0][20] < min(above[c][20] for c in (0.5, 2.0))
assert above[8.0][20] < on_sphere[20]  # lowest of all four, while it lasts
assert above[2.0][13] > 3 * above[2.0][4]  # these two have overshot
assert on_sphere[6] > 5 * on_sphere[2]
assert above[2.0][40] < on_sphere[40] / 2  # here SGD-G is behind
assert on_sphere[-1] < above[2.0][-1] / 10  # and here ahead

# %% [markdown]
# At step 20 the long vector is lowest of all, for the middle one and SGD-G
# have overshot, carried by their momentum. But it turns little, and after 80
# steps it is still far from the minimum, as expected. Surprisingly, the short
# one is slow too: its gradients are so large that the steps make it 14 times
# as long, and so it *becomes* a long vector. The middle length suits this
# rate; at step 40 it is even ahead of SGD-G. So SGD-G is not faster than SGD
# at every length; it removes a setting that nobody had chosen on purpose.
#
# ## What momentum does alone
#
# Give one push, and no gradient afterwards. In flat space a ball with
# $\gamma = 1$ rolls on for ever in a straight line. **Guess first:** where
# does it go on the sphere, and how far does it get if $\gamma = 0.9$ and the
# push was 0.2 radians?


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
assert sphere.distance(y, once_round) < 1e-14
assert sphere.distance(stopped, sphere.exp(y, 2.0 * u)) < 1e-14

# %% [markdown]
# With $\gamma = 1$ it goes round a great circle and comes back. With
# $\gamma < 1$ it coasts along the same circle, and every step is $\gamma$
# times the one before, so that the steps add up to
#
# $$ |d|\,(1 + \gamma + \gamma^2 + \dots) = \frac{|d|}{1 - \gamma}, $$
#
# here $0.2/0.1 = 2$ radians. In the film, on the left, momentum with
# gradients; on the right, the same first step with no gradient afterwards.

# %%
scenes.momentum()

# %% [markdown]
# **Try it now.** Suppose that the momentum were *projected* onto the new
# tangent plane instead of transported. How far would that push get?
#
# <details><summary>Answer</summary>
#
# 1.88 radians. Projection leaves only $\cos|d|$ of a vector along the path
# (lesson 4), so every step is $\gamma\cos|d|$ times the one before.
#
# </details>

# %%
d, way = 0.2, 0.0
for _ in range(400):
    way, d = way + d, 0.9 * np.cos(d) * d
print(f"with projection: {way:.2f} radians")
assert abs(way - 1.88) < 0.005

# %% [markdown]
# ## Clipping
#
# **Guess first:** can the gradient of a batch-normalized neuron be very
# large? If all inputs are made smaller, it stays as it is, since batch
# normalization cancels their size too. But suppose they vary a lot in some
# directions, hardly at all in one, and $w$ points along that one:


# %%
x, dy = rng.standard_normal((64, 3)), rng.standard_normal((64, 1)) / 64


def slope(x):
    z, back_linear = ops.linear(x, np.array([[0.0], [0.0], [1.0]]))
    _, back_norm = ops.batch_norm(z, eps=0.0)
    return np.linalg.norm(back_linear(back_norm(dy))[1])


# %%
for spread in (1.0, 0.1, 0.01, 0.001):
    steep = slope(x * [1.0, 1.0, spread])
    print(f"spread along w {spread:5}: |g| {steep:8.3f}")
    assert abs(spread * steep / slope(x) - 1) < 1e-9
print(f"all inputs a thousandth: |g| {slope(0.001 * x):8.3f}")
assert abs(slope(0.001 * x) / slope(x) - 1) < 1e-9

# %% [markdown]
# The normalization divides by the spread of $w'x$, and the other inputs are
# large in comparison. So as long as no `eps` steps in, this gradient has no
# bound.
#
# In flat space a step that is too long leads far away. On the sphere it
# leads *back*: $\exp_y(2\pi u) = y$. With the rate $\eta = 0.2$, a gradient
# of length $10\pi$ makes a step of $2\pi$, and nothing seems to have
# happened. The remedy is **norm clipping**: a gradient longer than $\nu$ is
# shortened to $\nu$, before it enters the step. (Here $\eta = 0.2$,
# $\gamma = 0.9$ and $\nu = 0.1$ are the defaults of `optim.sgd_g`, which we
# meet below. They come from the authors' code for CIFAR, a set of small
# photographs.)

# %%
h = 10 * np.pi * u
clipped = optim.clip_norm(sphere, y, h, 0.1)
assert abs(clipped - 0.1 * u).max() < 1e-14  # same direction, length 0.1
assert np.array_equal(optim.clip_norm(sphere, y, 0.05 * u, 0.1), 0.05 * u)
for gradient, walked, away in ((h, 2 * np.pi, 0.0), (clipped, 0.02, 0.02)):
    step = -0.2 * gradient
    found = sphere.distance(y, sphere.exp(y, step))
    print(f"walked {np.linalg.norm(step):.3f} radians, {found:.3f} from y")
    assert abs(np.linalg.norm(step) - walked) < 1e-12
    assert abs(found - away) < 1e-12

# %%
scenes.clip()

# %% [markdown]
# Clipping also bounds the speed, because every gradient adds at most
# $\eta\nu$ to the step, and the older ones have faded by $\gamma, \gamma^2,
# \dots$ By the sum above, **no step of SGD-G turns a weight by more than**
# $\eta\nu/(1 - \gamma)$: with the authors' numbers 0.2 radians, or 11.5
# degrees. (The bound is ours.) It is approached only if all gradients agree.
# We let a strong tailwind blow along the equator:

# %%
w = nn.Parameter(np.array([1.0, 0.0, 0.0]), sphere)
optimizer = optim.SGD([w], lr=0.2, momentum=0.9, clip=0.1)
turns = []
for k in range(61):
    optimizer.factor = 1.0 if k < 60 else 0.2  # of the rate: it drops at 60
    before = w.value
    w.grad = -1000 * np.cross([0.0, 0.0, 1.0], w.value)
    optimizer.step()
    turns.append(sphere.distance(before, w.value))
print("turned by", np.array(turns[:60:10]), "and after the drop", turns[60])
assert np.allclose(turns[:60], 0.2 - 0.2 * 0.9 ** np.arange(1, 61), 1e-9, 0)
assert turns[59] > 0.199 and 0.18 < turns[60] < 0.184

# %% [markdown]
# The last number is a warning. When the rate drops to a fifth, the bound does
# not drop with it at once, because the momentum in flight was made with the
# old rate. So $\eta$ in the bound is the largest rate so far. (PyTorch's SGD
# keeps the rate out of its momentum, so that there a drop is felt at once; as
# long as the rate is constant, the two agree.)
#
# The film shows one whole step of SGD-G, clipping included, drawn large. Its
# neuron has an `eps` of 0.3, thirty thousand times the usual one, so that
# $g$ leans out of the tangent plane far enough to be seen.

# %%
scenes.step()

# %% [markdown]
# The same step in seven stages, from any $y$ and with other settings:
#
# ```{raw} html
# <iframe class="figure" src="figures/stages.html" loading="lazy"
#   title="One step of SGD-G in seven stages"></iframe>
# ```

# %% [markdown]
# ## A whole network
#
# A layer is a matrix with a weight vector in every column (lesson 2). All of
# the above is done to each column, as if it were alone:

# %%
W = sphere.random_point((3, 4), rng)  # four points
together = sgd(sphere, W, 10)[-1]
alone = [sgd(sphere, w, 10)[-1] for w in W.T]
assert np.allclose(together.T, alone, rtol=0, atol=1e-13)

# %% [markdown]
# In a network only the weights in front of a batch normalization are points
# of a sphere. `nn.on_sphere` finds them, divides their columns by their
# lengths, and notes their geometry. `optim.sgd_g` moves these with SGD-G, and
# all others with an SGD that has a rate of its own, *Nesterov's* momentum
# (the step is $\gamma d - \eta g$ in place of $d$), and *weight decay*
# ($\lambda w$ is added to the gradient of weights, but not of *biases*, the
# constants $b$ of layers $W'x + b$ without a normalization, nor of the
# network's $\gamma$ and $\beta$).
#
# Here is one pass through small real images of digits, 8 by 8 pixels, in
# batches of 128. The 64 pixels feed 32 units with batch normalization, and
# these feed 10 outputs, the *logits*, a score for every digit.
#
# > **Cross entropy.** The loss of a network that chooses among classes: minus
# > the logarithm of the probability that it gives to the right one, averaged
# > over the batch. A blind guess among ten costs $\log 10 = 2.303$.

# %%
digits = data.digits()
images, labels = digits.x_train, digits.y_train
model = nn.mlp([64, 32, 10], rng)
chosen = nn.on_sphere(model)
optimizer = optim.sgd_g(model, orthogonality=0.0)  # one term left out
for batch in data.batches(len(labels), 128, rng):
    logits, back_model = model(images[batch])
    value, back_loss = ops.cross_entropy(logits, labels[batch])
    back_model(back_loss())  # fills .grad of every parameter
    optimizer.step()

# %% [markdown]
# A parameter's name is the place of its layer, counted from 0, and what it
# is: layer 1 is linear, and `1.w` are its weights; layer 2 is the batch
# normalization, with the network's gamma and beta; layer 4 gives the logits.

# %%
print("on the sphere:", [p.name for p in chosen], "of",
      [p.name for p in model.parameters()])
lengths = np.linalg.norm(chosen[0].value, axis=0)
print("lengths of its columns:", lengths.min(), "to", lengths.max())
print(f"loss of the last batch: {value:.3f}, guessing: {np.log(10):.3f}")
assert np.allclose(lengths, 1, rtol=0, atol=1e-6)  # float32: 7 digits
assert value < np.log(10) / 2
first = optimizer.optimizers[0]
assert (first.lr, first.momentum, first.clip) == (0.2, 0.9, 0.1)

# %% [markdown]
# Does it learn better than plain SGD? That needs many runs and an honest
# comparison: [lesson 9](09_training_on_real_images.py). You may jump there
# now.
#
# ## Summary
#
# * SGD-G is SGD with momentum, row for row: project the gradient, add the
#   momentum, walk along the geodesic, carry the step with you.
# * In the library both are one class, `optim.SGD`. The geometry of a
#   parameter decides what a step is.
# * Momentum alone goes round a great circle, or coasts for $|d|/(1-\gamma)$.
# * A step that is too long comes back towards where it began. With clipping
#   no step is longer than $\eta\nu/(1-\gamma)$, at the largest rate so far.
#
# ## Exercises
#
# 1. (Easy.) Set $\gamma = 0$. Write one step of SGD-G as one expression, and
#    find the smallest positive rate at which an unclipped first step ends
#    where it began.


# %% tags=["exercise"]
def one_step(y, g, eta):
    return sphere.exp(y, -eta * sphere.project(y, g))


def rate_full_turn(h):
    return 2 * np.pi / np.linalg.norm(h)


# %% tags=["check"]
g = loss(y)[1] + 0.5 * y  # a part along y, as weight decay adds one
ended, length = one_step(y, g, 0.3), np.linalg.norm(sphere.project(y, g))
assert np.shape(ended) == (3,), "the new y has three numbers, as y has"
assert abs(ended @ ended - 1) < 1e-9, "the new y is not on the sphere"
assert loss(ended)[0] < loss(y)[0], "the loss rises: which way did you go?"
far = sphere.distance(y, ended)
assert abs(far - 0.3 * length) < 1e-9, (
    f"0.3 |h| is {0.3 * length:.4f}, but your step turns y by {far:.4f}")
circles = rate_full_turn(sphere.project(y, g)) * length / (2 * np.pi)
assert np.isclose(circles, 1), f"that is {circles:.3f} times round, not once"

# %% [markdown]
# <details><summary>Answer</summary>
#
# `sphere.exp(y, -eta * sphere.project(y, g))`, and $\eta = 2\pi/|h|$.
#
# </details>
#
# 2. (Easy.) SGD in flat space can be clipped too. What does its bound say
#    about the *direction* of $w$? Mind what `euclidean` takes for a point:
#    every coordinate is one.
#
# <details><summary>Answer</summary>
#
# Little. `optim.SGD` clips every coordinate on its own there, so that a
# coordinate moves by at most $\eta\nu/(1-\gamma)$, and a vector of $n$ of
# them by $\sqrt n$ times that. And how far such a step turns $w$ depends on
# the length of $w$.
#
# </details>
#
# 3. (Experiment.) Start SGD at $8y$. Which rate makes $w$ take the same
#    directions as from $y$ with the rate 0.3? Try, then explain.

# %% tags=["exercise"]
rate_at_8y = 64 * 0.3

# %% tags=["check"]
assert np.ndim(rate_at_8y) == 0 and rate_at_8y > 0, "a rate is one number > 0"
far, near = (sgd(euclidean, c * y, 9, eta)[-1]
             for c, eta in ((8.0, rate_at_8y), (1.0, 0.3)))
apart = np.degrees(sphere.distance(*map(sphere.normalize, (far, near))))
assert apart < 1e-4, f"after 9 steps the two are {apart:.1f} degrees apart"

# %% [markdown]
# <details><summary>Answer</summary>
#
# $64 \cdot 0.3$. The gradient at $8y$ is an eighth of that at $y$ (lesson 1),
# and the step must be eight times as long.
#
# </details>
#
# These cells check the answers.

# %%
g = loss(y)[1]
one = sphere.exp(y, -0.3 * sphere.project(y, g))
assert abs(one - sgd(sphere, y, 1, 0.3, 0.0)[-1]).max() < 1e-14
back = sphere.exp(y, -2 * np.pi * sphere.normalize(sphere.project(y, g)))
assert abs(back - y).max() < 1e-14
far, near = (sgd(euclidean, c * y, 40, c * c * 0.3) for c in (8.0, 1.0))
assert np.allclose(far, 8 * near, rtol=1e-9, atol=0)

# %%
w = nn.Parameter(np.zeros((100, 1)))
optimizer = optim.SGD([w], lr=0.2, momentum=0.9, clip=0.1)
for _ in range(200):
    before, w.grad = w.value, np.full((100, 1), 1000.0)
    optimizer.step()
assert abs(np.linalg.norm(w.value - before) - np.sqrt(100) * 0.2) < 1e-6

# %% [markdown]
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
