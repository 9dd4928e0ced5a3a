"""The Factors page without a browser."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from invariance.numbers import format_number
from invariance.runs.gallery import factors_table
from invariance.runs.network_pair import shipped_card
from invariance.runs.store import Store
from invariance.spec import DatasetSpec, FactorSpec
from pages.factors.decoding import factor_probes, sentence
from pages.shared import cache
from pages.shared.measurements import find_measured
from tests.pages.test_invariance import finish_pretraining, texts
from tests.pages.tiny_gallery import DATA, factors_of, no_gallery, write_gallery

DATA_OF_IMAGES = replace(DATA, num_samples=DatasetSpec().num_samples)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)


def open_factors(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/factors/page.py").run()


@pytest.mark.usefixtures("gallery")
def test_the_page_is_full_at_once(app: AppTest) -> None:
    open_factors(app)
    assert not app.exception and not app.error and not app.warning
    assert len(app.get("plotly_chart")) == 3  # two networks' hue, dumbbells
    assert app.selectbox(key="first").value == "matched" and app.selectbox(key="second").value == "disjoint"
    shown = texts(app)
    assert "**lower**, R² 0.50, mean error 30° (guessing 90°). Skill −0.20 against training on nothing" in shown
    assert "trained to vary (framed), in objects that the probe knows: **1 of 1 lower** than in the network" in shown
    assert "after correction, **0 higher**. All cells: 9 of 9 lower, 0 higher." in shown


@pytest.mark.usefixtures("gallery")
def test_with_objects_held_out_what_is_below_guessing_is_told(app: AppTest) -> None:
    open_factors(app, probed="held_out")
    assert not app.exception and not app.error
    assert "class" not in app.selectbox(key="factor").options
    shown = texts(app)
    assert "**lower**, R² −0.50" in shown and "with objects held out: **1 of 1 lower**" in shown
    app.button_group(key="probed").set_value("known").run()
    assert not app.exception and "**lower**, R² 0.50" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_table_of_an_earlier_version_is_named_and_not_judged(app: AppTest, tmp_path: Path) -> None:
    path = tmp_path / "gallery" / "factors.csv"
    pd.read_csv(path).drop(columns=["objects", "change"]).to_csv(path, index=False)
    open_factors(app)
    assert not app.exception and not app.error
    assert "of an earlier version" in app.warning[0].value and not app.get("plotly_chart")


@pytest.mark.usefixtures("gallery")
def test_a_network_is_decoded_beside_its_like_trained_on_nothing() -> None:
    known = cache.known_models()
    assert factor_probes(("rotate",), DATA, known).sources == ("none", "rotate")
    assert factor_probes(("none",), DATA, known).sources == ("none",)
    assert factor_probes(("matched-transfer",), DATA, known).sources == ("matched-transfer",)


@pytest.mark.usefixtures("gallery")
def test_a_link_names_networks_factor_and_view(app: AppTest) -> None:
    open_factors(app, first="rotate", second="none", factor="class", cells="verdict")
    assert not app.exception and not app.error
    assert [app.selectbox(key=key).value for key in ("first", "second", "factor")] == ["rotate", "none", "class"]
    assert app.button_group(key="cells").value == "verdict"
    assert "what is decoded better from **rotate**" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_choice_and_a_number_have_their_figures_too(app: AppTest) -> None:
    open_factors(app, factor="translate x")
    assert not app.exception and len(app.get("plotly_chart")) == 3
    app.selectbox(key="factor").set_value("class").run()
    assert not app.exception and "balanced accuracy 50%" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_link_to_what_is_not_there_gives_the_defaults(app: AppTest) -> None:
    open_factors(app, first="nobody", factor="wobble")
    assert not app.exception and not app.error
    assert app.selectbox(key="first").value == "matched" and app.selectbox(key="factor").value == "hue.shift"


def test_without_networks_a_button_leads_on(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    open_factors(app)
    assert not app.exception
    assert app.button(key="to_dataset")


@pytest.mark.usefixtures("gallery")
def test_a_run_of_one_s_own_is_decoded_on_request(app: AppTest, store: Store) -> None:
    run_id = finish_pretraining(store)
    open_factors(app, models=run_id)
    app.button(key="measure").click().run()
    assert not app.exception and not app.error
    (asked,) = store.list(kind="factors")
    assert asked.spec == FactorSpec(sources=(run_id,), data=DATA_OF_IMAGES)


@pytest.mark.usefixtures("gallery")
def test_a_decoded_run_joins_the_table_and_brings_no_second_controls(app: AppTest, store: Store) -> None:
    run_id = finish_pretraining(store)
    done = store.submit(FactorSpec(sources=(run_id,), data=DATA_OF_IMAGES)).id
    store.transition(done, "running", device="cpu")
    table = store.directory(done) / "table.csv"
    factors_of([run_id]).to_csv(table, index=False)
    store.transition(done, "done", result={"metrics": {}, "table": str(table), "device": "cpu"})
    found = find_measured([(run_id,)], lambda group: FactorSpec(sources=group, data=DATA_OF_IMAGES))
    assert len(found.tables) == 1 and not found.missing and not found.pending
    open_factors(app, models=run_id)
    assert not app.exception and not app.error
    assert [app.selectbox(key=key).value for key in ("first", "second")] == [run_id, "matched"]
    assert not any(button.key == "measure" for button in app.button)


def test_the_question_is_answered_from_the_shipped_table(app: AppTest, shown_cells: list[dict[str, Any]]) -> None:
    def hue() -> list[str]:
        return [cell[0] for row in shown_cells[-1]["rows"] if row["title"] == "hue" for cell in row["cells"]]

    table = factors_table().set_index(["model", "factor", "objects"])["skill"]
    before, after = (format_number(table.loc[name, "hue.shift", "known"]) for name in ("none", "hue"))
    open_factors(app)
    assert hue().count("?") == 4 and "hue from hue" not in shown_cells[-1]["alt"], "nothing tells the answer before"
    app.button_group(key="guess").set_value("brightness.factor").run()
    assert not app.exception
    assert f"No. **hue** fell most: skill {before} in the network trained on plain objects, {after}" in texts(app)
    app.button_group(key="guess").set_value("hue.shift").run()
    assert "Yes. **hue** fell most" in texts(app)
    assert "?" not in hue() and after in hue()
    app.button_group(key="guess").set_value(None).run()
    assert hue().count("?") == 4
    app.button(key="just_show").click().run()
    assert "?" not in hue(), "nobody has to guess"


def test_one_row_in_words() -> None:
    rows = factors_of(["none", "hue"])
    plain, hue = (rows[(rows["model"] == name) & (rows["factor"] == "class")].iloc[0] for name in ("none", "hue"))
    assert sentence(plain) == "**decodable**, balanced accuracy 70%, guessing 0%."
    assert sentence(hue) == (
        "**lower**, balanced accuracy 60%, guessing 0%. Skill −0.10 against training on nothing [−0.13, −0.07]."
    )


def test_the_teaching_pair_is_told_at_once_with_strips(app: AppTest) -> None:
    """From the card that ships: sentences with strips, four at once and the others behind a click, and the file."""
    open_factors(app, view="thrown-away")
    assert not app.exception and not app.error
    assert [app.selectbox(key=key).value for key in ("first", "second")] == ["none", "hue"]
    shown, card = texts(app), shipped_card("none", "hue")
    assert card is not None and all(said.partition(" (B − A")[0] in shown for said in card.sentences)
    assert len(app.get("plotly_chart")) == len(card.strips) + 1 and len(card.strips) > 2
    assert "it was fitted to other pictures" in shown, "how one knows"
    app.selectbox(key="first").set_value("matched").run()
    app.selectbox(key="second").set_value("disjoint").run()
    assert not app.exception and "Better general features raise most factors." in " ".join(
        one.value for one in app.info
    )


@pytest.mark.usefixtures("gallery")
def test_any_other_pair_is_compared_on_a_click(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(FactorSpec, factors=("class", "hue"), num_images=60, num_folds=3)
    monkeypatch.setattr("pages.factors.thrown_away.FactorSpec", few)
    monkeypatch.setattr("pages.factors.thrown_away.NUM_ATTRIBUTED", 20)
    open_factors(app, view="thrown-away", first="rotate", second="rotate")
    assert not app.exception and not app.get("plotly_chart")
    app.button(key="compare").click().run()
    assert not app.exception and not app.error
    assert "Nothing separates A (*rotate*) and B (*rotate*)" in texts(app)
