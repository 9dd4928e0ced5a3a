"""The Start page without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.tiny_gallery import no_gallery, tiny_report, write_gallery

RIGHT = "Pretrained on rotate, hue, erasing"
WRONG = "Pretrained on scale, invert, pixelate"


def markdown(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


@pytest.mark.parametrize(("guess", "answer"), [(RIGHT, "You were right."), (WRONG, "It went otherwise.")])
def test_a_guess_is_answered_at_once(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guess: str, answer: str
) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)
    app.run()
    assert not app.exception and not app.error
    assert "You were right" not in markdown(app) and "90.0%" not in markdown(app)
    app.button_group(key="guess").set_value(guess).run()
    assert not app.exception and not app.error
    assert f"{answer} The network pretrained on **rotate, hue, erasing** recognises more" in markdown(app)
    assert r"is ahead by 30.0 points \[20.0, 40.0] on rotate, hue, erasing and 20.0 points" in markdown(app)
    assert "| PP − QP | **30.0** | 20.0 to 40.0 |" in markdown(app)


def test_a_difference_that_is_not_sure_is_none(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gallery(tmp_path / "gallery", monkeypatch)
    report = tiny_report()
    report["simple_effects"][0] |= {"low": -0.1, "high": 0.7}
    (tmp_path / "gallery" / "what-if.json").write_text(json.dumps(report))
    app.run()
    app.button_group(key="guess").set_value("No difference").run()
    assert not app.exception and not app.error
    assert "These test images cannot tell: **no difference** that is sure. You were right." in markdown(app)


def test_without_a_gallery_a_button_leads_on(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    app.run()
    assert not app.exception
    assert "no trained networks here yet" in markdown(app)
    app.button(key="to_dataset").click().run()
    assert not app.exception
    assert app.title[0].value == "Data set"


def test_another_object_is_another_picture(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gallery(tmp_path, monkeypatch)
    app.run()
    before = app.get("image")[0].value[0]
    app.button(key="another").click().run()
    assert not app.exception
    assert app.get("image")[0].value[0] != before
