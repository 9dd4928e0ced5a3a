"""The Attribution page without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from invariance.vocabulary.methods import METHODS
from tests.pages.tiny_gallery import CLASSES, TARGET_CLASSES, no_gallery, write_gallery


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)


def open_attribution(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/attribution/page.py").run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


@pytest.mark.usefixtures("gallery")
def test_matched_beside_mismatched_at_first(app: AppTest) -> None:
    open_attribution(app)
    assert not app.exception and not app.error
    assert (app.selectbox(key="left").value, app.selectbox(key="right").value) == (
        "matched-transfer",
        "disjoint-transfer",
    )
    assert len(app.get("image")) == 4
    assert len(app.metric) == 2
    assert texts(app).count("Completeness error") == 2
    assert "in all maps" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_chosen_object_is_on_the_image(app: AppTest) -> None:
    open_attribution(app, object=TARGET_CLASSES[1], image="3")
    assert not app.exception
    assert f"The image: **{TARGET_CLASSES[1]}**" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_class_that_one_network_does_not_know(app: AppTest) -> None:
    open_attribution(app, models="none,matched-transfer", explain=CLASSES[2])
    assert not app.exception and not app.error
    assert app.selectbox(key="left").value == "none"
    assert texts(app).count("is not one of this network's") == 1


@pytest.mark.usefixtures("gallery")
def test_against_the_clean_background_there_is_no_share(app: AppTest) -> None:
    open_attribution(app).selectbox(key="baseline").set_value("background").run()
    assert not app.exception
    assert not app.metric and "score" not in {button.key for button in app.button}
    assert texts(app).count("by construction") == 3


def test_without_networks_a_button_leads_on(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    open_attribution(app)
    assert not app.exception
    app.button(key="to_dataset").click().run()
    assert app.title[0].value == "Data set"


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize("method", list(METHODS))
def test_each_method_draws_both_maps_and_their_difference(app: AppTest, method: str) -> None:
    open_attribution(app, method=method)
    assert not app.exception and not app.error
    assert len(app.get("image")) == 4
    assert METHODS[method].title in texts(app)
    keys = {slider.key for slider in app.slider}
    assert {f"{method}_{one.name}" for one in METHODS[method].parameters} <= keys
    assert ("baseline" in {box.key for box in app.selectbox}) == METHODS[method].has_baseline


@pytest.mark.usefixtures("gallery")
def test_scores_appear_on_click_with_their_null(app: AppTest) -> None:
    open_attribution(app)
    assert not app.dataframe
    app.button(key="score").click().run()
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert len(table) == 6 and set(table["Images"]) == {100} and len(app.get("plotly_chart")) == 1
    assert "–" not in {*table["Other images' objects"], *table["Difference in points"]}
    # Of networks that never learnt, on noise: a map is as much on its own object as on others.
    assert set(table["On the own object"]) <= {"more", "less", "not shown"}
    assert "chance" not in texts(app)


@pytest.mark.usefixtures("gallery")
def test_one_picture_has_the_level_of_other_images_and_no_verdict(app: AppTest) -> None:
    open_attribution(app)
    assert all(metric.delta.startswith("on other objects ") for metric in app.metric)


@pytest.mark.usefixtures("gallery")
def test_networks_that_never_learnt_are_not_said_to_show_it(app: AppTest) -> None:
    """Those of this gallery are untrained: the test must not tell them from others."""
    open_attribution(app).button(key="forget").click().run()
    assert not app.exception and not app.error
    assert len(app.warning) == 2 and not app.success
    assert len(app.get("plotly_chart")) == 1 and len(app.get("image")) == 4 + 2
    assert texts(app).count("this image") == 2


@pytest.mark.usefixtures("gallery")
def test_links_carry_names_and_not_titles(app: AppTest) -> None:
    open_attribution(app, left="rotate", method="occlusion", explain="true")
    assert not app.exception
    assert (app.selectbox(key="left").value, app.selectbox(key="method").value) == ("rotate", "occlusion")
    app.selectbox(key="right").set_value("none").run()
    assert dict(app.query_params) == {"left": "rotate", "right": "none", "method": "occlusion", "explain": "true"}
    app.selectbox(key="left").set_value("matched-transfer").run()
    assert "left" not in app.query_params, "what is there anyway is not in the link"


@pytest.mark.usefixtures("gallery")
def test_a_link_with_an_unknown_name_is_the_default(app: AppTest) -> None:
    open_attribution(app, left="gone", method="tea leaves", question="why")
    assert not app.exception and not app.error
    assert app.selectbox(key="left").value == "matched-transfer"
    assert app.selectbox(key="method").value == next(iter(METHODS))


@pytest.mark.usefixtures("gallery")
def test_what_each_network_still_feels(app: AppTest) -> None:
    open_attribution(app, question="distance", transform="hue")
    assert not app.exception and not app.error
    assert len(app.get("image")) == 4 and len(app.metric) == 2
    assert all(float(metric.value) > 0 for metric in app.metric)
    assert texts(app).count("completeness error") == 2
    before = [metric.value for metric in app.metric]
    app.slider(key="hue_shift").set_value(0.5).run()
    assert [metric.value for metric in app.metric] != before
    app.selectbox(key="way").set_value("cross-fade").run()
    assert not app.exception and texts(app).count("completeness error") == 2


@pytest.mark.usefixtures("gallery")
def test_without_a_change_nothing_is_felt(app: AppTest) -> None:
    open_attribution(app, question="distance", transform="h_flip").toggle(key="h_flip_applied").set_value(False).run()
    assert not app.exception and not app.error
    assert [metric.value for metric in app.metric] == ["0.00", "0.00"]
    assert texts(app).count("Nothing moved it") == 2
    assert "way" not in {box.key for box in app.selectbox}


@pytest.mark.usefixtures("gallery")
def test_whose_evidence_it_is_in_one_image_and_over_many(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.attribution.shapley.NUM_IMAGES", 12)
    open_attribution(app, question="evidence", reference="mean")
    assert not app.exception and not app.error
    assert len(app.get("image")) == 4, "object and background: four coalitions"
    assert texts(app).count("The bars add up to") == 2 and len(app.get("plotly_chart")) == 1
    app.button(key="evidence_many").click().run()
    assert not app.exception and len(app.get("plotly_chart")) == 2
    overall, by_class = (frame.value for frame in app.dataframe)
    assert list(overall.columns) == ["Images", "Network", "Share of the object", "Share of the background"]
    groups = [name.split(": ") for name in dict.fromkeys(overall["Images"])]
    assert groups[0] == ["all images", "12"] and sum(int(num) for _, num in groups[1:]) == 12
    assert len(overall) == 2 * len(groups) and set(by_class["Class"]) <= set(TARGET_CLASSES)
    assert ("both right" in dict(groups)) == ("both name rightly, so their" not in texts(app))


@pytest.mark.usefixtures("gallery")
def test_a_sticker_is_a_third_part(app: AppTest) -> None:
    open_attribution(app, question="evidence", with_sticker="true", worth="log-probability")
    assert not app.exception and not app.error
    assert len(app.get("image")) == 8 and "object + background + sticker" in texts(app)


def num_verdicts(app: AppTest) -> int:
    """Verdicts on whether maps can be trusted, one for each network."""
    assert not app.exception and not app.error
    return len([*app.warning, *app.success, *app.info])


def visit(app: AppTest, page: str) -> AppTest:
    """Goes to a page by the menu, which takes no query along."""
    app.query_params.clear()
    return app.switch_page(f"pages/{page}/page.py").run()


@pytest.mark.usefixtures("gallery")
def test_what_was_asked_for_stays_while_nothing_it_depends_on_changes(app: AppTest) -> None:
    open_attribution(app).button(key="score").click().run()
    app.button(key="forget").click().run()
    assert len(app.dataframe) == 1 and num_verdicts(app) == 2
    app.slider(key="image").set_value(5).run()
    assert len(app.dataframe) == 1 and num_verdicts(app) == 2, "both are over many images"
    app.selectbox(key="left").set_value("none").run()
    assert not app.dataframe and num_verdicts(app) == 0
    app.selectbox(key="left").set_value("matched-transfer").run()
    assert len(app.dataframe) == 1 and num_verdicts(app) == 2


@pytest.mark.usefixtures("gallery")
def test_choices_and_results_are_there_after_a_visit_elsewhere(app: AppTest) -> None:
    open_attribution(app, left="rotate", method="occlusion").button(key="score").click().run()
    app.button(key="forget").click().run()
    visit(app, "runs")
    assert not app.dataframe
    visit(app, "attribution")
    assert (app.selectbox(key="left").value, app.selectbox(key="method").value) == ("rotate", "occlusion")
    assert dict(app.query_params) == {"left": "rotate", "method": "occlusion"}, "so that it can be shared"
    assert len(app.dataframe) == 1 and num_verdicts(app) == 2
    visit(app, "runs")
    app.query_params["right"] = "none"
    app.switch_page("pages/attribution/page.py").run()
    assert app.selectbox(key="left").value == "matched-transfer", "a link says all there is to choose"


@pytest.mark.usefixtures("gallery")
def test_evidence_over_many_images_stays(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.attribution.shapley.NUM_IMAGES", 12)
    open_attribution(app, question="evidence").button(key="evidence_many").click().run()
    assert len(app.dataframe) == 2
    app.slider(key="image").set_value(5).run()
    assert len(app.dataframe) == 2 and not app.exception
    visit(app, "runs")
    visit(app, "attribution")
    assert len(app.dataframe) == 2 and not app.exception
    app.selectbox(key="worth").set_value("log-probability").run()
    assert not app.dataframe
