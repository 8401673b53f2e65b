# %% [markdown]
# # 11. Beyond batch norm
#
# **Question.** There are other normalizations than batch normalization.
# Which of them put their weights on a sphere, and which do not?
#
# You need lessons [1](01_why_length_does_not_matter.py) and [5](05_sgd_g.py).
# The columns of a weight matrix $W$ are the weight vectors of the individual
# neurons. In this lesson $\gamma$ and $\beta$ are the scale and shift of a
# normalization, and momentum stays in the background.

# %%
import os

import numpy as np

from grassmann_np import data, nn, ops, optim, train
from grassmann_np.geometry import sphere
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 8))
rng = np.random.default_rng(0)
digits = data.digits()
x, labels = digits.x_train[:64].astype(np.float64), digits.y_train[:64]

# %% [markdown]
# ## What to measure
#
# A weight vector $w$ lives on the sphere if the loss is invariant to its
# length. We can ask the network itself, in three ways:
#
# * **cosine**: is the gradient $g$ at a right angle to $w$? The number is
#   $|\langle w, g\rangle| / (|w||g|)$, for the worst column.
# * **column**: make this one column twice as long. By how much does the
#   loss change?
# * **matrix**: make *all* columns twice as long. By how much now?
#
# One number that is not 0 refutes the invariance. Zeros do not prove it: the
# cosine is a test at one point, and the other two try one length. The proof
# is algebra, and for each case below it is a line or two.
#
# `nn.measure_invariance` does this for every weight of a network. We build
# one network five times, and change only its first layer and what stands
# after it. Numbers are in double precision and `eps` is 0, so that 0 means 0.


# %%
def network(*first):
    head = nn.Linear(16, 10, rng)
    model = nn.Sequential(nn.Flatten(), *first, nn.ReLU(), head)
    for p in model.parameters():
        p.value = p.value.astype(np.float64)
    for _, layer in model.walk():
        if hasattr(layer, "eps"):
            layer.eps = 0.0
    return model


# %%
def measure(model):
    found = nn.measure_invariance(model, x, labels)
    weights, after = (type(layer).__name__ for layer in model.layers[1:3])
    print(f"{weights}, {after}", nn.invariance_table(found), sep="\n")
    return found[0]


# %% [markdown]
# First batch normalization, which we know. The row `1.w` is the weight in
# front of it; `4.w` is the last layer, with nothing after it. (`3.5e-16` is
# $3.5 \cdot 10^{-16}$: 0, but for rounding.)

# %%
batch_norm = network(nn.Linear(64, 16, rng, bias=False), nn.BatchNorm(16))
first = measure(batch_norm)
assert max(first.cosine, first.column, first.matrix) < 1e-12
last = nn.measure_invariance(batch_norm, x, labels)[-1]
assert last.name == "4.w" and min(last.cosine, last.column) > 0.01

# %% [markdown]
# ## Weights that normalize themselves
#
# **Weight normalization** does not look at the data. It writes every weight
# vector as a length $s$ and a direction:
#
# $$ w = s\,\frac{v}{|v|}. $$
#
# Both $s$ and $v$ are trained. (Its authors call the length $g$; here $g$ is
# the gradient.) As $v$ and $5v$ give the same $w$, the columns of $v$ are
# points of the sphere.
#
# **Normalization propagation** divides by $|w|$ too, and normalizes by
# calculation where batch normalization measures. If the entries of $x$ are
# independent standard normal numbers, then $u = w'x/|w|$ is a standard normal
# number. ReLU changes its mean and variance, but in a known way. With
# $\mathbb{E}$ for the mean over all $u$,
#
# $$ c_1 = \mathbb{E}\,\mathrm{ReLU}(u)
#    = \int_0^\infty u\,\frac{e^{-u^2/2}}{\sqrt{2\pi}}\,du
#    = \tfrac{1}{\sqrt{2\pi}}, \qquad
#    \mathbb{E}\,\mathrm{ReLU}(u)^2 = \tfrac12, $$
#
# the second because $u$ and $-u$ are equally likely, so that the positive $u$
# give half of $\mathbb{E}\,u^2 = 1$. So the variance is $c_2^2 = \tfrac12 -
# c_1^2 = \tfrac12(1 - \tfrac1\pi)$, and the layer is
#
# $$ o = \frac{\mathrm{ReLU}(\gamma\,w'x/|w| + \beta) - c_1}{c_2}. $$

# %%
weight_norm = network(nn.WeightNormLinear(64, 16, rng))
norm_prop = network(nn.NormPropLinear(64, 16, rng))
for model in (weight_norm, norm_prop):
    first = measure(model)
    assert max(first.cosine, first.column, first.matrix) < 1e-12

# %% [markdown]
# The invariance to $|w|$ is exact. The output's mean 0 and variance 1 are
# not: they need independent standard normal inputs, $\gamma = 1$ and $\beta =
# 0$. In the library $\gamma$ starts at $\sqrt{1 - 1/\pi} = 0.826$, and the
# pixels of digits are neither normal nor independent.

# %%
noise, layer = rng.standard_normal((20_000, 64)), norm_prop.layers[1]
found = {}
images = digits.x_train.reshape(-1, 64).astype(np.float64)
for name, many in (("normal", noise), ("digits", images)):
    for gamma in (np.ones(16), layer.gamma.value):
        o, _ = ops.norm_prop(many, layer.w.value, gamma, np.zeros(16))
        found[name, round(gamma[0], 3)] = o.mean(), o.std()
        print(f"{name}, gamma {gamma[0]:.3f}: output with mean "
              f"{o.mean():6.3f}, deviation {o.std():.3f}")
assert np.allclose(found["normal", 1.0], (0, 1), rtol=0, atol=0.02)
assert np.allclose(found["normal", 0.826], (-0.12, 0.826), rtol=0, atol=0.01)
assert found["digits", 1.0][1] < 0.9 and found["digits", 1.0][0] < -0.05

# %% [markdown]
# ## Layer normalization is different
#
# Batch normalization takes one *neuron* and looks at all samples. **Layer
# normalization** takes one *sample* and looks at all neurons of the layer:
# it shifts and scales the numbers $z_1, \dots, z_p$ of one sample to mean 0
# and variance 1. **RMS normalization** only scales them, to mean square 1.
#
# **Guess first:** it is often said that a normalization makes the weights in
# front of it scale-invariant. Which of the three numbers will be 0?

# %%
layer_norm = network(nn.Linear(64, 16, rng, bias=False), nn.LayerNorm(16))
rms_norm = network(nn.Linear(64, 16, rng, bias=False), nn.RMSNorm(16))
for model in (layer_norm, rms_norm):
    first = measure(model)
    assert first.cosine > 0.01 and first.column > 1e-3
    assert first.matrix < 1e-12

# %% [markdown]
# Only the last. Double one column, and one of the $z_j$ is doubled; mean and
# variance of the sample change a little, but they do not undo it, because
# they are shared with the other neurons. Double all columns, and every $z_j$
# is doubled, and that is undone.
#
# The figure has three neurons, whose outputs should become those of three
# others with the same normalization. Drag the lengths of their weight
# vectors; blue arrows point downhill. Behind layer or RMS normalization they
# all stand at a right angle to the rays from the origin, and there is a best
# ray. Behind weight or batch normalization there are none. With no
# normalization there is one best place.
#
# ```{raw} html
# <iframe class="figure" src="figures/lengths.html" loading="lazy"
#   title="Which lengths of weight vectors a normalization forgets"></iframe>
# ```
#
# So Cho and Lee's method, neuron by neuron, does not extend to layer
# normalization. A column that is put on the unit sphere there has lost
# something that the network could use: its share in the mean and the variance
# of the sample. (The trained gain behind the normalization can make its
# output louder again, but cannot give back the share.)
#
# Take three neurons, and keep the gain at 1. A teacher has the weights
# $2e_1$, $2e_2$, $2e_3$, each neuron listening to one input, with layer
# normalization after them. In the student the second and third are right
# already, and the first has the weights $w$. The loss is half the mean
# squared distance of the two outputs; the cell takes many candidates for $w$
# at once, one per column.

# %%
inputs = np.random.default_rng(0).standard_normal((256, 3))
teacher = ops.layer_norm(2 * inputs, np.ones(3), np.zeros(3), eps=0.0)[0]


# %%
def one_of_three(w):
    """The loss of w (3,) or columns (3, m), and its gradient."""
    candidates = w.reshape(3, -1)
    z = np.empty((256, candidates.shape[1], 3))  # sample, candidate, neuron
    z[..., 0] = inputs @ candidates
    z[..., 1:] = 2 * inputs[:, None, 1:]  # these two are right
    y, pullback = ops.layer_norm(z, np.ones(3), np.zeros(3), eps=0.0)
    error = y - teacher[:, None]
    dz = pullback(error / 256)[0][..., 0]  # (256, m)
    loss = np.mean(np.sum(error**2, axis=2), axis=0) / 2
    return loss.reshape(w.shape[1:]), (inputs.T @ dz).reshape(w.shape)


# %%
scenes.project(seed=7, loss=one_of_three)

# %% [markdown]
# The gradient $g$ leaves the tangent plane: the part that is cut off wants
# to make $w$ longer or shorter. **Guess first:** with its length held at 1,
# is the best direction for $w$ still the teacher's, $e_1$? We walk downhill
# on the sphere, as SGD-G without momentum does.

# %%
e1 = np.array([1.0, 0.0, 0.0])
for length in (1, 2, 3):
    print(f"{length} e1: loss {one_of_three(length * e1)[0]:.4f}")
y = e1
for _ in range(300):
    y = sphere.exp(y, -0.5 * sphere.project(y, one_of_three(y)[1]))
best, away = one_of_three(y)[0], np.degrees(sphere.distance(y, e1))
print(f"best y {y.round(2)}: loss {best:.4f}, {away:.0f} degrees from e1")
assert max(np.abs(part).max() for part in one_of_three(2 * e1)) < 1e-12
assert best < 0.8 * one_of_three(e1)[0] and 20 < away < 26

# %% [markdown]
# It is not. Even the direction is pulled away. Layer normalization subtracts
# the mean of the three outputs, and with it a share of the neighbours'
# inputs. Against that share $w$'s own input is too quiet at length 1. By
# leaning toward its neighbours $w$ takes a part of the share back, and what
# is left is more like the teacher's output, though not louder:


# %%
def first_output(w):
    """Its correlation with the teacher's, and its mean square."""
    z = np.column_stack([inputs @ w, 2 * inputs[:, 1:]])
    o = ops.layer_norm(z, np.ones(3), np.zeros(3), eps=0.0)[0][:, 0]
    return np.corrcoef(o, teacher[:, 0])[0, 1], np.mean(o**2)


for name, w in (("2 e1", 2 * e1), ("e1", e1), ("best y", y)):
    like, loud = first_output(w)
    print(f"{name:6} correlation {like:.3f}, mean square {loud:.3f}")
assert like > first_output(e1)[0] + 0.03 and loud < first_output(e1)[1]

# %% [markdown]
# The length that was taken away was part of the answer. (Three neurons make
# this large. In a wide layer one neuron's share is small, and a trained gain
# repairs most of the rest.)
#
# The same example shows why a cosine of 0 proves little. At $2e_1$ the loss
# is least and the whole gradient is 0, so that no test of the gradient finds
# anything there; and yet the length matters.
#
# ## One sphere for the whole layer
#
# What *is* the space of a layer normalization's weights, then? All columns
# together may be scaled by one number. So stack them into one long vector of
# $np$ numbers: that vector lives on a sphere, as a single point. Its gradient
# must be tangent there. `sphere.project` removes whatever is not, so it
# should find nothing to remove.


# %%
def tangent_part(model):
    """The gradient of the first weight, as one vector, and its projection."""
    logits, pullback = model(x)
    _, loss_pullback = ops.cross_entropy(logits, labels)
    pullback(loss_pullback())
    w = model.parameters()[0]
    g = w.grad.ravel()
    return g, sphere.project(sphere.normalize(w.value.ravel()), g)


for model in (layer_norm, rms_norm):
    g, h = tangent_part(model)
    print(f"|g| = {np.linalg.norm(g):.4f}, lost: {np.abs(g - h).max():.0e}")
    assert np.allclose(g, h, rtol=0, atol=1e-13)

# %% [markdown]
# The library reads these rules off the structure of a network. `nn.on_sphere`
# puts a weight on the sphere, column by column, if and only if it stands
# directly in front of a batch normalization or belongs to one of the two
# layers that normalize their own weights:

# %%
chosen = []
for model in (batch_norm, weight_norm, norm_prop, layer_norm, rms_norm):
    weights, after = (type(layer).__name__ for layer in model.layers[1:3])
    chosen.append([p.name for p in nn.on_sphere(model)])
    print(f"{weights:16} then {after:9} -> {chosen[-1]}")
assert chosen == [["1.w"], ["1.v"], ["1.w"], [], []]

# %% [markdown]
# ## Is the length forgotten at test time too?
#
# In training, batch normalization divides by the deviation of *this* batch,
# and the length cancels. At test time the variance is a *running average* of
# those of earlier batches, collected in training. **Guess first:** you double
# the first weights. Does the output change at test time?


# %%
def change(model, training):
    """By how much the output moves when the first weight is doubled."""
    before, _ = model(x, training)
    w = model.parameters()[0]
    w.value = 2 * w.value
    after, _ = model(x, training)
    w.value = w.value / 2
    return np.abs(after - before).max()


# %%
for name, model in (("BN", batch_norm), ("WN", weight_norm)):
    print(name, *[f"{change(model, t):.0e}" for t in (True, False)])
assert change(batch_norm, training=True) < 1e-12
assert change(batch_norm, training=False) > 0.01
assert change(weight_norm, training=False) < 1e-12

# %% [markdown]
# The two numbers of a row are for training and for testing. With batch
# normalization the output does change at test time, since the old average
# knows nothing of the new length; weight normalization has no such memory. So
# the sphere is right for *learning* with batch normalization. And as weights
# on the sphere keep the length 1, the average at least fits their length.
#
# ## One optimizer for all of them
#
# SGD-G asks for nothing but points on a sphere, and does not care why they
# are there. `start_weight_norm` chooses the first $s$ and bias of weight
# normalization by looking at one batch, as its authors do.

# %%
nn.start_weight_norm(weight_norm, x)
for name, model in (("batch norm", batch_norm),
                    ("weight norm", weight_norm), ("norm prop", norm_prop)):
    for p in model.parameters():
        p.value = p.value.astype(np.float32)
    history = train.fit(model, optim.sgd_g(model), digits, EPOCHS,
                        np.random.default_rng(0))
    lengths = np.linalg.norm(model.parameters()[0].value, axis=0)
    print(f"{name:12} test error {100 * history.test_error[-1]:5.2f} %")
    assert np.allclose(lengths, 1, rtol=0, atol=1e-5)
    assert history.test_error[-1] < 0.5

# %% [markdown]
# This shows that all run, not which is best: one small network and one seed
# settle nothing. How to compare is the topic of [lesson
# 9](09_training_on_real_images.py).
#
# ## Summary
#
# * In front of batch normalization, in weight normalization and in
#   normalization propagation every weight vector is a point of a sphere.
# * Of all lengths, layer and RMS normalization forget only that of the whole
#   matrix: one sphere for the layer, none for a single neuron. Put on one
#   anyway, a neuron loses its share in the statistics, which in a narrow
#   layer changes even its best direction.
# * Batch normalization is invariant to the length in training, not at test
#   time.
# * You need not take it on trust: `nn.measure_invariance` asks any network.
#   A number that is not 0 refutes the invariance, and zeros support it.
#
# ## Exercises
#
# 1. (Easy.) `eps` in batch normalization is $10^{-5}$ in practice. Which
#    weights does it hurt most, long ones or short ones?
#
# <details><summary>Answer</summary>
#
# Short ones. The variance of $w'x$ is proportional to $|w|^2$, and the
# invariance is broken by about `eps` divided by the variance. For vectors of
# length 1 and these images the cosine is below $10^{-4}$; for length 0.001 it
# is larger than 0.1.
#
# </details>
#
# 2. (Harder.) We built the layer in front of layer normalization with
#    `bias=False`. What changes with a bias that is not 0?
#
# <details><summary>Answer</summary>
#
# $z = W'x + b$. Doubling $W$ alone no longer doubles $z$, so `matrix` is not
# 0 any more. Doubling $W$ and $b$ together is still undone: the point of
# the sphere is the stack of $W$ and $b$. In front of batch normalization a
# bias does no harm. It is subtracted again with the mean.
#
# </details>
#
# 3. (Harder.) To which other change of $W$ is layer normalization invariant?
#    What does that say about the gradient?
#
# <details><summary>Answer</summary>
#
# Add the same vector $a$ to every column. Every $z_j$ of a sample grows by
# the same number $a'x$, and the mean takes it off again. So the loss is
# constant in these directions, and the gradient is orthogonal to them: its
# columns add up to 0. RMS normalization subtracts no mean, so there they do
# not.
#
# </details>
#
# 4. (Open experiment.) A transformer, a network that reads text, turns every
#    word into a *query* and a *key*, among other vectors, each by a linear
#    map of its own, and uses these two only in inner products of a query with
#    a key. A layer normalization stands *before* these maps, and in some
#    transformers an RMS normalization *after* them. Which of these weights
#    are invariant, and to what? Measure a network of both kinds.
#
# <details><summary>Hint</summary>
#
# What comes before a weight says nothing about its length:
# `measure(network(nn.LayerNorm(64), nn.Linear(64, 16, rng)))` finds no zero.
# A normalization after it does: with RMS normalization a matrix of queries is
# one point of a sphere, as above. Without it, queries and keys enter as a
# product, so that only the product of their two lengths counts.
#
# </details>
#
# The answers, checked:

# %%
for length, least, most in ((1.0, 0.0, 1e-4), (0.001, 0.1, 1.0)):
    short = network(nn.Linear(64, 16, rng, bias=False), nn.BatchNorm(16))
    short.layers[2].eps, w = 1e-5, short.parameters()[0]
    w.value = length * sphere.normalize(w.value)
    assert least < nn.measure_invariance(short, x, labels)[0].cosine < most
for after, free in ((nn.LayerNorm(16), False), (nn.BatchNorm(16), True)):
    biased = network(nn.Linear(64, 16, rng), after)
    biased.layers[1].b.value += rng.standard_normal(16)
    matrix = nn.measure_invariance(biased, x, labels)[0].matrix
    assert (matrix < 1e-12) == free

# %%
for model, zero in ((layer_norm, True), (rms_norm, False)):
    g = tangent_part(model)[0].reshape(64, 16)
    assert (np.abs(g.sum(axis=1)).max() < 1e-14) == zero
before = network(nn.LayerNorm(64), nn.Linear(64, 16, rng))
row = nn.measure_invariance(before, x, labels)[0]
assert min(row.cosine, row.column, row.matrix) > 1e-3

# %% [markdown]
# ## Going deeper
#
# * Salimans and Kingma, *Weight normalization*, 2016.
# * Arpit, Zhou, Kota and Govindaraju, *Normalization propagation*, 2016.
# * Ba, Kiros and Hinton, *Layer normalization*, 2016; its table 1 lists
#   which normalization is invariant to what.
# * Zhang and Sennrich, *Root mean square layer normalization*, 2019.
# * In this project: `grassmann_np/nn/invariant.py` for the rule,
#   `grassmann_np/nn/measure.py` for the measurement, and
#   `tests/nn/test_invariance.py`, which demands that they agree.
