"""Small files in the formats of the published ones, and a server on loopback that hands them out."""

import hashlib
import importlib
import io
import tarfile
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
from scipy.io import savemat

from grassmann_np.data import cifar

svhn = importlib.import_module("grassmann_np.data.svhn")  # the module: in the package its function has the name


def md5(content):
    return hashlib.md5(content).hexdigest()


def records(n, classes, rng):
    """n records of CIFAR: (labels (n, len(classes)), images (n, 32, 32, 3), the bytes of the file)."""
    labels = np.stack([rng.integers(0, limit, n) for limit in classes], axis=1).astype(np.uint8)
    images = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    content = b"".join(
        bytes(label) + b"".join(image[:, :, channel].tobytes() for channel in range(3))
        for label, image in zip(labels, images, strict=True)
    )
    return labels, images, content


def archive(contents, *more):
    """The bytes of a .tar.gz with `contents`, by path, and then `more` (TarInfo, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, content in contents.items():
            tar.addfile(member(path, len(content)), io.BytesIO(content))
        for one, content in more:
            tar.addfile(one, io.BytesIO(content))
    return out.getvalue()


def member(path, size=0, kind=tarfile.REGTYPE, link=""):
    """The header of a member of an archive."""
    info = tarfile.TarInfo(path)
    info.size, info.type, info.linkname = size, kind, link
    return info


def publish(monkeypatch, small, content):
    """Makes `content` the published archive of a small CIFAR, whatever is in it: {its name: content}."""
    monkeypatch.setattr(cifar, small.name.upper(), replace(small, md5=md5(content)))
    return {small.url.rsplit("/", 1)[1]: content}


def shrink_cifar(monkeypatch, name):
    """Makes the published CIFAR a small one for one test: (its description, its files, labels and images by name)."""
    rng = np.random.default_rng(0)
    full = getattr(cifar, name)
    sizes = {file: 7 + i for i, file in enumerate([*full.train, *full.test])}
    made = {file: records(n, full.classes, rng) for file, n in sizes.items()}
    files = {file: content for file, (_, _, content) in made.items()}
    whole = archive(
        {f"{full.inside}/readme.html": b"read me", **{f"{full.inside}/{file}": c for file, c in files.items()}}
    )
    small = replace(
        full, md5=md5(whole), train={file: sizes[file] for file in full.train}, test={f: sizes[f] for f in full.test}
    )
    monkeypatch.setattr(cifar, name, small)
    return small, {**files, full.url.rsplit("/", 1)[1]: whole}, made


def shrink_svhn(monkeypatch):
    """Makes the published SVHN a small one for one test: (its files, labels and images by name)."""
    rng = np.random.default_rng(0)
    made, files = {}, {}
    for n, name in enumerate(svhn.FILES, start=11):
        labels = rng.permutation(np.arange(n) % 10 + 1).astype(np.uint8)
        images = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
        out = io.BytesIO()
        savemat(out, {"X": images.transpose(1, 2, 3, 0), "y": labels[:, None]}, do_compression=True)
        made[name], files[name] = (labels, images), out.getvalue()
    monkeypatch.setattr(svhn, "FILES", {name: (md5(files[name]), len(labels)) for name, (labels, _) in made.items()})
    return files, made


def write(folder, files):
    """The files in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def listing(folder):
    """Everything under the folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def serving(answers):
    """(address, requests) of a server.  answers[name] is a list of contents, one for each request, the last repeated;
    a content is bytes, or (bytes, length): less than it promises, or an int: the status of a refusal."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rsplit("/", 1)[1]
            requests.append(name)
            queue = answers.get(name, [404])
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
            if isinstance(answer, int):
                return self.send_error(answer)
            content, length = answer if isinstance(answer, tuple) else (answer, len(answer))
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", requests
        finally:
            server.shutdown()
            thread.join()
