"""What callbacks of pages do with runs."""

from __future__ import annotations

import pytest

from invariance.runs.store import Store
from pages.shared import server
from tests.runs.tiny import tiny_pretrain, tiny_transfer


def test_what_builds_on_another_run_is_stopped_before_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    source = store.submit(tiny_pretrain()).id
    transfer = store.submit(tiny_transfer(source)).id
    stopped: list[str] = []
    monkeypatch.setattr(Store, "request_cancel", lambda self, run_id: stopped.append(run_id))
    server.cancel([source, transfer])
    assert stopped == [transfer, source], "a transfer whose source is stopped fails, where it should be stopped too"
