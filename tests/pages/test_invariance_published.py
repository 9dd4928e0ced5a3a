"""Published networks on the Invariance page and on those that look at networks."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from invariance.models import has_published
from invariance.runs.describe import command
from invariance.runs.estimate import estimate_seconds, seconds_of_passes
from invariance.runs.locate import fetch_published
from invariance.runs.store import Store
from invariance.spec import TRANSFORM_NAMES, FactorSpec
from invariance.vocabulary.measures import TRANSFORM_COLUMNS
from pages.attribution import scores as attribution_scores
from pages.attribution import shapley as attribution_shapley
from pages.invariance.rows import explain_published
from pages.invariance.table import PUBLISHED_PAIRS, measurement
from pages.shared import cache, memoised, networks
from pages.shared.literal import literal
from tests.pages.test_add_network import add
from tests.pages.test_invariance import DATA_OF_TWINS, open_invariance, texts
from tests.pages.tiny_gallery import write_gallery
from tests.pages.weights import NAME, REFERENCE, fill_cache, nothing_here


@pytest.fixture(autouse=True)
def _gallery_and_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)
    nothing_here(tmp_path, monkeypatch)


@pytest.fixture
def here(tmp_path: Path) -> None:
    fill_cache(tmp_path)
    fetch_published(REFERENCE)


def finish_measurement(store: Store, num_pairs: int) -> None:
    run = store.submit(measurement((REFERENCE,), DATA_OF_TWINS, num_pairs))
    store.transition(run.id, "running", device="cpu")
    table = store.directory(run.id) / "table.csv"
    rows = [(REFERENCE, name, 0.43, 0.6, num_pairs) for name in TRANSFORM_NAMES]
    frame = pd.DataFrame(rows, columns=["model", "transform", "sens", "sens_conditional", "num_pairs"])
    frame.reindex(columns=list(TRANSFORM_COLUMNS)).to_csv(table, index=False)
    store.transition(run.id, "done", result={"metrics": {}, "table": str(table), "device": "cpu"})


def test_what_is_not_here_is_told_of_and_can_be_added(app: AppTest, tmp_path: Path) -> None:
    open_invariance(app, models=REFERENCE)
    assert not app.exception and not app.error
    assert "The link names networks that are not here: " in texts(app) and not app.multiselect
    add(app, REFERENCE)
    assert not app.exception
    assert app.error[0].value.endswith("connect to the network and try again") and not has_published(REFERENCE)
    fill_cache(tmp_path)
    add(app, REFERENCE)
    assert not app.exception and not app.error and has_published(REFERENCE)
    assert app.multiselect(key="own").value == [REFERENCE] and app.query_params["models"] == REFERENCE
    assert app.button(key="measure").label == f"Measure {NAME}"


@pytest.mark.usefixtures("here")
def test_it_is_measured_on_fewer_twins_in_a_time_that_is_said(app: AppTest, store: Store) -> None:
    open_invariance(app, models=REFERENCE)
    assert f"on **{PUBLISHED_PAIRS} twins** of each transformation" in texts(app)
    assert f"for {NAME} on a laptop (two cores), give or take a factor of two" in texts(app)
    assert "Intervals are about 2.2 times as wide" in texts(app)
    app.button_group(key="twins").set_value("50").run()
    assert not app.exception and app.query_params["twins"] == "50"
    app.button(key="measure").click().run()
    assert not app.exception and not app.error
    (run,) = store.list(kind="measure")
    assert run.spec == measurement((REFERENCE,), DATA_OF_TWINS, 50)
    assert (run.spec.sources, run.spec.num_pairs, run.spec.untrained) == ((REFERENCE,), 50, False)
    line = command(run.spec)
    assert line in [code.value for code in app.code], "the command asks for the same run"
    assert shlex.split(line)[3:6] == ["measure", "--models", REFERENCE]


@pytest.mark.usefixtures("here")
def test_its_row_can_be_looked_into(app: AppTest, store: Store) -> None:
    finish_measurement(store, 100)
    open_invariance(app, models=REFERENCE, twins="100", row=f"published: {NAME}", column="hue")
    assert not app.exception and not app.error
    assert not any(button.key == "measure" for button in app.button)
    assert app.selectbox(key="row").value == REFERENCE
    assert f"| **published: {NAME}** | 0.43 |" in texts(app)
    assert "on **100 twins** of each transformation; the gallery's on 1,000" in texts(app), "no time: it is done"
    assert f"how far apart the **published: {NAME}** sees" in texts(app) and "(from 48 images)" in texts(app)
    assert "| **untrained** |" not in texts(app) and "| **none** |" not in texts(app)
    app.multiselect(key="own").set_value([]).run()
    assert not app.exception
    assert "models" not in app.query_params and f"published: {NAME}" not in app.selectbox(key="row").options


@pytest.mark.usefixtures("here")
def test_an_earlier_link_names_it_apart(app: AppTest) -> None:
    open_invariance(app, networks=NAME, twins="500")
    assert not app.exception and not app.error
    assert app.multiselect(key="own").value == [REFERENCE] and app.button_group(key="twins").value == "500"
    assert app.query_params["models"] == REFERENCE and "networks" not in app.query_params


@pytest.mark.usefixtures("here")
def test_those_that_are_here_can_be_looked_at_like_others(store: Store) -> None:
    model = cache.known_models()[REFERENCE]
    assert model.is_published and model.label == f"published: {NAME}" and model.untrained is None
    assert model.data == cache.known_models()["none"].data
    assert model.num_reference == 48 and cache.known_models()["none"].num_reference == 256


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("question", ["class", "distance"])
def test_attribution_explains_it_on_the_other_network_s_task(app: AppTest, question: str) -> None:
    app.run()
    app.query_params.update(left=REFERENCE, right="matched-transfer", question=question, method="grad-cam")
    app.switch_page("pages/attribution/page.py").run()
    assert not app.exception and not app.error
    assert app.selectbox(key="left").value == REFERENCE
    assert f"**{literal(f'published: {NAME}')}**" in texts(app)
    assert app.selectbox(key="object").options[1:] == ["noise-10", "noise-11"]


@pytest.mark.usefixtures("here")
def test_one_picture_is_shown_to_it(app: AppTest) -> None:
    app.run()
    app.query_params["left"] = REFERENCE
    app.switch_page("pages/own/page.py").run()
    assert not app.exception and not app.error
    (first, _) = [json.loads(one.proto.json) for one in app.get("bidi_component") if "answer" in one.key]
    assert first["title"] == f"published: {NAME}" and first["rest"]["says"] and len(first["ways"]) == 1


@pytest.mark.usefixtures("here")
def test_factors_say_what_decoding_from_it_takes(app: AppTest, store: Store) -> None:
    app.run()
    app.query_params["models"] = REFERENCE
    app.switch_page("pages/factors/page.py").run()
    assert not app.exception and not app.error
    assert app.multiselect(key="own").value == [REFERENCE]
    assert f"Decoding from {NAME} takes about" in texts(app)
    app.button(key="measure").click().run()
    (run,) = store.list(kind="factors")
    assert run.spec.sources == (REFERENCE,)


def test_the_estimate_knows_the_network() -> None:
    quick = measurement(("torchvision:resnet18",), DATA_OF_TWINS)
    # 200 twins are two images for each of 18 transformations; 1.8e9 products each at 50e9 a second.
    assert estimate_seconds(quick) == pytest.approx(200 * 2 * 18 * 1.814 / 50, rel=0.02)
    assert estimate_seconds(replace(quick, num_pairs=1000)) == pytest.approx(5 * estimate_seconds(quick), rel=0.02)
    beside_own = replace(quick, sources=("torchvision:resnet18", "matched", "none"))
    assert estimate_seconds(beside_own) == pytest.approx(estimate_seconds(quick), rel=0.02), "not three times as long"
    assert seconds_of_passes("torchvision:resnet18", 100) == pytest.approx(100 * 1.814 / 50, rel=0.01)
    assert seconds_of_passes("small", 100) < 0.05
    factors = FactorSpec(sources=("torchvision:resnet18",))
    assert estimate_seconds(factors) == pytest.approx(2000 * 20 * 1.814 / 50, rel=0.02)


def test_nothing_is_said_without_published_networks(app: AppTest) -> None:
    assert explain_published([], DATA_OF_TWINS, 200) is None
    open_invariance(app)
    assert not app.exception and "Published networks enlarge" not in texts(app)
    assert not any(group.key == "twins" for group in app.button_group)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("question", "button"), [("class", "score"), ("evidence", "evidence_many")])
def test_attribution_says_what_many_images_take_and_shows_how_far_they_are(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, question: str, button: str
) -> None:
    monkeypatch.setattr(attribution_scores, "NUM_SCORED", 2)
    monkeypatch.setattr(attribution_shapley, "NUM_IMAGES", 2)
    monkeypatch.setattr(networks, "WORTH_SAYING_S", 0.0)
    shown: list[str] = []
    whole = memoised.Bar.__call__

    def noting(bar: memoised.Bar, done: int, total: int) -> None:
        shown.append(f"{done}/{total}")
        whole(bar, done, total)

    monkeypatch.setattr(memoised.Bar, "__call__", noting)
    app.run()
    app.query_params.update(left=REFERENCE, right="matched-transfer", question=question, method="grad-cam")
    app.switch_page("pages/attribution/page.py").run()
    waits = texts(app).count("Stop, or a change of anything on this page, ends it.")
    assert waits == {"class": 2, "evidence": 1}[question]
    app.button(key=button).click().run()
    assert not app.exception and not app.error
    assert shown and shown[-1].split("/")[0] == shown[-1].split("/")[1]
    assert texts(app).count("Stop, or") == waits - 1, "it is done"
    assert not any(str(one.key).startswith("stop_") for one in app.button)


def test_what_takes_seconds_is_not_announced(app: AppTest) -> None:
    app.run()
    app.switch_page("pages/attribution/page.py").run()
    assert not app.exception and "Takes about" not in texts(app)
