"""A still as TikZ, for a paper: the spheres and their marks as lines, fills and nodes; what the sphere hides, dashed.

The colours of a loss map stay behind, its contour lines come along; so do labels, not titles, panels and captions: the
paper sets its own. The text needs \\usepackage{tikz}, and nothing else.
"""

from __future__ import annotations

import re

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_hex, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from .drawing import Drawing
from .sphere import View

WIDTH = 12.0  # of the picture, in centimetres
POINT = 2.54 / 72  # centimetres
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "η": "eta", "θ": "theta", "λ": "lambda",
    "μ": "mu", "ν": "nu", "τ": "tau", "φ": "varphi",
}  # fmt: skip
SIGNS = {"−": "-", "°": "^\\circ", "²": "^2", "⁺": "^+", "ĥ": "\\hat h", "|": "|", "<": "<", ">": ">", "√": "\\surd"}
TEX = {
    **{letter: f"$\\{name}$" for letter, name in GREEK.items()},
    **{sign: f"${name}$" for sign, name in SIGNS.items()},
    **{digit: f"$_{i}$" for i, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{mark: f"\\{mark}" for mark in "%&#_{}$"},
    "\\": "\\textbackslash{}",
}


def source(drawing: Drawing, caption: str = "", command: str = "") -> str:
    """The tikzpicture of what the drawing shows now, WIDTH centimetres wide; caption and command become comments."""
    scale = WIDTH / drawing.size[0]
    lines = [r"\begin{tikzpicture}[line cap=butt, line join=round]"]
    if drawing.theme.ground != "white":
        width, height = scale * drawing.size[0], scale * drawing.size[1]
        lines.append(rf"\fill[{_colour(drawing.theme.ground)}] (0,0) rectangle ({width:.3f},{height:.3f});")
    for view in drawing.views:
        centre, edge = scale * view.axes.transData.transform([[0.0, 0.0], [1.0, 0.0]])
        disc = _colour([x / 255 for x in drawing.theme.disc])
        lines.append(rf"\fill[{disc}] {_at(centre)} circle ({edge[0] - centre[0]:.3f});")
        for artist in sorted(view.artists.values(), key=Artist.get_zorder):
            if artist.get_visible():
                lines += _drawn(artist, view, scale)
    about = [f"% {line}" for text in (caption, command) if text for line in text.splitlines()]
    colours = sorted(set(re.findall(r"\bviz([0-9A-F]{6})\b", "\n".join(lines))))
    defined = [rf"\definecolor{{viz{colour}}}{{HTML}}{{{colour}}}" for colour in colours]
    return "\n".join([*about, *defined, *lines, r"\end{tikzpicture}", ""])


def tex(text: str) -> str:
    """The text for TeX, its Greek letters and signs in mathematics.

    >>> tex("−ηh 45.3° 100 %")
    '$-$$\\\\eta$h 45.3$^\\\\circ$ 100 \\\\%'
    """
    return "".join(TEX.get(letter, letter) for letter in text)


def _drawn(artist: Artist, view: View, scale: float) -> list[str]:
    """The commands of one artist; `scale` is centimetres by the pixel."""

    def places(points: np.ndarray) -> np.ndarray:
        placed: np.ndarray = scale * view.axes.transData.transform(points)
        return placed

    alpha = 1.0 if artist.get_alpha() is None else float(artist.get_alpha() or 0.0)
    if isinstance(artist, Text):
        ground = f"fill={_colour(view.theme.ground)}, fill opacity=0.7, text opacity=1, rounded corners=1pt"
        node = rf"\node[{ground}, text={_colour(artist.get_color())}, inner sep=0.8pt, font=\itshape] at"
        return [rf"{node} {_at(places(np.array([artist.get_position()]))[0])} {{{tex(artist.get_text())}}};"]
    if isinstance(artist, Polygon):
        face, edge = artist.get_facecolor(), artist.get_edgecolor()
        path = " -- ".join(map(_at, places(artist.get_xy())))
        how = f"fill={_colour(face)}, fill opacity={to_rgba(face)[3]:.2f}, draw={_colour(edge)}"
        how += f", draw opacity={to_rgba(edge)[3]:.2f}, line width={_points(artist.get_linewidth(), scale)}"
        return [rf"\filldraw[{how}] {path} -- cycle;"]
    if isinstance(artist, Line2D) and artist.get_marker() == "o":
        how = f"fill={_colour(artist.get_markerfacecolor())}, draw={_colour(artist.get_markeredgecolor())}"
        how += f", opacity={alpha:.2f}, line width={_points(artist.get_markeredgewidth(), scale)}"
        radius = artist.get_markersize() / 2 * 100 / 72 * scale
        return [rf"\filldraw[{how}] {_at(p)} circle ({radius:.3f});" for p in places(np.array(artist.get_xydata()))]
    if isinstance(artist, Line2D):
        hidden = str(artist.get_gid()).endswith(".back")
        dash = "dashed" if hidden else "solid" if artist.get_linestyle() == "-" else "densely dashed"
        color = artist.get_color()
        if artist.get_gid() == "contour.line":  # white on the map, which stays behind
            color, alpha = view.theme.over, 0.5 * alpha
        how = f"draw={_colour(color)}, opacity={alpha:.2f}, {dash}"
        how += f", line width={_points(artist.get_linewidth(), scale)}"
        points = places(np.array(artist.get_xydata()))
        ends = np.flatnonzero(np.isnan(points).any(axis=1))
        parts = [part[np.isfinite(part).all(axis=1)] for part in np.split(points, ends)]
        return [rf"\draw[{how}] {' -- '.join(map(_at, part))};" for part in parts if len(part) > 1]
    return []


def _at(p: np.ndarray) -> str:
    return f"({p[0]:.3f},{p[1]:.3f})"


def _points(width: float, scale: float) -> str:
    """A line's width in the paper: as wide against the picture as on the screen."""
    return f"{width * 100 / 72 * scale / POINT:.2f}pt"


def _colour(colour: object) -> str:
    """Its name in the paper, which `source` defines; "none" is white."""
    return "viz" + to_hex("white" if colour == "none" else colour)[1:].upper()  # type: ignore[arg-type]
