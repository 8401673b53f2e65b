"""A real scheduler and two real workers, on this machine's loopback: other processes, another working folder."""

import os
import re
import socket
import threading
import time

import numpy as np
import pytest

from grassmann_np import commands as command
from grassmann_np import train
from grassmann_np.files import read_json
from grassmann_np.train.cluster import workers as cluster_workers

distributed = pytest.importorskip("distributed", reason="pip install 'grassmann-np[cluster]'")
SHORT = ["--epochs", "1", "--seeds", "2", "--optimizers", "sgd,sgd-g", "--model", "mlp"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    here = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("workers"))  # theirs, and not ours
    try:
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, protocol="tcp", silence_logs=50
        ) as cluster:
            os.chdir(here)
            yield cluster
    finally:
        os.chdir(here)


@pytest.mark.filterwarnings("ignore")  # the cluster's own
def test_a_cluster_finds_what_the_cores_find(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--backend", "dask", "--scheduler", cluster.scheduler_address]
    assert command.main(["compare", *SHORT, *words, "--out", "there"]) == 0
    assert command.main(["compare", *SHORT, "--jobs", "1", "--out", "here"]) == 0
    there, here = (read_json(tmp_path / name / "results.json")["runs"] for name in ("there", "here"))
    assert [(run["optimizer"], run["seed"]) for run in there] == [(o, s) for o in ("sgd", "sgd-g") for s in (0, 1)]
    for ours, theirs in zip(here, there, strict=True):
        np.testing.assert_allclose(ours["history"]["train_loss"], theirs["history"]["train_loss"], rtol=1e-3)
    assert (tmp_path / "there" / "runs" / "sgd-g-1" / "checkpoint.npz").exists()


@pytest.mark.filterwarnings("ignore")
def test_a_worker_does_the_work(cluster, tmp_path):
    with cluster_workers(cluster.scheduler_address, tmp_path) as spread:
        found = list(spread(_process, range(4)))
    assert os.getpid() not in [process for _, process in found] and [one for one, _ in found] == list(range(4))


def _process(one):
    return one, os.getpid()


@pytest.mark.filterwarnings("ignore")
def test_one_worker_of_one_thread_does_the_work_too(tmp_path):
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50) as one,
        cluster_workers(one.scheduler_address, tmp_path) as spread,
    ):
        assert os.getpid() not in [process for _, process in spread(_process, range(2))]


@pytest.mark.filterwarnings("ignore")
def test_a_run_whose_worker_ends_goes_on_with_another(cluster, tmp_path):
    with cluster_workers(cluster.scheduler_address, tmp_path) as spread:
        first, second = spread(_ends_its_worker_once, [tmp_path / "a", tmp_path / "b"])
    assert os.getpid() not in (first, second)
    ends = pytest.raises(RuntimeError, match="ended every worker")
    with ends, cluster_workers(cluster.scheduler_address, tmp_path) as spread:
        list(spread(_ends_its_worker, [None]))


def _ends_its_worker_once(path):
    if not path.exists():
        path.touch()
        os._exit(1)
    return os.getpid()


def _ends_its_worker(_):
    os._exit(1)


@pytest.mark.filterwarnings("ignore")
def test_a_killed_run_is_found_whole_on_another_worker(cluster, tmp_path, monkeypatch):
    words = [*SHORT, "--epochs", "20", "--backend", "dask", "--scheduler", cluster.scheduler_address]
    asked = [*words, "--seeds", "1", "--optimizers", "sgd-g", "--out"]
    ended = []
    place = tmp_path / "killed" / "runs" / "sgd-g-0"
    threading.Thread(target=_kill_the_writer, args=[place, ended], daemon=True).start()
    assert command.main(["compare", *asked, str(tmp_path / "killed")]) == 0
    assert len(ended) == 1
    assert command.main(["compare", *asked, str(tmp_path / "whole")]) == 0
    killed, whole = (read_json(tmp_path / name / "results.json")["runs"][0] for name in ("killed", "whole"))
    assert killed["history"]["train_loss"] == whole["history"]["train_loss"]


def _kill_the_writer(folder, ended):
    """Ends the process that trains there, once it has saved an epoch; puts its number into `ended`."""
    while not (folder / "history.json").exists():
        time.sleep(0.001)
    process = int(re.search(r"process (\d+)", (folder / ".writer").read_text())[1])
    os.kill(process, 9)
    ended.append(process)


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_goes_is_said(tmp_path):
    gone = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    said = pytest.raises(OSError, match="is gone; the same command goes on")
    with said, cluster_workers(gone.scheduler_address, tmp_path) as spread:
        runs = spread(_waits, [tmp_path / "began"])
        threading.Thread(target=_closes, args=[gone, tmp_path / "began"]).start()
        list(runs)


def _waits(path):
    path.touch()
    time.sleep(60)


def _closes(cluster, began):
    while not began.exists():
        time.sleep(0.01)
    cluster.close()


@pytest.mark.filterwarnings("ignore")
def test_a_folder_that_a_worker_does_not_see_is_refused(cluster, tmp_path, monkeypatch):
    class Blind(type(tmp_path)):
        def __reduce__(self):  # arrives as another folder
            return type(tmp_path), (str(tmp_path / "elsewhere"),)

    monkeypatch.setattr(train.cluster, "Path", Blind)
    with pytest.raises(OSError, match="do not see"), cluster_workers(cluster.scheduler_address, tmp_path):
        pass


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train.cluster, "PATIENCE", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["compare", *SHORT, "--out", str(tmp_path), "--backend", "dask", "--scheduler", f"127.0.0.1:{port}"]
    assert command.main(words) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--backend", "dask"], ["--scheduler", "127.0.0.1:1"]])
def test_backend_and_scheduler_go_together(words, tmp_path, capsys):
    assert command.main(["compare", *words, "--out", str(tmp_path)]) == 2
    assert "go together" in capsys.readouterr().err
