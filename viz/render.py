"""A writer turns the frames of a film, raw RGBA bytes, into a file: .mp4 by ffmpeg, .gif and .webp by Pillow.

ffmpeg is the system's, else the one of the package imageio-ffmpeg. A frame is drawn once, and piped at once.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image, ImageColor

from grassmann_np.extras import install
from grassmann_np.files import beside

from .marks import STYLES

FILMS = {".mp4": 30.0, ".gif": 12.5, ".webp": 20.0}  # frames per second; GIF counts in hundredths of a second
IN_A_PAGE = 20.0  # a site draws dozens when it is built


def encoder() -> str:
    """The path of ffmpeg; RuntimeError, saying what to install, where there is none."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise RuntimeError(
            f".mp4 needs ffmpeg, and there is none: {install('film')}, or your system's ffmpeg; "
            ".html, .gif, .webp, .png, .svg and .tex work without it"
        ) from None


def can_encode() -> bool:
    """Whether there is an ffmpeg."""
    try:
        return bool(encoder())
    except RuntimeError:
        return False


def write(
    path: Path,
    frames: Iterator[memoryview],
    size: tuple[int, int],
    rate: float,
    sample: list[bytes],
    about: dict[str, str],
) -> None:
    """Write the film, `rate` frames a second.

    `sample` holds a few of them, for the palette; `about` the title, the caption and the command.
    """
    with beside(path) as part:
        if path.suffix.lower() == ".mp4":
            _mp4(part, frames, size, rate, about, path)
        else:
            _pillow(part, frames, size, rate, sample, about)


def _mp4(
    path: Path, frames: Iterator[memoryview], size: tuple[int, int], rate: float, about: dict[str, str], name: Path
) -> None:
    """`name` is what an error calls the film."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{size[0]}x{size[1]}", "-r", f"{rate:g}", "-i", "-"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    words = [item for key, text in about.items() for item in ("-metadata", f"{key}={text}")]
    command = [encoder(), "-y", "-loglevel", "error", *raw, *coded, "-fflags", "+bitexact", *words, f"file:{path}"]
    with tempfile.TemporaryFile() as log:
        # its own session: Ctrl-C reaches this process, which then ends ffmpeg
        pipe = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
        )
        assert pipe.stdin is not None  # a pipe was asked for
        try:
            for frame in frames:
                pipe.stdin.write(frame)
            pipe.stdin.close()
            pipe.wait()
        except BrokenPipeError:
            pass  # ffmpeg has ended: its exit status says so below
        except BaseException:
            pipe.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                pipe.stdin.close()
            pipe.wait()
        if pipe.returncode:
            log.seek(0)
            told = " ".join(log.read().decode(errors="replace").split())
            if os.strerror(errno.ENOSPC) in told:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            raise RuntimeError(f"{name}: ffmpeg failed: {told[-300:] or pipe.returncode}")


def _pillow(
    path: Path,
    frames: Iterator[memoryview],
    size: tuple[int, int],
    rate: float,
    sample: list[bytes],
    about: dict[str, str],
) -> None:
    palette = _palette(sample, size)
    pictures = (_rgb(frame, size).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    first, suffix = next(pictures), path.suffix.lower()
    how: dict[str, Any] = {"save_all": True, "append_images": pictures, "duration": round(1000 / rate), "loop": 0}
    if suffix == ".gif":
        how |= {"format": "GIF", "optimize": False, "disposal": 1, "comment": about["comment"].encode()}
    else:
        how |= {"format": "WEBP", "lossless": True, "method": 2, "quality": 40}
    with path.open("wb") as out:
        first.save(out, **how)


def _palette(sample: list[bytes], size: tuple[int, int]) -> Image.Image:
    """One palette for the whole film, from a few frames; the colours that carry meaning are in it exactly."""
    sheet = Image.new("RGB", (size[0], size[1] * len(sample)))
    for i, frame in enumerate(sample):
        sheet.paste(_rgb(frame, size), (0, i * size[1]))
    exact = sorted({ImageColor.getrgb(style.color) for style in STYLES.values()} | {(255, 255, 255)})
    found = sheet.quantize(256 - len(exact), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for color in exact for value in color] + found[: 3 * (256 - len(exact))])
    return palette


def _rgb(frame: memoryview | bytes, size: tuple[int, int]) -> Image.Image:
    return Image.frombuffer("RGBA", size, bytes(frame), "raw", "RGBA", 0, 1).convert("RGB")
