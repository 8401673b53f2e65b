"""A picture is a still figure that a notebook and the site can show: drawn when it is shown, over its caption."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

from . import html
from .look import usual


class Picture:
    """`figure`, whose label is the caption and the alt text.  ValueError for a figure without one."""

    def __init__(self, figure: Figure) -> None:
        if not figure.get_label():
            raise ValueError("figure: expected a caption, set by figure.set_label(...): it is the picture's alt text")
        self.figure = figure

    def _repr_html_(self) -> str:
        """Twice as many dots as the page gives it, for sharp screens."""
        png, (width, height) = BytesIO(), self.figure.canvas.get_width_height()
        with usual():
            self.figure.savefig(png, format="png", dpi=2 * self.figure.dpi)
        return html.figure(png.getvalue(), "image/png", str(self.figure.get_label()), (width, height))
