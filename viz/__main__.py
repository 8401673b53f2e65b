"""python -m viz: draw a scene into a file, list scenes, draw curves of runs, write the page, the widget and figures."""

from __future__ import annotations

import argparse
import ast
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from inspect import cleandoc, getsource, signature, unwrap
from typing import Any

from grassmann_np.files import read_json
from grassmann_np.terminal import Parser, answer, describe, run, say

HELP = {
    "lr": "learning rate eta",
    "momentum": "momentum gamma",
    "clip": "longest gradient nu",
    "seed": "of the loss and the first point",
    "seconds": "how long the film lasts",
    "alpha": "weight of the orthogonality term",
    "units": "how many weight vectors the first layer has",
    "epochs": "how long the network trains",
    "degrees": "how far the walk goes",
    "columns": "how many on the second sphere",
    "length": "of the step d, in radians",
    "radius": "how far the corners are from the middle, in radians",
    "orbit": "how far the camera turns, in degrees",
    "start": "where it starts, put on the sphere",
    "words": "a text table that puts captions and the words on marks and axes into another language; "
    "--out FILE.json writes the one to translate",
}


def main(words: list[str] | None = None) -> int:
    """The exit status: 0 when done, 1 when something failed, 2 for a wrong command line, 130 after Ctrl-C.

    What is written is written, even if nobody can be told; what fails is told in one line.
    """
    try:
        _run(words)
        return 0
    except (ArithmeticError, ImportError, MemoryError, OSError, RuntimeError, ValueError) as wrong:
        says = describe(wrong)
    except KeyboardInterrupt:
        say("viz: stopped; nothing was written", sys.stderr)
        return 130
    say(f"viz: {says}", sys.stderr)
    return 1


def _run(words: list[str] | None) -> None:
    """Run one command line; what it wrote is printed."""
    from . import scenes  # not at the top: main() says what is missing

    parser = _parser()
    given = vars(parser.parse_args(words))
    command = given.pop("command")
    if command == "list":
        widest, lines = max(map(len, scenes.SCENES)), []
        for name, scene in scenes.SCENES.items():
            lines.append(f"{name:{widest}} {_sentence(scene)}")
        answer("\n".join(lines), sys.stdout)
    elif command == "page":
        from . import page

        say(str(page.write(given["folder"])), sys.stdout)
    elif command == "sheet":
        from . import sheet

        say(str(sheet.write(given["out"], scenes.SCENES)), sys.stdout)
    elif command == "curves":
        from . import curves, files

        out = files.ready(given["out"], files.STILLS)
        made = shlex.join(["python", "-m", "viz", "curves", *given["runs"]])
        say(str(curves.save(curves.of_runs(given["runs"]), out, made)), sys.stdout)
    elif command == "widget":
        from . import widget

        say(str(widget.write(given["out"], given["seed"])), sys.stdout)
    elif command == "figures":
        from . import figures

        results = read_json(given["results"]) if given["results"] else None
        say("\n".join(map(str, figures.write(given["folder"], results))), sys.stdout)
    else:
        from . import animation
        from . import words as texts

        out, table = animation.ready(given.pop("out")), given.pop("words", None)
        try:
            film = scenes.SCENES[command](**given)
        except ValueError as wrong:
            parser.error(str(wrong))
        if table is not None:
            film = texts.translated(film, texts.read(table, film))
            film = replace(film, command=f"{film.command} --words {shlex.quote(table)}")
        say(str(film.save(out)), sys.stdout)


def _parser() -> argparse.ArgumentParser:
    from . import animation, scenes

    about = "Pictures and films of optimization on the sphere."
    parser = Parser(prog="python -m viz", description=about)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="name the scenes")
    folder = commands.add_parser("page", help="write FOLDER/index.html from the comparison and the film in it")
    folder.add_argument("folder", metavar="FOLDER")
    stills = commands.add_parser("sheet", help="one picture of all scenes, each at its key moment")
    stills.add_argument("--out", required=True, metavar="FILE", help="where to; a name ending in .png")
    runs = commands.add_parser("curves", help="draw errors, angles, lengths and rates of run folders, by epoch")
    runs.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run of grassmann_np, or of a comparison")
    runs.add_argument("--out", required=True, metavar="FILE", help="where to; a name ending in .png or .svg")
    play = commands.add_parser("widget", help="write one page in which a reader plays SGD-G on the sphere")
    play.add_argument("--out", required=True, metavar="FILE", help="where to; a name ending in .html")
    play.add_argument("--seed", type=int, default=101, metavar="N", help=f"{HELP['seed']}; default 101")
    figures = commands.add_parser("figures", help="write the lessons' figures to drag, a page each, into FOLDER")
    figures.add_argument("folder", metavar="FOLDER")
    figures.add_argument("--results", metavar="FILE", help="of benchmarks/experiment.py; adds the figures of results")
    suffixes = ", ".join(animation.SUFFIXES)
    for name, scene in scenes.SCENES.items():
        about = _sentence(scene)
        one = commands.add_parser(name, help=about, description=about, argument_default=argparse.SUPPRESS)
        one.add_argument("--out", required=True, metavar="FILE", help=f"where to; the suffix chooses: {suffixes}")
        one.add_argument("--words", metavar="FILE", help=HELP["words"])
        _add_options(one, scene)
    return parser


def _add_options(parser: argparse.ArgumentParser, scene: Callable[..., Any]) -> None:
    """An option for every number and name that the scene takes."""
    from . import animation
    from .losses import LOSSES
    from .scenes.shared import OPTIMIZERS, PAINTED
    from .themes import THEMES

    words = HELP | {
        "size": f"in pixels, both even, {animation.SMALLEST} to {animation.LARGEST}",
        "loss": f"one of {', '.join(LOSSES)}",
        "optimizer": f"one of {', '.join(OPTIMIZERS)}",
        "style": f"one of {', '.join(THEMES)}",
        "font": "of an installed font",
    }
    for name, parameter in signature(scene).parameters.items():
        usual, metavar = parameter.default, "N"
        kind: Callable[[str], Any] = type(usual)
        if name == "start":
            kind, usual, metavar = _point, "a random point", "X,Y,Z"
        elif name == "size":
            kind, usual, metavar = _size, "{}x{}".format(*usual), "WxH"
        elif kind is str:
            metavar = "NAME"
        about = f"{words.get(name, '')}; default {usual}".removeprefix("; ")
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=about)
    for name, usual in PAINTED.items():
        parser.add_argument(f"--{name}", metavar="NAME", help=f"{words[name]}; default {usual}")


def _point(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(x) for x in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected X,Y,Z as in 0.6,0,0.8, got {text!r}") from None


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT as in 640x480, got {text!r}")
    return int(width), int(height)


def _sentence(scene: Callable[..., Any]) -> str:
    """The first sentence of its docstring, of the one in its file where `python -OO` has dropped it."""
    text = scene.__doc__
    if text is None:
        with suppress(OSError, SyntaxError):  # no source
            (made,) = ast.parse(cleandoc(getsource(unwrap(scene)))).body
            text = ast.get_docstring(made) if isinstance(made, ast.FunctionDef) else None
    return (text or "").partition("\n")[0]


if __name__ == "__main__":
    run(main)
