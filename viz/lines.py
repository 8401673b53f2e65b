"""A line of words is no wider than its room: a caption breaks into a few lines of even length, other words shrink."""

from __future__ import annotations

import re
import textwrap

from matplotlib.text import Text

from .look import points

FORMULA = re.compile(r" ([=−+<]) ")  # no line ends at these
UNIT = re.compile(r"(?<=\d) (?=(%|rad\b|degrees\b))")  # nor between a number and its unit


def fit(text: Text, width: float) -> None:
    """Set the words smaller where they are wider than that many pixels; words that cannot be read are left out."""
    while text.get_window_extent().width > width:
        if float(text.get_fontsize()) <= points(0, 1):
            text.set_text("")
            break
        text.set_fontsize(max(points(0, 1), 0.96 * float(text.get_fontsize())))


def wrapped(caption: Text, words: str, em: float, room: float) -> str:
    """The words in as few lines as fit into `room`, the lines of even length; both lengths are in pixels.

    They are measured as `caption`, whose font is `em` high.
    """
    words = UNIT.sub("\u00a0", words)
    for whole in (FORMULA.sub("\u00a0\\1\u00a0", words), words):  # formulas in one piece, if they are not too long
        columns = int(room / (0.5 * em))
        while columns > 8:
            caption.set_text(_lines(whole, columns))
            if caption.get_window_extent().width <= room:
                return _evened(whole, columns).replace("\u00a0", " ")
            columns -= 1
    return _lines(words, columns).replace("\u00a0", " ")


def _lines(text: str, columns: int) -> str:
    """The text in lines of that many columns; a word that is longer has a line of its own."""
    return "\n".join(textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False))


def _evened(text: str, columns: int) -> str:
    """The text in as few lines as that many columns allow, the lines of even length."""
    lines = _lines(text, columns)
    for fewer in range(columns - 1, 0, -1):
        shorter = _lines(text, fewer)
        if shorter.count("\n") > lines.count("\n") or max(map(len, shorter.split("\n"))) > fewer:
            break
        lines = shorter
    return lines
