# %% [markdown]
# # 11. Beyond batch norm
#
# **Question.** There are other normalizations than batch normalization.
# Which of them put their weights on a sphere, and which do not?
#
# You need [lesson 1](01_why_length_does_not_matter.py). The columns of a
# weight matrix $W$ are the weight vectors of the single neurons.

# %%
import os

import numpy as np

from grassmann_np import data, nn, ops, optim, train
from grassmann_np.geometry import sphere
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 8))
rng = np.random.default_rng(0)
digits = data.digits()
x, labels = digits.x_train[:64], digits.y_train[:64]

# %% [markdown]
# ## What to measure
#
# A weight vector $w$ lives on the sphere if the loss does not see its
# length. We can ask the network itself, in three ways:
#
# * **cosine**: is the gradient at a right angle to $w$? The number is
#   $|\langle w, g\rangle| / (|w||g|)$, for the worst column.
# * **column**: make this one column twice as long. By how much does the
#   loss change?
# * **matrix**: make *all* columns twice as long. By how much now?
#
# `nn.measure_invariance` does this for every weight of a network. We build
# one network five times, and change only what stands after the first layer.
# Numbers are double precision and `eps` is 0, so that 0 means 0.


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
    found = nn.measure_invariance(model, x.astype(np.float64), labels)
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

# %% [markdown]
# ## Weights that normalize themselves
#
# **Weight normalization** does not look at the data. It writes every weight
# vector as a length $g$ and a direction:
#
# $$ w = g\,\frac{v}{|v|}. $$
#
# Both $g$ and $v$ are trained. Clearly $v$ and $5v$ give the same $w$. So
# the columns of $v$ are points of the sphere.
#
# **Normalization propagation** divides by $|w|$ too. If the input is
# standardized, so is $w'x/|w|$; the ReLU spoils that, and the layer repairs
# it with the mean $c_1$ and the deviation $c_2$ of the ReLU of a standard
# normal number:
#
# $$ o = \frac{\mathrm{ReLU}(\gamma\,w'x/|w| + \beta) - c_1}{c_2},
#    \qquad c_1 = \sqrt{\tfrac{1}{2\pi}}, \quad
#    c_2 = \sqrt{\tfrac12\left(1 - \tfrac1\pi\right)}. $$

# %%
weight_norm = network(nn.WeightNormLinear(64, 16, rng))
norm_prop = network(nn.NormPropLinear(64, 16, rng))
for model in (weight_norm, norm_prop):
    first = measure(model)
    assert max(first.cosine, first.column, first.matrix) < 1e-12

# %% [markdown]
# ## Layer normalization is different
#
# Batch normalization takes one *neuron* and looks at all samples. **Layer
# normalization** takes one *sample* and looks at all neurons of the layer:
# it shifts and scales the numbers $z_1, \dots, z_p$ of one sample to mean 0
# and variance 1. **RMS normalization** only scales them, to mean square 1.
#
# Double one column, and one of the $z_j$ is doubled. The mean and the
# variance change a little, but they do not undo it: that neuron now speaks
# louder than the others. Double all columns, and everything is doubled, and
# that is undone.

# %%
layer_norm = network(nn.Linear(64, 16, rng, bias=False), nn.LayerNorm(16))
rms_norm = network(nn.Linear(64, 16, rng, bias=False), nn.RMSNorm(16))
for model in (layer_norm, rms_norm):
    first = measure(model)
    assert first.cosine > 0.01 and first.column > 1e-3
    assert first.matrix < 1e-12

# %% [markdown]
# So Cho and Lee's method does not carry over to layer normalization neuron
# by neuron. A column that is put on the unit sphere there has lost something
# that the network could use, the loudness of its neuron.
#
# Here is that loss in a picture. Three neurons with layer normalization
# after them are to do what a teacher does, whose weights are $2e_1$, $2e_2$,
# $2e_3$: each listens to one input. The second and third are right already.
# The sphere shows the loss as a function of the first, $w$.


# %%
def one_of_three(w):
    """The loss of w, a vector (3,) or columns (3, m), and its gradient."""
    z = (inputs @ w).reshape(256, -1)
    z = np.stack([z, *np.broadcast_arrays(*loud[1:], z)[:2]], axis=2)
    y, back = ops.layer_norm(z, np.ones(3), np.zeros(3), eps=0.0)
    error = y - teacher[:, None]
    dz = back(error / 256)[0][:, :, 0]
    loss = (error**2).mean(axis=0).sum(axis=1) / 2
    return loss.reshape(w.shape[1:]), (inputs.T @ dz).reshape(w.shape)


inputs = np.random.default_rng(0).standard_normal((256, 3))
loud = 2 * inputs.T[:, :, None]  # the teacher's z, one after another
teacher = ops.layer_norm(2 * inputs, np.ones(3), np.zeros(3), eps=0.0)[0]

# %%
scenes.project(seed=7, loss=one_of_three)

# %% [markdown]
# The gradient $g$ leaves the tangent plane: the part that is cut off wants
# to make $w$ longer or shorter. And it is right to want that. The best
# *direction* is $e_1$, but with length 1 it does not do what the teacher
# does.

# %%
e1 = np.array([1.0, 0.0, 0.0])
for length in (1, 2, 3):
    print(f"length {length}: loss {one_of_three(length * e1)[0]:.4f}")
g = one_of_three(e1)[1]
print(f"at length 1: g along w {e1 @ g:.3f}, across {g[1:].round(3)}")
assert one_of_three(2 * e1)[0] < 1e-12 < 1e-3 < one_of_three(e1)[0]

# %% [markdown]
# ## One sphere for the whole layer
#
# What *is* the space of a layer normalization's weights, then? All columns
# together may be scaled by one number. So stack them into one long vector
# of $np$ numbers: that vector lives on a sphere, as a single point. Its
# gradient must be tangent there. `sphere.project` takes off whatever is
# not, so it should find nothing to take off.


# %%
def tangent_part(model):
    """The gradient of the first weight, as one vector, and its projection."""
    logits, pullback = model(x.astype(np.float64))
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
# The library knows these rules. `nn.on_sphere` puts exactly those weights
# on the sphere, column by column, that may be there:

# %%
for model in (batch_norm, weight_norm, norm_prop, layer_norm, rms_norm):
    weights, after = (type(layer).__name__ for layer in model.layers[1:3])
    chosen = [p.name for p in nn.on_sphere(model)]
    print(f"{weights:16} then {after:9} -> {chosen}")
assert chosen == []

# %% [markdown]
# ## Does it hold after training too?
#
# One difference among the first three. In training, batch normalization
# divides by the deviation of *this* batch, and the length cancels. In use,
# it divides by a running average that was collected before. If you double
# a weight vector then, the old average knows nothing of it. Weight
# normalization has no such memory.


# %%
def change(model, training):
    """By how much the output moves when the first weight is doubled."""
    before, _ = model(x.astype(np.float64), training)
    w = model.parameters()[0]
    w.value = 2 * w.value
    after, _ = model(x.astype(np.float64), training)
    w.value = w.value / 2
    return np.abs(after - before).max()


# %%
for name, model in (("BN", batch_norm), ("WN", weight_norm)):
    print(name, *[f"{change(model, t):.0e}" for t in (True, False)])
assert change(batch_norm, training=True) < 1e-12
assert change(batch_norm, training=False) > 0.01
assert change(weight_norm, training=False) < 1e-12

# %% [markdown]
# The two numbers of a row are for training and for use. So the sphere is
# right for *learning* with batch normalization. And once the weights are
# unit vectors they stay so, and the average belongs to them.
#
# ## One optimizer for all of them
#
# SGD-G asks for nothing but points on a sphere. It does not care who put
# them there. `start_weight_norm` chooses the first $g$ and bias of weight
# normalization by looking at one batch, as its authors do.

# %%
nn.start_weight_norm(weight_norm, x.astype(np.float64))
for name, model in (("batch norm", batch_norm),
                    ("weight norm", weight_norm), ("norm prop", norm_prop)):
    for p in model.parameters():
        p.value = p.value.astype(np.float32)
    history = train.fit(model, optim.sgd_g(model), digits, EPOCHS,
                        np.random.default_rng(0))
    lengths = np.linalg.norm(model.parameters()[0].value, axis=0)
    print(f"{name:12} test error {100 * history.test_error[-1]:5.2f} %")
    assert np.allclose(lengths, 1, atol=1e-5)

# %% [markdown]
# This shows that it runs, not which is best: one small network and one
# seed settle nothing. How to compare is the matter of
# [lesson 9](09_training_on_real_images.py).
#
# ## Summary
#
# * In front of batch normalization, in weight normalization and in
#   normalization propagation every weight vector is a point of a sphere.
# * Layer and RMS normalization forget only the length of the whole matrix:
#   one sphere for the layer, none for a single neuron.
# * Batch normalization forgets the length in training, not in use.
# * You need not take it on trust: `nn.measure_invariance` asks any network.
#
# ## Exercises
#
# 1. We built the layer in front of layer normalization with `bias=False`.
#    What changes with a bias that is not 0?
#
# <details><summary>Answer</summary>
#
# $z = W'x + b$. Doubling $W$ alone no longer doubles $z$, so `matrix` is not
# 0 any more. Doubling $W$ and $b$ together is still forgotten: the point of
# the sphere is the stack of $W$ and $b$. In front of batch normalization a
# bias does no harm. It is subtracted again with the mean.
#
# </details>
#
# 2. Layer normalization forgets one more thing about $W$: add the same
#    vector $a$ to every column. Why? What does it say about the gradient?
#
# <details><summary>Answer</summary>
#
# Every $z_j$ of a sample grows by the same number $a'x$, and the mean takes
# it off again. So the loss is constant in these directions, and the gradient
# is orthogonal to them: its columns add up to 0. RMS normalization takes off
# no mean, and there they do not.
#
# </details>
#
# 3. `eps` in batch normalization is $10^{-5}$ in practice. Which weights
#    does it hurt most, long ones or short ones?
#
# <details><summary>Answer</summary>
#
# Short ones. The variance of $w'x$ is of the order $|w|^2$, and the
# invariance is broken by about `eps` divided by the variance. For vectors of
# length 1 and standardized inputs that is $10^{-5}$; for length 0.001 it is
# no longer small.
#
# </details>
#
# ## Going deeper
#
# * Salimans and Kingma, *Weight normalization*, 2016.
# * Arpit, Zhou, Kota and Govindaraju, *Normalization propagation*, 2016.
# * Ba, Kiros and Hinton, *Layer normalization*, 2016; its table 1 lists who
#   forgets what.
# * Zhang and Sennrich, *Root mean square layer normalization*, 2019.
# * In this project: `grassmann_np/nn/invariant.py` for the rule,
#   `grassmann_np/nn/measure.py` for the measurement, and
#   `tests/nn/test_invariance.py`, which demands that they agree.
