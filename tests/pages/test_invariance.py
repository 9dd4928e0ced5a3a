"""The Invariance page without a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from invariance.models import create_model
from invariance.runs.store import Store
from invariance.spec import TRANSFORM_NAMES, DatasetSpec
from invariance.training.checkpoint import save_weights
from invariance.vocabulary.equivariance import EQUIVARIANCE_TABLE, VERDICTS
from invariance.vocabulary.measures import TRANSFORM_COLUMNS, starting_network_name
from pages.invariance.table import equivariance_measurement, find_tables, measurement
from tests.pages.tiny_gallery import DATA, no_gallery, write_gallery
from tests.runs.tiny import tiny_pretrain

DATA_OF_TWINS = replace(DATA, num_samples=DatasetSpec().num_samples)


def open_invariance(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/invariance/page.py").run()


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


def finish_measurement(store: Store, run_id: str, *, is_old: bool = False) -> None:
    """The table of that run, as an earlier version left it or with all columns."""
    spec = measurement((run_id,), DATA_OF_TWINS)
    measured = store.submit(replace(spec, untrained=False) if is_old else spec).id
    store.transition(measured, "running", device="cpu")
    table = store.directory(measured) / "table.csv"
    rows = [(run_id, name, 0.5, 0.6, 0.7) for name in TRANSFORM_NAMES]
    columns = ["model", "transform", "sens", "sens_conditional", "accuracy"]
    frame = pd.DataFrame(rows, columns=columns)
    (frame if is_old else frame.reindex(columns=list(TRANSFORM_COLUMNS))).to_csv(table, index=False)
    store.transition(measured, "done", result={"metrics": {}, "table": str(table), "device": "cpu"})


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)


@pytest.mark.usefixtures("gallery")
def test_the_gallery_is_shown_with_twins_of_a_cell(app: AppTest) -> None:
    open_invariance(app, row="rotate", column="hue")
    assert not app.exception and not app.error
    assert app.get("plotly_chart")
    assert "two draws of **hue**" in texts(app) and "the **network trained on rotate** sees" in texts(app)
    beside, more = app.get("image")
    assert len(beside.value) + len(more.value) == 12 and len(beside.value) == 4


@pytest.mark.usefixtures("gallery")
def test_the_page_says_which_score_is_shown(app: AppTest) -> None:
    open_invariance(app)
    assert "Shown: the **sens-score**" in texts(app) and "0: twins are represented as the same" in texts(app)
    app.selectbox(key="score").set_value("sens_conditional").run()
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
    control = app.selectbox(key="score")
    assert control.value == "sens"
    assert control.options == ["sens-score", "conditional sens-score"]
    assert "Not in this table, which was measured without them: cosine distance, normalised variance, CKA" in texts(app)
    assert "In brackets" not in texts(app), "there are no intervals to explain"


@pytest.mark.usefixtures("gallery")
def test_a_link_keeps_the_measure_and_the_page_says_which_way_it_runs(app: AppTest, tmp_path: Path) -> None:
    add_measures(tmp_path / "gallery")
    open_invariance(app, score="CKA", row="rotate")
    assert not app.exception
    assert app.selectbox(key="score").value == "cka"
    assert "Here high is invariant" in texts(app) and "| 0.75 |" in texts(app)
    assert "Empty cells in 3 rows" in texts(app)
    assert "Not in this table" not in texts(app)
    assert "| **rotate** | 0.26 (0.10–0.40) |" in texts(app)
    assert "| **none** | 0.25 |" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_measure_that_goes_away_gives_way_to_the_first(app: AppTest, tmp_path: Path) -> None:
    add_measures(tmp_path / "gallery")
    open_invariance(app, score="CKA")
    pd.read_csv(tmp_path / "gallery" / "sens.csv").drop(columns="cka").to_csv(tmp_path / "gallery" / "sens.csv")
    app.run()
    assert not app.exception and not app.error
    assert app.selectbox(key="score").value == "sens"


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
    assert measured.spec == measurement((run_id,), DATA_OF_TWINS)


@pytest.mark.usefixtures("gallery")
def test_a_measured_run_needs_no_button(app: AppTest, store: Store) -> None:
    run_id = finish_pretraining(store)
    finish_measurement(store, run_id)
    found = find_tables([(run_id,)], DATA_OF_TWINS)
    assert [len(table) for table in found.tables] == [len(TRANSFORM_NAMES)]
    assert not (found.missing or found.outdated or found.pending)
    open_invariance(app, models=run_id, row=run_id)
    assert not app.exception
    assert not any(button.key == "measure" for button in app.button)
    assert app.selectbox(key="row").value == run_id
    assert f"none ({run_id[:4]})" in texts(app)


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize(("view", "key"), [("Layer by layer", "layers"), ("Against magnitude", "magnitude")])
def test_a_link_opens_what_is_behind_a_cell(app: AppTest, view: str, key: str) -> None:
    open_invariance(app, row="rotate", column="scale", view=view)
    assert not app.exception and not app.error
    assert app.button_group(key="view").value == key
    assert {chart.key for chart in app.get("plotly_chart")} == {key, "scatter"}
    assert len(app.get("image")) == 1, "beside the heatmap; only the view that is looked at is computed"
    said = {"layers": "From 256 twins, one forward pass", "magnitude": "between 200 images and the same images at"}
    assert said[key] in texts(app)
    if key == "magnitude":
        assert "saw the shaded range" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_twins_stand_beside_the_untrained_network_s_view_of_them(app: AppTest) -> None:
    open_invariance(app, row="rotate", column="hue")
    captions = [picture.caption for shown in app.get("image") for picture in shown.proto.imgs]
    assert len(captions) == 12
    assert all(" · untrained 0." in caption for caption in captions)


def add_untrained(folder: Path) -> str:
    """Gives the gallery's table all columns and the row of the untrained network, and returns its name."""
    table = pd.read_csv(folder / "sens.csv").reindex(columns=list(TRANSFORM_COLUMNS)).assign(untrained=False)
    name = starting_network_name("small", 0)
    row = pd.DataFrame({"model": name, "transform": list(TRANSFORM_NAMES), "sens": 0.31, "untrained": True})
    row["accuracy"] = 0.25
    pd.concat([table, row]).to_csv(folder / "sens.csv", index=False)
    return name


@pytest.mark.usefixtures("gallery")
def test_the_untrained_network_is_a_row_that_can_be_looked_into_and_left_out(
    app: AppTest, tmp_path: Path, shown_cells: list[dict[str, Any]]
) -> None:
    name = add_untrained(tmp_path / "gallery")
    open_invariance(app, row="untrained", column="hue")
    assert not app.exception and not app.error
    assert app.selectbox(key="row").value == name and app.selectbox(key="row").options[-1] == "untrained"
    assert "how far apart the **untrained network** sees" in texts(app) and "| **untrained** | 0.31 |" in texts(app)
    rows = shown_cells[-1]["rows"]
    assert [row["title"] for row in rows if row["apart"]] == ["untrained"] and rows[-1]["note"] == "25%"
    assert all(re.fullmatch(r"\d+%", row["note"]) for row in rows), "each with its accuracy"
    app.toggle(key="untrained").set_value(False).run()
    assert not app.exception
    assert "untrained" not in app.selectbox(key="row").options
    assert "| **untrained** | 0.31 |" in texts(app), "still beside the cell"


@pytest.mark.usefixtures("gallery")
def test_a_type_of_data_without_a_table_is_measured_on_request(app: AppTest, store: Store) -> None:
    open_invariance(app, shift="new objects on noise")
    assert not app.exception and not app.error
    assert app.selectbox(key="shift").value == "new-noise"
    assert not app.get("plotly_chart")
    app.button(key="measure").click().run()
    assert not app.exception and not app.error
    (measured,) = store.list(kind="measure")
    assert len(measured.spec.sources) == 4 and measured.spec.untrained
    assert not set(measured.spec.data.classes) & set(DATA.classes) and measured.spec.data.backgrounds == "noise"


@pytest.mark.usefixtures("gallery")
def test_a_shipped_table_of_a_type_of_data_is_shown(app: AppTest, tmp_path: Path) -> None:
    table = pd.read_csv(tmp_path / "gallery" / "sens.csv").assign(sens=0.77).reindex(columns=list(TRANSFORM_COLUMNS))
    table.assign(untrained=False).to_csv(tmp_path / "gallery" / "sens-new-noise.csv", index=False)
    open_invariance(app, shift="new objects on noise", row="rotate")
    assert not app.exception and not app.error
    assert "| **rotate** | 0.77 |" in texts(app)
    assert not any(button.key in ("measure", "measure_again") for button in app.button)


@pytest.mark.usefixtures("gallery")
def test_a_table_of_an_earlier_version_is_measured_again(app: AppTest, store: Store, tmp_path: Path) -> None:
    add_untrained(tmp_path / "gallery")
    run_id = finish_pretraining(store)
    finish_measurement(store, run_id, is_old=True)
    open_invariance(app, models=run_id, row=run_id)
    assert not app.exception and f"none ({run_id[:4]})" in texts(app)
    assert not any(button.key == "measure" for button in app.button)
    app.button(key="measure_again").click().run()
    assert not app.exception and not app.error
    asked = [run for run in store.list(kind="measure") if run.spec == measurement((run_id,), DATA_OF_TWINS)]
    assert (len(asked) == 1 and asked[0].is_active) or asked[0].state == "done"


@pytest.mark.usefixtures("gallery")
def test_so_is_one_under_the_same_name(app: AppTest, store: Store, tmp_path: Path) -> None:
    add_untrained(tmp_path / "gallery")
    run_id = finish_pretraining(store)
    finish_measurement(store, run_id)
    path = next(iter(store.list(kind="measure")))
    table = store.directory(path.id) / "table.csv"
    pd.read_csv(table).drop(columns="cka").to_csv(table, index=False)
    open_invariance(app, models=run_id)
    app.button(key="measure_again").click().run()
    assert not app.exception and not app.error
    (again,) = store.list(kind="measure")
    assert again.id == path.id and not table.is_file()


def add_equivariance(folder: Path) -> None:
    """Gives the gallery a table in which every network has another verdict, and one has none."""
    names = ["none", "rotate", "matched", "disjoint"]
    rows = pd.DataFrame(
        [(name, transform) for name in names for transform in TRANSFORM_NAMES], columns=["model", "transform"]
    )
    table = rows.reindex(columns=[column.name for column in EQUIVARIANCE_TABLE]).fillna(0.25).assign(untrained=False)
    table["verdict"] = table["model"].map(dict(zip(names, VERDICTS, strict=True)))
    table.loc[(table["model"] == "matched") & (table["transform"] == "hue"), "local_equivariance_error"] = None
    table.to_csv(folder / "equivariance.csv", index=False)


@pytest.mark.usefixtures("gallery")
def test_equivariance_is_a_measure_with_a_table_of_its_own(app: AppTest, tmp_path: Path) -> None:
    add_equivariance(tmp_path / "gallery")
    open_invariance(app, score="equivariance", row="matched", column="hue", view="layers")
    assert not app.exception and not app.error
    assert {chart.key for chart in app.get("plotly_chart")} == {"foreseen", "layers", "scatter"}
    said = texts(app)
    assert "under **hue**: **partly**. Equivariance 0.25 (0.25–0.25)" in said and "too near to what resampling" in said
    assert "pairs, fewer than above" in said
    app.selectbox(key="row").set_value("rotate").run()
    assert "under **hue**: **equivariant**" in texts(app) and "local equivariance error 0.25 (0.25–0.25)" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_run_of_one_s_own_is_asked_for_its_equivariance(app: AppTest, store: Store, tmp_path: Path) -> None:
    add_equivariance(tmp_path / "gallery")
    run_id = finish_pretraining(store)
    open_invariance(app, models=run_id, score="equivariance")
    assert not app.exception and not app.error
    app.button(key="measure").click().run()
    assert not app.exception
    (measured,) = store.list(kind="measure")
    assert measured.spec == equivariance_measurement((run_id,), replace(DATA_OF_TWINS, classes=()))


def test_few_rows_come_first_and_all_on_demand(app: AppTest, shown_cells: list[dict[str, Any]]) -> None:
    """Of the gallery that ships: what a class is told of, the row that is looked into, and the untrained one apart."""
    few = ["none", "translate", "rotate", "hue", "blur"]
    open_invariance(app)
    assert not app.exception and not app.error
    assert [row["title"] for row in shown_cells[-1]["rows"]] == [*few, "untrained"]
    assert shown_cells[-1]["alt"].startswith("sens-score: 6 networks (rows) by 18 transformations")
    hue = next(row for row in shown_cells[-1]["rows"] if row["title"] == "hue")
    assert hue["pictures"] == ["app/static/transforms/hue.webp"] and sum(cell[-1] for cell in hue["cells"]) == 1
    app.toggle(key="all").set_value(True).run()
    assert len(shown_cells[-1]["rows"]) == 22
    app.toggle(key="all").set_value(False).run()
    app.selectbox(key="row").set_value("shear").run()
    assert [row["title"] for row in shown_cells[-1]["rows"]] == [*few[:3], "shear", *few[3:], "untrained"]
    assert shown_cells[-1]["selected"] == [(3, 0)]
