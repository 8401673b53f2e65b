"""python -m viz: draw a scene into a file, list the scenes, write the page."""

from __future__ import annotations

import argparse
from typing import Any

from . import page, render, scenes
from .files import STILLS

SUFFIXES = ", ".join([*render.FILMS, *STILLS])


def main(words: list[str] | None = None) -> None:
    """Run one command line; what it wrote is printed. Wrong input ends with a sentence, not with a traceback."""
    given = vars(_parser().parse_args(words))
    command = given.pop("command")
    try:
        if command == "list":
            for name, scene in scenes.SCENES.items():
                print(f"{name:12} {_sentence(scene)}")
        elif command == "page":
            print(page.write(given["folder"]))
        else:
            out = given.pop("out")
            print(scenes.SCENES[command](**given).save(out))
    except (ValueError, RuntimeError, OSError) as wrong:
        raise SystemExit(f"viz: {wrong}") from None
    except KeyboardInterrupt:
        raise SystemExit("viz: stopped; nothing was written") from None


def _parser() -> argparse.ArgumentParser:
    about = "Pictures and films of optimization on the sphere."
    parser = argparse.ArgumentParser(prog="python -m viz", description=about)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="name the scenes")
    folder = commands.add_parser("page", help="write FOLDER/index.html from the comparison and the film in it")
    folder.add_argument("folder", metavar="FOLDER")
    for name, scene in scenes.SCENES.items():
        about = _sentence(scene)
        one = commands.add_parser(name, help=about, description=about, argument_default=argparse.SUPPRESS)
        one.add_argument("--out", required=True, metavar="FILE", help=f"where to; the suffix chooses: {SUFFIXES}")
        one.add_argument("--lr", type=float, help="learning rate eta")
        one.add_argument("--momentum", type=float, help="momentum gamma")
        one.add_argument("--clip", type=float, help="longest gradient nu")
        one.add_argument("--seed", type=int, help="of the loss and the first point")
        one.add_argument("--seconds", type=float, help="how long the film lasts")
        one.add_argument("--size", type=_size, metavar="WxH", help="in pixels, both even")
        one.add_argument("--orbit", type=float, metavar="DEGREES", help="how far the camera turns")
    return parser


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT as in 640x480, got {text!r}")
    return int(width), int(height)


def _sentence(scene: Any) -> str:
    return scene.__doc__.splitlines()[0]


if __name__ == "__main__":
    main()
