"""python -m viz: draw a scene into a file, list the scenes, draw the curves of runs, write the page and the widget."""

from __future__ import annotations

import argparse
import ast
import errno
import os
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from inspect import cleandoc, getsource, signature, unwrap
from typing import Any, NoReturn, TextIO

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
}


def main(words: list[str] | None = None) -> int:
    """The exit status: 0 when done, 1 when something failed, 2 for a wrong command line, 130 after Ctrl-C.

    What is written is written, even if nobody can be told; what fails is told in one line.
    """
    try:
        _run(words)
        return 0
    except ModuleNotFoundError as missing:
        name = str(missing.name).split(".")[0]
        says = f"{'Pillow' if name == 'PIL' else name} is missing; pip install 'grassmann-np[viz]'"
    except OSError as wrong:
        says = f"{_text(wrong.filename)}: {wrong.strerror}" if wrong.filename and wrong.strerror else str(wrong)
    except MemoryError:
        says = "there is not enough memory for this"
    except (ImportError, ValueError, RuntimeError, ArithmeticError) as wrong:
        says = str(wrong)
    except KeyboardInterrupt:
        _tell("stopped; nothing was written")
        return 130
    _tell(says)
    return 1


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, and on any terminal."""

    def error(self, message: str) -> NoReturn:
        _tell(message)
        sys.exit(2)

    def print_help(self, file: Any = None) -> None:
        _print(self.format_help().rstrip("\n"))


def _print(text: str) -> None:
    """Text as the result of a command: OSError if it is lost, except to a reader who has gone."""
    lost = _say(text, sys.stdout)
    if lost and lost.errno not in (errno.EPIPE, errno.EINVAL):  # Windows says EINVAL of a closed pipe
        raise OSError(lost.errno, lost.strerror or str(lost), "standard output")


def _tell(says: str) -> None:
    """One line on stderr."""
    says = " ".join(says.split())
    _say(f"viz: {says if len(says) < 2000 else says[:1000] + ' … ' + says[-900:]}", sys.stderr)


def _say(text: str, stream: TextIO | None) -> OSError | None:
    """Write a line at once, in whatever letters the stream has; what kept it from being written, if something did."""
    if stream is None:  # closed before Python began
        return None
    letters = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(letters, "backslashreplace").decode(letters) + "\n")
        stream.flush()
    except ValueError:  # closed since
        return None
    except OSError as lost:
        with suppress(OSError, ValueError):  # Python flushes once more when it ends: into nothing
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return lost
    return None


def _text(name: Any) -> str:
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else str(name)


def _run(words: list[str] | None) -> None:
    """Run one command line; what it wrote is printed."""
    from . import scenes  # not at the top: main() says what is missing

    parser = _parser()
    given = vars(parser.parse_args(words))
    command = given.pop("command")
    for name, value in given.items():
        if value == []:  # argparse's answer to --name=--
            parser.error(f"argument --{name}: expected one argument")
    if command == "list":
        widest, lines = max(map(len, scenes.SCENES)), []
        for name, scene in scenes.SCENES.items():
            lines.append(f"{name:{widest}} {_sentence(scene)}")
        _print("\n".join(lines))
    elif command == "page":
        from . import page

        _say(str(page.write(given["folder"])), sys.stdout)
    elif command == "sheet":
        from . import sheet

        _say(str(sheet.write(given["out"], scenes.SCENES)), sys.stdout)
    elif command == "curves":
        from . import curves, files

        out = files.ready(given["out"], files.STILLS)
        made = shlex.join(["python", "-m", "viz", "curves", *given["runs"]])
        _say(str(curves.save(curves.of_runs(given["runs"]), out, made)), sys.stdout)
    elif command == "widget":
        from . import widget

        _say(str(widget.write(given["out"], given["seed"])), sys.stdout)
    else:
        from . import animation

        out = animation.ready(given.pop("out"))
        try:
            film = scenes.SCENES[command](**given)
        except ValueError as wrong:
            parser.error(str(wrong))
        _say(str(film.save(out)), sys.stdout)


def _parser() -> argparse.ArgumentParser:
    from . import animation, scenes

    about = "Pictures and films of optimization on the sphere."
    parser = _Parser(prog="python -m viz", description=about)
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
    suffixes = ", ".join(animation.SUFFIXES)
    for name, scene in scenes.SCENES.items():
        about = _sentence(scene)
        one = commands.add_parser(name, help=about, description=about, argument_default=argparse.SUPPRESS)
        one.add_argument("--out", required=True, metavar="FILE", help=f"where to; the suffix chooses: {suffixes}")
        _add_options(one, scene)
    return parser


def _add_options(parser: argparse.ArgumentParser, scene: Callable[..., Any]) -> None:
    """An option for every number and name that the scene takes."""
    from . import animation
    from .losses import LOSSES
    from .scenes.shared import OPTIMIZERS

    words = HELP | {
        "size": f"in pixels, both even, {animation.SMALLEST} to {animation.LARGEST}",
        "loss": f"one of {', '.join(LOSSES)}",
        "optimizer": f"one of {', '.join(OPTIMIZERS)}",
    }
    for name, parameter in signature(scene).parameters.items():
        usual, metavar = parameter.default, "N"
        kind: Callable[[str], Any] = type(usual)
        if name == "size":
            kind, usual, metavar = _size, "{}x{}".format(*usual), "WxH"
        elif kind is str:
            metavar = "NAME"
        about = f"{words.get(name, '')}; default {usual}".removeprefix("; ")
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=about)


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
    sys.exit(main())
