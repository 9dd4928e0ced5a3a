"""What only a real browser can do: a click on a cell of the heatmap shows its twins."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator

from invariance.runs.gallery import entries
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor

CELLS = ".cells td button"


def cell(visitor: Visitor, row: str, column: str) -> Locator:
    """A cell of the heatmap."""
    return visitor.page.get_by_role("button", name=re.compile(rf"^{row}( · \d+%)?, {column}: "))


def click_cell(visitor: Visitor, row: str, column: str) -> None:
    """Clicks a cell."""
    cell(visitor, row, column).click()
    visitor.settle()


@pytest.mark.browser
@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_a_click_on_a_cell_shows_its_twins(visitor: Visitor) -> None:
    page = visitor.open("invariance")
    page.wait_for_selector(CELLS)
    for row, column in (("hue", "rotate"), ("rotate", "contrast")):
        click_cell(visitor, row, column)
        page.get_by_text(f"two draws of {column}").wait_for()
        assert page.get_by_text(f"trained on {row} sees").count() == 1
    assert page.locator("[data-testid=stImage] img, [data-testid=stImageContainer] img").count() == 12
    cell(visitor, "rotate", "contrast").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.get_by_text("two draws of erasing").wait_for()
    visitor.settle()
    assert page.get_by_text("trained on hue sees").count() == 1, "the keyboard alone gets there too"
    head, scroll = page.locator(".cells thead th").nth(3), page.locator(".cells .scroll")
    page.get_by_text("Show all").click()
    visitor.settle()
    scroll.evaluate("one => one.scrollTo(0, 9_999)")
    top = "one => one.getBoundingClientRect().top"
    assert abs(head.evaluate(top) - scroll.evaluate(top)) < 2, "names stay in sight"
    assert visitor.exceptions() == []


@pytest.mark.browser
@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_behind_a_clicked_cell_are_layers_and_magnitudes_each_with_a_link(visitor: Visitor) -> None:
    page = visitor.open("invariance")
    page.wait_for_selector(CELLS)
    click_cell(visitor, "hue", "rotate")
    for view, said in (("Layer by layer", "one forward pass"), ("Against magnitude", "A data set draws all of this")):
        page.get_by_role("radio", name=view).click()
        page.get_by_text(said).wait_for(timeout=RUN_TIMEOUT_MS)
        visitor.settle()
        page.get_by_text(said).wait_for(timeout=RUN_TIMEOUT_MS)
        assert page.locator("[data-testid=stPlotlyChart]").count() >= 2
    link = page.url
    assert "row=hue" in link and "column=rotate" in link and "view=magnitude" in link
    page.goto(link)
    page.get_by_text("A data set draws all of this").wait_for(timeout=RUN_TIMEOUT_MS)
    assert visitor.exceptions() == []
