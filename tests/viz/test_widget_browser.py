"""The widget in a browser, opened as a file: what a hand, a keyboard and an eye find there."""

import re

import numpy as np
import pytest

from grassmann_np import nn, optim
from grassmann_np.geometry import sphere
from tests.viz.hands import colour, contrast, drag, swipe
from viz import lossmap, widget
from viz.camera import Camera, on_sphere
from viz.losses import neuron

pytestmark = pytest.mark.browser
SEED = 11
LOSS = neuron(np.random.default_rng(SEED), eps=widget.EPS)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return widget.write(tmp_path_factory.mktemp("page") / "sphere.html", seed=SEED).as_uri()


@pytest.fixture
def visit(browser, address):
    """visit(...) opens the page; at the end nothing may have been said on the console or asked of the network."""
    contexts, wrong = [], []

    def opened(width=1200, height=800, reduced_motion="reduce", **options):
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, reduced_motion=reduced_motion, **options)
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: asked.url == address or asked.url == "data:," or wrong.append(asked.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


@pytest.fixture
def page(visit):
    return visit()


def y_of(page):
    return np.array(page.evaluate("state.y"))


def place_of(page, p):
    """Where the point p of space is on the page, in pixels."""
    return page.evaluate(
        """(p) => { const box = $("sphere").getBoundingClientRect();
        const [x, y] = picture.pixels(camera.screen(p)); return [box.left + x, box.top + y]; }""",
        list(map(float, p)),
    )


def camera_of(page):
    return Camera(np.array(page.evaluate("camera.direction")))


def numbers(page):
    return [float(x) for x in re.findall(r"\d+(?:\.\d+)?", page.inner_text("#sentence"))]


def settled(page):
    """After the next frame has been drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_twenty_steps_are_numpys(page):
    eta, gamma, nu = (page.evaluate(f"options.{name}") for name in ("eta", "gamma", "nu"))
    parameter = nn.Parameter(y_of(page), sphere)
    sgd_g = optim.SGD([parameter], eta, momentum=gamma, clip=nu)
    for count in range(1, 21):
        before, (value, parameter.grad) = parameter.value, LOSS(parameter.value)
        page.click("#step")
        sgd_g.step()
        y = y_of(page)
        assert abs(np.linalg.norm(y) - 1) < 1e-12
        np.testing.assert_allclose(y, parameter.value, atol=1e-12)
        told, turned, went, to = numbers(page)[:4]
        assert told == count and abs(turned - np.degrees(sphere.distance(before, y))) < 0.051
        assert abs(went - value) < 5.1e-4 and abs(to - LOSS(y)[0]) < 5.1e-4


def test_dragging_the_sphere_turns_it_and_nothing_else(page):
    camera, y, settings = camera_of(page), y_of(page), page.evaluate("options")
    p = next(
        p
        for p in camera.basis @ on_sphere(np.array([[0.5, -0.5], [0.3, -0.3]])).T[..., None]
        if np.linalg.norm(camera.screen(p[:, 0] - y)) > 0.3
    )[:, 0]
    start = np.array(place_of(page, p))
    before = page.locator("#sphere").screenshot()
    drag(page, start, np.add(start, [60, 0]))
    settled(page)
    assert camera_of(page).direction @ camera.direction < 0.99
    assert abs(camera_of(page).direction[2] - camera.direction[2]) < 1e-12
    assert place_of(page, p)[0] > start[0] + 20  # what the hand holds follows it
    drag(page, start, np.add(start, [0, 40]))
    assert camera_of(page).direction[2] > camera.direction[2]
    assert np.array_equal(y_of(page), y) and page.evaluate("options") == settings
    assert page.locator("#sphere").screenshot() != before


def test_dragging_y_puts_it_under_the_hand_on_either_side(page):
    camera, y = camera_of(page), y_of(page)
    target = camera.basis @ [0.2, 0.35, np.sqrt(1 - 0.2**2 - 0.35**2)]
    drag(page, place_of(page, y), place_of(page, target))
    np.testing.assert_allclose(y_of(page), target, atol=1e-6)
    assert abs(numbers(page)[0] - LOSS(target)[0]) < 5.1e-4
    drag(page, place_of(page, target), place_of(page, 1.4 * camera.right))  # over the edge, to the far side
    np.testing.assert_allclose(camera.screen(y_of(page)), [0.6, 0], atol=1e-6)
    assert camera.depth(y_of(page)) < -0.7
    drag(page, place_of(page, y_of(page)), place_of(page, 0.3 * camera.up))  # and it stays there
    np.testing.assert_allclose(camera.screen(y_of(page)), [0, 0.3], atol=1e-6)
    assert camera.depth(y_of(page)) < -0.9
    assert page.evaluate("state.steps") == 0 and abs(numbers(page)[0] - LOSS(y_of(page))[0]) < 5.1e-4


def test_a_finger_drags_too(visit):
    page = visit(390, 844, has_touch=True, is_mobile=True, device_scale_factor=2)
    y, camera = y_of(page), camera_of(page)
    start, end = place_of(page, y), place_of(page, camera.basis @ [0.1, -0.2, np.sqrt(0.95)])
    finger = page.context.new_cdp_session(page)
    for kind, at in (("Start", start), ("Move", np.add(start, end) / 2), ("Move", end), ("End", None)):
        points = [] if at is None else [{"x": at[0], "y": at[1]}]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    np.testing.assert_allclose(camera.screen(y_of(page)), [0.1, -0.2], atol=0.01)
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("corner", [(0.04, 0.1), (0.96, 0.1), (0.04, 0.93), (0.96, 0.93)])
def test_a_finger_beside_the_sphere_scrolls_the_page(visit, corner):
    page = visit(390, 600, has_touch=True, is_mobile=True, device_scale_factor=2)
    y, camera, box = y_of(page), camera_of(page), page.locator("#sphere").bounding_box()
    x, top = box["x"] + corner[0] * box["width"], box["y"] + corner[1] * box["height"]
    swipe(page, (x, top), (x, top - 90))
    page.wait_for_function("scrollY > 20")
    assert np.array_equal(y_of(page), y) and np.array_equal(camera_of(page).direction, camera.direction)
    assert page.evaluate("held") is None


def test_a_finger_on_the_sphere_turns_it_and_the_page_stays(visit):
    page = visit(390, 600, has_touch=True, is_mobile=True, device_scale_factor=2)
    y, camera, box = y_of(page), camera_of(page), page.locator("#sphere").bounding_box()
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    far = next(middle + v for v in ([90, 0], [-90, 0]) if np.hypot(*(middle + v - place_of(page, y))) > 40)
    swipe(page, far, far - [0, 90])
    settled(page)
    assert page.evaluate("scrollY") == 0 and camera_of(page).direction @ camera.direction < 0.99
    assert np.array_equal(y_of(page), y)


def test_every_slider_changes_the_step_and_shows_its_number(page):
    page.click("text=Momentum")
    page.click("#step")
    for name, key in (("eta", "ArrowRight"), ("gamma", "ArrowLeft"), ("nu", "ArrowLeft")):
        d, said = page.evaluate("next.d"), page.inner_text("#sentence")
        page.focus(f"#{name}")
        for _ in range(4):
            page.keyboard.press(key)
        assert page.evaluate("next.d") != d and page.inner_text("#sentence") != said
        assert float(page.inner_text(f"#{name}-value")) == pytest.approx(page.evaluate(f"options.{name}"), abs=5e-3)
        assert page.get_attribute(f"#{name}", "aria-valuetext") == page.inner_text(f"#{name}-value")
        assert page.evaluate("state.steps") == 1
    page.fill("#nu", "1.55")
    assert page.inner_text("#nu-value") == "∞" and page.evaluate("options.nu === Infinity")
    before = page.evaluate("options.eta")
    for _ in range(40):  # no position where the keys get stuck
        page.locator("#eta").press("ArrowRight")
    assert page.evaluate("options.eta") > 4 * before


def test_the_keyboard_does_what_the_hand_does(visit):
    page = visit(reduced_motion="no-preference")
    camera, y = camera_of(page), y_of(page)
    page.focus("#sphere")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    turned = camera_of(page)
    assert turned.direction @ camera.direction < 0.999 and np.array_equal(y_of(page), y)
    page.keyboard.press("Shift+ArrowRight")
    assert float(sphere.distance(y_of(page), y)) == pytest.approx(np.radians(5), abs=1e-9)
    y = y_of(page)
    page.keyboard.press("s")
    assert page.evaluate("state.steps") == 1 and page.evaluate("walk !== null")
    page.wait_for_function("walk === null")  # y has arrived
    page.keyboard.press(" ")
    assert page.inner_text("#run") == "Pause"
    page.wait_for_function("state.steps >= 3")
    page.keyboard.press(" ")
    assert page.inner_text("#run") == "Run"
    page.keyboard.press("r")
    assert page.evaluate("state.steps") == 0 and np.array_equal(y_of(page), y)
    page.focus("#step")
    page.keyboard.press(" ")  # space on a button is that button's
    assert page.evaluate("state.steps") == 1 and page.inner_text("#run") == "Run"


def test_focus_is_seen(page):
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


def test_every_preset_and_the_circle_that_closes(page):
    for name in page.locator("#presets button").all_inner_texts():
        page.click(f"#presets >> text={name}")
        assert page.locator("#presets [aria-pressed=true]").all_inner_texts() == [name]
        for _ in range(3):
            page.click("#step")
        assert abs(np.linalg.norm(y_of(page)) - 1) < 1e-12
    page.click("text=No clipping")
    assert numbers(page)[1] > 360 or "half-way round" in page.inner_text("#sentence")
    page.click("text=No gradient")
    start = y_of(page)
    for _ in range(24):
        page.click("#step")
    np.testing.assert_allclose(y_of(page), start, atol=1e-12)


def test_motion_is_left_out_for_those_who_ask(page):
    page.click("#step")
    assert page.evaluate("walk === null")
    page.click("#run")
    page.wait_for_function("state.steps >= 3")
    assert page.evaluate("walk === null")


def test_the_map_shows_the_loss_where_it_is(page):
    for button in page.locator("#show button").all():
        button.click()
    page.keyboard.press("ArrowLeft")
    settled(page)
    rng = np.random.default_rng(0)
    at = rng.uniform(-0.65, 0.65, (2, 300))
    seen = np.array(
        page.evaluate(
            """(at) => {
        const {data, width} = picture.context.getImageData(0, 0, picture.canvas.width, picture.canvas.height);
        const pixels = at.map((q) => picture.pixels(q).map((v) => Math.floor(v * picture.ratio)));
        return pixels.map(([x, y]) => [...data.slice(4 * (y * width + x), 4 * (y * width + x) + 4)]); }""",
            at.T.tolist(),
        )
    )
    low, high = lossmap.limits(LOSS)
    value = LOSS(camera_of(page).basis @ on_sphere(at))[0]
    colours = lossmap.palette()[np.clip((value - low) * 255 / (high - low), 0, 255).astype(int)]
    off = np.abs(seen[:, :3].astype(int) - colours).max(axis=1)
    assert np.all(seen[:, 3] == 255) and np.mean(off <= 6) > 0.75  # the others are on a line or at its edge


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 390, 820, 1200, 1920])
def test_no_sideways_scrolling_and_text_that_can_be_read(visit, width, scheme):
    page = visit(width, 800, color_scheme=scheme)
    page.click("text=No clipping")
    page.click("#step")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ends = page.evaluate(
        "[...document.querySelectorAll('button, p, h1, output, .slider input')].map((one) => "
        "one.getBoundingClientRect()).map((box) => [box.left, box.right])"
    )
    assert np.min(ends) >= 0 and np.max(ends) <= width
    assert page.locator("#sphere").bounding_box()["height"] >= 300
    assert (colour(page, "body", "backgroundColor") > 0.5) == (scheme == "light")
    for element in ("h1", "header p", "#sentence", "footer p", "#run", ".slider output"):
        assert contrast(page, element) >= 4.5, element


def test_without_javascript_it_says_so(visit):
    page = visit(java_script_enabled=False)
    assert page.is_visible("noscript p") and "JavaScript" in page.inner_text("noscript p")
    assert page.is_visible("header p") and not page.is_visible("#step")


def test_everything_has_a_name_and_the_sentence_is_spoken(page):
    for role, name in (
        ("img", "^The unit sphere"),
        ("img", "^The loss over 0 steps"),
        ("slider", "^learning rate η$"),
        ("slider", "^momentum γ$"),
        ("slider", "^clip ν$"),
        ("button", "^Step$"),
        ("button", "^tangents$"),
    ):
        assert page.get_by_role(role, name=re.compile(name)).count() == 1, name
    assert page.get_attribute("#sentence", "aria-live") == "polite"
    page.click("#run")
    assert page.get_attribute("#sentence", "aria-busy") == "true"  # not while it runs
    page.click("#run")
    assert page.get_attribute("#sentence", "aria-busy") == "false"
