"""What callbacks of pages do with runs."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from invariance.runs.device import ServerDevices
from invariance.runs.store import Store
from pages.shared.literal import literal
from pages.shared.serving import server
from tests.runs.tiny import tiny_pretrain, tiny_transfer


def test_what_builds_on_another_run_is_stopped_before_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    source = store.submit(tiny_pretrain()).id
    transfer = store.submit(tiny_transfer(source)).id
    stopped: list[str] = []
    monkeypatch.setattr(Store, "request_cancel", lambda self, run_id: stopped.append(run_id))
    server.cancel([source, transfer])
    assert stopped == [transfer, source], "a transfer whose source is stopped fails, where it should be stopped too"


def test_a_variable_that_says_nothing_is_refused_on_the_page(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_DEVICE", "gpu")
    assert server.devices() == ServerDevices(("cpu",), "CPU")
    app.run()
    app.switch_page("pages/train/page.py").run()
    assert not app.exception
    expected = "INVARIANCE_DEVICE = 'gpu': expected auto, cpu, cuda or cuda:<number>"
    assert literal(expected) in {error.value.rstrip(".") for error in app.error}


def test_a_gpu_that_is_not_used_is_named_before_a_run(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    note = "cuda:0 is not used: torch 2.11 has no kernels for Tesla K80"
    monkeypatch.setattr(server, "server_devices", lambda: ServerDevices(note=note))
    app.run()
    app.switch_page("pages/train/page.py").run()
    assert not app.exception
    assert f":material/info: Trains on CPU: {literal(note)}." in {caption.value for caption in app.caption}
