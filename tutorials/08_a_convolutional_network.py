# %% [markdown]
# # 8. A convolutional network from NumPy
#
# **Question.** A convolution slides a small kernel over an image. How is
# that computed with NumPy, forward and backward, fast enough to train?
#
# You need lessons [1](01_why_length_does_not_matter.py),
# [5](05_sgd_g.py) and [7](07_backpropagation_by_hand.py). We write a
# convolution twice, as loops and as one matrix product, and compare both with
# the library's. All three must give the same numbers.

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
# them is $(N, H, W, c)$. A *kernel* is a small array of weights, say $3
# \times 3 \times c$. Lay it on the image, multiply the numbers that meet, and
# add the products: that is one number. Doing this at every place gives an
# image of numbers:
#
# $$ y_{ij} = \sum_{k,l,m} x_{i+k,\,j+l,\,m}\; w_{klm}. $$
#
# (Mathematicians call this a *cross-correlation*; their convolution turns the
# kernel around first. Networks learn the kernel, so it makes no difference
# to them.) With several kernels the result has several channels, so the
# weights of the layer are $(3, 3, c_{in}, c_{out})$. At the border one may
# lay zeros around the image (*padding*), or use only the places where the
# kernel fits, as we do now.
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
    for s, i, j, c in np.ndindex(y.shape):
        y[s, i, j, c] = np.sum(x[s, i : i + kh, j : j + kw] * w[..., c])
    return y


print(x.shape, "->", by_loops(x, w).shape)

# %% [markdown]
# ## Second: every window is a row
#
# The numbers under the kernel are a *window* of the image. Write the window
# as a row and the kernel as a column, and their product is the output. So
# copy *every* window of every image into a row of one large matrix, and the
# whole layer is one matrix product. This is called **im2col**. NumPy shows
# the windows without copying a number; the copy happens in the `reshape`,
# which must put them side by side. Here is an image of 3 by 3 pixels, under
# a kernel of 2 by 2:


# %%
def windows(x, kh, kw):
    view = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), (1, 2))
    return view.transpose(0, 1, 2, 4, 5, 3)  # (N, H', W', kh, kw, c_in)


small = np.arange(9).reshape(1, 3, 3, 1)
small_rows = windows(small, 2, 2).reshape(4, 4)
print("image\n", small[0, :, :, 0], "\nits windows, as rows\n", small_rows)
assert small_rows.tolist() == [[0, 1, 3, 4], [1, 2, 4, 5],
                               [3, 4, 6, 7], [4, 5, 7, 8]]

# %% [markdown]
# Drag the window over the image: it is one row of the matrix.
#
# ```{raw} html
# <iframe class="figure" src="figures/window.html" loading="lazy"
#   title="A window is a row of the unfolded matrix"></iframe>
# ```

# %%
view = windows(x, 3, 3)
rows = view.reshape(-1, 27)  # 3 * 3 * 3 numbers in each
y = (rows @ w.reshape(27, 8)).reshape(4, 10, 8, 8)
assert np.allclose(y, by_loops(x, w), rtol=0, atol=1e-12)
print("windows", view.shape, " rows", rows.shape)

# %% [markdown]
# The columns of that weight matrix are the kernels. **A kernel is the weight
# vector of one neuron, and a convolution is that neuron at every place of the
# image.** **Guess first:** put a batch normalization after it, and multiply
# one kernel by 5. What changes?

# %%
longer = w * np.array([5, 1, 1, 1, 1, 1, 1, 1])  # the first kernel only
before, after = (ops.batch_norm(by_loops(x, k), eps=0.0)[0]
                 for k in (w, longer))
assert np.allclose(before, after, rtol=0, atol=1e-12)

# %% [markdown]
# Nothing: the length of a kernel does not matter, as in lesson 1.
#
# ## And backwards
#
# A matrix product has a pullback that we know from lesson 7. What is left is
# the pullback of "copy every window into a row". A number that was copied
# into several rows enters the loss through all of them, so its gradient is
# the *sum* of theirs: every number goes back to where it came from, and is
# added there. The library calls this `fold`.
#
# **Try it now.** In the small image, into how many rows is a corner copied,
# an edge, the middle? What does `fold` make of rows full of ones?
#
# <details><summary>Answer</summary>
#
# Into 1, 2 and 4 rows, which is what `fold` counts.
#
# </details>

# %%
counts = fold(np.ones((1, 2, 2, 2, 2, 1)), (3, 3), 1)  # size, stride
print(counts[0, :, :, 0])
assert counts[0, :, :, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
d, v = rng.standard_normal(view.shape), rng.standard_normal(x.shape)
there = np.sum(d * windows(v, 3, 3))
back_again = np.sum(fold(d, (12, 10), 1) * v)
print(f"<d, Jv> = {there:.9f}\n<J'd, v> = {back_again:.9f}")
assert abs(there - back_again) < 1e-11

# %% [markdown]
# The second half of the cell is the definition of a pullback: `fold` is the
# transpose of the unfolding. Both together are a convolution with its
# pullback, and the checker of lesson 7 accepts it.


# %%
def by_rows(x, w):
    view, matrix = windows(x, *w.shape[:2]), w.reshape(-1, w.shape[3])
    rows = view.reshape(-1, len(matrix))  # the copy
    y = (rows @ matrix).reshape(*view.shape[:3], -1)

    def pullback(dy):
        dy = dy.reshape(len(rows), -1)
        dx = fold((dy @ matrix.T).reshape(view.shape), x.shape[1:3], 1)
        return dx, (rows.T @ dy).reshape(w.shape)

    return y, pullback


# %%
report = gradcheck.check(by_rows, x[:2, :5, :4], w[..., :2], rng=rng)
print(f"largest error of an entry: {report.entries:.0e}")
assert report.entries < 1e-7

# %% [markdown]
# ## Third: the library's
#
# `ops.conv2d` gives the same numbers, forward and backward.

# %%
y, back = by_rows(x, w)
y_library, back_library = ops.conv2d(x, w)
dy = rng.standard_normal(y.shape)
assert np.allclose(y, y_library, rtol=0, atol=1e-12)
for ours, theirs in zip(back(dy), back_library(dy), strict=True):
    assert np.allclose(ours, theirs, rtol=0, atol=1e-12)

# %% [markdown]
# What was gained over the loops? On the machine that built this page:

# %%
for f in (by_loops, by_rows, ops.conv2d):
    seconds = min(timeit.repeat(partial(f, x, w), number=1, repeat=3))
    print(f"{f.__name__:10} {1000 * seconds:8.3f} ms, forward")

# %% [markdown]
# The file that you would open, `grassmann_np/ops/conv.py`, does what you have
# read here, with padding and *stride* (every second place, say) as well. For
# larger images there is a second program in `grassmann_np/host/conv.py`,
# because the matrix of all windows is up to nine times as large as the images
# (7.8 times, below): it must be written to memory and read again, and memory
# is slower than arithmetic. So the second program takes a few images at a
# time into one small buffer, which stays in the processor's cache. With
# kernels of 3 by 3 and many channels it also needs, for four neighbouring
# numbers of the output, only 16 products in place of four times nine, by a
# method of Winograd's that Lavin and Gray brought to networks
# (`grassmann_np/host/winograd.py`). It is compiled by Numba, which the extra
# `fast` installs; without it, the first program does all the work.
#
# We measure a layer of a real network, forward and backward: first the
# largest amount of memory in use at once, then the time. (One image goes
# ahead, so that whatever has to be compiled is compiled.)

# %%
big_x = rng.standard_normal((64, 28, 28, 32), dtype=np.float32)
big_w = rng.standard_normal((3, 3, 32, 32), dtype=np.float32)
big_dy = rng.standard_normal((64, 26, 26, 32), dtype=np.float32)
row_bytes = windows(big_x, 3, 3).size * 4  # float32: 4 bytes a number
print(f"rows {row_bytes / 2**20:.1f} MiB, images {big_x.nbytes / 2**20:.1f}")
assert abs(row_bytes / big_x.nbytes - 7.8) < 0.05


def both_ways(f, n=64):
    return f(big_x[:n], big_w)[1](big_dy[:n])


# %%
peaks = {}
for f in (ops.conv2d, by_rows):
    both_ways(f, n=1)
    tracemalloc.start()
    both_ways(f)
    peaks[f] = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    seconds = min(timeit.repeat(partial(both_ways, f), number=1, repeat=3))
    print(f"{f.__name__:8} {peaks[f]:4.0f} MiB {1000 * seconds:5.0f} ms")

# %%
assert peaks[by_rows] * 2**20 > 2 * row_bytes  # rows, and their gradient
if ways.wing("conv", big_x, big_w):  # without Numba both are much the same
    assert peaks[ops.conv2d] < peaks[by_rows] / 5

# %% [markdown]
# A time depends on the machine and on what else it is doing, so no page of
# this project *asserts* one. What is asserted is the memory, and that the
# numbers agree:

# %%
for ours, theirs in zip(*map(both_ways, (by_rows, ops.conv2d)), strict=True):
    gap = abs(ours - theirs).max() / abs(ours).max()
    print(f"largest gap, relative: {gap:.0e}")
    assert gap < 1e-5  # float32 has seven digits

# %% [markdown]
# ## A network
#
# A small network for $8 \times 8$ images of digits: convolution, batch
# normalization, ReLU ($\max(x, 0)$) and max pooling (the largest of every $2
# \times 2$ pixels), twice; then a linear layer, also called *dense* because
# every output sees every input, to ten classes.

# %%
digits = data.digits()
model = nn.cnn(digits.shape, digits.classes, np.random.default_rng(0))
chosen = nn.on_sphere(model)
model.summary(digits.shape)
for weight, n_p in zip(chosen, ((9, 16), (144, 32)), strict=True):
    n, p = weight.matrix.shape
    print(f"{weight.name}: {p} kernels, points of the sphere in R^{n}")
    lengths = np.linalg.norm(weight.matrix, axis=0)
    assert (n, p) == n_p and abs(lengths - 1).max() < 1e-6

# %% [markdown]
# One training step is what this lesson and the last have built, with the
# optimizer and the loss of lesson 5: values forward, pullbacks backward, one
# step of every weight. On one batch, three steps bring the loss down:

# %%
optimizer = optim.sgd_g(model, orthogonality=0.0)
x_batch, labels = digits.x_train[:64], digits.y_train[:64]
found = []
for _ in range(3):
    logits, back = model(x_batch)
    loss, back_loss = ops.cross_entropy(logits, labels)
    back(back_loss())  # fills .grad of every parameter
    optimizer.step()
    found.append(float(loss))
print("loss on 64 images", np.round(found, 4))
assert found[0] > found[1] > found[2] and found[2] < 0.75 * found[0]

# %% [markdown]
# `train.fit` repeats it over all batches, for some epochs (an *epoch* is
# one pass over all training images), while a schedule lets the rate fall
# linearly to 0. **Guess first:** which will be larger after the first epoch,
# the error on the training images or on the test images? The last column is
# the angle by which the epoch's last step turned a kernel, on average.

# %%
history = train.fit(
    model, optimizer, digits, EPOCHS, rng, schedule=optim.schedule.linear(),
    after_epoch=lambda trainer: print(trainer.history.line()),
)
assert history.train_error[0] > 1.5 * history.test_error[0]
assert history.test_error[-1] < (0.03 if EPOCHS >= 6 else 0.15)
if EPOCHS >= 6:  # the rate falls to 0, and the angle with it
    assert history.angle[-1] < history.angle[0] / 20

# %% [markdown]
# The error on the training images is larger, but only because it is an
# average over the epoch, when the network was still worse, whereas the test
# images are shown to the network as it is at the end.
#
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
#   weight vector: a point of the sphere, if a batch normalization follows.
# * With every window as a row it is one matrix product. Backward, every
#   number is added where it was copied from.
# * A few images at a time need much less memory than all at once, since the
#   rows are never kept.
# * The slow, plain version stays in use: it is what the fast one is tested
#   against.
#
# ## Exercises
#
# 1. (Easy.) How many multiplications does the larger layer above take,
#    forward, if it is done by rows? And forward and backward, with the
#    additions?

# %% tags=["exercise"]
forward = 64 * 26 * 26 * 32 * 9 * 32  # multiplications
operations = 6 * forward  # forward and backward, with the additions

# %% tags=["check"]
assert forward % big_dy.size == 0, "each output takes equally many"
each = forward // big_dy.size  # for one output
assert each % 9 == 0, f"you take {each} for an output; a window is 3 by 3"
assert each == big_w[..., 0].size, (
    f"you take {each} for an output: how many numbers has its window?")
ratio = operations / forward
assert ratio % 2 == 0, "an addition goes with every multiplication"
assert ratio > 2, "that is forward only"
assert 4 < ratio < 8, "how many products does backward take?"

# %% [markdown]
# <details><summary>Answer</summary>
#
# One for every output and every number of the window:
# $64 \cdot 26 \cdot 26 \cdot 32 \cdot (9 \cdot 32) \approx 4.0 \cdot 10^8$,
# and as many additions. Backward takes twice that, a product for $dx$ and
# one for $dw$, so $2.4 \cdot 10^9$ operations in all. Divide by the time of
# `by_rows` to see how many your machine does in a second.
#
# </details>
#
# 2. (Easy.) A $1 \times 1$ kernel: what is the matrix of its windows? What
#    is the layer?
#
# <details><summary>Answer</summary>
#
# The images themselves, every pixel a row, so that nothing is copied twice.
# The layer is a dense layer that is applied to every pixel.
#
# </details>
#
# 3. (Harder.) $dx$ is a convolution too. Which image, and which kernels? Try
#    it with `np.pad` and `by_rows`.


# %% tags=["exercise"]
def dx_image(dy):
    return np.pad(dy, ((0, 0), (2, 2), (2, 2), (0, 0)))


def dx_kernels(w):
    return w[::-1, ::-1].transpose(0, 1, 3, 2)


# %% tags=["check"]
image, kernels = dx_image(dy), dx_kernels(w)
assert kernels.shape[3] == 3, "dx has 3 channels, so it takes 3 kernels"
assert kernels.shape[2] == image.shape[3], "image and kernels do not match"
ours, dx = by_rows(image, kernels)[0], by_rows(x, w)[1](dy)[0]
assert ours.shape == dx.shape, f"dx is {dx.shape}, yours is {ours.shape}"
assert np.isclose(ours[0, 0, 0, 0], dx[0, 0, 0, 0]), (
    "at the corner pixel, which weight meets the one output it feeds?")
assert np.allclose(ours, dx, rtol=0, atol=1e-12), "not the kernels of dx"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The image is $dy$ with two rows and columns of zeros around it, and the
# kernel is turned around, with its input and output channels exchanged: the
# number $x_{i+k,j+l}$ meets $w_{kl}$ in $y_{ij}$, so seen from $x_{ij}$ the
# outputs lie at $i - k$ and $j - l$.
#
# </details>
#
# This cell checks the answers.

# %%
products = big_dy.size * 9 * 32
print(f"{products:.2e} multiplications, {6 * products:.1e} operations")
assert abs(products / 4.0e8 - 1) < 0.01
assert abs(6 * products / 2.4e9 - 1) < 0.01
point = rng.standard_normal((1, 1, 3, 8))
by_pixel = (x.reshape(-1, 3) @ point[0, 0]).reshape(4, 12, 10, 8)
assert np.allclose(by_rows(x, point)[0], by_pixel, rtol=0, atol=1e-13)
around = np.pad(dy, ((0, 0), (2, 2), (2, 2), (0, 0)))
turned = w[::-1, ::-1].transpose(0, 1, 3, 2)
dx = by_rows(x, w)[1](dy)[0]
assert np.allclose(by_rows(around, turned)[0], dx, rtol=0, atol=1e-12)

# %% [markdown]
# ## Going deeper
#
# * LeCun, Bottou, Bengio and Haffner, *Gradient-based learning applied to
#   document recognition*, 1998: convolutional networks.
# * Chellapilla, Puri and Simard, *High performance convolutional neural
#   networks for document processing*, 2006: windows as rows.
# * Lavin and Gray, *Fast algorithms for convolutional neural networks*, 2015:
#   16 products in place of 36.
# * Rougier, *From Python to NumPy*, 2017: the same algorithm in loops and in
#   arrays, many times.
# * In this project: `grassmann_np/ops/conv.py`, the plain version in
#   `tests/ops/naive.py` that tests it, and `benchmarks/conv.py`, which
#   compares it with PyTorch.
