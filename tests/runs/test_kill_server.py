"""A server, and its worker, killed again and again while runs are executed and written down."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from invariance.runs.manager import Manager
from invariance.runs.store import Store
from tests.runs.conftest import FAKE_WORKER
from tests.runs.tiny import tiny_pretrain, wait_until

NUM_KILLS = int(os.environ.get("NUM_KILLS", "4"))
"""Twenty were tried by hand."""


@contextmanager
def held_queue(root: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that manages the runs there, killed at the end: itself, and its worker's number."""
    words = [sys.executable, "-m", "tests.runs.hold_a_queue", str(root)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
def test_a_store_is_whole_and_honest_however_often_its_server_and_its_worker_are_killed(tmp_path: Path) -> None:
    chance, root = random.Random(0), tmp_path / "runs"
    store = Store(root)
    asked = [store.submit(tiny_pretrain(seed=seed, learning_rate=1e-3), owner="ab"[seed % 2]).id for seed in range(12)]
    for number in range(NUM_KILLS):
        with held_queue(root) as (server, worker):
            time.sleep(chance.uniform(0.0, 0.3))
            if number % 2:
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                time.sleep(chance.uniform(0.0, 0.2))
            server.kill()
            server.wait()
        with sqlite3.connect(root / "store.sqlite") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        assert {run.id for run in store.list()} == set(asked) and not store.bad_rows()
    manager = Manager(store, "cpu", 1, command=FAKE_WORKER, grace_s=0.5)
    try:
        wait_until(lambda: not store.has_active())
    finally:
        manager.close()
    for run in store.list():
        assert run.state == "done" or (run.state == "failed" and "ended" in (run.error or "")), (run.state, run.error)
        steps = store.metrics(run.id)["step"].tolist()
        assert steps == sorted(set(steps))
        assert run.state != "done" or Path((run.result or {})["checkpoint"]).is_file()
    store.close()
