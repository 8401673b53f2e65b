"""A still as TikZ, read back; and a film in another language."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from viz import scenes, themes, tikz, words
from viz.__main__ import main

SIZE = (480, 360)


@pytest.fixture(scope="module")
def clip():
    return scenes.clip(size=SIZE)


def test_the_tex_has_every_label_every_point_and_dashes_what_is_hidden(clip, tmp_path):
    told = clip.save(tmp_path / "clip.tex").read_text(encoding="utf-8")
    head, _, body = told.partition("\\begin{tikzpicture}")
    assert head.startswith(f"% {clip.caption}\n% {clip.command}\n\\definecolor")
    defined = re.findall(r"\\definecolor\{viz(\w{6})\}\{HTML\}\{(\w{6})\}", head)
    assert {name for name, _ in defined} == set(re.findall(r"[=[]viz(\w+)", body)) and all(a == b for a, b in defined)
    assert told.endswith("\\end{tikzpicture}\n") and "nan" not in told
    assert all(
        line.endswith(";") or line.startswith(("%", "\\begin", "\\end", "\\define")) for line in told.splitlines()
    )
    assert told.count("{") == told.count("}")
    for text in ("368$^\\circ$", "29$^\\circ$", "{y}"):
        assert text in told
    drawing = clip.drawing()
    drawing.show(clip.frame(1.0))
    scale = tikz.WIDTH / SIZE[0]
    for view in drawing.views:
        x, y = scale * view.axes.transData.transform(np.ravel(view.artists["y.dot"].get_data()))
        assert f"({x:.3f},{y:.3f}) circle" in told
    back = np.array(drawing.views[0].artists["walk.back"].get_data())
    parts = np.sum(np.diff(np.isfinite(back).all(axis=0).astype(int), prepend=0) == 1)
    assert len(re.findall(r", dashed, ", told)) == parts > 0
    assert clip.save(tmp_path / "again.tex").read_text(encoding="utf-8") == told


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX: install texlive-pictures")
@pytest.mark.parametrize("style", themes.THEMES)
@pytest.mark.parametrize("name", ["clip", "subspaces", "scale"])
def test_tex_takes_it(name, style, tmp_path):
    scenes.SCENES[name](size=SIZE, style=style).save(tmp_path / "still.tex")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage[margin=1cm]{geometry}\usepackage{tikz}\begin{document}"
        r"\noindent\input{still.tex}\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-800:]
    assert "(1 page," in done.stdout.replace("\n", " ") and "Overfull" not in done.stdout


def test_signs_are_set_in_mathematics():
    assert tikz.tex("|w⁺| = 1 & y₁ {\\}") == "$|$w$^+$$|$ = 1 \\& y$_1$ \\{\\textbackslash{}\\}"


def test_a_film_speaks_as_its_table_has_it_and_the_numbers_are_its_own(clip):
    table = {key: "§" + key for key in words.patterns(clip)}
    other = words.translated(clip, table)
    for t in (0.0, 0.3, 0.6, 1.0):
        before, after = clip.frame(t), other.frame(t)
        assert after.caption == "§" + before.caption
        for (marks, _), (changed, _) in zip(before.views, after.views, strict=True):
            for name, mark in marks.items():
                for field in ("label", "text"):
                    text = getattr(mark, field, "")
                    assert getattr(changed[name], field, "") == (text and "§" + text)
    assert other.title == "§" + clip.title and other.spheres[1].heading == "§" + clip.spheres[1].heading
    race = scenes.race(size=(160, 160))
    panels = words.translated(race, {"step": "pas", "decay": "frein", "Loss f(w)": "Perte f(w)"}).panels
    assert panels[1].xlabel == "pas" and panels[0].title == "Perte f(w)" and panels[0].lines[1].name == "frein"
    assert words.translated(race, {}).frame(0.5).caption == race.frame(0.5).caption


def test_numbers_may_change_places_and_a_text_that_asks_for_more_is_refused():
    assert words.said("from 1.5 to 2", {"from {} to {}": "{1} <- {0}"}) == "2 <- 1.5"
    assert words.said("a {b} 3", {"a {{b}} {}": "{} {{b}}"}) == "3 {b}"
    with pytest.raises(ValueError, match=r"words: '\{2\}' does not fit"):
        words.said("from 1.5 to 2", {"from {} to {}": "{2}"})


def test_the_command_line_writes_the_words_and_draws_with_others(tmp_path, capsys):
    table, other = tmp_path / "clip.json", tmp_path / "other words.json"
    size = ["--size", "160x160", "--seconds", "1"]
    assert main(["clip", *size, "--out", str(table)]) == 0
    told = json.loads(table.read_text(encoding="utf-8"))
    assert told == {key: key for key in words.patterns(scenes.clip(size=(160, 160), seconds=1.0))}
    other.write_text(json.dumps({key: "§" + key for key in told} | {"a scene": "of another film"}))
    assert main(["clip", *size, "--words", str(other), "--out", str(tmp_path / "clip.svg")]) == 0
    drawn = (tmp_path / "clip.svg").read_text(encoding="utf-8")
    assert "§One step of SGD-G" in drawn and f"--size 160x160 --words &#x27;{other}&#x27;" in drawn.replace(
        "'", "&#x27;"
    )
    assert main(["clip", *size, "--words", str(table), "--out", str(tmp_path / "same.svg")]) == 0
    assert main(["clip", *size, "--out", str(tmp_path / "clip.svg")]) == 0
    same, plain = ((tmp_path / f"{name}.svg").read_text(encoding="utf-8") for name in ("same", "clip"))
    assert same.replace(f" --words {table}", "") == plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected JSON, got something else"),
        ("[1]", 'expected {"text": "other text", ...}, got another kind of JSON'),
        ('{"y": 1}', "got another kind of JSON"),
        ('{"y": "y", "from {} to {{}}": "{0} {1}"}', "'{0} {1}' does not fit 'from {} to {{}}'"),
        ('{"y": "{name}"}', "'{name}' does not fit 'y'"),
        ('{"z": "Z"}', "expected texts of this film as keys, got none"),
    ],
)
def test_a_table_that_is_none_is_told_before_anything_is_drawn(text, said, tmp_path, capsys):
    table, out = tmp_path / "table.json", tmp_path / "clip.png"
    table.write_text(text)
    assert main(["clip", "--size", "160x160", "--words", str(table), "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"viz: {table}: ") and said in told and not out.exists()
