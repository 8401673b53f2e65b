"""Frames by the second of CPU of the step film, beside FuncAnimation on mplot3d and, if it is installed, manim.

    python benchmarks/film.py [--scene transport] [--size 1280x720]

All draw the marks of the same scene on a sphere coloured by the same loss, with formulas and caption, and write an mp4
of the same size and rate. They take turns; the least CPU time of each is counted, its encoder's with it; of ours also
the least time by the clock, since the encoder works beside it. mplot3d keeps what need not be drawn anew: the sphere is
made once, and only what moves is removed and added; it has our encoder and its settings. manim (Cairo) gets our map of
the loss as an image, the marks projected, and encodes by itself; it leaves the panel out.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.animation import FFMpegWriter, FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from viz import lossmap, render, scenes
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


def manim(scene: Animation, path: Path) -> None:
    """The same film by manim, as a 2-D scene: its own 3-D one projects every curve anew in Python."""
    import manim as m

    (width, height), unit, middle = scene.size, 2.2, np.array([-1.4, 0.6, 0.0])
    settings = {"pixel_width": width, "pixel_height": height, "frame_rate": render.FILMS[".mp4"]}
    settings |= {"background_color": "#ffffff", "renderer": "cairo", "disable_caching": True, "verbosity": "ERROR"}
    settings |= {"progress_bar": "none", "media_dir": str(path.parent / "manim"), "output_file": path.stem}

    def placed(camera, points):
        return np.vstack([unit * camera.screen(points), np.zeros(np.shape(points)[1])]).T + middle

    def shown(camera, mark) -> list:
        color = STYLES[mark.role].color
        match mark:
            case Point(at):
                return [m.Dot(placed(camera, at[:, None])[0], color=color)]
            case Vector(at, v, _, label):
                ends = placed(camera, np.stack([at, at + v], axis=1))
                arrow = m.Arrow(*ends, buff=0, color=color, stroke_width=4, max_tip_length_to_length_ratio=0.15)
                return [arrow, *([words(label, color, 20).move_to(ends[1] + 0.2)] if label else [])]
            case Curve(points):
                return [m.VMobject(color=color).set_points_as_corners(placed(camera, points))]
            case Ring():
                return [m.VMobject(color=color).set_points_as_corners(placed(camera, mark.points()))]
            case Plane():
                return [m.Polygon(*placed(camera, mark.corners()), color=color, fill_opacity=0.28, stroke_width=1)]

    kept = {}

    def words(text, color, size):
        if (text, color) not in kept:
            kept[text, color] = m.Text(text, color=color, font_size=size)
        return kept[text, color].copy()

    class Film(m.Scene):
        def construct(self) -> None:
            limits, camera = lossmap.limits(scene.loss), scene.frame(0.0).camera
            disc = m.ImageMobject(lossmap.coloured(scene.loss, limits, camera, height)[::-1])
            self.add(disc.scale_to_fit_height(2 * unit).move_to(middle))
            lines = [words(one.text.strip("$"), "#000000", 14) for one in scene.formulas]
            self.add(m.VGroup(*lines).arrange(m.DOWN).move_to([3.4, 2.0, 0]))
            time, moving = m.ValueTracker(0.0), m.VGroup()

            def draw(group) -> None:
                frame = scene.frame(time.get_value())
                marks = [one for mark in frame.marks.values() for one in shown(frame.camera, mark)]
                group.submobjects = [*marks, words(frame.caption, "#000000", 12).move_to([0, -3.5, 0])]

            moving.add_updater(draw)
            self.add(moving)
            self.play(time.animate.set_value(1.0), run_time=scene.seconds, rate_func=m.linear)

    with m.tempconfig(settings):
        film = Film()
        film.render()
        Path(film.renderer.file_writer.movie_file_path).replace(path)


def main() -> None:
    """Measures the films, in turns, and prints the best of each and our ratio to it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", default="step", choices=scenes.SCENES, help="ours alone, if not %(default)s")
    parser.add_argument("--size", default="640x480", help="in pixels; default %(default)s")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each film; default %(default)s")
    parser.add_argument("--repeats", type=int, default=3, help="of each film; default %(default)s")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to leave the films")
    options = parser.parse_args()
    size = tuple(map(int, options.size.split("x")))
    scene = scenes.SCENES[options.scene](seconds=options.seconds, size=size)
    films = [ours, *([mplot3d, *([manim] if find_spec("manim") else [])] if options.scene == "step" else [])]
    count, spent, waited = round(options.seconds * render.FILMS[".mp4"]), {film: [] for film in films}, []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.repeats):
            for film, seconds in spent.items():
                start, clock = _cpu(), time.perf_counter()
                film(scene, (options.keep or Path(folder)) / f"{film.__name__}.mp4")
                seconds.append(_cpu() - start)
                waited += [time.perf_counter() - clock] if film is ours else []
    rates = {film: count / min(seconds) for film, seconds in spent.items()}
    fast = rates.pop(ours)
    told = [f"viz {fast:.1f} frames/s ({count / min(waited):.1f} by the clock)"]
    names = {mplot3d: "FuncAnimation on mplot3d", manim: "manim"}
    told += [f"{names[film]} {rate:.1f} frames/s, ratio {fast / rate:.1f}" for film, rate in rates.items()]
    print(
        f"{options.scene}, {count} frames of {scene.size[0]} x {scene.size[1]} to mp4, by CPU time, best of "
        f"{options.repeats}: {', '.join(told)}"
    )


def _cpu() -> float:
    """Seconds of CPU of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
