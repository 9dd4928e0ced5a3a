"""Figures saved by a real browser."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page

from invariance.figures.paper import WIDTH_PX
from invariance.runs.gallery import sens_table
from pages.shared.exports import PNG_SCALE
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor

HEATMAP = "Save the figure: Sens-score of networks"


def saved(page: Page, name: str, folder: Path) -> tuple[str, bytes]:
    with page.expect_download(timeout=RUN_TIMEOUT_MS) as download:
        page.get_by_role("group", name=HEATMAP).get_by_role("button", name=name, exact=True).click()
    path = folder / name
    download.value.save_as(path)
    return download.value.suggested_filename, path.read_bytes()


@pytest.mark.browser
def test_the_heatmap_as_png_svg_and_csv(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open("invariance?all=true")
    page.get_by_role("group", name=HEATMAP).wait_for(timeout=RUN_TIMEOUT_MS)
    for scheme in ("light", "dark"):
        visitor.turn(scheme)
        name, png = saved(page, "PNG", tmp_path)
        assert name == "sens.png" and png.startswith(b"\x89PNG\r\n\x1a\n")
        picture = np.asarray(Image.open(BytesIO(png)).convert("RGB"))
        assert picture.shape[1] == PNG_SCALE * WIDTH_PX and picture.shape[0] > 1000
        assert (picture[0] == 255).all() and (picture[:, 0] == 255).all(), "the ground is white in both themes"
        assert picture[: 50 * PNG_SCALE].min() < 80, "the title is dark in both themes"
    name, svg = saved(page, "SVG", tmp_path)
    assert name == "sens.svg" and svg.startswith(b"<svg") and b"Sens-score of networks" in svg
    name, csv = saved(page, "CSV", tmp_path)
    table = pd.read_csv(BytesIO(csv))
    assert name == "sens.csv" and len(table) == len(sens_table()) and "title" in table
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_without_the_library_it_says_that_nothing_was_saved(visitor: Visitor) -> None:
    visitor.page.route("**/app/static/plotly*", lambda route: route.abort())
    page = visitor.open("dataset?view=Distribution")
    page.get_by_role("button", name="SVG", exact=True).click()
    page.get_by_text("Not saved: the drawing library could not be loaded").wait_for(timeout=RUN_TIMEOUT_MS)
    page.unroute("**/app/static/plotly*")
    with page.expect_download(timeout=RUN_TIMEOUT_MS) as download:  # and a second try works
        page.get_by_role("button", name="SVG", exact=True).click()
    assert download.value.suggested_filename == "draws.svg"
