# %% [markdown]
# # 8. A convolutional network from NumPy
#
# **Question.** A convolution slides a small kernel over an image. How is
# that done with NumPy, forward and backward, fast enough to train?
#
# We write it three times: as loops, as one matrix product, and as the
# library does. All three must give the same numbers.

# %%
import os
import timeit
import tracemalloc
from functools import partial

import numpy as np

from grassmann_np import data, nn, ops, optim, train, ways
from grassmann_np.ops.conv import fold
from grassmann_np.testing import gradcheck
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 6))
rng = np.random.default_rng(0)

# %% [markdown]
# ## What a convolution is
#
# An image has height, width and channels: an array $(H, W, c)$. A batch of
# them is $(N, H, W, c)$. A *kernel* is a small array of weights, say
# $3 \times 3 \times c$. Lay it on the image, multiply what lies on top of
# each other, add up: one number. Lay it on every place: an image of numbers.
#
# $$ y_{hw} = \sum_{i,j,d} x_{h+i,\,w+j,\,d}\; w_{ijd}. $$
#
# With several kernels the result has several channels, so the weights of the
# layer are $(3, 3, c_{in}, c_{out})$. At the border one may lay zeros around
# the image (*padding*), or go on only where the kernel fits, as we do now.
#
# ## First: loops
#
# One number of the output at a time, as the formula says.

# %%
x = rng.standard_normal((4, 12, 10, 3))  # images: N, H, W, c_in
w = rng.standard_normal((3, 3, 3, 8))  # kernels: kh, kw, c_in, c_out


def by_loops(x, w):
    kh, kw, _, c_out = w.shape
    n, height, width, _ = x.shape
    y = np.zeros((n, height - kh + 1, width - kw + 1, c_out))
    for s, h, v, c in np.ndindex(y.shape):
        y[s, h, v, c] = np.sum(x[s, h : h + kh, v : v + kw] * w[..., c])
    return y


print(x.shape, "->", by_loops(x, w).shape)

# %% [markdown]
# ## Second: every window is a row
#
# Look at one place. Its window has $3 \cdot 3 \cdot c$ numbers. Write them as
# a row, and the kernel as a column: their product is the output. So copy
# *every* window of every image into a row of one large matrix, and the whole
# layer is one matrix product. This is called **im2col**.
#
# The columns of that weight matrix are the kernels. **A kernel is the
# weight vector of one neuron, and a convolution is that neuron at every
# place of the image.** Put batch normalization behind it, and all of
# lesson 1 holds: the length of a kernel does not matter.
#
# NumPy shows the windows without copying a number. The copy happens in the
# `reshape`, which must put them side by side.


# %%
def windows(x, kh, kw):
    view = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), (1, 2))
    return view.transpose(0, 1, 2, 4, 5, 3)  # (N, H', W', kh, kw, c_in)


view = windows(x, 3, 3)
rows = view.reshape(-1, 27)  # 3 * 3 * 3 numbers in each
y = (rows @ w.reshape(27, 8)).reshape(4, 10, 8, 8)
assert np.allclose(y, by_loops(x, w))
print("windows", view.shape, " rows", rows.shape)

# %% [markdown]
# ## And backwards
#
# A matrix product has a pullback that we know (lesson 7). What is left is
# the pullback of "copy every window into a row". A number that was copied
# nine times is felt through nine rows, so its gradient is the *sum* of
# theirs: every number goes back to where it came from, and is added there.
# The library calls it `fold`. It is the transpose of the unfolding, and that
# can be checked as it stands: $\langle d, Jv\rangle = \langle J'd, v\rangle$.

# %%
d, v = rng.standard_normal(view.shape), rng.standard_normal(x.shape)
there = np.sum(d * windows(v, 3, 3))
back_again = np.sum(fold(d, (12, 10), 1) * v)  # the image's size, stride 1
print(f"{there:.9f}\n{back_again:.9f}")
assert np.isclose(there, back_again)

# %% [markdown]
# Both together are a convolution with its pullback, and the honest check of
# lesson 7 accepts it.


# %%
def by_rows(x, w):
    view = windows(x, *w.shape[:2])
    w_matrix = w.reshape(-1, w.shape[3])
    y, back = ops.linear(view.reshape(-1, len(w_matrix)), w_matrix)

    def pullback(dy):
        d_rows, dw = back(dy.reshape(y.shape))
        d_windows = d_rows.reshape(view.shape)
        return fold(d_windows, x.shape[1:3], 1), dw.reshape(w.shape)

    return y.reshape(*view.shape[:3], -1), pullback


report = gradcheck.check(by_rows, x[:2, :5, :4], w[..., :2], rng=rng)
print(f"largest error of an entry: {report.entries:.0e}")

# %% [markdown]
# ## Third: the library's
#
# `ops.conv2d` gives the same numbers, forward and backward, with padding and
# stride too.

# %%
y, back = by_rows(x, w)
y_library, back_library = ops.conv2d(x, w)
dy = rng.standard_normal(y.shape)
assert np.allclose(y, y_library) and np.allclose(y, by_loops(x, w))
for ours, theirs in zip(back(dy), back_library(dy), strict=True):
    assert np.allclose(ours, theirs)

# %% [markdown]
# The file that you would open, `grassmann_np/ops/conv.py`, does just what
# you have read here. For large images the library has a second program, in
# `grassmann_np/host/conv.py`, because the matrix of all windows is nine
# times as large as the images: it must be written to memory and read again,
# and memory is slower than arithmetic. So the second program takes a few
# images at a time into one small buffer, which stays in the processor's
# cache, and never keeps the rows. Where channels are many, it also saves
# more than half of the multiplications (`grassmann_np/host/winograd.py`).
# It needs Numba, which the extra `fast` installs.
#
# Here are the times, on the machine that built this page. First small
# images, where the loops can take part.

# %%
for f in (by_loops, by_rows, ops.conv2d):
    seconds = min(timeit.repeat(partial(f, x, w), number=1, repeat=3))
    print(f"{f.__name__:10} {1000 * seconds:8.3f} ms, forward")

# %% [markdown]
# Such images are too small to tell the last two apart: all their rows fit
# into the cache. Now a layer of a real network, forward and backward, with
# the largest amount of memory in use at once. (Memory is measured apart,
# since measuring takes time.)


# %%
def both_ways(f):
    return f(big_x, big_w)[1](big_dy)


big_x = rng.standard_normal((64, 28, 28, 32), dtype=np.float32)
big_w = rng.standard_normal((3, 3, 32, 32), dtype=np.float32)
big_dy = rng.standard_normal((64, 26, 26, 32), dtype=np.float32)

# %%
peaks = []
for f in (by_rows, ops.conv2d):
    run = partial(both_ways, f)
    seconds = min(timeit.repeat(run, number=1, repeat=3))
    tracemalloc.start()
    run()
    peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
    tracemalloc.stop()
    print(f"{f.__name__:10} {1000 * seconds:5.0f} ms, {peaks[-1]:4.0f} MiB")
if ways.wing("conv", big_x, big_w):  # without Numba both are the same
    assert peaks[1] < peaks[0] / 2

# %% [markdown]
# A time depends on the machine and on what else it is doing, so no page of
# this project *asserts* one. What is asserted is the memory, and that the
# numbers agree.
#
# ## A network
#
# A small network for $8 \times 8$ images of digits: twice convolution, batch
# normalization, ReLU ($\max(x, 0)$) and max pooling (of every
# $2 \times 2$ pixels the largest); then one linear layer to ten classes.

# %%
digits = data.digits()
model = nn.cnn(digits.shape, digits.classes, np.random.default_rng(0))
chosen = nn.on_sphere(model)
model.summary(digits.shape)
for weight in chosen:
    n, p = weight.matrix.shape
    print(f"{weight.name}: {p} kernels, points of the sphere in R^{n}")
    assert np.allclose(np.linalg.norm(weight.matrix, axis=0), 1)

# %% [markdown]
# One training step is what this lesson and the last have built: values
# forward, pullbacks backward, one step of every weight. The loss is the
# *cross-entropy*: minus the logarithm of the probability that the network
# gives to the right class.

# %%
optimizer = optim.sgd_g(model)
x, labels = digits.x_train[:64], digits.y_train[:64]
for _ in range(3):
    logits, back = model(x)
    loss, back_loss = ops.cross_entropy(logits, labels)
    back(back_loss())  # fills .grad of every parameter
    optimizer.step()
    print(f"loss on 64 images {loss:.4f}")

# %% [markdown]
# `train.fit` repeats it over all batches, for some epochs (an *epoch* is
# one pass over all training images). The last column says by how much a
# step turns a kernel, in radians.

# %%
history = train.fit(
    model, optimizer, digits, EPOCHS, rng, schedule=optim.schedule.linear(),
    after_epoch=lambda trainer: print(trainer.history.line()),
)
assert history.test_error[-1] < 0.5  # to guess is wrong 9 times in 10

# %% [markdown]
# What do the weights do meanwhile? A kernel of $3 \times 3$ pixels is too
# small to look at, so the film shows a network whose first layer is dense:
# its weight vectors are as large as the images, and can be drawn as images.
# Each is also a point of a sphere, and training is their walk.

# %%
scenes.network()

# %% [markdown]
# ## Summary
#
# * A convolution is one neuron at every place of an image. Its kernel is a
#   weight vector: a point of the sphere, where normalization follows.
# * With every window as a row it is one matrix product. Backward, every
#   number is added to where it was copied from.
# * A few images at a time is faster than all at once: the rows stay in the
#   cache and are never kept.
# * The slow version lives on as the judge of the fast one.
#
# ## Exercises
#
# 1. How many multiplications does the larger layer above take, forward? With
#    its time, how many is that in a second?
#
# <details><summary>Answer</summary>
#
# One for every output and every number of the window:
# $64 \cdot 26 \cdot 26 \cdot 32 \cdot (9 \cdot 32) \approx 4.0 \cdot 10^8$,
# and as many additions. Backward takes twice that, a product for $dx$ and
# one for $dw$. In a tenth of a second for all three that would be
# $2.4 \cdot 10^{10}$ operations in a second.
#
# </details>
#
# 2. A $1 \times 1$ kernel: what is the matrix of its windows? What is the
#    layer?
#
# <details><summary>Answer</summary>
#
# The images themselves, every pixel a row: nothing is copied more than once.
# The layer is a dense layer that is applied to every pixel.
#
# </details>
#
# 3. Write padding 1 with `np.pad` and `by_rows`, and compare it with
#    `ops.conv2d(x, w, padding=1)`.
#
# <details><summary>Answer</summary>
#
# ```python
# border = ((0, 0), (1, 1), (1, 1), (0, 0))
# assert np.allclose(by_rows(np.pad(x, border), w)[0],
#                    ops.conv2d(x, w, padding=1)[0])
# ```
#
# with the `x` and `w` of the beginning.
#
# </details>
#
# ## Going deeper
#
# * LeCun, Bottou, Bengio and Haffner, *Gradient-based learning applied to
#   document recognition*, 1998: convolutional networks.
# * Chellapilla, Puri and Simard, *High performance convolutional neural
#   networks for document processing*, 2006: windows as rows.
# * Rougier, *From Python to NumPy*, 2017: the same algorithm in loops and in
#   arrays, many times.
# * In this project: `grassmann_np/ops/conv.py`, its judge in
#   `tests/ops/naive.py`, and `benchmarks/conv.py`, which compares it with
#   PyTorch.
