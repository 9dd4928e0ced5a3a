"""The Start page without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from invariance.data.example import EXAMPLE_TRANSFORMS
from invariance.runs import gallery
from pages.start.experiment import experiment_data
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor
from tests.pages.tiny_gallery import no_gallery, tiny_report, write_gallery

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUESTION = "What did it throw away, and how do I know?"
RIGHT = "Pretrained on rotate, hue, erasing"
WRONG = "Pretrained on scale, invert, pixelate"


def markdown(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


def bars(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html") if "guessed" in element.proto.body)


@pytest.mark.parametrize(("guess", "answer"), [(RIGHT, "You were right."), (WRONG, "It went otherwise.")])
def test_a_guess_is_answered_at_once(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guess: str, answer: str
) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)
    app.run()
    assert not app.exception and not app.error
    assert "You were right" not in markdown(app) and "90" not in markdown(app) + bars(app)
    app.button_group(key="guess").set_value(guess).run()
    assert not app.exception and not app.error
    assert f"{answer} The network pretrained on rotate, hue, erasing recognises more" in markdown(app)
    assert r"is ahead by 30.0 points \[20.0, 40.0] on rotate, hue, erasing and 20.0 points" in markdown(app)
    assert "<strong>90 %</strong> [85, 95]" in bars(app) and "<strong>60 %</strong> [55, 65]" in bars(app)
    assert "| PP − QP | **30.0** | 20.0 to 40.0 |" in markdown(app)


def test_a_difference_that_is_not_sure_is_none(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)
    report = tiny_report()
    report["simple_effects"][0] |= {"low": -0.1, "high": 0.7}
    (tmp_path / "gallery" / "what-if.json").write_text(json.dumps(report))
    app.run()
    app.button_group(key="guess").set_value("No difference").run()
    assert not app.exception and not app.error
    assert "These test images cannot tell: no difference that is sure. You were right." in markdown(app)


def test_without_a_gallery_a_button_leads_on(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    app.run()
    assert not app.exception
    assert "no trained networks here yet" in markdown(app)
    app.button(key="to_dataset").click().run()
    assert not app.exception
    assert app.title[0].value == "Data set"


@pytest.mark.skipif(not gallery.entries(), reason="no gallery: python -m invariance gallery build")
@pytest.mark.parametrize("name", EXAMPLE_TRANSFORMS)
def test_the_first_example_is_recognised_by_the_network_that_should_and_by_it_alone(name: str) -> None:
    table = gallery.lesson_table("example")
    data = experiment_data(table, gallery.sens_table())
    assert data is not None
    (shown,) = (one for one in data["transforms"] if one["name"] == name)
    trained, plain = shown["networks"]
    assert (trained["reference"], plain["reference"]) == (name, "none"), "an untrained one is no third"
    assert set(trained["says"]) == {data["true"]} and min(trained["probability"]) > 0.9
    assert plain["says"][shown["neutral"]] == data["true"] != plain["says"][shown["start"]]
    assert trained["distance"][shown["start"]] < plain["distance"][shown["start"]] / 1.8
    assert [one["distance"][shown["neutral"]] for one in (trained, plain)] == [0, 0]
    untrained = table[(table["model"] == "untrained") & (table["transform"] == name)]
    assert not (untrained["says"] == untrained["true"]).any()
    row = gallery.sens_table().set_index(["model", "transform"]).loc[name, name]
    ends = (f"{row[f'sens_conditional{end}']:.2f}" for end in ("", "_low", "_high"))
    assert trained["whole"].endswith("{} [{}, {}]".format(*ends)) and "An untrained network has 0." in shown["remark"]


def test_all_that_the_experiment_shows_is_one_component_and_no_picture_of_the_server(app: AppTest) -> None:
    app.run()
    assert not app.exception and not app.error
    shown = [one.key for one in app.get("bidi_component")]
    assert shown == ["corner_buttons", "experiment"] and not app.get("imgs")
    assert QUESTION in [one.value for one in app.subheader]
    links = [dict(parse_qsl(link.proto.query_string)) for link in app.get("page_link") if link.proto.page == "factors"]
    assert links == [{"view": "thrown-away", "first": "none", "second": "hue"}] * 2


def test_a_link_with_somebodys_guess_tells_nothing(app: AppTest) -> None:
    app.query_params["guess"], app.query_params["image"] = WRONG, "5"
    app.run()
    assert not app.exception and not app.error
    assert "Choose one to see what happened." in [one.value for one in app.caption]


class Wire:
    """What a browser sends to the server."""

    def __init__(self, page: Page) -> None:
        self.sent: list[str] = []
        page.on("request", lambda request: self.sent.append(request.url))
        page.on("websocket", lambda socket: socket.on("framesent", lambda _: self.sent.append(socket.url)))


STATE = """root => ({
  picture: root.querySelector(".picture").style.backgroundPosition,
  heard: root.querySelector("[type=range]").getAttribute("aria-valuetext"),
  bars: [...root.querySelectorAll(".bar")].map(bar => bar.style.width),
  words: [...root.querySelectorAll(".says b")].map(word => word.textContent),
})"""


@pytest.mark.browser
def test_dragging_changes_picture_bars_and_words_and_asks_the_server_for_nothing(visitor: Visitor) -> None:
    page = visitor.page
    wire = Wire(page)
    page.emulate_media(reduced_motion="reduce")
    visitor.open("")
    root, slider = page.locator(".experiment"), page.get_by_role("slider", name="Turn the object")
    slider.wait_for()
    visitor.settle()
    assert wire.sent, "what is sent is seen"
    wire.sent.clear()
    before = root.evaluate(STATE)
    assert before["words"][0] == "✓ tractor" and before["words"][1].startswith("✗")
    box = slider.bounding_box()
    assert box["y"] + box["height"] < 720, "above the fold of a small screen"
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2, steps=12)
    page.mouse.up()
    dragged = root.evaluate(STATE)
    assert all(dragged[part] != before[part] for part in before if part != "words")
    assert dragged["words"][0] == "✓ tractor" and dragged["words"][1] != before["words"][1]
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")  # with nothing chosen it is the slider that moves
    stepped = root.evaluate(STATE)
    assert stepped["heard"] != dragged["heard"] and "Trained without: " in stepped["heard"]
    page.get_by_role("radio", name="Turn").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("slider", name="Recolour the object").count() == 1
    assert root.evaluate(STATE)["words"] == ["✓ tractor", "✗ wine bottle"]
    assert wire.sent == []
    page.get_by_role("link", name=QUESTION).first.click()
    page.wait_for_url("**/factors?view=thrown-away*", timeout=RUN_TIMEOUT_MS)
    page.get_by_role("heading", name="Factors").wait_for(timeout=RUN_TIMEOUT_MS)
    assert visitor.exceptions() == [] and visitor.elsewhere == []
