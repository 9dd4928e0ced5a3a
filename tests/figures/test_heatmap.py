"""The heatmap as a figure: values, order, frames, click targets."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from invariance.figures.heatmap import cell_of, interval_text, sens_heatmap
from invariance.figures.palette import SELECTED_PX, TRAINED_PX, colour_at, contrast


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
    assert placed == {(1, 0): "0.07", (0, 1): "1.04", (1, 1): "0.90"}
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
    assert centres == {(1.0, 1.0): TRAINED_PX, (0.0, 0.0): SELECTED_PX - 3.5}


def test_references_come_last_below_a_rule(table: pd.DataFrame) -> None:
    figure = sens_heatmap(table, apart=["none"], titles={"none": "untrained · 3 %"})
    assert list(figure.layout.yaxis.ticktext) == ["hue", "untrained · 3 %"]
    rules = [shape for shape in figure.layout.shapes if shape.type == "line" and shape.y0 == shape.y1]
    assert [(rule.x0, rule.x1, rule.y0) for rule in rules] == [(-0.5, 1.5, 0.5)]
    for apart in ([], ["none", "hue"]):
        shapes = sens_heatmap(table, apart=apart).layout.shapes
        assert not any(shape.type == "line" and shape.y0 == shape.y1 for shape in shapes)


def test_the_conditional_score_is_another_column(table: pd.DataFrame) -> None:
    figure = sens_heatmap(table, score="sens_conditional")
    assert figure.data[0].colorbar.title.text == "conditional sens-score"
    assert figure.data[0].z[0, 1] == pytest.approx(0.905)


def test_purple_is_invariant_for_every_measure(table: pd.DataFrame) -> None:
    ends = {}
    for score in ("sens", "cka"):
        cells, texts, _ = sens_heatmap(table.assign(cka=table["sens"]), score=score).data
        scale = [(float(stop), str(colour)) for stop, colour in cells.colorscale]
        assert [stop for stop, _ in scale] == [0, 0.25, 0.5, 0.75, 1]
        ends[score] = (scale[0][1], scale[-1][1])
        for row, column, colour in zip(texts.y, texts.x, texts.textfont.color, strict=True):
            assert contrast(colour, colour_at(float(cells.z[row, column]), scale)) >= 4.5
    assert ends["cka"] == ends["sens"][::-1]


def test_the_interval_is_shown_on_hovering_where_the_table_has_it(table: pd.DataFrame) -> None:
    plain = sens_heatmap(table).data[2].text
    assert plain[0] == "none<br>rotate: 1.040"
    low = [math.nan, 0.98, 0.05, math.nan]
    shown = sens_heatmap(table.assign(sens_low=low, sens_high=table["sens"] + 0.1)).data[2].text
    assert shown[0] == "none<br>rotate: 1.040<br>95 % interval 0.98 to 1.14"
    assert shown[1] == "none<br>hue: 0.900"
    assert sens_heatmap(table.assign(sens_low=low)).data[2].text == plain
    assert interval_text(0.1, 0.25) == "95 % interval 0.10 to 0.25" and interval_text(math.nan, 1.0) == ""
