# %% [markdown]
# # 4. Carrying a vector
#
# **Question.** An optimizer has taken a step, and would like to repeat a part
# of it at the new point. But the step was tangent at the old point. What is
# it at the new one?
#
# You need [lesson 3](03_walking_straight.py): $\exp_y(d)$ walks from $y$
# along a great circle, in the direction $u = d/|d|$, for the angle $|d|$.
#
# > **Momentum.** Gradient descent *with momentum* adds to every step a part
# > of the step before, so that steps that agree add up.

# %%
import numpy as np

from grassmann_np.geometry import sphere
from viz import scenes

rng = np.random.default_rng(0)
y = sphere.random_point((3,), rng)
u = sphere.normalize(sphere.random_tangent(y, rng))  # the way ahead
side = np.cross(y, u)  # tangent too, at a right angle to the way
v = 0.6 * u + 0.8 * side  # a tangent vector of length 1, to be carried

# %% [markdown]
# ## The trouble
#
# In a flat space a vector can be moved anywhere: copy its numbers. Lesson 3
# walked by hand from $y = (1, 0)$ along $d = (0, -\pi/6)$, and came to
# $x = (\sqrt 3/2, -1/2)$.
#
# **Guess first:** where does the same step lead from there, another 30
# degrees ahead?
#
# Off the circle. At $x$ the step is not tangent: $x'd = \pi/12$ is not zero.
# Put the numbers into the formula of exp all the same, and they give
# $(\sqrt 3/2, -1/2)\cos 30^\circ + (0, -1)\sin 30^\circ = (3/4, -0.933)$,
# whose length is 1.197.

# %%
y2, d2 = np.array([1.0, 0.0]), np.array([0.0, -np.pi / 6])
x2 = sphere.exp(y2, d2)
wrong = sphere.exp(x2, d2)
print(wrong.round(3), "has length", np.linalg.norm(wrong).round(3))
assert abs(x2 @ d2 - np.pi / 12) < 1e-15
assert np.allclose(wrong, [0.75, -0.933], rtol=0, atol=5e-4)
assert round(np.linalg.norm(wrong), 3) == 1.197

# %% [markdown]
# ## Carry it as a walker would
#
# A walker goes straight ahead along the great circle $p(s)$, and carries an
# arrow $v(s)$, which is $v$ at the start. It must be tangent wherever she is,
# so in general it cannot keep its numbers. But she does not turn it, just as
# lesson 3's path did not turn: all of its change is straight up or down, and
# none of it can be felt along the ground. If the derivative $\dot v$ has no
# tangent part, the arrow is carried by **parallel transport**.
#
# From this the formula follows. Split $v$ into the part along the path and
# the rest, $v = (u'v)\,u + r$.
#
# *The rest* $r$ is at a right angle to $y$ and to $u$, so to every $p(s) =
# y\cos s + u\sin s$ as well. It is tangent all along the path, and can stay
# as it is: its derivative is zero. *The part along the path* goes on pointing
# ahead. At $y$, "ahead" is $u$, and later it is the walker's velocity $\dot p
# = u\cos s - y\sin s$, whose derivative $-p$ has no tangent part. At the end
# of the way $s = |d|$, so
#
# $$ \mathrm{pt}_y(v; d) = r + (u'v)\,(u\cos|d| - y\sin|d|) $$
#
# $$ \phantom{\mathrm{pt}_y(v; d)} = v - (u'v)\bigl(\sin|d|\, y +
#    (1 - \cos|d|)\, u\bigr). $$
#
# The second line is equation (8) of the paper. (No other arrow will do. The
# difference $e$ of two would be tangent with $\dot e$ at a right angle to it,
# so that $e'e$ has the derivative $2e'\dot e = 0$ and stays what it is at the
# start, zero.)
#
# By hand, with a third number so that something lies across the path: $y =
# (1, 0, 0)$, $d = (0, -\pi/6, 0)$, and $v = (0, 2, 5)$. Here $u = (0, -1,
# 0)$, so that $u'v = -2$ and $r = (0, 0, 5)$. After 30 degrees the direction
# ahead is $u\cos 30^\circ - y\sin 30^\circ = (-1/2, -\sqrt 3/2, 0)$. Minus
# two times this, plus $r$, is $(1, \sqrt 3, 5)$. The length was $\sqrt{4 +
# 25}$, and is $\sqrt{1 + 3 + 25}$. In the library it is `sphere.transport(y,
# d, v)`: the point, the way, what is carried.

# %%
y3, d3 = np.array([1.0, 0.0, 0.0]), np.array([0.0, -np.pi / 6, 0.0])
v3 = np.array([0.0, 2.0, 5.0])
carried = sphere.transport(y3, d3, v3)
print("by hand (1, 1.732, 5), sphere.transport", carried.round(3))
assert np.allclose(carried, [1, np.sqrt(3), 5], rtol=0, atol=1e-14)
assert abs(np.linalg.norm(carried) - np.linalg.norm(v3)) < 1e-14
assert abs(sphere.exp(y3, d3) @ carried) < 1e-14  # tangent

# %% [markdown]
# Now our walk in space, one radian long. We look at the change of the arrow
# halfway, by a difference, and at what the arrow is at the end:

# %%
d = 1.0 * u
x, there = sphere.exp(y, d), sphere.transport(y, d, v)
before, after = (sphere.transport(y, s * d, v) for s in (0.4999, 0.5001))
change = (after - before) / 2e-4
felt = np.linalg.norm(sphere.project(sphere.exp(y, 0.5 * d), change))
size = np.linalg.norm(change)
print(f"change {size:.4f}, felt along the ground {felt:.0e}")
assert felt < 1e-8 and size > 0.5
ahead = u * np.cos(1.0) - y * np.sin(1.0)
assert np.allclose(there, 0.8 * side + 0.6 * ahead, rtol=0, atol=1e-14)
assert abs(x @ there) < 1e-14 and abs(x @ v) > 0.5

# %% [markdown]
# Let a second arrow $q$ be carried together with $v$. Their inner product has
# the derivative $\dot v'q + v'\dot q$, which is zero, because a tangent
# vector and one without a tangent part are at a right angle. So **parallel
# transport keeps all inner products**, hence lengths and angles, and the
# angle with the path along a geodesic, whose velocity is carried too.
#
# A common shortcut is to define it so: "it keeps its length and its angle
# with the path". In space this is enough (but for a mirror image). With more
# weights it is not, because the part across the path could still turn about
# the path, whereas $r$ must stay as it is:

# %%
q = sphere.random_tangent(y, rng)
carried = sphere.transport(y, d, q)
print(f"inner product before {v @ q:.12f}, after {there @ carried:.12f}")
assert abs(v @ q - there @ carried) < 1e-14
e1, e2, e3, e4 = np.eye(4)  # a point, the way, and two directions across
right = sphere.transport(e1, e2, 0.6 * e2 + 0.8 * e3)
ahead = sphere.transport(e1, e2, e2)
turned = 0.6 * ahead + 0.8 * e4  # its length and its angle are right too
kept = [turned @ turned, turned @ ahead]
assert np.allclose(kept, [1, right @ ahead], rtol=0, atol=1e-14)
assert abs(np.linalg.norm(turned - right) - 0.8 * np.sqrt(2)) < 1e-14

# %% [markdown]
# A special case is a step that carries *itself*. It is the walker's velocity
# from start to end, times $|d|$, so that (8) becomes $\mathrm{pt}_y(d; d) =
# d\cos|d| - y\,|d|\sin|d|$, equation (9). An optimizer walks and carries in
# one go, and `sphere.move` does both. It mends our wrong step, which now
# leads 60 degrees away from $(1, 0)$.

# %%
point, again = sphere.move(y, d, d)
assert np.array_equal(point, x)
by_9 = d * np.cos(1.0) - y * 1.0 * np.sin(1.0)
assert np.allclose(again, by_9, rtol=0, atol=1e-14)
x2, again = sphere.move(y2, d2, d2)
mended = sphere.exp(x2, again)
print(mended.round(3), np.degrees(sphere.distance(y2, mended)).round(12))
assert np.allclose(mended, [1 / 2, -np.sqrt(3) / 2], rtol=0, atol=1e-14)

# %% [markdown]
# ## Why not just project?
#
# There seems to be a simpler way to make $v$ tangent at $x$, which is to
# project it onto the tangent plane there, as in lesson 2.
#
# **Guess first:** what else does this do to $v$? Think of a step of a right
# angle that carries itself.
#
# It shortens $v$. The part across the path stays as it is, but the part along
# the path is tilted by $|d|$ against the new plane, and its shadow there is
# $\cos|d|$ times as long:

# %%
for theta in (0.02, 0.2, 1.0, np.pi / 2):
    shadow = sphere.project(sphere.exp(y, theta * u), u)
    left = np.linalg.norm(shadow)
    print(f"{np.degrees(theta):5.1f} degrees: {100 * left:8.4f} % is left")
    assert abs(left - np.cos(theta)) < 1e-14
    across = sphere.project(sphere.exp(y, theta * u), side)
    assert np.allclose(across, side, rtol=0, atol=1e-14)

# %% [markdown]
# After a right angle nothing is left, since $u$ points along $x$ itself. In a
# short step little is lost, 2 % after 0.2 radians. So projection is not a
# disaster, but a hidden brake on the momentum, which no one has asked for.
#
# The two are close relatives, though. Divide the way into many short steps,
# and project after each:

# %%
errors = []
for steps in (1, 10, 100, 1000):
    shadow = v
    for k in range(1, steps + 1):
        shadow = sphere.project(sphere.exp(y, k / steps * d), shadow)
    errors.append(np.linalg.norm(shadow - there))
    print(f"{steps:4} projections: {errors[-1]:.5f} away from the transport")
ratios = np.array(errors[:-1]) / errors[1:]
assert np.all((ratios > 9) & (ratios < 11))

# %% [markdown]
# Ten times as many steps leave about a tenth of the error. In the limit the
# arrow never turns, and at each moment drops back onto the tangent plane,
# which is parallel transport. (One can show that this holds on any curved
# surface in a flat space. On the sphere we are lucky to have a closed formula
# for the limit.)
#
# ## Around a triangle
#
# Carry an arrow all around a closed path: from the north pole down to the
# equator, a quarter along the equator, and up again. The arrow starts at the
# pole and points ahead.
#
# **Guess first:** it was never turned. Does it come back unchanged?


# %%
def around(corners, v):
    """v, carried from the first corner along all sides."""
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        v = sphere.transport(a, sphere.log(a, b), v)
    return v


first, second, pole = np.eye(3)  # two on the equator, and the pole
start = np.array([1.0, 0.0, 0.0])  # at the pole, towards the first
end = around([pole, first, second], start)
print("start", start, "\nend  ", end.round(12))
assert np.allclose(end, [0, 1, 0], rtol=0, atol=1e-14)

# %% [markdown]
# It comes back **turned by a right angle**, although nobody turned it. The
# effect is called *holonomy*, and it measures how curved the ground is. One
# can show that on the ordinary sphere, of radius 1, the angle of the turn is
# the **area** that the path encloses, up to full turns, and the arrow turns
# the same way round as the path. This triangle is an eighth of the sphere,
# whose area is $4\pi$, and that makes $\pi/2$. In the film two arrows at a
# right angle, a *frame*, are carried along on the left, and projected on the
# right.

# %%
scenes.transport()

# %% [markdown]
# Move the corners: the arrow comes back turned by just the area.
#
# ```{raw} html
# <iframe class="figure" src="figures/triangle.html" loading="lazy"
#   title="A frame carried around a triangle, and projected"></iframe>
# ```

# %% [markdown]
# We test it on a hundred random triangles. The area is the sum of the three
# angles, less $\pi$ (Girard's theorem), and the angle at a corner is the one
# between the sides that meet there. The turn is measured counterclockwise,
# seen from outside, and the area counts as negative if the corners go around
# clockwise.


# %%
def corner(a, b, c):
    return sphere.distance(sphere.log(a, b), sphere.log(a, c))


# %%
areas = []
for _ in range(100):
    a, b, c = sphere.random_point((3, 3), rng).T
    area = corner(a, b, c) + corner(b, c, a) + corner(c, a, b) - np.pi
    areas.append(area * np.sign(a @ np.cross(b, c)))
    start = sphere.normalize(sphere.log(a, b))
    end = around([a, b, c], start)
    turn = np.arctan2(a @ np.cross(start, end), start @ end)
    full_turns = (turn - areas[-1]) / (2 * np.pi)
    assert abs(full_turns - np.round(full_turns)) < 1e-12
assert min(areas) < -np.pi and max(areas) > np.pi  # large ones, too

# %% [markdown]
# In $\mathbb{R}^n$ three corners lie in a space of three dimensions. The part
# of an arrow in that space is turned as here; the rest is at a right angle to
# every side, and comes back as it was. In any case "the same vector at
# another point" has no meaning by itself, because it depends on the path. An
# optimizer has a natural path, the one it has just walked.

# %%
a, b, c, *_ = e = np.linalg.qr(rng.standard_normal((5, 5)))[0].T
v5 = sphere.random_tangent(a, rng)
back = around([a, sphere.normalize(a + b), sphere.normalize(a + c)], v5)
assert np.allclose(e[3:] @ back, e[3:] @ v5, rtol=0, atol=1e-14)
assert np.linalg.norm(e[:3] @ (back - v5)) > 0.1

# %% [markdown]
# ## Summary
#
# * A vector that is tangent at one point is in general not tangent at
#   another.
# * Parallel transport carries it along without turning: its change has no
#   tangent part. All inner products stay the same and, along a geodesic, so
#   does the part across the path.
# * A step carried along itself is the velocity at the end, times its length.
# * Projection gives a tangent vector too, but only $\cos|d|$ of the part
#   along the path is left. Many short projections tend to parallel transport.
# * Around a closed path on the ordinary sphere a vector comes back turned by
#   the enclosed area, up to full turns.
#
# ## Exercises
#
# 1. *Easy.* Carry $v$ from $y$ to $x$, and back along the same great circle.
#    Which step leads back, and what do you get?

# %% tags=["exercise"]
step_home = sphere.log(x, y)
carried_home = v

# %% tags=["check"]
assert np.shape(step_home) == (3,), "a step is a vector of three numbers"
assert abs(x @ step_home) < 1e-9, "it starts at x, but is not tangent there"
home = sphere.exp(x, step_home)
assert np.allclose(home, y, rtol=0, atol=1e-9), "from x it does not reach y"
assert np.linalg.norm(step_home) < np.pi, "y is reached the long way round"
again = sphere.transport(x, step_home, there)
assert np.allclose(carried_home, again, rtol=0, atol=1e-9), (
    "there = transport(y, d, v), carried along your step, is another vector")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The step itself, carried to $x$ and reversed. (If it is shorter than half a
# turn, this is `sphere.log(x, y)`.) You get $v$, up to rounding.
#
# </details>
#
# 2. *Open experiment.* Walk around the circle of all points that are 60
#    degrees from the pole, in 1000 short geodesics. How is an arrow turned?
#    And at other angles?


# %% tags=["exercise"]
def arrow_turns(alpha):  # the angle from the pole, in radians
    return 2 * np.pi * (1 - np.cos(alpha))


# %% tags=["check"]
s = np.linspace(0, 2 * np.pi, 1001)[:-1]
for alpha in (0.3, 0.6, np.pi / 3):
    ring = [np.sin(alpha) * np.cos(s), np.sin(alpha) * np.sin(s)]
    ring = list(np.array([*ring, np.full(1000, np.cos(alpha))]).T)
    arrow = sphere.normalize(sphere.log(ring[0], pole))
    measured = sphere.distance(arrow, around(ring, arrow))
    said = arrow_turns(alpha)
    assert np.ndim(said) == 0 and said >= 0, "one angle is asked for, >= 0"
    assert abs(said - measured) < 1e-3, (
        f"at {alpha:.4f} you say {said:.4f}, it turns by {measured:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# By half a turn: it comes back reversed. At $\alpha$ from the pole the circle
# encloses the area $2\pi(1 - \cos\alpha)$, which is $\pi$ at 60 degrees.
#
# </details>
#
# Two cells check the answers; try the exercises first.

# %%
step_back = -sphere.transport(y, d, d)  # 1
assert np.allclose(step_back, sphere.log(x, y), rtol=0, atol=1e-14)
home = sphere.transport(x, step_back, there)
assert np.allclose(home, v, rtol=0, atol=1e-14)

# %%
s = np.linspace(0, 2 * np.pi, 1001)[:-1]  # 2
for alpha in (np.pi / 3, 1.0):
    ring = [np.cos(s), np.sin(s), np.full(1000, 1 / np.tan(alpha))]
    ring = list(sphere.normalize(np.array(ring)).T)
    start = sphere.normalize(sphere.log(ring[0], pole))
    turn = sphere.distance(start, around(ring, start))
    assert abs(turn - 2 * np.pi * (1 - np.cos(alpha))) < 1e-4

# %% [markdown]
# ## Going deeper
#
# * Cho and Lee, *Riemannian approach to batch normalization*, NIPS 2017,
#   equations (8) and (9).
# * do Carmo, *Differential geometry of curves and surfaces*, 1976, chapter
#   4: parallel transport, and why its turn is the area (Gauss and Bonnet).
# * Edelman, Arias and Smith, *The geometry of algorithms with orthogonality
#   constraints*, 1998: transport on spaces of which the sphere is one.
# * In this project: `grassmann_np/geometry/sphere.py`,
#   `viz/scenes/transport.py`.
