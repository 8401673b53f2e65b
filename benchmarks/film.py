"""Frames per second of the step film against FuncAnimation on mplot3d, which draws the same scene the common way.

    python benchmarks/film.py

Both draw the marks of the same scene on a sphere coloured by the same loss, with the same formulas, curve and caption
beside it, and hand raw frames to the same ffmpeg with the same settings. The two take turns; medians are printed.
mplot3d keeps what need not be drawn anew: the sphere is made once, and only what moves is removed and added.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.animation import FFMpegWriter, FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from viz import render, scenes
from viz.animation import Animation
from viz.marks import STYLES, Curve, Mark, Plane, Point, Ring, Vector

CODED = ["-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]  # as viz/render.py


def ours(scene: Animation, path: Path) -> None:
    """The film as the project draws it."""
    scene.save(path)


def mplot3d(scene: Animation, path: Path) -> None:
    """The same film by FuncAnimation on a 3-D axes."""
    width, height = scene.size
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0.14, 0.64, 0.86), projection="3d", computed_zorder=False)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1), box_aspect=(1, 1, 1))
    axes.set_proj_type("ortho")
    axes.set_axis_off()
    _sphere(axes, scene)
    camera = scene.frame(0.0).camera.direction
    axes.view_init(np.degrees(np.arcsin(camera[2])), np.degrees(np.arctan2(camera[1], camera[0])))
    figure.text(0.66, 0.94, scene.title, weight="bold")
    lines = [figure.text(0.68, 0.88 - 0.045 * i, formula.text) for i, formula in enumerate(scene.formulas)]
    panel = figure.add_axes((0.72, 0.24, 0.24, 0.24))
    panel.plot(*scene.panels[0].lines[0].points, "--")
    (walked,), (here,) = panel.plot([], []), panel.plot([], [], "o")
    caption, moving = figure.text(0.02, 0.02, "", fontsize=9, wrap=True), []
    count = max(2, round(scene.seconds * render.FILMS[".mp4"]))

    def draw(i: int) -> None:
        frame = scene.frame(i / (count - 1))
        for artist in moving:
            artist.remove()
        moving[:] = [artist for mark in frame.marks.values() for artist in _artists(axes, mark)]
        for n, line in enumerate(lines):
            line.set_color("black" if n <= frame.formula else "grey")
        caption.set_text(frame.caption)
        walked.set_data(frame.curves[0])
        here.set_data(frame.curves[0][:, -1:])

    with matplotlib.rc_context({"animation.ffmpeg_path": render.encoder()}):
        writer = FFMpegWriter(fps=render.FILMS[".mp4"], codec="libx264", extra_args=CODED)
        FuncAnimation(figure, draw, frames=count, init_func=lambda: None).save(path, writer=writer)


def _sphere(axes, scene: Animation) -> None:
    """The unit sphere in 30 x 60 patches, coloured by the loss."""
    b, a = np.meshgrid(np.linspace(-np.pi / 2, np.pi / 2, 31), np.linspace(0, 2 * np.pi, 61), indexing="ij")
    points = np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)])
    f = scene.loss(points.reshape(3, -1))[0].reshape(a.shape)
    colors = colormaps["cividis_r"]((f - f.min()) / np.ptp(f))
    axes.plot_surface(*points, facecolors=colors, rstride=1, cstride=1, shade=False, zorder=0)


def _artists(axes, mark: Mark) -> list:
    """A mark on the 3-D axes."""
    color = STYLES[mark.role].color
    match mark:
        case Point(at):
            return axes.plot(*at[:, None], "o", color=color, zorder=4)
        case Vector(at, v, _, label):
            arrow = axes.quiver(*at, *v, color=color, arrow_length_ratio=0.15, zorder=3)
            return [arrow, axes.text(*(at + 1.1 * v), label, color=color, zorder=5)]
        case Curve(points):
            return axes.plot(*points, color=color, zorder=2)
        case Ring():
            return axes.plot(*mark.points(), ":", color=color, zorder=2)
        case Plane():
            return [axes.add_collection3d(Poly3DCollection([mark.corners().T], facecolor=color, alpha=0.28, zorder=1))]


def main() -> None:
    """Times both films, in turns, and prints medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each film; default %(default)s")
    parser.add_argument("--repeats", type=int, default=3, help="of each film; default %(default)s")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to leave the two films")
    options = parser.parse_args()
    scene = scenes.step(seconds=options.seconds)
    count, spent = round(options.seconds * render.FILMS[".mp4"]), {ours: [], mplot3d: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.repeats):
            for film, seconds in spent.items():
                start = time.perf_counter()
                film(scene, (options.keep or Path(folder)) / f"{film.__name__}.mp4")
                seconds.append(time.perf_counter() - start)
    fast, slow = (count / np.median(seconds) for seconds in spent.values())
    print(
        f"{count} frames of {scene.size[0]} x {scene.size[1]} to mp4, median of {options.repeats}: viz "
        f"{fast:.1f} frames/s, FuncAnimation on mplot3d {slow:.1f} frames/s, ratio {fast / slow:.1f}"
    )


if __name__ == "__main__":
    main()
