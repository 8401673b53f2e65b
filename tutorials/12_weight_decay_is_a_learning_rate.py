# %% [markdown]
# # 12. Weight decay is a learning rate
#
# **Question.** Weight decay shortens the weights, and in front of a batch
# normalization their length does not matter. Why does it help all the same?
#
# You need [lesson 1](01_why_length_does_not_matter.py): a network that does
# not see the length of $w$ has a gradient at right angles to $w$, and
# $g(cw) = g(w)/c$. Everything here follows from these two facts.

# %%
import numpy as np

from grassmann_np import optim
from grassmann_np.geometry import sphere
from grassmann_np.nn import Parameter
from viz import losses, scenes

loss = losses.neuron(np.random.default_rng(0))  # one batch-normalized neuron
start = np.array([[0.4], [-1.0], [0.7]])
g, g_long = loss(start)[1], loss(3 * start)[1]
assert abs((start * g).sum()) < 1e-15 and np.allclose(g_long, g / 3)

# %% [markdown]
# ## Shorter weights turn faster
#
# Plain SGD with weight decay $\lambda$ adds $\lambda w$ to the gradient:
#
# $$ w \leftarrow w - \eta\,(g + \lambda w) = a\,w - \eta\,g,
#    \qquad a = 1 - \eta\lambda. $$
#
# The factor $a$, a little below 1, makes $w$ shorter. The network does not
# see that. But the step $-\eta g$ stands at a right angle to $w$, and turns
# a shorter $w$ by a larger angle.
#
# The race below shows it. SGD slows down as its $w$ grows; SGD with
# decay slows down less. SGD-G and Adam-G have no length at all.

# %%
scenes.race()

# %% [markdown]
# ## Exactly: decay is a growing rate
#
# Let $w_t$ be the weights of SGD with decay. Undo the shrinking: write
# $w_t = a^t \varphi_t$. Then $\varphi_t$ has the same direction, so it is the
# same network. How does $\varphi$ move? Put it into the step, and use
# $g(a^t\varphi) = g(\varphi)/a^t$:
#
# $$ a^{t+1}\varphi_{t+1} = a \cdot a^t\varphi_t - \eta\,
#    \frac{g(\varphi_t)}{a^t}
#    \quad\Longrightarrow\quad
#    \varphi_{t+1} = \varphi_t - \eta\,a^{-2t-1}\,g(\varphi_t). $$
#
# This is SGD **without** decay, with a rate that grows exponentially.
# Nothing was neglected. Li and Arora found this in 2019.
#
# The optimizers of the library multiply their rate by `factor`, so we can
# run both and compare.


# %%
def walk(optimizer, factors):
    """The weights before every step and after the last."""
    (p,) = optimizer.parameters
    seen = [p.value]
    for factor in factors:
        optimizer.factor = factor
        p.grad = loss(p.value)[1]
        optimizer.step()
        seen.append(p.value)
    return np.stack(seen)


# %%
eta, decay, t, constant = 0.2, 0.1, np.arange(40.0), np.ones(40)
a = 1 - eta * decay
with_decay = optim.SGD([Parameter(start)], eta, 0.0, weight_decay=decay)
w = walk(with_decay, constant)
phi = walk(optim.SGD([Parameter(start)], eta, 0.0), a ** (-2 * t - 1))
gap = np.abs(w - a ** np.arange(41.0)[:, None, None] * phi).max()
print(f"largest difference of w and a^t phi in 40 steps: {gap:.0e}")
print(f"|w| = {np.linalg.norm(w[-1]):.3f}, |phi| = ", end="")
print(f"{np.linalg.norm(phi[-1]):.3f}: two lengths, one direction")
assert gap < 1e-12

# %% [markdown]
# So two schedules that look opposite are the same training: "constant rate
# with decay" and "no decay, and a rate that grows without end". This is why
# a comparison of learning rates means little as long as the lengths differ.
#
# ## With momentum
#
# With momentum $\gamma$ the same trick works, with another $a$: a root of
#
# $$ x^2 - (1 + \gamma - \eta\lambda)\,x + \gamma = 0. $$
#
# The rate without decay is again $e_t = \eta\,a^{-2t-1}$. One detail: the
# rate now changes at every step, and there are two ways to carry momentum
# from one rate to the next. Here it is a velocity $v$, and the rate
# multiplies all of it:
# $v \leftarrow \gamma v - g$, then $\varphi \leftarrow \varphi + e_t v$.
# (The library carries the displacement itself, as the paper does.) And the
# first velocity is not 0: undoing the shrinking puts $\varphi_{-1}$ at
# $a\,w_0$, so that $v = (1-a)\,w_0/e_{-1}$.

# %%
gamma, decay = 0.9, 0.01
half = (1 + gamma - eta * decay) / 2
a = half + np.sqrt(half**2 - gamma)
with_decay = optim.SGD([Parameter(start)], eta, gamma, weight_decay=decay)
w = walk(with_decay, constant)
phi, v = start, (1 - a) * start / (eta * a)  # e at t = -1 is eta a
for k in t:
    v = gamma * v - loss(phi)[1]
    phi = phi + eta * a ** (-2 * k - 1) * v
gap = np.abs(w[-1] - a ** len(t) * phi).max()
print(f"a = {a:.5f}; difference after 40 steps: {gap:.0e}")
assert gap < 1e-11

# %% [markdown]
# ## The rate that counts
#
# How far does a step turn $w$? Without momentum, write $r = |w|$ and $G$
# for the gradient at unit length, so that $|g| = |G|/r$. The step goes
# $\eta|G|/r$ sideways, at the distance $a r$ from the origin:
#
# $$ \tan(\text{angle}) = F\,|G|, \qquad F = \frac{\eta}{a\,r^2}. $$
#
# $F$ is the **effective rate**: the rate that would turn a *unit* vector
# just as far. It is the number to compare between optimizers. How does it
# change? By Pythagoras, $r^2$ becomes $a^2r^2 + \eta^2|G|^2/r^2$; in terms
# of $F$, with rates $\eta_t$ that may change,
#
# $$ F_{t+1} = \frac{B_t\,F_t}{1 + F_t^2|G_t|^2},
#    \qquad B_t = \frac{\eta_{t+1}}{\eta_t\,a_t\,a_{t+1}}. $$
#
# (This form of the law was derived and checked for this project.) Two forces
# pull: every step that turns $w$ lowers $F$, through the denominator; decay
# raises it, through $a$ in $B$. Without decay, at a constant rate, $B$ is 1
# and $F$ can only fall. We check the law along a walk whose rate falls.

# %%
cosine, decay = optim.schedule.cosine(end=0.1), 0.1
etas = eta * np.array([cosine(k / 40) for k in t])
with_decay = optim.SGD([Parameter(start)], 1.0, 0.0, weight_decay=decay)
w = walk(with_decay, etas)[:, :, 0].T  # a column per step
r = np.linalg.norm(w, axis=0)[:-1]
G = np.linalg.norm(loss(w[:, :-1] / r)[1], axis=0)
a = 1 - etas * decay
F, B = etas / (a * r**2), etas[1:] / (etas[:-1] * a[:-1] * a[1:])
print("effective rate at steps 0, 13, 26, 39:", F[::13].round(4))
assert np.allclose(np.tan(sphere.distance(w[:, :-1], w[:, 1:])), F * G)
assert np.allclose(F[1:], B * F[:-1] / (1 + (F * G)[:-1] ** 2))

# %% [markdown]
# ## Where the two forces meet
#
# At a constant rate the forces are in balance where
# $1 + F^2|G|^2 = B = 1/a^2$. But $F|G|$ is the tangent of the angle, so
#
# $$ \text{angle} \approx \sqrt{2\eta\lambda}. $$
#
# Look at what is *not* in this formula: the size of the gradient, the size
# of the layer, the length at the start. In the long run $\eta\lambda$ alone
# decides how far a step turns the weights. Weight decay **is** a learning
# rate.
#
# The gradients of mini-batches are noisy and never become 0, so training
# does reach this **equilibrium**. With momentum the angle is
# $\sqrt{2\eta\lambda/(1+\gamma)}$. These laws hold on the average only, so
# we let 20 weight vectors with 100 inputs each walk on pure noise.


# %%
def noisy_angle(gamma, size, eta=0.1, decay=0.01):
    rng = np.random.default_rng(0)
    p, squares = Parameter(rng.standard_normal((100, 20))), []
    optimizer = optim.SGD([p], eta, gamma, weight_decay=decay)
    for _ in range(2500):
        old, r = p.value, np.linalg.norm(p.value, axis=0)
        noise = size * rng.standard_normal(p.value.shape)
        p.grad = sphere.project(p.value / r, noise) / r  # scale-invariant
        optimizer.step()
        squares.append(np.mean(sphere.distance(old, p.value) ** 2))
    return np.sqrt(np.mean(squares[2000:]))


# %%
print("momentum  noise   measured  formula")
for gamma, size in ((0.0, 0.5), (0.0, 2.0), (0.9, 0.5), (0.9, 2.0)):
    found = noisy_angle(gamma, size)
    law = np.sqrt(2 * 0.1 * 0.01 / (1 + gamma))
    print(f"{gamma:8}  {size:5}  {found:9.5f} {law:8.5f}")
    assert abs(found / law - 1) < 0.03

# %% [markdown]
# The noise is four times as strong, and the angle is the same.
#
# ## SGD with decay is Adam-G, nearly
#
# Here is the last surprise. The length remembers the gradients: by
# Pythagoras once more,
#
# $$ r_{t+1}^4 = a^4 r_t^4 + 2a^2\eta^2|G_t|^2 + \dots $$
#
# That is an average of $|G|^2$ that forgets by the factor $a^4$ a step. You
# know such an average from [lesson 6](06_adam_g.py): the one number $v$
# that Adam-G keeps per weight vector. And the step of SGD is divided by
# $r^2$, as that of Adam-G is divided by $\sqrt v$. So SGD with L2 decay is,
# to second order, Adam-G without momentum, with
#
# $$ \beta_2 = a^4, \qquad \eta_G = \sqrt{(1 - \beta_2)/2}, \qquad
#    v_0 = \frac{1-\beta_2}{2a^2\eta^2}\,r_0^4. $$
#
# Roburin and co-authors found this in 2020. "To second order" is a claim
# that can be measured: all that was neglected changes the angle of a step in
# the order $\eta^3$ only. So if $\eta$ is halved, with $a$ as it is, the two
# end up 8 times nearer to each other: on a log-log plot, the **slope** 3.


# %%
def gap_to_adam_g(eta, a=0.95, steps=5):
    w, b = sphere.normalize(start), a**4
    sgd = optim.SGD([Parameter(w)], eta, 0.0, weight_decay=(1 - a) / eta)
    adam = optim.Adam([Parameter(w, sphere)], np.sqrt((1 - b) / 2),
                      beta1=0.0, beta2=b, eps=1e-300)
    adam.state[0]["v"] = np.full(1, (1 - b) / (2 * a**2 * eta**2))
    uncorrected = 1 / np.sqrt(1 - b ** np.arange(1.0, steps + 1))
    ends = walk(sgd, np.ones(steps))[-1], walk(adam, uncorrected)[-1]
    return float(sphere.distance(*ends)[0])


# %%
etas = 2.0 ** -np.arange(6, 12)
gaps = [gap_to_adam_g(eta) for eta in etas]
slope = np.polyfit(np.log(etas), np.log(gaps), 1)[0]
for eta, gap in zip(etas, gaps, strict=True):
    print(f"eta {eta:.5f}: {gap:.2e} rad apart")
print(f"slope {slope:.2f}")
assert 2.8 < slope < 3.2

# %% [markdown]
# (`uncorrected` takes out Adam's correction for starting at $v = 0$: here
# $v$ does not start at 0.)
#
# ## What others made of it
#
# If the length is only a hidden learning rate, why not take it away? Cho
# and Lee did, in 2017. Later work went the same way:
#
# * **AdamP** (2020) keeps the weights free, but takes out of each step the
#   part along $w$, with which momentum would make $w$ longer.
# * **nGPT** (2024) is a transformer whose weight vectors and activations
#   are all kept at unit length, and trains without weight decay.
# * **Modular manifolds** (2025) puts whole matrices on manifolds, and asks
#   which size of step fits each layer.
#
# ## Summary
#
# * For scale-invariant weights, decay at a constant rate *is* a rate that
#   grows exponentially, without decay. It is exact, with momentum too.
# * The rate that counts is $F = \eta/(a|w|^2)$: steps lower it, decay raises
#   it.
# * In equilibrium a step turns by $\sqrt{2\eta\lambda/(1+\gamma)}$, whatever
#   the gradient.
# * SGD with decay is, to second order, Adam-G: the length of $w$ plays the
#   part of $v$.
#
# ## Exercises
#
# 1. Without decay and without momentum, at constant $|G|$: how does $|w|$
#    grow with the number of steps, and how does the angle fall?
#
# <details><summary>Answer</summary>
#
# $r^4$ grows by about $2\eta^2|G|^2$ a step, so $|w|$ grows like $t^{1/4}$.
# The angle is $\eta|G|/r^2$, so it falls like $1/\sqrt{2t}$: as if somebody
# had set a schedule of $1/\sqrt t$.
#
# </details>
#
# 2. You divide $\eta$ by 5, as the paper's schedule does. What happens to the
#    angle at once? And after a long time?
#
# <details><summary>Answer</summary>
#
# At once it is divided by 5: $F = \eta/(ar^2)$. In the long run it is divided
# by $\sqrt 5$ only, because it tends to $\sqrt{2\eta\lambda}$. In between the
# effective rate *rises*, though the rate stays where it is.
#
# </details>
#
# 3. A colleague decays the weights of the last linear layer as well, which
#    no normalization follows. Is that a learning rate too?
#
# <details><summary>Answer</summary>
#
# No. That layer sees the length of its weights: shorter ones give smaller
# logits and a less certain softmax. There decay is a regularizer in the old
# sense. Exactly which weights are scale-invariant is the question of
# [lesson 11](11_beyond_batch_norm.py).
#
# </details>
#
# 4. With $\gamma = 0.9$, how large may $\eta\lambda$ be for $a$ to be a real
#    number?
#
# <details><summary>Answer</summary>
#
# The root needs $(1 + \gamma - \eta\lambda)^2 \ge 4\gamma$, that is
# $\eta\lambda \le (1 - \sqrt\gamma)^2 \approx 0.0026$. With the usual
# $\eta = 0.1$ and $\lambda = 0.0005$ it is far below.
#
# </details>
#
# ## Going deeper
#
# * Li and Arora, *An exponential learning rate schedule for deep learning*,
#   2019.
# * Roburin, de Mont-Marin, Bursuc, Marlet, Perez and Aubry, *Spherical
#   perspective on learning with normalization layers*, 2020.
# * Wan, Zhu, Zhang and Sun, *Spherical motion dynamics*, 2020; Kosson,
#   Messmer and Jaggi, *Rotational equilibrium*, 2023: the equilibrium.
# * Heo and others, *AdamP: slowing down the slowdown for momentum
#   optimizers on scale-invariant weights*, 2021.
# * Loshchilov, Hsieh, Sun and Ginsburg, *nGPT: normalized transformer with
#   representation learning on the hypersphere*, 2024.
# * Bernstein, *Modular manifolds*, Thinking Machines Lab, 2025.
# * In this project: `tests/train/test_scale_invariance_in_training.py`
#   holds a two-layer network to these laws; `grassmann_np/train/monitor.py`
#   measures angle and effective rate in every training.
