"""Styles by name: the geometry is the same, the ground and the ink are not, and print has no colour."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from viz import lossmap, scenes, themes
from viz.__main__ import main
from viz.themes import THEMES

SIZE = (480, 360)


def drawn(**how):
    scene = scenes.scale(size=SIZE, **how)
    drawing = scene.drawing()
    return drawing, np.array(scene.draw(drawing, 1.0))[..., :3].astype(int)


def brightness(colour):
    return np.dot(to_rgb(colour), (0.299, 0.587, 0.114))


@pytest.fixture(scope="module")
def pictures():
    return {name: drawn(style=name) for name in themes.THEMES}


def test_the_ground_is_the_theme_s_and_every_word_and_line_can_be_told_from_it(pictures):
    for name, (drawing, picture) in pictures.items():
        theme = themes.THEMES[name]
        assert np.allclose(picture[3, 3], np.round(255 * np.array(to_rgb(theme.ground))), atol=1)
        for text in drawing.figure.findobj(Text):
            if text.get_text() and text.get_visible():
                apart = abs(brightness(text.get_color()) - brightness(theme.ground))
                assert apart > 0.28, (name, text.get_text())
        for role, style in theme.styles.items():
            assert abs(brightness(style.color) - brightness(theme.ground)) > 0.28, (name, role)


def test_in_print_every_pixel_is_grey(pictures):
    _, picture = pictures["print"]
    assert np.ptp(picture, axis=2).max() <= 3 < np.ptp(pictures["light"][1], axis=2).max()  # the plain disc is lit


def test_a_style_moves_nothing(pictures):
    one, *others = (drawing.views[0] for drawing, _ in pictures.values())
    for other in others:
        assert other.lettering.taken == one.lettering.taken and np.array_equal(
            other.disc.get_extent(), one.disc.get_extent()
        )
        assert np.array_equal(other.artists["walk.front"].get_data(), one.artists["walk.front"].get_data())


def test_a_font_is_that_of_all_words_but_formulas_and_is_in_the_command():
    scene = scenes.exp(size=SIZE, font="DejaVu Serif", style="dark")
    assert scene.command == "python -m viz exp --size 480x360 --style dark --font 'DejaVu Serif'"
    drawing = scene.drawing()
    drawing.show(scene.frame(1.0))
    words = [text for text in drawing.figure.findobj(Text) if text.get_text()]
    assert {text.get_fontfamily()[0] for text in words} == {"DejaVu Serif"}


@pytest.mark.parametrize("wrong", [{"style": "neon"}, {"font": "No Such Font Anywhere"}])
def test_what_there_is_not_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected"):
        scenes.exp(**wrong)


def test_the_command_line_takes_a_style(tmp_path, capsys):
    assert main(["exp", "--style", "print", "--size", "160x160", "--out", str(tmp_path / "a.png")]) == 0
    with pytest.raises(SystemExit):
        main(["exp", "--style", "neon", "--out", str(tmp_path / "b.png")])
    assert "expected one of light, dark, print, got 'neon'" in capsys.readouterr().err


def test_lines_are_seen_on_the_darkest_and_the_lightest_loss_of_a_dark_film():
    def light(rgb):
        s = np.asarray(rgb, dtype=float) / 255
        return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    ink = light([255 * x for x in to_rgb(THEMES["dark"].styles["arc"].color)])
    assert min((ink + 0.05) / (light(lossmap.palette(dark=True)) + 0.05)) > 3.5
    scene = scenes.clip(size=SIZE, style="dark")
    view = scene.drawing().views[0]
    view.update({}, scene.frame(0.0).camera)
    assert light(view.disc.get_array()[..., :3].reshape(-1, 3)).max() < 0.2
