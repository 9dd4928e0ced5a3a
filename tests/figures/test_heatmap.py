"""The heatmap as a figure: values, order, frames, what is told of a cell."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from invariance.figures.heatmap import heatmap_in_words, interval_text, sens_heatmap, sens_legend
from invariance.figures.palette import SELECTED_PX, TEXT_PX, TRAINED_PX, colour_at, contrast


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [("none", "hue", 0.9), ("none", "rotate", 1.04), ("hue", "hue", 0.071), ("hue", "rotate", math.nan)]
    table = pd.DataFrame(rows, columns=["model", "transform", "sens"])
    return table.assign(sens_conditional=table["sens"] + 0.005)


def test_values_stand_in_the_cells_in_registry_order(table: pd.DataFrame) -> None:
    figure = sens_heatmap(table, models=["hue", "none"], titles={"hue": "hue only"})
    cells, texts = figure.data
    assert list(figure.layout.xaxis.ticktext) == ["rotate", "hue"]
    assert list(figure.layout.yaxis.ticktext) == ["hue only", "none"]
    placed = {(x, y): text for x, y, text in zip(texts.x, texts.y, texts.text, strict=True)}
    assert placed == {(1, 0): "0.07", (0, 1): "1.04", (1, 1): "0.90"}
    assert cells.z[0, 1] == pytest.approx(0.071)
    assert [annotation.text for annotation in figure.layout.annotations] == ["geometric", "photometric"]
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text and cells.colorbar.title.text
    assert str(cells.z.dtype) == "float32" and figure.layout.xaxis.side == "top"
    assert figure.layout.meta == {"rows": ["hue", "none"], "columns": ["rotate", "hue"]}
    assert min(texts.textfont.size, cells.colorbar.tickfont.size or TEXT_PX) >= 12


def test_what_is_seen_is_told_in_words(table: pd.DataFrame) -> None:
    assert heatmap_in_words(table, "sens", {"hue": ("hue",)}, {"none": "nothing"}) == (
        "sens-score: 2 networks (rows) by 2 transformations (columns). Lowest: 0.07, hue for hue. "
        "Highest: 1.04, nothing for rotate. Mean of what networks were trained on 0.07, of the rest 0.97."
    )
    assert "Lowest" not in heatmap_in_words(table.assign(sens=math.nan), "sens", {}, {})


def test_frames_show_on_every_colour() -> None:
    values = [0.0, 0.5, 1.0]
    rows = pd.DataFrame({"model": "all", "transform": ["rotate", "hue", "blur"], "sens": values})
    figure = sens_heatmap(rows, trained_on={"all": ("rotate", "hue", "blur")})
    scale = [tuple(stop) for stop in figure.data[0].colorscale]
    colours = [shape.line.color for shape in figure.layout.shapes if shape.type == "rect"]
    assert len(colours) == 3
    assert min(contrast(colour, colour_at(value, scale)) for colour, value in zip(colours, values, strict=True)) >= 4.5
    selected = [shape.line.color for shape in sens_heatmap(rows, selected=("all", "hue")).layout.shapes][-2:]
    assert contrast(*selected) > 15, "dark around light, one of which stands out anywhere"


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
        cells, texts = sens_heatmap(table.assign(cka=table["sens"]), score=score).data
        scale = [(float(stop), str(colour)) for stop, colour in cells.colorscale]
        assert [stop for stop, _ in scale] == [0, 0.25, 0.5, 0.75, 1]
        ends[score] = (scale[0][1], scale[-1][1])
        for row, column, colour in zip(texts.y, texts.x, texts.textfont.color, strict=True):
            assert contrast(colour, colour_at(float(cells.z[row, column]), scale)) >= 4.5
    assert ends["cka"] == ends["sens"][::-1]
    assert sens_legend("sens")["bar"] == sens_legend("cka")["bar"][::-1]
    assert "invariant" in sens_legend("sens")["low"] and "invariant" in sens_legend("cka")["high"]


def test_the_interval_is_shown_on_hovering_where_the_table_has_it(table: pd.DataFrame) -> None:
    def told(table: pd.DataFrame) -> list[str]:
        return [text for row in sens_heatmap(table).data[0].text for text in row]

    assert told(table) == ["none<br>rotate: 1.040", "none<br>hue: 0.900", "", "hue<br>hue: 0.071"]
    low = [math.nan, 0.98, 0.05, math.nan]
    shown = told(table.assign(sens_low=low, sens_high=table["sens"] + 0.1))
    assert shown[0] == "none<br>rotate: 1.040<br>95 % interval 0.98 to 1.14"
    assert shown[1] == "none<br>hue: 0.900"
    assert told(table.assign(sens_low=low)) == told(table)
    assert interval_text(0.1, 0.25) == "95 % interval 0.10 to 0.25" and interval_text(math.nan, 1.0) == ""
