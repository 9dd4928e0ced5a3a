"""A store on a disk that is really full, or can really only be read."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from invariance.data.uploads.collection import save_collection
from invariance.runs import manager as manager_module
from invariance.runs.manager import Manager
from invariance.runs.store import Store
from invariance.spec import SpecError
from pages.shared.serving import cookies, process
from tests.runs.conftest import FAKE_WORKER
from tests.runs.tiny import tiny_pretrain, wait_until


@dataclass(frozen=True)
class Disk:
    """A small disk of its own."""

    place: Path

    def fill(self) -> None:
        """To the last byte."""
        for size in (2**16, 2**12, 1):
            try:
                with (self.place / "ballast").open("ab", buffering=0) as ballast:
                    while ballast.write(bytes(size)):
                        pass
            except OSError:
                continue

    def free(self) -> None:
        (self.place / "ballast").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    words = ["mount", "-t", "tmpfs", "-o", "size=72m", "tmpfs", str(place)]
    if mount is None or os.name == "nt" or os.getuid() or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("needs a disk of its own: may not mount one here")
    yield Disk(place)
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_queue_on_a_full_disk_says_so_once_loses_nothing_and_goes_on_when_there_is_room(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(manager_module, "SWEEP_EVERY_S", 0.2)
    store = Store(disk.place / "runs")
    manager = Manager(store, "cpu", 1, command=FAKE_WORKER, grace_s=0.5)
    try:
        done = manager.submit(tiny_pretrain(), "somebody")
        wait_until(lambda: store.get(done.id).state == "done")
        endless = manager.submit(tiny_pretrain(learning_rate=2e-3), "somebody")
        after = manager.submit(tiny_pretrain(seed=1), "somebody")
        wait_until(lambda: store.get(endless.id).progress)
        with caplog.at_level(logging.INFO):
            disk.fill()
            wait_until(lambda: "the disk is full" in manager.trouble)
            with pytest.raises(SpecError, match="the disk is full") as refused:
                manager.submit(tiny_pretrain(seed=2), "somebody")
            assert "\n" not in str(refused.value)
            assert {run.id for run in store.list()} == {done.id, endless.id, after.id}
            assert not any(record.exc_info for record in caplog.records), "no traceback for a full disk"
        told = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert len(told) == len({record.getMessage() for record in told})
        disk.free()
        wait_until(lambda: store.get(endless.id).state == "running" and not manager.trouble)
        manager.cancel(endless.id)
        wait_until(lambda: store.get(after.id).state == "done")
        assert store.get(endless.id).state == "cancelled" and store.get(done.id).state == "done"
    finally:
        manager.close()
        store.close()


def test_on_a_full_disk_runs_can_be_deleted_and_all_else_is_refused_in_a_line(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVARIANCE_RUNS", str(disk.place / "runs"))
    store = Store()
    run = store.submit(tiny_pretrain())
    store.request_cancel(run.id)
    (store.directory(run.id) / "weights.safetensors").write_bytes(bytes(10**6))
    disk.fill()
    picture = Image.effect_noise((200, 200), 90).convert("RGBA")
    with pytest.raises(SpecError, match="cannot be stored"):
        save_collection(store.root / "pictures", [("mug", picture), ("cup", picture)], [])
    assert not list(disk.place.glob("runs/pictures/.part*"))
    name, value = cookies.new_visitor()
    assert cookies.visitors({name: value}), "of a key that this process alone has"
    with pytest.raises(SpecError, match="the disk is full"):
        [store.submit(tiny_pretrain(seed=seed)) for seed in range(1, 100)]  # the file may have a page to spare
    store.delete(run.id)
    assert store.find(run.id) is None and not store.directory(run.id).exists()
    store.close()
    process.end()


def test_a_disk_that_can_only_be_read_is_refused_in_a_line(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(disk.place / "runs")
    run = store.submit(tiny_pretrain())
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk.place)], check=True)
    for root in (disk.place / "runs", disk.place / "new"):
        with pytest.raises(SpecError, match=r"cannot be used.*local disk that can be written") as refused:
            Manager(root, "cpu", 1, command=FAKE_WORKER)
        assert "\n" not in str(refused.value)
    monkeypatch.setenv("INVARIANCE_RUNS", str(disk.place / "runs"))
    name, value = cookies.new_visitor()
    assert cookies.visitors({name: value})
    process.end()
    subprocess.run(["mount", "-o", "remount,rw", str(disk.place)], check=True)
    store = Store(disk.place / "runs")
    assert [one.id for one in store.list()] == [run.id]
    store.close()
