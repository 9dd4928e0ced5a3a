"""Stores in temporary folders, and a worker that only pretends, so that a second is enough for ten runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from invariance.runs.manager import Manager
from invariance.runs.store import Store

FAKE_WORKER = (sys.executable, "-S", str(Path(__file__).with_name("fake_worker.py")))


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Tiny networks gain nothing from more threads, and lose much on a busy machine, here and in child processes."""
    before = torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    yield
    torch.set_num_threads(before[0])
    if before[1] is None:
        del os.environ["OMP_NUM_THREADS"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "store")
    yield store
    store.close()


@pytest.fixture
def manager(store: Store) -> Iterator[Manager]:
    """A manager whose worker is the fake one."""
    manager = Manager(store, command=FAKE_WORKER, grace_s=0.5)
    yield manager
    manager.close()
