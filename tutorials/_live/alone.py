"""One lesson of the built site as a single file, to put into a course page or to send: no cells to run.

    python tutorials/_live/alone.py site/01_why_length_does_not_matter.html out

It holds its formulas, films and figures, and asks nothing of a network. Links to other pages of the site are text.
"""

import base64
import mimetypes
import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup

LEFT_OUT = ".headerlink, .lesson-files, .tag_exercise, .tag_check, #live-exercises"
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
.bd-article {{ max-width: 50rem; margin: auto; padding: 1rem }}
</style>
<script>
if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";
</script>
{scripts}
</head>
<body class="bd-main"><main class="bd-content"><div class="bd-article-container">
{article}
</div></main></body>
</html>
"""


def alone(path: Path) -> str:
    """The page in `path` as one that needs no other file."""
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    article = page.select_one("article")
    for one in article.select(LEFT_OUT):
        one.decompose()
    for one in article.select("[src]"):
        if one.name == "iframe":
            one["data-src"] = one.attrs.pop("src")
            one["srcdoc"] = read(path.parent, one["data-src"])
        else:
            one["src"] = carried(path.parent, one["src"])
    for one in article.select("a[href]"):
        if not one["href"].startswith(("#", "http:", "https:")):
            one.unwrap()
    styles = [
        read(path.parent, one["href"]) for one in page.select("link[rel=stylesheet]") if "live" not in one["href"]
    ]
    scripts = [one for one in page.select("script") if re.search("MathJax =", one.text)]
    scripts += [inline(page, path.parent, one["src"]) for one in page.select("script[src]") if needed(one["src"])]
    return PAGE.format(
        title=page.title.text,
        style=re.sub(r"@font-face\s*{[^}]*}|@import[^;]*;", "", "\n".join(styles)),
        scripts="\n".join(map(str, scripts)),
        article=article,
    )


def needed(source: str) -> bool:
    return bool(re.search(r"tex-svg|figures\.js", source))


def file(folder: Path, address: str) -> Path:
    return folder / re.sub(r"[?#].*", "", address)


def read(folder: Path, address: str) -> str:
    return file(folder, address).read_text(encoding="utf-8")


def inline(page: BeautifulSoup, folder: Path, address: str):
    """The script of that address as a <script> with its text, after the page like one with `defer`."""
    script = page.new_tag("script", type="module")
    script.string = read(folder, address).replace("</script", "<\\/script")
    return script


def carried(folder: Path, address: str) -> str:
    """What lies there as a data: address."""
    if address.startswith("data:"):
        return address
    kind, content = mimetypes.guess_type(address)[0], file(folder, address).read_bytes()
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


if __name__ == "__main__":
    target = Path(sys.argv[2]) / Path(sys.argv[1]).name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(alone(Path(sys.argv[1])), encoding="utf-8")
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
