"""Try a picture: one file in, a slider, two networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from invariance.data.engine import Engine
from invariance.data.magnitudes import magnitudes
from invariance.data.uploads.one_picture import EXAMPLES, OnePicture, example_picture
from invariance.data.uploads.shelf import ObjectPicture
from invariance.runs.gallery import entries
from invariance.runs.store import Store
from invariance.spec import DatasetSpec
from pages.own.live import NUM_FRAMES
from pages.own.picture import FIRST_SCENE
from pages.shared import cache
from pages.shared.networks import TRANSFERS
from tests.data.uploads.test_reading import saved
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor
from tests.pages.test_pictures import ORANGE, disc, on_paper
from tests.pages.test_start import Wire
from tests.pages.tiny_gallery import no_gallery, write_gallery


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)


def open_own(app: AppTest, **query: str) -> AppTest:
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/own/page.py").run()


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    app.file_uploader(key="own_file").set_value((name, data, "image/png"))
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def use(app: AppTest) -> str:
    (control,) = [group for group in app.button_group if group.label == "Use it"]
    return str(control.value)


def followed(app: AppTest) -> list[dict[str, Any]]:
    """What the browser has to follow the slider: of the picture, then of both networks."""
    return [json.loads(one.proto.json) for one in app.get("bidi_component") if one.key.startswith("live_")]


def distances(app: AppTest) -> list[float]:
    return [one["rest"]["distance"] for one in followed(app)[1:]]


@pytest.mark.usefixtures("gallery")
def test_an_example_at_once_and_the_slider_moves_the_networks(app: AppTest, saved_pages: list[str]) -> None:
    open_own(app)
    assert "<h1>A picture with rotate" in saved_pages[0] and saved_pages[0].count("data:image/png;base64,") >= 4
    assert all(column in saved_pages[0] for column in ("distance", "completeness_error", "picture.csv"))
    assert not app.exception and not app.error
    assert len(app.get("image")) == 3 + 1 and len(distances(app)) == 2  # and the picture itself
    assert "know only the classes that they learnt" in texts(app)
    assert EXAMPLES[0] not in [caption.value for caption in app.caption], "that is what is chosen"
    before = distances(app)
    app.slider(key="rotate_angle_deg").set_value(10.0).run()
    assert not app.exception and distances(app) != before and max(distances(app)) > 0
    app.slider(key="rotate_angle_deg").set_value(0.0).run()
    assert distances(app) == [0.0, 0.0] and all(one["before"] == one["rest"]["says"] for one in followed(app)[1:])


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize(("transform", "sliders"), [("rotate", 1), ("translate", 2), ("h_flip", 0), ("noise", 1)])
def test_every_slider_is_followed_with_the_others_where_they_are(app: AppTest, transform: str, sliders: int) -> None:
    open_own(app, transform=transform)
    assert not app.exception and not app.error
    picture, *networks = followed(app)
    assert [len(one["ways"]) for one in (picture, *networks)] == [sliders] * 3
    for number, way in enumerate(picture["ways"]):
        slider = app.slider(key=way["slider"])
        assert (way["low"], way["high"], way["at"]) == (slider.min, slider.max, slider.value)
        at = 54
        shown = [one["ways"][number]["steps"][at] for one in networks]
        slider.set_value(way["low"] + at / (NUM_FRAMES - 1) * (way["high"] - way["low"])).run()
        for before, now in zip(shown, followed(app)[1:], strict=True):
            assert now["rest"]["distance"] == pytest.approx(before["distance"], abs=0.002)
            assert now["rest"]["says"] == before["says"]
        app.slider(key=way["slider"]).set_value(way["at"]).run()


@pytest.mark.usefixtures("gallery")
def test_what_would_take_long_is_asked_when_the_slider_is_let_go(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.own.live.MOST_SECONDS", 0.0)
    open_own(app)
    assert not app.exception and [one["ways"] for one in followed(app)] == [[]] * 3 and max(distances(app)) > 0


@pytest.mark.usefixtures("gallery")
def test_a_picture_on_paper_is_cut_out_and_another_used_whole(app: AppTest, store: Store) -> None:
    upload(open_own(app), "mug.png", on_paper(ORANGE))
    assert not app.exception and not app.error and use(app) == "object"
    assert any(caption.value.startswith("mug") for caption in app.caption)
    first = distances(app)
    noise = Image.effect_noise((90, 90), 90).convert("RGB")
    upload(app, "noise.png", saved(noise))
    assert not app.exception and not app.error and use(app) == "whole"
    assert distances(app) != first
    assert not (store.root / "pictures").exists(), "nothing is stored"


@pytest.mark.usefixtures("gallery")
def test_an_upload_stays_while_other_pages_are_visited_until_it_is_taken_out(app: AppTest) -> None:
    upload(open_own(app), "mug.png", on_paper(ORANGE))
    before = distances(app)
    app.selectbox(key="example").set_value("octopus").run()
    assert distances(app) != before and app.query_params["example"] == "octopus"
    app.selectbox(key="example").set_value("yours").run()
    app.query_params.clear()
    app.switch_page("pages/runs/page.py").run()
    app.switch_page("pages/own/page.py").run()
    assert not app.exception and app.selectbox(key="example").value == "yours" and distances(app) == before
    upload(app, "cup.png", on_paper((30, 90, 200)))
    assert distances(app) != before
    app.file_uploader(key="own_file").clear().run()
    assert not app.exception and app.selectbox(key="example").value == EXAMPLES[0]


@pytest.mark.usefixtures("gallery")
def test_a_photograph_counts_like_a_file_and_the_last_of_both_is_shown(app: AppTest) -> None:
    upload(open_own(app), "mug.png", on_paper(ORANGE))
    of_file = distances(app)
    photo = saved(Image.effect_noise((90, 90), 90).convert("RGB"), "JPEG")
    app.camera_input(key="own_photo").set_value(("photo.jpg", photo, "image/jpeg")).run()
    assert not app.exception and not app.error and use(app) == "whole" and distances(app) != of_file
    upload(app, "cup.png", on_paper(ORANGE))
    assert not app.exception and use(app) == "object" and distances(app) == of_file


@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
@pytest.mark.usefixtures("store")
def test_the_first_example_is_known_to_the_network_that_learnt_to_ignore_the_change_alone() -> None:
    matched, disjoint = (cache.known_models()[name].model for name in TRANSFERS)
    item = ObjectPicture(example_picture(EXAMPLES[0]))
    first = OnePicture(item.cutout.picture, True, Engine(DatasetSpec(image_size=32)), FIRST_SCENE)
    (angle,) = magnitudes("rotate")
    ends = first.way("rotate", {angle.law.name: angle.start})
    said = [[model.class_names[label] for label in model(ends).argmax(1).tolist()] for model in (matched, disjoint)]
    assert said[0] == [EXAMPLES[0]] * 2
    assert said[1][0] == EXAMPLES[0] != said[1][1]
    assert {*EXAMPLES[:4]} <= {*matched.class_names}


@pytest.mark.usefixtures("gallery")
def test_a_file_that_is_no_picture_gets_one_line(app: AppTest) -> None:
    upload(open_own(app), "**x**.png", b"<html>")
    assert not app.exception and len(app.error) == 1 and "a web page or text" in app.error[0].value
    assert "**x**" not in app.error[0].value and not distances(app)


@pytest.mark.usefixtures("gallery")
def test_the_other_map_and_a_colour_behind(app: AppTest) -> None:
    open_own(app, map="class", ground="colour", transform="blur", example="bee")
    assert not app.exception and not app.error
    assert "speak for what each network predicts" in texts(app)
    assert app.color_picker(key="ground_colour").value == "#808080"


@pytest.mark.usefixtures("gallery")
def test_the_picture_can_be_put_with_my_pictures(app: AppTest) -> None:
    upload(open_own(app), "mug.png", saved(disc(ORANGE)))
    app.button(key="keep").click().run()
    mine = app.session_state["belongings"]
    assert mine.picture[1] is not mine.shelf.objects[mine.picture[0]], "each has a mask of its own"
    app.switch_page("pages/pictures/page.py").run()
    assert not app.exception and [box.value for box in app.text_input if box.label == "Class"] == ["mug"]


def test_without_networks_a_button_leads_on(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    open_own(app)
    assert not app.exception and app.button(key="to_dataset")


@pytest.mark.browser
def test_a_real_file_in_a_real_browser(visitor: Visitor, tmp_path: Path) -> None:
    stored = visitor.server.store.root / "pictures"
    already = sorted(stored.glob("*"))  # of other tests on this server
    path = tmp_path / "mug.png"
    path.write_bytes(on_paper(ORANGE))
    page = visitor.open("own?transform=hue")
    page.locator("input[type=file]").set_input_files(path)
    chosen = "[...document.querySelectorAll('[role=combobox]')].some(box => box.value === 'yours')"
    page.wait_for_function(chosen, timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    shown = page.locator(".live")
    before = shown.all_inner_texts()[1:]
    assert len(before) == 2 and all("change it sees" in text for text in before)
    maps = page.locator("[data-testid=stColumn] [data-testid=stImage] img[alt^='map of']")
    of_map = maps.first.get_attribute("src")
    wire = Wire(page)
    moving = page.locator("[data-testid=stColumn][data-moving]")
    way = page.locator("[data-testid=stSlider] [data-orientation=horizontal]").last.bounding_box()
    assert way is not None
    at = way["y"] + way["height"] / 2
    page.mouse.move(way["x"] + way["width"] * 0.75, at)  # where it rests
    page.mouse.down()
    page.mouse.move(way["x"] + way["width"] * 0.3, at, steps=8)
    dragged = shown.all_inner_texts()[1:]
    assert all(now != then for now, then in zip(dragged, before, strict=True)) and moving.count() == 2
    assert wire.sent == [], "what follows the slider is here"
    page.mouse.up()
    moving.first.wait_for(state="detached", timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    assert wire.sent and maps.first.get_attribute("src") != of_map
    rested = shown.all_inner_texts()[1:]
    assert all(now != then for now, then in zip(rested, before, strict=True))
    networks = [page.locator(f".st-key-{key} input") for key in ("left", "right")]
    page.get_by_role("button", name="More").click()
    networks[0].wait_for()
    chosen = [box.input_value() for box in networks]
    assert chosen[0] != chosen[1], "what a popover shows when it is first opened is what is chosen"
    page.get_by_role("radio", name="what it decides by").click()
    page.get_by_text("speak for what each network predicts").wait_for(timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    assert [box.input_value() for box in networks] == chosen and shown.all_inner_texts()[1:] == rested
    assert visitor.exceptions() == []
    assert sorted(stored.glob("*")) == already, "nothing of it is stored"
