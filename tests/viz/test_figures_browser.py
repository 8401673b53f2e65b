"""The figures in a browser, opened as files: what a hand, a finger, the keys and an eye find there."""

from pathlib import Path

import numpy as np
import pytest

from grassmann_np.files import read_json
from tests.viz.hands import colour, contrast, drag, swipe
from viz import figures
from viz.figures.given import FIGURES

pytestmark = pytest.mark.browser
RESULTS = Path(__file__).parents[2] / "benchmarks/results/experiment-digits.json"
STATIC = Path(__file__).parents[2] / "tutorials/_static"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    figures.write(folder, read_json(RESULTS))
    return folder


@pytest.fixture
def visit(browser, folder):
    """visit(name, ...) opens a figure; at the end nothing may have been said on the console or asked of the network."""
    contexts, wrong = [], []

    def opened(name, width=760, height=900, reduced_motion="reduce", inside="", **options):
        size = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=size, reduced_motion=reduced_motion, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(("file:", "data:,")) or wrong.append(asked.url))
        address = folder / f"{name}.html"
        if inside:
            (folder / "lesson.html").write_text(inside)
            address = folder / "lesson.html"
        page.goto(address.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


def handle(page, name=None):
    """(name, view, where) of a handle in front, on the page, in pixels."""
    return page.evaluate(
        """(name) => { const all = Object.entries(shown.handles?.(state) ?? {});
        const [key, {at}] = all.find(([key]) => !name || key === name), picture = pictures[0];
        const box = picture.canvas.getBoundingClientRect(), [x, y] = picture.pixels(eye(picture).screen(at));
        return [key, [box.left + x, box.top + y]] }""",
        name,
    )


def has_handles(page):
    return page.evaluate("Object.keys(shown.handles?.(state) ?? {}).length")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 760])
@pytest.mark.parametrize("name", FIGURES)
def test_it_fits_and_can_be_read(visit, name, width, scheme):
    page = visit(name, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    ends = page.evaluate(
        "[...document.querySelectorAll('button, p, label, output, input, canvas')].map((one) => "
        "one.getBoundingClientRect()).map((box) => [box.left, box.right])"
    )
    assert np.min(ends) >= 0 and np.max(ends) <= width
    assert (colour(page, "body", "backgroundColor") > 0.5) == (scheme == "light")
    for element in ("#sentence", "#keys"):
        assert contrast(page, element) >= 4.5, element


@pytest.mark.parametrize("name", FIGURES)
def test_labels_lie_inside_and_not_on_each_other(visit, name):
    for width in (360, 760):
        page = visit(name, width)
        page.wait_for_function("pictures.every((one) => one.boxes)")
        for size, boxes in page.evaluate("pictures.map((one) => [[one.width, one.height], one.boxes])"):
            for i, (left, top, right, bottom) in enumerate(boxes):
                assert left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]
                for other in boxes[:i]:
                    assert left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= bottom


@pytest.mark.parametrize("name", FIGURES)
def test_a_hand_drags_what_it_takes(visit, name):
    page = visit(name)
    if not has_handles(page):
        pytest.skip("nothing to drag")
    key, start = handle(page)
    before, said = page.evaluate("state"), page.inner_text("#sentence")
    drag(page, start, np.add(start, [-25, -18]))
    assert page.evaluate("state") != before and page.inner_text("#sentence") != said
    after = handle(page, key)[1]
    assert np.hypot(*np.subtract(after, start)) > 5
    assert page.evaluate("held") is None


@pytest.mark.parametrize("name", FIGURES)
def test_the_keys_do_what_the_hand_does_and_escape_undoes_it(visit, name):
    page = visit(name)
    if not has_handles(page):
        pytest.skip("nothing to move")
    start = page.evaluate("shown.start")
    page.focus("canvas")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    turns = page.evaluate("Boolean(camera)")
    page.keyboard.press("Shift+ArrowUp" if turns else "ArrowUp")
    page.keyboard.press("Shift+ArrowLeft" if turns else "ArrowLeft")
    assert page.evaluate("state") != start
    if turns:
        camera = page.evaluate("camera.direction")
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("camera.direction") != camera
    page.keyboard.press("Escape")
    assert page.evaluate("state") == start


@pytest.mark.parametrize("name", FIGURES)
def test_every_control_has_a_name_and_does_something(visit, name):
    page = visit(name)
    for slider in page.locator("input").all():
        said, told = page.inner_text("#sentence"), slider.get_attribute("aria-valuetext")
        assert page.locator(f"label[for={slider.get_attribute('id')}]").inner_text()
        for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft"):
            slider.press(key)
        if slider.get_attribute("aria-valuetext") == told:
            for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
                slider.press(key)
        assert slider.get_attribute("aria-valuetext") != told and page.inner_text("#sentence") != said
        assert page.locator(f"output[for={slider.get_attribute('id')}]").inner_text() == slider.get_attribute(
            "aria-valuetext"
        )
    for menu in page.locator("select").all():
        said = page.inner_text("#sentence")
        assert page.locator(f"label[for={menu.get_attribute('id')}]").inner_text()
        menu.select_option(index=3)
        assert page.inner_text("#sentence") != said
    for button in page.locator("#controls button:not([disabled])").all():
        assert button.inner_text()
        button.click()
        assert page.inner_text("#sentence")
    assert page.get_by_role("img").count() >= 1
    said = page.inner_text("#sentence").replace("\n", " ")
    assert said[:30] in page.locator("canvas").first.get_attribute("aria-label").replace("\n", " ")
    assert page.get_attribute("#sentence", "aria-live") == "polite"


def test_a_finger_beside_the_handle_scrolls_the_page_and_on_it_does_not(visit):
    """In the lesson around it, on a telephone."""
    lesson = (
        "<!doctype html><meta name=viewport content='width=device-width'><body style='margin:0;height:3000px'>"
        "<iframe class=figure src=length.html style='width:100%;height:600px;border:0'></iframe>"
    )
    page = visit("length", 390, 600, inside=lesson, has_touch=True, is_mobile=True, device_scale_factor=2)
    frame = page.frames[1]
    frame.wait_for_function("typeof state !== 'undefined' && pictures[0].width > 0")
    _, start = handle(frame)
    w = frame.evaluate("state.w")
    swipe(page, start, np.subtract(start, [40, 60]))
    assert page.evaluate("scrollY") == 0 and frame.evaluate("state.w") != w
    w = frame.evaluate("state.w")
    swipe(page, (30, 330), (30, 200))
    page.wait_for_function("scrollY > 20")
    assert frame.evaluate("state.w") == w and frame.evaluate("held") is None


def test_it_tells_the_page_its_height_and_takes_its_theme(visit):
    script = (STATIC / "figures.js").read_text()
    lesson = (
        "<!doctype html><html data-theme=dark><body><iframe class=figure src=length.html "
        f"style='width:700px;height:99px;border:0'></iframe><script>{script}</script>"
    )
    page = visit("length", inside=lesson)
    page.wait_for_function("parseFloat(document.querySelector('iframe').style.height) > 300")
    frame = page.frames[1]
    frame.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    frame.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")


@pytest.mark.parametrize("width", [320, 760])
@pytest.mark.parametrize("name", FIGURES)
def test_without_javascript_it_is_a_still_and_says_so(visit, name, width):
    page = visit(name, width, java_script_enabled=False)
    assert page.is_visible("noscript svg") and "JavaScript" in page.locator("noscript > p").last.inner_text()
    box = page.locator("noscript #still").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] > 100


def test_on_paper_it_is_light_and_without_controls(visit):
    page = visit("length", color_scheme="dark")
    page.emulate_media(media="print")
    assert colour(page, "body", "backgroundColor") > 0.9 and not page.is_visible("#controls")
    assert page.is_visible("#sentence") and page.is_visible("canvas")
