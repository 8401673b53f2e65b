"""A view is the drawing of the unit sphere, with marks on it, on a plain 2-D Axes.

Layers from the back: planes behind, the disc, contour lines, graticule, hidden halves (dashed and faded), limb, planes
in front, curves, vectors, points, labels with a halo. An artist is made once per name and part, then updated in
place; its gid is "name.part", and its data are screen coordinates of `view.camera`, to be read back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke

from grassmann_np.geometry import sphere

from . import lossmap
from .camera import NEVER, Camera
from .lettering import Asked, Lettering, tall
from .losses import Loss
from .marks import Area, Curve, Disc, Label, Mark, Plane, Point, Ring, Style, Trail, Vector, key, mirrored, on_sphere
from .themes import LIGHT, Theme

PLANE_BEHIND, DISC, CONTOUR, GRATICULE, HIDDEN, LIMB, PLANE, CURVE, VECTOR, POINT, LABEL = range(1, 12)
PARTS = 8  # of a mark, at most
FADED = 0.4
RECENT = 6  # points of a fading trail that do not fade


class View:
    """The sphere on `axes`, its lines `unit` times as wide as at 480 pixels of height.

    With a `loss`, the sphere carries its map. With `ghost`, the antipode -y of everything is drawn too, faded: y and -y
    are one line. `window` is (x, y, reach): the axes show the square of that centre and half-width.
    """

    def __init__(
        self,
        axes: Axes,
        window: tuple[float, float, float] = (0.0, 0.0, 1.3),
        unit: float = 1.0,
        loss: Loss | None = None,
        ghost: bool = False,
        theme: Theme = LIGHT,
    ) -> None:
        self.theme = theme
        self.axes, self.unit, self.loss, self.ghost = axes, unit, loss, ghost
        x, y, self.reach = window
        self.limits = lossmap.limits(loss) if loss else (0.0, 1.0)
        self.artists: dict[str, Artist] = {}
        self.changed: set[Artist] = set()  # since a drawing has last taken note
        self.camera = Camera(np.array([1.0, 0.0, 0.0]))  # until the first update
        self.drawn: dict[str, tuple[Any, ...]] = {}  # what each mark was drawn from
        self.words: dict[str, list[Asked]] = {}  # and its words
        self.placed = 0
        self.lettering = Lettering(axes, unit, theme)
        frame = {"xlim": (x - self.reach, x + self.reach), "ylim": (y - self.reach, y + self.reach)}
        axes.set(**frame, aspect="equal")
        axes.set_axis_off()
        self.pixels = round(2 * axes.transData.transform([1, 1])[0] - 2 * axes.transData.transform([0, 0])[0])
        self.disc = axes.imshow(
            lossmap.plain(self.pixels, self.theme.disc),
            extent=(-1, 1, -1, 1),
            origin="lower",
            zorder=DISC,
            interpolation="bilinear",
            animated=True,
            gid="disc.image",
            clip_on=False,
        )
        axes.set(**frame)
        angle = np.linspace(0, 2 * np.pi, 241)
        self._line("limb.line", np.stack([np.cos(angle), np.sin(angle)]), Style(self.theme.limb, 1.3), LIMB)

    def update(self, marks: dict[str, Mark], camera: Camera, anew: bool = False) -> None:
        """Show these marks, and nothing else, from this camera; `anew`: no word keeps its place for having had it.

        A mark that is as it was in the frame before is not drawn up again.
        """
        if anew:
            self.lettering.taken = {}
        turned = "graticule.line" not in self.artists or not np.array_equal(camera.direction, self.camera.direction)
        if turned:
            self.camera = camera
            self._surface()
        shown = {name: (mark, 1.0) for name, mark in marks.items()}
        if self.ghost:
            both = ({name: (mark, 1.0), f"{name}-ghost": (mirrored(mark), FADED)} for name, mark in marks.items())
            shown = {name: one for pair in both for name, one in pair.items()}
        before, self.drawn = self.drawn, {name: (i, key(one[0])) for i, (name, one) in enumerate(shown.items())}
        if self.drawn == before and not (turned or anew):
            return
        same = [name for name, one in self.drawn.items() if not turned and before.get(name) == one]
        kept = tuple(f"{name}." for name in ("limb", "graticule", "contour", *same))
        for gid, artist in self.artists.items():
            if artist.get_visible() and (not gid.startswith(kept) or gid.endswith(".label")):
                artist.set_visible(False)
                self.changed.add(artist)
        self.words = {name: self.words[name] for name in same}
        for i, (name, (mark, alpha)) in enumerate(shown.items()):
            if name not in same:
                self.placed, self.words[name] = PARTS * i, []
                self._mark(name, mark, alpha, self.words[name])
        words = [word for name in shown for word in self.words[name]]
        for word in self.lettering.place(words, [mark for mark, _ in shown.values()], camera, self._get):
            self._place(word, LABEL)

    def layers(self) -> list[Artist]:
        """What is seen, in drawing order."""
        seen = [artist for artist in (self.disc, *self.artists.values()) if artist.get_visible()]
        return sorted(seen, key=Artist.get_zorder)

    def _surface(self) -> None:
        """What lies on the sphere itself: the loss map with its contour lines, and the graticule every 30 degrees."""
        style = Style(self.theme.grid, 0.6)
        if self.loss:
            how = self.theme.grey, self.theme.dark
            self.changed.add(self.disc)
            self.disc.set_data(lossmap.coloured(self.loss, self.limits, self.camera, self.pixels, *how))
            lines = lossmap.contours(self.loss, self.limits, self.camera)
            self._line("contour.line", lines, Style("#ffffff", 0.9), CONTOUR, alpha=0.35 if self.theme.dark else 0.8)
            style = Style(self.theme.over, 0.5)
        around, upward = np.radians(np.linspace(0, 360, 121)), np.radians(np.linspace(-90, 90, 61))
        circles = [_spherical(around, np.radians(b) + 0 * around) for b in range(-60, 90, 30)]
        circles += [_spherical(np.radians(a) + 0 * upward, upward) for a in range(0, 360, 30)]
        visible = [part for circle in circles for part in (self.camera.split_curve(circle)[0], NEVER)]
        self._line("graticule.line", self.camera.screen(np.hstack(visible)), style, GRATICULE, alpha=0.45)

    def _mark(self, name: str, mark: Mark, alpha: float, words: list[Asked]) -> None:
        style, screen = self.theme.styles[mark.role], self.camera.screen
        match mark:
            case Point(at, label, _, aside):
                hidden = bool(self.camera.hidden(at, on_sphere(at)))
                self._dot(f"{name}.dot", screen(at), style, hidden, alpha)
                side = np.array([0, -1]) if aside is None else screen(aside)
                words.append((name, label, screen(at), side, style.color))
            case Vector(at, v, _, label, head):
                self._arrow(name, at, v, style, alpha, head)
                words.append((name, label, screen(at + v), screen(v), style.color))
            case Curve(points):
                self._curve(name, points, style, alpha)
            case Trail(points):
                cut = max(0, points.shape[1] - RECENT) if mark.fade else 0
                if cut:
                    self._trail(f"{name}.old", Trail(points[:, : cut + 1], mark.role), style, FADED * alpha)
                self._trail(name, Trail(points[:, cut:], mark.role), style, alpha)
            case Area(points):
                self._area(f"{name}.area", points, style, alpha)
            case Label(at, text, _, aside):
                words.append((name, text, screen(at), np.zeros(2) if aside is None else screen(aside), style.color))
            case Ring(at, _, label):
                ring = screen(mark.points())
                self._line(f"{name}.line", ring, style, CURVE if self.camera.depth(at) > 0 else PLANE_BEHIND, alpha)
                lowest = ring[:, np.argmin(ring[1])]
                words.append((name, label, lowest, lowest - screen(at), style.color))
            case Plane(at):
                self._plane(f"{name}.plane", screen(mark.corners()), style, bool(self.camera.depth(at) > 0), alpha)
            case Disc(normal):
                self._disc(name, normal, style, alpha)

    def _arrow(self, name: str, y: np.ndarray, v: np.ndarray, style: Style, alpha: float, head: bool) -> None:
        """A shaft and, in the tangent plane of y (of the origin: facing the eye), a triangle min(.11, .6 |v|) long."""
        length = float(np.linalg.norm(v))
        if length == 0:
            return
        u, high = v / length, tall(length) if head else 0.0
        visible, hidden = self.camera.split_path(np.stack([y, y + v - 0.9 * high * u], axis=1))
        self._halves(name, self.camera.screen(visible), self.camera.screen(hidden), style, VECTOR, alpha)
        if head:
            across = np.cross(y if np.any(y) else self.camera.direction, u)
            across = across / np.linalg.norm(across) if np.any(across) else _tangent(y, self.camera)
            base = y + v - high * u
            corners = np.stack([y + v, base + 0.36 * high * across, base - 0.36 * high * across], axis=1)
            behind = bool(self.camera.hidden(y + v - high / 2 * u, on_sphere=False))
            patch = self._get(f"{name}.head", lambda: Polygon(corners[:2].T))
            patch.set_xy(self.camera.screen(corners).T)
            patch.set_facecolor(style.color)
            patch.set_edgecolor(self.theme.ground)
            patch.set_linewidth(0.7 * self.unit)
            patch.set_alpha(alpha * (FADED if behind else 1))
            self._place(patch, HIDDEN if behind else VECTOR)

    def _trail(self, name: str, trail: Trail, style: Style, alpha: float) -> None:
        self._curve(name, trail.path(), style, alpha)
        seen = trail.points[:, ~self.camera.hidden(trail.points, on_sphere(trail.points))]
        self._dots(f"{name}.dots", self.camera.screen(seen), style, alpha)

    def _curve(self, name: str, points: np.ndarray, style: Style, alpha: float) -> None:
        split = self.camera.split_curve if on_sphere(points) else self.camera.split_path
        visible, hidden = map(self.camera.screen, split(points))
        self._halves(name, visible, hidden, style, CURVE, alpha)

    def _halves(self, name: str, visible: Any, hidden: Any, style: Style, layer: int, alpha: float) -> None:
        self._line(f"{name}.front", visible, style, layer, alpha)
        if layer == VECTOR and style.width > 2:
            halo = withStroke(linewidth=(style.width + 1.8) * self.unit, foreground=self.theme.ground)
            self.artists[f"{name}.front"].set_path_effects([halo])
        self._line(f"{name}.back", hidden, Style(style.color, 0.7 * style.width, (1.6, 1.6)), HIDDEN, FADED * alpha)

    def _line(self, gid: str, points: np.ndarray, style: Style, layer: int, alpha: float = 1.0) -> None:
        line = self._get(gid, lambda: Line2D([], [], dash_capstyle="butt", solid_capstyle="butt"))
        line.set_data(points)
        line.set_color(style.color)
        line.set_alpha(alpha)
        line.set_linewidth(style.width * self.unit)
        line.set_linestyle((0, style.dashes) if style.dashes else "-")
        self._place(line, layer)
        line.set_visible(bool(np.isfinite(points).any()))

    def _dot(self, gid: str, at: np.ndarray, style: Style, hidden: bool, alpha: float) -> None:
        dot = self._get(gid, lambda: Line2D([], [], linestyle="", marker="o"))
        dot.set_data(at[:, None])
        dot.set_alpha(alpha * (FADED if hidden else 1))
        dot.set_markersize(8 * self.unit)
        dot.set_markeredgewidth(1.4 * self.unit)
        dot.set_markerfacecolor("none" if hidden else style.color)
        dot.set_markeredgecolor(style.color if hidden else self.theme.ground)
        self._place(dot, HIDDEN if hidden else POINT)

    def _dots(self, gid: str, at: np.ndarray, style: Style, alpha: float) -> None:
        dots = self._get(gid, lambda: Line2D([], [], linestyle="", marker="o", markeredgecolor=self.theme.ground))
        dots.set_data(at)
        dots.set_alpha(alpha)
        dots.set_markerfacecolor(style.color)
        dots.set_markersize(4.4 * self.unit)
        dots.set_markeredgewidth(0.6 * self.unit)
        self._place(dots, VECTOR)

    def _area(self, gid: str, points: np.ndarray, style: Style, alpha: float) -> None:
        """What is behind goes to the limb: for less than half a sphere, that is the visible part's outline."""
        screen, behind = self.camera.screen(points), self.camera.depth(points) < 0
        if not behind.all():
            screen = np.where(behind, screen / np.maximum(np.hypot(*screen), 1e-12), screen)
            self._plane(gid, screen, style, True, alpha)

    def _disc(self, name: str, normal: np.ndarray, style: Style, alpha: float) -> None:
        """Two half-discs that meet on the plane of the limb; the one behind is fainter."""
        across = np.cross(normal, self.camera.direction)
        across = across / np.linalg.norm(across) if np.any(across) else _tangent(normal, self.camera)
        angle = np.linspace(0, np.pi, 49)
        toward = np.cross(across, normal)
        for part, side, strength in (("back", -1, FADED), ("front", 1, 1.0)):
            half = np.outer(across, np.cos(angle)) + side * np.outer(toward, np.sin(angle))
            self._plane(f"{name}.{part}", self.camera.screen(half), style, True, strength * alpha)
            self.artists[f"{name}.{part}"].set(linewidth=0)

    def _plane(self, gid: str, corners: np.ndarray, style: Style, front: bool, alpha: float) -> None:
        patch = self._get(gid, lambda: Polygon(corners.T))
        patch.set_xy(corners.T)
        patch.set_facecolor((style.color, 0.28 * alpha))
        patch.set_edgecolor((style.color, 0.9 * alpha))
        patch.set_linewidth(style.width * self.unit)
        self._place(patch, PLANE if front else PLANE_BEHIND)

    def _place(self, artist: Artist, layer: int) -> None:
        """Show an artist in its layer, over what this update has put there before."""
        self.placed += 1
        artist.set_zorder(layer + self.placed / 1_000_000)
        artist.set_visible(True)

    def _get(self, gid: str, make: Any) -> Any:
        """The artist of that gid, made and put on the axes when first asked for."""
        if gid not in self.artists:
            artist = make()
            if artist.axes is None:
                self.axes.add_artist(artist)
            artist.set(animated=True, gid=gid, clip_on=False)
            self.artists[gid] = artist
        self.changed.add(self.artists[gid])
        return self.artists[gid]


def _spherical(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


def _tangent(y: np.ndarray, camera: Camera) -> np.ndarray:
    """A unit tangent vector at y, to the right on the screen wherever there is such a one."""
    e = sphere.project(y, camera.right)
    tangent: np.ndarray = sphere.normalize(e if np.any(e) else sphere.project(y, camera.up))
    return tangent
