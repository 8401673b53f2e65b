"""The site is made of this folder: `make site` runs every lesson and writes the pages into site/."""

import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

from grassmann_np.files import read_json
from grassmann_np.testing import identities
from viz import figures, widget
from viz.scenes import SCENES

sys.path.insert(0, str(Path(__file__).parent / "_live"))
import live

RESULTS = Path(__file__).parents[1] / "benchmarks/results/experiment-digits.json"

project, author, release = "grassmann_np", "the grassmann_np developers", metadata.version("grassmann-np")
copyright = author
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.viewcode", "sphinx_design"]
exclude_patterns = ["conf.py", "_*"]
templates_path = []

nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = "grassmann_np"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["figures.js"]
html_show_sourcelink = html_show_sphinx = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
html_context = {"default_mode": "auto"}
ALONE = "index gallery play performance notation identities scoreboard what_is_it_good_for"
html_sidebars = {page: [] for page in ALONE.split()}
mathjax_path = "mathjax/tex-svg.js"  # put there by add_made_files
mathjax3_config = {"options": {"enableMenu": False}}  # the menu would load its parts from the network

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
autodoc_preserve_defaults = True  # not what they are on the machine that builds


def mathjax() -> Path:
    """The one file of MathJax that draws TeX as SVG, from an installed package."""
    found = [f for f in metadata.files("sphinx-mathjax-offline") or [] if f.name == "tex-svg.js"]
    return Path(str(found[0].locate()))


def add_made_files(app, exception):
    """MathJax, the widget and the figures are never committed: they are put into the built site."""
    if exception is None:
        static = Path(app.outdir) / "_static"
        (static / "mathjax").mkdir(parents=True, exist_ok=True)
        shutil.copy(mathjax(), static / "mathjax")
        widget.write(Path(app.outdir) / "sphere.html", 101)
        figures.write(Path(app.outdir) / "figures", read_json(RESULTS))


def list_what_is_made(app, docname, source):
    """`{{ scenes }}` on the gallery's page: a cell of code for every scene; `{{ identities }}`: the catalogue."""
    if docname == "identities":
        source[0] = source[0].replace("{{ identities }}", identities.page())
    if docname == "gallery":
        cells = [
            f"## {name}\n\n{scene.__doc__.splitlines()[0]}\n\n```{{code-cell}} ipython3\n:tags: [hide-input]\n"
            f"viz.scenes.{name}()\n```\n"
            for name, scene in SCENES.items()
        ]
        source[0] = source[0].replace("{{ scenes }}", "\n".join(cells))


def as_written(app, what, name, obj, options, lines):
    """Docstrings are plain text, not markup: words stay words, `code` is code, indented formulas keep their lines."""
    out, inside = [], ""
    for line in lines:
        kind = ">>>" if line.lstrip().startswith(">>>") or (inside == ">>>" and line.strip()) else ""
        kind = kind or ("formula" if line.startswith(" ") or (inside == "formula" and not line.strip()) else "")
        if kind == "formula" and inside != "formula":
            out += ["", "::", ""]
        elif inside == "formula" and not kind:
            out += [""]
        if not kind:
            words = [re.sub(r"([|*_\\])", r"\\\1", part) for part in line.split("`")]
            words[1::2] = [f"``{code}``" for code in line.split("`")[1::2]]
            line = "".join(words)
        out.append(line)
        inside = kind
    lines[:] = out


def setup(app):
    app.connect("autodoc-process-docstring", as_written)
    app.connect("build-finished", add_made_files)
    app.connect("source-read", list_what_is_made)
    live.setup(app)
