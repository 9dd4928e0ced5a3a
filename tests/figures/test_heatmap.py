"""The heatmap as a figure: values, order, frames, click targets."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from invariance.figures.heatmap import cell_of, sens_heatmap


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [("none", "hue", 0.9), ("none", "rotate", 1.04), ("hue", "hue", 0.071), ("hue", "rotate", math.nan)]
    table = pd.DataFrame(rows, columns=["model", "transform", "sens"])
    return table.assign(sens_conditional=table["sens"] + 0.005)


def test_values_stand_in_the_cells_in_registry_order(table: pd.DataFrame) -> None:
    figure = sens_heatmap(table, models=["hue", "none"], titles={"hue": "hue only"})
    cells, texts, _ = figure.data
    assert list(figure.layout.xaxis.ticktext) == ["rotate", "hue"]
    assert list(figure.layout.yaxis.ticktext) == ["hue only", "none"]
    placed = {(x, y): text for x, y, text in zip(texts.x, texts.y, texts.text, strict=True)}
    assert placed == {(1, 0): ".07", (0, 1): "1.04", (1, 1): ".90"}
    assert cells.z[0, 1] == pytest.approx(0.071)
    assert [annotation.text for annotation in figure.layout.annotations] == ["geometric", "photometric"]
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text and cells.colorbar.title.text
    assert str(cells.z.dtype) == "float32"


def test_click_targets_are_invisible_and_name_the_cell(table: pd.DataFrame) -> None:
    targets = sens_heatmap(table).data[2]
    assert targets.marker.opacity == targets.selected.marker.opacity == targets.unselected.marker.opacity == 0
    assert targets.hoverinfo != "skip"
    assert [list(data) for data in targets.customdata] == [["none", "rotate"], ["none", "hue"], ["hue", "hue"]]
    assert [(x, y) for x, y in zip(targets.x, targets.y, strict=True)] == [(0, 0), (1, 0), (1, 1)]
    assert cell_of([{"x": 1, "y": 0, "customdata": ["none", "hue"]}]) == ("none", "hue")
    assert cell_of([]) is None
    assert cell_of([{"x": 1, "y": 0}]) is None


def test_trained_cells_get_a_frame_and_the_selected_one_a_thicker_one(table: pd.DataFrame) -> None:
    figure = sens_heatmap(table, trained_on={"hue": ("hue",)}, selected=("none", "rotate"))
    frames = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    centres = {((shape.x0 + shape.x1) / 2, (shape.y0 + shape.y1) / 2): shape.line.width for shape in frames}
    assert centres == {(1.0, 1.0): 1.5, (0.0, 0.0): 2.5}


def test_the_conditional_score_is_another_column(table: pd.DataFrame) -> None:
    figure = sens_heatmap(table, score="sens_conditional")
    assert figure.data[0].colorbar.title.text == "conditional sens-score"
    assert figure.data[0].z[0, 1] == pytest.approx(0.905)
