"""Figures as files: white ground, dark text, title, room for both."""

from __future__ import annotations

import json

import pandas as pd
import plotly.graph_objects as go
import pytest

from invariance.figures.curves import training_curves
from invariance.figures.heatmap import sens_heatmap
from invariance.figures.palette import contrast
from invariance.figures.paper import EDGE_PX, HEIGHT_PX, INK, PAPER, TITLE_PX, WIDTH_PX, paper_json
from invariance.figures.what_if import what_if_cells
from tests.figures.test_what_if import REPORT

CURVE = pd.DataFrame({"step": [1, 2], "name": "train_accuracy", "value": [0.1, 0.5]})
CELLS = pd.DataFrame({"model": ["a", "a"], "transform": ["rotate", "hue"], "sens": [0.1, 0.9]})
FIGURES = {
    "curves": training_curves({"one run": CURVE}, "train_accuracy", colours=["#111111"]),
    "what-if": what_if_cells(REPORT),
    "heatmap": sens_heatmap(CELLS),
}


def test_ground_text_title_and_size() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1], y=[1, 2]))
    figure.update_layout(height=300, margin={"l": 8, "r": 8, "t": 28, "b": 10})
    found = json.loads(paper_json(figure, title="a < b & c"))["layout"]
    assert (found["paper_bgcolor"], found["plot_bgcolor"], found["font"]["color"]) == (PAPER, PAPER, INK)
    assert contrast(INK, PAPER) > 7
    assert found["title"]["text"] == "a &lt; b &amp; c"
    assert (found["width"], found["height"]) == (WIDTH_PX, 300 + TITLE_PX)
    assert found["margin"] == {"l": 8 + EDGE_PX, "r": 8 + EDGE_PX, "t": 28 + TITLE_PX, "b": 10 + EDGE_PX}


def test_the_page_s_figure_stays_as_it_is() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1], y=[1, 2]))
    before = figure.to_json()
    assert json.loads(paper_json(figure, title="title"))["layout"]["height"] == HEIGHT_PX + TITLE_PX
    assert figure.to_json() == before


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_a_valid_one_with_the_same_data_and_its_axes_named(name: str) -> None:
    found = go.Figure(json.loads(paper_json(FIGURES[name], title="title")))  # raises on a property that Plotly lacks
    assert [trace.type for trace in found.data] == [trace.type for trace in FIGURES[name].data]
    assert len(found.layout.shapes) == len(FIGURES[name].layout.shapes)
    assert found.layout.xaxis.title.text and found.layout.xaxis.title == FIGURES[name].layout.xaxis.title
    assert found.layout.xaxis.automargin and found.layout.yaxis.automargin
