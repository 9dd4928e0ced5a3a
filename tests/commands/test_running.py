"""What commands that make several runs do at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from invariance.commands import running
from invariance.runs import together
from invariance.runs.store import Store
from invariance.spec import PretrainSpec
from invariance.vocabulary.architectures import ARCHITECTURES
from tests.runs.tiny import tiny_pretrain


@pytest.mark.parametrize(("device", "stacks"), [("cpu", False), ("cuda", False), ("cuda", True)])
def test_pretrainings_are_done_at_once_where_their_bits_or_a_measurement_allow_it(
    tmp_path, monkeypatch: pytest.MonkeyPatch, device: str, stacks: bool
) -> None:
    at_once: list[list[PretrainSpec]] = []
    monkeypatch.setattr(together, "STACKS_UNASKED", stacks)
    monkeypatch.setattr(running, "run_together", lambda specs, *rest: at_once.append(list(specs)))
    monkeypatch.setattr(running, "execute_run", lambda spec, *rest: store.get(store.submit(spec).id))
    store = Store(tmp_path)
    data = replace(tiny_pretrain().data, image_size=32)
    for name, architecture in ARCHITECTURES.items():
        at_once.clear()
        specs = [tiny_pretrain(model=name, data=data, seed=seed) for seed in (0, 1)]
        runs = running.execute_all(specs, store, device)
        assert list(runs) == [spec.run_id for spec in specs]
        pays = architecture.is_small if device == "cpu" else stacks and architecture.stackable
        assert at_once == ([specs] if pays else []), name
    store.close()
