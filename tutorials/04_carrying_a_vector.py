# %% [markdown]
# # 4. Carrying a vector
#
# **Question.** Gradient descent with *momentum* repeats a part of its last
# step at every step (lesson 5), so it must remember it. But that step was
# tangent at the last point. What is it here?
#
# You need [lesson 3](03_walking_straight.py): `sphere.exp(y, h)` walks from
# $y$ along a great circle, in the direction $u = h/|h|$, for the angle
# $|h|$.

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
# In a flat space a vector can be moved anywhere: copy its numbers. On the
# sphere every point has a tangent plane of its own. We walk one radian from
# $y$ to $x$, and look at $v$ there.

# %%
h = 1.0 * u
x = sphere.exp(y, h)
print(f"y'v = {y @ v:.4f}: tangent at y")
print(f"x'v = {x @ v:.4f}: not tangent at x")
assert abs(y @ v) < 1e-14 and abs(x @ v) > 0.1

# %% [markdown]
# ## Carry it as a walker would
#
# A walker goes straight ahead along the great circle, and carries an arrow.
# She does not turn it: it keeps its length, and its angle with the path.
# That is **parallel transport**.
#
# Let us find its formula. Split $v$ into the part along the way and the
# rest:
#
# $$ v = (u'v)\,u + r. $$
#
# *The rest* $r$ stands at a right angle to $y$ and to $u$, so to the whole
# plane of the great circle. It is tangent all along the way, and can stay
# as it is. *The part along the way* must go on pointing ahead. At $y$,
# "ahead" is $u$. After the walk it is the velocity of the walker there,
# $u\cos|h| - y\sin|h|$. Put together:
#
# $$ \mathrm{pt}_y(v; h) = r + (u'v)\,(u\cos|h| - y\sin|h|) $$
#
# $$ \phantom{\mathrm{pt}_y(v; h)} = v - (u'v)\bigl(\sin|h|\, y +
#    (1 - \cos|h|)\, u\bigr). $$
#
# The second line is equation (8) of the paper. In the library it is
# `sphere.transport(y, h, v)`: the point, the way, what is carried.

# %%
there = sphere.transport(y, h, v)
ahead = u * np.cos(1.0) - y * np.sin(1.0)
assert np.allclose(there, 0.8 * side + 0.6 * ahead)
print(f"x'pt(v) {x @ there:.0e}, length {np.linalg.norm(there):.12f}")
print(f"part along the way: before {u @ v:.4f}, after {ahead @ there:.4f}")
assert abs(x @ there) < 1e-14
assert np.isclose(np.linalg.norm(there), 1)
assert np.isclose(ahead @ there, u @ v)

# %% [markdown]
# Two vectors carried together keep their inner product too, and with it the
# angle between them:

# %%
w = sphere.random_tangent(y, rng)
before, after = v @ w, there @ sphere.transport(y, h, w)
print(f"inner product before {before:.12f}, after {after:.12f}")
assert np.isclose(before, after)

# %% [markdown]
# A special case is a step that carries *itself*. It stays what it is: the
# velocity of the walk. The part along the way is all there is, and (8)
# becomes $\mathrm{pt}_y(h; h) = h\cos|h| - y\,|h|\sin|h|$, equation (9).
# An optimizer walks and carries in one go: `sphere.move` does both.

# %%
point, carried = sphere.move(y, h, h)
assert np.allclose(point, sphere.exp(y, h))
assert np.allclose(carried, h * np.cos(1.0) - y * 1.0 * np.sin(1.0))

# %% [markdown]
# ## Why not just project?
#
# There seems to be a simpler way to make $v$ tangent at $x$: project it onto
# the tangent plane there, as in lesson 2. The result is tangent. But it is
# shorter. The part along the way is tilted by $|h|$ against the new plane,
# and its shadow is $\cos|h|$ as long:

# %%
for angle in (0.02, 0.2, 1.0, np.pi / 2):
    x_far = sphere.exp(y, angle * u)
    shadow = sphere.project(x_far, u)
    left = np.linalg.norm(shadow)
    print(f"{np.degrees(angle):5.1f} degrees: {100 * left:8.4f} % is left")
    assert np.isclose(left, np.cos(angle), atol=1e-14)

# %% [markdown]
# After a right angle nothing is left: $u$ points along $x$ itself. In one
# short step the loss is small. The paper's SGD-G turns a weight by at most
# 0.2 radians a step (lesson 5), and there it is 2 %. So projection is not a
# disaster. It is a hidden brake on the momentum, which no one asked for.
#
# The two are close relatives, though. Divide the way into many short steps,
# and project after each:

# %%
for steps in (1, 2, 10, 100, 1000):
    shadow = v
    for k in range(1, steps + 1):
        shadow = sphere.project(sphere.exp(y, k / steps * h), shadow)
    error = np.linalg.norm(shadow - there)
    print(f"{steps:4} projections: {error:.5f} away from the transport")
assert error < 1e-3

# %% [markdown]
# Ten times as many steps, a tenth of the error. This is what parallel
# transport *is*, on any curved space: never turn, and keep falling onto the
# ground. On the sphere we are lucky to have a formula for the end of it.
#
# ## Around a triangle
#
# Carry an arrow all around a closed path. It was never turned. Is it back as
# it was? Try a large triangle: from the north pole down to the equator, a
# quarter along the equator, and up again.


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
assert np.allclose(end, [0, 1, 0])

# %% [markdown]
# It comes back **turned by a right angle**. Nobody turned it: the sphere
# did. The effect is called *holonomy*, and it measures how curved the ground
# is: on the unit sphere the angle of the turn is the **area** that the path
# encloses. This triangle is an eighth of the sphere, whose area is $4\pi$;
# so its area is $\pi/2$, a right angle. Look at the left sphere in the film.
# On the right the arrow is projected instead.

# %%
scenes.transport()

# %% [markdown]
# We test it on any triangle. Its area is the sum of its three angles, less
# $\pi$ (Girard's theorem). The angle at a corner is the one between the two
# ways that leave it.


# %%
def corner(a, b, c):
    return sphere.distance(sphere.log(a, b), sphere.log(a, c))


a, b, c = sphere.random_point((3, 3), rng).T
area = corner(a, b, c) + corner(b, c, a) + corner(c, a, b) - np.pi
start = sphere.normalize(sphere.log(a, b))
turn = sphere.distance(start, around([a, b, c], start))
print(f"area {area:.12f}, turned by {turn:.12f}")
assert np.isclose(turn, area)

# %% [markdown]
# So "the same vector at another point" has no meaning by itself. It depends
# on the way. An optimizer has a natural way, the one it has just walked, and
# along this way SGD-G carries its momentum.
#
# ## Summary
#
# * A vector that is tangent at one point is not tangent at another.
# * Parallel transport carries it along a great circle without turning: its
#   length, its angle with the path, and all inner products stay.
# * A step carried along itself is the velocity at the end of the walk.
# * Projection gives a tangent vector too, but only $\cos|h|$ of the part
#   along the way is left. Many short projections come to parallel transport.
# * Around a closed path a vector comes back turned by the enclosed area.
#
# ## Exercises
#
# 1. Carry $v$ from $y$ to $x$, and back along the same great circle. Do you
#    get $v$? Which step leads back?
#
# <details><summary>Answer</summary>
#
# Yes. The step back is the step itself, carried to $x$ and reversed:
# `sphere.transport(x, -carried, there)` is `v`, up to rounding. `-carried`
# is also `sphere.log(x, y)`.
#
# </details>
#
# 2. What does `sphere.transport(y, h, side)` give, and what would a
#    projection give?
#
# <details><summary>Answer</summary>
#
# Both give `side`, unchanged. It stands at a right angle to the plane of the
# circle, and is tangent all along.
#
# </details>
#
# 3. A triangle has three sides of 0.2 radians, the longest step of SGD-G. By
#    how much does it turn a vector? Take the area of a flat triangle.
#
# <details><summary>Answer</summary>
#
# $\frac{\sqrt 3}{4}\, 0.2^2 = 0.0173$ radians, one degree. On the sphere it
# is 0.0174. In one short step, one can hardly see that the ground is curved.
#
# </details>
#
# 4. Carry a vector once around a full great circle. Half the sphere is
#    enclosed, an area of $2\pi$. By how much is the vector turned?
#
# <details><summary>Answer</summary>
#
# By $2\pi$, a full turn: it is back as it was.
# `sphere.transport(y, 2 * np.pi * u, v)` is `v`.
#
# </details>
#
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
