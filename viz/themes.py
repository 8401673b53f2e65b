"""A theme is how a film is painted: its ground, its ink, its roles' colours, its font; three by name, THEMES.

`print` is for paper without colour: roles keep their dashes and widths, which repeat what colour says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from matplotlib import font_manager
from matplotlib.colors import to_rgb

from .lossmap import LUMINANCE
from .marks import STYLES, Style
from .panels import FAINT, FONT


@dataclass(frozen=True)
class Theme:
    """Colours as matplotlib takes them; `disc` is that of a sphere without a loss, 0 to 255.

    `grid` and `over` are those of the graticule, without a loss and over its map. With `grey` the map is grey, with
    `dark` dark.
    """

    ground: str
    ink: str
    limb: str
    grid: str
    over: str
    faint: str
    disc: tuple[int, int, int]
    styles: dict[str, Style]
    grey: bool = False
    dark: bool = False
    font: str = FONT


def grey(colour: str) -> str:
    """The grey that is as light.

    >>> grey("#56B4E9")
    '0.619'
    """
    return f"{LUMINANCE @ to_rgb(colour):.3f}"


def _painted(change: dict[str, str]) -> dict[str, Style]:
    return {role: replace(style, color=change.get(style.color, style.color)) for role, style in STYLES.items()}


_ON_DARK = {  # the same hues, as light as dark ground asks for
    "#000000": "#f1f3f5",
    "#0072B2": "#4dabf7",
    "#444444": "#adb5bd",
    "#D55E00": "#ff8c42",
    "#009E73": "#20c997",
}
_IN_GREY = {style.color: grey(style.color) for style in STYLES.values()}
LIGHT = Theme("white", "black", "#333333", "#8c96a3", "#31415a", FAINT, (247, 249, 252), STYLES)
THEMES = {
    "light": LIGHT,
    "dark": Theme(
        "#14181d", "#f1f3f5", "#ced4da", "#6c757d", "#adb5bd", "#868e96", (52, 58, 66), _painted(_ON_DARK), dark=True
    ),
    "print": Theme("white", "black", "0.2", "0.58", "0.25", "0.62", (250, 250, 250), _painted(_IN_GREY), grey=True),
}


def theme(style: str, font: str = FONT) -> Theme:
    """The theme of that name with that font.  ValueError for an unknown name, or a font that matplotlib cannot find."""
    if style not in THEMES:
        raise ValueError(f"style: expected one of {', '.join(THEMES)}, got {style!r}")
    try:
        font_manager.findfont(font, fallback_to_default=False)
    except ValueError:
        raise ValueError(f"font: expected the name of an installed font, got {font!r}") from None
    return replace(THEMES[style], font=font)
