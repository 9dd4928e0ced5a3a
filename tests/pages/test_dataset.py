"""The Data set page without a browser."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from invariance.__main__ import main
from invariance.data.engine import Engine
from invariance.data.magnitudes import has_field, magnitudes
from invariance.data.preview import samples
from invariance.data.uploads.collection import write_pictures
from invariance.data.uploads.packed import Packed
from invariance.spec import CATEGORIES, TRANSFORM_NAMES
from pages.shared.literal import literal

NUM_SAMPLES, NUM_TWINS = 32, 12


def open_dataset(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in {"objects_source": "noise", "backgrounds_source": "noise", **query}.items():
        app.query_params[name] = value
    return app.switch_page("pages/dataset/page.py").run()


def pictures(app: AppTest) -> list[str]:
    """Those of the view; before them is the row for phones."""
    return [url for image in app.get("image")[1:] for url in image.value]


def first_samples(app: AppTest) -> str:
    """The row for phones."""
    (url,) = app.get("image")[0].value
    return url


def test_a_change_of_a_control_changes_the_pictures_and_the_recipe(app: AppTest) -> None:
    open_dataset(app)
    assert not app.exception and not app.error
    first = pictures(app)
    assert len(first) == NUM_SAMPLES + 1
    assert {"rotate.angle_deg", "hue.shift"} <= set(app.dataframe[0].value["drawn"])
    app.button_group(key="transforms_geometric").set_value(["scale"]).run()
    assert "rotate.angle_deg" not in set(app.dataframe[0].value["drawn"])
    assert not set(pictures(app)) & set(first)


@pytest.mark.parametrize("view", ["Samples", "Distribution", "Files and code"])
def test_the_row_for_phones_follows_the_controls_in_every_view(app: AppTest, view: str) -> None:
    open_dataset(app, view=view)
    seen = [first_samples(app)]
    app.slider(key="strength").set_value(0.5).run()
    seen.append(first_samples(app))
    app.button_group(key="transforms_geometric").set_value([]).run()
    assert not app.exception and len({*seen, first_samples(app)}) == 3


@pytest.mark.parametrize("objects", ["noise", "builtin"])
def test_an_order_is_set_linked_and_reset_by_presets(app: AppTest, objects: str) -> None:
    open_dataset(app, objects_source=objects, transforms_corruption="pixelate", view="Files and code")
    drawn = first_samples(app)
    assert 'transforms=("rotate", "hue", "pixelate")' in app.code[0].value
    app.multiselect(key="transforms_order").set_value(["pixelate", "hue"]).run()
    assert not app.exception and 'transforms=("pixelate", "hue", "rotate")' in app.code[0].value
    assert first_samples(app) != drawn, "a coarse object that is turned is not a turned one that is coarse"
    assert "pixelate → hue → rotate" in [caption.value for caption in app.caption]
    app.button_group(key="transforms_corruption").set_value([]).run()
    assert not app.exception and 'transforms=("hue", "rotate")' in app.code[0].value
    app.button(key="preset_One of each kind").click().run()
    assert 'transforms=("rotate", "hue", "blur")' in app.code[0].value and not app.exception
    app.button(key="preset_None").click().run()
    assert not app.exception and not [one for one in app.multiselect if one.key == "transforms_order"]


def test_a_link_sets_the_order_and_another_viewpoint_stays_first(app: AppTest) -> None:
    query = {"transforms_order": ["gone", "blur"], "transforms_corruption": "blur", "transforms_beyond 2-D": "pose"}
    open_dataset(app, objects_source="builtin", prototypes="2", view="Files and code", **query)
    assert not app.exception and not app.error
    assert 'transforms=("pose", "blur", "rotate", "hue")' in app.code[0].value


def test_strength_zero_leaves_no_angle(app: AppTest) -> None:
    open_dataset(app, strength="0.0")
    drawn = app.dataframe[0].value.set_index("drawn")["value"]
    assert drawn["rotate.angle_deg"] == "0°"


def test_the_recipe_is_that_of_the_chosen_sample(app: AppTest) -> None:
    open_dataset(app, first="64", sample="67")
    recipe = json.loads(app.code[0].value)
    assert recipe["index"] == recipe["position"] == 67
    shown = app.dataframe[0].value.set_index("drawn")["value"]
    assert shown["class"] == recipe["class"] and shown["index"] == "seed 0, index 67"
    assert app.subheader[0].value == f"Sample 67: {literal(recipe['class'])}"


def test_the_recipe_names_files_and_no_folders(app: AppTest, tmp_path: Path) -> None:
    cutouts = [Packed.of(Image.new("RGBA", (20, 20), (90, 0, 0, 99)))]
    write_pictures(tmp_path, {"ape": cutouts, "bee": cutouts}, [])
    folder = str(tmp_path / "foregrounds")
    open_dataset(app, objects_source="folder", objects_folder=folder, backgrounds_source="builtin")
    assert not app.exception and not app.error
    shown = app.dataframe[0].value.set_index("drawn")["value"]
    assert shown["background"].endswith(".webp") and shown["prototype"] == "000.png"
    assert not any(str(tmp_path) in value for value in shown)


@pytest.mark.parametrize("transform", ["rotate", "shear", "h_flip", "noise", "erasing", "occlude"])
def test_a_transformation_has_its_magnitudes_and_a_row_for_each(app: AppTest, transform: str) -> None:
    open_dataset(app, view="Magnitude", magnitude_of=transform.replace("_", " "))
    assert not app.exception and not app.error
    rows = [one for one in app.get("image") if len(one.value) > 1]
    assert [len(row.value) for row in rows] == [len(one.steps) for one in magnitudes(transform)]
    assert has_field(transform) == bool([one for one in app.number_input if one.key == f"{transform}_draw"])


def test_a_slider_moves_the_picture_and_a_link_sets_the_slider(app: AppTest) -> None:
    open_dataset(app, view="Magnitude", rotate_angle_deg="-45.0", object="3")
    linked = pictures(app)[0]
    app.slider(key="rotate_angle_deg").set_value(30.0).run()
    assert pictures(app)[0] != linked
    app.slider(key="rotate_angle_deg").set_value(-45.0).run()
    assert pictures(app)[0] == linked


def test_what_is_drawn_stands_beside_its_law(app: AppTest) -> None:
    open_dataset(app, view="Distribution", strength="0.5")
    assert not app.exception and app.get("plotly_chart")
    laws = app.dataframe[0].value.set_index("Name in files")["Drawn"]
    assert dict(laws) == {"rotate.angle_deg": "uniform, −90 to 90°", "hue.shift": "uniform, −0.25 to 0.25"}
    for key in ("transforms_geometric", "transforms_photometric"):
        app.button_group(key=key).set_value([])
    app.run()
    assert "without a transformation" in app.info[0].value and not app.get("plotly_chart")


@pytest.mark.parametrize(
    ("kind", "suffix"), [("Sheet (PNG)", "png"), ("Arrays (NPZ)", "npz"), ("Folders (ZIP)", "zip")]
)
def test_a_file_is_made_on_demand_and_only_for_its_settings(app: AppTest, kind: str, suffix: str) -> None:
    open_dataset(app, view="Files and code", file=kind, **{f"images_{suffix}": "20"})
    assert not app.get("download_button"), "nothing is made before it is asked for"
    app.button(key="make_file").click().run()
    assert not app.exception and not app.error
    (download,) = app.get("download_button")
    assert download.label.startswith(f"Download rotate-hue-train-20.{suffix} (")
    prepared = app.session_state["dataset_file"]
    first = prepared.file
    assert prepared.num_bytes == len(prepared.contents()) > 1000
    del prepared
    app.selectbox(key="split").set_value("test").run()
    assert not app.get("download_button")
    app.button(key="make_file").click().run()
    assert app.session_state["dataset_file"].contents()
    assert first.closed, "a session has one file at a time"


def test_a_file_that_is_too_large_is_not_made(app: AppTest) -> None:
    open_dataset(app, view="Files and code", file="Arrays (NPZ)", images_npz="20000", size="128 px")
    assert "choose at most" in app.warning[0].value
    assert app.button(key="make_file").disabled


def test_copied_code_makes_the_images_of_the_page(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_dataset(app, view="Files and code", size="16 px", seed="5", names="noise-03&names=noise-07")
    python, command = (block.value for block in app.code)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(python, names)
    expected = samples(Engine(names["spec"]), num=32)
    assert names["spec"].seed == 5 and names["spec"].transforms == ("rotate", "hue")
    np.testing.assert_array_equal(names["shown"].images, expected.images)
    assert main([*shlex.split(command)[3:], "--device", "cpu"]) == 0
    with np.load(tmp_path / "samples.npz") as file:
        np.testing.assert_array_equal(file["images"][:32], expected.images)


def test_presets_choose_transformations_of_all_kinds(app: AppTest) -> None:
    open_dataset(app)
    app.button(key="preset_All photometric").click().run()
    assert app.button_group(key="transforms_geometric").value == []
    assert tuple(app.button_group(key="transforms_photometric").value) == CATEGORIES["photometric"]
    app.button(key="preset_None").click().run()
    assert app.button_group(key="transforms_photometric").value == [] and not app.exception


def test_strips_show_the_chosen_transformations_or_all(app: AppTest) -> None:
    open_dataset(app, view="One object, many draws")
    assert not app.exception
    assert len(pictures(app)) == 2
    app.toggle(key="all_True").set_value(True).run()
    assert len(pictures(app)) == len(TRANSFORM_NAMES)


@pytest.mark.parametrize(
    ("view", "num", "file"),
    [
        ("Samples", NUM_SAMPLES, "samples.csv"),
        ("One object, many draws", 2, "draws.csv"),
        ("Twins", NUM_TWINS, "twins.csv"),
    ],
)
def test_a_grid_is_one_file_with_what_makes_it_again(
    app: AppTest, saved_pages: list[str], view: str, num: int, file: str
) -> None:
    open_dataset(app, view=view)
    assert not app.exception
    (page,) = saved_pages
    assert page.count('src="data:image/png;base64,') == num and file in page
    assert "seed 0" in page and "rotate, hue" in page


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


def test_a_folder_that_the_system_refuses_is_one_line(app: AppTest) -> None:
    open_dataset(app, objects_source="folder", objects_folder="/" + "x" * 5_000)
    assert not app.exception
    (error,) = app.error
    assert literal("objects = …xxx") in error.value and "no such folder that can be read" in error.value


def test_a_folder_is_named_as_it_was_written(app: AppTest) -> None:
    open_dataset(app, objects_source="folder", objects_folder="**no** :red[x]")
    assert literal("**no** :red[x]") in app.error[0].value


def test_a_folder_of_photographs(app: AppTest, si_score: Path) -> None:
    open_dataset(app, objects_source="folder", objects_folder=str(si_score / "foregrounds"))
    assert not app.exception and not app.error
    assert "koala" in app.multiselect(key="names").options
    app.multiselect(key="names").set_value(["koala"]).run()
    assert "at least 2 classes" in app.error[0].value


def test_a_sticker_has_its_controls_and_may_be_the_label(app: AppTest) -> None:
    open_dataset(app, stickers="noise", sticker_place="anywhere", label="sticker", sticker_correlation="0.5")
    app.multiselect(key="sticker_names").set_value(["noise-40", "noise-41"]).run()
    assert not app.exception and not app.error
    rows = app.dataframe[0].value.set_index("drawn")["value"]
    assert rows["class"] == rows["sticker"] and rows["class"] in ("noise-40", "noise-41")
    assert {"sticker.x", "sticker.y", "sticker.paired"} <= set(rows.index)
    app.button_group(key="stickers").set_value("none").run()
    assert not app.exception and not app.error
    assert not [one for one in app.button_group if one.key == "label"], "without a choice there is no control"


def test_new_backgrounds_are_said_and_can_be_shared(app: AppTest) -> None:
    open_dataset(app, backgrounds_source="builtin", size="16 px")
    said = " ".join(markdown.value for markdown in app.markdown)
    assert "objects as in training, new backgrounds" in said and "135 for training" in said
    app.button(key="count_seen").click().run()
    assert any("of 500 test images, 0 are one of 2,000 training images" in one.value.lower() for one in app.markdown)
    app.toggle(key="shared_backgrounds").set_value(True).run()
    said = " ".join(markdown.value for markdown in app.markdown)
    assert not app.exception and "objects and backgrounds as in training" in said and "the same 216" in said


def test_noise_has_no_backgrounds_to_share(app: AppTest) -> None:
    open_dataset(app)
    assert not [toggle for toggle in app.toggle if toggle.key == "shared_backgrounds"]
