"""The Data set page without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from invariance.spec import TRANSFORM_NAMES

NUM_SAMPLES, NUM_TWINS = 32, 12


def open_dataset(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in {"objects_source": "noise", "backgrounds_source": "noise", **query}.items():
        app.query_params[name] = value
    return app.switch_page("pages/dataset.py").run()


def pictures(app: AppTest) -> list[str]:
    return [url for image in app.get("image") for url in image.value]


def test_a_change_of_a_control_changes_the_pictures_and_the_recipe(app: AppTest) -> None:
    open_dataset(app)
    assert not app.exception and not app.error
    first = pictures(app)
    assert len(first) == NUM_SAMPLES + 1
    assert {"rotate.angle_deg", "hue.shift"} <= set(app.dataframe[0].value["drawn"])
    app.button_group(key="transforms_geometric").set_value(["scale"]).run()
    assert "rotate.angle_deg" not in set(app.dataframe[0].value["drawn"])
    assert not set(pictures(app)) & set(first)


def test_strength_zero_leaves_no_angle(app: AppTest) -> None:
    open_dataset(app, strength="0.0")
    drawn = app.dataframe[0].value.set_index("drawn")["value"]
    assert float(drawn["rotate.angle_deg"]) == 0.0


def test_strips_show_the_chosen_transformations_or_all(app: AppTest) -> None:
    open_dataset(app, view="One object, many draws")
    assert not app.exception
    assert len(pictures(app)) == 2
    app.toggle(key="all_True").set_value(True).run()
    assert len(pictures(app)) == len(TRANSFORM_NAMES)


def test_twins_are_shown_in_pairs(app: AppTest) -> None:
    open_dataset(app, view="Twins")
    assert not app.exception
    assert len(pictures(app)) == NUM_TWINS


@pytest.mark.parametrize("folder", ["", "no/such/folder"])
def test_a_bad_folder_is_one_line_and_the_controls_stay(app: AppTest, folder: str) -> None:
    open_dataset(app, objects_source="folder", objects_folder=folder)
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith("objects") and "\n" not in error.value
    app.button_group(key="objects_source").set_value("noise").run()
    assert not app.error and pictures(app)


def test_a_folder_of_photographs(app: AppTest, si_score: Path) -> None:
    open_dataset(app, objects_source="folder", objects_folder=str(si_score / "foregrounds"))
    assert not app.exception and not app.error
    assert "koala" in app.multiselect(key="names").options
    app.multiselect(key="names").set_value(["koala"]).run()
    assert "at least 2 classes" in app.error[0].value
