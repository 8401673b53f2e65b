# %% [markdown]
# # 9. Training on real images
#
# **Question.** Does a walk on the sphere learn better than plain SGD? And
# when two numbers differ, how do you know that it was not chance, or an
# unfair comparison?
#
# You need lessons 5 and 6: SGD-G and Adam-G.

# %%
import os
from dataclasses import replace
from tempfile import TemporaryDirectory

import numpy as np
from scipy.stats import t as student

from grassmann_np import data, lessons, train
from grassmann_np.train.statistics import holm, permutation, rank_sum
from viz import scenes

# %%
EPOCHS = int(os.environ.get("LESSON_EPOCHS", 10))
SEEDS = int(os.environ.get("LESSON_SEEDS", 3))

# %% [markdown]
# Here are SGD, with and without weight decay, SGD-G and Adam-G on one small
# sphere: one neuron, one loss, one start. As the weight vector of SGD grows
# longer, the same rate turns it less (lesson 1), and weight decay holds the
# length back. SGD-G and Adam-G keep the length 1.

# %%
scenes.race()

# %% [markdown]
# A picture of one run proves nothing about images, so we take real ones.
#
# ## Two sets of digits
#
# Both sets are handwritten digits, and both come inside Python packages, so
# that nothing is downloaded: the 1797 digits of scikit-learn, and MNIST-5k,
# which is 5000 of the 70000 images of MNIST. A part of each is the *test
# set*. The network never learns from it; we count how many of its images it
# gets wrong.

# %%
sets = {"digits": data.digits(), "mnist": data.mnist()}
for name, images in sets.items():
    n, m = len(images.y_train), len(images.y_test)
    print(f"{name}: images {images.shape}, {n} to learn from, {m} to test")
assert [len(images.y_test) for images in sets.values()] == [450, 1000]

# %% [markdown]
# ## A run by name
#
# A `Setup` says everything about a run: the images, the network, the
# optimizer, the rates, the schedule, the seed. We take the small
# convolutional network of lesson 8. The schedule is *linear*: the rate falls
# in a straight line to 0. There are two rates, in every run. One is for the
# weights that batch normalization normalizes, and it is these that SGD-G and
# Adam-G keep on the sphere; the other, 0.01, is for all the rest.
#
# The seed decides the first weights and the order of the images. The same
# seed gives the same run, to the last bit:

# %%
setup = train.Setup(data="digits", model="cnn", epochs=EPOCHS)
once, again = (replace(setup, epochs=1).run()[1] for _ in range(2))
assert once.train_loss == again.train_loss
assert once.test_error == again.test_error
other = replace(setup, epochs=1, seed=1).run()[1]
assert other.train_loss != once.train_loss
print("a training loss, twice:", once.train_loss[0], again.train_loss[0])

# %% [markdown]
# ## Not one run each
#
# Another seed is another run. `train.compare` runs every optimizer with
# every seed. In its table the *median* is the middle one of the seeds'
# errors, and between the *quartiles* lies the middle half. Below the table it
# says what was alike in the runs of one seed and what was not: read that
# first in any comparison.

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
# *Guess first:* is one of the three better? Three things stand in the way of
# an answer.
#
# **Few images decide.** The errors are counts of a few images. If each of $N$
# images, independently of the others, is wrong with probability $p$, the
# count has a standard deviation of $\sqrt{N p (1 - p)}$: that is how much it
# would change with *other* test images.

# %%
n, mistakes = 450, np.array([4, 9, 18])
deviation = np.sqrt(mistakes * (1 - mistakes / n))
for k, s in zip(mistakes, deviation, strict=True):
    print(f"{k:2} of {n} wrong: give or take {s:.1f} images")
drawn = np.random.default_rng(0).binomial(n, 9 / n, 100_000)
assert abs(drawn.std() - deviation[1]) < 0.03

# %% [markdown]
# All optimizers are tested on the same images, so that some of this cancels
# in a difference, but not all of it.
#
# **Few seeds decide.** Another seed gives another count, and three seeds say
# little about how far the counts spread. There is nothing to be done but to
# run more of them.
#
# **The rates decide.** The rate of each optimizer above was written down by
# somebody. Perhaps another one would have reversed the order. A fair
# comparison tunes the rates of all of them, in the same way, with images that
# are *not* the test images.
#
# ## A reader's question, and our first answer
#
# A reader of the paper asked in a blog post: why not let the rate of plain
# SGD fall linearly, or exponentially? Perhaps it does as well.
#
# We ran it. The rate of SGD and that of SGD-G were tuned with the same
# effort, each ran with several schedules, and SGD-G made fewer errors under
# every one. So we wrote that no schedule brings SGD near. Then a statistician
# looked at the code. SGD had *one* rate, for all weights; SGD-G had two, as
# in the paper. The dense layer at the end bears only a small rate, and with a
# single rate the convolutions must take the same small one. Given two rates,
# SGD made as few errors as SGD-G on the larger images, and nearly as few on
# the digits.
#
# So the first answer was wrong, although every number in it was right, and
# although all rates were "tuned alike". Two sides are not tuned alike if one
# has a setting that the other lacks.
#
# ## The second answer
#
# The experiment was designed anew, on paper, before it ran. Eleven ways to
# train, its *arms*, take the parts of SGD-G one by one: SGD with two rates
# and the clipping of SGD-G, or with its orthogonality term (lesson 10), or
# with weights that are divided by their lengths after every step; SGD-G
# without one or the other. Each arm had its rates tuned on held-out images by
# the same rule (54 to 294 runs, as some grids grew); then it ran with 30
# fresh seeds. This page reads the results that are kept beside the code;
# behind the `+-` stands the standard deviation over the seeds.

# %%
arms = lessons.result("experiment-first.json")["arms"]
count = {name: np.array(arm["wrong"]) for name, arm in arms.items()}
for name in ("sgd one rate", "sgd", "sgd-g", "adam", "adam-g"):
    rates = ", ".join(f"{rate:.3g}" for rate in arms[name]["rates"])
    print(f"{name:12} rates {rates:12} wrong of 450: "
          f"{count[name].mean():.1f} +- {count[name].std(ddof=1):.1f}")

# %% [markdown]
# To compare two rows, subtract them seed by seed: with one seed both begin
# with weights of the same directions and see the images in the same order.
# The mean of the differences is the estimate. How far may it be off? If many
# such experiments were made, the interval below would hold the true
# difference in about 95 of 100 of them (Student 1908, Neyman 1937).


# %%
def difference(one, other, of=count):
    """The mean of one - other over the seeds, and its 95 % interval."""
    d = of[one] - of[other]
    reach = student.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    print(f"{one} - {other}: {d.mean():+.2f} images, "
          f"from {d.mean() - reach:+.2f} to {d.mean() + reach:+.2f}")
    return d.mean() - reach, d.mean() + reach


# %% [markdown]
# *Guess first:* how much does SGD gain from its second rate, and how much
# more from the sphere?

# %%
second_rate = difference("sgd", "sgd one rate")
sphere_and_all = difference("sgd-g", "sgd")
clip_alone = difference("sgd clip", "sgd")
last = difference("sgd-g", "sgd clip")
assert second_rate[1] < 0 and sphere_and_all[1] < 0 and clip_alone[1] < 0
assert last[0] < 0 < last[1]

# %% [markdown]
# An interval that does not contain 0 speaks for a difference. So the second
# rate is worth an image or two of 450, and SGD-G is worth another one. And
# what is it in SGD-G? SGD with nothing but the *clipping* of SGD-G has gained
# as much, and from there to SGD-G nothing is to be seen. A clear story: first
# the second rate, then the clipping. We had written it down, with care for
# every number, when a referee asked: would *other images* say the same?
#
# ## Other seeds are not other images
#
# All 30 seeds were tested on one set of 450 images. Their spread says how
# much the first weights and the order of the images matter, and nothing of
# what another 450 images would have said. So every arm ran once more, with
# fresh seeds, and was tested on 270 images that are held out of the others,
# drawn anew for every seed. (They are drawn as those were that judged the
# rates; the third answer will mend that, too.) *Guess first:* which of the
# first three differences will still be there?

# %%
fresh = {name: np.array(arm["held_out"]) for name, arm in arms.items()
         if "held_out" in arm}
still = difference("sgd", "sgd one rate", fresh)
gone = difference("sgd-g", "sgd", fresh)
clip_too = difference("sgd clip", "sgd", fresh)
assert still[1] < 0 < gone[1] and clip_too[0] < 0 < clip_too[1]
assert np.mean(fresh["sgd-g"]) > np.mean(fresh["sgd"])

# %% [markdown]
# Only the second rate. SGD-G minus SGD even has the other sign. So what this
# experiment can say is: give SGD the same two rates, and we cannot tell it
# from SGD-G. Nor is a gain by the clipping to be seen.
#
# ## Tossing the signs
#
# Another way to ask the same, without any formula of a distribution: suppose
# that two arms do not differ at all, so that their names could be exchanged
# in every pair. Then each difference could as well have had the other sign.
# So toss a coin for each of the 30 signs, take the sum, and do it many times.
# How often is the sum as far from 0 as the real one? That fraction is $p$
# (Fisher 1935).

# %%
d = count["sgd-g"] - count["sgd"]
coins = np.random.default_rng(0).choice([-1, 1], (20_000, len(d)))
sums = coins @ np.abs(d)
p = np.mean(np.abs(sums) >= abs(d.sum()))
print(f"the real sum {d.sum()}, as far from 0 in {p:.1%} of the tosses")
for low in range(-60, 60, 10):
    share = np.mean((low <= sums) & (sums < low + 10))
    mark = "  <- here" if low <= d.sum() < low + 10 else ""
    print(f"{low:4} to {low + 9:3} {'#' * round(200 * share)}{mark}")

# %% [markdown]
# Twenty thousand tosses come close; the sums of all $2^{30}$ signs can also
# be counted exactly, one difference after the other, since they are whole
# numbers. `grassmann_np.train.statistics` does it in six lines.

# %%
exact = permutation(d)
print(f"p by tossing {p:.4f}, exact {exact:.4f}")
assert abs(p - exact) < 0.006
five = permutation(np.array([-1, -1, -1, -1, -1]))
apart = rank_sum(range(5), range(5, 10))
print(f"five pairs that all agree: {five:.4f}; five all below the others, "
      f"without pairs: {apart:.4f}")
assert five == 2 * 2**-5 and abs(apart - 2 / 252) < 1e-12

# %% [markdown]
# With five seeds no *pairs* can give a $p$ below 0.06, even if all agree.
# That is a limit of this test and not of five seeds: a test that compares the
# five with the other five without pairing them can reach 0.008. A small $p$
# is also no measure of a difference. The interval says how large it may be;
# $p$ only says how often chance alone would bring one as large.
#
# ## How many questions were asked?
#
# The design declares twenty differences, ten on each set of images, and on
# each set SGD-G minus SGD as the main one. Whoever asks twenty questions
# finds, on average, one answer with $p < 0.05$ where there is nothing to be
# found. *Holm's* rule therefore multiplies the smallest $p$ by 20, the next
# by 19, and so on; and none may become smaller than the one before it. What
# is still below 0.05 then counts. Here are the ten of the digits. The others
# had not run, and count as if their $p$ were 1.

# %%
others = ("sgd", "sgd one rate", "sgd clip", "sgd term", "sgd normalized",
          "sgd-g no clip", "sgd-g no term", "adam-g", "sgd at its angle")
asked = [("sgd-g", other) for other in others] + [("sgd", "sgd constant")]
raw = [permutation(count[one] - count[other]) for one, other in asked]
of_twenty = holm(raw + [1.0] * 10)
for pair, p, corrected in zip(asked, raw, of_twenty, strict=False):
    print(f"{' - '.join(pair):24} p = {p:.4f}, of twenty: {corrected:.4f}")
assert raw[0] < 0.05 < of_twenty[0] and sum(np.array(of_twenty) < 0.05) == 2

# %% [markdown]
# Two are left: SGD-G against SGD with one rate, and against SGD with the term
# and without the clipping. The $p$ of 0.036 of the first comparison is 0.55
# among twenty.
#
# ## The third answer
#
# So there is a second round, and again its design was written down first. Now
# every seed draws *its own* 450 test images, from the three quarters of the
# images on which no rate was tested, and learns from all the others, that
# fourth quarter too; the grids of rates are larger; and there are 60 seeds.
# [What is it good for?](what_is_it_good_for.md) tells it in full.

# %%
arms = lessons.result("experiment-digits.json")["arms"]
now = {name: np.array(arm["wrong"]) for name, arm in arms.items()}
second_rate = difference("sgd", "sgd one rate", now)
sphere_and_all = difference("sgd-g", "sgd", now)
clip_again = difference("sgd clip", "sgd", now)
assert len(now["sgd"]) == 60 and second_rate[1] < -1
assert sphere_and_all[1] < 0 and clip_again[1] < 0

# %% [markdown]
# ![The declared differences: the mean a bar, its interval over the seeds
# shaded, the interval over seeds and images a
# line](../benchmarks/results/experiment-differences.png)
#
# The second rate is confirmed, and it is worth two images of 450. For the
# rest look at the two intervals of each row. The shaded one is over the
# seeds. But any two seeds share some test images, and most of those that they
# learn from: they are not 60 independent experiments. The thin line draws
# seeds *and images* anew, as if other digits had been tested. It is about
# twice as long, and for SGD-G minus SGD it contains 0. It is a cautious
# interval: it counts three times the variance that is due to neither a seed
# nor an image alone (Owen 2007), and would be 1.7 times as long as the other
# if there were no other variance.
#
# One row is not in the picture, because nobody had declared it: SGD with the
# clipping makes 1.3 errors fewer than without, and there both intervals
# exclude 0. Is the clipping back? The same images that suggest it cannot test
# it; whoever looks through all pairs of thirteen arms finds something. So it
# was declared for the larger images before they ran. There it lies on the
# same side, and its interval contains 0.
#
# And the schedule, which was the reader's question? Each of these arms had
# its rates tuned anew:

# %%
schedules = ("constant", "step", "linear", "cosine", "exponential")
for name in ("sgd", "sgd-g", "sgd clip"):
    arm_of = {s: name if s == "linear" else f"{name} {s}" for s in schedules}
    means = [f"{s} {now[arm].mean():.1f}" for s, arm in arm_of.items()]
    print(f"{name:9}{', '.join(means)}")
steady = difference("sgd", "sgd constant", now)
steady_on_sphere = difference("sgd-g", "sgd-g constant", now)
assert steady[1] < 0 and steady_on_sphere[0] < 0 < steady_on_sphere[1]

# %% [markdown]
# It may be that the reader has a point: over the seeds, SGD makes fewer
# errors with a rate that falls linearly than with a constant one. But over
# seeds and images the interval contains 0, as the picture shows, and what may
# be gained is less than what the second rate brings. With a network of the
# paper, WRN-10-1, and larger images in colour the three optimizers cannot be
# told apart either, as that page tells.
#
# How many seeds does it take? Move the slider. (The interval is over seeds
# only.)
#
# ```{raw} html
# <iframe class="figure" src="figures/seeds.html" loading="lazy"
#   title="How many seeds tell two optimizers apart"></iframe>
# ```
#
# ## Summary
#
# * One run is an anecdote. Give the mean difference over many seeds, with its
#   interval, in a unit that can be pictured: images.
# * A comparison is fair only if both sides have the same settings to tune.
#   With one rate SGD has more errors than SGD-G. With two, and linear decay,
#   we cannot tell them apart.
# * Seeds are not images. An interval over seeds is about the images that were
#   used, and another set may reverse the sign. Draw other ones for every
#   seed, and let the interval draw images, too.
# * $p$ says how often chance alone would do as much; it needs no formula, a
#   coin will do. Count all the questions that were asked.
# * Write down what will be compared before it runs, and have it read.
#
# ## Exercises
#
# 1. How many pairs of runs do you need so that tossing signs can give a $p$
#    below 0.01?

# %% tags=["exercise"]
pairs = 8

# %% tags=["check"]
assert np.ndim(pairs) == 0 and pairs == int(pairs), "a count is asked for"
alike = 2 * 0.5**pairs  # all signs alike, on one side or the other
assert alike < 0.01, f"the smallest p of {pairs} pairs is {alike:.4f}"
fewer = 2 * 0.5 ** (pairs - 1)
assert fewer > 0.01, f"with one pair fewer it can already be {fewer:.4f}"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The smallest $p$ is $2 \cdot 2^{-n}$, with all signs alike, and
# $2^{1-n} < 0.01$ needs $n - 1 > 6.64$: eight pairs, and all must agree.
#
# </details>
#
# 2. Someone compares SGD with 20 optimizers that are in truth no better and
#    no worse, and reports those with $p < 0.05$. How many will there be?
#
# <details><summary>Answer</summary>
#
# One on average, from chance alone. With Holm's rule, on average at most one
# of twenty such studies would report any.
#
# </details>
#
# 3. Why must the rates be tuned on images that are not the test images?
#
# <details><summary>Answer</summary>
#
# Otherwise one takes the best of several runs *on the test images*: with
# three rates, the luckiest of three. The error comes out too small, and the
# more rates one tries, the smaller.
#
# </details>
#
# 4. *An experiment.* Give SGD its one rate back: `replace(setup,
#    optimizer="sgd", lr_euclidean=None, lr=0.09)`. Run five seeds of it and
#    five with `lr=0.4, lr_euclidean=0.01`. Then take `data="mnist"`, with
#    `lr=0.03` as the one rate. Where is the second rate worth more, and which
#    part of the network is to blame?
#
# <details><summary>Answer</summary>
#
# On MNIST-5k, with these rates: with one we counted 24 to 64 errors and with
# two 22 to 30 (of 1000, seeds 0 to 4, ten epochs; on another machine they
# differ by a few). But 0.03 is twice the best single rate. If all rates are
# tuned, the two differ by 7 of 1000 there, and by 2.3 of 450 on the digits.
# The best single rate is 0.015 there and 0.06 here: the dense layer sees 1568
# numbers there and 128 on the digits, and the more inputs, the smaller the
# rate that it can bear.
#
# </details>
#
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017:
#   their tables are medians of five runs.
# * Student, *The probable error of a mean*, 1908; Fisher, *The design of
#   experiments*, 1935, section 21; Holm, *A simple sequentially rejective
#   multiple test procedure*, 1979.
# * Bouthillier et al., *Accounting for variance in machine learning
#   benchmarks*, 2021.
# * Li and Arora, *An exponential learning rate schedule for deep learning*,
#   2019: what a schedule is, when the length of a weight does not matter.
#   [Lesson 12](12_weight_decay_is_a_learning_rate.py) makes it exact.
# * Owen, *The pigeonhole bootstrap*, Annals of Applied Statistics 1, 2007:
#   drawing rows and columns anew.
# * In this project: `benchmarks/experiment.md`, `benchmarks/experiment.py`,
#   `grassmann_np/train/statistics.py`.
