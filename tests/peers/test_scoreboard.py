"""The scoreboard: the page is what its JSON says, and a row says of a geometry what is true of it."""

import copy
import json
import shlex
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import scoreboard
from scoreboard_page import STATUSES

from grassmann_np.geometry import sphere
from grassmann_np.testing import identities
from grassmann_np.testing.__main__ import main as kit
from grassmann_np.testing.report import Result

RESULT = json.loads(scoreboard.RESULTS.read_text(encoding="utf-8"))


def geometry(**replaced):
    own = {name: getattr(sphere, name) for name in ("normalize", "project", "exp", "log", "distance", "transport")}
    return SimpleNamespace(**{name: f for name, f in {**own, **replaced}.items() if f is not None})


def statuses(asked, choice="it projects"):
    rows = scoreboard.rows(asked, "sphere", np.float64, choice, sizes=[(3, 1, 16)])
    return {row["identity"]: row["status"] for row in rows}


def test_the_page_is_what_the_result_says():
    assert scoreboard.PAGE.read_text(encoding="utf-8") == scoreboard.page(RESULT)
    changed = copy.deepcopy(RESULT)
    changed["geometries"][0]["rows"][0]["status"] = "no"
    changed["geometries"][0]["rows"][0] |= {"everywhere": "9 eps of at most 8", "ordinary": "9 eps of at most 8"}
    assert scoreboard.page(changed) != scoreboard.page(RESULT)


def test_a_row_says_what_became_of_an_identity():
    right = statuses(geometry())
    assert set(right.values()) == {"yes"} and "scale_is_by_point" not in right  # that is about what is lent
    projected = statuses(geometry(transport=lambda y, h, v: sphere.project(sphere.exp(y, h), v)))
    assert projected["transport_is_an_isometry"] == projected["holonomy_is_area"] == "choice"
    assert projected["exp_of_log"] == projected["transport_stays_tangent"] == "yes"
    unnamed = statuses(geometry(transport=lambda y, h, v: sphere.project(sphere.exp(y, h), v)), choice="")
    assert unnamed["transport_is_an_isometry"] == "no"
    blunt = statuses(geometry(distance=lambda y, x: np.arccos(np.clip(np.sum(y * x, axis=0), -1, 1))))
    assert blunt["distance_is_length"] == "ordinary" and blunt["distance_to_itself"] == "not promised"
    assert statuses(geometry(log=lambda y, x: -sphere.log(y, x)))["exp_of_log"] == "no"
    missing = statuses(geometry(log=None))
    assert missing["exp_of_log"] == "not asked" and missing["exp_by_matrix_exponential"] == "yes"


def test_a_choice_that_hides_another_fault_is_a_no():
    wrong = geometry(
        transport=lambda y, h, v: sphere.project(sphere.exp(y, h), v), exp=lambda y, h: sphere.exp(y, 1.01 * h)
    )
    assert statuses(wrong)["transport_back"] == "no"


def test_less_than_a_hundred_eps_at_ordinary_points_is_ordinary():
    one = identities.chosen("sphere", ["exp_of_log"])[0]
    for residual, expected in ((9.0, "ordinary"), (99.0, "ordinary"), (101.0, "no")):
        assert scoreboard.verdict(Result(one, 1e9), Result(one, residual), False) == expected
    assert scoreboard.verdict(Result(one, 1e9), Result(one, 9.0, "log: NaN"), False) == "no"
    slope = identities.chosen("sphere", ["curvature_is_one"])[0]
    assert scoreboard.verdict(Result(slope, 2.0), Result(slope, 2.0), False) == "no"


def test_ordinary_points_are_ordinary():
    for kind in ("sphere", "lines", "subspaces"):
        (case,) = identities.drawn(
            identities.view_of(getattr(scoreboard.geometry, kind)), 0, [np.float64], [(9, 2, 16)]
        )
        mild = scoreboard.ordinary(case)
        house = getattr(scoreboard.geometry, kind)
        apart = house.distance(mild.y, mild.x)
        assert apart.min() > 0.2 and apart.max() < 0.9 * np.sqrt(2)
        np.testing.assert_allclose(house.distance(house.exp(mild.y, mild.h), mild.x), 0, atol=1e-14)
        assert np.array_equal(mild.y, case.y)


def test_every_no_has_its_line_and_every_entry_its_versions():
    page = scoreboard.page(RESULT)
    for one in RESULT["geometries"]:
        assert one["library"] in RESULT["versions"] or one["library"] == "grassmann_np"
        for row in one["rows"]:
            assert row["status"] in STATUSES
            if row["status"] == "no":
                assert f"adapters:{one['geometry']} --like {one['kind']} --only {row['identity']}\n" in page
    assert {one["geometry"] for one in RESULT["geometries"]} >= set(scoreboard.OURS)
    assert all(row["status"] == "yes" for one in RESULT["geometries"] for row in one["rows"]
               if one["geometry"] in scoreboard.OURS)  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_a_line_of_the_page_runs(capsys):
    lines = [line for line in scoreboard.page(RESULT).splitlines() if "adapters:geoopt_sphere --like" in line]
    pytest.importorskip("geoopt", reason="pip install geoopt")
    assert kit(shlex.split(lines[0])[3:]) == 1
    assert " NO " in capsys.readouterr().out


def test_the_program_writes_the_result_and_the_page(tmp_path, monkeypatch):
    part = tmp_path / "part.json"
    monkeypatch.setattr(scoreboard, "RESULTS", tmp_path / "scoreboard.json")
    monkeypatch.setattr(scoreboard, "PAGE", tmp_path / "scoreboard.md")
    monkeypatch.setattr(scoreboard, "measured", lambda name: [
        {"geometry": name, "title": name, "kind": "sphere", "library": "numpy", "dtype": "float64", "choice": "",
         "rows": [{"identity": "exp_of_log", "status": "yes", "unit": "eps", "limit": 8.0, "residual": 1.0}],
         "cannot": [], "cast": []}
    ])  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["scoreboard.py", "measure", "--out", str(part), "ours_sphere"])
    scoreboard.main()
    monkeypatch.setattr(sys, "argv", ["scoreboard.py", "write", str(part)])
    scoreboard.main()
    assert "| ours_sphere | float64 | 1 | 0 | 0 | 0 | 0 | 0 |" in (tmp_path / "scoreboard.md").read_text()
    assert json.loads((tmp_path / "scoreboard.json").read_text())["versions"]["numpy"] == np.__version__
