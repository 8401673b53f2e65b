# %% [markdown]
# # 14. On a GPU
#
# **Question.** What has to change in a NumPy program so that it runs on a
# graphics processor, and what stays the same?
#
# You need lessons [5](05_sgd_g.py), [7](07_backpropagation_by_hand.py) and
# [8](08_a_convolutional_network.py): parameters, pullbacks, and the network
# that is trained here.
#
# You need no GPU. Where none is found, the page runs on the CPU and says so.
# What you can do without one: write a program that would run there, see why
# its last digits would differ and what that does to training, and learn how
# to time it. What you cannot do is find out how fast it is. With an NVIDIA
# GPU, `pip install -e '.[gpu-cuda13]'` in a checkout (or `gpu-cuda12`, for
# older drivers) installs what is needed.

# %%
import math
import os
import re
import time
from types import ModuleType

import numpy as np

from grassmann_np import backend, data, nn, ops, optim, train
from grassmann_np.cuda import activate, conv, normalize, pool
from grassmann_np.cuda import step as step_kernels
from viz import scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 4))
rng = np.random.default_rng(0)

# %% [markdown]
# ## Another machine inside the machine
#
# A graphics processor, *GPU*, has thousands of small arithmetic units and a
# fast memory of its own. It is good at doing the same thing to very many
# numbers. **CuPy** is NumPy for it: a CuPy array lies in the memory of the
# GPU, and CuPy's functions have NumPy's names, so that most of a program can
# stay as it is. Three things cannot. The arrays must be *moved* there, the
# code must not call `np.` on them, and results must be fetched before they
# are printed or drawn.
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
# of a CPU.
#
# ## The array decides
#
# Some libraries have a switch: from here on, everything runs there. Then
# what a line does depends on another line, far away. This project has no
# switch. Every function asks its own arguments which module they belong to,
# and calls that module `xp`.
#
# How does one ask an array? The *Python array API standard*, on which NumPy,
# CuPy and others have agreed, gives every array a method with the name
# `__array_namespace__`. It returns the module whose functions are made for
# this array. (`get_xp` knows the arrays of NumPy and CuPy on sight, and asks
# all others.)


# %%
def softmax(z):
    """Probabilities from logits, on whatever device z lies."""
    xp = backend.get_xp(z)
    e = xp.exp(z - xp.max(z, axis=1, keepdims=True))
    return e / xp.sum(e, axis=1, keepdims=True)


z = backend.to_device(rng.standard_normal((2, 3)), device)
print("computed by", backend.get_xp(z).__name__)
assert backend.get_xp(np.ones(1)) is np.ones(1).__array_namespace__()
print(backend.to_numpy(softmax(z)).round(4))
sums = backend.to_numpy(softmax(z)).sum(axis=1)
assert np.allclose(sums, 1, rtol=0, atol=1e-12)

# %% [markdown]
# Two arrays from two places are a mistake, and it is better to hear of it
# than to have one of them copied in silence at every step. Here a small class
# stands for an array of another, empty module.


# %%
class Elsewhere:
    def __array_namespace__(self):
        return ModuleType("elsewhere")


heard = ""
try:
    backend.get_xp(np.ones(3), Elsewhere())
except TypeError as error:
    heard = str(error)
print(heard)
assert "numpy, elsewhere" in heard

# %% [markdown]
# ## The same script
#
# Here is a whole run. Two lines know about the device, and both end in
# `.to(device)`. The weights and the order of the images are drawn by NumPy on
# the **host**, as the CPU's side is called, so the same seed gives the same
# start on either device.

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
assert history.test_error[-1] < 0.2

# %% [markdown]
# One word does the same: `train.Setup(device="gpu")`, or `python -m
# grassmann_np train --device gpu` on the command line.
#
# Why does the step of SGD-G fit a GPU so well? Every weight vector is a
# point of its own sphere. The orthogonality term still mixes the vectors of a
# layer, by two matrix products. After that none needs anything from the
# others, and all of them can move at the same time:

# %%
scenes.network(units=36, epochs=4)

# %% [markdown]
# ## What does not change
#
# The mathematics does not change, nor does what you write, nor the point
# where the run begins. The weights of one seed are the same bits on both
# devices, because they were drawn before they were moved:

# %%
here = nn.cnn(digits.shape, digits.classes, np.random.default_rng(0))
nn.on_sphere(here)
for p, first in zip(here.parameters(), start, strict=True):
    assert np.array_equal(p.value, first)
print(f"{len(start)} parameters begin bit-equal")

# %% [markdown]
# ## What changes: the last digits
#
# A sum of a million numbers is a million roundings, less one, and what they
# add up to depends on the order. A CPU adds in one order, a GPU in another,
# since thousands of its units add at once and their sums are added at the
# end.
#
# **Guess first.** Here are three orders on the CPU, with the seven digits of
# `float32`. Which will be the worst, and how many of its digits are right?

# %%
numbers = rng.random(1_000_000, dtype=np.float32)
exact = math.fsum(numbers.tolist())
orders = {
    "one after another": np.cumsum(numbers)[-1],
    "in pairs": numbers.sum(),
    "rows, then columns": numbers.reshape(1000, 1000).sum(axis=0).sum(),
}
off = {k: abs(float(v) - exact) / exact for k, v in orders.items()}
for name, error in off.items():
    print(f"{name:20} off by {error:.0e}")
assert 1e-6 < off["one after another"] < 1e-4
assert max(off["in pairs"], off["rows, then columns"]) < 1e-6

# %% [markdown]
# None is wrong, but adding one after another loses most: once the sum is
# large, each small number is rounded at the sum's last digit.
#
# So many units may add more precisely than one. Each has a small sum of its
# own, as the columns have above. Drag the number of units: too few leave long
# sums, and too many leave a long sum of sums. (A point is the root mean
# square of the errors of 16 lists. Here the sums of the units are added one
# after another, whereas a GPU can add these in pairs.)
#
# ```{raw} html
# <iframe class="figure" src="figures/adders.html" loading="lazy"
#   title="How many units share a sum, and its last digits"></iframe>
# ```
#
# > **Try it now.** Add the same numbers as `numbers.astype(np.float64)`.
# > Does the order still matter?
# >
# > *What happens:* not at all here. Each number is a multiple of $2^{-24}$
# > and the sum is below $2^{20}$, so 44 binary digits hold it, and `float64`
# > has 53: nothing is rounded. Numbers *drawn* in `float64` fill all 53, and
# > the order matters again, near the fourteenth digit.

# %%
def by_three_orders(a):
    return a.cumsum()[-1], a.sum(), a.reshape(1000, 1000).sum(axis=0).sum()


assert np.ptp(by_three_orders(numbers.astype(np.float64))) == 0
fine = by_three_orders(rng.random(1_000_000))
assert 0 < np.ptp(fine) < 1e-12 * fine[0]

# %% [markdown]
# What does that do to training? We can see it without a GPU. Give two equal
# networks the same images, one of them with the images of each batch *in
# another order*. In mathematics the order within a batch does not matter. In
# rounding it does.

# %%
images = data.digits()


def pair():
    """Two equal networks, each with an optimizer of its own."""
    nets = [nn.cnn(images.shape, 10, np.random.default_rng(0)) for _ in "ab"]
    return [(net, optim.SGD(net.parameters(), 0.02)) for net in nets]


def step(model, optimizer, batch):
    logits, back = model(images.x_train[batch])
    loss, back_loss = ops.cross_entropy(logits, images.y_train[batch])
    back(back_loss())
    optimizer.step()
    return float(loss)


# %%
def train_both(a, b, steps, reorder):
    """The largest difference of two weights after every step."""
    draw, gaps = np.random.default_rng(1), []
    for _ in range(steps):
        batch = draw.integers(len(images.y_train), size=64)
        turned = draw.permutation(batch)
        step(*a, batch)
        step(*b, turned if reorder else batch)
        both = zip(a[0].parameters(), b[0].parameters(), strict=True)
        gaps.append(max(np.abs(p.value - q.value).max() for p, q in both))
    return np.array(gaps)


# %%
gaps = train_both(*pair(), 256, reorder=True)
for k in (1, 4, 16, 64, 128, 256):
    print(f"step {k:3}: weights {gaps[k - 1]:.0e} apart")
growth = gaps[1:] / gaps[:-1]
print(f"from step to step the gap grows {np.median(growth):.2f} times in the "
      f"median, {growth.max():.0f} times at most")
assert np.all(train_both(*pair(), 4, reorder=False) == 0)
assert gaps[0] < 1e-6 and gaps[-1] > 100 * gaps[0]
assert np.median(growth) < 1.1 and growth.max() > 3

# %% [markdown]
# The difference begins with the last digit, and it does not stay there,
# because every step builds on the one before. Most steps hardly change it; a
# few multiply it. (The network has places where that can happen: a ReLU asks
# whether a number is positive, and the answer may differ where it is nearly
# 0.) So do not expect a GPU to repeat a CPU's run digit by digit. They are
# two runs of one experiment, though much nearer to each other than two seeds.
# Compare them as [lesson 9](09_training_on_real_images.py) compares, by the
# spread of several. And test an op on a GPU against the CPU *once*, from the
# same input, with a tolerance of a few roundings, not after a thousand steps.
#
# ## What changes: time
#
# Starting a GPU operation takes a few microseconds, however small the arrays
# are, so it must be given plenty to do at once. And it answers before it has
# finished: a line like `a @ a` returns at once, and only whoever asks for a
# number waits for it. Therefore **a timing that fetches no result times only
# the asking.**
#
# **Guess first.** The product of two $64 \times 64$ matrices needs 512 times
# as many multiplications as that of two $8 \times 8$. Here both are timed,
# on the device above. How many times as long will it take?

# %%
best = {}
for n in (8, 64, 512, 1024):
    a = backend.to_device(rng.random((n, n), dtype=np.float32), device)
    seconds = []
    for _ in range(20 if n < 512 else 5):
        started = time.perf_counter()
        backend.to_numpy((a @ a)[:1, :1])  # fetching waits for the product
        seconds.append(time.perf_counter() - started)
    best[n] = min(seconds)
    rate = 2 * n**3 / best[n] / 1e9
    print(f"{n:4} x {n:<4} {1e6 * best[n]:9.0f} us, {rate:6.1f} GFLOP/s")
print(f"{best[64] / best[8]:.1f} times as long, for 512 times the work")

# %% [markdown]
# (A GFLOP/s is $10^9$ additions and multiplications in a second.) The small
# product costs little more than the call itself: with 512 times the work the
# next one takes only several times as long. On a GPU a call costs more and
# the arithmetic less, so that small arrays, such as the $8 \times 8$ digits,
# gain least. With a GPU, `benchmarks/gpu.py` measures by how much.
#
# ## What is written twice
#
# Every operation of NumPy is a pass over the memory. Batch normalization in
# plain CuPy would take many passes, and an optimizer's step several
# operations for every weight matrix. Where that counts, a *kernel* stands
# beside the NumPy code: a function in the language CUDA C, which thousands of
# threads run at once, each for its own numbers. These are all of them, and
# below is one to read:

# %%
names = {}
for module in (activate, conv, normalize, pool, step_kernels):
    texts = " ".join(t for t in vars(module).values() if isinstance(t, str))
    names[module.__name__] = re.findall(r"__global__ void (\w+)", texts)
    print(module.__name__, *names[module.__name__])
assert "dropout" in names["grassmann_np.cuda.activate"]
assert all(names.values())

# %%
print(activate.RELU)

# %% [markdown]
# `T` is `float` or `double`, and `EACH` hands a thread its share of the
# numbers, neighbours to neighbouring threads. The formula is the same as on
# the CPU, and so are the tests: every kernel is compared with its NumPy
# twin.
#
# ## Nobody waits
#
# Looking at a number means waiting for it. So training that must not wait
# cannot look, and what is an error at once on a CPU becomes a *note*. If a
# gradient is not finite, the optimizer writes the number of the step into one
# cell on the GPU, and while it stands there, every step leaves all weights as
# they are. Every fifty steps, and at the end of an epoch, the training
# fetches the losses and the note, all at once, and raises if there is one:
#
# ```text
# host  ask 1   ask 2   ask 3   ...   ask 50   look ........... raise: step 2
#          \       \       \             \        ^
# GPU       step 1  step 2  step 3  ...   step 50 | losses and the note
#                   g not   left out      left out|
#                   finite: note = 2 -------------+
# ```
#
# In either case the bad gradient has changed no weight when the error comes:

# %%
w = nn.Parameter(backend.to_device(rng.standard_normal(4), device))
w.grad = w.value * np.inf
careful, before = optim.SGD([w], 0.1), backend.to_numpy(w.value).copy()
heard = ""
try:
    careful.step()
    careful.check()  # on a GPU the step is silent, and this one raises
except ValueError as error:
    heard = str(error)
print(heard)
assert "expected finite numbers" in heard or (device == "gpu" and heard)
assert np.array_equal(before, backend.to_numpy(w.value))

# %% [markdown]
# Without a GPU you can still write for one. The project tests every layer and
# whole runs on a stand-in for CuPy, which refuses what CuPy refuses: a stray
# `np.` call, an array from the wrong side. It counts what is fetched, and it
# compiles the kernels for the CPU (with g++) and runs them there, one thread
# after another. Such a test says that the code *stays* on the device, and
# that its formulas and indices are right. It says nothing about speed, and it
# cannot show what only a real device does; for that, the tests marked `gpu`
# need one, and where there is none the test run says how many were left out.
#
# ## Summary
#
# * The array decides where a line runs: `xp = get_xp(x)`, then `xp.exp`.
# * A training run needs two more lines: move the images, move the model. Make
#   the optimizer afterwards.
# * The start is bit-equal on both devices. Later the last digits differ,
#   and then the runs do: compare several, and not digit by digit.
# * Give a GPU large arrays, and fetch a result before you stop the clock.
# * A program that never looks never waits: errors become notes, read later.
#
# ## Exercises
#
# 1. (Easy.) Make the optimizer *before* the model is moved. What would be
#    wrong?
#
# <details><summary>Answer</summary>
#
# Its momentum begins as zeros beside the weights, on the host. After the
# move the gradients lie on the GPU and the momentum does not: the first
# step would mix two backends, and raises `TypeError`.
#
# </details>
#
# 2. (Easy.) How many bytes are the weights of VGG-13, a network of the
#    paper? How long does it take to move them, at 25 GB in a second? Should
#    one move them at every step?
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
# 3. (Harder.) Which lines of the function `step` above wait for a GPU?
#
# <details><summary>Answer</summary>
#
# `float(loss)` alone, since it needs the number. The batch is drawn on the
# host and only sent. The checks wait for nothing: a label that is no class
# makes the loss NaN, and a gradient that is not finite leaves a note. So
# `train.fit` keeps the losses on the device and fetches up to fifty at a
# time.
#
# </details>
#
# 4. (Open experiment.) Give both networks the same order, but move a single
#    weight of the second to the next number that `float32` has. Then try the
#    same with SGD-G.
#
# <details><summary>Answer</summary>
#
# The gap begins at about $10^{-8}$ and grows as well, more than tenfold in
# 128 steps: any difference will do to start it. For SGD-G we leave it open.
# One run tells little, so try several seeds.
#
# </details>
#
# The answers are tested too, where that needs no GPU:

# %%
model = nn.vgg(13, 10, np.random.default_rng(0))
megabytes = sum(p.value.nbytes for p in model.parameters()) / 1e6
assert megabytes == 39.741736 and round(megabytes / 25, 1) == 1.6  # MB, ms
assert train.loop.LOOK_EVERY == 50
a, b = pair()
weight = b[0].parameters()[0]
moved = weight.value.copy()
moved.flat[0] = np.nextafter(moved.flat[0], np.float32(np.inf))
weight.value = moved
gaps = train_both(a, b, 128, reorder=False)
assert 0 < gaps[0] < 1e-6 and gaps[-1] > 10 * gaps[0]

# %% [markdown]
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
