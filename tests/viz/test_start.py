"""Films from a point of the user's own, and losses whose gradient is not one."""

import numpy as np
import pytest

from viz import losses, scenes
from viz.__main__ import main

STARTED = ("scale", "project", "exp", "momentum", "clip", "adam", "race")
SIZE = (160, 160)


@pytest.mark.parametrize("name", STARTED)
def test_a_film_starts_where_it_is_told_to_and_its_loss_is_that_of_the_seed(name):
    start = (1.0, -2.0, 2.0)
    scene, usual = scenes.SCENES[name](start=start, size=SIZE), scenes.SCENES[name](size=SIZE)
    marks = scene.frame(0.0).marks
    assert np.allclose((marks["start"] if "start" in marks else marks["y"]).at, np.array(start) / 3)
    assert scene.command == f"python -m viz {name} --size 160x160 --start=1.0,-2.0,2.0"
    if usual.loss:
        x = np.random.default_rng(0).standard_normal((3, 5))
        assert np.array_equal(scene.loss(x)[0], usual.loss(x)[0])


def test_the_step_drawn_large_is_the_second_from_there():
    one, other = (scenes.step(start=start, size=SIZE).frame(0.0).marks["y"].at for start in ((1, 0, 0), (0, 1, 0)))
    assert not np.allclose(one, other)


@pytest.mark.parametrize("wrong", [(0, 0, 0), (1, 2), (1, 2, np.nan), ((1, 0, 0), (0, 1, 0))])
def test_what_is_no_point_is_refused(wrong):
    with pytest.raises(ValueError, match="start: expected three numbers"):
        scenes.exp(start=wrong)


def test_the_command_line_takes_a_point(tmp_path, capsys):
    out = tmp_path / "a.png"
    assert main(["exp", "--start=-3,0,4", "--size", "160x160", "--out", str(out)]) == 0 and out.exists()
    with pytest.raises(SystemExit):
        main(["exp", "--start", "1;2;3", "--out", str(out)])
    assert "expected X,Y,Z as in 0.6,0,0.8, got '1;2;3'" in capsys.readouterr().err


def scaled(by):
    right = losses.rayleigh(np.random.default_rng(3))
    return lambda w: (right(w)[0], by * right(w)[1])


@pytest.mark.parametrize(("by", "said"), [(-1.0, "its negative"), (0.5, "0.5 times it"), (2.0, "2 times it")])
def test_a_gradient_of_the_wrong_sign_or_length_is_told_before_it_is_filmed(by, said):
    with pytest.raises(ValueError, match=f"loss: expected the gradient of its values, got {said}"):
        scenes.clip(loss=scaled(by))


def test_another_vector_is_told_too_and_what_is_not_seen_on_the_sphere_is_not_asked():
    right = losses.rayleigh(np.random.default_rng(3))
    with pytest.raises(ValueError, match="got another vector"):
        losses.check(lambda w: (right(w)[0], np.roll(right(w)[1], 1, axis=0)))
    losses.check(lambda w: (right(w)[0], right(w)[1] + 7 * w))  # along w: the length of w is not of the sphere
    losses.check(
        lambda w: (np.abs(w[0]), np.sign(w[0]) * np.outer([1.0, 0, 0], np.ones(w.shape[1])) if w.ndim > 1 else 0)
    )
    for make in losses.LOSSES.values():
        losses.check(make(np.random.default_rng(1)))


@pytest.mark.parametrize("name", losses.LOSSES)
def test_a_loss_that_computes_in_float32_is_taken(name):
    for seed in range(20):
        right = losses.LOSSES[name](np.random.default_rng(seed))
        losses.check(lambda w, f=right: tuple(a.astype(np.float32) for a in f(np.float32(w))))


def test_a_start_may_be_an_array_and_the_command_has_all_its_digits():
    start = np.array([0.123456789, -2.0, 2.0])
    scene = scenes.exp(start=start, size=SIZE)
    told = scene.command.partition("--start=")[2].split(",")
    assert [float(x) for x in told] == start.tolist()
    assert scene.command == scenes.exp(start=tuple(start), size=SIZE).command
