"""The last section of the Invariance page: accuracy against sens-score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from invariance.models import create_model
from invariance.runs.store import Store
from invariance.spec import MeasureSpec, PretrainSpec, TransferSpec, canonical_json
from invariance.training.checkpoint import save_weights
from pages.parts import cache
from pages.parts.invariance_scatter import relation, transfers_table
from pages.parts.measured import measurement, twins_data
from tests.pages.tiny_gallery import ACCURACIES, DATA, planned, write_gallery


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_gallery(tmp_path / "gallery", monkeypatch)
    return tmp_path / "gallery"


def finish(store: Store, spec: PretrainSpec | TransferSpec | MeasureSpec, metrics: dict[str, float]) -> str:
    """A run that is done, with weights of its own."""
    run = store.add(canonical_json(spec))
    folder = store.directory(run.id)
    result = {"metrics": metrics}
    if not isinstance(spec, MeasureSpec):
        names = spec.data.classes
        model = create_model("small", len(names), seed=1)
        sha256 = save_weights(folder / "model.safetensors", model, class_names=names, spec=spec)
        result |= {"checkpoint": "model.safetensors", "sha256": sha256}
    store.set_state(run.id, "running")
    store.set_state(run.id, "done", result=result)
    return run.id


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (("hue", "rotate"), ("rotate", "hue"), "matched"),
        (("scale",), ("rotate", "hue"), "mismatched"),
        ((), ("rotate",), "mismatched"),
        (("rotate", "hue", "blur"), ("rotate", "hue"), "other"),
        (("rotate",), ("rotate", "hue"), "other"),
    ],
)
def test_groups(source: tuple[str, ...], target: tuple[str, ...], expected: str) -> None:
    assert relation(source, target) == expected


@pytest.mark.usefixtures("store")
def test_the_gallery_s_transfers_with_their_source_s_mean_score(gallery: Path) -> None:
    table, unmeasured = transfers_table(cache.known_models())
    assert unmeasured == [] and list(table["group"]) == ["matched", "mismatched"]
    assert list(table["accuracy"]) == list(ACCURACIES.values())
    scores = pd.read_csv(gallery / "sens.csv").set_index(["model", "transform"])["sens"]
    transforms = planned()["matched-transfer"].data.transforms
    expected = [scores[name][list(transforms)].mean() for name in ("matched", "disjoint")]
    assert list(table["sens"]) == pytest.approx(expected)


@pytest.mark.usefixtures("gallery")
def test_two_points_are_shown_without_a_line(app: AppTest) -> None:
    app.run().switch_page("pages/invariance.py").run()
    assert not app.exception and not app.error
    assert any("n = 2: a line needs at least 3" in caption.value for caption in app.caption)
