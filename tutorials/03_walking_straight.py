# %% [markdown]
# # 3. Walking straight
#
# **Question.** The step of gradient descent, $y - \eta h$ with the learning
# rate $\eta$, leaves the sphere. What is a straight step that stays on it,
# and how is its length measured?
#
# You need [lesson 2](02_the_space_of_directions.py): $y$ is a point of the
# sphere, a vector of length 1, and what is tangent at $y$ is at a right angle
# to it. In this lesson $h$ is the gradient on the sphere, $d$ is a step,
# tangent at $y$ and of any length, $u$ is a tangent vector of length 1, and
# $x$ is not an input but a second point.

# %%
import numpy as np

from grassmann_np import optim
from grassmann_np.geometry import lines, sphere
from viz import scenes

rng = np.random.default_rng(0)
y = sphere.random_point((3,), rng)
u = sphere.normalize(sphere.random_tangent(y, rng))  # tangent, length 1
assert abs(y @ y - 1) < 1e-14 and abs(u @ u - 1) < 1e-14
assert abs(y @ u) < 1e-14

# %% [markdown]
# ## A step by hand
#
# Lesson 2 worked with $y = (1, 0)$ and $g = (3, 4)$, and found $h = (0, 4)$.
# We go on with it. A long gradient would carry $y$ far around the circle, so
# it is often bounded first.
#
# > **Clipping.** With a bound $\nu$, a vector that is longer than $\nu$ is
# > shortened to that length, and any other is left alone:
# > $\hat h = \nu h/|h|$ if $|h| > \nu$, and $\hat h = h$ if not.
#
# With $\nu = 1$ we get $\hat h = (0, 4)/4 = (0, 1)$. With the learning rate
# $\eta = \pi/6$ the step is $d = -\eta \hat h = (0, -\pi/6)$.
#
# **Guess first:** is $y + d$ as long as $y$, shorter, or longer?
#
# It is $(1, -\pi/6)$. By Pythagoras its length is $\sqrt{1 + \pi^2/36}$,
# which is 1.129. The same happens to every tangent step but 0: because
# $y'd = 0$, the square of $|y + d|$ is $1 + |d|^2$, and $y$ grows too long.

# %%
y2, g2 = np.array([1.0, 0.0]), np.array([3.0, 4.0])
h2 = sphere.project(y2, g2)
clipped = optim.clip_norm(sphere, y2, h2, 1.0)
d2 = -np.pi / 6 * clipped
length = np.linalg.norm(y2 + d2)
print("h", h2, " clipped", clipped, f" d {d2.round(4)}, |y + d| {length:.3f}")
assert np.array_equal(h2, [0, 4]) and np.array_equal(clipped, [0, 1])
assert np.array_equal(optim.clip_norm(sphere, y2, clipped, 2.0), clipped)
assert np.array_equal(d2, [0, -np.pi / 6]) and round(length, 3) == 1.129

# %% [markdown]
# ## What is straight?
#
# Think of a walker on a very large sphere, who goes ahead at constant speed
# and turns neither left nor right. Her path bends, because the sphere bends.
# But all of its bending is straight down, towards the centre, so that none of
# it can be felt along the ground: the acceleration has no tangent part. A
# path like that is called a **geodesic**.
#
# The *great circles*, those whose centre is the centre of the sphere, are
# geodesics. Start at $y$, and go in the direction $u$:
#
# $$ p(s) = y \cos s + u \sin s. $$
#
# The velocity is $\dot p = -y \sin s + u \cos s$, of length 1. The
# acceleration, its derivative, is $\ddot p = -y\cos s - u\sin s = -p$, which
# points to the centre and has no tangent part. (One can show that the sphere
# has no other geodesics, and that up to half a turn no path between the two
# ends is shorter.) We measure both by differences:

# %%
s, ds = 0.7, 1e-3
times = s - ds, s, s + ds
before, p, after = (y * np.cos(k) + u * np.sin(k) for k in times)
speed = np.linalg.norm(after - before) / (2 * ds)
acceleration = (after - 2 * p + before) / ds**2
felt = np.linalg.norm(sphere.project(p, acceleration))
print(f"speed {speed:.6f}, acceleration {np.linalg.norm(acceleration):.6f},",
      f"felt along the ground {felt:.0e}")
assert abs(speed - 1) < 1e-6 and felt < 1e-8
assert np.allclose(acceleration, -p, rtol=0, atol=1e-6)

# %% [markdown]
# ## exp: take a step
#
# A step $d$ at $y$ says two things: which way, $u = d/|d|$, and how far,
# $|d|$. Walk along the great circle in that direction, for that length. On
# the unit sphere the length of an arc is its angle in radians, so we go on
# until $s = |d|$:
#
# $$ \exp_y(d) = y \cos|d| + \frac{d}{|d|} \sin|d|. $$
#
# This is equation (7) of the paper, the **exponential map**. (Its name has a
# history that we do not need. Read it as "walk".)
#
# By hand: our $d = (0, -\pi/6)$ has the direction $(0, -1)$ and the length
# $\pi/6$, which is 30 degrees. So $\exp_y(d) = (1, 0)\cos 30^\circ + (0, -1)
# \sin 30^\circ = (\sqrt 3/2, -1/2)$, a vector of length 1.

# %%
x2 = sphere.exp(y2, d2)
print("by hand (0.866, -0.5), sphere.exp", x2.round(3))
assert np.allclose(x2, [np.sqrt(3) / 2, -1 / 2], rtol=0, atol=1e-14)
d = 1.3 * u  # and in space
x = sphere.exp(y, d)
by_formula = y * np.cos(1.3) + u * np.sin(1.3)
assert np.allclose(x, by_formula, rtol=0, atol=1e-14)
assert abs(np.linalg.norm(x) - 1) < 1e-14
assert np.allclose(sphere.exp(y, np.pi * u), -y, rtol=0, atol=1e-14)
assert np.allclose(sphere.exp(y, 2 * np.pi * u), y, rtol=0, atol=1e-14)

# %% [markdown]
# The last two lines walk half a turn, to $-y$, and a full turn, back to $y$.
#
# A cheaper way to stay on the sphere is to step off it and to divide by the
# length: $(y + d)/|y + d|$. This is a *retraction*.
#
# **Guess first:** which of the two turns $y$ farther? The step $d$, the
# vector $y$ and their sum form a right triangle with the legs 1 and $|d|$.

# %%
scenes.exp()

# %% [markdown]
# The angle at the centre has the tangent $|d|/1$, so the retraction turns $y$
# by $\arctan|d|$, which is less than $|d|$. For short steps the two are
# close: since $\arctan s = s - s^3/3 + \dots$, the gap is about $|d|^3/3$,
# and half the step leaves about an eighth of the gap.
#
# Drag the tip of $d$. The longer the step, the farther the two ways part.
#
# ```{raw} html
# <iframe class="figure" src="figures/step.html" loading="lazy"
#   title="A step d: walked, straight, put back"></iframe>
# ```

# %%
gaps = []
for length in (0.4, 0.2, 0.1, 0.05):
    back = sphere.normalize(y + length * u)
    gaps.append(sphere.distance(sphere.exp(y, length * u), back))
    third = length**3 / 3
    print(f"step {length:4}, gap {gaps[-1]:.2e}, step^3/3 {third:.2e}")
    assert abs(gaps[-1] - (length - np.arctan(length))) < 1e-14
    assert np.isclose(gaps[-1], third, rtol=length**2, atol=0)
assert 7 < gaps[0] / gaps[1] < gaps[1] / gaps[2] < gaps[2] / gaps[3] < 8

# %% [markdown]
# For one small step a retraction is good enough. But to walk exactly costs
# little here, one sine and one cosine per weight vector, and it makes claims
# such as "a step of length $|d|$ turns $y$ by $|d|$" true instead of nearly
# true.
#
# ## log: which step leads there?
#
# Now the other way round. Given $y$ and $x$, which step $d$ has $\exp_y(d) =
# x$? There are many, since one may go round several times. The shortest is
# the **logarithm**, $\log_y(x)$. Its direction is that of the tangent part of
# $x$ at $y$, and its length is the angle between the two. We need it to walk
# to a given point and to say how far away it is, not to train a network.
#
# By hand: $x = (\sqrt 3/2, -1/2)$ has the tangent part $(0, -1/2)$ at
# $y = (1, 0)$. Its direction is $(0, -1)$, and the angle has the cosine
# $y'x = \sqrt 3/2$, which makes it $\pi/6$. So $\log_y(x) = (0, -\pi/6)$, and
# we have got our $d$ back.

# %%
print("by hand (0, -0.5236), sphere.log", sphere.log(y2, x2).round(4))
assert np.allclose(sphere.project(y2, x2), [0, -1 / 2], rtol=0, atol=1e-14)
assert np.allclose(sphere.log(y2, x2), d2, rtol=0, atol=1e-14)
assert np.allclose(sphere.log(y, x), d, rtol=0, atol=1e-14)  # in space

# %% [markdown]
# **Guess first:** walk 5 radians along $u$ to a point $x$. How long is
# $\log_y(x)$, and which way does it point?

# %%
far = sphere.log(y, sphere.exp(y, 5 * u))
print("length", np.linalg.norm(far).round(4), "= 2 pi - 5, along -u")
assert np.allclose(far, -(2 * np.pi - 5) * u, rtol=0, atol=1e-14)

# %% [markdown]
# After more than half a turn the rest of the circle is shorter. And exactly
# half a turn away, at the *antipode* $-y$, the way is equally long in every
# direction. There is no right answer, so the library gives none, unless you
# name a direction:

# %%
try:
    sphere.log(y, -y)
except ValueError as error:
    print(error)
else:
    raise AssertionError("log must not invent a direction")
there = sphere.log(y, -y, cut=u)
assert np.allclose(there, np.pi * u, rtol=0, atol=1e-14)

# %% [markdown]
# ## distance
#
# The **distance** between two points is the length of the shortest step from
# one to the other, $|\log_y(x)|$. It is the angle between the two vectors,
# from 0 to $\pi$. As lines (lesson 2), $x$ and $-x$ are one point, and the
# nearer of them counts. In the film $x$ walks away from $y$. At a right angle
# $x$ and $-x$ are equally near; beyond it `lines.log` leads to $-x$. The
# points with more than one shortest way are here the *cut locus* of $y$: for
# lines, those at a right angle to $y$; on the sphere, the antipode alone.

# %%
x = sphere.exp(y, np.radians(130) * u)
assert abs(np.degrees(sphere.distance(y, x)) - 130) < 1e-12
assert abs(np.degrees(lines.distance(y, x)) - 50) < 1e-12
assert np.allclose(lines.log(y, x), sphere.log(y, -x), rtol=0, atol=1e-14)
scenes.lines()

# %% [markdown]
# Lesson 1 measured the angle by its cosine, $\arccos(y'x)$. For angles near 1
# that is all right.
#
# **Guess first:** a float64 number has 16 digits. How well does the arccos
# see an angle of $10^{-9}$?
#
# Not at all. The cosine is $1 - 5\cdot 10^{-19}$, and the nearest float64
# number is 1: the angle is gone before the arccos is computed. The smallest
# nonzero angle that it can return belongs to the largest number below 1:

# %%
smallest = []
for kind in (np.float64, np.float32):
    below = np.nextafter(kind(1), kind(0))
    smallest.append(np.arccos(below))
    print(f"{kind.__name__}: arccos({below!s}) = {smallest[-1]:.1e}")
assert np.cos(1e-9) == 1 and 1e-8 < smallest[0] < 2e-8
assert 3.4e-4 < smallest[1] < 3.5e-4

# %% [markdown]
# In float32, in which networks are trained, this is $3.5\cdot 10^{-4}$. A
# learning rate of 0.001 and a gradient of length 0.1 make a shorter step.
#
# The remedy looks at $x - y$ instead, which is small when the angle is small.
# The two unit vectors span a rhombus with the diagonals $x + y$ and $x - y$,
# which bisect each other at a right angle; $x + y$ also halves the angle.
# Half of one over half of the other is the tangent of half the angle, so
#
# $$ |\log_y(x)| = 2 \arctan \frac{|x - y|}{|x + y|}. $$
#
# This is Kahan's formula. `sphere.distance` uses `atan2`, which takes
# numerator and denominator, does the division itself, and accepts a zero
# denominator, as at the antipode. Compare both formulas on angles that we
# know:

# %%
print("angle            error of arccos  error of distance")
for theta in (1e-12, 1e-9, 1e-6, 1e-3, 1.0, np.pi - 1e-9):
    x = sphere.exp(y, theta * u)
    by_arccos = np.arccos(np.clip(y @ x, -1, 1))
    errors = abs(by_arccos - theta), abs(sphere.distance(y, x) - theta)
    assert theta != 1.0 or errors[0] < 1e-15
    print(f"{theta:<14.12g} {errors[0]:15.0e} {errors[1]:17.0e}")
    kahan = 2 * np.arctan2(np.linalg.norm(x - y), np.linalg.norm(x + y))
    assert errors[1] < 2e-15 and abs(kahan - theta) < 2e-15
    assert theta != 1e-9 or errors[0] > 0.9 * theta

# %% [markdown]
# At $10^{-9}$ the error of the arccos is as large as the angle or larger. The
# errors of `distance` are those of the 16 digits that hold $x$. (The `clip`
# is there because rounding can make $y'x$ a little more than 1, which has no
# arccos. `distance` needs no such help.)
#
# ## A small number that does harm
#
# The formula of exp divides by $|d|$. What if $d = 0$? A common trick is to
# add a small number to the divisor, say $10^{-8}$.
#
# **Guess first:** how much of a step of length $10^{-9}$ is left then?

# %%
d = 1e-9 * u
length = np.linalg.norm(d)
trick = y * np.cos(length) + d / (length + 1e-8) * np.sin(length)
tricked = sphere.distance(y, trick)
walked = sphere.distance(y, sphere.exp(y, d))
print(f"the trick walks {tricked:.1e}, exp walks {walked:.1e}")
assert abs(walked - 1e-9) < 1e-5 * 1e-9
assert abs(tricked - 1e-9 / 11) < 1e-5 * 1e-9
assert np.isclose(tricked, 1e-9)  # it passes: a test that cannot fail
assert np.array_equal(sphere.exp(y, 0 * u), y)

# %% [markdown]
# One eleventh is left, since the divisor is 11 times as large as it should
# be. The library asks "is it exactly zero?" instead, and divides by 1 there.
# So a step of zero leaves every bit of $y$ as it is, and no other step is
# changed. (The same trick hides in many tests. `np.isclose(a, b)` allows an
# error of $10^{-8}$ unless told otherwise, and would call the two walks
# equal. That is why these lessons set `atol` wherever numbers may be small.)
#
# ## Summary
#
# * A geodesic is a path that does not turn: on the sphere, a great circle at
#   constant speed.
# * $\exp_y(d)$ walks from $y$ along $d$, by the angle $|d|$. $\log_y(x)$ is
#   the shortest step that leads to $x$.
# * A retraction, step and divide, falls short by about $|d|^3/3$.
# * The distance is the angle. The arccos cannot see angles below $10^{-8}$,
#   or $3\cdot 10^{-4}$ in float32; $2\,\mathrm{atan2}(|x - y|, |x + y|)$ can.
# * No small number is added to a divisor that is a length: it would shorten
#   short steps.
#
# ## Exercises
#
# 1. *Easy.* By hand: $y = (0, 1)$ and $d = (\pi/2, 0)$. What is $\exp_y(d)$,
#    and what is $\log_y(x)$ for $x = (-1, 0)$?

# %% tags=["exercise"]
walked = np.array([1.0, 0.0])  # exp_y(d)
way = np.array([-np.pi / 2, 0.0])  # log_y(x)

# %% tags=["check"]
at, goal = np.array([0.0, 1.0]), np.array([-1.0, 0.0])
assert np.shape(walked) == np.shape(way) == (2,), "each has two numbers"
assert abs(np.sum(walked**2) - 1) < 1e-9, "exp_y(d) is not on the circle"
turned = sphere.distance(at, walked)
assert np.isclose(turned, np.pi / 2), f"|d| = pi/2, you walk {turned:.4f}"
assert walked[0] > 0, "exp_y(d) lies in the direction d, not opposite"
assert abs(at @ way) < 1e-12, "log_y(x) is not tangent at y"
there = np.allclose(sphere.exp(at, way), goal, rtol=0, atol=1e-9)
assert there, "sphere.exp along your log does not end at x"
assert np.linalg.norm(way) < 4, "it ends at x, but is not the shortest way"

# %% [markdown]
# <details><summary>Answer</summary>
#
# $(1, 0)$, a quarter of a turn away, and $(-\pi/2, 0)$.
#
# </details>
#
# 2. *Harder.* Half of $|x - y|$ is the sine of half the angle, so that
#    $2\arcsin(|x - y|/2)$ is the distance too. Where is it bad?
#
# <details><summary>Answer</summary>
#
# Near the antipode, where $|x - y|/2$ is near 1, and the arcsine is as steep
# as the arccosine is at 1. For two points at the angle $\pi - 10^{-9}$ it
# gives $\pi$, or misses by more than $10^{-8}$, or, if rounding has made its
# argument more than 1, is not a number.
#
# </details>
#
# 3. *Open experiment.* Walk 2 radians along $u$ in $k$ equal steps, each a
#    retraction. By how much do you fall short, for $k = 10$, 20, 40? How does
#    it depend on $k$?


# %% tags=["exercise"]
def falls_short(k):
    return 8 / (3 * k**2)


# %% tags=["check"]
for k in (10, 20, 40):
    rest = 2 - k * np.arctan(2 / k)  # every step turns by its arctangent
    said = falls_short(k)
    assert np.ndim(said) == 0, "one number is asked for"
    assert said > 0, "a retraction falls short, it does not go too far"
    assert np.isclose(said, rest, rtol=0.05, atol=0), (
        f"for k = {k} you say {said:.5f}, but {rest:.5f} is missing")

# %% [markdown]
# <details><summary>Answer</summary>
#
# By 0.026, 0.0066 and 0.0017: twice as many steps leave a quarter. Each of
# the $k$ steps falls short by about $(2/k)^3/3$, in all by $8/(3k^2)$.
#
# </details>
#
# Two cells check the answers; try the exercises first.

# %%
up, right = np.array([0.0, 1.0]), np.array([1.0, 0.0])
a, b = sphere.exp(up, np.pi / 2 * right), sphere.log(up, -right)  # 1
assert np.allclose(a, right, rtol=0, atol=1e-14)
assert np.allclose(b, -np.pi / 2 * right, rtol=0, atol=1e-14)
goal = sphere.exp(y, 3 * u)  # 3
for k, short in ((10, 0.026), (20, 0.0066), (40, 0.0017)):
    p = y
    for _ in range(k):
        ahead = sphere.normalize(sphere.log(p, goal))
        p = sphere.normalize(p + 2 / k * ahead)
    both = [2 - sphere.distance(y, p), 8 / (3 * k**2)]
    assert np.allclose(both, short, rtol=0.05, atol=0)

# %%
with np.errstate(invalid="ignore"):  # 2
    y3 = sphere.random_point((3, 999), rng)
    d3 = (np.pi - 1e-9) * sphere.normalize(sphere.random_tangent(y3, rng))
    half = np.linalg.norm(sphere.exp(y3, d3) - y3, axis=0) / 2
    found = 2 * np.arcsin(half)
is_pi, is_bad = found == np.pi, np.abs(found - np.pi + 1e-9) > 1e-8
assert np.all(is_pi | is_bad | (half > 1)) and is_pi.any() and is_bad.any()
assert np.any(half > 1) and np.all(np.isnan(found[half > 1]))

# %% [markdown]
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017,
#   equation (7).
# * Kahan, *How futile are mindless assessments of roundoff in floating-point
#   computation?*, 2006: the angle between two vectors is one of its examples.
# * Absil, Mahony and Sepulchre, *Optimization algorithms on matrix
#   manifolds*, 2008, chapters 4 and 5: retractions and the exponential map.
# * In this project: `grassmann_np/geometry/sphere.py`; what every geometry
#   must obey is in `grassmann_np/testing/identities/`.
