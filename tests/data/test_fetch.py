"""Downloads, from a server on loopback: whole and checked, or nothing, with the reason; tried again first."""

import errno
import io
import os
import shutil
import socket
import sys
from dataclasses import replace

import numpy as np
import pytest

from grassmann_np import data
from grassmann_np.data import cifar
from tests.data.small import listing, serving, shrink_cifar, shrink_svhn, svhn, write

NAME = "cifar-10-binary.tar.gz"


@pytest.fixture(autouse=True)
def no_waiting_and_no_proxy(monkeypatch):
    """The seconds that pooch waits before each new attempt: recorded, not waited."""
    waits = []
    monkeypatch.setattr("pooch.core.time.sleep", waits.append)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return waits


@pytest.fixture
def small(monkeypatch):
    """(point, the archive): a small CIFAR-10, and point(address) publishes it there."""
    published, files, _ = shrink_cifar(monkeypatch, "CIFAR10")

    def point(address):
        monkeypatch.setattr(cifar, "CIFAR10", replace(published, url=address + NAME))

    return point, files[NAME]


def test_fetched_once_then_used(small, tmp_path):
    point, whole = small
    with serving({NAME: [whole]}) as (address, requests):
        point(address)
        fetched = data.cifar10(tmp_path / "new" / "folder", download=True)
        again = data.cifar10(tmp_path / "new" / "folder", download=True)
        assert requests == [NAME]
    np.testing.assert_array_equal(fetched.x_train, again.x_train)
    assert listing(tmp_path) == {f"new/folder/{NAME}": whole}


def test_nothing_is_fetched_unless_asked(small, tmp_path):
    point, whole = small
    with serving({NAME: [whole]}) as (address, requests):
        point(address)
        with pytest.raises(FileNotFoundError, match=r"pass download=True \(--download on the command line\)"):
            data.cifar10(tmp_path)
        assert requests == []


@pytest.mark.parametrize("first", ["half", "refused", "wrong"])
def test_a_failure_is_tried_again(small, tmp_path, no_waiting_and_no_proxy, first):
    point, whole = small
    bad = {"half": (whole[: len(whole) // 2], len(whole)), "refused": 503, "wrong": whole[::-1]}[first]
    with serving({NAME: [bad, bad, bad, whole]}) as (address, requests):
        point(address)
        data.cifar10(tmp_path, download=True)
        assert len(requests) == 4 and len(no_waiting_and_no_proxy) == 3
    assert listing(tmp_path) == {NAME: whole}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [("half", "Connection broken|IncompleteRead"), ("missing", "404"), ("refused", "503"), ("wrong", "does not match")],
)
def test_a_failure_that_stays_leaves_nothing_and_says_why(small, tmp_path, bad, reason):
    point, whole = small
    answer = {"half": (whole[: len(whole) // 2], len(whole)), "missing": 404, "refused": 503, "wrong": whole[::-1]}[bad]
    write(tmp_path, {"mine.txt": b"keep"})
    with serving({NAME: [answer]}) as (address, requests):
        point(address)
        with pytest.raises(OSError, match=rf"(?s)could not fetch {address}{NAME}: .*({reason}).*put the file into"):
            data.cifar10(tmp_path, download=True)
        assert len(requests) == 4
    assert listing(tmp_path) == {"mine.txt": b"keep"}


def test_no_server(small, tmp_path):
    point, _ = small
    with socket.socket() as free:  # a port that nobody listens on
        free.bind(("127.0.0.1", 0))
        point(f"http://127.0.0.1:{free.getsockname()[1]}/")
        with pytest.raises(OSError, match=r"(?s)could not fetch http.*put the file into .* by other means"):
            data.cifar10(tmp_path, download=True)
    assert listing(tmp_path) == {}


def test_svhn_fetches_only_what_is_missing(monkeypatch, tmp_path):
    files, _ = shrink_svhn(monkeypatch)
    write(tmp_path, {"train_32x32.mat": files["train_32x32.mat"]})
    with serving({name: [content] for name, content in files.items()}) as (address, requests):
        monkeypatch.setattr(svhn, "SITE", address)
        data.svhn(tmp_path, extra=False, download=True)
        assert requests == ["test_32x32.mat"]
        data.svhn(tmp_path, download=True)
        assert requests == ["test_32x32.mat", "extra_32x32.mat"]
    assert listing(tmp_path) == files


def test_people_at_a_terminal_see_a_bar(small, tmp_path, monkeypatch):
    point, whole = small
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    with serving({NAME: [whole]}) as (address, _):
        point(address)
        data.cifar10(tmp_path, download=True)
    assert "100%" in terminal.getvalue()


def test_without_pooch_its_extra_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install 'grassmann-np\[data\]'"):
        data.cifar10(tmp_path / "new", download=True)
    assert not (tmp_path / "new").exists()


def test_a_failure_leaves_no_new_folder(small, tmp_path):
    point, _ = small
    with serving({}) as (address, _):
        point(address)
        with pytest.raises(OSError, match="404"):
            data.cifar10(tmp_path / "new" / "folder", download=True)
        (tmp_path / "mine").mkdir()
        with pytest.raises(OSError, match="404"):
            data.cifar10(tmp_path / "mine", download=True)
    assert os.listdir(tmp_path) == ["mine"]


def test_ctrl_c_leaves_nothing(small, tmp_path, monkeypatch):
    point, whole = small

    def stopped(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("pooch.core.hash_matches", stopped)  # what has been written is about to be checked
    with serving({NAME: [whole]}) as (address, requests):
        point(address)
        with pytest.raises(KeyboardInterrupt):
            data.cifar10(tmp_path / "new", download=True)
        assert requests == [NAME]
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_nothing(small, tmp_path, monkeypatch):
    point, whole = small

    def full(*args, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "move", full)
    with serving({NAME: [whole]}) as (address, requests):
        point(address)
        with pytest.raises(OSError, match=rf"could not fetch {address}{NAME}: .*No space left on device; or put"):
            data.cifar10(tmp_path, download=True)
        assert requests == [NAME]
    assert os.listdir(tmp_path) == []


def identity(path):
    """What a look at it does not change."""
    found = os.lstat(path)
    return found.st_ino, found.st_mode, found.st_mtime_ns


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
@pytest.mark.parametrize("kind", ["a folder", "a broken link", "a pipe"])
def test_something_else_of_that_name_stays(small, tmp_path, kind):
    point, whole = small
    path = tmp_path / NAME
    {"a folder": path.mkdir, "a broken link": lambda: path.symlink_to("nowhere"), "a pipe": lambda: os.mkfifo(path)}[
        kind
    ]()
    before = identity(path)
    with serving({NAME: [whole]}) as (address, requests):
        point(address)
        for download in (False, True):
            with pytest.raises(OSError, match=f"{NAME}: expected a file, got something else; move it away"):
                data.cifar10(tmp_path, download=download)
        assert requests == []
    assert identity(path) == before and os.listdir(tmp_path) == [NAME]


def test_a_file_in_place_of_the_folder_stays(small, tmp_path):
    point, whole = small
    write(tmp_path, {"mine": b"keep"})
    with serving({NAME: [whole]}) as (address, _):
        point(address)
        for folder in (tmp_path / "mine", tmp_path / "mine" / "folder"):
            with pytest.raises(FileNotFoundError, match="pass download=True"):
                data.cifar10(folder)
            with pytest.raises(OSError, match=rf"could not fetch {address}{NAME}: .*mine.*; or put the file into"):
                data.cifar10(folder, download=True)
    assert listing(tmp_path) == {"mine": b"keep"}


def test_a_folder_that_cannot_be_written(small, tmp_path, monkeypatch):
    point, whole = small
    monkeypatch.setattr(os, "access", lambda *args: False)  # a superuser may write anywhere

    def refused(*args, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path))

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refused)
    with serving({NAME: [whole]}) as (address, _):
        point(address)
        with pytest.raises(OSError, match=r"could not fetch .*Permission denied.*; or put the file into"):
            data.cifar10(tmp_path, download=True)
    assert os.listdir(tmp_path) == []


def test_without_a_terminal_or_any_stderr_it_is_fetched_too(small, tmp_path, monkeypatch):
    point, whole = small
    monkeypatch.setattr(sys, "stderr", None)
    with serving({NAME: [whole]}) as (address, _):
        point(address)
        data.cifar10(tmp_path, download=True)
    assert listing(tmp_path) == {NAME: whole}
