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
import math
from types import SimpleNamespace

import numpy as np

from grassmann_np.geometry import sphere
from grassmann_np.testing import identities
from grassmann_np.testing.through import Through
from viz import scenes

# %% [markdown]
# ## The round trip that proves nothing
#
# The first test that comes to mind: walk along $h$, ask for the way back to
# where you are, and get $h$ again, $\log_y(\exp_y h) = h$. Here is a sphere
# on which everything moves at half speed. It passes.


# %%
def variant(**functions):
    """The sphere with some of its functions replaced."""
    found = SimpleNamespace(**{**vars(sphere), **functions})
    found.move = lambda y, h, v: (found.exp(y, h), found.transport(y, h, v))
    return found


slow = variant(exp=lambda y, h: sphere.exp(y, h / 2),
               log=lambda y, x: 2 * sphere.log(y, x))
y = sphere.random_point((5,), np.random.default_rng(0))
h = 0.3 * sphere.random_tangent(y, np.random.default_rng(1))
assert np.allclose(slow.log(y, slow.exp(y, h)), h)  # and yet wrong

# %% [markdown]
# Of course: log undoes whatever exp does. A test of a formula must bring in
# something that the formula *does not contain*.
#
# ## Identities
#
# Such things are **identities**: statements that must hold in every correct
# geometry. The library keeps a catalogue of them. For instance:
#
# * a walk along $h$ is as long as $h$: $d(y, \exp_y h) = |h|$;
# * exp is a rotation, and rotations can be had another way, as the
#   exponential of a skew matrix, from SciPy:
#   $\exp_y(h) = e^{hy' - yh'}\,y$;
# * a vector that is carried around a triangle turns by the triangle's area.
#
# `identities.check` tries all of them, on cases drawn to be nasty: steps of
# length 0, of $10^{-150}$ and of nearly $\pi$, equal points, single and
# double precision.

# %%
report = identities.check(sphere)
print(len(report.results), "identities; all hold:", report.holds)
for result in report.results[14:22]:
    identity = result.identity
    print(f"{identity.name:26} {result.residual:6.2f} {identity.unit}")
assert report.holds

# %% [markdown]
# The numbers are errors. "eps" counts in the rounding error of one
# operation: a residual of 1.5 eps means that no correct program can be much
# better. Some identities are about limits. They hold a step $t$ against its
# square or its cube, and measure the *slope* on a log-log plot.
#
# And the sphere at half speed?


# %%
def show(report):
    print(f"{len(report.failed)} of {len(report.results)} do not hold:")
    for result in report.results:
        if not result.holds:
            why = result.problem or f"{result.residual:.1g}"
            print(f"  {result.identity.name:44} {why[:26]}")


report = identities.check(slow)
show(report)
assert "exp_by_matrix_exponential" in report.failed
assert "log_of_exp" not in report.failed  # the round trip holds

# %% [markdown]
# $10^{15}$ eps is an error as large as the thing itself. For a slope the
# number says by how much it falls short: 1 of 2, say.
#
# ## A bug that trains quite well
#
# The next one is popular. To carry a vector $v$ from $y$ to $\exp_y h$,
# simply project it onto the tangent plane there. The result is tangent, and
# for short steps it is nearly right. Networks train with it. Watch what it
# does to a frame that is carried around a triangle:

# %%
scenes.transport()


# %%
def by_projection(y, h, v):
    return sphere.project(sphere.exp(y, h), v)


report = identities.check(variant(transport=by_projection))
show(report)
assert "transport_is_an_isometry" in report.failed
assert "holonomy_is_area" in report.failed
assert "transport_stays_tangent" not in report.failed

# %% [markdown]
# Read the list as a diagnosis. What is carried *is* tangent, and what stands
# at a right angle to the way is carried correctly: these identities hold.
# But the vector gets shorter, and the curvature comes out wrong.
#
# ## A bug that only shows in the digits
#
# The angle between unit vectors is $\arccos(y'x)$. That is a true formula.
# But near $y'x = 1$ the cosine is flat, and rounding it by $10^{-16}$ moves
# the angle by $10^{-8}$.


# %%
def by_arccos(y, x):
    return np.arccos(np.clip(np.sum(y * x, axis=0), -1, 1))


report = identities.check(variant(distance=by_arccos))
show(report)
assert "distance_is_length" in report.failed
assert "cosine_law" not in report.failed  # large angles are fine

# %% [markdown]
# Now the errors are $10^8$ eps: half of the digits are gone. A test with a
# tolerance of $10^{-6}$, on random points, would never have seen it.
#
# ## Somebody else's code
#
# Code of others has habits of its own. Suppose that a colleague has written
# the sphere in plain Python: a point is a *row*, a list of numbers, and the
# functions have other names. Two things are needed to check it:
#
# * a **namespace** that gives each function the name that we use;
# * `Through`, which converts all arrays on the way in and back on the way
#   out. `to` turns our columns into lists, `back` turns lists into columns.


# %%
def dot(a, b):
    return sum(p * q for p, q in zip(a, b, strict=True))


def proju(x, u):
    s = dot(x, u)
    return [b - s * a for a, b in zip(x, u, strict=True)]


def expmap(x, u):
    n = math.hypot(*u)
    c, s = math.cos(n), math.sin(n) / n
    return [c * a + s * b for a, b in zip(x, u, strict=True)]


# %%
def dist(x, y):
    return math.acos(max(-1.0, min(1.0, dot(x, y))))


def logmap(x, y):
    u, d = proju(x, y), dist(x, y)
    return [d / math.hypot(*u) * a for a in u]


def transp(x, u, v):
    return proju(expmap(x, u), v)


# %% [markdown]
# The functions above take one point each; `rows` applies them to many.


# %%
def rows(f):
    return lambda *points: [f(*p) for p in zip(*points, strict=True)]


# %%
def checked(expmap, logmap, dist, transp, projx):
    found = SimpleNamespace(
        exp=rows(expmap), log=rows(logmap), distance=rows(dist),
        transport=rows(transp), normalize=rows(projx), project=rows(proju),
        inner=rows(lambda x, u, v: dot(u, v)),
        norm=rows(lambda x, u: math.hypot(*u)),
        scale=rows(lambda u, s: [s * a for a in u]))
    found.move = lambda y, h, v: (found.exp(y, h), found.transport(y, h, v))
    through = Through(found, to=lambda a: a.T.tolist(),
                      back=lambda lists: np.array(lists).T)
    return identities.check(through, like="sphere", sizes=(4,),
                            dtypes=(np.float64,))


# %%
def projx(w):
    n = math.hypot(*w)
    return [a / n for a in w]


report = checked(expmap, logmap, dist, transp, projx)
first_count = len(report.failed)
print(f"{first_count} of {len(report.results)} do not hold; the first:")
for result in [r for r in report.results if not r.holds][:5]:
    print(f"  {result.identity.name:30} {result.problem[:40]}")
assert first_count > 20

# %% [markdown]
# A function that fails or is missing does not stop the check. It fails the
# identities that need it, and the report says why.
#
# Most of the failures come from one line: `math.sin(n) / n` at $n = 0$. A
# weight whose gradient is 0 would end the training. We repair that first,
# then distance, logarithm and transport, by the formulas of lessons 3 and 4.


# %%
def turn(n):
    """cos n, sin n / n and (1 - cos n) / n^2, also at n = 0."""
    if n == 0:
        return 1.0, 1.0, 0.5
    return math.cos(n), math.sin(n) / n, 2 * (math.sin(n / 2) / n) ** 2


def expmap2(x, u):
    c, s, _ = turn(math.hypot(*u))
    return [c * a + s * b for a, b in zip(x, u, strict=True)]


def transp2(x, u, v):
    (_, s, k), along = turn(math.hypot(*u)), dot(u, v)
    terms = zip(x, u, v, strict=True)
    return [b - along * (s * p + k * q) for p, q, b in terms]


# %%
def dist2(x, y):
    near = math.dist(x, y)
    far = math.hypot(*[a + b for a, b in zip(x, y, strict=True)])
    return 2 * math.atan2(near, far)


def logmap2(x, y):
    sign = math.copysign(1.0, dot(x, y))
    u = proju(x, [b - sign * a for a, b in zip(x, y, strict=True)])
    n = math.hypot(*u)
    if n == 0 and sign < 0:
        raise ValueError("y = -x: every direction is shortest")
    return [math.atan2(n, dot(x, y)) / (n or 1.0) * a for a in u]


# %%
def projx2(w):
    n = math.hypot(*w)
    if n == 0:
        raise ValueError("0 has no direction")
    return [a / n for a in w]


report = checked(expmap2, logmap2, dist2, transp2, projx2)
show(report)
assert set(report.failed) == {"a_vector_is_one_column",
                              "random_is_on_the_manifold"}

# %% [markdown]
# Two are left, and neither is an error in a formula. The colleague's code
# takes many points only, not a single vector, and has no function that
# draws random points. Whether that matters is for you to say. The report
# has said what is so.
#
# Is this fair to libraries that transport by projection? Some do so on
# purpose: the class `Sphere` of geoopt, for one, at the time of writing. A
# projection is cheap, and for convergence it is enough. It is a *vector
# transport*, in the words of the field, and no fault, as long as nobody
# takes it for the parallel one.
#
# ## In your own project
#
# Three ways in, from quick to thorough:
#
# * `python -m grassmann_np.testing mypackage.mygeometry` prints the table
#   for a module, and exits with 1 if something does not hold;
# * `assert identities.check(mygeometry).holds` is a test in one line;
# * `grassmann_np.testing.strategies` draws points and tangent vectors for
#   property tests with Hypothesis.
#
# For layers there is `gradcheck`: see
# [lesson 7](07_backpropagation_by_hand.py).
#
# ## Summary
#
# * A round trip tests that two functions fit each other, not that they are
#   right.
# * An identity brings in something from outside: a length, a matrix
#   exponential, an area.
# * Draw cases where it hurts: 0, tiny, almost $\pi$, single precision.
# * `Through` and a namespace let the same checks run on anybody's code.
#
# ## Exercises
#
# 1. Replace `exp` by $(y+h)/|y+h|$, with `variant`. Which identity says
#    exactly what is different?
#
# <details><summary>Answer</summary>
#
# `distance_is_length`: this **retraction** turns $y$ by $\arctan|h|$ instead
# of $|h|$. Identity 36 knows the difference, $t^3|h|^3/3$ for a step $th$.
# `exp_stays_on_the_manifold` still holds.
#
# </details>
#
# 2. Write a `transport` that returns $v$ unchanged. Which identities still
#    hold, and why is that no comfort?
#
# <details><summary>Answer</summary>
#
# It is linear, and it keeps lengths and inner products: the isometry
# passes. `transport_stays_tangent` fails. Each identity pins down one
# property. Only all of them together pin down the formula.
#
# </details>
#
# 3. How do you know that a test is able to fail?
#
# <details><summary>Answer</summary>
#
# Plant a bug and watch. `tests/testing/planted_bugs.py` holds nearly
# fifty wrong geometries, each of which must be caught by a named identity.
# And every identity must catch at least one bug.
#
# </details>
#
# ## Going deeper
#
# * Absil, Mahony and Sepulchre, *Optimization algorithms on matrix
#   manifolds*, 2008: retractions and vector transports, chapters 4 and 8.
# * Boumal, *An introduction to optimization on smooth manifolds*, 2023:
#   section 4.8 on checking a gradient by its slope.
# * MacIver and others, *Hypothesis: a new approach to property-based
#   testing*, 2019.
# * In this project: `grassmann_np/testing/identities`,
#   `tests/testing/test_identities.py`.
