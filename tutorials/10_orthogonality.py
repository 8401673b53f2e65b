# %% [markdown]
# # 10. Orthogonality
#
# **Question.** The paper adds a term to the loss that turns the weight
# vectors of a layer toward right angles. What does it do, how far can it go,
# and what has it to do with probability?
#
# You need lessons [2](02_the_space_of_directions.py) and [5](05_sgd_g.py),
# the sphere and SGD-G, and the gradient check of [lesson
# 7](07_backpropagation_by_hand.py).

# %%
import os

import numpy as np

from grassmann_np import data, nn, ops, optim, train
from grassmann_np.geometry import sphere
from grassmann_np.testing import gradcheck
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 10))
rng = np.random.default_rng(0)
images = data.digits().x_train.reshape(-1, 64).astype(np.float64)

# %% [markdown]
# ## Two neurons that say the same thing
#
# Take a layer with batch normalization behind it. If two of its weight
# vectors point in the same direction, then their outputs are the same
# numbers, whatever their lengths; and if they point in opposite directions,
# one output is minus the other. Either way the second *normalized* output
# tells the next layer nothing that the first does not. (Behind a scale, a
# shift and a ReLU it may: $\max(0, z + \beta_1)$ and $\max(0, z + \beta_2)$
# are two different things, and so are $\max(0, z)$ and $\max(0, -z)$, as in
# lesson 2, exercise 3. The paper's term does not ask.)

# %%
w = rng.standard_normal(64)
three = np.stack([w, 3 * w, -2 * w], axis=1)
y, _ = ops.batch_norm(images @ three, eps=0.0)
assert np.allclose(y[:, 0], y[:, 1], rtol=0, atol=1e-12)
assert np.allclose(y[:, 0], -y[:, 2], rtol=0, atol=1e-12)
print(y[:3].round(4))

# %% [markdown]
# If two vectors are nearly parallel, the second output usually tells little
# new (unless the inputs hardly vary in that direction). It is tempting to go
# on: at a right angle, then, the outputs of two neurons are uncorrelated.
# **Guess first:** is that so? Below are 64 random directions and 64 at right
# angles to each other, once for inputs of pure noise, which vary alike in all
# directions, and once for images of digits.


# %%
def correlation(x, W):
    """The mean |correlation| of two columns of xW."""
    p = W.shape[1]
    every = np.abs(np.corrcoef((x @ W).T))
    return (every.sum() - p) / (p * (p - 1))  # without the p ones


# %%
anyhow = sphere.random_point((64, 64), rng)
right = np.linalg.qr(anyhow)[0]  # 64 columns at right angles
found = {}
noise = rng.standard_normal(images.shape)
for name, x in (("noise", noise), ("digits", images)):
    found[name] = correlation(x, anyhow), correlation(x, right)
    print(f"{name:6}: random {found[name][0]:.3f}, at right angles "
          f"{found[name][1]:.3f}")
assert found["noise"][1] < found["noise"][0] / 3
assert found["digits"][1] > 0.8 * found["digits"][0]

# %% [markdown]
# For noise it is so: what is left is chance. For digits it is not, because
# neighbouring pixels are alike and some vary more than others, and then the
# outputs are alike even where the weights are not. So distinguish what the
# term below is about, the angles of the *weights*, from what one hopes it
# will do.
#
# ## The term
#
# Write the unit weight vectors of the layer as the columns of
# $W$ ($n \times p$: $p$ vectors with $n$ entries). The entries of $W'W$ are
# their inner products, 1 on the diagonal. Cho and Lee add to the loss
#
# $$ L^O(\alpha, W) = \frac{\alpha}{2}\,|W'W - I|^2
#    = \alpha \sum_{i<j} \langle w_i, w_j\rangle^2, $$
#
# where $|A|^2$ is the sum of the squares of all entries. $L^O$ is 0 if the
# $w_i$ are *orthonormal*, all at right angles. The paper's $\alpha$ is 0.1.

# %%
W = sphere.random_point((5, 3), rng)  # three columns in R^5
L = optim.orthogonality(W, alpha=0.1)
pairs = [(W[:, i] @ W[:, j]) ** 2 for i, j in [(0, 1), (0, 2), (1, 2)]]
print(f"L = {L:.4f}, by pairs {0.1 * sum(pairs):.4f}")
assert np.isclose(L, 0.1 * sum(pairs), rtol=1e-12, atol=0)

# %% [markdown]
# For the gradient, take one pair. By the chain rule the derivative of
# $\langle w_i, w_j\rangle^2$ with respect to $w_i$ is $2\langle w_i,
# w_j\rangle\, w_j$. Sum this over all $j \ne i$, multiply by $\alpha$, and
# you have column $i$ of $2\alpha\,W(W'W - I)$, since the diagonal of $W'W -
# I$ is 0 for unit columns. The gradient check would raise an error if it
# disagreed:


# %%
def term(W):
    def pullback(dL):
        return dL * optim.orthogonality_gradient(W, 0.1)

    return optim.orthogonality(W, 0.1), pullback


report = gradcheck.check(term, W, rng=rng)
print(f"largest error of an entry: {report.entries:.0e}")

# %% [markdown]
# ## How hard does it push?
#
# Two vectors in the plane are an angle $\theta$ apart. **Guess first:** which
# pair is pushed hardest, the one at 5 degrees, at 45, or at 85? And which way
# is a pair at 135 degrees pushed?

# %%
print("degrees   push")
for degrees in (0, 5, 45, 85, 90, 95, 135, 180):
    theta = np.radians(degrees)
    pair = np.array([[1.0, np.cos(theta)], [0.0, np.sin(theta)]])
    h = sphere.project(pair, optim.orthogonality_gradient(pair, 0.1))
    push = -h[:, 1] @ [-np.sin(theta), np.cos(theta)]  # > 0: it opens
    print(f"{degrees:5}  {push + 0.0:8.4f}")
    assert np.isclose(push, 0.1 * np.sin(2 * theta), rtol=0, atol=1e-15)

# %% [markdown]
# In the plane $L^O = \alpha\cos^2\theta$, and the downhill push is minus its
# derivative, $\alpha\sin 2\theta$. It turns a pair toward a right angle, most
# strongly from 45 and from 135 degrees. A pair that is nearly parallel, the
# very one we wanted to part, is hardly pushed at all, and a pair at exactly 0
# or 180 degrees is not pushed: there the gradient points along the vectors,
# and the projection takes it away. From beyond 90 degrees the term pulls two
# vectors *together*: it punishes an opposite neuron like an equal one,
# although the former is less useless behind a ReLU.
#
# ## The term alone
#
# With no other loss, let SGD-G follow the term. Left, three vectors in space:
# they turn until every pair is at a right angle. On the right, six: too many
# to be all at right angles.

# %%
scenes.orthogonality()

# %% [markdown]
# ## How many fit?
#
# In $\mathbb{R}^n$ at most $n$ vectors are at right angles to each other, so
# for $p > n$ the term cannot be 0. **Guess first:** how would you place
# three vectors in the plane?
#
# Look at $WW'$, which is $n \times n$. Its squared entries add up to
# $\sum_{i,j}\langle w_i, w_j\rangle^2$, as those of $W'W$ do, and its
# diagonal adds up to $p$, the sum of all squared entries of $W$. So
#
# $$ \bigl|WW' - \tfrac pn I\bigr|^2
#    = |WW'|^2 - 2\,\tfrac pn\, p + \tfrac{p^2}{n^2}\, n
#    = |W'W|^2 - \tfrac{p^2}{n}. $$
#
# Likewise $|W'W - I|^2 = |W'W|^2 - 2p + p$. Together,
#
# $$ |W'W - I|^2 = \Bigl(\frac{p^2}{n} - p\Bigr)
#    + \bigl|WW' - \tfrac pn I\bigr|^2
#    \;\ge\; \frac{p^2}{n} - p. $$
#
# This is **Welch's bound**. It is met when $WW' = (p/n)\,I$: every axis, in
# whatever direction, gets the same sum of squares $p/n$ from the vectors.
# (For $p \le n$ it is not positive and says nothing: 0 can be reached.)

# %%
W = sphere.random_point((3, 6), rng)
rest = np.sum((W @ W.T - 6 / 3 * np.eye(3)) ** 2)
left = 2 * optim.orthogonality(W, 1.0)
assert np.isclose(left, 6**2 / 3 - 6 + rest, rtol=1e-12, atol=0)

# %% [markdown]
# In the plane, three vectors at 120 degrees meet the bound; two at a right
# angle, with the third anywhere, do not. But do not read too much into the
# bound. Six vectors in space meet it as two copies of the three axes, three
# pairs of *equal* neurons. For $p > n$ the term asks for balance, which does
# not keep two neurons from saying the same thing.
#
# Drag the columns, and press Play: they repel each other as lines.
#
# ```{raw} html
# <iframe class="figure" src="figures/repel.html" loading="lazy"
#   title="Columns that turn toward right angles"></iframe>
# ```

# %%
turn = np.radians([0, 120, 240])
star = np.stack([np.cos(turn), np.sin(turn)])
square = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]])
twice = np.hstack([np.eye(3), np.eye(3)])
for name, W in (("at 120 degrees", star), ("the axes, twice", twice),
                ("two at a right angle", square)):
    found = 2 * optim.orthogonality(W, 1.0)
    bound = optim.welch_bound(*W.shape)
    print(f"{name:20} {found:.4f}, bound {bound:.4f}")
    assert abs(found - bound - (W is square) * 0.5) < 1e-12

# %% [markdown]
# Does descent find the bound? A parameter on the sphere, no gradient but the
# term's, and SGD-G as in lesson 5:

# %%
for n, p in ((8, 4), (8, 8), (8, 12), (8, 24)):
    weight = nn.Parameter(sphere.random_point((n, p), rng), geometry=sphere)
    weight.grad = np.zeros((n, p))
    sgd_g = optim.SGD([weight], lr=0.05, momentum=0.5, orthogonality=0.5)
    for _ in range(800):
        sgd_g.step()
    found = 2 * optim.orthogonality(weight.value, 1.0)
    bound = optim.welch_bound(n, p)
    print(f"{p:2} vectors in R^{n}: {found:8.5f}, bound {bound:8.5f}")
    assert bound - 1e-9 <= found < bound + 0.01

# %% [markdown]
# It does. That the term asks for the impossible where $p > n$ may be why the
# authors' code puts only those convolutions on the sphere whose $n$, the
# number of inputs of a neuron, is larger than $p$, the number of neurons.
# (The reason is our guess; the rule is theirs: `rule="published"` in
# `nn.on_sphere`.)
#
# ## A prior, in one line
#
# The paper obtains its term from *variational inference*. What follows is
# **our reconstruction, not the paper's text**; the formulas are checked here.
#
# > **Prior and posterior.** A *prior* $p(Y)$ says how plausible the weights
# > $Y$ are before any data, as a density with respect to area: its integral
# > is 1. The data then multiply it by the probability that $Y$ gives to the
# > labels. Scaled to the integral 1 again, this is the *posterior*.
#
# Let a layer be more plausible the more orthogonal it is, $p(Y) =
# e^{-L^O(\alpha, Y)}/Z$ for unit columns $Y = (y_1, \dots, y_p)$. (The number
# $Z$ exists, because spheres have a finite area and $L^O$ is bounded.) Then
#
# $$ -\log(\text{posterior}) = \sum_{\text{images}} -\log p(\text{label} \,|\,
#    \text{image}, Y) + L^O(\alpha, Y) + \text{const}. $$
#
# The sum is the cross entropy, and so the most plausible $Y$ is what training
# with the term looks for. (It is a *sum*, whereas the loss of this library is
# a mean over $N$ images: $\alpha$ in training corresponds to the prior with
# $N\alpha$. For our 1347 digits, 0.1 becomes 135.)
#
# Does this justify the term? No: we put it into the prior, and took it out
# again. But data never pin the weights down to one $Y$; they leave a cloud of
# them, and there is something to find out: **what becomes of the term if it
# is averaged over a cloud?**
#
# ## Two vectors on a circle
#
# Take two vectors in the plane at the angle $\theta$, and blur the direction
# of each by $s$ radians times a standard normal number $z$. **Guess first:**
# with $s = 0.6$, or 34 degrees, is the mean of $\cos^2$ still least at 90
# degrees? How much of the difference between 0 and 90 degrees is left?

# %%
z = rng.standard_normal((2, 400_000))
print("theta:       0     30     60     90 degrees")
for s in (0.0, 0.3, 0.6):
    thetas = np.radians([0, 30, 60, 90])
    means = [np.mean(np.cos(t + s * (z[1] - z[0])) ** 2) for t in thetas]
    factor = np.exp(-4 * s**2)
    formula = factor * np.cos(thetas) ** 2 + (1 - factor) / 2
    print(f"s = {s}:", *[f"{mean:6.3f}" for mean in means],
          f" left: {factor:.2f}")
    assert np.allclose(means, formula, rtol=0, atol=0.003)
assert round(0.1 * len(images)) == 135

# %% [markdown]
# The minimum stays at 90 degrees, and the curve becomes flatter. To see why,
# write $\cos^2\theta = \tfrac12 + \tfrac12\cos 2\theta$. The mean of
# $\cos(tz)$ over standard normal $z$ is $e^{-t^2/2}$, and that of $\sin(tz)$
# is 0. So blurring one of the vectors multiplies $\cos 2\theta$ by
# $e^{-2s^2}$, blurring both by $e^{-4s^2}$, and with $\mathbb{E}$ for the
# *expected value*, the mean over all that chance may draw,
#
# $$ \mathbb{E}\cos^2 = e^{-4s^2}\cos^2\theta + \tfrac12(1 - e^{-4s^2}). $$
#
# **The mean of the term is the term again, with a smaller** $\alpha$, plus
# a number that does not depend on the angle.
#
# ## Any number of entries
#
# In $\mathbb{R}^n$ let each $y_i$ be drawn independently around a direction
# $\mu_i$, with no direction around it preferred, and all with the same
# spread. One number says how close to $\mu_i$ a cloud stays, and it fixes a
# second:
#
# $$ a = \mathbb{E}(y_i'\mu_i)^2,\qquad b = \frac{1 - a}{n - 1}, $$
#
# where $b$ is the mean square in each of the other $n - 1$ directions. What
# is the mean of $(v'y_i)^2$ for a fixed unit vector $v$? Split $v$ into its
# part along $\mu_i$ and the part across. The mixed product averages to 0,
# since the cloud is its own mirror image, and so
#
# $$ \mathbb{E}(v'y_i)^2 = a\,(v'\mu_i)^2 + b\,\bigl(1 - (v'\mu_i)^2\bigr)
#    = (a - b)(v'\mu_i)^2 + b. $$
#
# Use this twice, first with $y_j$ for $v$ and then, as $y_j$ is random too,
# with $\mu_i$ for $v$:
#
# $$ \mathbb{E}\langle y_i, y_j\rangle^2
#    = (a - b)\,\mathbb{E}(y_j'\mu_i)^2 + b
#    = (a - b)^2 \langle\mu_i, \mu_j\rangle^2 + (a - b)\,b + b. $$
#
# On the circle, $a - b$ is $e^{-2s^2}$. Here we draw $y$ by walking from
# $\mu$ in a random tangent direction for the angle $sz$, so that
# $a = \mathbb{E}\cos^2(sz) = \tfrac12(1 + e^{-2s^2})$. The last number is the
# standard error of the mean: what chance may add or take away.


# %%
def draw(mu, s, count=40_000):
    """Points around mu (n,): an array (n, count)."""
    y = np.repeat(mu[:, None], count, axis=1)
    direction = sphere.normalize(sphere.random_tangent(y, rng))
    return sphere.exp(y, sphere.scale(direction, s * rng.normal(size=count)))


n, s, (mu, across) = 6, 0.6, np.eye(6)[:2]
a = (1 + np.exp(-2 * s**2)) / 2
b = (1 - a) / (n - 1)

# %%
for degrees in (0, 45, 90):
    t = np.radians(degrees)
    other = np.cos(t) * mu + np.sin(t) * across
    squares = np.sum(draw(mu, s) * draw(other, s), axis=0) ** 2
    formula = (a - b) ** 2 * np.cos(t) ** 2 + (a - b) * b + b
    mean, error = squares.mean(), squares.std() / np.sqrt(squares.size)
    print(f"{degrees:2}: {mean:.4f}, formula {formula:.4f}, +- {error:.4f}")
    assert abs(mean - formula) < 5 * error < 0.01

# %% [markdown]
# *Variational inference* trains the cloud, with the density $q$. It minimizes
# the mean, over the cloud, of the sum of the cross entropy over the images,
# plus the *Kullback-Leibler divergence* $\mathrm{KL}(q \,|\, p) =
# \mathbb{E}_q[\log q - \log p]$, which is 0 if $q$ is the prior and positive
# otherwise. (It is no distance: exchange $q$ and $p$, and it changes.) Now
# $\mathbb{E}_q[-\log p]$ is the mean of $L^O$ plus a constant, and
# $\mathbb{E}_q \log q$ does not change when the cloud of one vector is
# turned. So for clouds of one fixed shape
#
# $$ \mathrm{KL}(q \,|\, p) = \text{const} + (a - b)^2\, L^O(\alpha, M),
#    \qquad M = (\mu_1, \dots, \mu_p). $$
#
# That is the whole result, and it is modest: uncertainty does not change the
# *form* of the term, it weakens it. A cloud that keeps to its directions has
# $a = 1$, $b = 0$ and the factor 1, a uniform one has $a = b = 1/n$ and the
# factor 0. If the shape is trained as well, then "const" moves with it.
#
# ## In a network
#
# How much does the term do in real training? The same network and seed, with
# three values of $\alpha$. We print $\tfrac12|W'W - I|^2$ of the weights on
# the sphere, 64 and 48 vectors in $\mathbb{R}^{64}$, after the first and the
# last epoch, and the mean correlation of the outputs of the first layer. Two
# random directions have $\mathbb{E}\langle w_i, w_j\rangle^2 = 1/n$.

# %%
chance = (64 * 63 + 48 * 47) / 2 / 64
print(f"random: {chance:.2f}, correlation {correlation(images, anyhow):.2f}")
left, outputs = {}, {}
for alpha in (0.0, 0.1, 1.0):
    model, history = train.Setup(epochs=EPOCHS, orthogonality=alpha).run()
    first, left[alpha] = history.orthogonality[0], history.orthogonality[-1]
    w = model.parameters()[0].value.astype(np.float64)
    outputs[alpha] = correlation(images, w)
    print(f"alpha {alpha}: {first:6.2f} -> {left[alpha]:7.3f}, correlation "
          f"{outputs[alpha]:.2f}, wrong {100 * history.test_error[-1]:.1f} %")

# %%
assert left[0.0] > 1.5 * chance and max(left[0.1], left[1.0]) < chance / 3
assert EPOCHS < 10 or (left[0.0] > 2 * chance and left[0.1] < 0.1)
assert EPOCHS < 10 or history.test_error[-1] < 0.05  # with alpha = 1
assert outputs[0.0] > 0.28 > 0.23 > max(outputs[0.1], outputs[1.0]) > 0.15

# %% [markdown]
# Without the term, learning makes the vectors *less* orthogonal than random
# ones: the sum of their squared cosines is more than twice that of chance.
# With it they end nearly orthonormal. The correlation of the outputs falls as
# well, but only to about that of random directions; the rest comes from the
# images. One seed each does not say which test error is better
# ([lesson 9](09_training_on_real_images.py)), but the network can learn the
# digits with orthonormal weight vectors.
#
# ## Summary
#
# * Parallel weight vectors have the same normalized output, up to the sign.
#   The term $L^O = \alpha\sum_{i<j}\langle w_i, w_j\rangle^2$ pushes each
#   pair toward a right angle by $\alpha\sin 2\theta$, which is 0 for equal
#   ones. With more than two vectors the pushes add up, and a pair may move
#   away from it while the sum falls.
# * It can reach 0 for $p \le n$ only. Otherwise $|W'W - I|^2$ is at least
#   $p^2/n - p$, Welch's bound, and descent finds it.
# * It is about weights. Right angles make the outputs uncorrelated, whatever
#   the directions, only if the inputs vary alike in all directions.
# * A prior $e^{-L^O}$ gives the term by definition. Averaged over a cloud of
#   weights (our reconstruction) it keeps its form, with the factor
#   $(a - b)^2 \le 1$.
#
# ## Exercises
#
# 1. (Easy.) For which $W$ with several columns is the term $L^O$ at its
#    largest, so that its gradient on the sphere vanishes?

# %% tags=["exercise"]
stuck = np.array([[1.0, 1.0, -1.0], [0.0, 0.0, 0.0]])  # unit columns

# %% tags=["check"]
assert np.ndim(stuck) == 2 and np.shape(stuck)[1] > 1, "W has columns"
lengths = np.linalg.norm(stuck, axis=0)
assert np.allclose(lengths, 1), f"the columns have lengths {lengths.round(3)}"
slope = optim.orthogonality_gradient(stuck, 1.0)
slope = np.abs(sphere.project(stuck, slope)).max()
assert slope < 1e-12, f"the gradient on the sphere is not 0: {slope:.2f}"
p, term_now = stuck.shape[1], optim.orthogonality(stuck, 1.0)
assert np.isclose(term_now, p * (p - 1) / 2), (
    f"the gradient is 0, but the term {term_now:.2f} can be larger")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Where all columns are $w$ or $-w$. There $W(W'W - I)$ has the columns
# $\pm(p - 1)\,w$, which are radial, and the projection takes them away. Two
# parallel neurons stay so under this term alone; a random start is needed.
#
# </details>
#
# 2. (Open experiment.) Replace $\langle w_i, w_j\rangle$ in the term by the
#    correlation of the two outputs, $w_i'Rw_j$ over the root of
#    $w_i'Rw_i\; w_j'Rw_j$ with the covariance $R$ of the images. Follow it
#    down with SGD-G. Does it reach 0, and what do the vectors look like?
#
# <details><summary>Hint</summary>
#
# The correlation is scale-invariant in each vector. With $R = AA'$ it is the
# inner product of $A'w_i$ and $A'w_j$, each divided by its length. So as many
# outputs can be uncorrelated as $R$ has dimensions that are not flat: 61 of
# 64, for three pixels of the digits never change.
#
# </details>
#
# The answers, checked:

# %%
W = np.outer(sphere.random_point((6,), rng), [1.0, 1.0, -1.0])
assert np.isclose(optim.orthogonality(W, 1.0), 3, rtol=1e-12, atol=0)  # most
h = sphere.project(W, optim.orthogonality_gradient(W, 1.0))
assert np.abs(h).max() < 1e-14
assert np.linalg.matrix_rank(np.cov(images.T)) == 61

# %% [markdown]
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017,
#   the section on regularization using variational inference.
# * Welch, *Lower bounds on the maximum cross correlation of signals*, 1974.
# * Benedetto and Fickus, *Finite normalized tight frames*, 2003: where the
#   bound is met, and that every local minimum is a global one.
# * Blei, Kucukelbir and McAuliffe, *Variational inference: a review for
#   statisticians*, 2017.
# * In this project: `grassmann_np/optim/penalty.py`,
#   `viz/scenes/orthogonality.py`.
