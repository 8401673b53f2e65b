# %% [markdown]
# # 1. Why the length of a weight does not matter
#
# **Question.** Batch normalization is one line of a network. What does it do
# to the weights in front of it?
#
# You need NumPy and the chain rule; no lesson comes before this one. As a
# script, a lesson prints its numbers; its film plays in a notebook and on the
# site.
#
# > **Words.** A *neuron* turns its *inputs* $x$, here three numbers, into one
# > number with its *weights* $w$, which can be adjusted; a *network* is made
# > of neurons that feed each other. A *batch* is a set of inputs handled
# > together. The *loss* $L$ says how far the outputs are from those we want,
# > the *targets* $t$. The *gradient* $g$ holds the derivatives of $L$ with
# > respect to the entries of $w$, and *gradient descent* repeats the step
# > $w \leftarrow w - \eta g$ with the *learning rate* $\eta$.

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
# Our neuron computes $z = w'x$. (A prime is a transpose: $w'x$ is the sum of
# the products of the entries. In the code every row of `x` is one input, so
# that `x @ w` holds $w'x$ for the whole batch.) Batch normalization then
# shifts and scales these numbers, so that over the batch they have mean 0 and
# variance 1. With $\langle\cdot\rangle$ for the mean over the batch,
#
# $$ \mathrm{BN}(z) = \frac{z - \langle z\rangle}
#    {\sqrt{\langle (z - \langle z\rangle)^2\rangle}}. $$
#
# **Guess first:** if the weights become five times as long, is the output
# five times as large, smaller, or neither? (An *op*, one operation of a
# network, returns two things; `[0]` takes the first, its value. The second is
# for the gradient, and `eps` is explained at the end.)


# %%
def neuron(w, eps=0.0):
    z, _ = ops.linear(x, w)
    return ops.batch_norm(z, eps=eps)[0]


print(neuron(w)[:3].T.round(4))
print(neuron(5 * w)[:3].T.round(4))
assert np.allclose(neuron(w), neuron(5 * w), rtol=0, atol=1e-13)

# %% [markdown]
# Neither: it is the same. To see why, write the variance of $z$ in terms of
# $w$. Since $z - \langle z\rangle = w'(x - \langle x\rangle)$, and a number
# is its own transpose, its square is $w'(x - \langle x\rangle)
# (x - \langle x\rangle)'w$. The weights are the same for the whole batch and
# can be taken out of the mean, so that
#
# $$ \langle (z - \langle z\rangle)^2\rangle = w'\,\langle
#    (x - \langle x\rangle)(x - \langle x\rangle)'\rangle\, w = w'Rw, $$
#
# where $R$ is the covariance matrix of the inputs. Hence
#
# $$ \mathrm{BN}(w'x) = \frac{w'(x - \langle x\rangle)}{\sqrt{w'Rw}}. $$
#
# Put $5w$ in place of $w$: a 5 appears in the numerator, and $\sqrt{25}$ in
# the denominator. They cancel, as any positive factor would.

# %%
centered = x - x.mean(axis=0)
R = centered.T @ centered / len(x)
assert np.allclose(np.var(x @ w), w.T @ R @ w, rtol=1e-12, atol=0)
by_formula = centered @ w / np.sqrt(w.T @ R @ w)
assert np.allclose(neuron(w), by_formula, rtol=0, atol=1e-13)

# %% [markdown]
# Everything that is computed from the output is the same, too. Of the weights
# directly before a batch normalization (but not of others, such as a last
# layer's), the network sees only the *direction* $w/|w|$.
#
# ## Backwards
#
# **Guess first:** at $w$ and $5w$ the network's output is the same. Is the
# gradient the same too, and does a step of gradient descent do the same?
#
# Let $a$ be a positive number. The loss depends on the output alone, so
# $L(aw) = L(w)$: it is constant along the *ray* through $w$, all its positive
# multiples. Differentiate both sides with respect to $a$. On the left the
# $i$-th entry of $aw$ changes at the rate $w_i$, and by the chain rule every
# entry contributes its rate times the derivative of the loss. At $a = 1$,
#
# $$ \frac{d}{da} L(aw) = \sum_i w_i \frac{\partial L}{\partial w_i} = w'g. $$
#
# The right side does not depend on $a$, and its derivative is 0. So
# $w'g = 0$: **the gradient is at a right angle to the weight vector.**
#
# Now differentiate $L(aw) = L(w)$ with respect to $w$ instead. The chain rule
# gives $a\, g(aw) = g(w)$, where $g(w)$ is the gradient at $w$. A vector five
# times as long has a gradient a fifth as long, because the same short push
# turns it by only about a fifth of the angle. Take $a = 1/|w|$: **the
# gradient is $1/|w|$ times the gradient at unit length.**
#
# > **Pullback.** The second thing that an op returns is a function, its
# > *pullback*: the chain rule for this op. It takes the gradient with respect
# > to the op's output, and returns the gradients with respect to its inputs.
# > Going back through two ops means calling their pullbacks, last op first.
#
# Our loss is half the mean squared distance to targets, $L =
# \frac{1}{2N}\sum_k (\mathrm{out}_k - t_k)^2$ for a batch of $N$. Its
# derivative with respect to $\mathrm{out}_k$ is $(\mathrm{out}_k - t_k)/N$,
# and this is where the way back begins.

# %%
t = np.tanh(x @ np.array([[1.0], [0.5], [-2.0]]))  # targets


def loss_and_gradient(w, eps=0.0):
    z, back_linear = ops.linear(x, w)
    out, back_norm = ops.batch_norm(z, eps=eps)
    _, g = back_linear(back_norm((out - t) / len(x)))  # for x, for w
    return float(np.mean((out - t) ** 2) / 2), g


# %%
loss_w, g_w = loss_and_gradient(w)
for a in (1, 5, 25):
    loss, g = loss_and_gradient(a * w)
    cosine = (w * g).sum() / (np.linalg.norm(w) * np.linalg.norm(g))
    print(f"{a:3} w: loss {loss:.4f}, |g| {np.linalg.norm(g):.5f},",
          f"cosine of the angle with w {cosine:.0e}")
    assert np.isclose(loss, loss_w, rtol=1e-12, atol=0)
    assert abs(cosine) < 1e-12 and np.linalg.norm(g) > 0.001
    assert np.allclose(a * g, g_w, rtol=1e-10, atol=0)

# %% [markdown]
# ## What plain gradient descent does with this
#
# Since $w'g = 0$, a step is one leg of a right triangle, and $w$ is the
# other. By Pythagoras, every step makes $w$ longer (unless $g$ is zero):
#
# $$ |w - \eta g|^2 = |w|^2 - 2\eta\, w'g + \eta^2 |g|^2
#    = |w|^2 + \eta^2 |g|^2. $$
#
# The same triangle says by what angle $\theta$ the step turns $w$. Write
# $g_1$ for the gradient at unit length, in the same direction. Then $|g| =
# |g_1|/|w|$, and
#
# $$ \tan\theta = \frac{\eta\, |g|}{|w|} = \frac{\eta}{|w|^2}\, |g_1|. $$
#
# So the direction learns as if it were a unit vector with the learning rate
# $\eta/|w|^2$, the **effective learning rate**. Two networks that compute the
# same thing, one with long weights and one with short ones, learn at
# different speeds, although nobody chose that.
#
# Drag the tip of $w$: as $w$ grows the step shrinks, and the loss does not
# move. (This neuron has two inputs, so that all of $w$ fits on a page.)
#
# ```{raw} html
# <iframe class="figure" src="figures/length.html" loading="lazy"
#   title="The length of w: the step shrinks, the loss stays"></iframe>
# ```
#
# **Guess first:** $w$ grows at every step. Does every step turn it less than
# the step before? We measure the angle between old and new, whose cosine is
# their inner product over the product of their lengths.


# %%
def angle(v, w):
    lengths = np.linalg.norm(v) * np.linalg.norm(w)
    return np.arccos((v * w).sum() / lengths)


def step(v, eta):
    """The new vector, the effective rate, the slope |g_1|, the turn."""
    g, length = loss_and_gradient(v)[1], np.linalg.norm(v)
    slope = np.linalg.norm(loss_and_gradient(v / length)[1])
    return v - eta * g, eta / length**2, slope, angle(v, v - eta * g)


# %%
start = np.array([[-1.0], [0.0], [1.0]]) / np.sqrt(2)
eta, v, rows = 1.0, start, []
for _ in range(8):
    new, rate, slope, turn = step(v, eta)
    rows.append((np.linalg.norm(v), rate, turn))
    print(f"|w| {np.linalg.norm(v):.3f}, effective rate {rate:.3f}, slope",
          f"{slope:.3f}, turned by {np.degrees(turn):4.1f} degrees")
    assert np.isclose(np.tan(turn), rate * slope, rtol=1e-9, atol=0)
    legs = np.sum(v**2) + eta**2 * np.sum(loss_and_gradient(v)[1] ** 2)
    assert np.isclose(np.sum(new**2), legs, rtol=1e-12, atol=0)
    v = new
lengths, rates, turns = np.array(rows).T

# %% [markdown]
# No: the turns rise to 38 degrees before they fall. What falls at every step
# is the effective learning rate, here to less than half. The tangent of the
# turn is this rate times the slope $|g_1|$, and the slope depends on where
# the direction has got to.

# %%
assert np.all(np.diff(lengths) > 0) and np.all(np.diff(rates) < 0)
assert rates[-1] < 0.5 * rates[0]
most = int(np.argmax(turns))
assert most == 5 and round(np.degrees(turns[most])) == 38
assert np.all(np.diff(turns[: most + 1]) > 0) and turns[-1] < turns[0]

# %% [markdown]
# The film shows another neuron with three inputs. The sphere holds the
# directions, and its colour is the loss. In the lower plot, compare the turns
# with those that the same directions would make at $|w| = 1$.

# %%
scenes.scale()

# %% [markdown]
# ## The remedy
#
# Cho and Lee's remedy is to take this seriously. If all vectors of a ray give
# the same network, then let one of them stand for the ray: the unit vector.
# The weights of a neuron become **a point of the unit sphere**, and learning
# becomes a walk on the sphere.
#
# One thing remains, the `eps` of batch normalization. In practice the
# variance has a small number $\epsilon$ added, say $10^{-5}$, so that nothing
# is divided by 0. The length is then *almost* forgotten, but only as long as
# $w'Rw$ is far larger than $\epsilon$. A very short weight vector is seen:

# %%
cosines, spreads = [], []
for a in (1, 1e-3, 1e-4):
    g = loss_and_gradient(a * w, eps=1e-5)[1]
    cosines.append((w * g).sum() / np.linalg.norm(w) / np.linalg.norm(g))
    spreads.append(neuron(a * w, eps=1e-5).std())
    print(f"{a:6g} w: output of standard deviation {spreads[-1]:.4f},",
          f"cosine of the angle between w and g {cosines[-1]:.1e}")
assert 0 < abs(cosines[0]) < 1e-5 and abs(spreads[0] - 1) < 1e-5
assert abs(cosines[1]) > 0.1 and abs(cosines[2]) > 0.5
assert spreads[1] < 0.6 and spreads[2] < 0.1

# %% [markdown]
# ## Summary
#
# * Batch normalization cancels the length of the weight vector in front of
#   it, because the length is in the numerator and in the denominator.
# * The gradient is orthogonal to the weights, and shrinks as $1/|w|$: exactly
#   for $\epsilon = 0$, nearly for a small one.
# * So with $\epsilon = 0$ every step of plain gradient descent, unless its
#   gradient is 0, makes the weights longer. The rate that the direction
#   feels, $\eta/|w|^2$, falls; the turn need not.
# * What is left of the weights is a direction: a point of the unit sphere.
#
# ## Exercises
#
# 1. *Easy.* Does the *sign* of $w$ matter? Compare `neuron(w)` with
#    `neuron(-w)`.

# %% tags=["exercise"]
factor = -1  # neuron(-w) is factor * neuron(w)

# %% tags=["check"]
assert np.ndim(factor) == 0, "factor is one number, for the whole batch"
assert np.isclose(abs(factor), 1), "both outputs have variance 1"
same = np.allclose(neuron(-w), factor * neuron(w), rtol=0, atol=1e-13)
assert same, "print the first outputs of neuron(w) and of neuron(-w)"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The output changes its sign, since $\mathrm{BN}(-z) = -\mathrm{BN}(z)$. The
# numerator changes its sign, whereas the square root does not.
#
# </details>
#
# 2. *Harder.* Weight decay adds $\lambda w$ to the gradient. Show that the
#    step without $g$, $w - \eta\lambda w$ with $\eta\lambda < 1$, changes
#    nothing in what the network computes. What does it change?


# %% tags=["exercise"]
def rate_grows(product):  # by this factor, if eta lambda = product
    return 1 / (1 - product) ** 2


# %% tags=["check"]
for product in (0.1, 0.5):
    said, shorter = rate_grows(product), (1 - product) * w
    assert np.ndim(said) == 0, "a factor is one number"
    assert said > 1, "w is shorter now: is eta/|w|^2 smaller?"
    measured = step(shorter, 1.0)[1] / step(w, 1.0)[1]
    assert np.isclose(said, measured, rtol=1e-9, atol=0), (
        f"for {product} you say {said:.4f}, but step(...)[1] grows by "
        f"{measured:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# It multiplies $w$ by $1 - \eta\lambda$, which batch normalization cancels.
# But $w$ is shorter now, and the effective learning rate $\eta/|w|^2$ is
# larger by the factor $1/(1 - \eta\lambda)^2$. For these weights, weight
# decay is a way to raise the learning rate.
#
# </details>
#
# 3. *Open experiment.* Take 30 steps from `start` with $\eta = 0.1$, and
#    again with 1, 10 and 1000. How long is $w$ in the end, and how large is
#    the loss? Why is the largest rate not the best?
#
# <details><summary>Answer</summary>
#
# The lengths are 1.01, 1.57, 5.24, 164, and the losses 1.37, 0.09, 0.07,
# 0.14. With $\eta = 1000$ the first step already makes $w$ about
# $\eta\,|g_1|$ long, so that an effective rate of about $\eta/(\eta\,|g_1|)^2
# = 1/(\eta\,|g_1|^2)$ is left: the larger $\eta$ is, the less is left. In the
# end this rate is 0.04.
#
# </details>
#
# Two cells check the answers; try the exercises first.

# %%
assert np.allclose(neuron(-w), -neuron(w), rtol=0, atol=1e-13)  # 1
assert np.allclose(neuron(0.9 * w), neuron(w), rtol=0, atol=1e-13)  # 2
before, after = np.tan(step(w, 1.0)[3]), np.tan(step(0.9 * w, 1.0)[3])
assert np.isclose(after, before / 0.9**2, rtol=1e-9, atol=0)

# %%
found = [(0.1, 1.01, 1.37), (1, 1.57, 0.09), (10, 5.24, 0.07)]
for eta, length, loss in [*found, (1000, 164, 0.14)]:  # 3
    v, _, slope, _ = step(start, eta)
    grown = np.linalg.norm(v) / (eta * slope)
    assert eta < 1000 or abs(grown - 1) < 0.01
    for _ in range(29):
        v, rate, _, _ = step(v, eta)
    assert np.isclose(np.linalg.norm(v), length, rtol=0.005, atol=0)
    assert abs(loss_and_gradient(v)[0] - loss) < 0.005
assert round(rate, 2) == 0.04

# %% [markdown]
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017: the
#   introduction, and the section on batch normalization.
# * Ioffe and Szegedy, *Batch normalization*, 2015: where the layer comes
#   from. Section 3.3 mentions the invariance, and the $1/a$ of the gradient.
# * In this project: `grassmann_np/ops/normalize.py`,
#   `grassmann_np/nn/invariant.py`.
