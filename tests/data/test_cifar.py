"""CIFAR: small files in the true formats are read exactly; broken and foreign ones are refused with the reason."""

import gzip
import os
import pickle
import tarfile
import tracemalloc

import numpy as np
import pytest

from grassmann_np import data
from grassmann_np.data import cifar, crop_and_flip
from tests.data.small import archive, listing, md5, member, publish, shrink_cifar, write

LOADERS = {"CIFAR10": data.cifar10, "CIFAR100": data.cifar100}


@pytest.fixture(params=LOADERS)
def cifars(request, monkeypatch):
    """(loader, description, file contents, labels and images) of a small CIFAR."""
    return LOADERS[request.param], *shrink_cifar(monkeypatch, request.param)


def bins(files):
    return {name: content for name, content in files.items() if name.endswith(".bin")}


def packed(files):
    return {name: content for name, content in files.items() if name.endswith(".gz")}


def test_what_is_published():
    assert cifar.CIFAR10.classes == (10,) and cifar.CIFAR100.classes == (20, 100)
    sizes = {name: n * 3073 for name, n in (cifar.CIFAR10.train | cifar.CIFAR10.test).items()}
    assert len(sizes) == 6 and set(sizes.values()) == {30_730_000}
    assert list(cifar.CIFAR10.train) == [f"data_batch_{i}.bin" for i in range(1, 6)]
    assert cifar.CIFAR100.train == {"train.bin": 50_000} and cifar.CIFAR100.test == {"test.bin": 10_000}


def test_from_files_from_their_folder_and_from_the_archive(cifars, tmp_path):
    loader, published, files, made = cifars
    write(tmp_path / "flat", bins(files))
    write(tmp_path / "unpacked" / published.inside, bins(files))
    write(tmp_path / "packed", packed(files))
    before = listing(tmp_path)
    sets = [loader(tmp_path / kind) for kind in ("flat", "unpacked", "packed")]
    sets.append(loader(str(tmp_path / "flat")))
    train = np.concatenate([made[name][1] for name in published.train]).astype(float)
    mean, deviation = train.mean(axis=(0, 1, 2)), train.std(axis=(0, 1, 2))
    (test,) = (made[name][1] for name in published.test)
    for got in sets:
        assert (got.name, got.classes) == (published.name, published.classes[-1])
        assert got.x_train.dtype == got.x_test.dtype == np.float32
        np.testing.assert_allclose(got.x_train, (train - mean) / deviation, atol=1e-6)
        np.testing.assert_allclose(got.x_test, (test - mean) / deviation, atol=1e-6)
        fine = np.concatenate([made[name][0][:, -1] for name in published.train])
        np.testing.assert_array_equal(got.y_train, fine)
        np.testing.assert_array_equal(got.y_test, made[next(iter(published.test))][0][:, -1])
        assert got.y_train.dtype == got.y_test.dtype == np.int64
        assert got.augment is crop_and_flip
    assert listing(tmp_path) == before  # nothing was unpacked


def test_training_images_have_mean_0_and_deviation_1_in_every_channel(cifars, tmp_path):
    loader, _, files, _ = cifars
    write(tmp_path, files)
    x = loader(tmp_path).x_train.astype(float)
    np.testing.assert_allclose(x.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=(0, 1, 2)), 1, atol=1e-6)


def test_a_channel_of_one_value_is_zero(cifars, tmp_path):
    loader, _, files, _ = cifars
    write(tmp_path, {name: bytes(len(content)) for name, content in bins(files).items()})
    assert not loader(tmp_path).x_train.any()


@pytest.mark.parametrize("damage", ["empty", "half", "one image less", "one byte less", "one byte more", "pickle"])
def test_a_file_of_another_size_is_refused(cifars, tmp_path, damage):
    loader, published, files, made = cifars
    for name, n in (published.train | published.test).items():
        size = len(published.classes) + 3072
        content = {
            "empty": b"",
            "half": files[name][: len(files[name]) // 2],
            "one image less": files[name][:-size],
            "one byte less": files[name][:-1],
            "one byte more": files[name] + b"\0",
            "pickle": pickle.dumps({b"data": made[name][1].reshape(n, -1), b"labels": [0] * n}),
        }[damage]
        write(tmp_path, bins(files) | {name: content})
        with pytest.raises(ValueError, match=f"/{name}: expected {n * size} bytes, got {len(content)}: truncated"):
            loader(tmp_path)


def test_a_label_out_of_range_is_refused(cifars, tmp_path):
    loader, published, files, _ = cifars
    size = len(published.classes) + 3072
    for name in published.train | published.test:
        for column, limit in enumerate(published.classes):
            content = bytearray(files[name])
            content[2 * size + column] = limit
            write(tmp_path, bins(files) | {name: bytes(content)})
            reason = f"/{name}: expected labels from 0 to {limit - 1}, got {limit} for image 2"
            with pytest.raises(ValueError, match=reason):
                loader(tmp_path)


@pytest.mark.parametrize("damage", ["half", "one bit", "foreign"])
def test_a_broken_archive_is_refused_and_left_alone(cifars, tmp_path, damage):
    loader, published, files, _ = cifars
    ((name, whole),) = packed(files).items()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    content = {"half": whole[: len(whole) // 2], "one bit": bytes(flipped), "foreign": b"<html>404</html>"}[damage]
    write(tmp_path, {name: content})
    reason = f"{name}: expected .* MD5 {published.md5}, got {md5(content)} .{len(content)} bytes"
    for download in (False, True):
        with pytest.raises(ValueError, match=reason):
            loader(tmp_path, download=download)
        assert listing(tmp_path) == {name: content}


def test_missing_files_are_named_with_where_to_get_them(cifars, tmp_path):
    loader, published, files, _ = cifars
    some = bins(files)
    some.pop(next(iter(published.test)))
    write(tmp_path, some)
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            FileNotFoundError, match=r"test.*bin, or .*gz, in .*download=True \(--download .*\), or get"
        ):
            loader(folder)
    assert not (tmp_path / "nowhere").exists()


def hostile(published, files):
    """Archives that are not what they should be, by what is wrong: (their bytes, the words of the refusal)."""
    inside = published.inside
    good = {f"{inside}/{name}": content for name, content in bins(files).items()}
    first, content = next(iter(good.items()))
    less = {path: content for path, content in good.items() if path != first}
    whole = archive(good)
    size, name = len(content), first.split("/")[1]
    outside = f"expected files in {inside}, got"
    return {
        "missing": (archive(less), f"expected {name} in {inside}, got none"),
        "empty": (archive({}), "expected .* got none"),
        "elsewhere": (archive(less | {name: content}), f"{outside} '{name}'"),
        "above": (archive(less | {f"../{name}": content}), f"{outside} '../{name}'"),
        "back and forth": (archive(less | {f"{inside}/../{inside}/{name}": content}), outside),
        "absolute": (archive(less | {f"/{inside}/{name}": content}), outside),
        "too small": (archive(less | {first: content[:-1]}), f"{name}: expected {size} bytes, got {size - 1}"),
        "too large": (archive(less | {first: content + b"0"}), f"{name}: expected {size} bytes, got {size + 1}"),
        "twice": (archive(good, (member(first, size), content)), f"expected {name} once"),
        **{
            words: (archive(less, (member(first, kind=kind, link="/dev/zero"), b"")), outside)
            for words, kind in (
                ("a link", tarfile.SYMTYPE),
                ("a hard link", tarfile.LNKTYPE),
                ("a device", tarfile.CHRTYPE),
                ("a pipe", tarfile.FIFOTYPE),
            )
        },
        "a folder": (
            archive(less, (member(first, kind=tarfile.DIRTYPE), b"")),
            f"{name}: expected {size} bytes, got 0",
        ),
        "cut short": (whole[: len(whole) // 2], "truncated or damaged"),
        "cut in a file": (gzip.compress(gzip.decompress(whole)[: size // 2]), "truncated or damaged"),
        "text": (b"<html>404</html>", "truncated or damaged"),
        "nothing": (b"", "truncated or damaged"),
        "noise in gzip": (gzip.compress(bytes(range(256)) * 100), "truncated or damaged"),
        "a large other file": (archive({f"{inside}/readme.html": bytes(10**8)} | good), "at most .* when unpacked"),
        "a large header": (archive(good, (member("x", 10**8, tarfile.XHDTYPE), bytes(10**8))), "at most .* unpacked"),
    }


@pytest.mark.parametrize("kind", hostile(cifar.CIFAR10, {"train.bin": b"", "test.bin": b""}))
def test_an_archive_that_holds_something_else_is_refused(cifars, tmp_path, monkeypatch, kind):
    loader, published, files, _ = cifars
    content, reason = hostile(published, files)[kind]
    write(tmp_path, publish(monkeypatch, published, content))
    before = listing(tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=f"(?s)binary.tar.gz: .*{reason}"):
            loader(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert listing(tmp_path) == before


def test_what_an_archive_holds_besides_is_passed_over(cifars, tmp_path, monkeypatch):
    loader, published, files, _ = cifars
    inside = published.inside
    good = {f"./{inside}/{name}": content for name, content in bins(files).items()}
    others = {f"{inside}/readme.html": b"read me", f"{inside}/old/{next(iter(bins(files)))}": b"not this one"}
    folder = (member(inside, kind=tarfile.DIRTYPE), b"")
    write(tmp_path, publish(monkeypatch, published, archive(others | good, folder)))
    write(tmp_path / "flat", bins(files))
    np.testing.assert_array_equal(loader(tmp_path).x_test, loader(tmp_path / "flat").x_test)


def test_a_large_loose_file_is_refused_unread(cifars, tmp_path):
    loader, published, files, _ = cifars
    write(tmp_path, bins(files))
    name = next(iter(published.train))
    os.truncate(tmp_path / name, 2**40)  # a hole: it takes no room
    with pytest.raises(ValueError, match=f"/{name}: expected .* bytes, got {2**40}"):
        loader(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="a pipe")
def test_a_pipe_is_not_a_file(cifars, tmp_path):
    loader, published, files, _ = cifars
    write(tmp_path, bins(files))
    name = next(iter(published.train))
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="download=True"):
        loader(tmp_path)


def test_the_home_directory_is_known(cifars, tmp_path, monkeypatch):
    loader, published, files, _ = cifars
    write(tmp_path / "cifar", bins(files))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert loader("~/cifar").classes == published.classes[-1]
    with pytest.raises(FileNotFoundError, match="in ~nobody-of-this-name/cifar; pass download=True"):
        loader("~nobody-of-this-name/cifar")


@pytest.mark.parametrize("folder", [None, 3, b"cifar", ["cifar"]])
def test_only_a_path_is_a_folder(cifars, folder):
    with pytest.raises(TypeError, match=r"^folder: expected a path, got "):
        cifars[0](folder)
