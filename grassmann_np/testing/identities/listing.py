"""The catalogue as a page: a section a chapter, an entry an identity, what it says and what it catches."""

from __future__ import annotations

from types import ModuleType

from ..cases import KINDS
from .catalogue import Identity

UNITS = {"eps": "within {:g} eps of the natural scale", "slope": "its slope falls short by at most {:g}"}


def listed(chapters: tuple[ModuleType, ...]) -> str:
    """Markdown, from the docstrings."""
    lines: list[str] = []
    for chapter in chapters:
        heading = (chapter.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        source = f"grassmann_np/testing/identities/{chapter.__name__.rpartition('.')[2]}.py"
        lines += [f"## {heading}", "", f"In `{source}`.", ""]
        for one in (item for item in vars(chapter).values() if isinstance(item, Identity)):
            kinds = "all kinds" if one.kinds == KINDS else ", ".join(one.kinds)
            limit = "exactly" if one.limit == 0 else UNITS[one.unit].format(one.limit)
            lines += [f"**{one.number} {one.name}** ({kinds}; {limit})", "", f"`{one.statement}`", ""]
            lines += [f"Only grassmann_np promises that {one.promise}.", ""] if one.promise else []
            lines += [f"As with: {one.catches}.", ""] if one.catches else []
    return "\n".join(lines)
