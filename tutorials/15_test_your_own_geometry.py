# %% [markdown]
# # 15. Test your own geometry
#
# **Question.** You have written exp, log and transport yourself, or taken
# them from somebody. How do you find out whether they are right?
#
# You need lessons [3](03_walking_straight.py) and
# [4](04_carrying_a_vector.py). We will plant bugs on purpose, and watch
# which tests catch them.

# %%
from collections import Counter
from types import SimpleNamespace

import numpy as np

from grassmann_np.geometry import sphere
from grassmann_np.testing import identities, optimizers
from grassmann_np.testing.counterexample import explained
from viz import scenes
from viz.counterexample import picture

# %% [markdown]
# ## The round trip that proves nothing
#
# The first test that comes to mind: walk along $h$, less than half a turn,
# ask for the step that leads to where you are, and get $h$ again,
# $\log_y(\exp_y h) = h$.
#
# **Guess first.** Suppose that every walk covers half of its length, and
# that log is wrong in the matching way. Does it pass?
#
# We need faulty spheres all through this page, so here is a way to make
# them: an object with the functions of our sphere, except for those that we
# hand over. (Python asks `__getattr__` for a name that it finds nowhere
# else. `move` is exp and transport together.)


# %%
class Variant:
    """The sphere, with the given functions in place of its own."""

    def __init__(self, **given):
        self.given = given

    def __getattr__(self, name):
        return self.given.get(name, getattr(sphere, name))

    def move(self, y, h, v):
        return self.exp(y, h), self.transport(y, h, v)


# %%
def exp_half(y, h):
    return sphere.exp(y, h / 2)


def log_twice(y, x):
    return 2 * sphere.log(y, x)


slow = Variant(exp=exp_half, log=log_twice)
y = sphere.random_point((5,), np.random.default_rng(0))
h = 0.3 * sphere.random_tangent(y, np.random.default_rng(1))
x = slow.exp(y, h)
print(f"|h| is {sphere.norm(y, h):.4f}, walked {sphere.distance(y, x):.4f}")
assert np.allclose(slow.log(y, x), h, rtol=0, atol=1e-12)  # passes,
assert abs(sphere.distance(y, x) - sphere.norm(y, h) / 2) < 1e-12  # wrong

# %% [markdown]
# It passes, because log undoes whatever exp does. A test of a formula must
# therefore bring in something that the formula *does not contain*.
#
# ## Identities
#
# Such things are **identities**: statements that every correct program for
# a space must obey. Some of them hold in every space, others, such as the
# last one here, on the sphere alone. The library keeps a
# [catalogue](identities.md) of them. For instance:
#
# * up to half a turn, a walk along $h$ is as long as $h$: $d(y, \exp_y h) =
#   |h|$;
# * the walk along $h$ moves $y$ by a rotation, and rotations can be had in
#   another way: $e^A = I + A + A^2/2 + A^3/6 + \dots$ is one if $A' = -A$
#   (such an $A$ is called *skew*; SciPy has $e^A$ as `expm`), and $\exp_y(h)
#   = e^{hy' - yh'}\,y$;
# * on the ordinary sphere in space, a vector that is carried around a
#   triangle turns by the triangle's area.
#
# `identities.check` tries all of them on cases that are meant to hurt:
# steps of length 0, of $10^{-150}$ and of nearly $\pi$, equal points, single
# and double precision.

# %%
report = identities.check(sphere)
print(len(report.results), "identities; all hold:", report.holds)
print("Some of them:")
for result in report.results[15:23]:
    identity = result.identity
    print(f"{identity.name:26} {result.residual:6.2f} {identity.unit}")
assert report.holds and len(report.results) == 55

# %% [markdown]
# The numbers are errors. One "eps" is the machine epsilon, the gap between 1
# and the next larger number; rounding moves a number just above 1 by at most
# half of it. So 1.5 eps is the work of a few roundings, and no program can be
# much better. Other identities are about limits: they compare an error for
# shorter and shorter steps with the square or cube of the step, and measure
# the *slope* on a log-log plot.
#
# And the sphere of half walks?


# %%
def show(report):
    print(f"{len(report.failed)} of {len(report.results)} do not hold:")
    for result in report.results:
        if not result.holds:
            print(f"  {result.identity.name:44} {result.residual:.1g} "
                  f"{result.identity.unit}")


report = identities.check(slow)
show(report)
assert "exp_by_matrix_exponential" in report.failed
assert "log_of_exp" not in report.failed  # the round trip holds

# %% [markdown]
# $10^{15}$ eps is an error about as large as the thing itself. For a slope
# the number says by how much it falls short: 1 of 2, say.
#
# ## A bug that trains quite well
#
# The next one is popular. To carry a vector $v$ from $y$ to $\exp_y h$,
# simply project it onto the tangent plane there. For short steps the result
# is nearly right. Watch what it does to a frame that is carried around a
# triangle:

# %%
scenes.transport()


# %%
def by_projection(y, h, v):
    return sphere.project(sphere.exp(y, h), v)


report = identities.check(Variant(transport=by_projection))
show(report)
for name in ("transport_is_an_isometry", "curvature_is_one"):
    assert name in report.failed
for name in ("transport_stays_tangent", "transport_leaves_the_rest_alone"):
    assert name not in report.failed

# %% [markdown]
# Read it as a diagnosis: what holds tells as much as what fails. The carried
# vector is tangent, and what stands at a right angle to the path is carried
# correctly. But lengths change: the map is no **isometry**, as a map is
# called that keeps all lengths and angles. Nor does a small triangle help:
# around it a vector turns by the area only in the mean over its directions,
# and in the mean it shrinks by at least 1.7 times as much.
# `curvature_is_one`, which asks for the turn and nothing else, fails however
# small the triangle is.
#
# To see with your own eyes what is wrong, ask for a **counterexample**: the
# smallest case that can be found in which an identity fails, as code. (The
# package Hypothesis looks for it. It begins with some case that fails, and
# makes it simpler as long as it still fails.)

# %%
isometry = next(r for r in report.results
                if r.identity.name == "transport_is_an_isometry")
theirs = identities.view_of(Variant(transport=by_projection))
print(explained(isometry, theirs, ["import mygeometry as geometry"]))

# %% [markdown]
# From $y$ walk one radian along $h$, and carry a vector that points along the
# walk. In place of length 1 it arrives with length $\cos 1 = 0.54$, because a
# projection keeps the shadow of it alone. (The identity compares inner
# products, and so it shows the square, 0.29.)

# %%
y, h = np.eye(2)
shadow = sphere.norm(y, by_projection(y, h, h))
assert abs(shadow - np.cos(1)) < 1e-15

# %% [markdown]
# A case in the plane or in space can be drawn. Black is the walk, green what
# should have come, orange what came:

# %%
picture(isometry, theirs)

# %% [markdown]
# > **Try it now.** Here is the formula of lesson 4, and one of its signs is
# > wrong. `report.first` is the failure to look at first. Read off the
# > picture which term it is, before you look at the formula, and mend it.
# >
# > *What happens:* what came differs from what should come in the sign of
# > its part along $y$, and in nothing else. So the term with $y$ is wrong.
# > With `np.sin` in place of `-np.sin` all identities hold again.


# %%
def turning(y, h, v, sine):
    n = sphere.norm(y, h)
    u = h / np.where(n > 0, n, 1)
    turn = sine(n) * y + 2 * np.sin(n / 2) ** 2 * u
    return v - np.sum(u * v, axis=0) * turn


def flipped(y, h, v):
    return turning(y, h, v, lambda n: -np.sin(n))


theirs = identities.view_of(Variant(transport=flipped))
wrong = identities.check(theirs)
assert "transport_stays_tangent" in wrong.failed

# %%
picture(wrong.first, theirs)


# %%
def mended(y, h, v):
    return turning(y, h, v, np.sin)


assert identities.check(Variant(transport=mended)).holds

# %% [markdown]
# > **Try it now.** A friend proposes to stretch the projected vector to the
# > length that it had before. Guess what that mends, then try.
# >
# > *What happens:* again 11 identities fail, but not the same. The lengths
# > are right now, whereas the inner products are not, and the map is no
# > longer linear.


# %%
def stretched(y, h, v):
    carried = by_projection(y, h, v)
    n = sphere.norm(y, carried)
    factor = np.where(n > 0, sphere.norm(y, v) / np.where(n > 0, n, 1), 0)
    return sphere.scale(carried, factor)


failed = identities.check(Variant(transport=stretched)).failed
assert len(report.failed) == len(failed) == 11
assert {"transport_is_an_isometry", "transport_is_linear"} < set(failed)

# %% [markdown]
# All these in one figure, and a transport that returns $v$ unchanged. Drag
# $y$ and $x$, and watch which of three identities give away which bug.
# **Guess first:** at which angle of $v$ with the walk do all five come out
# the same?
#
# ```{raw} html
# <iframe class="figure" src="figures/planted.html" loading="lazy"
#   title="Bugs of the transport, and what gives them away"></iframe>
# ```
#
# At 90 degrees. What stands at a right angle to the walk stays as it is, and
# a test that draws nothing else misses every bug of this page's transports.
#
# ## A bug that shows only in the last decimals
#
# The angle between unit vectors is $\arccos(y'x)$. That is a true formula.
# But near $y'x = 1$ the cosine is flat, and rounding it by $10^{-16}$ moves
# the angle by $10^{-8}$.


# %%
def by_arccos(y, x):
    return np.arccos(np.clip(np.sum(y * x, axis=0), -1, 1))


tiny = by_arccos(np.ones((1, 1)), np.full((1, 1), 1 - 2.0**-53))[0]
print(f"arccos(1 - 1.1e-16) = {tiny:.1e}")
report = identities.check(Variant(distance=by_arccos))
show(report)
assert 1e-8 < tiny < 2e-8
assert "distance_is_length" in report.failed
assert "cosine_law" not in report.failed  # large angles are fine

# %% [markdown]
# Now the errors are $10^8$ eps: half of the decimals are gone. A test with a
# tolerance of $10^{-6}$ on random points would never have seen it. Here is
# such a test, and it passes:

# %%
points = sphere.random_point((5, 2000), np.random.default_rng(2))
y, x = points[:, :1000], points[:, 1000:]
worst = np.abs(by_arccos(y, x) - sphere.distance(y, x)).max()
print(f"largest error on random points: {worst:.0e}")
assert worst < 1e-6

# %% [markdown]
# ## Somebody else's code
#
# Other people's code has habits of its own. Suppose that a colleague has
# written the sphere with other names, and with a point as a *row* of an
# array, as is usual in machine learning.


# %%
def dot(a, b):
    return np.sum(a * b, axis=-1, keepdims=True)


def length(u):  # hypot squares nothing that could overflow
    return np.hypot.reduce(u, axis=-1, keepdims=True)


def proju(x, u):
    return u - dot(x, u) * x


# %%
def expmap(x, u):
    return np.cos(length(u)) * x + np.sin(length(u)) / length(u) * u


def dist(x, y):
    return np.arccos(np.clip(dot(x, y), -1, 1))[..., 0]


def logmap(x, y):
    u = proju(x, y)
    return dist(x, y)[..., None] / length(u) * u


def transp(x, u, v):
    return proju(expmap(x, u), v)


# %% [markdown]
# `check` can be told what the functions are called and that points are rows.
# What the colleague has not written, such as random points or the inner
# product, it takes from our sphere. `normalize` is not among that, because
# it is itself a statement about the points; so we hand ours over.

# %%
names = {"project": "proju", "exp": "expmap", "distance": "dist",
         "log": "logmap", "transport": "transp"}


def check_rows(**functions):
    theirs = SimpleNamespace(normalize=lambda w: sphere.normalize(w.T).T,
                             proju=proju, **functions)
    with np.errstate(all="ignore"):  # we will hear of it all the same
        return identities.check(theirs, like="sphere", layout="rows",
                                names=names, sizes=(2, 3, 4))


# %%
theirs = {"expmap": expmap, "dist": dist, "logmap": logmap,
          "transp": transp}
report = check_rows(**theirs)
first = len(report.failed)
messages = Counter((r.problem or "a number too large").split(":")[0]
                   for r in report.results if not r.holds)
print(f"{first} of {len(report.results)} do not hold:")
for message, times in messages.most_common():
    print(f"{times:4} {message}")
assert first == 33 and messages["expmap"] == 17

# %%
problem = next(r.problem for r in report.results if r.problem)
print(problem)
for function, against in report.suspects.items():
    print(f"look at {function}: {against}")
assert problem.startswith("expmap: ") and "NaN" in problem
assert next(iter(report.suspects)) == "exp"

# %% [markdown]
# A function that raises, is missing or gives something that is no answer
# fails the identities that need it, and the report says why. Most failures
# here say that `expmap` gave NaN, and it is easy to see where: in
# `np.sin(length(u)) / length(u)`, if the step is 0. A weight whose gradient
# is 0 would become NaN.
#
# **Guess first.** If we repair that division, how many of the failures are
# left?


# %%
def expmap2(x, u):
    return np.cos(length(u)) * x + np.sinc(length(u) / np.pi) * u


def transp1(x, u, v):
    return proju(expmap2(x, u), v)


report = check_rows(**theirs | {"expmap": expmap2, "transp": transp1})
left = len(report.failed)
nan = sum("NaN" in r.problem for r in report.results)
print(f"{left} are left, {nan} of them with NaN")
assert left == 25 and nan == 7

# %% [markdown]
# (`np.sinc(t)` is $\sin(\pi t)/(\pi t)$, and 1 at $t = 0$.) Only a few are
# gone. A program that stops at its first error *masks* the errors behind it,
# and here three more faults stood behind the division. Two we know from
# above: the distance by arccos and the transport by projection. The third is
# log, which divides by 0 where the points are equal, loses decimals where
# they are close, and gives an answer at $x = -y$, where it should refuse. We
# repair all three by the formulas of lessons 3 and 4.


# %%
def dist2(x, y):
    return 2 * np.arctan2(length(x - y), length(x + y))[..., 0]


def logmap2(x, y):
    sign = np.copysign(1, dot(x, y))
    u = proju(x, y - sign * x)
    n = length(u)
    if np.any((n == 0) & (sign < 0)):
        raise ValueError("y = -x: every direction is shortest")
    return np.arctan2(n, dot(x, y)) / np.where(n > 0, n, 1) * u


# %%
def transp2(x, u, v):
    n = length(u)
    e = u / np.where(n > 0, n, 1)
    turn = np.sin(n) * x + 2 * np.sin(n / 2) ** 2 * e
    return v - dot(e, v) * turn


repaired = {"expmap": expmap2, "dist": dist2, "logmap": logmap2,
            "transp": transp2}

# %%
now, left = theirs | {"transp": transp1}, [first]
for name in repaired:
    now[name] = repaired[name]
    left.append(len(check_rows(**now).failed))
    print(f"{name:7} repaired: {left[-1]:2} are left")
assert left == [33, 25, 17, 11, 0]

# %% [markdown]
# With all four repaired, everything holds. So we can ask what each fault
# costs by itself: put it back alone, and look which identities fail. Among
# them are some that fail for *no other* of the four faults. They are its
# fingerprint.

# %%
broken = {}
for name in theirs:
    fault = {"transp": transp1}.get(name, theirs[name])
    broken[name] = set(check_rows(**repaired | {name: fault}).failed)
for name, failed in broken.items():
    others = set().union(*(broken[k] for k in broken if k != name))
    print(f"{name} alone fails {len(failed)}; only it fails")
    for one in sorted(failed - others):
        print("    ", one)
counts = {name: len(failed) for name, failed in broken.items()}
assert counts == {"expmap": 18, "dist": 10, "logmap": 8, "transp": 11}

# %% [markdown]
# So this is how to read a long report. Do not count its messages: repair
# what raises first, since it hides the rest, and check again. Then look for
# fingerprints. If lengths are not kept, transport is wrong; if a point is
# not at the distance 0 from itself, distance is. But `log_back`, which needs
# exp, log and transport, fails for a fault in any of them, and so it says
# little about the place.

# %%
for name, of in (("transport_is_an_isometry", "transp"),
                 ("distance_to_itself", "dist"),
                 ("cut_locus_is_refused", "logmap"),
                 ("exp_of_zero", "expmap")):
    assert [k for k in broken if name in broken[k]] == [of]
assert [k for k in broken if "log_back" not in broken[k]] == ["dist"]

# %% [markdown]
# Is all this fair to libraries that transport by projection? Some do so on
# purpose: in geoopt 0.5.1 `Sphere.transp` projects, whereas
# `SphereProjection`, the same sphere in other coordinates, carries exactly.
# A projection is cheap, and it is a **vector transport** in the sense of
# Absil, Mahony and Sepulchre, who build conjugate gradients on it (chapter 8
# of their book). It is no fault, as long as nobody takes it for the parallel
# one.
#
# ## An optimizer can be tested, too
#
# A correct geometry can be put together wrongly. Here is SGD on the sphere
# with momentum, in seven lines. It projects, walks along a great circle and
# normalizes, and it will train. **Guess first:** what is wrong?


# %%
class Careless:
    def __init__(self, y, rate):
        self.y = sphere.normalize(y)
        self.rate, self.momentum = rate, 0 * y

    def step(self, gradient):
        h = sphere.project(self.y, gradient)
        self.momentum = 0.9 * self.momentum - self.rate * h
        d = sphere.project(self.y, self.momentum)
        self.y = sphere.normalize(sphere.exp(self.y, d))
        return self.y


# %% [markdown]
# What an optimizer must obey can be written down as well. It stays on the
# sphere after ten thousand steps; from rest, its first step has the length
# that its formula says; a column goes its way whatever the others do; turned
# inputs give a turned path; without a gradient it coasts along a great
# circle, every step the same part of the one before. `optimizers.check` tries
# two dozen such properties on anything with a method `step`.

# %%
report = optimizers.check(Careless, kind="sgd", steps=500)
show(report)
assert report.failed == ("momentum_stays_tangent",
                         "momentum_is_transported",
                         "coasting_is_straight")

# %% [markdown]
# The momentum is not carried along (lesson 4). It points out of the tangent
# plane of the next point; the projection saves the step from that, but
# shortens it, so that coasting keeps to its great circle and yet slows down
# too soon (lesson 5). The repair is one call, `move`:


# %%
class Careful(Careless):
    def step(self, gradient):
        h = sphere.project(self.y, gradient)
        d = 0.9 * self.momentum - self.rate * h
        self.y, self.momentum = sphere.move(self.y, d, d)
        return self.y


report = optimizers.check(Careful, kind="sgd", steps=500)
print(f"{len(report.results)} properties; all hold: {report.holds}")
for note in report.notes:
    print(note)
assert report.holds and len(report.results) == 20

# %% [markdown]
# The notes say what was not asked, and why. From the command line it is
# `python -m grassmann_np.testing.optimizers mypackage.module:make`, where
# `make(y, rate)` makes the optimizer; there are adapters for PyTorch's.
#
# ## In your own project
#
# * `python -m grassmann_np.testing mypackage.mygeometry` prints the table
#   for a module, and exits with 1 if something does not hold. `--example`
#   adds a counterexample, `--picture FOLDER` draws it, `--only` tries some
#   identities alone, and `--layout rows` and `--names exp=expmap,...` do
#   what we did above.
# * `--write-test tests/test_mygeometry.py` writes a file for pytest, with a
#   test for each identity. Those that fail today are listed in it as
#   expected failures, with the reason; when one of them is repaired, pytest
#   tells you to take it off the list.
# * `grassmann_np.testing.strategies` draws points and tangent vectors for
#   property tests of your own with Hypothesis.
#
# If your arrays are those of another library, tell `identities.check` how to
# convert them, with `to` and `back`. For layers there is `gradcheck`: see
# [lesson 7](07_backpropagation_by_hand.py).
#
# ## Summary
#
# * A round trip tests that two functions fit each other, not that they are
#   right.
# * An identity brings in something from outside: a length, a matrix
#   exponential, an area.
# * Draw cases where it hurts: 0, tiny, almost $\pi$, single precision.
# * Faults mask each other. Repair what raises, check again, and tell the
#   rest by the identities that fail for one fault only.
#
# ## Exercises
#
# 1. (Easy.) Replace `exp` by $(y+h)/|y+h|$, with `Variant`. Which identity
#    says exactly what is different?
#
# <details><summary>Answer</summary>
#
# `distance_is_length`: this **retraction** turns $y$ by $\arctan|h|$ instead
# of $|h|$. Sixteen others fail as well, but `exp_stays_on_the_manifold`
# still holds.
#
# </details>
#
# 2. (Easy.) Write a `transport` that returns $v$ unchanged. Which identities
#    still hold, and why is that no comfort?
#
# <details><summary>Answer</summary>
#
# It is linear, and it keeps lengths and inner products: the isometry
# passes. `transport_stays_tangent` fails. Each identity pins down one
# property. Only all of them together pin down the formula.
#
# </details>
#
# 3. (Harder.) How do you know that an identity is able to fail?
#
# <details><summary>Answer</summary>
#
# Plant a bug and watch, as on this page. `tests/testing/planted_bugs.py`
# holds some dozens of wrong geometries, each of which must be caught by a
# named identity, and every identity must catch at least one of them.
#
# </details>
#
# 4. (Open experiment.) Plant a real bug that as few identities as possible
#    catch. How few can it be?
#
# <details><summary>Answer</summary>
#
# One: let log answer with some direction where $x = -y$, instead of raising
# an error. Only `cut_locus_is_refused` fails. Can you find one that nothing
# catches? Then the catalogue lacks an identity.
#
# </details>
#
# The answers are tested too:


# %%
def retraction(y, h):
    return sphere.normalize(y + h)


failed = identities.check(Variant(exp=retraction)).failed
assert "distance_is_length" in failed and len(failed) == 17
assert "exp_stays_on_the_manifold" not in failed
h = sphere.project(y, x)
angle = sphere.distance(y, retraction(y, h))
assert np.allclose(np.tan(angle), sphere.norm(y, h), rtol=1e-12, atol=0)


# %%
def unchanged(y, h, v):
    return v


def careless(y, x):
    away = sphere.random_tangent(y, np.random.default_rng(3))
    return sphere.log(y, x, cut=away)


failed = identities.check(Variant(transport=unchanged)).failed
assert "transport_stays_tangent" in failed
assert not {"transport_is_linear", "transport_is_an_isometry"} & set(failed)
report = identities.check(Variant(log=careless))
assert report.failed == ("cut_locus_is_refused",)

# %% [markdown]
# ## Going deeper
#
# * Absil, Mahony and Sepulchre, *Optimization algorithms on matrix
#   manifolds*, 2008: retractions and vector transports, chapters 4 and 8.
# * Boumal, *An introduction to optimization on smooth manifolds*, 2023:
#   section 4.8 on checking a gradient by its slope.
# * MacIver and others, *Hypothesis: a new approach to property-based
#   testing*, 2019.
# * In this project: `grassmann_np/testing/identities`,
#   `tests/testing/planted_bugs.py`, `tests/kit`.
