"""A text table puts a film's words into another language. It maps texts with {} for every number to such texts.

`python -m viz clip --out clip.json` writes that of a film, each text beside itself; where it has been translated,
`--words clip.json` draws the film so. One table may hold the words of many films.

>>> said("The loss goes from 0.65 to 0.31.", {"The loss goes from {} to {}.": "La perte passe de {} à {}."})
'La perte passe de 0.65 à 0.31.'
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np

from grassmann_np.files import beside

from .marks import Mark

if TYPE_CHECKING:
    from .animation import Animation
    from .drawing import Frame

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
TEXTS = ("label", "text")  # fields of marks


def pattern(text: str) -> str:
    """The text with {} for every number, and braces doubled, as str.format wants them."""
    return NUMBER.sub("{}", text.replace("{", "{{").replace("}", "}}"))


def said(text: str, table: Mapping[str, str]) -> str:
    """The text as the table has it; as it is where the table does not have it.

    The other text may change the order of the numbers: {1} {0}. ValueError for one that asks for more than there are.
    """
    key = pattern(text)
    return _filled(key, table[key], NUMBER.findall(text)) if key in table else text


def read(path: str | Path, film: Animation) -> dict[str, str]:
    """The table in a JSON file.

    ValueError for a file that holds something else, a text that does not fit its key, or none of the film's texts.
    """
    try:
        table = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as wrong:
        raise ValueError(f"{path}: expected JSON, got something else: {wrong}") from None
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        raise ValueError(f'{path}: expected {{"text": "other text", ...}}, got another kind of JSON')
    for key, text in table.items():
        try:
            _filled(key, text, ["0"] * sum(field is not None for _, field, *_ in Formatter().parse(key)))
        except ValueError as wrong:
            raise ValueError(f"{path}: {wrong}") from None
    if not table.keys() & set(patterns(film)):
        raise ValueError(f"{path}: expected texts of this film as keys, got none; --out FILE.json writes them")
    return table


def write(path: str | Path, film: Animation) -> Path:
    """The table of the film's own words as JSON, each text beside itself: to translate."""
    with beside(path) as part:
        text = json.dumps({key: key for key in patterns(film)}, ensure_ascii=False, indent=1)
        part.write_text(text + "\n", encoding="utf-8", newline="\n")
    return Path(path)


def translated(film: Animation, table: Mapping[str, str]) -> Animation:
    """The film with its title, captions, headings, names on marks and words on panels as the table has them."""

    def frame(t: float) -> Frame:
        now = film.frame(t)
        beside = (_marks(now.beside[0], table), now.beside[1]) if now.beside else None
        return replace(now, marks=_marks(now.marks, table), caption=said(now.caption, table), beside=beside)

    panels = tuple(
        replace(
            panel,
            title=said(panel.title, table),
            xlabel=said(panel.xlabel, table),
            lines=tuple(replace(line, name=said(line.name, table)) for line in panel.lines),
        )
        for panel in film.panels
    )
    return replace(
        film,
        frame=frame,
        title=said(film.title, table),
        caption=said(film.caption, table),
        spheres=tuple(replace(sphere, heading=said(sphere.heading, table)) for sphere in film.spheres),
        panels=panels,
        tiles=film.tiles and replace(film.tiles, title=said(film.tiles.title, table)),
    )


def patterns(film: Animation, moments: int = 101) -> list[str]:
    """The keys that a table of the film's words has, in the order in which they are seen at so many moments."""
    texts = [film.title, film.caption, *(sphere.heading for sphere in film.spheres)]
    for panel in film.panels:
        texts += [panel.title, panel.xlabel, *(line.name for line in panel.lines)]
    texts += [film.tiles.title] if film.tiles else []
    for t in np.linspace(0, 1, moments):
        frame = film.frame(float(t))
        texts.append(frame.caption)
        texts += [getattr(mark, key) for marks, _ in frame.views for mark in marks.values() for key in _texts(mark)]
    return list(dict.fromkeys(pattern(text) for text in texts if text))


def _filled(key: str, text: str, numbers: list[str]) -> str:
    """The text of that key with the numbers in it."""
    try:
        return text.format(*numbers)
    except (AttributeError, IndexError, KeyError, ValueError) as wrong:
        raise ValueError(f"words: {text!r} does not fit {key!r}: {wrong}") from None


def _marks(marks: dict[str, Mark], table: Mapping[str, str]) -> dict[str, Mark]:
    return {name: _mark(mark, table) for name, mark in marks.items()}


def _mark(mark: Mark, table: Mapping[str, str]) -> Mark:
    changed: Any = {key: said(getattr(mark, key), table) for key in _texts(mark)}
    return replace(mark, **changed)


def _texts(mark: Mark) -> list[str]:
    return [field.name for field in fields(mark) if field.name in TEXTS]
