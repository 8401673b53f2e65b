"""The command line as a person types it: what it writes, and how it ends when a value or a package is wrong."""

import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

from grassmann_np.extras import install
from viz import scenes
from viz.__main__ import main
from viz.scenes import shared


def python(before, *words):
    """`python -m viz WORDS`, in a process of its own, after the statements `before`."""
    code = f"import runpy, sys; {before}; sys.argv[1:] = {list(words)!r}; runpy.run_module('viz', run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_it_lists_and_draws_and_says_how_to_draw_the_same_again(tmp_path, capsys):
    assert main(["list"]) == 0
    assert "step" in capsys.readouterr().out
    out = tmp_path / "new/step.png"
    assert (
        main(
            [
                "step",
                "--out",
                str(out),
                "--lr",
                "0.5",
                "--momentum",
                "0.3",
                "--clip",
                "0.4",
                "--seed",
                "3",
                "--size",
                "320x240",
                "--orbit",
                "20",
                "--seconds",
                "1",
            ]
        )
        == 0
    )
    assert capsys.readouterr().out.strip() == str(out)
    with Image.open(out) as still:
        assert still.size == (320, 240)
        again = still.info["Source"]
    assert again == (
        "python -m viz step --seed 3 --lr 0.5 --momentum 0.3 --clip 0.4 --seconds 1.0 --size 320x240 --orbit 20.0"
    )
    first = out.read_bytes()
    main([*again.split()[3:], "--out", str(out)])
    assert out.read_bytes() == first


def test_the_options_of_a_scene_are_its_parameters(tmp_path, monkeypatch, capsys):
    def turn(optimizer: str = "sgd-g", how_often: int = 2, size: tuple[int, int] = (160, 160)):
        """A turn."""
        scene = scenes.step(size=size)
        return replace(scene, caption=f"{optimizer} {how_often}")

    monkeypatch.setitem(scenes.SCENES, "turn", shared.scene(turn))
    assert main(["turn", "--out", str(tmp_path / "a.png"), "--how-often", "3", "--optimizer", "adam"]) == 0
    with Image.open(tmp_path / "a.png") as still:
        assert still.info["Description"] == "adam 3"
        assert still.info["Source"] == "python -m viz turn --optimizer adam --how-often 3"
    assert main(["list"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split(maxsplit=1) == ["turn", "A turn."]
    for words in (["--clip", "1"], ["--how-often", "0.5"]):
        with pytest.raises(SystemExit):
            main(["turn", "--out", str(tmp_path / "a.png"), *words])


def test_a_terminal_gets_a_bar_and_a_pipe_none(tmp_path):
    words = ["step", "--size", "160x160", "--seconds", "0.5", "--out", str(tmp_path / "step.gif")]
    assert python("pass", *words).stderr == ""
    assert "frames:" in python("sys.stderr.isatty = lambda: True", *words).stderr


@pytest.mark.parametrize(
    "words, says", [(["step", "--out", "a.avi"], ".mp4, .gif"), (["page", "no-such-folder"], "make it with")]
)
def test_what_fails_is_told_in_a_line(words, says, capsys):
    assert main(words) == 1
    told = capsys.readouterr().err
    assert told.startswith("viz: ") and says in told and told.count("\n") == 1


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("lr", "-1", "lr > 0"),
        ("lr", "nan", "got lr nan"),
        ("lr", "1e300", "lr * clip <= 10"),
        ("lr", "x", "--lr"),
        ("clip", "inf", "got lr 1.0, clip inf"),
        ("momentum", "nan", "momentum nan"),
        ("seed", "-1", "seed: expected 0 or"),
        ("seconds", "0", "more than 0"),
        ("seconds", "-1", "more than 0"),
        ("seconds", "inf", "at most 600"),
        ("size", "641x480", "two even numbers"),
        ("size", "100000x100000", "160 to 4096"),
        ("size", "²x4", "640x480"),
        ("orbit", "inf", "at most 3600"),
        ("loss", "bowl", "one of neuron, rayleigh, linear, two-wells or a function"),
    ],
)
def test_a_wrong_value_is_a_wrong_command_line(tmp_path, capsys, name, value, says):
    with pytest.raises(SystemExit) as ended:
        main(["step", "--out", str(tmp_path / "a.png"), f"--{name}", value])
    assert ended.value.code == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("viz: ") and says in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name, package", [("matplotlib", "matplotlib"), ("PIL", "Pillow")])
def test_a_missing_package_is_named_with_what_installs_it(name, package):
    ended = python(f"sys.modules[{name!r}] = None", "list")
    assert ended.returncode == 1
    assert ended.stderr == f"viz: {package} is missing; {install('viz')}\n"


def test_without_tqdm_a_film_is_drawn_without_a_bar(tmp_path):
    out = tmp_path / "step.gif"
    ended = python("sys.modules['tqdm'] = None", "step", "--size", "160x160", "--seconds", "0.1", "--out", str(out))
    assert (ended.returncode, ended.stderr) == (0, "") and out.exists()


def test_ctrl_c_ends_with_130_and_writes_nothing(tmp_path):
    stop = "import signal; from viz.animation import Animation; Animation.draw = lambda *_: signal.raise_signal(2)"
    ended = python(stop, "step", "--out", str(tmp_path / "step.gif"))
    assert (ended.returncode, ended.stderr) == (130, "viz: stopped; nothing was written\n")
    assert not list(tmp_path.iterdir())
