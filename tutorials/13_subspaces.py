# %% [markdown]
# # 13. Subspaces
#
# **Question.** A direction is a point of the sphere. What kind of point is
# a whole *plane* of directions, and how does one average such points?
#
# You need lessons [2](02_the_space_of_directions.py), for tangent vectors
# and lines, and [3](03_walking_straight.py), for exp, log and distance. This
# is a side road: the paper's Grassmann manifold, the space of lines, is the
# smallest of a family, and here you meet the others. The data are real:
# handwritten digits of 8 x 8 pixels, each a vector of 64 numbers.

# %%
import numpy as np
from scipy.linalg import subspace_angles

from grassmann_np import data, ops
from grassmann_np.geometry import lines, subspaces
from grassmann_np.train.statistics import permutation
from viz import scenes

digits = data.digits()
x = digits.x_train.reshape(-1, 64).astype(np.float64)
x_test = digits.x_test.reshape(-1, 64).astype(np.float64)
images = [x[digits.y_train == k] for k in range(10)]  # class by class
rng = np.random.default_rng(0)

# %% [markdown]
# ## A class of images is nearly a subspace
#
# No two threes are the same: some are slanted, some bold, some round. But
# most of them are nearly *combinations* of a few typical images. All the
# combinations of $p$ vectors form a **subspace**: for $p = 1$ a line through
# the origin, for $p = 2$ a plane, and so on.
#
# We describe a subspace by a matrix $Y$ whose $p$ columns are unit vectors at
# right angles to each other, $Y'Y = I$: an **orthonormal basis**. The
# subspace nearest to a set of images, with the smallest sum of squared
# distances to them, comes from the **singular value decomposition** (SVD),
# which writes any matrix as $U S V'$: orthonormal columns, times a diagonal
# matrix of **singular values** (not negative, largest first), times
# orthonormal rows. If the columns of the matrix are the images, the first $p$
# columns of $U$ span the answer.


# %%
def span(pictures, p=3):
    """The p-dimensional subspace nearest to the pictures (N, 64)."""
    u, _, _ = np.linalg.svd(pictures.T, full_matrices=False)
    return u[:, :p]


bases = np.stack([span(pictures) for pictures in images])
print("ten subspaces:", bases.shape)
gram = np.matrix_transpose(bases) @ bases
assert np.allclose(gram, np.eye(3), rtol=0, atol=1e-12)

# %% [markdown]
# The part of an image $x$ that lies in the subspace has the length $|Y'x|$.
# That makes a classifier: an image belongs to the digit whose subspace holds
# most of it. Nothing is trained.
#
# **Guess first.** Of the 450 test images, how many will it get wrong with
# three directions for each digit: 200, 50, or 13?


# %%
def wrong(bases):
    """Which of the test images are classified wrongly."""
    lengths = np.linalg.norm(x_test @ bases, axis=-1)  # (10, N)
    return lengths.argmax(axis=0) != digits.y_test


errors = {}
for p in (1, 2, 3, 8):
    errors[p] = wrong(np.stack([span(i, p) for i in images])).sum()
    print(f"{p} directions per digit: {errors[p]:2} of {len(x_test)} wrong")
assert errors == {1: 45, 2: 20, 3: 13, 8: 4} and len(x_test) == 450

# %% [markdown]
# ## One subspace, many bases
#
# A plane has no preferred basis. Take any orthogonal $p \times p$ matrix
# $Q$: the columns of $YQ$ are another basis of the *same* subspace. So a
# subspace is not one matrix but the whole family $\{YQ\}$, just as a line
# was the pair $\{y, -y\}$ in [lesson 2](02_the_space_of_directions.py). The
# space of all $p$-dimensional subspaces of $\mathbb R^n$ is the **Grassmann
# manifold** $G(p,n)$; with $p = 1$ it is the space of lines, $G(1,n)$.
#
# Whatever we compute must therefore give the same answer for $Y$ and $YQ$.

# %%
Q = subspaces.random_point((3, 3), rng)  # an orthogonal 3 x 3 matrix
turned = bases[3] @ Q
print(f"largest change in Y: {np.abs(turned - bases[3]).max():.2f}")
print(f"distance: {subspaces.distance(bases[3], turned):.0e}")
assert np.abs(turned - bases[3]).max() > 0.5
assert subspaces.distance(bases[3], turned) < 1e-12

# %% [markdown]
# ## Principal angles
#
# How far apart are two subspaces? Look for two unit vectors, one in each,
# that are as near to each other as possible: the angle between them is the
# first **principal angle**. Then repeat this at right angles to what has been
# found, $p$ times in all.
#
# The SVD solves this search. The unit vectors in the two subspaces are $Ya$
# and $Xb$ with $|a| = |b| = 1$, and the cosine of their angle is $a'(Y'X)b$.
# The largest value that such an expression can take is the largest singular
# value of the matrix in the middle, so if $Y'X = A\cos(\Theta)\,B'$, the
# principal angles are in $\Theta$, and the first pair of vectors is $Ya_1$
# and $Xb_1$. (The library computes the sines as well, since a cosine near 1
# has lost half the decimals of its angle, as in lesson 3.) The distance in
# $G(p,n)$ is $|\Theta|$, the root of the sum of the squared angles.

# %%
for a, b in ((5, 9), (3, 8), (3, 4)):
    Y, X = bases[a], bases[b]
    angles, far = subspaces.principal_angles(Y, X), subspaces.distance(Y, X)
    u, cosines, vt = np.linalg.svd(Y.T @ X)
    print(f"{a} and {b}: {np.degrees(angles).round(1)} degrees, "
          f"distance {far:.2f}")
    assert np.allclose(np.cos(angles), cosines, rtol=0, atol=1e-12)
    assert abs((Y @ u[:, 0]) @ (X @ vt[0]) - cosines[0]) < 1e-12
    assert np.allclose(angles, subspace_angles(Y, X)[::-1], 0, 1e-12)
    assert abs(far - np.sqrt(np.sum(angles**2))) < 1e-12

# %% [markdown]
# The first angle is the smallest, and belongs to what the two digits have
# most in common; the later ones tell them apart.
#
# > **Try it now.** The data come with their mean subtracted, so that the
# > empty border is a negative number. Take the spans of `images[k] -
# > x.min()`, as the next cell does, so that it is 0. Will the three angles
# > between 3 and 8 grow or shrink?  *What happens:* the smallest falls from
# > 34 to 24 degrees, because both subspaces now hold much of one and the same
# > constant image. The largest hardly moves. The angles are those of the data
# > as given.

# %%
raw = [span(images[k] - x.min()) for k in (3, 8)]
raised = np.degrees(subspaces.principal_angles(*raw))
before = np.degrees(subspaces.principal_angles(bases[3], bases[8]))
assert round(before[0]) == 34 and round(raised[0]) == 24
assert abs(raised[-1] - before[-1]) < 1

# %% [markdown]
# ## Walking from one subspace to another
#
# A tangent vector is an $n \times p$ matrix $H$ with $Y'H = 0$: every basis
# vector is pushed at a right angle to the whole subspace. (A push within the
# subspace would only change the basis, and is left out.) Its length $|H|$ is
# the root of the sum of all squares. Begin with a case that needs no new
# formula. In $\mathbb R^4$ let $Y$ have the columns
# $e_1, e_2$, and let $H$ push $e_1$ toward $e_3$ and $e_2$ toward $e_4$.
# These are two separate turns, so each column must walk as a point of the
# sphere does, $y\cos|h| + u\sin|h|$.

# %%
Y, H = np.eye(4)[:, :2], np.zeros((4, 2))
H[2, 0], H[3, 1] = 0.3, 0.5  # angles, in radians
print(subspaces.exp(Y, H).round(3))
by_hand = [[np.cos(0.3), 0], [0, np.cos(0.5)],
           [np.sin(0.3), 0], [0, np.sin(0.5)]]
assert np.allclose(subspaces.exp(Y, H), by_hand, rtol=0, atol=1e-14)

# %% [markdown]
# In general the columns of $H$ are not at right angles to each other. But
# its SVD, $H = U S V'$, finds another basis, $YV$, for which they are:
# there the $i$-th vector is turned by the angle $s_i$ toward $u_i$. So turn
# these, and change back to the old basis with $V'$:
#
# $$ \exp_Y(H) = \bigl(Y V \cos(S) + U \sin(S)\bigr)\,V'. $$
#
# $\log_Y X$ is the shortest $H$ that leads to the subspace of $X$ (in general
# to another basis of it). It turns by the principal angles: with $Y'X =
# A\cos(\Theta)\,B'$, the $i$-th vector of $YA$ turns by $\theta_i$ toward
# that of $XB$.

# %%
Y, X = bases[3], bases[8]
H = subspaces.log(Y, X)
U, S, Vt = np.linalg.svd(H, full_matrices=False)
arrived, halfway = subspaces.exp(Y, H), subspaces.exp(Y, H / 2)
print("the turns in H:", np.degrees(S[::-1]).round(1))
to, rest = subspaces.distance(Y, halfway), subspaces.distance(halfway, X)
print(f"3 to the middle {to:.4f}, the middle to 8 {rest:.4f}")
formula = (Y @ Vt.T * np.cos(S) + U * np.sin(S)) @ Vt
assert np.allclose(arrived, formula, rtol=0, atol=1e-12)
assert np.abs(Y.T @ H).max() < 1e-12 > subspaces.distance(arrived, X)
assert np.allclose(np.degrees(S[::-1]), before, rtol=0, atol=1e-9)
assert abs(to - rest) < 1e-12

# %% [markdown]
# The turns in $H$ are the principal angles between 3 and 8. In $\mathbb R^3$
# one can see such a walk: two planes always share a line, so one angle is 0,
# and one plane turns about that line into the other.


# %%
scenes.subspaces()

# %% [markdown]
# Turn the planes by their normals: one principal angle stays 0.
#
# ```{raw} html
# <iframe class="figure" src="figures/planes.html" loading="lazy"
#   title="Two planes and their principal angles"></iframe>
# ```

# %% [markdown]
# ## An average of subspaces
#
# Suppose that the images of every digit are spread over six schools, some 22
# at each. None may pass its images on. For each digit a school sends a basis
# of the three-dimensional subspace nearest to its images: $64 \times 3 = 192$
# numbers. (What those still give away about single images is a serious
# question, which this page leaves open.) How can six subspaces become one?
#
# **Guess first.** The obvious idea is to add the six matrices, divide by
# six and make the result orthonormal again. Is that an average of the
# *subspaces*? What if a school sends another basis of the same subspace?

# %%
schools = [[span(pictures[i::6]) for i in range(6)] for pictures in images]
schools = np.array(schools)  # (10 digits, 6 schools, 64, 3)
other_bases = schools @ subspaces.random_point((10, 6, 3, 3), rng)
added = subspaces.normalize(schools.mean(axis=1))
added_too = subspaces.normalize(other_bases.mean(axis=1))
far = subspaces.distance(added, added_too)
print(f"the ten averages moved by {far.min():.2f} to {far.max():.2f} rad")
assert far.min() > 0.5

# %% [markdown]
# The result depends on the bases, so it is no average of the subspaces. But
# there is a matrix that belongs to the subspace alone: the **projector**
# $YY'$, which takes a vector to its part in the subspace. It is the same for
# $YQ$, and projectors may be added. Their mean is no projector, but the
# nearest one to it, $MM'$, has a closed form: because
# $|YY' - MM'|^2 = 2p - 2\,\mathrm{tr}(M'YY'M)$, where the *trace*
# $\mathrm{tr}$ is the sum of the diagonal, we must make
# $\mathrm{tr}(M'\,\overline{YY'}M)$ as large as possible, and the
# eigenvectors of the $p$ largest eigenvalues do that.


# %%
def projector_mean(Y):
    """The subspaces nearest to the mean of YY'.  Y (..., N, n, p)."""
    mean = (Y @ np.matrix_transpose(Y)).mean(axis=-3)
    return np.linalg.eigh(mean)[1][..., -Y.shape[-1]:]  # smallest first


def pairs(M, Y):
    """Every M beside each of its Y: two arrays (..., N, n, p)."""
    return np.broadcast_arrays(M[..., None, :, :], Y)


def gap(M, Y):
    """The sum of |YY' - MM'|^2."""
    a, b = (A @ np.matrix_transpose(A) for A in pairs(M, Y))
    return np.sum((a - b)**2, axis=(-3, -2, -1))


# %%
centres = projector_mean(schools)  # (10, 64, 3)
moved = subspaces.distance(centres, projector_mean(other_bases))
print(f"with other bases the ten means move by {moved.max():.0e} at most")
assert moved.max() < 1e-9
nudged = subspaces.normalize(centres + 1e-3 * rng.normal(size=centres.shape))
for other in (nudged, added, *schools.swapaxes(0, 1)):
    assert np.all(gap(centres, schools) < gap(other, schools))

# %% [markdown]
# $|YY' - MM'|$ is measured through the space of matrices, as a chord is; the
# distance *inside* $G(p,n)$ is $|\Theta|$. What is an average there? The
# mean of numbers is where the sum of the squared distances to them is
# smallest, and *that* can be said wherever there is a distance. It is called
# the **Fréchet mean**.
#
# To find it, stand somewhere, at $M$. All the points lie in the directions
# $\log_M Y_i$. If these arrows do not add up to 0, walk along their mean
# and look again. This is gradient descent, because minus that mean is the
# gradient of half the mean squared distance. (The library's tests hold it to
# that. `normalize` keeps $M'M = I$.)


# %%
def descend(M, Y, steps=50):
    """From M to where the arrows to all Y cancel, and the last step."""
    for _ in range(steps):
        step = subspaces.log(*pairs(M, Y)).mean(axis=-3)
        M = subspaces.normalize(subspaces.exp(M, step))
    return M, subspaces.norm(M, step)


def spread(M, Y):
    """The sum of the squared distances from M to all Y."""
    return np.sum(subspaces.distance(*pairs(M, Y))**2, axis=-1)


# %% [markdown]
# **Guess first.** Numbers have one mean, wherever the search for it begins.
# Is that so here? We begin at seven places for every digit: at the projector
# mean, and at each of the six schools.

# %%
places, ends = [], []
for centre, Y in zip(centres, schools, strict=True):
    found, last = descend(np.stack([centre, *Y]), Y)
    assert last.max() < 1e-9
    places.append(found)
    ends.append(spread(found, Y))
alone = np.stack([spread(Y, Y).min() for Y in schools])
print("spread: from the projector mean, from six schools, at a school")
for k, row in enumerate(np.column_stack([ends, alone])):
    print(f"{k}:", *(f"{one:.2f}" for one in row))

# %%
ends = np.array(ends)  # (10 digits, 7 starts)
several = np.flatnonzero(np.ptp(ends, axis=1) > 1e-6)
missed = np.flatnonzero(ends[:, 0] > ends.min(axis=1) + 1e-6)
print("several answers:", several, "a lower one missed:", missed)
assert list(several) == [4, 5, 7, 8] and list(missed) == [7]
assert np.all(ends[:, 0] < np.minimum(alone, spread(centres, schools)))
assert list(ends[7, :2].round(2)) == [5.0, 6.7] and ends[7, 1] > alone[7]
assert round(ends[7].min(), 2) == 4.97

# %% [markdown]
# For six digits all seven searches agree. For 4, 5, 7 and 8 they do not:
# there are several places where the arrows cancel, and some are poor. For 7
# the search from the first school ends at a "mean" of spread 6.70, worse than
# the best single school. From the projector mean we reach the lowest place
# found for nine digits; for 7 we end at 5.00, and 4.97 can be had. So it is
# not enough that the arrows cancel. A theorem begun by Karcher and given its
# present form by Kendall and Afsari would help: if all points lie in a ball
# of $G(p,n)$ whose radius is less than $\pi/4 = 0.79$, then there is one
# mean, and nowhere else in the ball do the arrows cancel. Our schools are too
# far apart for that, at least for the balls around the means that we found:

# %%
means = np.stack(places)[:, 0]  # from the projector means
radius = subspaces.distance(*pairs(means, schools)).max(axis=1)
print(f"radius of the ball: {radius.min():.2f} to {radius.max():.2f} rad")
assert radius.min() > np.pi / 4
same, _ = descend(projector_mean(other_bases), other_bases)
assert subspaces.distance(means, same).max() < 1e-6

# %% [markdown]
# So we say what we have: except for 7, the lowest places found. Does such a
# mean recognize digits better than a single school does?

# %%
alone = [int(wrong(schools[:, i]).sum()) for i in range(6)]
count = {"sum of bases": added, "with other bases": added_too,
         "projector mean": centres, "Fréchet mean": means,
         "all images": bases}
count = {name: int(wrong(b).sum()) for name, b in count.items()}
print("wrong of 450: one school alone", sorted(alone))
print(count)
assert sorted(alone) == [16, 18, 20, 21, 23, 30]
assert list(count.values())[2:] == [11, 11, 13]
assert count["with other bases"] > 100

# %% [markdown]
# Either mean makes fewer errors than any school. Is that more than chance?
# All are counted on the same 450 images, so those images decide on which two
# of them disagree. If both were equally good, each of these would be a tossed
# coin ([lesson 9](09_training_on_real_images.py)).

# %%
best = min((wrong(schools[:, i]) for i in range(6)), key=np.sum)
mean = wrong(centres)
only = int((best & ~mean).sum()), int((mean & ~best).sum())
p = permutation([1] * only[0] + [-1] * only[1])
print("wrong: only the best school, only the projector mean", only)
print(f"tossed coins are as uneven with p = {p:.2f}")
assert only == (11, 6) and round(p, 2) == 0.33

# %% [markdown]
# So even the best school is not clearly worse; and the two means and all
# images together differ by still less. Why a Fréchet mean, then? For
# this classifier there is no reason. But its idea goes further: it needs no
# matrices around the space, only a distance, log and exp, and so it works in
# every geometry of this course.
#
# ## And the weights of a network?
#
# For $p = 1$ a subspace is a line. The weight vector of a neuron in front of
# batch normalization is a *ray*, as lesson 2 found, if the $\gamma$ behind it
# is fixed, because then its sign counts. Is a whole *layer* of them a
# subspace? Only if the network did not notice $W \to WA$, for any invertible
# $A$; $W \to WQ$ is among them. But batch normalization looks at each neuron
# by itself: it is invariant to a positive factor for each column, not to
# mixing columns.


# %%
def normalized(W):
    return ops.batch_norm(x @ W, eps=0.0)[0]


W = rng.standard_normal((64, 3))
longer, mixed = W * [0.1, 1.0, 50.0], W @ Q
change = np.abs(normalized(longer) - normalized(W)).max()
print(f"with longer columns the outputs change by {change:.0e},")
assert change < 1e-10
change = np.abs(normalized(mixed) @ Q.T - normalized(W)).max()
print(f"with mixed columns, even when mixed back, by {change:.1f}")
assert change > 0.1

# %% [markdown]
# So a layer with $p$ neurons is $p$ points of a sphere, and not one point of
# $G(p,n)$. It is always the invariance that says which space is right.

# %%
y, z = subspaces.normalize(rng.standard_normal((2, 64, 1)))
print(f"{subspaces.distance(y, z):.12f} {lines.distance(y, z)[0]:.12f}")
assert abs(subspaces.distance(y, z) - lines.distance(y, z)[0]) < 1e-14
difference = subspaces.log(y, z) - lines.log(y, z)
assert np.abs(difference).max() < 1e-14

# %% [markdown]
# ## Summary
#
# * A point of $G(p,n)$ is a subspace. A matrix $Y$ with $Y'Y = I$ stands for
#   it, and $YQ$ stands for the same one.
# * The SVD of $Y'X$ gives the principal angles; the root of the sum of their
#   squares is the distance.
# * The SVD of a tangent vector splits a walk into $p$ separate turns.
# * The sum of the bases is no average of subspaces. Projectors give one, in
#   closed form. The Fréchet mean needs a distance, log and exp; where the
#   points are far apart, the search for it may end in several places, so
#   begin at several.
#
# ## Exercises
#
# 1. (Easy.) How many numbers does it take to say which subspace of
#    $\mathbb R^{64}$ with $p = 3$ one means?
#
# <details><summary>Answer</summary>
#
# $p(n-p) = 183$. A tangent vector has $np$ entries, and $Y'H = 0$ takes
# away $p^2$ of them. The basis $Y$ itself has more freedom, but what turns
# it within the subspace does not count.
#
# </details>
#
# 2. (Harder.) For which angle between two subspaces does `subspaces.log`
#    raise an error, and why?
#
# <details><summary>Answer</summary>
#
# If a principal angle is 90 degrees. Then a vector $v$ of one subspace is at
# a right angle to the other, and turning it toward its partner $w$ there or
# toward $-w$ is equally short, as with two lines at a right angle. The error
# asks you to choose (`cut="any"`), instead of choosing in silence.
#
# </details>
#
# 3. (Open experiment.) Repeat the search from seven places with one
#    direction for each digit, and with five. What do you expect?
#
# <details><summary>Answer</summary>
#
# With one, the schools agree so well that no digit depends on the start.
# With five, nearly all digits do, and not even the projector mean leads to
# the lowest place every time: the fourth and fifth directions of 22 images
# are a matter of chance, so each school finds others.
#
# </details>
#
# The answers are tested too:


# %%
def searches(p):
    Y = np.array([[span(i[s::6], p) for s in range(6)] for i in images])
    starts = [np.stack([projector_mean(A), *A]) for A in Y]
    return [spread(descend(*pair)[0], pair[1])
            for pair in zip(starts, Y, strict=True)]


assert max(np.ptp(end) for end in searches(1)) < 1e-6
five = searches(5)
assert sum(np.ptp(end) > 1e-6 for end in five) >= 8
assert any(end[0] > end.min() + 1e-6 for end in five)


# %%
def refused(angle):
    X = np.eye(4)[:, :2] * [1, np.cos(angle)]
    X[2, 1] = np.sin(angle)
    try:
        subspaces.log(np.eye(4)[:, :2], X)
    except ValueError:
        return True
    return False


assert refused(np.pi / 2) and not refused(1.57)
taken = np.linalg.matrix_rank(np.kron(bases[3].T, np.eye(3)))  # by Y'H = 0
assert taken == 3**2 and 64 * 3 - taken == 183

# %% [markdown]
# ## Going deeper
#
# * Edelman, Arias and Smith, *The geometry of algorithms with orthogonality
#   constraints*, 1998: exp and transport in section 2.5, principal angles in
#   section 4.3.
# * Bendokat, Zimmermann and Absil, *A Grassmann manifold handbook*, 2020:
#   log, and nearly everything else.
# * Absil, Mahony and Sepulchre, *Riemannian geometry of Grassmann manifolds
#   with a view on algorithmic computation*, 2004: means of subspaces.
# * Karcher, *Riemannian center of mass and mollifier smoothing*, 1977;
#   Kendall, *Probability, convexity, and harmonic maps with small image I:
#   uniqueness and fine existence*, 1990; Afsari, *Riemannian $L^p$ center of
#   mass: existence, uniqueness, and convexity*, 2011.
# * Knyazev and Argentati, *Principal angles between subspaces*, 2002: why
#   sines are needed.
# * Oja, *Subspace methods of pattern recognition*, 1983: the classifier.
# * In this project: `grassmann_np/geometry/subspaces.py`.
