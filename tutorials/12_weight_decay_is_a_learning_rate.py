# %% [markdown]
# # 12. Weight decay is a learning rate
#
# **Question.** Weight decay shortens the weights, and in front of a batch
# normalization their length does not matter. Why does it help all the same?
#
# You need [lesson 1](01_why_length_does_not_matter.py): a network that does
# not see the length of $w$ has a gradient at right angles to $w$, and
# $g(cw) = g(w)/c$. Everything here follows from these two facts. Momentum is
# from [lesson 5](05_sgd_g.py); $\gamma$ is its factor on this page, not the
# scale of batch normalization. The end needs [lesson 6](06_adam_g.py).

# %%
import matplotlib.pyplot as plt
import numpy as np

from grassmann_np import optim, train
from grassmann_np.geometry import sphere
from grassmann_np.nn import Parameter
from viz import losses, scenes

loss = losses.neuron(np.random.default_rng(0))  # one batch-normalized neuron
start = np.array([[0.4], [-1.0], [0.7]])
g, g_long = loss(start)[1], loss(3 * start)[1]
assert abs((start * g).sum()) < 1e-15
assert np.allclose(g_long, g / 3, rtol=0, atol=1e-15)

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
# The race below shows it. As the $w$ of SGD grows, a gradient of given
# strength turns it less; with decay $w$ grows less. (The turn itself may
# still increase, where the loss becomes steeper.) For SGD-G and Adam-G the
# length is 1 and stays there.

# %%
scenes.race()

# %% [markdown]
# ## Exactly: decay is a growing rate
#
# Let $w_t$ be the weights of SGD with decay. Undo the shrinking: write
# $w_t = a^t \varphi_t$. Then $\varphi_t$ has the same direction, so it is the
# same network. How does $\varphi$ move? Substitute it into the step, and use
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
def walk(optimizer, factors, gradient=lambda w, k: loss(w)[1]):
    """The weights before every step and after the last."""
    (p,) = optimizer.parameters
    seen = [p.value]
    for k, factor in enumerate(factors):
        optimizer.factor = factor
        p.grad = gradient(p.value, k)
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
# So "constant rate with decay" and "no decay, and a rate that grows without
# end" look opposite and are the same training. This is why a comparison of
# learning rates means little as long as the lengths differ.
#
# Here are the two runs, for a neuron with two inputs:
#
# ```{raw} html
# <iframe class="figure" src="figures/decay.html" loading="lazy"
#   title="Weight decay is a learning rate: two runs in one"></iframe>
# ```
#
# ## With momentum
#
# Momentum repeats $\gamma$ times the last step, $w_t - w_{t-1}$. With decay
# the next weights are therefore
#
# $$ w_{t+1} = (1 + \gamma - \eta\lambda)\,w_t - \gamma\,w_{t-1}
#    - \eta\,g(w_t). $$
#
# Substitute $w_t = a^t\varphi_t$ again, now with a number $a$ that is yet to
# be found, and divide by $a^{t+1}$. The result is
#
# $$ \varphi_{t+1} = \frac{1 + \gamma - \eta\lambda}{a}\,\varphi_t
#    - \frac{\gamma}{a^2}\,\varphi_{t-1} - e_t\,g(\varphi_t), \qquad
#    e_t = \eta\,a^{-2t-1}. $$
#
# Without decay it should read $\varphi_{t+1} = \varphi_t + \text{part}\cdot
# (\varphi_t - \varphi_{t-1}) - e_t\,g$, and so the first factor minus the
# second has to be 1. That is why $a$ is a root of
#
# $$ x^2 - (1 + \gamma - \eta\lambda)\,x + \gamma = 0. $$
#
# Either root will do. For a small $\eta\lambda$ the larger one is close to
# $1 - \eta\lambda/(1 - \gamma)$. (They are real up to $\eta\lambda = (1 -
# \sqrt\gamma)^2$, which is 0.0026 for $\gamma = 0.9$. The paper's settings
# are far below; the largest rates that we have tuned, on the digits, are
# not.) The part is $\gamma/a^2 = \gamma\,e_t/e_{t-1}$. So write the last step
# as its rate times a velocity, $\varphi_t - \varphi_{t-1} = e_{t-1}v$.
# Momentum then repeats $e_t\,\gamma v$, and the step becomes $v \leftarrow
# \gamma v - g$, $\varphi \leftarrow \varphi + e_t v$: its rate multiplies
# *all* of the velocity. (The library repeats the last displacement instead,
# as the paper does, which is the same while the rate is constant.) The first
# velocity is not 0: $w_{-1} = w_0$ gives $\varphi_{-1} = a\,w_0$.

# %%
gamma, decay = 0.9, 0.01
with_decay = optim.SGD([Parameter(start)], eta, gamma, weight_decay=decay)
w = walk(with_decay, constant)
for a in np.roots([1, -(1 + gamma - eta * decay), gamma]):
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
# just as far, and the one to compare between optimizers. (Lesson 1 had no
# decay, so that $a = 1$.) How does it change? By Pythagoras, $r^2$ becomes
# $a^2r^2 + \eta^2|G|^2/r^2$; in terms of $F$, with rates $\eta_t$ that may
# change,
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
tangents = np.tan(sphere.distance(w[:, :-1], w[:, 1:]))
assert np.allclose(tangents, F * G, rtol=1e-12, atol=1e-15)
after = B * F[:-1] / (1 + (F * G)[:-1] ** 2)
assert np.allclose(F[1:], after, rtol=1e-12, atol=0)

# %% [markdown]
# ## Where the two forces meet
#
# **Guess first.** In the middle of training with decay you divide $\eta$
# by 5. What happens to the angle per step at once, and what in the long run?
#
# We let 20 weight vectors with 100 inputs each walk on pure noise, since the
# gradients of mini-batches are noisy and do not become 0 (unless the network
# fits every image).


# %%
def invariant(w, noise):
    """Noise as a gradient: at a right angle to w, and falling as 1/|w|."""
    r = np.linalg.norm(w, axis=0)
    return sphere.project(w / r, noise) / r


# %%
def noisy(factors, decay, gamma=0.0, size=1.0, length=1.0):
    """The angle of each step (root mean square) and the mean r^4 before."""
    rng = np.random.default_rng(0)
    p = Parameter(length * sphere.random_point((100, 20), rng))
    w = walk(optim.SGD([p], 0.1, gamma, weight_decay=decay), factors,
             lambda w, k: invariant(w, size * rng.normal(size=w.shape)))
    angles = [sphere.distance(w[k], w[k + 1]) for k in range(len(factors))]
    r4 = np.mean(np.sum(w**2, axis=1) ** 2, axis=1)
    return np.sqrt(np.mean(np.square(angles), axis=1)), r4[:-1]


# %%
steady, drop = np.ones(1600), np.repeat([1.0, 0.2], 800)
angle = {
    "no decay": noisy(steady, 0.0, length=3.0)[0],
    "decay, long start": noisy(steady, 0.01, length=9.0)[0],
    "decay, short start": noisy(steady, 0.01, length=2.0)[0],
    "decay, rate / 5": noisy(drop, 0.01, length=2.0)[0],
}

# %%
for name, line in angle.items():
    plt.semilogy(line, label=name)
for rate in (0.1, 0.02):
    plt.axhline(np.sqrt(2 * rate * 0.01), color="gray", linestyle=":")
plt.xlabel("step"), plt.ylabel("angle of the step, radians")
plt.legend()
changed, high = angle["decay, rate / 5"], np.sqrt(2 * 0.1 * 0.01)

# %%
for name, line in angle.items():
    print(f"{name:18} after 800 steps {line[799]:.4f}, then {line[800]:.4f}, "
          f"at the end {line[-1]:.4f}")
ends = [angle[f"decay, {name} start"][-1] for name in ("long", "short")]
assert np.allclose(ends, high, rtol=0.03, atol=0)
assert np.isclose(changed[800], changed[799] / 5, rtol=0.05, atol=0)
assert 1.2 * changed[800] < changed[-1] < 0.8 * high / np.sqrt(5)

# %% [markdown]
# Without decay the angle falls for ever. With decay it finds the same value,
# the upper dotted line, from a long start and from a short one. And if the
# rate is divided by 5, the angle is divided by 5 at once, but then it *rises*
# again toward the lower dotted line, though the rate stays where it is.
#
# At a constant rate the forces are in balance where
# $1 + F^2|G|^2 = B = 1/a^2$. But $F|G|$ is the tangent of the angle, so that
#
# $$ \text{angle} \approx \sqrt{2\eta\lambda}, \qquad
#    \text{with momentum}\quad \sqrt{\frac{2\eta\lambda}{1 + \gamma}}. $$
#
# The size of the gradient, the size of the layer and the length at the start
# are *not* in this formula. In this **equilibrium** $\eta\lambda$ and
# $\gamma$ alone decide how far a step turns the weights. Weight decay **is**
# a learning rate.
#
# <details><summary>Where does the 1 + γ come from?</summary>
#
# Let $\tau_{t+1} = \gamma\tau_t - \eta g - \eta\lambda w_t$ be the step, so
# that $w_{t+1} = w_t + \tau_{t+1}$, and let $S = \mathbb{E}|\tau|^2$, where
# $\mathbb{E}$ is the mean. In equilibrium $\mathbb{E}|w|^2$ stays, so
# $\mathbb{E}\,w_t'\tau_{t+1} = -S/2$, and $\mathbb{E}\,w_{t+1}'\tau_{t+1} =
# -S/2 + S = S/2$. Now take the inner product of the step with $w_t$. The
# gradient drops out, and what is left is $-S/2 = \gamma S/2 -
# \eta\lambda\,\mathbb{E}|w|^2$. So $S/\mathbb{E}|w|^2 = 2\eta\lambda/(1 +
# \gamma)$, and this is the square of the angle if steps are short.
#
# </details>
#
# ## How long does it take?
#
# Square Pythagoras' $r_{t+1}^2 = a^2r_t^2 + \eta^2|G_t|^2/r_t^2$:
#
# $$ r_{t+1}^4 = a^4 r_t^4 + 2a^2\eta^2|G_t|^2 + \eta^4|G_t|^4/r_t^4. $$
#
# The last summand is tiny, as long as steps are short. So $r^4$ is a running
# average of $|G|^2$: it keeps $a^4 \approx 1 - 4\eta\lambda$ of its past at
# every step. What is left of the start fades like $e^{-4\eta\lambda t}$, with
# a **relaxation time of** $1/(4\eta\lambda)$ **steps**. With momentum $a$ is
# about $1 - \eta\lambda/(1-\gamma)$, and the time is $(1-\gamma)$ times that.

# %%
print("momentum noise   angle   law      relaxation law, steps")
for gamma, size, decay in ((0.0, 0.5, 0.01), (0.0, 2.0, 0.01),
                           (0.9, 0.5, 0.002), (0.9, 2.0, 0.002)):
    law = np.sqrt(2 * 0.1 * decay / (1 + gamma))
    T = round((1 - gamma) / (4 * 0.1 * decay))
    angles, r4 = noisy(np.ones(12 * T), decay, gamma, size, 20.0)
    found = np.sqrt(np.mean(angles[-2 * T:] ** 2))
    rest = r4 / r4[-2 * T:].mean() - 1  # what the start has left in r^4
    time = T / np.log(rest[T] / rest[2 * T])
    print(f"{gamma:8} {size:5} {found:.5f} {law:.5f} {time:10.0f} {T:7}")
    assert abs(found / law - 1) < 0.03 and abs(time / T - 1) < 0.1

# %% [markdown]
# The noise is four times as strong, and neither the angle nor the time
# changes. Is the equilibrium reached in practice? The authors' code trains
# its SGD baseline on the 50000 images of CIFAR with $\lambda = 0.0005$,
# $\gamma = 0.9$, batches of 128, and a rate of 0.1 that is multiplied by 0.2
# after 60, 120 and 160 of 200 epochs.

# %%
reached = []
for k, epochs in enumerate((60, 60, 40, 40)):
    rate, steps = 0.1 * 0.2**k, epochs * int(np.ceil(50_000 / 128))
    T = (1 - 0.9) / (4 * rate * 0.0005)
    reached.append(steps / T)
    print(f"rate {rate:.4f}: {steps} steps, {reached[-1]:5.2f} relaxations")
sgd = train.Setup(optimizer="sgd")  # for digits; the rate falls to 0
steps, mean = sgd.epochs * int(np.ceil(1347 / 64)), sgd.rate / 2
ours = 4 * mean * sgd.weight_decay / (1 - sgd.momentum) * steps
print(f"digits, from {sgd.rate}: {steps} steps, {ours:5.2f} relaxations")

# %%
assert (sgd.rate, sgd.epochs, sgd.schedule) == (0.4, 30, "linear")
assert reached[0] > 40 and reached[1] > 9 and 1 < reached[2] < 1.5
assert reached[3] < 0.3 and 2 < ours < 3

# %% [markdown]
# In the first two phases, yes. In the third it is only approached, and the
# last is over after a quarter of a relaxation: there the length that was
# inherited decides. Our SGD on the digits, 30 epochs of 22 batches with a
# rate that falls linearly from 0.4, sees less than three relaxations in all.
#
# ## SGD with decay is Adam-G, nearly
#
# A running average of squared gradients: that is $v$, the one number that
# Adam-G keeps per weight vector. **Guess first:** does SGD with decay, then,
# do the same as Adam-G? We run both with the same noise, four times as strong
# from step 100 to 200, and draw the $r^4$ of the one and the $v$ of the
# other.


# %%
def twins(eta, a):
    """SGD with decay, Adam-G with the settings that match it, and v_0."""
    y, b = sphere.normalize(start), a**4
    sgd = optim.SGD([Parameter(y)], eta, 0.0, weight_decay=(1 - a) / eta)
    adam = optim.Adam([Parameter(y, sphere)], np.sqrt((1 - b) / 2),
                      beta1=0.0, beta2=b, eps=1e-300)
    return sgd, adam, (1 - b) / (2 * a**2 * eta**2)


# %%
def pair(eta, a, steps, gradient):
    """The walks of both, r^4/r_0^4 and v/v_0 before every step."""
    sgd, adam, v_0 = twins(eta, a)
    adam.state[0]["v"], v = np.full(1, v_0), []

    def record(y, k):
        v.append(float(adam.state[0]["v"][0]) / v_0)
        return gradient(y, k)

    w = walk(sgd, np.ones(steps), gradient)
    uncorrected = 1 / np.sqrt(1 - a ** (4 * np.arange(1.0, steps + 1)))
    y = walk(adam, uncorrected, record)
    return w, y, np.sum(w**2, axis=(1, 2))[:-1] ** 2, np.array(v)


# %%
size = np.where(np.arange(300) // 100 == 1, 2.0, 0.5)[:, None, None]
noise = size * np.random.default_rng(1).standard_normal((300, 3, 1))
w, y, r4, v = pair(0.05, 0.995, 300, lambda w, k: (
    loss(w)[1] + invariant(w, noise[k])))
plt.figure()
plt.plot(r4, label="SGD with decay: $r^4/r_0^4$")
plt.plot(v, "--", label="Adam-G: $v/v_0$")
plt.xlabel("step"), plt.legend()
apart = np.abs(v / r4 - 1).max()
print(f"r^4 from {r4.min():.2f} to {r4.max():.2f}, v at most "
      f"{100 * apart:.1f} % away")
assert r4.max() > 8 * r4.min() and apart < 0.05

# %% [markdown]
# The two curves can hardly be told apart, and this is why. The recursion of
# $r^4$ above, without its last summand, is that of $v$ once we set
#
# $$ \beta_2 = a^4, \qquad v = \frac{1-\beta_2}{2a^2\eta^2}\,r^4. $$
#
# SGD turns by $\eta|G_t|/(a r_t^2)$, to first order, and Adam-G by
# $\eta_G|G_t|/\sqrt{v_{t+1}}$, where $v_{t+1} \approx a^4 v_t$. The angles
# are the same if $\eta_G = \sqrt{(1 - \beta_2)/2}$. So SGD with decay and
# without momentum is, to second order, Adam-G without momentum. Roburin and
# co-authors found this in 2020; in this form it is ours. (`uncorrected` takes
# out Adam's correction for starting at $v = 0$: here $v$ does not.)
#
# "To second order" can be measured. All that was neglected changes the angle
# of a step by order $\eta^3$ only. So if $\eta$ is halved, with $a$ as it is
# (and therefore $\lambda = (1 - a)/\eta$ doubled), the two end up 8 times
# nearer to each other: on a log-log plot, the **slope** 3.

# %%
etas, gaps = 2.0 ** -np.arange(6, 12), []
for eta in etas:
    w, y, *_ = pair(eta, 0.95, 5, lambda w, k: loss(w)[1])
    gaps.append(float(sphere.distance(w[-1], y[-1])[0]))
    print(f"eta {eta:.5f}: {gaps[-1]:.2e} rad apart")
slope = np.polyfit(np.log(etas), np.log(gaps), 1)[0]
print(f"slope {slope:.2f}")
assert 2.8 < slope < 3.2

# %% [markdown]
# ## What came after
#
# If the length is only a hidden learning rate, why not take it away? Cho and
# Lee did, in 2017. **AdamP** (2020) keeps the weights free; where a small
# cosine of gradient and weight suggests that the weight is scale-invariant,
# it removes that part of the step which lies along $w$, and by which momentum
# would lengthen $w$. Optimizers from 2024 on fix the length again, as [lesson
# 17](17_the_sphere_is_back.py) tells.
#
# ## Summary
#
# * For scale-invariant weights, decay at a constant rate *is* a rate that
#   grows exponentially, without decay. It is exact, with momentum up to
#   $\eta\lambda = (1 - \sqrt\gamma)^2$.
# * The rate that counts is $F = \eta/(a|w|^2)$: steps lower it, decay raises
#   it.
# * In equilibrium a step turns by $\sqrt{2\eta\lambda/(1+\gamma)}$, whatever
#   the gradient. This takes several times $(1-\gamma)/(4\eta\lambda)$ steps,
#   more than many schedules leave.
# * SGD with decay, without momentum, is to second order Adam-G without
#   momentum: the length of $w$, as $r^4$, plays the part of $v$.
#
# ## Exercises
#
# 1. (Easy.) Without decay and without momentum, at constant $|G|$: how does
#    $|w|$ grow with the number of steps, and how does the angle fall?
#
# <details><summary>Answer</summary>
#
# $r^4$ grows by about $2\eta^2|G|^2$ a step, so $|w|$ grows like $t^{1/4}$.
# The angle is $\eta|G|/r^2$, so after many steps it falls like $1/\sqrt{2t}$,
# as under a schedule proportional to $1/\sqrt t$ at a fixed length.
#
# </details>
#
# 2. (Easy.) A colleague decays the weights of the last linear layer as well,
#    which no normalization follows. Is that a learning rate too?
#
# <details><summary>Answer</summary>
#
# No. That layer sees the length of its weights: shorter ones give smaller
# logits, and the network is less certain of its answers. There decay is a
# regularizer in the old sense. Exactly which weights are scale-invariant is
# the question of [lesson 11](11_beyond_batch_norm.py).
#
# </details>
#
# 3. (Open experiment.) Train the digits with SGD at a constant rate,
#    `train.Setup(optimizer="sgd", schedule="constant", weight_decay=0.005)`,
#    and compare `history.angle` with the law. Where does it differ, and why?
#
# <details><summary>Hint</summary>
#
# `history.angle` is that of one step an epoch, the mean over the columns; the
# law is about the mean of squares, over many steps. Gradients that agree from
# step to step still obey the law; but this SGD has Nesterov's momentum, for
# which it was not derived. What happens at ten times the decay?
#
# </details>
#
# The first answer, and when $a$ is real, checked:

# %%
falling = angle["no decay"] * np.sqrt(2 * np.arange(1.0, 1601.0))
print(f"angle times the root of 2t: {falling[399::400].round(3)}")
assert abs(falling[-1] - 1) < 0.03
border = (1 - 0.9**0.5) ** 2
assert round(border, 4) == 0.0026
for product, real in ((0.00005, 1), (border - 1e-6, 1), (border + 1e-6, 0)):
    roots = np.roots([1, -(1.9 - product), 0.9])
    assert np.isreal(roots).all() == real
    assert product > 0.00005 or abs(max(roots) - (1 - 0.0005)) < 1e-5

# %% [markdown]
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
# * In this project: `tests/train/test_scale_invariance_in_training.py` holds
#   a two-layer network to these laws; `grassmann_np/train/monitor.py`
#   measures angle and effective rate in every run.
