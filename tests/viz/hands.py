"""What tests of pages in a browser share: a mouse, a finger, and an eye for contrast."""

import re

import numpy as np


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*(np.array(start) * 0.4 + np.array(end) * 0.6))
    page.mouse.move(*end)
    page.mouse.up()


def swipe(page, start, end):
    """A finger goes from start to end, in ten small moves."""
    finger, start, end = page.context.new_cdp_session(page), np.array(start), np.array(end)
    for kind, s in (("Start", 0.0), *(("Move", k / 10) for k in range(1, 11)), ("End", None)):
        points = [] if s is None else [dict(zip("xy", map(float, start + s * (end - start)), strict=True))]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})


def contrast(page, element):
    """That of an element's words with the page (WCAG): from 4.5 on they can be read."""
    light, dark = sorted((colour(page, element, "color"), colour(page, "body", "backgroundColor")), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colour(page, element, which):
    """The relative luminance (WCAG) of a colour of an element."""
    rgb = page.evaluate(
        "([element, which]) => getComputedStyle(document.querySelector(element))[which]", [element, which]
    )
    s = np.array(re.findall(r"\d+", rgb)[:3], dtype=float) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
