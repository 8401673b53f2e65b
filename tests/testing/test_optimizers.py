"""The properties hold for our optimizers and for plain ones that are right, and catch every planted bug."""

import json
import sys
from types import ModuleType

import numpy as np
import pytest

from grassmann_np.testing import optimizers
from grassmann_np.testing.optimizers import __main__ as command
from grassmann_np.testing.optimizers import adapters
from tests.testing.planted_optimizers import BUGS, GOOD, Plain

OURS = {
    "sgd": (adapters.sgd, {"kind": "sgd"}),
    "sgd_g": (adapters.sgd_g, {"kind": "sgd", "clip": 0.1}),
    "adam": (adapters.adam, {"kind": "adam-g"}),
    "adam_g": (adapters.adam_g, {"kind": "adam-g", "clip": 0.1}),
}
ADAPTERS = "grassmann_np.testing.optimizers.adapters"


def claims(optimizer):
    """What it says it is; a bug may say that it clips where it does not."""
    clip = getattr(optimizer, "said", optimizer.clip)
    return {"kind": optimizer.kind, "law": optimizer.law, "transport": optimizer.transport, "clip": clip}


@pytest.mark.parametrize("name", OURS)
def test_ours_obey_every_property(name):
    make, said = OURS[name]
    report = optimizers.check(make, **said, steps=200)
    assert report.holds, str(report)
    tried = {result.identity.name for result in report.results}
    untried = ["clipping_forgets_the_excess"] * ("clip" not in said) + ["bias_correction"] * (said["kind"] == "sgd")
    assert {one.name for one in optimizers.CATALOGUE} - tried == set(untried)


def test_ours_stay_on_the_sphere_for_ten_thousand_steps():
    make, said = OURS["sgd_g"]
    report = optimizers.check(make, **said, dtypes=[np.float32], only=["stays_on_the_sphere"])
    assert report.holds, str(report)


@pytest.mark.parametrize("optimizer", GOOD, ids=lambda optimizer: optimizer.__name__)
def test_what_is_right_in_plain_numpy_obeys_what_it_is_asked(optimizer):
    report = optimizers.check(optimizer, **claims(optimizer), steps=200)
    assert report.holds, str(report)


@pytest.mark.parametrize("bug", BUGS)
def test_planted_bug_is_caught_by_its_property(bug):
    faulty, name = BUGS[bug]
    report = optimizers.check(faulty, **claims(faulty), steps=1000, only=[name])
    assert report.failed == (name,), str(report)
    assert report.results[0].reason


def test_every_property_catches_some_planted_bug():
    assert {name for _, name in BUGS.values()} == {one.name for one in optimizers.CATALOGUE}


def test_numbers_and_words_are_complete():
    assert [one.number for one in optimizers.CATALOGUE] == list(range(1, len(optimizers.CATALOGUE) + 1))
    for one in optimizers.CATALOGUE:
        assert one.statement and one.catches, one.name


def test_the_public_correction_steps_a_tenth_of_adam():
    faulty, _ = BUGS["sqrt(v) corrected in place of v"]
    y, g = np.eye(4, 1), np.array([[0.0], [3.0], [4.0], [0.0]])
    right = next(optimizer for optimizer in GOOD if optimizer.__name__ == "AdamG")
    turned = [2 * np.arcsin(np.linalg.norm(make(y, 0.2).step(g) - y) / 2) for make in (right, faulty)]
    assert np.isclose(turned[0], 0.2, rtol=1e-8)
    assert np.isclose(turned[1] / turned[0], 0.100, rtol=1e-8)


def test_a_report_says_of_which_kind_and_law_the_steps_are():
    """Of an Adam-G with a second moment for every coordinate: those of Adam."""
    faulty, _ = BUGS["second moment by coordinates"]
    report = optimizers.check(faulty, **claims(faulty), steps=10)
    assert "its first steps are those of kind adam, law exp" in str(report), str(report)
    report = optimizers.check(adapters.sgd, law="normalize", steps=10, only=["angle_law"])
    assert report.notes[-1] == "its first steps are those of kind sgd, law exp"
    right = optimizers.check(adapters.sgd, steps=10, only=["angle_law"])
    assert right.holds and not any("first steps" in note for note in right.notes)


@pytest.mark.parametrize("law", ["exp", "normalize"])
def test_of_one_that_clips_it_says_to_what(law):
    make = next(one for one in GOOD if (one.kind, one.law) == ("sgd", law))
    clipping = type("Clipping", (make,), {"clip": 0.1})
    report = optimizers.check(clipping, kind="sgd", law=law, transport=make.transport, steps=10)
    assert not report.holds and f"its first steps are those of kind sgd, law {law}, clip 0.1" in report.notes[-1]
    assert optimizers.check(clipping, law=law, transport=make.transport, clip=0.1, steps=10).holds


def test_what_is_not_offered_is_not_asked():
    class Bare:
        def __init__(self, y, rate):
            self.inside = Plain(y, rate)

        def step(self, gradient):
            return self.inside.step(gradient)

    report = optimizers.check(Bare, sizes=[(4, 2)], steps=10)
    assert report.holds, str(report)
    text = str(report)
    assert "not asked since it has no momentum: momentum_stays_tangent, momentum_is_transported" in text
    assert "not asked since it has no state_dict and load_state_dict: state_resumes, saved_state_stays" in text
    assert "not asked since it has no rate: drop_of_the_rate_keeps_the_state, new_rate_counts" in text


def test_a_failure_has_a_reason_in_words():
    class Short(Plain):
        def step(self, gradient):
            return super().step(gradient)[:-1]

    class Gone(Plain):
        def step(self, gradient):
            if gradient.dtype == np.float32:
                raise RuntimeError("no kernel for it")
            return super().step(gradient)

    (short,) = optimizers.check(Short, only=["first_step"]).results
    assert short.reason == "step: expected the new y (6, 3), got (5, 3)"
    (gone,) = optimizers.check(Gone, only=["first_step"]).results
    assert gone.reason == "RuntimeError: no kernel for it; only for float32"


def test_options_are_checked():
    wrong = [{"kind": "lion"}, {"law": "chord"}, {"transport": "bus"}, {"only": ["no such"]}, {"rate": 0.0}]
    wrong += [{"clip": -1.0}, {"rate": np.inf}, {"steps": 0}, {"seed": -1}, {"sizes": [(1, 3)]}]
    for said in wrong:
        with pytest.raises(ValueError, match=r"^(no property|\w+: expected)"):
            optimizers.check(Plain, **said)
    for said in ({"rate": "fast"}, {"steps": 1.5}):
        with pytest.raises(TypeError, match=r"^\w+: expected a"):
            optimizers.check(Plain, **said)
    with pytest.raises(ValueError, match="kind: expected one of 'sgd', 'adam-g', 'adam', got 'lion'"):
        optimizers.Trial(Plain, kind="lion")
    with pytest.raises(ValueError, match=r"make\(y, rate\): TypeError"):
        optimizers.check(lambda y: None)
    with pytest.raises(ValueError, match="expected an object with step"):
        optimizers.check(lambda y, rate: None)


def test_command_prints_the_table_and_its_status(capsys):
    short = ["--steps", "20", "--dtype", "float64"]
    assert command.main([f"{ADAPTERS}:sgd_g", "--clip", "0.1", "--only", "first_step,sign", *short]) == 0
    assert "tested as sgd, law exp, clip 0.1" in capsys.readouterr().out
    assert command.main([f"{ADAPTERS}:sgd", "--law", "normalize", "--only", "angle_law", "--json", *short]) == 1
    (row,) = json.loads(capsys.readouterr().out)["properties"]
    assert row["name"] == "angle_law" and not row["holds"] and "eps of at most 16" in row["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.such.module:make"], "ModuleNotFoundError"),
        ([ADAPTERS], "expected package.module:name"),
        ([f"{ADAPTERS}:nobody"], "AttributeError"),
        ([f"{ADAPTERS}:__doc__"], "expected a function make"),
        ([f"{ADAPTERS}:sgd", "--clip", "-1"], "expected a number above 0"),
        ([f"{ADAPTERS}:sgd", "--only", "nothing"], "no property is called"),
        ([f"{ADAPTERS}:sgd", "--dtype", "float16"], "expected float32, float64"),
        ([f"{ADAPTERS}:sgd", "--seed", "x"], "expected a whole number"),
        ([f"{ADAPTERS}:sgd", "--write-test", __file__], "there is such a file already"),
    ],
)
def test_command_says_in_one_line_what_is_wrong(arguments, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(arguments)
    out, err = capsys.readouterr()
    assert not out and said in err and err.count("\n") == 1


def test_command_writes_a_test_of_what_it_found(tmp_path):
    file, asked = tmp_path / "test_make.py", "angle_law,sign"
    line = [f"{ADAPTERS}:sgd", "--law", "normalize", "--only", asked, "--dtype", "float64", "--write-test", str(file)]
    assert command.main(line) == 1
    names = {}
    exec(file.read_text(), names)
    assert names["make"] is adapters.sgd and list(names["EXPECTED_FAILURES"]) == ["angle_law"]
    (mark,) = names["test_make"].pytestmark
    tried = {case.id: case for case in mark.args[1]}
    assert mark.args[0] == "prop" and sorted(tried) == asked.split(",")
    tried["sign"].values[0]()
    assert not tried["sign"].marks and "eps of at most 16" in tried["angle_law"].marks[0].kwargs["reason"]
    with pytest.raises(AssertionError, match=r"angle_law: .*\n.* eps of at most 16\nas with: "):
        tried["angle_law"].values[0]()


def test_a_class_is_the_make_in_a_written_test(tmp_path):
    target, short = "tests.testing.planted_optimizers:Plain", ["--steps", "10", "--only", "sign", "--dtype", "float64"]
    assert command.main([target, *short, "--write-test", str(tmp_path / "test_make.py")]) == 0
    names = {}
    exec((tmp_path / "test_make.py").read_text(), names)
    assert names["make"].__name__ == "Plain"


def test_properties_become_tests():
    decorated = optimizers.parametrize_with_properties(Plain, {"sign": "why"}, sizes=[(4, 2)], steps=10)
    ids = {case.id: case for case in decorated.args[1]}
    report = optimizers.check(Plain, sizes=[(4, 2)], steps=10)
    assert list(ids) == [result.identity.name for result in report.results]
    assert [name for name, case in ids.items() if case.marks] == ["sign"]
    assert ids["sign"].marks[0].kwargs == {"strict": True, "reason": "why"}
    for wrong in ({"nothing": "why"}, {"bias_correction": "not asked of sgd"}):
        with pytest.raises(ValueError, match="expected_failures: no property that is asked is called"):
            optimizers.parametrize_with_properties(Plain, wrong)


def test_adapter_imports_its_library_when_it_is_called(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    make = adapters.pytorch(lambda parameters, rate: None)
    with pytest.raises(ImportError):
        make(np.eye(3, 1), 0.1)


def test_pytorch():
    torch: ModuleType = pytest.importorskip("torch", reason="pip install torch")
    make = adapters.pytorch(lambda parameters, rate: torch.optim.SGD(parameters, rate, momentum=0.9))
    report = optimizers.check(make, law="normalize", transport="none", steps=200)
    assert set(report.failed) == {"refuses_a_zero_weight"}, str(report)
    make = adapters.pytorch(lambda parameters, rate: torch.optim.Adam(parameters, rate))
    report = optimizers.check(make, kind="adam", law="normalize", transport="none", steps=200)
    assert set(report.failed) == {"refuses_a_zero_weight"}, str(report)
