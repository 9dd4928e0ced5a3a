"""What is told of how results were made."""

from __future__ import annotations

import pytest

from invariance.runs.provenance import provenance
from invariance.runs.store import Store
from invariance.spec import PretrainSpec
from tests.runs.tiny_study import tiny_study


@pytest.mark.parametrize(("recorded", "told"), [("float32", "float32"), (None, "bfloat16")])
def test_what_auto_was_is_told_by_the_runs_and_else_guessed(store: Store, recorded: str | None, told: str) -> None:
    """Of a card that is not in this machine; where nothing was recorded, most cards have bfloat16."""
    study = tiny_study()
    [spec] = [spec for spec in study.runs if isinstance(spec, PretrainSpec)][:1]
    store.submit(spec)
    store.transition(spec.run_id, "running", device="cuda:7")
    result = {"metrics": {}, "seconds": 1.0, "device": "cuda:7", "precision": recorded}
    store.transition(spec.run_id, "done", result=result)
    made = provenance(study, store, executor="ray", num_workers=1, command="typed")
    assert made["devices"] == {"cuda:7": 1} and made["auto_precision"] == {"cuda:7": told}
