# %% [markdown]
# # 14. On a GPU
#
# **Question.** What has to change in a NumPy program so that it runs on a
# graphics processor, and what stays the same?
#
# You need no GPU for this page. Where none is found, the same script runs
# on the CPU, and says so.

# %%
import math
import os
import time
from types import ModuleType

import numpy as np

from grassmann_np import backend, data, nn, ops, optim, train
from grassmann_np.cuda import activate
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 4))
rng = np.random.default_rng(0)

# %% [markdown]
# ## Another machine inside the machine
#
# A graphics processor, *GPU*, has thousands of small arithmetic units and a
# fast memory of its own. It is good at doing the same thing to very many
# numbers. **CuPy** is NumPy for it: an array of CuPy lies in the memory of
# the GPU, and its functions have NumPy's names. So most of a program can
# stay as it is. Three things cannot: the arrays must be *moved* there, code
# must not call `np.` on them, and results must be fetched before they are
# printed or drawn.
#
# Is there one here?

# %%
device = "gpu"
try:
    backend.to_device(np.zeros(1), device)
except RuntimeError as missing:
    print("what is missing:", missing)
    device = "cpu"
print("this page ran on:", device)

# %% [markdown]
# **If the last line says cpu, no line of this page was run on a GPU.** The
# lines that move arrays then moved nothing, and the times below are those
# of a CPU. What the page says about GPUs you can try where there is one.
#
# ## The array decides
#
# Some libraries have a switch: from here on, everything runs there. Then
# what a line does depends on another line, far away. This project has no
# switch. Every function asks its own arguments which module they belong to,
# and calls that module `xp`:


# %%
def softmax(z):
    """Probabilities from logits, on whatever device z lies."""
    xp = backend.get_xp(z)
    e = xp.exp(z - xp.max(z, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


z = backend.to_device(rng.standard_normal((2, 3)), device)
print("computed by", backend.get_xp(z).__name__)
print(backend.to_numpy(softmax(z)).round(4))
assert np.allclose(backend.to_numpy(softmax(z)).sum(axis=1), 1)

# %% [markdown]
# Two arrays from two places are a mistake, and it is better to hear of it
# than to have one copied in silence at every step. Here a small class
# stands for an array of another module.


# %%
class Elsewhere:
    def __array_namespace__(self):
        return ModuleType("elsewhere")


try:
    backend.get_xp(np.ones(3), Elsewhere())
except TypeError as error:
    print(error)

# %% [markdown]
# ## The same script
#
# Here is a whole training. Two lines know about the device, and both end in
# `.to(device)`. The weights and the order of the images are drawn by NumPy
# on the host, as the CPU's side is called, from the same seeds as ever.

# %%
digits = data.digits().to(device)
model = nn.cnn(digits.shape, digits.classes, np.random.default_rng(0))
nn.on_sphere(model)
model.to(device)
start = [backend.to_numpy(p.value).copy() for p in model.parameters()]
optimizer = optim.sgd_g(model)  # after the move: its state lies beside
history = train.fit(
    model, optimizer, digits, EPOCHS, np.random.default_rng(0),
    after_epoch=lambda trainer: print(trainer.history.line()),
)
print(f"{np.median(history.seconds):.2f} s per epoch, on the {device}")
assert history.test_error[-1] < 0.5

# %% [markdown]
# By name it is one word: `train.Setup(device="gpu")`, or
# `python -m grassmann_np train --device gpu` on the command line.
#
# Why does the step of SGD-G fit a GPU so well? Every weight vector is a
# point of its own sphere. Given its gradient it needs nothing from the
# others, so all of them can move at the same time:

# %%
scenes.network(units=36, epochs=4)

# %% [markdown]
# ## What does not change
#
# The mathematics, the code, and where the run begins: the weights of the
# same seed are the same bits on both devices, because they were drawn
# before they were moved.

# %%
here = nn.cnn(digits.shape, digits.classes, np.random.default_rng(0))
nn.on_sphere(here)
for p, first in zip(here.parameters(), start, strict=True):
    assert np.array_equal(p.value, first)
print(f"{len(start)} parameters begin bit-equal")

# %% [markdown]
# ## What changes: the last digits
#
# A sum of a million numbers is a million roundings, and rounding depends on
# the order. A CPU adds in one order, a GPU in another, since thousands of
# its units add at once and their sums are added in the end. Here are a few
# orders on the CPU alone, with the seven digits of `float32`:

# %%
numbers = rng.random(1_000_000, dtype=np.float32)
exact = math.fsum(numbers.tolist())
orders = {
    "one after another": np.cumsum(numbers)[-1],
    "in pairs": numbers.sum(),
    "rows, then columns": numbers.reshape(1000, 1000).sum(axis=0).sum(),
}
for name, total in orders.items():
    print(f"{name:20} off by {abs(float(total) - exact) / exact:.0e}")
    assert abs(float(total) - exact) < 1e-3 * exact

# %% [markdown]
# All are right, each in its own way. What does that do to a training? We
# can see it without a GPU. Give two equal networks the same images, one of
# them with the images of each batch *in another order*. For mathematics a
# batch has no order. For rounding it has.

# %%
images, rest = data.digits(), np.random.default_rng(1)
a, b = (nn.cnn(images.shape, 10, np.random.default_rng(0)) for _ in "ab")
both = [(a, optim.SGD(a.parameters(), 0.02)),
        (b, optim.SGD(b.parameters(), 0.02))]


def step(model, optimizer, batch):
    logits, back = model(images.x_train[batch])
    loss, back_loss = ops.cross_entropy(logits, images.y_train[batch])
    back(back_loss())
    optimizer.step()
    return float(loss)


# %%
gaps = []
for k in range(1, 257):
    batch = rest.integers(len(images.y_train), size=64)
    loss, _ = step(*both[0], batch), step(*both[1], rest.permutation(batch))
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    gaps.append(max(np.abs(p.value - q.value).max() for p, q in pairs))
    if k in (1, 4, 16, 64, 128, 256):
        print(f"step {k:3}: loss {loss:.4f}, weights {gaps[-1]:.0e} apart")
assert gaps[0] < 1e-5 and gaps[-1] > gaps[0]

# %% [markdown]
# The difference begins with the last digit, and it does not stay there:
# every step builds on the one before. It grows slowly, and by a leap
# wherever a number that decides something, as the sign before a ReLU does,
# falls to the other side. So do not expect a GPU to repeat a
# CPU's run digit by digit. They are two runs of one experiment, as with two
# seeds. Compare them as [lesson 9](09_training_on_real_images.py) compares:
# by the spread of several. And test an op on a GPU against the CPU *once*,
# from the same input, with a tolerance of some roundings; not after a
# thousand steps.
#
# ## What changes: time
#
# To start an operation on a GPU takes some microseconds, however small the
# arrays are. So it must be given much to do at a time. And it answers
# before it has finished: a line like `a @ a` returns at once, and only
# who asks for a number waits for it. **A time without a result fetched is
# the time of asking.** The same measurement, here on the device above:

# %%
for n in (8, 64, 512, 1024):
    a = backend.to_device(rng.random((n, n), dtype=np.float32), device)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        backend.to_numpy((a @ a)[:1, :1])  # fetching waits for the product
        seconds.append(time.perf_counter() - started)
    rate = 2 * n**3 / min(seconds) / 1e9
    print(f"{n:4} x {n:<4} {1e6 * min(seconds):9.0f} us, {rate:6.1f} GFLOP/s")

# %% [markdown]
# (A GFLOP/s is $10^9$ additions and multiplications in a second.) Even here
# small arrays are slow for what they do: the call costs more than the
# arithmetic. On a GPU that limit lies much higher. The $8 \times 8$ digits
# are too small for it; the networks of the paper are not.
#
# ## What is written twice
#
# One line of NumPy is one pass over the memory. Batch normalization in
# CuPy's lines would take a dozen passes, and an optimizer's step would
# start some operations for every weight matrix. Where that counts, a
# *kernel* stands beside the NumPy code: a function in the language CUDA C,
# which thousands of threads run at once, each for its own numbers. There
# are few: the two gathers of a convolution, batch normalization, ReLU, the
# maximum pool, and the step of all weights together. This is the shortest:

# %%
print(activate.RELU)

# %% [markdown]
# `T` is `float` or `double`, and `EACH` hands a thread its share of the
# numbers, neighbours to neighbouring threads. The formula is the same, and
# so are the tests: every kernel is held against its NumPy twin.
#
# ## Nobody waits
#
# To look at a number is to wait until it is there. So a training that must
# not wait cannot look, and what was an error at once becomes a *note*. If a
# gradient is not finite, the optimizer writes the number of the step into
# one cell on the GPU. While it stands there, every step leaves all weights
# as they are. Now and then the training fetches the losses since the last
# look, all at once, and the note with them; then it raises. On the CPU the
# error comes at once. In both cases nothing has changed when it comes:

# %%
w = nn.Parameter(backend.to_device(rng.standard_normal(4), device))
w.grad = w.value * np.inf
careful, before = optim.SGD([w], 0.1), backend.to_numpy(w.value)
try:
    careful.step()
    careful.check()  # on a GPU the step is silent, and this one raises
except ValueError as error:
    print(error)
assert np.array_equal(before, backend.to_numpy(w.value))

# %% [markdown]
# Whoever has no GPU can still write for one. The project tests every layer
# and whole trainings on a stand-in for CuPy, which refuses what CuPy
# refuses: a stray `np.` call, an array from the wrong side. It counts what
# is fetched, and it compiles the kernels for the CPU and runs them there,
# one thread after another. Such a test says that the code *stays* on the
# device, and that its formulas and indices are right. It says nothing about
# speed. For that, the tests marked `gpu` and `benchmarks/gpu.py` need a
# GPU, and where there is none the test run says how many were left out.
#
# ## Summary
#
# * The array decides where a line runs: `xp = get_xp(x)`, then `xp.exp`.
# * A training needs two lines more: move the images, move the model. Make
#   the optimizer afterwards.
# * The start is bit-equal on both devices. Later the last digits differ,
#   and then the runs do: compare several, not their digits.
# * Give a GPU large arrays, and fetch a result before you stop the clock.
# * A program that never looks never waits: errors become notes, read later.
#
# ## Exercises
#
# 1. Make the optimizer *before* the model is moved. What would be wrong?
#
# <details><summary>Answer</summary>
#
# Its momentum begins as zeros beside the weights, on the host. After the
# move the gradients lie on the GPU and the momentum does not: the first
# step would mix two backends, and raises `TypeError`.
#
# </details>
#
# 2. How many bytes are the weights of VGG-13? How long does it take to move
#    them, at 25 GB in a second? Should one move them at every step?
#
# <details><summary>Answer</summary>
#
# ```python
# model = nn.vgg(13, 10, np.random.default_rng(0))
# print(sum(p.value.nbytes for p in model.parameters()) / 1e6, "MB")
# ```
#
# prints 39.741736 MB, which takes about 1.6 milliseconds each way. That is
# done once. At every step it would be wasted: everything that a step needs
# is on the device already.
#
# </details>
#
# 3. Which lines of the function `step` above wait for a GPU?
#
# <details><summary>Answer</summary>
#
# `float(loss)` alone, since it needs the number. The batch is drawn on the
# host and only sent. The checks wait for nothing: a label that is no class
# makes the loss NaN, and a gradient that is not finite leaves a note. So
# `train.fit` keeps the losses on the device and fetches fifty at a time.
#
# </details>
#
# ## Going deeper
#
# * Okuta, Unno, Nishino, Hido and Loomis, *CuPy: a NumPy-compatible library
#   for NVIDIA GPU calculations*, 2017.
# * Consortium for Python Data API Standards, *Python array API standard*:
#   what NumPy, CuPy and others have in common. The geometry and the
#   optimizers keep to it.
# * Goldberg, *What every computer scientist should know about floating-point
#   arithmetic*, 1991.
# * NVIDIA, *CUDA C++ programming guide*: threads, blocks, shared memory.
# * In this project: `grassmann_np/backend.py`, `grassmann_np/cuda`,
#   `grassmann_np/optim/device.py`, `tests/fake_cupy.py`, `tests/gpu`.
