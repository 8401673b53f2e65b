# %% [markdown]
# # 9. Training on real images
#
# **Question.** Does a walk on the sphere learn better than plain SGD? And
# when two numbers differ, how do you know that it was not chance?
#
# You need lessons 5 and 6: SGD-G and Adam-G.

# %%
import json
import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import grassmann_np
from grassmann_np import data, train
from viz import cells, picture, scenes

EPOCHS = int(os.environ.get("LESSON_EPOCHS", 10))
SEEDS = int(os.environ.get("LESSON_SEEDS", 3))

# %% [markdown]
# Here are the three on one small sphere: one neuron, one loss, one start.
# SGD slows down as its weight vector grows longer (lesson 1). Weight decay
# holds the length back. SGD-G and Adam-G have no length.

# %%
scenes.race()

# %% [markdown]
# A picture of one run proves nothing about images. So we take real ones.
#
# ## Two sets of digits
#
# Both are handwritten, and both come inside Python packages: nothing is
# downloaded. A part of each is the *test set*. The network never learns
# from it; we count how many of its images it gets wrong.

# %%
sets = {"digits": data.digits(), "mnist": data.mnist()}
for name, images in sets.items():
    n, m = len(images.y_train), len(images.y_test)
    print(f"{name}: images {images.shape}, {n} to learn from, {m} to test")

# %% [markdown]
# ## A training by name
#
# A `Setup` says everything about a training: the images, the network, the
# optimizer, the rate, the schedule, the seed. We take the small
# convolutional network of lesson 8. The schedule is *linear*: the rate
# falls in a straight line to 0.
#
# The seed decides the first weights and the order of the images. The same
# seed gives the same run, to the last bit:

# %%
setup = train.Setup(data="digits", model="cnn", epochs=EPOCHS)
once, again = (replace(setup, epochs=1).run()[1] for _ in range(2))
assert once.train_loss == again.train_loss
assert once.test_error == again.test_error
print("a training loss, twice:", once.train_loss[0], again.train_loss[0])

# %% [markdown]
# ## Not one run each
#
# Another seed is another run. `train.compare` runs every optimizer with
# every seed, each in a folder of its own (a run that is there already is
# not run again; here the folder is thrown away). The *median* is the middle
# one of the seeds' errors; between the *quartiles* lies the middle half.

# %%
optimizers = ["sgd", "sgd-g", "adam-g"]
with TemporaryDirectory() as folder:
    found = train.compare(folder, setup, optimizers, range(SEEDS), jobs=1)
print(train.table(found))

# %% [markdown]
# And the errors themselves, as numbers of images:


# %%
def wrong(results, label):
    """How many test images each seed gets wrong, after the last epoch."""
    runs = [r for r in results["runs"] if r["optimizer"] == label]
    size = len(sets[results["data"]].y_test)
    return [round(size * r["history"]["test_error"][-1]) for r in runs]


for label in optimizers:
    print(f"{label:7}", wrong(found, label))
assert all(max(wrong(found, o)) < 0.5 * 450 for o in optimizers)

# %% [markdown]
# What may you conclude from this table? Three things stand in the way.
#
# **Few images decide.** The errors are counts of a few images. If each of
# $N$ images is wrong with probability $p$, their number has a standard
# deviation of $\sqrt{N p (1 - p)}$: so much would it change with *other*
# test images.

# %%
n, mistakes = 450, np.array([4, 9, 18])
deviation = np.sqrt(mistakes * (1 - mistakes / n))
for k, s in zip(mistakes, deviation, strict=True):
    print(f"{k:2} of {n} wrong: give or take {s:.1f} images")

# %% [markdown]
# All optimizers are tested on the same images, so some of this cancels in
# the difference. Not all of it.
#
# **Few seeds.** Compare two optimizers seed by seed. Suppose that there is
# no difference, only chance. Then each pair is like a coin. That one
# optimizer wins *all* of $n$ pairs, or loses all, happens by chance with
# probability $2 \cdot 2^{-n}$. No test of this kind can give a smaller
# $p$, the probability of such a result, or a clearer one, by chance alone.

# %%
for n in (3, 5, 6, 10):
    print(f"{n:2} seeds: p is at least {2 ** (1 - n):.4f}")
for row in found["paired"]:
    assert row["p"] >= 2.0 ** (1 - SEEDS)

# %% [markdown]
# People like to see $p < 0.05$ before they believe. Five seeds cannot show
# it, however large the difference.
#
# **The rates were not chosen alike.** SGD ran with a rate that somebody
# wrote down, SGD-G with one from the paper. Perhaps a better rate for SGD
# would close the gap. To be fair, tune them all, in the same way, with
# images that are *not* the test images.
#
# ## A reader's question
#
# A reader of the paper asked in a blog post: why not let the rate of the
# plain network fall linearly, or exponentially? Perhaps it does as well.
#
# That takes more than a hundred runs, so this page reads results that were
# made before: by `python benchmarks/decay.py --data digits`, and the same
# with `--data mnist`. Every optimizer ran with every schedule. For each,
# three rates were tried with two seeds, and judged on a fifth of the
# training images, held out: a coarse choice, but the same for all. With the
# best rate, five other seeds ran.

# %%
project = Path(grassmann_np.__file__).parents[1]
files = sorted((project / "benchmarks" / "results").glob("decay-*.json"))
decays = {file.stem: json.loads(file.read_text()) for file in files}
digits, mnist = decays["decay-digits"], decays["decay-mnist"]
picture.Picture(cells.cells(digits))

# %%
picture.Picture(cells.cells(mnist))

# %%
labels = ("sgd step", "sgd linear", "sgd-g linear", "adam-g linear")
for results in (digits, mnist):
    size = len(sets[results["data"]].y_test)
    print(f"{results['data']}, wrong of {size}, each seed:")
    for label in (*labels, "sgd, matched angle"):
        counts = wrong(results, label)
        print(f"  {label:19} {counts}, median {np.median(counts):.0f}")

# %% [markdown]
# First, **the schedule**. How far is SGD with linear decay from SGD-G with
# linear decay, seed by seed, and how far apart are the seeds of each?

# %%
for results in (digits, mnist):
    sgd, sgd_g = (wrong(results, f"{o} linear") for o in ("sgd", "sgd-g"))
    gap = np.median(np.subtract(sgd_g, sgd))
    print(f"{results['data']}: {gap:+.0f} images from SGD to SGD-G;", end=" ")
    print(f"best to worst seed: {np.ptp(sgd)} and {np.ptp(sgd_g)}")
    assert abs(gap) < np.ptp(sgd)
assert max(sgd_g) < np.median(sgd)  # on MNIST-5k
middle = {r["optimizer"]: r["median_test_error"] for r in mnist["summary"]}
of_sgd = [m for name, m in middle.items() if name.startswith("sgd ")]
assert min(of_sgd) > max(m for name, m in middle.items() if "-g " in name)

# %% [markdown]
# On the digits, linear decay brings SGD to within the spread of its own
# seeds: a reader who says that the schedule was the difference may be right.
#
# On MNIST-5k the same sentence is true, and would mislead. The gap lies
# within SGD's spread because that spread is *wide*: there, the worst seed
# of SGD-G is better than the median of SGD. And no schedule brings SGD near:
# under its best one, its median error is larger than those of SGD-G and
# Adam-G under their worst. So the answer to the reader depends on the
# images. Always look at the gap *and* at the spread.
#
# Second, **the angle**. On the sphere the length of a step is an angle: by
# so much the weight turns. SGD turns the same weights by an angle too, but
# it depends on how long they have grown. What if SGD turns them by the
# *same angle*, step by step? The row "matched angle" is that experiment:
# plain SGD, with every step of these weights made longer or shorter until
# it turns them as far, on average, as the same step of SGD-G did.

# %%
rows = ("sgd linear", "sgd, matched angle", "sgd-g linear")
for results in (digits, mnist):
    plain, angle, sgd_g = (np.median(wrong(results, row)) for row in rows)
    print(f"{results['data']}: SGD {plain:.0f}, at the angle {angle:.0f},")
    paired = results["paired"][-1]
    print(f"   SGD-G {sgd_g:.0f}; the last two differ in", end=" ")
    print(f"{paired['n']} seeds, p = {paired['p']:.2f}")
    assert plain > angle >= sgd_g and plain - angle > angle - sgd_g

# %% [markdown]
# On the digits SGD at SGD-G's angle has SGD-G's error. There it counts how
# far the weights turn, and nothing more is to be seen. On MNIST-5k the angle
# closes more than half of the gap, and not all of it. What is left may be
# the orthogonality term ([lesson 10](10_orthogonality.py)), which SGD does
# not have; or the rates of the other weights, which were not the same; or
# chance. This experiment does not tell them apart.
#
# Third, **all together**. SGD-G and Adam-G against SGD, each with the same
# schedule and the same seeds:

# %%
for results in (digits, mnist):
    rows = [r for r in results["paired"] if "matched" not in r["optimizer"]]
    lower = sum(row["median_difference"] < 0 for row in rows)
    least = min(row["p"] for row in rows)
    print(f"{results['data']}: SGD has more errors in {lower} of", end=" ")
    print(f"{len(rows)} comparisons, smallest p = {least:.4f}")
    assert least > 0.05 and lower == len(rows)

# %% [markdown]
# Not one of these differences alone can be called more than chance. It could
# not be, with five seeds. What speaks is that all of them point the same
# way, on both sets of images. It speaks less loudly than so many independent
# results would: the comparisons share their seeds and their test images.
# To decide it, run more seeds, and test on more images.
#
# **A correction.** Here SGD has one rate for all weights, SGD-G two: one on
# the sphere and another, 0.01, for the rest. Given the same two rates (0.4
# and 0.01), plain SGD makes 26, 24, 26, 30 and 22 errors on MNIST-5k, where
# SGD-G makes 23, 25, 30, 28 and 24. So what looks like the sphere above is
# the second rate. `benchmarks/experiment.md` is the design of the experiment
# that asks anew; until it has run, read this page as a lesson in how easily
# a comparison is unfair.
#
# ## MNIST-5k, and what SGD-G buys
#
# One more run of each optimizer, on the larger images. We do not compare
# the errors of one seed now. We look at the weights before batch
# normalization: their mean length, and the mean angle of an epoch's last
# step, in radians.

# %%
short = replace(setup, data="mnist", epochs=max(1, EPOCHS // 5))
for optimizer in optimizers:
    _, history = replace(short, optimizer=optimizer).run()
    turned = ", ".join(f"{angle:.4f}" for angle in history.angle)
    error, norm = 100 * history.test_error[-1], history.norm[-1]
    print(f"{optimizer:7} wrong {error:.1f} %, |w| {norm:.2f}, {turned} rad")
    if optimizer != "sgd":
        assert np.isclose(norm, 1)

# %% [markdown]
# For SGD-G and Adam-G the length is 1, and the angle is the rate times what
# the gradient asks for; clipping gives SGD-G a limit that is known before
# the run (lesson 5). For SGD the angle comes out of rate, length and weight
# decay together, and nobody chose it. That is a plain reason to prefer the
# sphere even where the errors are the same: what you set is what happens.
#
# ## Summary
#
# * One run is an anecdote. Give every seed, or the median and the spread,
#   and how many images the difference is.
# * With $n$ pairs, $p$ is at least $2^{1-n}$. Five seeds cannot call a
#   difference of a few images more than chance.
# * A comparison is fair only if both sides have the same rates to tune. With
#   one rate SGD has more errors than SGD-G; with two it has as few.
# * On the sphere the length of a step is an angle: no hidden length of the
#   weights changes it.
#
# ## Exercises
#
# 1. How many seeds do you need so that $p < 0.01$ is possible?
#
# <details><summary>Answer</summary>
#
# $2^{1-n} < 0.01$ needs $n - 1 > 6.64$: eight seeds, and all eight must
# agree.
#
# </details>
#
# 2. Someone tries 20 optimizers that are all the same, against SGD, and
#    reports those with $p < 0.05$. How many will there be?
#
# <details><summary>Answer</summary>
#
# One on average, from chance alone. Whoever makes many comparisons must ask
# for a smaller $p$ in each.
#
# </details>
#
# 3. Why must the rates be tuned on images that are not the test images?
#
# <details><summary>Answer</summary>
#
# Otherwise one takes the best of several runs *on the test images*: with
# three rates, the luckiest of three. The error comes out too small, and
# the more rates one tries, the smaller.
#
# </details>
#
# 4. Take the table of the first comparison again with the rate 0.12 for
#    SGD (`replace(setup, lr=0.12)`), the rate that tuning chose for its
#    linear decay.
#
# <details><summary>Answer</summary>
#
# Run `train.compare` with `["sgd"]` and this setup, and look at `wrong`.
# Where this page was written, two seeds did better than before and one did
# worse. Three seeds cannot choose between two rates, either.
#
# </details>
#
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017:
#   their tables are medians of five runs, without the spread.
# * Wilcoxon, *Individual comparisons by ranking methods*, 1945: the test
#   behind $p$.
# * Bouthillier et al., *Accounting for variance in machine learning
#   benchmarks*, 2021.
# * Li and Arora, *An exponential learning rate schedule for deep learning*,
#   2019: what a schedule is, when the length of a weight does not matter.
#   [Lesson 12](12_weight_decay_is_a_learning_rate.py) makes it exact.
# * In this project: `benchmarks/decay.py`, `grassmann_np/train/compare.py`,
#   `grassmann_np/train/recipes.py`.
