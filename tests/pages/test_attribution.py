"""The Attribution page without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.tiny_gallery import CLASSES, TARGET_CLASSES, no_gallery, write_gallery


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)


def open_attribution(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/attribution.py").run()


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
    assert len(app.get("image")) == 3
    assert len(app.metric) == 2
    assert texts(app).count("Completeness error") == 2
    assert "in both maps" in texts(app)


@pytest.mark.usefixtures("gallery")
def test_a_chosen_object_is_on_the_image(app: AppTest) -> None:
    open_attribution(app, object=TARGET_CLASSES[1], image="3")
    assert not app.exception
    assert f"The image shows **{TARGET_CLASSES[1]}**" in texts(app)


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
    assert not app.metric
    assert texts(app).count("by construction") == 2


def test_without_networks_a_button_leads_on(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    open_attribution(app)
    assert not app.exception
    app.button(key="to_dataset").click().run()
    assert app.title[0].value == "Data set"
