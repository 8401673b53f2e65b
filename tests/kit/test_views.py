"""A geometry is seen whatever its layout, its names, and what it lacks."""

from types import SimpleNamespace

import numpy as np
import pytest

from grassmann_np.geometry import lines, sphere, subspaces
from grassmann_np.testing import identities, view

GEOMETRIES = {"sphere": sphere, "lines": lines, "subspaces": subspaces}


class Rows:
    """`base` with points in rows, or one vector at a time, under other names."""

    def __init__(self, base, single=False, **renamed):
        def turned(f):
            def g(*arguments):
                one = (lambda a: a) if single else (lambda a: np.swapaxes(a, -1, -2) if np.ndim(a) > 1 else a)
                if single and any(np.ndim(a) > 1 for a in arguments):
                    raise ValueError("one vector at a time")
                given = [a[:-2] + a[:-3:-1] if isinstance(a, tuple) and not single else a for a in arguments]
                found = f(*(one(a) if isinstance(a, np.ndarray) else a for a in given))
                return tuple(map(one, found)) if isinstance(found, tuple) else one(found)

            return g

        for name in view.FUNCTIONS:
            setattr(self, renamed.get(name, name), turned(getattr(base, name)))


@pytest.mark.parametrize("kind", ["sphere", "lines", "subspaces"])
def test_points_in_rows_are_seen(kind):
    report = identities.check(Rows(GEOMETRIES[kind]), like=kind, layout="rows", sizes=(4, 5))
    assert report.holds, str(report)
    told = identities.check(Rows(GEOMETRIES[kind]), sizes=(4,))
    assert told.holds and told.kind == kind and "in rows" in told.notes[0]


class OneAtATime:
    """`base` for one point: anything with more axes is refused."""

    def __init__(self, base, axes):
        def only(f):
            def g(*arguments):
                shapes = [a if isinstance(a, tuple) else np.shape(a) for a in arguments]
                if any(len(shape) > axes for shape in shapes):
                    raise ValueError(f"one at a time, got {shapes}")
                return f(*arguments)

            return g

        for name in view.FUNCTIONS:
            setattr(self, name, only(getattr(base, name)))


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_one_point_at_a_time_is_seen_and_told(kind):
    theirs, long = OneAtATime(GEOMETRIES[kind], 2 if kind == "subspaces" else 1), {"holonomy_of_a_latitude"}
    asked = {one.name for one in identities.chosen(kind)} - long  # thousands of calls
    report = identities.check(theirs, like=kind, layout="single", sizes=(4,), only=asked)
    assert report.holds, str(report)
    for like in (None, kind):
        told = identities.view_of(theirs, like)
        assert (told.kind, told.layout) == (kind, "single") and "at a time" in told.notes[0]
    matrix = np.eye(5, 2) if kind == "subspaces" else np.eye(5, 1)[:, 0]
    one = identities.view_of(theirs).random_point(matrix.shape, np.random.default_rng(0))
    assert one.shape == matrix.shape


def test_points_that_together_are_as_long_as_one_are_one():
    """Its normalize divides by the length of all that it is given."""
    blunt = SimpleNamespace(
        random_point=lambda shape, rng: (lambda a: a / np.linalg.norm(a))(rng.standard_normal(shape)),
        distance=sphere.distance,
    )
    told = identities.view_of(blunt)
    assert (told.kind, told.layout) == ("sphere", "single"), told.notes


def test_a_view_is_taken_as_it_is():
    seen = identities.view_of(Rows(sphere))
    assert identities.view_of(seen) is identities.view_of(seen, like="sphere", layout="rows") is seen
    assert identities.check(seen, sizes=(4,), only=["flow"]).notes == seen.notes
    for otherwise in ({"like": "lines"}, {"layout": "columns"}, {"names": {"exp": "expmap"}}):
        with pytest.raises(ValueError, match="a View has its kind, layout and names"):
            identities.view_of(seen, **otherwise)


def test_what_it_has_not_is_said():
    bare = SimpleNamespace(expmap=sphere.exp, distance=sphere.distance)
    assert identities.view_of(bare, like="sphere").notes[0].startswith("it has no normalize, project, exp, log, trans")
    assert "exp" not in identities.view_of(bare, like="sphere", names={"exp": "expmap"}).missing
    moves = SimpleNamespace(move=sphere.move)
    assert {"exp", "transport"} & set(identities.view_of(moves, like="sphere").missing) == set()
    with pytest.raises(
        ValueError, match=r"geometry: expected some of normalize, .*, got SimpleNamespace, which has none"
    ):
        identities.view_of(SimpleNamespace(expmap=sphere.exp), like="sphere")


def test_other_names_are_taken_and_what_is_missing_is_ours():
    theirs = Rows(sphere, exp="expmap", log="logmap", transport="carry")
    for name in ("move", "random_tangent", "scale", "norm"):
        delattr(theirs, name)
    names = {"exp": "expmap", "log": "logmap", "transport": "carry"}
    report = identities.check(theirs, sizes=(4,), names=names)
    assert report.holds and "random_tangent, norm, scale" in report.notes[-1], str(report)
    assert len(report.results) == 54 and "scale_is_by_point" not in str(report)  # that alone is about ours
    with pytest.raises(ValueError, match="names: expected some of"):
        identities.check(theirs, like="sphere", names={"expmap": "exp"})
    del theirs.expmap
    del theirs.random_point
    report = identities.check(theirs, like="sphere", layout="rows", sizes=(4,), names=names)
    assert {r.problem for r in report.results if not r.holds} == {"it has no function expmap"}
    assert "project_twice" not in report.failed
    with pytest.raises(ValueError, match="its kind cannot be told, since it has no random_point"):
        identities.check(theirs, names=names)


class Boxed:
    """An array of another library, which NumPy cannot look into."""

    def __init__(self, array):
        self.inside = array


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_arrays_of_another_library_are_seen(kind):
    def theirs(f):
        def g(*arguments):
            found = f(*(a.inside if isinstance(a, Boxed) else a for a in arguments))
            return tuple(map(Boxed, found)) if isinstance(found, tuple) else Boxed(found)

        return g

    other = SimpleNamespace(**{name: theirs(getattr(GEOMETRIES[kind], name)) for name in view.FUNCTIONS})
    report = identities.check(other, sizes=(4,), to=Boxed, back=lambda a: a.inside)
    assert report.holds and report.kind == kind, str(report)


def test_what_only_move_gives_is_taken_from_it():
    bare = SimpleNamespace(
        **{name: getattr(sphere, name) for name in view.FUNCTIONS if name not in ("exp", "transport")}
    )
    asked = ["distance_is_length", "transport_of_the_velocity", "move_is_exp_and_transport"]
    report = identities.check(bare, sizes=(3,), only=asked)
    assert report.holds and {name for result in report.results for name in result.uses} >= {"move"}, str(report)
