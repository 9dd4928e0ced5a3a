"""Downloads of CIFAR from a server on this machine: whole or absent, repaired, told about, and one line on failure."""

import errno
import hashlib
import os
import pickle
import tarfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import URLError

import pytest
from torchvision.datasets import CIFAR10

from invariance.data.sources import download as module
from invariance.data.sources.download import download, is_downloaded
from invariance.data.sources.pictures import load_pictures, picture_class_names
from invariance.spec import SpecError

BATCH = {"data": [[0] * 3072] * 4, "labels": [0, 0, 1, 1]}


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path, monkeypatch):
    """The path of a tiny CIFAR-10 archive that a loopback server offers and torchvision takes for the real one."""
    folder = tmp_path / "made" / CIFAR10.base_folder
    folder.mkdir(parents=True)
    for name, content in {
        "data_batch_1": BATCH,
        "test_batch": BATCH,
        "batches.meta": {"label_names": ["a", "b"]},
    }.items():
        (folder / name).write_bytes(pickle.dumps(content))
    archive = tmp_path / "served" / CIFAR10.filename
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, CIFAR10.base_folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=archive.parent))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{server.server_port}/{archive.name}")
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive))
    monkeypatch.setattr(CIFAR10, "train_list", [["data_batch_1", md5(folder / "data_batch_1")]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5(folder / "test_batch")]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": md5(folder / "batches.meta")})
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    yield archive
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_was_downloaded_can_be_read(served, tmp_path):
    assert not is_downloaded("cifar10")
    assert download("cifar10") == (tmp_path / "data" / CIFAR10.base_folder,)
    assert is_downloaded("cifar10")
    assert load_pictures("cifar10", image_size=32).labels.tolist() == [0, 0, 1, 1, 0, 0, 1, 1]


def test_a_second_time_nothing_is_asked_of_the_network(served, monkeypatch):
    download("cifar10")
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", lambda *_: pytest.fail("downloads again"))
    download("cifar10")


@pytest.mark.parametrize("name", ["data_batch_1", "test_batch", "batches.meta"])
def test_a_damaged_file_is_replaced(served, name):
    path = download("cifar10")[0] / name
    path.write_bytes(b"damaged")
    download("cifar10")
    load_pictures("cifar10", image_size=32)
    assert picture_class_names("cifar10") == ("a", "b")


def test_half_an_archive_from_before_is_not_taken_for_whole(served, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / served.name).write_bytes(served.read_bytes()[:100])
    download("cifar10")
    assert len(load_pictures("cifar10", image_size=32).labels) == 8


def test_another_file_under_the_address_is_refused(served, monkeypatch):
    monkeypatch.setattr(CIFAR10, "tgz_md5", "0" * 32)
    with pytest.raises(SpecError, match=r"^cifar10: what came from http://[^\n]* is damaged [^\n]*; ask again$"):
        download("cifar10")
    assert not is_downloaded("cifar10")


def test_no_network_is_one_line(served, monkeypatch):
    def refuse(*_):
        raise URLError(OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH)))

    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", lambda url, **_: url)
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", refuse)
    with pytest.raises(SpecError, match=r"^cifar10: cannot be downloaded from [^\n]*unreachable[^\n]* and ask again$"):
        download("cifar10")


def test_a_folder_that_cannot_be_written_is_one_line(served, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(SpecError, match=r"^[^\n]*file/data: cannot be written [^\n]* to another folder$"):
        download("cifar10")


def test_progress_is_the_size_of_the_archive(served, tmp_path, monkeypatch):
    """The server's bytes come in two halves; the first half is told before the second is sent."""
    monkeypatch.setattr("invariance.data.sources.watch._POLL_SECONDS", 0.01)
    content, told = served.read_bytes(), []
    monkeypatch.setattr(module, "_ARCHIVE_BYTES", {"cifar10": len(content)})
    half = len(content) // 2

    def slowly(_, path):
        with open(path, "wb", buffering=0) as file:
            file.write(content[:half])
            deadline = time.monotonic() + 20
            while (half, len(content)) not in told and time.monotonic() < deadline:
                time.sleep(0.01)
            file.write(content[half:])

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", slowly)
    download("cifar10", lambda *values: told.append(values))
    assert (half, len(content)) in told and told[-1] == (len(content), len(content))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("watch ")]


@pytest.mark.parametrize("ask", [download, is_downloaded])
def test_unknown_data_sets_are_refused(ask):
    with pytest.raises(SpecError, match=r"^data set = 'mnist': expected cifar10, cifar100, hub, hub:<owner>/<name>$"):
        ask("mnist")
