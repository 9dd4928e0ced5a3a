"""The Start page without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.tiny_gallery import no_gallery, write_gallery

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
    assert f"{answer} Pretraining on **rotate, hue, erasing**" in markdown(app)
    assert "**30.0 points** better" in markdown(app) and "90.0% against 60.0%" in markdown(app)


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
