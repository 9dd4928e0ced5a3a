"""The last section of the Invariance page: accuracy against sens-score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from invariance.models import create_model
from invariance.runs.shipped_studies import StudyResult
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, TransferSpec
from invariance.training.checkpoint import save_weights
from pages.invariance import scatter as invariance_scatter
from pages.invariance.scatter import shipped_transfers, transfers_table
from pages.invariance.table import measurement
from pages.shared import cache
from tests.pages.tiny_gallery import ACCURACIES, DATA, TARGET_CLASSES, planned, write_gallery
from tests.runs.tiny import tiny_pretrain


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_gallery(tmp_path / "gallery", monkeypatch)
    return tmp_path / "gallery"


@pytest.mark.usefixtures("store")
def test_the_gallery_s_transfers_with_their_source_s_mean_score(gallery: Path) -> None:
    table, unmeasured = transfers_table(cache.known_models(), DATA)
    assert unmeasured == [] and list(table["group"]) == ["same", "disjoint"]
    assert list(table["accuracy"]) == list(ACCURACIES.values())
    scores = pd.read_csv(gallery / "sens.csv").set_index(["model", "transform"])["sens"]
    transforms = planned()["matched-transfer"].data.transforms
    expected = [scores[name][list(transforms)].mean() for name in ("matched", "disjoint")]
    assert list(table["sens"]) == pytest.approx(expected)


@pytest.mark.usefixtures("gallery")
def test_two_points_are_shown_without_a_line(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariance_scatter, "shipped_results", lambda name: [])
    app.run().switch_page("pages/invariance/page.py").run()
    assert not app.exception and not app.error
    assert any("n = 2: a line needs at least 10 networks" in caption.value for caption in app.caption)


def study_a() -> StudyResult:
    """A result such as ships: three networks, one of them in two rows, one with few images, one not measured."""
    rows = [
        ("class_relationship", "disjoint", "same", 0, 0.9, 0.8, 0.2, "a"),
        ("class_relationship", "disjoint", "disjoint", 0, 0.9, 0.5, 0.7, "b"),
        ("architecture", "small", "same", 0, 0.9, 0.8, 0.2, "a"),
        ("architecture", "small_vit", "disjoint", 0, 0.9, 0.4, 0.8, "c"),
        ("transfer_samples", "50", "same", 0, 0.9, 0.1, 0.2, "d"),
        ("pretraining_samples", "5000", "same", 0, 0.9, 0.6, float("nan"), "e"),
    ]
    columns = ["factor", "value", "relation", "seed", "pretraining_accuracy", "transfer_accuracy", "sens", "run"]
    return StudyResult("transforms-vs-other", "quick", (0,), pd.DataFrame(rows, columns=columns), {})


@pytest.mark.usefixtures("gallery")
def test_networks_of_the_shipped_study_are_points_and_said_to_be(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariance_scatter, "shipped_results", lambda name: [study_a()])
    table, words = shipped_transfers()
    assert list(table["sens"]) == [0.2, 0.7, 0.8] and list(table["accuracy"]) == [0.8, 0.5, 0.4]
    assert list(table["group"]) == ["same", "disjoint", "disjoint"]
    assert table["source"].iloc[-1] == "study A (seed 0), architecture small_vit, disjoint transformations"
    assert words.startswith("3 of the points are the networks of the shipped study")
    app.run().switch_page("pages/invariance/page.py").run()
    assert not app.exception and not app.error
    assert any("n = 5: a line needs at least 10 networks" in caption.value for caption in app.caption)
    assert any(caption.value == words for caption in app.caption)


def finish(store: Store, spec: PretrainSpec | TransferSpec, **metrics: float) -> str:
    """A run that is done, with weights."""
    run_id = store.submit(spec).id
    store.transition(run_id, "running", device="cpu")
    weights = store.directory(run_id) / "weights.safetensors"
    model = create_model("small", len(spec.data.classes), seed=5)
    sha256 = save_weights(weights, model, class_names=spec.data.classes, spec=spec)
    result = {"metrics": metrics, "checkpoint": str(weights), "sha256": sha256, "device": "cpu"}
    store.transition(run_id, "done", result=result)
    return run_id


def measure(store: Store, run_id: str, scores: dict[str, float]) -> None:
    """The table of a run."""
    measured = store.submit(measurement((run_id,), DATA)).id
    store.transition(measured, "running", device="cpu")
    rows = pd.DataFrame({"model": run_id, "transform": list(scores), "sens": list(scores.values())})
    rows.to_csv(store.directory(measured) / "table.csv", index=False)
    store.transition(measured, "done", result={"metrics": {}, "table": "table.csv", "device": "cpu"})


@pytest.mark.usefixtures("gallery")
def test_one_s_own_transfers_come_in_once_their_source_is_measured(store: Store) -> None:
    source = finish(store, tiny_pretrain(), test_accuracy=0.5)
    task = replace(DATA, classes=TARGET_CLASSES, num_samples=64, transforms=("hue", "rotate"))
    target = finish(store, TransferSpec(source=source, data=task), transfer_accuracy=0.25)
    finish(store, TransferSpec(source=source, data=replace(task, transforms=())), transfer_accuracy=0.9)
    table, unmeasured = transfers_table(cache.known_models(), DATA)
    assert unmeasured == [(source,)] and len(table) == 3 and table["sens"].isna().sum() == 1
    measure(store, source, {"hue": 0.2, "rotate": 0.6, "blur": 0.9})
    table, unmeasured = transfers_table(cache.known_models(), DATA)
    own = table[table["target"].str.contains(target[:8])].iloc[0]
    assert unmeasured == [] and (own["sens"], own["accuracy"]) == (pytest.approx(0.4), 0.25)
