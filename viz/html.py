"""A film as HTML: a figure with the film inside, as a data URI; alone for a notebook, or in a page of one file."""

from __future__ import annotations

import base64
from html import escape

CONTROLS = 64  # pixels
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --line: #d0d7de }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #a3acb5; --paper: #14171a; --line: #3a4148 } }
body { margin: 0 auto; max-width: 52rem; padding: 1.6rem 1.1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif }
h1 { font-size: clamp(1.3rem, 4vw, 1.8rem); line-height: 1.2; margin: 0 0 .8rem }
figure video, figure img { background: #fff; border-radius: 10px; border: 1px solid var(--line) }
figcaption, code { color: var(--soft) }
"""


def figure(film: bytes, kind: str, caption: str, size: tuple[int, int]) -> str:
    """The film, of media type `kind`, over its caption; the caption is its alt text too."""
    source, words = f"data:{kind};base64,{base64.b64encode(film).decode()}", escape(caption)
    width, height = size
    if kind.startswith("video/"):  # with room for the controls below the picture, whose last lines are words
        style = (  # in JupyterLab a video that is not positioned is not what Chromium finds under the mouse
            f"max-width: 100%; height: auto; aspect-ratio: {width}/{height + CONTROLS}; object-fit: contain; "
            "object-position: top; background: #fff; position: relative; z-index: 1"
        )
        shown = (
            f'<video controls loop muted playsinline width="{width}" style="{style}" aria-label="{words}" '
            f'src="{source}"></video>'
        )
    else:
        shown = (
            f'<img width="{width}" height="{height}" style="max-width: 100%; height: auto" alt="{words}" '
            f'src="{source}">'
        )
    return f'<figure style="margin: 0; max-width: {size[0]}px">{shown}<figcaption>{words}</figcaption></figure>'


def page(title: str, body: str, command: str) -> str:
    """A whole page, light or dark as the reader has it."""
    again = f"\n<p><code>{escape(command)}</code></p>" if command else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}{again}
</body>
</html>
"""
