# %% [markdown]
# # 3. Walking straight
#
# **Question.** The step of gradient descent, $y - \eta h$ with the learning
# rate $\eta$, leaves the sphere. What is a straight step that stays on it?
#
# You need [lesson 2](02_the_space_of_directions.py): a point $y$ of the
# sphere is a vector of length 1, and $h$ is tangent at $y$ if $y'h = 0$.

# %%
import numpy as np

from grassmann_np.geometry import sphere
from viz import scenes

rng = np.random.default_rng(0)
y = sphere.random_point((3,), rng)
u = sphere.normalize(sphere.random_tangent(y, rng))  # tangent, length 1
print("y'y", (y @ y).round(12), " u'u", (u @ u).round(12))
print(f"y'u {y @ u:.0e}")

# %% [markdown]
# ## What is straight?
#
# Think of a walker on a very large sphere, who goes ahead at constant speed
# and turns neither left nor right. Her path bends, since the sphere bends.
# But all of its bending is straight down, towards the centre. Nothing of it
# can be felt along the ground. Such a path is called a **geodesic**.
#
# On the sphere the geodesics are the *great circles*, those whose centre is
# the centre of the sphere. Start at $y$, and go in the direction $u$:
#
# $$ c(t) = y \cos t + u \sin t. $$
#
# Its velocity is $\dot c = -y \sin t + u \cos t$, of length 1. Its
# acceleration, the velocity's own derivative, is
# $\ddot c = -y\cos t - u\sin t = -c$: it points straight to the centre, and
# its tangent part is zero. We measure both by differences:

# %%
t, dt = 0.7, 1e-3
times = t - dt, t, t + dt
before, c, after = (y * np.cos(s) + u * np.sin(s) for s in times)
speed = np.linalg.norm(after - before) / (2 * dt)
acceleration = (after - 2 * c + before) / dt**2
felt = np.linalg.norm(sphere.project(c, acceleration))
print(f"speed {speed:.6f}, acceleration felt along the ground {felt:.1e}")
assert np.isclose(speed, 1, atol=1e-5) and felt < 1e-8

# %% [markdown]
# ## exp: take a step
#
# A step $h$ at $y$ says two things: which way, $u = h/|h|$, and how far,
# $|h|$. Walk along the great circle in that direction, for that length. On
# the unit sphere a length is an angle in radians, so we go to $t = |h|$:
#
# $$ \exp_y(h) = y \cos|h| + \frac{h}{|h|} \sin|h|. $$
#
# This is equation (7) of the paper, the **exponential map**. The name comes
# from matrices, where such a walk is an exponential function. Read it as
# "walk".

# %%
h = 1.3 * u
x = sphere.exp(y, h)
print("length", np.linalg.norm(x).round(12))
print("angle from y, by arccos", np.arccos(y @ x).round(12))
assert np.allclose(x, y * np.cos(1.3) + u * np.sin(1.3))
assert np.allclose(sphere.exp(y, 2 * np.pi * u), y)  # once round

# %% [markdown]
# A cheaper way to stay on the sphere is to step off it and to divide by the
# length: $(y + h)/|y + h|$. This is a *retraction*. It goes the right way,
# but not far enough: it turns $y$ by $\arctan|h|$ instead of $|h|$.

# %%
scenes.exp()

# %% [markdown]
# For short steps the two are close: $\arctan t = t - t^3/3 + \dots$ So the
# gap is about $|h|^3/3$, and half the step means an eighth of the gap:

# %%
for angle in (0.4, 0.2, 0.1, 0.05):
    geodesic = sphere.exp(y, angle * u)
    gap = sphere.distance(geodesic, sphere.normalize(y + angle * u))
    print(f"step {angle:4}, gap {gap:.2e}, step^3/3 {angle**3 / 3:.2e}")
assert np.isclose(gap, 0.05**3 / 3, rtol=0.01)

# %% [markdown]
# For one small step a retraction is good enough. Why walk exactly, then? It
# costs next to nothing here: one sine and one cosine per weight vector. And
# the claims of these lessons, such as "a step of length $|h|$ turns $y$ by
# $|h|$", become true, not nearly true.
#
# ## log: which step leads there?
#
# Now the other way round. Given $y$ and $x$, which step $h$ has
# $\exp_y(h) = x$? There are many: one may go round several times. The
# shortest is called the **logarithm**, $\log_y(x)$. Its direction is the
# tangent part of $x$ at $y$. Its length is the angle between the two.

# %%
back = sphere.log(y, x)
print("log ", back.round(4))
print("step", h.round(4))
assert np.allclose(back, h)
toward = sphere.normalize(sphere.project(y, x))
assert np.allclose(back, 1.3 * toward)

# %% [markdown]
# After more than half a turn, another way is shorter. Walk 5 radians; `log`
# finds the rest of the circle, in the other direction:

# %%
far = sphere.log(y, sphere.exp(y, 5 * u))
print("length", np.linalg.norm(far).round(4), "= 2 pi - 5, along -u")
assert np.allclose(far, -(2 * np.pi - 5) * u)

# %% [markdown]
# And at the *antipode* $-y$, half a turn away, every way is shortest. There
# is no right answer, so the library gives none, unless you name a direction:

# %%
try:
    sphere.log(y, -y)
except ValueError as error:
    print(error)
else:
    raise AssertionError("log must not invent a direction")

# %% [markdown]
# ## distance
#
# The **distance** of two points is the length of the shortest way between
# them, along the sphere: $d(y, x) = |\log_y(x)|$. It is the angle between
# the two vectors, from 0 to $\pi$. The textbook formula is
#
# $$ d(y, x) = \arccos(y'x). $$
#
# It is correct, and one should not use it.
#
# ## Why not arccos
#
# A float64 number has 16 digits. Take two points at the angle $10^{-9}$.
# Their inner product is $\cos 10^{-9} = 1 - 5\cdot 10^{-19}$. The nearest
# float64 number is 1. The angle is gone, *before* arccos is asked. The
# smallest angle that arccos can return at all, but for zero, belongs to the
# largest number below 1:

# %%
for kind in (np.float64, np.float32):
    below = np.nextafter(kind(1), kind(0))
    print(f"{kind.__name__}: arccos({below!s}) = {np.arccos(below):.1e}")
assert np.arccos(np.nextafter(1.0, 0.0)) > 1e-8

# %% [markdown]
# In float32, in which networks are trained, this is $3.5\cdot 10^{-4}$. With
# a learning rate of 0.001 and a gradient of length 0.1, a step is shorter.
#
# The remedy looks at $x - y$ instead, which is small when the angle is
# small. Draw the two unit vectors from the origin. They span a rhombus. Its
# diagonals $x + y$ and $x - y$ cross at right angles, and halve each other
# and the angle. Half of one over half of the other is the tangent of half
# the angle, so
#
# $$ d(y, x) = 2 \arctan \frac{|x - y|}{|x + y|}. $$
#
# This is Kahan's formula, and `sphere.distance` uses it. In the code it is
# `2 * atan2(|x - y|, |x + y|)`: `atan2` (`np.arctan2`) takes both numbers and
# divides by itself. It accepts a zero below, which comes at the antipode. We
# hold both formulas against angles that we know, near 0, in the middle and
# near $\pi$:

# %%
print("angle            error of arccos  error of distance")
for angle in (1e-12, 1e-9, 1e-6, 1e-3, 1.0, np.pi - 1e-9):
    x = sphere.exp(y, angle * u)
    by_arccos = np.arccos(np.clip(y @ x, -1, 1))
    errors = abs(by_arccos - angle), abs(sphere.distance(y, x) - angle)
    print(f"{angle:<14.12g} {errors[0]:15.0e} {errors[1]:17.0e}")
    assert errors[1] < 2e-15
    if angle == 1e-9:
        assert errors[0] > 0.9 * angle

# %% [markdown]
# At $10^{-9}$ the error of arccos is as large as the angle or larger. The
# errors of `distance` are those of the 16 digits that hold $x$.
#
# (Why the `clip`? Rounding can make $y'x$ a little more than 1, and then
# arccos is not even a number. `distance` needs no such help.)
#
# ## A small number that does harm
#
# The formula of exp divides by $|h|$. What if $h = 0$? A common trick is to
# add a small number to the divisor, say $10^{-8}$. Look what it does to a
# step of length $10^{-9}$:

# %%
h = 1e-9 * u
length = np.linalg.norm(h)
trick = y * np.cos(length) + h / (length + 1e-8) * np.sin(length)
print(f"the trick walks {sphere.distance(y, trick):.1e}")
print(f"exp walks       {sphere.distance(y, sphere.exp(y, h)):.1e}")
assert np.isclose(sphere.distance(y, sphere.exp(y, h)), 1e-9, rtol=1e-5)
assert sphere.distance(y, trick) < 0.1 * 1e-9

# %% [markdown]
# Ten elevenths of the step are lost. The library asks one question instead,
# "is it exactly zero?", and divides by 1 there. So a step of zero leaves
# every bit of $y$ as it is, and no other step is changed.

# %%
assert np.array_equal(sphere.exp(y, 0 * u), y)

# %% [markdown]
# ## Summary
#
# * A geodesic is a path that does not turn: on the sphere, a great circle at
#   constant speed.
# * $\exp_y(h)$ walks from $y$ along $h$, for the angle $|h|$. $\log_y(x)$ is
#   the shortest step that leads to $x$.
# * A retraction, step and divide, falls short by about $|h|^3/3$.
# * The distance is the angle. arccos cannot see angles below $10^{-8}$, or
#   $3\cdot 10^{-4}$ in float32; $2\,\mathrm{atan2}(|x - y|, |x + y|)$ can.
# * No small number is added to a divisor: it would shorten short steps.
#
# ## Exercises
#
# 1. Walk from $y$ along $\frac{3}{2}\pi u$. How far away are you, and what
#    is the logarithm?
#
# <details><summary>Answer</summary>
#
# Three quarters round is a quarter round the other way: the distance is
# $\pi/2$, and `sphere.log(y, x)` is $-\frac{\pi}{2} u$.
#
# </details>
#
# 2. With the paper's settings, a step of its optimizer, SGD-G, turns a
#    weight vector by at most 0.2 radians (lesson 5). By how much would a
#    retraction fall short?
#
# <details><summary>Answer</summary>
#
# `0.2 - np.arctan(0.2)` is 0.0026 radians, or 0.15 degrees, out of 11.5
# degrees.
#
# </details>
#
# 3. Half of $|x - y|$ is the sine of half the angle. So $2\arcsin(|x -
#    y|/2)$ is the distance too. Where is it bad?
#
# <details><summary>Answer</summary>
#
# Near the antipode, where $|x - y|/2$ is near 1 and the arcsine is as flat
# as the arccosine is at 1. For two points at the angle $\pi - 10^{-9}$ it
# gives $\pi$, or misses by more than $10^{-8}$.
#
# </details>
#
# 4. In float32, walk from $y$ by $10^{-5}$. What do both formulas say?
#
# <details><summary>Answer</summary>
#
# With `y32 = y.astype(np.float32)`, and the same for `u`, `distance` gives
# $10^{-5}$ to within $10^{-7}$: that much the 7 digits of `x` allow. arccos
# can only give 0, not a number, or at least $3.5\cdot 10^{-4}$.
#
# </details>
#
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
