"""A file is whole or as it was: links, modes, long names, threads, full disks, damaged bytes, dead writers."""

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from grassmann_np import files
from grassmann_np.files import beside, check_target, read_json, read_npz, write_json

VALUE = {"rate": 0.1, "errors": [1.5, 2.25e-17, 3], "name": "a b", "done": True, "none": None, "deep": {"x": [[1], []]}}
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def test_what_is_written_is_read(tmp_path):
    write_json(tmp_path / "new" / "x.json", VALUE)
    assert read_json(tmp_path / "new" / "x.json") == VALUE
    assert os.listdir(tmp_path / "new") == ["x.json"]
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json(tmp_path / "new" / "x.json", {"rate": bad})
    assert read_json(tmp_path / "new" / "x.json") == VALUE


def test_every_byte_that_is_changed_or_cut_is_noticed_or_of_no_account(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, VALUE)
    good = path.read_bytes()
    accepted = 0
    for place in range(len(good)):
        for byte in {good[place] ^ 1, good[place] ^ 0x80, ord("0"), ord(" "), ord("}")} - {good[place]}:
            path.write_bytes(good[:place] + bytes([byte]) + good[place + 1 :])
            try:
                found = read_json(path)
            except ValueError as error:
                assert str(path) in str(error) and "\n" not in str(error)
            else:
                assert found == VALUE
                accepted += 1
        if place < len(good) - 1:
            path.write_bytes(good[:place])
            with pytest.raises(ValueError, match="expected JSON with a checksum"):
                read_json(path)
    assert 0 < accepted < len(good)  # white space


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "null", "{}", '{"checksum": 3}', "[" * 10**5, '{"x": NaN, "checksum": ""}', '"\\ud800"', "{1}"],
)
def test_what_is_no_json_of_ours_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"x\.json: .*(expected JSON with a checksum|checksum does not fit)"):
        read_json(tmp_path / "x.json")
    assert (tmp_path / "x.json").read_text() == text


def test_numbers_too_long_to_read_are_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"checksum": ' + "9" * 10**5 + "}")
    with pytest.raises(ValueError, match="expected JSON with a checksum"):
        read_json(tmp_path / "x.json")


@pytest.mark.skipif(os.name != "posix", reason="links and modes")
def test_a_link_stays_a_link_and_a_mode_stays(tmp_path):
    target, link = tmp_path / "elsewhere" / "real.json", tmp_path / "link.json"
    write_json(target, {"x": 1})
    target.chmod(0o640)
    link.symlink_to(target)
    write_json(link, {"x": 2})
    assert link.is_symlink() and read_json(target) == {"x": 2}
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    (tmp_path / "dangling.json").symlink_to(tmp_path / "elsewhere" / "new.json")
    write_json(tmp_path / "dangling.json", {"x": 3})
    assert read_json(tmp_path / "elsewhere" / "new.json") == {"x": 3}


@pytest.mark.parametrize(
    "name", ["x" * 250, "x" * 245 + ".json", "." + "y" * 249, "a." + "y" * 240, "-", "ü ☃.json", "a'b\"c$.json"]
)
def test_any_legal_name(tmp_path, name):
    write_json(tmp_path / name, VALUE)
    assert read_json(tmp_path / name) == VALUE and os.listdir(tmp_path) == [name]


def test_threads_do_not_meet(tmp_path):
    start, wrong = threading.Barrier(8), []

    def write(number):
        start.wait()
        for _ in range(20):
            try:
                write_json(tmp_path / "x.json", {"number": number, "much": list(range(500))})
                assert read_json(tmp_path / "x.json")["much"][-1] == 499
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and os.listdir(tmp_path) == ["x.json"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("encoder error -2"), "encoder error -2"),
        (KeyboardInterrupt(), ""),
    ],
)
def test_an_error_keeps_what_was_there_and_names_the_path(tmp_path, error, told):
    path = tmp_path / "x.json"
    write_json(path, VALUE)
    with pytest.raises(type(error)) as caught, beside(path) as part:
        part.write_text("half")
        raise error
    assert read_json(path) == VALUE and os.listdir(tmp_path) == ["x.json"]
    if told:
        assert told in str(caught.value) and caught.value.filename == str(path)


def test_an_error_about_another_file_stays_about_it(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, beside(tmp_path / "x"):
        (tmp_path / "other").read_text()
    assert caught.value.filename == str(tmp_path / "other")


def test_what_a_dead_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    dead = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys\nfrom grassmann_np.files import beside\n"
            "with beside(sys.argv[1]) as part:\n    part.write_text('half')\n    os.kill(os.getpid(), 9)",
            str(tmp_path / "x.json"),
        ]
    )
    assert dead.returncode == -9
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(files.PART)
    with beside(tmp_path / "y.json") as part:
        part.write_text("mine")
        assert not left.exists()
        write_json(tmp_path / "z.json", VALUE)
        assert part.exists()
    strange = [f"{files.PART}another-1-00", f"{files.PART}{files._host()}-x-00", f"{files.PART}{files._host()}-1-00"]
    for name in strange:  # of another machine, of nobody, of a process that lives
        (tmp_path / name).touch()
    write_json(tmp_path / "z.json", VALUE)
    assert all((tmp_path / name).exists() for name in strange)


def test_what_cannot_be_written_is_refused_before_it_is_made(tmp_path):
    (tmp_path / "file").touch()
    for path, kind in (
        (tmp_path, IsADirectoryError),
        (tmp_path / "file" / "x", NotADirectoryError),
        (tmp_path / "file" / "deep" / "x", NotADirectoryError),
        (tmp_path / ("x" * 300), OSError),
        (Path("/proc/nowhere/x"), OSError),
    ):
        with pytest.raises(kind) as caught, beside(path):
            pass
        assert str(path).startswith(caught.value.filename)
    assert check_target(tmp_path / "a" / "b" / "c") == (tmp_path / "a" / "b" / "c").resolve()
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(ROOT, reason="root may write anywhere")
def test_what_may_not_be_written_is_refused(tmp_path):
    (tmp_path / "x").touch(0o400)
    with pytest.raises(PermissionError):
        check_target(tmp_path / "x")
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        check_target(tmp_path / "y")
    tmp_path.chmod(0o700)


def test_the_checksum_is_of_what_is_said_not_of_how(tmp_path):
    write_json(tmp_path / "x.json", {"b": 1, "a": np.float64(2.5)})
    value = json.loads((tmp_path / "x.json").read_text())
    (tmp_path / "x.json").write_text(json.dumps(dict(sorted(value.items(), reverse=True))))
    assert read_json(tmp_path / "x.json") == {"a": 2.5, "b": 1}


def test_an_npz_file_is_read_whole_or_by_the_first_choice_that_is_there(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, a=np.arange(3), b=np.array(["word"]), c=np.array([{}]))
    assert set(read_npz(path, ("a", "d"), ("b", "a"), ("a",))) == {"a", "b"}
    assert read_npz(path, ("a",))["a"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"c: got Python objects, .* by c\.astype\(str\)"):
        read_npz(path)
    with pytest.raises(ValueError, match="expected the arrays a, d, or e, got a, b, c"):
        read_npz(path, ("a", "d"), ("e",))


def test_an_npz_file_that_is_damaged_or_none(tmp_path):
    path = tmp_path / "x.npz"
    with pytest.raises(FileNotFoundError):
        read_npz(path)
    np.savez(path, a=np.arange(99.0))
    good, held = path.read_bytes(), read_npz(path)["a"]
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x81]) + good[place + 1 :])
        try:
            found = read_npz(path)
        except ValueError as error:
            assert "expected an .npz file, " in str(error) or ": expected an array, got " in str(error)
        else:  # a date, or the name of an array
            assert [array.tolist() for array in found.values()] in ([held.tolist()], [])


def test_too_little_memory_is_no_damage(tmp_path, monkeypatch):
    np.savez(tmp_path / "x.npz", a=np.arange(3))

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(np.lib.format, "read_array", full)
    with pytest.raises(MemoryError):
        read_npz(tmp_path / "x.npz")
