"""A cell is a piece of a lesson, run here in its reader's browser: in the module __main__, where the last one ended.

worker.js writes into /live/cell what is asked, as JSON. What a cell prints goes to the terminals, all else into
/live/show, a line of JSON for each message. Outside of the browser nothing of this file is of use.
"""

import ast
import base64
import html
import importlib
import io
import json
import linecache
import sys
import traceback
import types

scenes = []  # those shown so far: their films are drawn when somebody asks


def answer():
    """Do what stands in /live/cell: run a cell, or draw a film."""
    with open("/live/cell", encoding="utf-8") as file:
        asked = json.load(file)
    error = draw(asked["film"]) if "film" in asked else run(asked["number"], asked["source"])
    sys.stdout.flush()
    sys.stderr.flush()
    say(done=True, ok=error is None, error=type(error).__name__)


def say(**message):
    with open("/live/show", "w", encoding="utf-8") as file:
        file.write(json.dumps(message) + "\n")


def run(number, source):
    """Run a cell and show the value of its last line; returns the error, printed with the cell's lines, or None."""
    main, name = sys.modules["__main__"].__dict__, f"cell {number}"
    importlib.invalidate_caches()  # packs may have come
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    try:
        tree = ast.parse(source, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, name, "exec"), main)
        if last is not None:
            show(eval(compile(last, name, "eval"), main))
        show_figures()
    except BaseException as error:
        if isinstance(error, SyntaxError) and error.filename == name:
            error.__traceback__ = None
        print_error(error)
        return error
    return None


def print_error(error):
    """As Python does, without the lines of this file."""
    seen = error
    while seen is not None:
        while seen.__traceback__ is not None and seen.__traceback__.tb_frame.f_code.co_filename == __file__:
            seen.__traceback__ = seen.__traceback__.tb_next
        seen = seen.__cause__ or seen.__context__
    sys.stdout.flush()
    traceback.print_exception(error)


def show(value):
    """As a notebook does: its HTML if it has some, else its text; of a scene the still, since a film takes long."""
    if value is None:
        return
    sys.modules["__main__"].__dict__["_"] = value
    sys.stdout.flush()
    if hasattr(value, "still") and hasattr(value, "seconds"):
        scenes.append(value)
        from viz import html as captioned

        say(html=captioned.figure(png(value.still()), "image/png", value.caption, value.size), film=len(scenes) - 1)
    elif hasattr(value, "_repr_html_"):
        say(html=value._repr_html_())
    elif hasattr(value, "savefig"):
        say(html=image(value))
    else:
        print(repr(value))


def draw(number):
    """Show the film of a scene as a GIF, since a WebP takes minutes; returns the error, printed, or None."""
    from viz import html as captioned

    scene = scenes[number]
    try:
        film = scene.save("/tmp/film.gif").read_bytes()
        say(film=number, html=captioned.figure(film, "image/gif", scene.caption, scene.size))
    except BaseException as error:
        print_error(error)
        return error
    return None


def show_figures():
    """The open figures of matplotlib, which are closed with that."""
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is None:
        return
    sys.stdout.flush()
    for number in pyplot.get_fignums():
        say(html=image(pyplot.figure(number), bbox_inches="tight"))
    pyplot.close("all")


def image(figure, **options):
    """An <img> of a figure of matplotlib."""
    content = png(figure, **options)
    width = int.from_bytes(content[16:20]) // 2
    alt = html.escape(str(figure.get_label()), quote=True)
    return f'<img width="{width}" alt="{alt}" src="data:image/png;base64,{base64.b64encode(content).decode()}">'


def png(figure, **options):
    """A figure with twice as many dots as the page gives it, for sharp screens."""
    room = io.BytesIO()
    figure.savefig(room, format="png", dpi=2 * figure.dpi, **options)
    return room.getvalue()


sys.modules.setdefault("__main__", types.ModuleType("__main__"))
