"""The built site, opened from its folder in a browser: wide and narrow, light and dark, without a network.

`make site` builds it, `make test-browser` builds it and runs this.
"""

import json
import re
from pathlib import Path

import pytest

from tests import lab
from tests.site.served import served
from viz.figures.given import FIGURES

pytestmark = pytest.mark.browser
SITE = Path(__file__).parents[2] / "site"
PATIENCE = 300_000  # ms; a busy machine is slow
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
        assert not re.search(r"\$|\\\(|\\[a-z]{2}", words)
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
def test_a_link_says_what_a_figure_shows(browser):
    tab = browser.new_page(viewport={"width": 1200, "height": 900})
    page = (SITE / "01_why_length_does_not_matter.html").as_uri()
    tab.goto(f"{page}#length:eta=0.3&w=1,0.5,0&more=1&step=x")
    frame = next(one for one in tab.frames if "length.html" in one.url)
    frame.wait_for_function("Math.abs(state.eta - 0.3) < 1e-9 && state.w[0] === 1")
    assert tab.locator("iframe.figure").evaluate("one => one.getBoundingClientRect().top < innerHeight")
    frame.evaluate("set({...state, eta: 0.5})")
    tab.get_by_role("button", name="Link to what the figure shows").click()
    tab.wait_for_function("location.hash.includes('eta=0.5')")
    other = browser.new_page()
    other.goto(tab.url)
    frame = next(one for one in other.frames if "length.html" in one.url)
    frame.wait_for_function("Math.abs(state.eta - 0.5) < 1e-9 && state.w[1] === 0.5")
    start = frame.evaluate("put('eta=nan&w=1,2&w=1,2,no'), JSON.stringify(state) === JSON.stringify(shown.start)")
    assert start and frame.evaluate("put('eta=99'), state.eta") == 1
    tab.close()
    other.close()


@needs_site
def test_a_lesson_taken_away_runs_in_jupyterlab(browser, tmp_path):
    tab = browser.new_page()
    tab.set_default_timeout(PATIENCE)
    with served(SITE) as address:
        tab.goto(f"{address}02_the_space_of_directions.html")
        with tab.expect_download() as got:
            tab.get_by_role("link", name="a notebook").click()
    path = tmp_path / got.value.suggested_filename
    book = json.loads(got.value.path().read_text())
    shown = printed(book)
    for cell in code(book):  # what is there later, JupyterLab has put there
        cell |= {"execution_count": None, "outputs": []}
    path.write_text(json.dumps(book))

    with lab.opened(tmp_path) as address:
        lab.run(tab, address, path.name, len(book["cells"]))
        for _ in range(PATIENCE // 1000):
            tab.keyboard.press("Control+s")
            tab.wait_for_timeout(1000)
            book = json.loads(path.read_text())
            wrong = [out for cell in code(book) for out in cell["outputs"] if out["output_type"] == "error"]
            if wrong or all(cell["execution_count"] for cell in code(book)):
                break
        assert not wrong and all(cell["execution_count"] for cell in code(book))
        lab.plays(tab)
    tab.close()
    assert shown and shown.items() <= printed(book).items()


def code(book):
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def printed(book):
    """What the cells that print something print."""
    texts = {
        cell["id"]: "".join(line for out in cell["outputs"] for line in out.get("text", ())) for cell in code(book)
    }
    return {name: text for name, text in texts.items() if text}


@needs_site
def test_a_lesson_is_one_file(browser, tmp_path):
    alone = pytest.importorskip("alone")
    path = tmp_path / "lesson.html"
    path.write_text(alone.alone(SITE / "01_why_length_does_not_matter.html"), encoding="utf-8")
    assert path.stat().st_size < 6e6
    tab, asked, wrong = browser.new_page(), [], []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(path.as_uri())
    formulas = tab.locator(".math").count()
    tab.wait_for_function("n => document.querySelectorAll('mjx-container').length >= n", arg=formulas)
    frame = next(one for one in tab.frames if one is not tab.main_frame)
    frame.wait_for_function("state.eta")
    assert formulas > 50 and tab.locator("video, img").count() >= 1
    assert tab.locator(".tag_exercise, .tag_check, button:has-text('Run')").count() == 0
    links = tab.locator("article a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert all(link.startswith(("#", "http")) for link in links)
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()] and not wrong
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
