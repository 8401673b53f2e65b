"""A published file is known by its address and its MD5: it is used whole and unchanged, or not at all."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

from ..extras import install

ADVICE = "pass download=True (--download on the command line)"


def place(folder: str | Path) -> Path:
    """The folder of a data set; ~ is the home directory.  Raises TypeError for something that is not a path."""
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(f"folder: expected a path, got {folder!r}")
    return Path(os.path.expanduser(folder))


def obtain(folder: Path, url: str, md5: str, download: bool, wanted: str) -> Path:
    """The file behind `url` in `folder`: checked if it is there, fetched if it is not and `download` says so.

    Raises FileNotFoundError, in the words of `wanted`, if it is not to be fetched; ValueError for a file that is not
    the published one, and OSError for a folder or a broken link of its name: both stay as they are; else as `fetch`.
    """
    path = folder / _name(url)
    if not path.is_file():
        if os.path.lexists(path):
            raise OSError(f"{path}: expected a file, got something else; move it away")
        if not download:
            raise FileNotFoundError(f"expected {wanted} in {folder}; {ADVICE}, or get it from {url}")
        return fetch(folder, url, md5)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != md5:
        raise ValueError(
            f"{path}: expected the published file, MD5 {md5}, got {found} ({path.stat().st_size} bytes): truncated, "
            f"damaged or another file; delete it and {ADVICE}, or get it from {url}"
        )
    return path


def fetch(folder: Path, url: str, md5: str) -> Path:
    """The path of the file behind `url`, now in `folder`, which is made if need be; tries four times.

    Raises ImportError without pooch (the extra `data`), and OSError for a server that does not answer, a download that
    breaks off, a file that is not the published one, or a folder or disk that does not take it; nothing is left then.
    """
    try:
        import pooch
    except ImportError as error:
        raise ImportError(f"downloads need pooch: {install('data')}") from error
    name = _name(url)
    source = pooch.create(folder, base_url="", registry={name: f"md5:{md5}"}, urls={name: url}, retry_if_failed=3)
    watched = sys.stderr is not None and sys.stderr.isatty()
    new = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        return Path(source.fetch(name, downloader=pooch.HTTPDownloader(progressbar=watched)))
    except BaseException as error:
        with suppress(OSError):  # another process may have put something there
            for parent in new:
                parent.rmdir()
        if isinstance(error, OSError | ValueError):  # a ValueError is pooch's for another checksum
            raise OSError(f"could not fetch {url}: {error}; or put the file into {folder} by other means") from error
        raise


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]
