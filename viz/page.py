"""A page is one HTML file that holds the comparison and the film: offline, nothing beside it is needed to read it.

The comparison's figure is drawn anew from its results. Whatever was not written here is escaped.
"""

from __future__ import annotations

import base64
import shlex
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from grassmann_np.files import beside, read_json
from grassmann_np.train.results import difference, matched

from . import cells, curves
from .files import ready
from .look import Figure, usual

COMPARE = "python -m grassmann_np compare --data digits --model mlp --seeds 5 --out {folder}/compare"
MAKERS = {  # what the page is made from, and the command that makes it
    "compare/results.json": COMPARE,
    "step.mp4": "python -m viz step --out {folder}/step.mp4",
    "step.gif": "python -m viz step --out {folder}/step.gif",
    "step.png": "python -m viz step --out {folder}/step.png",
}
PITCH = (
    "Batch normalization does not see the length of a weight vector, only its direction. So let each weight vector be "
    "a point of the unit sphere, and let gradient descent walk on great circles: SGD-G and Adam-G."
)
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --line: #d0d7de; --code: #f3f5f7 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #a3acb5; --paper: #14171a; --line: #3a4148; --code: #20252a } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.1rem 3rem; background: var(--paper); color: var(--ink);
  font: 1.02rem/1.6 system-ui, sans-serif }
h1 { font-size: clamp(1.5rem, 5vw, 2.3rem); line-height: 1.2; margin: 0 0 .6rem }
h2 { margin: 2.6rem 0 .7rem; font-size: 1.3rem }
.pitch { font-size: 1.13rem; max-width: 46rem; margin: 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; min-width: 60% }
th, td { padding: .42rem .9rem .42rem 0; border-bottom: 1px solid var(--line); text-align: right }
th:first-child, td:first-child { text-align: left }
thead th { color: var(--soft); font-weight: 600; font-size: .88rem; vertical-align: bottom }
td { white-space: nowrap }
[hidden] { display: none !important }
figure { margin: 0 }
figure img, figure video { display: block; width: 100%; height: auto; background: #fff; border-radius: 10px;
  border: 1px solid var(--line) }
.scroll img { min-width: 38rem }
.film { display: grid; gap: .2rem 1.6rem; align-items: start }
@media (min-width: 58rem) { .film { grid-template-columns: 40rem 1fr } }
#bar { display: flex; gap: .8rem; align-items: center; margin: .5rem 0 }
#bar button { font: inherit; min-width: 5rem; padding: .2rem .8rem }
#bar input { flex: 1 }
figcaption, .soft { color: var(--soft); font-size: .92rem; margin: .6rem 0 }
pre { background: var(--code); padding: .7rem .9rem; border-radius: 8px; overflow-x: auto; font-size: .84rem;
  margin: .8rem 0 }
"""
SCRIPT = """
const film = document.querySelector("video"), still = document.querySelector("#gif");
const bar = document.querySelector("#bar"), button = bar.querySelector("button"), slider = bar.querySelector("input");
film.controls = false;  // over the film they hide its caption: they go below
bar.hidden = false;
button.onclick = () => film.paused ? film.play().catch(() => {}) : film.pause();
film.onplay = film.onpause = () => { button.textContent = film.paused ? "Play" : "Pause"; };
film.ontimeupdate = () => { slider.value = film.currentTime / film.duration || 0; };
slider.oninput = () => { film.pause(); film.currentTime = slider.value * film.duration; };
const swap = () => { still.src = still.dataset.src; still.hidden = false; film.hidden = bar.hidden = true; };
film.querySelector("source").addEventListener("error", swap);
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) film.play().catch(() => {});
"""


def write(folder: str | Path) -> Path:
    """Write folder/index.html from the results and the films in the folder; returns its path.

    FileNotFoundError, naming the command that makes it, for what is missing; ValueError for what it cannot read.
    """
    folder = Path(folder)
    for name, maker in MAKERS.items():
        if not (folder / name).is_file():
            made = maker.format(folder=shlex.quote(str(folder)))
            raise FileNotFoundError(f"{folder / name} is missing; make it with: {made}")
    ready(folder / "index.html", (".html",))
    text = _page(folder, *_read(folder / "compare/results.json"), *_still(folder / "step.png"))
    with beside(folder / "index.html") as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")  # names of bytes that are not UTF-8
    return folder / "index.html"


def _read(path: Path) -> tuple[Figure, str, str, str]:
    """The figure of the results, what the page says of them, their data and the command that makes them."""
    try:
        results = read_json(path)
        if not results["summary"]:
            raise ValueError("no run of it has finished")
        several = any(row["optimizer"] not in curves.NAMES for row in results["summary"])
        figure = cells.cells(results) if several else curves.comparison(results)
        return figure, _said(results), str(results["data"]), str(results["command"])
    except KeyError as wrong:
        raise ValueError(f"{path}: expected the results of a comparison, it has no {wrong}") from wrong
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as wrong:
        raise ValueError(f"{path}: expected the results of a comparison: {wrong}") from wrong


def _still(path: Path) -> tuple[dict[Any, Any], int, int]:
    """What is written in the still of the film, its width and its height."""
    try:
        with Image.open(path) as still:
            return still.info, *still.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as wrong:
        raise ValueError(f"{path}: expected a picture: {wrong}") from wrong


def _said(results: dict[str, Any]) -> str:
    """The table, what is alike in its rows and what is not, the paired tests, what failed: as HTML."""
    sentences = [
        matched(results, curves.name),
        *map(_paired, results.get("paired", [])),
        *map(_failed, results.get("failed", [])),
    ]
    return "\n".join([_table(results), *(f'<p class="soft">{escape(sentence)}</p>' for sentence in sentences)])


def _page(
    folder: Path, figure: Figure, said: str, data: str, made: str, words: dict[Any, Any], width: int, height: int
) -> str:
    film = escape(str(words.get("Description", "")))
    command = str(words.get("Source") or MAKERS["step.mp4"].split(" --out")[0])
    curve, png = escape(str(figure.get_label())), _png(figure)
    gif = _data(folder / "step.gif", "image/gif")
    mp4, poster = _data(folder / "step.mp4", "video/mp4"), _data(folder / "step.png", "image/png")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>grassmann_np: batch normalization on the sphere</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<h1>Batch normalization, walked on the sphere</h1>
<p class="pitch">{escape(PITCH)}</p>

<h2>One step, drawn</h2>
<figure class="film">
<div><video controls loop muted playsinline width="{width}" height="{height}" poster="{poster}" aria-label="{film}">
<source src="{mp4}" type="video/mp4"></video>
<img id="gif" hidden width="{width}" height="{height}" alt="{film}" data-src="{gif}">
<p id="bar" hidden><button type="button">Play</button>
<input type="range" min="0" max="1" step="any" value="0" aria-label="moment of the film"></p></div>
<figcaption>{film}</figcaption>
</figure>
<pre><code>{escape(f"{command} --out {shlex.quote(str(folder / 'step.mp4'))}")}</code></pre>

<h2>The optimizers on {escape(data)}</h2>
{said}
<figure>
<div class="scroll"><img src="{png}" alt="{curve}"></div>
<figcaption>{curve}</figcaption>
</figure>
<pre><code>{escape(made)}</code></pre>

<p class="soft">After Minhyung Cho and Jaehyung Lee, <cite>Riemannian approach to batch normalization</cite>, NIPS 2017,
arXiv 1709.09603. This page was made by</p>
<pre><code>{escape(shlex.join(["python", "-m", "viz", "page", str(folder)]))}</code></pre>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _table(results: dict[str, Any]) -> str:
    rows = [
        f"<tr><td>{escape(curves.name(row['optimizer']))}</td>"
        f"<td>{100 * row['median_test_error']:.2f}</td>"
        f"<td>{100 * row['quartiles'][0]:.2f} to {100 * row['quartiles'][1]:.2f}</td>"
        f"<td>{row['seconds_per_epoch']:.3f}</td></tr>"
        for row in results["summary"]
    ]
    seeds = len(results["seeds"])
    return (
        '<div class="scroll"><table><thead><tr><th scope="col">optimizer</th><th scope="col">median test error, %</th>'
        '<th scope="col">quartiles, %</th><th scope="col">seconds per epoch</th></tr></thead><tbody>'
        f"{''.join(rows)}</tbody></table></div>\n"
        f'<p class="soft">{escape(str(results["model"]))}, {results["epochs"]} epochs, {seeds} seeds.</p>'
    )


def _paired(row: dict[str, Any]) -> str:
    """The paired test of one optimizer against another, as a sentence."""
    one, other = (curves.name(row[key]) for key in ("optimizer", "baseline"))
    return f"{one} against {other}, same seeds: {difference(row)}."


def _failed(row: dict[str, Any]) -> str:
    return f"{curves.name(row['optimizer'])}, seed {row['seed']}, failed: {row['problem']}"


def _png(figure: Figure) -> str:
    """A figure as a data URI, with twice as many dots as the page gives it, for sharp screens."""
    png = BytesIO()
    with usual():
        figure.savefig(png, format="png", dpi=2 * figure.dpi)
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def _data(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
