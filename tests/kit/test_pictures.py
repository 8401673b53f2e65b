"""The picture of a counterexample shows the call that went wrong, or the error against the size of the case."""

import numpy as np
import pytest

from grassmann_np.geometry import sphere
from grassmann_np.testing import identities
from tests.testing.planted_bugs import BUGS, Planted

counterexample = pytest.importorskip("viz.counterexample", reason="the extra viz")


def drawn(faulty, name):
    view = identities.view_of(faulty, like=faulty.like, layout="columns")
    (result,) = identities.check(view, sizes=(2, 3, 4, 12), only=[name]).results
    return counterexample.picture(result, view).figure


def artists(figure):
    """The artists of the sphere that can be seen, by name."""
    found = {}
    for artist in figure.axes[0].get_children():
        if artist.get_gid() and artist.get_visible():
            found[artist.get_gid()] = artist
    return found


def words(figure):
    """All that is written beside the sphere, and its caption."""
    said = " | ".join([figure.get_label(), *(text.get_text() for text in figure.texts)])
    return said.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("bug", "name", "seen", "said"),
    [
        ("projection in place of transport", "transport_is_an_isometry", {"got.front", "expected.front", "walk.front"},
         ["transport(y, h, v) should give (0.54, −0.841) and gave (0.292, −0.455)", "got (0.292, −0.455)"]),
        ("wrong sign in transport", "equation_nine", {"got.front", "expected.front", "v.front", "circle.front"},
         ["should give (−0.841, 0.54) and gave (0.841, 0.54)", "h = (0, 1)"]),
        ("chord for geodesic", "distance_is_length", {"got.dot", "expected.dot", "h.front", "y.dot"},
         ["exp(y, h) should give (0.54, 0.841) and gave (0.707, 0.707)", "expected (0.54, 0.841)"]),
        ("squared distance", "distance_is_a_metric", {"numbers.label", "x.dot", "y.dot"}, ["should give 2 and gave 4"]),
        ("logarithm of wrong sign", "exp_of_log", {"got.front", "expected.front", "x.dot"},
         ["should give (0, 1) and gave (0, −1)"]),
        ("nothing projected", "project_is_tangent", {"plane.plane", "got.head", "g.label"},
         ["project(y, g) should give (0, 0)"]),
        ("canonical sign", "normalize_forgets_scale", {"got.dot", "expected.dot"},
         ["normalize(w) should give (−1, 0) and gave (1, 0)"]),
        ("move forgets to carry", "transport_stays_tangent", {"got.front", "expected.front"},
         ["the vector of move(y, h, v) should give"]),
        ("missing sign alignment in log", "cut_locus_is_refused", {"got.front", "got-ghost.back", "y-ghost.dot"},
         ["log(y, x) should give an error and gave (0, 1.57)"]),
        ("silent upcast", "exp_of_zero", {"expected.dot", "y.dot"}, ["gave no answer", "got float64: an upcast"]),
    ],
)  # fmt: skip
def test_the_call_is_drawn_on_the_sphere(bug, name, seen, said):
    figure = drawn(BUGS[bug][0], name)
    assert seen <= set(artists(figure)), sorted(artists(figure))
    text = words(figure)
    assert all(part in text for part in said), text
    assert text.startswith(next(i.statement for i in identities.CATALOGUE if i.name == name))


def test_what_is_drawn_is_what_came():
    """Both points lie where they should on the screen: twice as far and as far as the step says."""
    figure = drawn(Planted(sphere, "sphere", exp=lambda y, h: sphere.exp(y, 2 * h)), "distance_is_length")
    seen = artists(figure)
    y, got, expected = (np.ravel(seen[f"{name}.dot"].get_data()) for name in ("y", "got", "expected"))
    step = float(words(figure).split("h = (0, ")[1].split(")")[0])
    assert step == 1
    # in the plane of the circle seen from 45 degrees or so: undo the camera by the circle's own axes
    circle = np.array(seen["circle.front"].get_data())
    wide, tall = np.nanmax(np.abs(circle), axis=1)
    angles = [np.arctan2(p[1] / tall, p[0] / wide) for p in (y, expected, got)]
    np.testing.assert_allclose(np.diff(np.unwrap(angles)), [step, step], atol=2e-3)


@pytest.mark.parametrize(
    ("bug", "name", "first", "last"),
    [("nine coordinates at most", "project_is_tangent", 10, 14), ("arccos distance", "distance_is_length", None, 1),
     ("eps-damped step", "exp_by_matrix_exponential", None, 1)],
)  # fmt: skip
def test_a_small_error_is_a_chart(bug, name, first, last):
    figure = drawn(BUGS[bug][0], name)
    (axes,) = figure.axes
    lines = {line.get_gid(): line.get_data() for line in axes.lines}
    limit = lines["limit"][1][0]
    assert limit == 8 and axes.get_yscale() == "log"
    assert np.all(lines["holds"][1] <= limit) and np.all(lines["fails"][1] > limit) and len(lines["fails"][0])
    assert lines["fails"][0][-1] >= last and (first is None or lines["fails"][0][0] == first)
    sizes, wrong = np.unique(np.concatenate([lines["holds"][0], lines["fails"][0]])), lines["fails"][0]
    whole = np.all(np.isin(sizes[(sizes >= wrong[0]) & (sizes <= wrong[-1])], wrong))
    where = f"from {wrong[0]:.2g} to {wrong[-1]:.2g}" if whole else f"at {len(wrong)} of "
    assert f"Above the limit (orange) {where}" in figure.get_label()


def test_what_gives_no_answer_has_no_picture():
    with pytest.raises(ValueError, match="random_tangent: expected a vector that is not 0"):
        drawn(*BUGS["no random tangent"])
