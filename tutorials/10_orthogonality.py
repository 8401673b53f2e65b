# %% [markdown]
# # 10. Orthogonality
#
# **Question.** The paper adds a term to the loss that keeps the weight
# vectors of a layer apart. What does it do, how far can it go, and what has
# it to do with probability?
#
# You need lessons 2 and 5: the sphere, and SGD-G.

# %%
import os

import numpy as np

from grassmann_np import nn, ops, optim, train
from grassmann_np.geometry import sphere
from grassmann_np.testing import gradcheck
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 10))
rng = np.random.default_rng(0)

# %% [markdown]
# ## Two neurons that say the same
#
# Take a layer with batch normalization behind it. If two of its weight
# vectors point in the same direction, whatever their lengths, their outputs
# are the same numbers. One of the two neurons is wasted.

# %%
x = rng.standard_normal((64, 5))
w = rng.standard_normal(5)
two = np.stack([w, 3 * w], axis=1)
y, _ = ops.batch_norm(x @ two, eps=0.0)
assert np.allclose(y[:, 0], y[:, 1])
print(y[:3].round(4))

# %% [markdown]
# If they point in *nearly* the same direction, nearly all of one is wasted.
# Best of all is a right angle: for inputs that vary alike in all
# directions, the outputs of two neurons at a right angle are uncorrelated.
#
# So write the unit weight vectors of the layer as the columns of
# $W$ ($n \times p$: $p$ vectors with $n$ entries). The entries of $W'W$ are
# their inner products, 1 on the diagonal. Cho and Lee add to the loss
#
# $$ L^O(\alpha, W) = \frac{\alpha}{2}\,|W'W - I|^2
#    = \alpha \sum_{i<j} \langle w_i, w_j\rangle^2, $$
#
# where $|A|^2$ is the sum of the squares of all entries. It is 0 if all are
# at right angles to each other, that is, *orthonormal*. Their $\alpha$ is
# 0.1.

# %%
W = sphere.random_point((5, 3), rng)  # three columns in R^5
L = optim.orthogonality(W, alpha=0.1)
pairs = [(W[:, i] @ W[:, j]) ** 2 for i, j in [(0, 1), (0, 2), (1, 2)]]
print(f"L = {L:.4f}, by pairs {0.1 * sum(pairs):.4f}")
assert np.isclose(L, 0.1 * sum(pairs))

# %% [markdown]
# Its gradient is $2\alpha\,W(W'W - I)$: every vector is pushed away from the
# others, the more the less orthogonal they are. The checker of
# [lesson 7](07_backpropagation_by_hand.py) agrees.


# %%
def term(W):
    def pullback(dL):
        return dL * optim.orthogonality_gradient(W, 0.1)

    return optim.orthogonality(W, 0.1), pullback


report = gradcheck.check(term, W, rng=rng)
print(f"largest error of an entry: {report.entries:.0e}")

# %% [markdown]
# ## Alone
#
# What does this term do if there is no other loss? Let SGD-G follow it.
# Left, three vectors in three dimensions: they turn until every pair is at
# a right angle. Right, six. There is no room for six.

# %%
scenes.orthogonality()

# %% [markdown]
# ## How many have room?
#
# In $R^n$ at most $n$ vectors are at right angles to each other. For
# $p > n$ the term cannot be 0. How small can it be?
#
# Look at $WW'$, which is $n \times n$. Its eigenvalues
# $\lambda_1, \dots, \lambda_n$ are not negative. Their sum is the sum of
# all squared entries of $W$, which is $p$: one for each unit column. The sum
# of their squares is $|WW'|^2 = |W'W|^2$, and $|W'W - I|^2$ is less than
# that by $p$. Numbers with a given sum have the least sum of squares when
# they are all equal, here $p/n$. So
#
# $$ |W'W - I|^2 = \sum_k \lambda_k^2 - p
#    \;\ge\; n\Bigl(\frac{p}{n}\Bigr)^2 - p = \frac{p^2}{n} - p. $$
#
# This is **Welch's bound**. It is met when $WW' = (p/n)\,I$, when the
# vectors together look the same from all sides. In the plane, three
# vectors at 120 degrees do it.

# %%
angles = 2 * np.pi * np.arange(3) / 3
star = np.stack([np.cos(angles), np.sin(angles)])
least = np.sum((star.T @ star - np.eye(3)) ** 2)
print(f"at 120 degrees {least:.4f}, bound {optim.welch_bound(2, 3):.4f}")
assert np.isclose(least, optim.welch_bound(2, 3))
assert np.allclose(star @ star.T, 3 / 2 * np.eye(2))

# %% [markdown]
# Does descent find it? A parameter on the sphere, no gradient but the
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
# It does. With $p \le n$ the term asks for something that is possible, with
# $p > n$ for something that is not. That may be why the authors' code puts
# only those convolutions on the sphere whose $n$, the number of inputs of a
# neuron, is larger than $p$, the number of neurons. (The reason is our
# guess; the rule is theirs: `rule="published"` in `nn.on_sphere`.)
#
# ## What has it to do with probability?
#
# The paper derives its term from *variational inference*. What follows is
# **our reconstruction, not the paper's text**; the formulas are checked
# here.
#
# Somebody who thinks about weights with probability begins with a **prior**
# $p(Y)$: how plausible are these weights before any data? We say that
# layers whose vectors are nearly orthogonal are more plausible:
#
# $$ p(Y) = \frac1Z\, e^{-L^O(\alpha, Y)},
#    \qquad Y = (y_1, \dots, y_p)\ \text{on the sphere}. $$
#
# A density must have the integral 1. Here that is easy: spheres have a
# finite area and $L^O$ is bounded, so the number $Z$ exists.
#
# The data then say more. What one believes after the data is the
# **posterior**, and it can seldom be computed. *Variational* inference
# looks for the best one of a simple family $q$. It makes this sum small:
#
# $$ \begin{aligned}
#    &\mathbb{E}_q[\text{loss on the data}] + \mathrm{KL}(q \,|\, p), \\
#    &\mathrm{KL}(q \,|\, p) = \mathbb{E}_q[\log q - \log p].
#    \end{aligned} $$
#
# The first part is the mean loss when the weights are drawn from $q$. The
# second, the *Kullback-Leibler divergence*, says how far $q$ is from the
# prior.
#
# Our family: every $y_i$ is drawn independently, around a direction
# $\mu_i$, and alike in all directions around it (*axially symmetric*). How
# closely it keeps to $\mu_i$ is one number,
#
# $$ a = \mathbb{E}(y_i'\mu_i)^2,\quad\text{and then}\quad
#    b = \frac{1 - a}{n - 1} $$
#
# is the mean square in each of the other $n - 1$ directions. So
# $\mathbb{E}\,y_i y_i' = (a - b)\,\mu_i\mu_i' + b\,I$. Because $y_i$ and
# $y_j$ are independent,
#
# $$ \begin{aligned}
#    \mathbb{E}\langle y_i, y_j\rangle^2
#    &= \mathrm{tr}\bigl(\mathbb{E}\,y_i y_i'\;\mathbb{E}\,y_j y_j'\bigr) \\
#    &= (a - b)^2 \langle\mu_i, \mu_j\rangle^2 + 2b(a - b) + n b^2.
#    \end{aligned} $$
#
# Only the first summand knows the directions. The others, $\log Z$, and
# $\mathbb{E}\log q$, which turning does not change, depend on how closely
# $q$ keeps to the $\mu_i$ and on nothing else. With $M$ for the matrix of
# all $\mu_i$:
#
# $$ \mathrm{KL}(q \,|\, p) = \text{const} + (a - b)^2\, L^O(\alpha, M). $$
#
# **Up to a constant and a factor, the orthogonality term is exactly what
# such a prior adds to the loss.**
#
# ## Checked with dice
#
# We draw $y$ by walking from $\mu$ in a random direction for a random
# angle, $s$ times a standard normal number. Then
# $a = \mathbb{E}\cos^2 = \tfrac12(1 + e^{-2s^2})$.


# %%
def draw(mu, s, rng, count):
    """`count` points around mu (n,): an array (n, count)."""
    y = np.repeat(mu[:, None], count, axis=1)
    direction = sphere.normalize(sphere.random_tangent(y, rng))
    return sphere.exp(y, sphere.scale(direction, s * rng.normal(size=count)))


# %%
n, p, s, count = 6, 3, 0.6, 40_000
M = sphere.random_point((n, p), rng)
y = draw(M[:, 0], s, rng, count)
a = (1 + np.exp(-2 * s**2)) / 2
b = (1 - a) / (n - 1)
second = y @ y.T / count
claimed = (a - b) * np.outer(M[:, 0], M[:, 0]) + b * np.eye(n)
print(f"E yy': largest difference {np.abs(second - claimed).max():.4f}")
assert np.abs(second - claimed).max() < 0.02

# %% [markdown]
# Now the mean of $L^O$ over all draws, for directions $M$ at a right angle,
# at random, and all the same. The last number is the standard error of the
# mean: what chance may add or take away.

# %%
constant = p * (p - 1) / 2 * (2 * b * (a - b) + n * b**2)
for directions in (np.eye(n, p), M, np.repeat(M[:, :1], p, axis=1)):
    Y = np.stack([draw(mu, s, rng, count) for mu in directions.T])
    inner = np.einsum("inc,jnc->ijc", Y, Y)  # of all pairs, in every draw
    L = (np.sum(inner**2, axis=(0, 1)) - p) / 2  # alpha = 1
    term_of_M = optim.orthogonality(directions, 1.0)
    formula = constant + (a - b) ** 2 * term_of_M
    error = L.std() / np.sqrt(count)
    print(f"mean {L.mean():.4f}, formula {formula:.4f}, +- {error:.4f}")
    assert abs(L.mean() - formula) < 5 * error

# %% [markdown]
# The factor $(a - b)^2$ has a meaning. If $q$ keeps to its directions,
# $a = 1$ and $b = 0$, it is 1: the term itself. If $q$ knows nothing and is
# uniform, $a = b = 1/n$, it is 0: then the directions $\mu_i$ say nothing
# either. In between the term is the same, with a smaller $\alpha$.
#
# ## In a network
#
# How much does the term do in a real training? The same network and seed,
# with three values of $\alpha$. We print $\tfrac12|W'W - I|^2$ of the weights
# on the sphere, 64 and 48 vectors in $R^{64}$, after the first epoch and
# after the last. For comparison: two random directions in $R^n$ have
# $\mathbb{E}\langle w_i, w_j\rangle^2 = 1/n$.

# %%
left = {}
print(f"random directions: {(64 * 63 + 48 * 47) / 2 / 64:.2f}")
for alpha in (0.0, 0.1, 1.0):
    _, history = train.Setup(epochs=EPOCHS, orthogonality=alpha).run()
    first, left[alpha] = history.orthogonality[0], history.orthogonality[-1]
    error = 100 * history.test_error[-1]
    print(f"alpha {alpha}: {first:6.2f} -> {left[alpha]:6.2f}", end=", ")
    print(f"test error {error:.2f} %")
assert left[0.1] < left[0.0] / 2 and left[1.0] < left[0.0] / 2

# %% [markdown]
# Without the term, learning brings the vectors nearer to each other than
# random ones are. With it they end nearly orthonormal. The test errors of
# one seed each do not say which is better
# ([lesson 9](09_training_on_real_images.py)). They do say that this network
# can learn the digits with orthonormal weight vectors.
#
# ## Summary
#
# * Weight vectors that point the same way are one neuron twice. The term
#   $L^O = \alpha\sum_{i<j}\langle w_i, w_j\rangle^2$ turns them apart.
# * It can reach 0 for $p \le n$ only. Otherwise $|W'W - I|^2$ is at least
#   $p^2/n - p$, Welch's bound, and descent finds it.
# * In our reconstruction it is what a prior for nearly orthogonal layers
#   adds to the loss in variational inference, up to a constant and a factor.
#
# ## Exercises
#
# 1. The two vectors of a pair, $p = 2$, live on a circle, $n = 2$. At which
#    angles does the term have its least and its greatest value?
#
# <details><summary>Answer</summary>
#
# $L^O = \alpha\cos^2\theta$: least at 90 degrees, greatest at 0 and at 180.
# Vectors that point in opposite directions are as bad as equal ones: their
# outputs are $y$ and $-y$. The term does not know signs.
#
# </details>
#
# 2. Each neuron $i$ keeps to its direction differently, with its own $a_i$
#    and $b_i$. What becomes of the formula?
#
# <details><summary>Answer</summary>
#
# The pair $i, j$ gets the factor $(a_i - b_i)(a_j - b_j)$ in place of
# $(a - b)^2$. A neuron that is unsure of its direction pushes less, and is
# pushed less.
#
# </details>
#
# 3. Where does the gradient of $L^O$ vanish although the term is as large
#    as can be?
#
# <details><summary>Answer</summary>
#
# Where all columns are the same vector $w$: $W(W'W - I)$ has the columns
# $(p - 1)\,w$. That is along $w$, and its projection onto the tangent plane
# is 0. Two equal neurons stay equal under this term alone, and a random
# start is needed. The gradient in the space around, before the projection,
# is not 0.
#
# </details>
#
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
