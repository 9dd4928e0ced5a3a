"""The Factors page in a real browser: a click on the heatmap shows that factor of that network."""

from __future__ import annotations

import pytest

from tests.pages.conftest import Visitor


@pytest.mark.browser
def test_a_click_on_a_cell_shows_its_factor_and_network(visitor: Visitor) -> None:
    page = visitor.open("factors?second=none")
    page.get_by_text("Decoded: hue").wait_for()
    heatmap = page.locator("[data-testid=stPlotlyChart]").first
    heatmap.scroll_into_view_if_needed()
    area = heatmap.locator(".nsewdrag").first.bounding_box()
    assert area is not None
    num_columns, num_rows, column, row = 24, 23, 7, 7  # h flip, from the network trained on h_flip
    page.mouse.click(area["x"] + (column + 0.5) * area["width"] / num_columns,
                     area["y"] + (row + 0.5) * area["height"] / num_rows)  # fmt: skip
    page.get_by_text("Decoded: h flip").wait_for()
    visitor.settle()
    assert visitor.exceptions() == []
    assert "first=h_flip" in page.url and "factor=h+flip" in page.url and "second=none" in page.url
    again = page.url
    page.goto(again)
    visitor.settle()
    assert page.url == again
    assert page.get_by_text("balanced accuracy 72%").first.is_visible()
