"""The Invariance page without a browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from invariance.models import create_model
from invariance.runs.store import Store
from invariance.spec import TRANSFORM_NAMES, DatasetSpec
from invariance.training.checkpoint import save_weights
from pages.parts.measured import measured_tables, measurement
from tests.pages.tiny_gallery import DATA, no_gallery, write_gallery
from tests.runs.tiny import tiny_pretrain

DATA_OF_TWINS = replace(DATA, num_samples=DatasetSpec().num_samples)


def open_invariance(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/invariance.py").run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def finish_pretraining(store: Store) -> str:
    """A done pretraining with weights."""
    spec = tiny_pretrain()
    run_id = store.submit(spec).id
    store.transition(run_id, "running", device="cpu")
    weights = store.directory(run_id) / "weights.safetensors"
    model = create_model("small", len(spec.data.classes), seed=5)
    sha256 = save_weights(weights, model, class_names=spec.data.classes, spec=spec)
    result = {"metrics": {"test_accuracy": 0.5}, "checkpoint": str(weights), "sha256": sha256, "device": "cpu"}
    store.transition(run_id, "done", result=result)
    return run_id


def finish_measurement(store: Store, run_id: str) -> None:
    """The table of that run."""
    measured = store.submit(measurement(run_id, DATA_OF_TWINS)).id
    store.transition(measured, "running", device="cpu")
    table = store.directory(measured) / "table.csv"
    rows = [(run_id, name, 0.5, 0.6) for name in TRANSFORM_NAMES]
    pd.DataFrame(rows, columns=["model", "transform", "sens", "sens_conditional"]).to_csv(table, index=False)
    store.transition(measured, "done", result={"metrics": {}, "table": str(table), "device": "cpu"})


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)


@pytest.mark.usefixtures("gallery")
def test_the_gallery_is_shown_with_twins_of_a_cell(app: AppTest) -> None:
    open_invariance(app, row="rotate", column="hue")
    assert not app.exception and not app.error
    assert app.get("plotly_chart")
    assert "two draws of **hue**" in texts(app) and "trained on **rotate**" in texts(app)
    assert len(app.get("image")[0].value) == 12


@pytest.mark.usefixtures("gallery")
def test_the_page_says_which_score_is_shown(app: AppTest) -> None:
    open_invariance(app)
    assert "Shown: the **sens-score**" in texts(app) and "0: twins are represented as the same" in texts(app)
    app.button_group(key="score").set_value("sens_conditional").run()
    assert not app.exception
    assert "Shown: the **conditional sens-score**" in texts(app)


def add_measures(folder: Path, model: str = "rotate") -> None:
    """Gives one model's rows of the gallery's table the columns that older tables lack."""
    table = pd.read_csv(folder / "sens.csv")
    own = table["model"] == model
    for column, value in {"cka": 0.75, "variance": 0.3, "cosine": 0.2, "sens_low": 0.1, "sens_high": 0.4}.items():
        table.loc[own, column] = value
    table.to_csv(folder / "sens.csv", index=False)


@pytest.mark.usefixtures("gallery")
def test_measures_that_a_table_lacks_are_named_and_not_offered(app: AppTest) -> None:
    open_invariance(app, score="CKA")
    assert not app.exception and not app.error
    control = app.button_group(key="score")
    assert control.value == "sens"
    assert control.options == ["sens-score", "conditional sens-score"]
    assert "Not in this table, which was measured without them: cosine distance, normalised variance, CKA" in texts(app)
    assert "95 %" not in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_link_keeps_the_measure_and_the_page_says_which_way_it_runs(app: AppTest, tmp_path: Path) -> None:
    add_measures(tmp_path / "gallery")
    open_invariance(app, score="CKA", row="rotate")
    assert not app.exception
    assert app.button_group(key="score").value == "cka"
    assert "Here high is invariant" in texts(app) and "CKA of this cell: **0.75**." in texts(app)
    assert "Empty cells in 3 rows" in texts(app)
    assert "Not in this table" not in texts(app)
    app.button_group(key="score").set_value("sens").run()
    assert "Sens-score of this cell: **0.26**, 95 % interval 0.10 to 0.40" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_measure_that_goes_away_gives_way_to_the_first(app: AppTest, tmp_path: Path) -> None:
    add_measures(tmp_path / "gallery")
    open_invariance(app, score="CKA")
    pd.read_csv(tmp_path / "gallery" / "sens.csv").drop(columns="cka").to_csv(tmp_path / "gallery" / "sens.csv")
    app.run()
    assert not app.exception and not app.error
    assert app.button_group(key="score").value == "sens"


def test_without_networks_a_button_leads_on(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    open_invariance(app)
    assert not app.exception
    app.button(key="to_dataset").click().run()
    assert app.title[0].value == "Data set"


@pytest.mark.usefixtures("gallery")
def test_a_run_of_one_s_own_is_measured_on_request_and_joins_the_table(app: AppTest, store: Store) -> None:
    run_id = finish_pretraining(store)
    open_invariance(app, models=run_id)
    assert not app.exception
    assert app.multiselect(key="own").value == [run_id]
    app.button(key="measure").click().run()
    assert not app.exception and not app.error
    (measured,) = store.list(kind="measure")
    assert measured.spec == measurement(run_id, DATA_OF_TWINS)


@pytest.mark.usefixtures("gallery")
def test_a_measured_run_needs_no_button(app: AppTest, store: Store) -> None:
    run_id = finish_pretraining(store)
    finish_measurement(store, run_id)
    table, missing, pending = measured_tables([run_id], DATA_OF_TWINS)
    assert (len(table), missing, pending) == (len(TRANSFORM_NAMES), [], [])
    open_invariance(app, models=run_id, row=run_id)
    assert not app.exception
    assert not any(button.key == "measure" for button in app.button)
    assert app.selectbox(key="row").value == run_id
    assert f"none ({run_id[:4]})" in texts(app)
