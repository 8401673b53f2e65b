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
    if kind != "subspaces":
        told = identities.check(Rows(GEOMETRIES[kind]), sizes=(4,))
        assert told.holds and told.kind == kind and "points in rows" in told.notes[0]


def test_one_vector_at_a_time_is_seen():
    long = {"holonomy_of_a_latitude"}  # thousands of calls
    asked = {one.name for one in identities.chosen("sphere")} - long
    report = identities.check(Rows(sphere, single=True), like="sphere", layout="single", sizes=(4,), only=asked)
    assert report.holds, str(report)


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
