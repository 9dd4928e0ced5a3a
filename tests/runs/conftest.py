"""Stores in temporary folders, and a worker that only pretends, so that a second is enough for ten runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from invariance.runs.execute import run_here
from invariance.runs.manager import Manager
from invariance.runs.store import Store
from invariance.runs.study_progress import outcomes_of
from tests.runs.tiny_study import tiny_study

FAKE_WORKER = (sys.executable, "-S", str(Path(__file__).with_name("fake_worker.py")))


@pytest.fixture(autouse=True)
def notes_of_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the functions of works.py note what they did."""
    (tmp_path / "notes").mkdir()
    monkeypatch.setenv("NOTES_OF_WORKS", str(tmp_path / "notes"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "store")
    yield store
    store.close()


@pytest.fixture
def manager(store: Store) -> Iterator[Manager]:
    """A manager of one worker, the fake one."""
    manager = Manager(store, "cpu", 1, command=FAKE_WORKER, grace_s=0.5)
    yield manager
    manager.close()


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The table of ``tiny_study(epochs=4)`` when its runs are executed one after the other in this process."""
    study = tiny_study(epochs=4)
    store = Store(tmp_path_factory.mktemp("expected"))
    for spec in study.runs:
        assert run_here(spec, store, "cpu").state == "done"
    table = study.tabulate(outcomes_of(study, store))
    store.close()
    assert len(table) == 4 and table.notna().all(axis=None) and table["accuracy"].nunique() == 4
    return table
