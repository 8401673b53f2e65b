"""A still figure as a notebook shows it."""

import base64
import io
import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from viz.picture import Picture


def test_shows_the_figure_sharply_over_its_caption():
    figure = Figure(figsize=(3, 2), dpi=100)
    FigureCanvasAgg(figure)
    figure.set_label("2 < 3")
    page = Picture(figure)._repr_html_()
    png = base64.b64decode(re.search(r'base64,([^"]*)"', page).group(1))
    assert Image.open(io.BytesIO(png)).size == (600, 400)
    assert 'width="300" height="200"' in page and page.count("2 &lt; 3") == 2


def test_asks_for_a_caption():
    with pytest.raises(ValueError, match="expected a caption"):
        Picture(Figure())
