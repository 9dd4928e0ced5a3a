"""What only a real browser can do: a click on a cell of the heatmap shows its twins."""

from __future__ import annotations

import pytest

from invariance.runs.gallery import entries, sens_table
from invariance.spec import TRANSFORM_NAMES
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor

PLOT = "[data-testid=stPlotlyChart] .nsewdrag"


def click_cell(visitor: Visitor, row: str, column: str) -> None:
    """Clicks the middle of a cell of the whole gallery's heatmap."""
    rows = list(dict.fromkeys(sens_table()["model"]))
    area = visitor.page.locator(PLOT).first
    box = area.bounding_box()
    assert box is not None
    x = (TRANSFORM_NAMES.index(column) + 0.5) / len(TRANSFORM_NAMES) * box["width"]
    y = (rows.index(row) + 0.5) / len(rows) * box["height"]
    area.click(position={"x": x, "y": y})
    visitor.settle()


@pytest.mark.browser
@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_a_click_on_a_cell_shows_its_twins(visitor: Visitor) -> None:
    page = visitor.open("invariance")
    page.wait_for_selector(PLOT)
    page.wait_for_timeout(1_000)  # the figure is laid out once more after it appears
    for row, column in (("hue", "rotate"), ("rotate", "contrast")):
        click_cell(visitor, row, column)
        page.get_by_text(f"two draws of {column}").wait_for()
        assert page.get_by_text(f"trained on {row} sees").count() == 1
    assert page.locator("[data-testid=stImage] img, [data-testid=stImageContainer] img").count() == 12
    assert visitor.exceptions() == []


@pytest.mark.browser
@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_behind_a_clicked_cell_are_layers_and_magnitudes_each_with_a_link(visitor: Visitor) -> None:
    page = visitor.open("invariance")
    page.wait_for_selector(PLOT)
    page.wait_for_timeout(1_000)
    click_cell(visitor, "hue", "rotate")
    for view, said in (("Layer by layer", "one forward pass"), ("Against magnitude", "A data set draws all of this")):
        page.get_by_role("radio", name=view).click()
        page.get_by_text(said).wait_for(timeout=RUN_TIMEOUT_MS)
        visitor.settle()
        page.get_by_text(said).wait_for(timeout=RUN_TIMEOUT_MS)
        assert page.locator(PLOT).count() >= 2
    link = page.url
    assert "row=hue" in link and "column=rotate" in link and "view=magnitude" in link
    page.goto(link)
    page.get_by_text("A data set draws all of this").wait_for(timeout=RUN_TIMEOUT_MS)
    assert visitor.exceptions() == []
