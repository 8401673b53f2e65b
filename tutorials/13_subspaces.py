# %% [markdown]
# # 13. Subspaces
#
# **Question.** A direction is a point of the sphere. What kind of point is
# a whole *plane* of directions, and how does one average such points?
#
# You need [lesson 3](03_walking_straight.py): exp, log and distance on the
# sphere. We use real data throughout: handwritten digits of 8 x 8 pixels,
# each one a vector of 64 numbers.

# %%
import numpy as np
from scipy.linalg import subspace_angles

from grassmann_np import data
from grassmann_np.geometry import lines, subspaces
from viz import scenes

digits = data.digits()
x = digits.x_train.reshape(-1, 64).astype(np.float64)
x_test = digits.x_test.reshape(-1, 64).astype(np.float64)
images = [x[digits.y_train == k] for k in range(10)]  # class by class

# %% [markdown]
# ## A class of images is a subspace, nearly
#
# All threes look alike. Not the same: slanted, bold, round. But most of them
# are nearly *combinations* of a few typical images. All combinations of $p$
# vectors form a **subspace**: for $p = 1$ a line through the origin, for
# $p = 2$ a plane, and so on.
#
# We describe a subspace by a matrix $Y$ whose $p$ columns are unit vectors
# at right angles to each other, $Y'Y = I$. Such columns are an
# **orthonormal basis**. Which subspace fits a heap of images best? The one
# that the **singular value decomposition** (SVD) finds: it writes the matrix
# of images as $U S V'$, and the first $p$ columns of $U$ span the answer.


# %%
def span(pictures, p=3):
    """The p-dimensional subspace nearest to the pictures (N, 64)."""
    u, _, _ = np.linalg.svd(pictures.T, full_matrices=False)
    return u[:, :p]


bases = np.stack([span(pictures) for pictures in images])
print("ten subspaces:", bases.shape)
assert np.allclose(bases[3].T @ bases[3], np.eye(3))

# %% [markdown]
# Is that worth anything? The part of an image $x$ that lies in the subspace
# has the length $|Y'x|$. Let the subspace that holds most of an image name
# its digit. That is the whole classifier; nothing is trained.


# %%
def error(bases):
    """The fraction of test images that are named wrongly."""
    lengths = np.linalg.norm(x_test @ bases, axis=-1)  # (10, N)
    return float(np.mean(lengths.argmax(axis=0) != digits.y_test))


for p in (1, 2, 3, 8):
    found = error(np.stack([span(pictures, p) for pictures in images]))
    print(f"{p} directions per digit: {100 * found:5.2f} % wrong")
assert error(bases) < 0.05

# %% [markdown]
# ## One subspace, many bases
#
# A plane has no preferred basis. Take any orthogonal $p \times p$ matrix
# $Q$: the columns of $YQ$ are another basis of the *same* subspace. So a
# subspace is not a matrix, but a whole family of matrices
# $\{YQ\}$, just as a line was the pair $\{y, -y\}$ in
# [lesson 2](02_the_space_of_directions.py). The space of all $p$-dimensional
# subspaces of $\mathbb R^n$ is the **Grassmann manifold** $G(p,n)$. With
# $p = 1$ it is the space of lines, $G(1,n)$.
#
# Everything that we compute must give the same answer for $Y$ and $YQ$.

# %%
rng = np.random.default_rng(0)
Q = subspaces.random_point((3, 3), rng)  # an orthogonal 3 x 3 matrix
turned = bases[3] @ Q
print(f"largest change in Y: {np.abs(turned - bases[3]).max():.2f}")
print(f"distance: {subspaces.distance(bases[3], turned):.0e}")
assert subspaces.distance(bases[3], turned) < 1e-7

# %% [markdown]
# ## Principal angles
#
# How far are two subspaces apart? Look for the two vectors, one in each,
# that are nearest to each other: the angle between them is the first
# **principal angle**. Then look again at right angles to what was found,
# and so on, $p$ times. Two planes in space always share a line, so one
# of their angles is 0; the other is the angle that one sees.
#
# Again the SVD does the work. If $Y'X = U\,\cos(\Theta)\,V'$, the angles
# are in $\Theta$. (The library takes the sines too: a cosine near 1 has lost
# half the digits of its angle, as in lesson 3.) The distance in $G(p,n)$ is
# $|\Theta|$, the root of the sum of their squares.

# %%
for a, b in ((5, 9), (3, 8), (3, 4)):
    angles = subspaces.principal_angles(bases[a], bases[b])
    far = subspaces.distance(bases[a], bases[b])
    degrees = np.degrees(angles).round(1)
    print(f"{a} and {b}: {degrees} degrees, distance {far:.2f}")
    assert np.allclose(angles, subspace_angles(bases[a], bases[b])[::-1])
    assert np.isclose(far, np.linalg.norm(angles))

# %% [markdown]
# The first angle is the smallest: it stands for what both digits have in
# common, the dark border for one. The later angles tell them apart.
#
# ## Walking from one subspace to another
#
# A tangent vector is an $n \times p$ matrix $H$ with $Y'H = 0$: every basis
# vector is pushed out of the subspace, at a right angle to it. Its SVD,
# $H = U S V'$, takes it apart into $p$ turns that do not disturb each
# other, by the angles in $S$:
#
# $$ \exp_Y(H) = Y V \cos(S)\,V' + U \sin(S)\,V'. $$
#
# For $p = 1$ this is $y\cos|h| + u\sin|h|$, the formula of the sphere. And
# $\log_Y X$ is the $H$ that leads to $X$ by the shortest way.

# %%
H = subspaces.log(bases[3], bases[8])
halfway = subspaces.exp(bases[3], H / 2)
print(f"3 to the middle {subspaces.distance(bases[3], halfway):.4f}, "
      f"the middle to 8 {subspaces.distance(halfway, bases[8]):.4f}")
print(f"largest entry of Y'H: {np.abs(bases[3].T @ H).max():.0e}")
print("the turns in H:", np.degrees(np.linalg.svdvals(H)).round(1))
assert subspaces.distance(subspaces.exp(bases[3], H), bases[8]) < 1e-7
assert np.isclose(subspaces.distance(bases[3], halfway),
                  subspaces.distance(halfway, bases[8]))

# %% [markdown]
# In $\mathbb R^3$ one can see it: a plane turns about the line that it has in
# common with the other one.

# %%
scenes.subspaces()

# %% [markdown]
# ## An average of subspaces
#
# Suppose that six schools hold a part of the images each. None may send
# its images away, but each may send what they span. How do we put six
# subspaces together into one?
#
# The first idea is to add the matrices and divide by six. But the matrices
# are only *bases*. If the schools had chosen other ones, the result would
# be another subspace:

# %%
schools = [[span(pictures[i::6]) for i in range(6)] for pictures in images]
schools = np.array(schools)  # (10 digits, 6 schools, 64, 3)
other_bases = schools @ subspaces.random_point((10, 6, 3, 3), rng)
added = subspaces.normalize(schools.mean(axis=1))
added_too = subspaces.normalize(other_bases.mean(axis=1))
far = subspaces.distance(added, added_too)
print(f"the ten averages moved by {far.min():.2f} to {far.max():.2f} rad")
assert far.min() > 0.1

# %% [markdown]
# What is an average at all, without adding? For numbers it is the one whose
# squared distances to all of them have the smallest sum. *That* can be said
# wherever there is a distance. It is called the **Fréchet mean**.
#
# How do we find it? Stand anywhere, at $m$. Look at all points: they lie in
# the directions $\log_m Y_i$. If these arrows do not add up to 0, walk
# along their mean, and look again. (Minus that mean is the gradient of half
# the mean squared distance.) We normalize after every step, so that rounding
# cannot add up.


# %%
def frechet_mean(Y, steps=40):
    """The mean of the subspaces Y (N, n, p), and how far it still moved."""
    m = Y[0]
    for _ in range(steps):
        arrows = subspaces.log(np.broadcast_to(m, Y.shape), Y)
        step = arrows.mean(axis=0)
        m = subspaces.normalize(subspaces.exp(m, step))
    return m, float(subspaces.norm(m, step))


def spread(m, Y):
    """The sum of the squared distances."""
    far = subspaces.distance(np.broadcast_to(m, Y.shape), Y)
    return float(np.sum(far**2))


# %%
m, moved = frechet_mean(schools[3])
same, _ = frechet_mean(other_bases[3])
other_start, _ = frechet_mean(schools[3][::-1])
print(f"last step {moved:.0e}; with other bases the mean moves by "
      f"{subspaces.distance(m, same):.0e}")
print(f"spread around the mean   {spread(m, schools[3]):.2f}")
print(f"spread around the sum    {spread(added[3], schools[3]):.2f}")
nearest = min(spread(Y, schools[3]) for Y in schools[3])
print(f"spread around one school {nearest:.2f} at best")
assert moved < 1e-9 and subspaces.distance(m, same) < 1e-6
assert spread(m, schools[3]) < min(nearest, spread(added[3], schools[3]))
assert subspaces.distance(m, other_start) < 1e-6

# %% [markdown]
# The last line says that it did not matter where we started. (That is so
# while the subspaces are not too far apart. With more directions per digit
# they are, and there may be several places where the arrows add up to 0.)
#
# Does the mean recognize digits better than one school alone does? Here is
# the classifier again, with the subspaces of each school, with their
# means, and with all images in one place.

# %%
means = np.stack([frechet_mean(Y)[0] for Y in schools])
alone = [error(schools[:, i]) for i in range(6)]
print("one school alone:", *[f"{100 * e:.1f}" for e in sorted(alone)])
print(f"sum of bases:     {100 * error(added):.1f}, with other bases "
      f"{100 * error(added_too):.1f}")
print(f"Fréchet mean:     {100 * error(means):.1f}")
print(f"all images:       {100 * error(bases):.1f}  (percent wrong)")
assert error(means) < np.median(alone)

# %% [markdown]
# ## And the weights of a network?
#
# For $p = 1$ a subspace is a line, and the two modules of the library agree.
# A weight vector before batch normalization is a point of the sphere, so
# nearly a line. But a *layer* of them is not a subspace: a network is not
# blind to $W \to WQ$, because the ReLU that follows looks at each neuron by
# itself. So a layer with $p$ neurons is $p$ points of a sphere, not one
# point of $G(p,n)$. It is always the invariance that says which space is
# the right one.

# %%
y, z = rng.standard_normal((2, 64, 1))
y, z = subspaces.normalize(y), subspaces.normalize(z)
print(f"{subspaces.distance(y, z):.12f} {lines.distance(y, z)[0]:.12f}")
assert np.isclose(subspaces.distance(y, z), lines.distance(y, z)[0])
assert np.allclose(subspaces.log(y, z), lines.log(y, z))

# %% [markdown]
# ## Summary
#
# * A point of $G(p,n)$ is a subspace. A matrix $Y$ with $Y'Y = I$ stands for
#   it, and $YQ$ stands for the same one.
# * The SVD of $Y'X$ gives the principal angles; their root sum of squares
#   is the distance.
# * The SVD of a tangent vector takes a walk apart into $p$ separate turns.
# * The Fréchet mean needs only log and exp. Adding bases is not an average
#   of subspaces.
#
# ## Exercises
#
# 1. How many numbers does it take to say which subspace of $\mathbb R^{64}$
#    with $p = 3$ one means?
#
# <details><summary>Answer</summary>
#
# $p(n-p) = 183$. A tangent vector has $np$ entries, and $Y'H = 0$ takes
# away $p^2$ of them. The basis $Y$ itself has more freedom, but what turns
# it within the subspace does not count.
#
# </details>
#
# 2. Two *different* three-dimensional subspaces of $\mathbb R^4$: what can
#    you say about their principal angles, without computing anything?
#
# <details><summary>Answer</summary>
#
# Two of the three are 0. Each subspace misses one direction only, so the two
# share at least $3 + 3 - 4 = 2$ dimensions. In general at least
# $2p - n$ angles are 0.
#
# </details>
#
# 3. For which angle between two subspaces does `subspaces.log` raise an
#    error, and why?
#
# <details><summary>Answer</summary>
#
# If a principal angle is 90 degrees. Then a vector $v$ of the one subspace
# is at a right angle to the other, and turning toward $w$ or toward $-w$ is
# equally short: as with two lines at a right angle. The error asks you to
# choose (`cut="any"`), instead of choosing in silence.
#
# </details>
#
# 4. Take out `subspaces.normalize` in `frechet_mean`, and let it run for 200
#    steps. What happens?
#
# <details><summary>Answer</summary>
#
# After some dozens of steps, where it should stand still, it begins to move
# again: `exp` is exact only for an orthonormal $Y$, and each step makes the
# rounding error of the one before it larger. The optimizers of this
# library normalize before every step for the same reason.
#
# </details>
#
# ## Going deeper
#
# * Edelman, Arias and Smith, *The geometry of algorithms with orthogonality
#   constraints*, 1998: all formulas, section 2.5.
# * Knyazev and Argentati, *Principal angles between subspaces*, 2002: why
#   sines are needed.
# * Oja, *Subspace methods of pattern recognition*, 1983: the classifier.
# * In this project: `grassmann_np/geometry/subspaces.py`.
