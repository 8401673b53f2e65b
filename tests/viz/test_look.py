"""A picture of ours is the same bytes under any settings of matplotlib, from any thread, and leaves them alone."""

import os
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from cycler import cycler
from matplotlib import patheffects

from viz import cells, curves, files, look, scenes, sheet
from viz.animation import LARGEST, SMALLEST
from viz.picture import Picture

WILD = {
    "savefig.bbox": "tight",
    "savefig.dpi": 37,
    "savefig.facecolor": "red",
    "savefig.transparent": True,
    "savefig.pad_inches": 3.0,
    "figure.dpi": 61,
    "figure.facecolor": "black",
    "figure.constrained_layout.use": True,
    "figure.autolayout": False,
    "axes.facecolor": "green",
    "axes.prop_cycle": cycler(color=["#ff0000"]),
    "axes.grid": True,
    "axes.titlepad": 40.0,
    "axes.titlecolor": "white",
    "axes.unicode_minus": False,
    "axes.xmargin": 0.4,
    "axes.autolimit_mode": "round_numbers",
    "axes.formatter.limits": (0, 0),
    "font.family": "serif",
    "font.size": 31.0,
    "font.weight": "bold",
    "font.style": "italic",
    "mathtext.fontset": "cm",
    "text.color": "white",
    "text.usetex": True,
    "text.parse_math": False,
    "text.hinting": "none",
    "text.antialiased": False,
    "lines.marker": "x",
    "lines.linestyle": ":",
    "lines.antialiased": False,
    "lines.scale_dashes": False,
    "lines.dash_capstyle": "round",
    "markers.fillstyle": "left",
    "patch.force_edgecolor": True,
    "patch.antialiased": False,
    "hatch.linewidth": 9.0,
    "path.simplify_threshold": 1.0,
    "path.sketch": (3.0, 50.0, 2.0),
    "path.effects": [patheffects.withStroke(linewidth=9, foreground="red")],
    "image.origin": "lower",
    "image.interpolation": "none",
    "image.cmap": "gray",
    "image.resample": False,
    "xtick.color": "white",
    "xtick.direction": "in",
    "xtick.labelsize": 30,
    "ytick.right": True,
    "ytick.minor.visible": True,
    "svg.hashsalt": "theirs",
    "svg.fonttype": "none",
}
HISTORY = {"test_error": [0.3, 0.2, 0.1], "train_loss": [1.0, 0.5, 0.2]}
RESULTS = {
    "data": "digits $x$",
    "model": "mlp",
    "epochs": 3,
    "seeds": [0],
    "runs": [{"optimizer": one, "seed": 0, "history": HISTORY} for one in ("sgd", "sgd-g")],
    "summary": [
        {"optimizer": one, "median_test_error": 0.1, "quartiles": [0.1, 0.2]} for one in ("sgd", "sgd-g", "no $ b$")
    ],
}


def saved(figure):
    """A figure as .png and as .svg, by its own savefig and by what a notebook calls."""
    png, svg, shown = BytesIO(), BytesIO(), BytesIO()
    figure.savefig(png, format="png", dpi=figure.dpi)
    figure.savefig(svg, format="svg", metadata={"Date": None})
    figure.canvas.print_figure(shown, format="png", bbox_inches="tight")
    return png.getvalue(), svg.getvalue(), shown.getvalue()


DRAWN = {
    "curves": lambda: saved(curves.comparison(RESULTS)),
    "cells": lambda: saved(cells.cells(RESULTS)),
    "still": lambda: saved(scenes.project(size=(160, 160)).still()),
    "picture": lambda: Picture(cells.cells(RESULTS))._repr_html_(),
    "frames": lambda: frames(scenes.race(size=(320, 240))),
}


def frames(scene):
    drawing = scene.drawing()
    return [bytes(scene.draw(drawing, t)) for t in (0.0, 0.5, 0.9)]


@pytest.fixture
def wild():
    with matplotlib.rc_context(WILD):
        before = dict(dict.items(matplotlib.rcParams))
        yield
        assert {key: value for key, value in dict.items(matplotlib.rcParams) if value != before[key]} == {}


def under(settings, draw):
    with matplotlib.rc_context(settings):
        return draw()


@pytest.mark.parametrize("name", DRAWN)
def test_settings_change_no_bit_when_it_is_made_and_drawn(name, wild):
    found = DRAWN[name]()
    usual = {key: value for key, value in dict.items(matplotlib.rcParamsDefault) if not key.startswith("backend")}
    assert found == under(usual, DRAWN[name])


def test_settings_change_no_bit_when_it_is_only_drawn():
    make = lambda: cells.cells(RESULTS)  # noqa: E731
    made = make()
    assert under(WILD, lambda: saved(made)) == saved(make())


def test_a_film_and_a_sheet_are_the_same_under_a_dark_style(tmp_path):
    scene = scenes.step(seconds=0.1, size=(160, 160))
    for i, settings in enumerate(({}, WILD)):
        with matplotlib.rc_context(settings):
            for suffix in (".png", ".svg", ".gif", ".html"):
                scene.save(tmp_path / f"{i}{suffix}")
            sheet.write(tmp_path / f"{i}.sheet.png", {"step": scenes.step, "exp": scenes.exp}, (160, 160))
    ours, theirs = ({p.name[1:]: p.read_bytes() for p in tmp_path.glob(f"{i}*")} for i in (0, 1))
    assert len(ours) == 5 and ours == theirs


def test_settings_come_back_and_what_another_thread_sets_meanwhile_stays():
    with matplotlib.rc_context({"lines.linewidth": 7.0, "font.size": 20.0}):
        with look.usual():
            assert (matplotlib.rcParams["lines.linewidth"], matplotlib.rcParams["font.size"]) == (1.5, 10.0)
            matplotlib.rcParams["font.size"] = 12.0
        assert (matplotlib.rcParams["lines.linewidth"], matplotlib.rcParams["font.size"]) == (7.0, 12.0)


def test_eight_threads_save_the_same_bytes_and_leave_the_settings(tmp_path):
    before = dict(dict.items(matplotlib.rcParams))

    def work(i):
        for k in range(3):
            files.save(scenes.exp(size=(160, 160)).still(), tmp_path / f"{i}-{k}.svg")

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1 and len(list(tmp_path.iterdir())) == 24
    assert dict(dict.items(matplotlib.rcParams)) == before


def test_a_matplotlibrc_and_a_backend_of_the_user_change_no_bit(tmp_path):
    (tmp_path / "matplotlibrc").write_text("savefig.bbox: tight\nfont.size: 30\nfigure.facecolor: black\n")
    words = [sys.executable, "-m", "viz", "step", "--size", "160x160", "--out"]
    (tmp_path / "a").mkdir()
    theirs = {"MATPLOTLIBRC": str(tmp_path), "MPLBACKEND": "svg"}
    root = Path(__file__).parents[2]
    subprocess.run([*words, str(tmp_path / "a/1.png")], cwd=root, check=True)
    subprocess.run([*words, str(tmp_path / "a/2.png")], cwd=root, check=True, env=os.environ | theirs)
    assert (tmp_path / "a/1.png").read_bytes() == (tmp_path / "a/2.png").read_bytes()


@pytest.mark.parametrize("rounded", [int, lambda x: int(x + 1e-8), round])
def test_every_even_size_is_that_many_pixels_however_matplotlib_rounds(rounded):
    """matplotlib 3.11.0 truncates: 141 of these sizes came out a pixel short."""
    for pixels in range(SMALLEST, LARGEST + 1, 2):
        assert rounded(look._inches(pixels, 100.0) * 100.0) == pixels
    assert sum(int(pixels / 100.0 * 100.0) != pixels for pixels in range(SMALLEST, LARGEST + 1, 2)) == 141


def test_a_size_that_truncation_cuts_is_a_whole_picture():
    scene = scenes.exp(size=(290, 574))
    drawing = scene.drawing()
    assert drawing.canvas.get_width_height() == (290, 574)
    assert np.array(scene.draw(drawing, 0.5)).shape == (574, 290, 4)
