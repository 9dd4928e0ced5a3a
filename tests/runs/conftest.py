"""Stores in temporary folders, and a worker that only pretends, so that a second is enough for ten runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from invariance.runs.manager import Manager
from invariance.runs.store import Store

FAKE_WORKER = (sys.executable, "-S", str(Path(__file__).with_name("fake_worker.py")))


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
