"""Films by their metadata, every encoder's path, same bytes for the same seed, and no half file after a failure."""

import base64
import os
import re
import stat
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import imageio_ffmpeg
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageColor

from viz import files, scenes
from viz.animation import Animation
from viz.marks import STYLES

SIZE = (160, 160)


@pytest.fixture
def scene():
    return scenes.step(seconds=0.4, size=SIZE)


@pytest.fixture
def no_system_ffmpeg(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))


def system_ffmpeg(monkeypatch, folder, body):
    """A program named ffmpeg, alone on the PATH."""
    if os.name != "posix":
        pytest.skip("a shell script")
    folder.mkdir()
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


def probed(path):
    """What ffmpeg -i says of a film."""
    told = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True)
    return told.stderr


def frames_of(path):
    told = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "null", "-"], capture_output=True, text=True
    )
    return int(re.findall(r"frame=\s*(\d+)", told.stderr)[-1])


def test_an_mp4_has_the_frames_size_rate_codec_and_words_it_should(scene, tmp_path, no_system_ffmpeg):
    path = scene.save(tmp_path / "step.mp4")
    told = probed(path)
    assert "h264" in told and "yuv420p" in told and "160x160" in told and "30 fps" in told
    assert scene.caption[:60] in told and scene.command in told
    assert frames_of(path) == 12
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # it plays while it loads


@pytest.mark.parametrize("suffix, most, lasts", [(".gif", 25, 80), (".webp", 40, 50)])
def test_gif_and_webp_have_the_frames_size_and_time_they_should(tmp_path, suffix, most, lasts):
    with Image.open(scenes.step(seconds=2, size=SIZE).save(tmp_path / f"step{suffix}")) as film:
        assert film.size == SIZE and most / 2 < film.n_frames <= most and film.info["loop"] == 0
        durations = []
        for i in range(film.n_frames):
            film.seek(i)
            film.load()
            durations.append(film.info["duration"])
    assert sum(durations) == 2000 and all(duration % lasts == 0 for duration in durations)  # equal frames are one


def test_the_colours_with_a_meaning_are_exact_in_a_gif(scene, tmp_path):
    seen = set()
    with Image.open(scenes.step(seconds=2, size=(320, 240)).save(tmp_path / "step.gif")) as film:
        for i in range(film.n_frames):
            film.seek(i)
            seen |= {color for _, color in film.convert("RGB").getcolors(1 << 16)}
    assert {ImageColor.getrgb(STYLES[role].color) for role in ("g", "h", "d")} <= seen


def test_stills_carry_their_caption_and_the_command(scene, tmp_path):
    with Image.open(scene.save(tmp_path / "step.png")) as still:
        assert still.size == SIZE and still.info["Description"] == scene.alt == scene.caption
        assert still.info["Source"] == scene.command == "python -m viz step --seconds 0.4 --size 160x160"
    drawn = scene.save(tmp_path / "step.svg").read_text()
    assert "<svg" in drawn and scene.caption[:60] in drawn


class Page(HTMLParser):
    """The elements of a page with their attributes, and the words of its caption."""

    def __init__(self, text):
        super().__init__()
        self.found, self.words, self.tag = {}, {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found[tag] = dict(attributes)
        self.tag = tag

    def handle_data(self, data):
        self.words[self.tag] = self.words.get(self.tag, "") + data.strip()


def film_in(page, tag, kind, folder):
    """The film inside an element, written to a file."""
    head, _, code = page.found[tag]["src"].partition(",")
    assert head == f"data:{kind};base64"
    path = folder / f"film.{kind.split('/')[1]}"
    path.write_bytes(base64.b64decode(code))
    return path


def test_a_page_holds_the_film_its_caption_and_nothing_from_elsewhere(scene, tmp_path):
    scene = replace(scene, caption='Is |h| < 1 & "so"?')
    text = scene.save(tmp_path / "step.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["step.html"]
    page = Page(text)
    video = page.found["video"]
    assert {"controls", "loop", "muted", "playsinline"} <= set(video) and video["aria-label"] == scene.alt
    assert page.words["figcaption"] == scene.caption and page.words["h1"] == page.words["title"] == scene.title
    assert page.words["code"] == scene.command and "prefers-color-scheme: dark" in text
    assert "http" not in re.sub('base64,[^"]*', "", text)
    assert frames_of(film_in(page, "video", "video/mp4", tmp_path)) == 8


def test_a_notebook_shows_the_film_and_its_caption(scene, tmp_path):
    page = Page(scene._repr_html_())
    assert page.found["video"]["aria-label"] == page.words["figcaption"] == scene.caption and "html" not in page.found
    assert frames_of(film_in(page, "video", "video/mp4", tmp_path)) == 8


def test_without_ffmpeg_a_page_holds_a_webp(scene, tmp_path, monkeypatch, no_system_ffmpeg):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    page = Page(scene.save(tmp_path / "step.html").read_text(encoding="utf-8"))
    assert page.found["img"]["alt"] == scene.caption and "video" not in page.found
    with Image.open(film_in(page, "img", "image/webp", tmp_path)) as film:
        assert film.size == SIZE and film.n_frames > 4


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp", ".png", ".svg", ".html"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, suffix):
    one, again, other = (
        scenes.step(seed=seed, seconds=0.2, size=SIZE).save(tmp_path / f"{i}{suffix}").read_bytes()
        for i, seed in enumerate((4, 4, 5))
    )
    assert one == again and one != other


def test_the_system_s_ffmpeg_is_taken_first(scene, tmp_path, monkeypatch):
    body = f'echo called > "{tmp_path}/called"; exec "{imageio_ffmpeg.get_ffmpeg_exe()}" "$@"'
    system_ffmpeg(monkeypatch, tmp_path / "bin", body)
    scene.save(tmp_path / "step.mp4")
    assert (tmp_path / "called").exists() and frames_of(tmp_path / "step.mp4") == 12


def test_without_ffmpeg_the_error_says_what_to_install_and_what_works(scene, tmp_path, monkeypatch, no_system_ffmpeg):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(RuntimeError, match=r"grassmann-np\[film\].*\.gif, \.webp, \.png, \.svg and \.tex"):
        scene.save(tmp_path / "step.mp4")
    scene.save(tmp_path / "step.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["step.gif"]


def test_an_encoder_that_fails_says_why_and_leaves_what_was_there(scene, tmp_path, monkeypatch):
    system_ffmpeg(monkeypatch, tmp_path / "bin", "echo no such codec >&2; exit 3")
    (tmp_path / "films").mkdir()
    path = tmp_path / "films/step.mp4"
    path.write_bytes(b"the film of yesterday")
    with pytest.raises(RuntimeError, match="no such codec"):
        scene.save(path)
    assert path.read_bytes() == b"the film of yesterday" and len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp", ".html"])
def test_ctrl_c_leaves_what_was_there_and_nothing_else(scene, tmp_path, suffix, monkeypatch):
    path = tmp_path / f"step{suffix}"
    path.write_bytes(b"the film of yesterday")
    drawn, draw = [], Animation.draw

    def interrupted(self, drawing, t):
        drawn.append(t)
        if len(drawn) == 8:
            raise KeyboardInterrupt
        return draw(self, drawing, t)

    monkeypatch.setattr(Animation, "draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scene.save(path)
    assert path.read_bytes() == b"the film of yesterday" and len(list(tmp_path.iterdir())) == 1


def test_an_unknown_suffix_names_those_that_work_and_draws_nothing(scene, tmp_path):
    with pytest.raises(ValueError, match=r"\.mp4, \.gif, \.webp, \.png, \.svg, \.tex, \.html, \.json, got '\.avi'"):
        scene.save(tmp_path / "step.avi")
    assert not list(tmp_path.iterdir())


def test_a_folder_of_that_name_is_found_before_anything_is_drawn(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(Animation, "drawing", lambda self: pytest.fail("drawn"))
    for suffix in (".gif", ".html", ".png"):
        (tmp_path / f"a{suffix}").mkdir()
        with pytest.raises(IsADirectoryError):
            scene.save(tmp_path / f"a{suffix}")


def test_a_figure_without_a_caption_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="caption"):
        files.save(Figure(), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_still_out_of_time_is_refused(scene):
    with pytest.raises(ValueError, match="from 0 to 1"):
        scene.still(1.5)


def test_importing_viz_changes_nothing_and_opens_no_window():
    code = (
        "import sys, matplotlib; before = matplotlib.rcParams.copy(); import viz.__main__, viz.page, viz.scenes; "
        "viz.scenes.step(size=(160, 160)).still(0.5); assert 'matplotlib.pyplot' not in sys.modules; "
        "assert before == matplotlib.rcParams.copy()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
