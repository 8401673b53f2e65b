"""The built site, opened from its folder in a browser: wide and narrow, light and dark, without a network.

`make site` builds it, `make test-browser` builds it and runs this.
"""

import re
from pathlib import Path

import pytest

from viz.figures.given import FIGURES

pytestmark = pytest.mark.browser
SITE = Path(__file__).parents[2] / "site"
PAGES = sorted(page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html") if "_static" not in page.parts)
needs_site = pytest.mark.skipif(not PAGES, reason="needs the site: make site")


@needs_site
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_a_network(page):
    text = (SITE / page).read_text()
    assert not re.findall(r"<(?:script|link|img|iframe|video|source)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*", text)


@needs_site
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_fits_and_shows_its_formulas(browser, page, width, scheme):
    wrong = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    tab.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda asked: asked.url.startswith(("file:", "data:", "blob:")) or wrong.append(asked.url))
    tab.goto((SITE / page).as_uri())
    formulas = tab.locator(".math").count()
    if formulas:
        tab.wait_for_function("n => document.querySelectorAll('mjx-container').length >= n", arg=formulas)
        assert tab.locator("mjx-container[data-mjx-error], mjx-merror").count() == 0
        words = tab.evaluate("[...document.querySelectorAll('article p, article li')].map(p => p.innerText).join(' ')")
        assert not re.search(r"\$\$|\\\(|\\frac|\\mathrm", words)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert not wrong


@needs_site
@pytest.mark.parametrize("page", [page for page in PAGES if "<video" in (SITE / page).read_text()])
def test_films_play(browser, page):
    tab = browser.new_page()
    tab.goto((SITE / page).as_uri())
    for film in tab.locator("video").all():
        assert film.get_attribute("aria-label")
        playing = (
            "async v => { await v.play(); while (v.currentTime < .1) await new Promise(requestAnimationFrame);"
            " v.pause(); return v.videoWidth }"
        )
        assert film.evaluate(playing) > 0
    tab.close()


@needs_site
def test_the_widget_moves_inside_its_page(browser):
    tab = browser.new_page()
    tab.goto((SITE / "play.html").as_uri())
    frame = next(f for f in tab.frames if f.url.endswith("sphere.html"))
    frame.wait_for_load_state()
    before = frame.evaluate("state.y")
    frame.get_by_role("button", name="Step", exact=True).click()
    frame.wait_for_function("y => state.y.some((c, i) => c !== y[i])", arg=before)
    tab.close()


@needs_site
@pytest.mark.parametrize("name", FIGURES)
def test_a_lesson_holds_its_figure(browser, name):
    """In one page, under a title, as a figure that draws itself and is as tall as its frame."""
    (page,) = (page for page in PAGES if f'src="figures/{name}.html"' in (SITE / page).read_text())
    tab = browser.new_page()
    tab.goto((SITE / page).as_uri())
    place = tab.locator(f'iframe[src="figures/{name}.html"]')
    assert place.get_attribute("title")
    place.scroll_into_view_if_needed()
    tab.wait_for_function("name => [...document.querySelectorAll('iframe.figure')].find("
                          "one => one.src.endsWith(`/${name}.html`)).style.height", arg=name)  # fmt: skip
    frame = next(one for one in tab.frames if one.url.endswith(f"/{name}.html"))
    assert frame.evaluate("state !== undefined && pictures.every(({width}) => width > 0)")
    assert abs(place.bounding_box()["height"] - frame.evaluate("$('figure').offsetHeight")) <= 4
    tab.close()


@needs_site
def test_every_lesson_and_every_scene_is_there():
    lessons = {path.stem for path in (SITE.parent / "tutorials").glob("[0-9]*.py")}
    assert lessons <= {Path(page).stem for page in PAGES}
    from viz.scenes import SCENES

    gallery = (SITE / "gallery.html").read_text()
    assert gallery.count("<video") + gallery.count("<img") >= len(SCENES)
