"""The Factors page in a real browser: a click on the heatmap shows that factor of that network."""

from __future__ import annotations

import re

import pytest

from invariance.runs import gallery
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor


@pytest.mark.browser
def test_a_click_on_a_cell_shows_its_factor_and_network(visitor: Visitor) -> None:
    page = visitor.open("factors?second=none")
    page.get_by_text("Decoded: hue").wait_for(timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    page.get_by_text("Show all").click()
    visitor.settle()
    page.get_by_role("button", name=re.compile("^h flip, h flip: ")).click()
    page.get_by_text("Decoded: h flip").wait_for(timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    assert visitor.exceptions() == []
    assert "first=h_flip" in page.url and "factor=h_flip.applied" in page.url and "second=none" in page.url
    again = page.url
    page.goto(again)
    visitor.settle()
    assert page.url == again
    table = gallery.factors_table().query("model == 'h_flip' and factor == 'h_flip.applied' and objects == 'known'")
    assert page.get_by_text(f"balanced accuracy {float(table['score'].item()):.0%}").first.is_visible()


@pytest.mark.browser
def test_a_newcomer_finds_what_was_thrown_away_from_start(visitor: Visitor) -> None:
    page = visitor.open("")
    page.get_by_text("Invariance hides").click()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("Explore this yourself").click()
    page.get_by_text("can hardly tell").first.wait_for(timeout=RUN_TIMEOUT_MS)
    pictures = page.locator("[data-testid=stPlotlyChart]").first.locator("image")
    pictures.nth(4).wait_for(timeout=RUN_TIMEOUT_MS)
    assert pictures.count() == 5, "on a ruler"
    page.get_by_text("How do I know?").click()
    page.get_by_text("it was fitted to other pictures").wait_for(timeout=RUN_TIMEOUT_MS)
    assert not visitor.exceptions()
