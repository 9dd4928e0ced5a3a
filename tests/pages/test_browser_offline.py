"""A view that was saved as one HTML file, opened by a real browser without a network."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser

from invariance.figures.offline import offline_html
from invariance.runs.origin import Origin
from tests.pages.conftest import RUN_TIMEOUT_MS


@pytest.mark.browser
def test_it_is_drawn_and_gives_its_data(browser: Browser, tmp_path: Path) -> None:
    path, table = tmp_path / "view.html", pd.DataFrame({"sens": [0.1, 0.2]})
    figures = {"Cells": go.Figure(go.Heatmap(z=[[0.1, 0.2]])), "Line": go.Figure(go.Scatter(y=[1, 2]))}
    path.write_bytes(offline_html("View", Origin(command="none"), figures=figures, tables={"sens": table}))
    context = browser.new_context(offline=True, accept_downloads=True)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    for drawn in ("#figure-0 svg .hm image", "#figure-1 svg .scatterlayer path"):
        page.locator(drawn).first.wait_for(timeout=RUN_TIMEOUT_MS, state="attached")
    with page.expect_download(timeout=RUN_TIMEOUT_MS) as download:
        page.get_by_role("link", name="sens.csv").click()
    assert download.value.suggested_filename == "sens.csv"
    download.value.save_as(tmp_path / "sens.csv")
    assert pd.read_csv(tmp_path / "sens.csv").equals(table)
    context.close()
    assert said == [], "no resource is refused, no error"
