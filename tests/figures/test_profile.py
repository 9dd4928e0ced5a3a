"""Measures by depth and by magnitude, as figures."""

from __future__ import annotations

import pandas as pd
import pytest

from invariance.figures.profile import layer_figure, magnitude_figure

COLOURS = {"hue": "#111111", "untrained": "#222222"}


@pytest.fixture
def layers() -> pd.DataFrame:
    rows = [
        ("hue", "pixels", 0.4, 0.3, 0.6, 0.9),
        ("hue", "block1", 0.1, 0.05, 0.2, 0.95),
        ("untrained", "pixels", 0.4, 0.3, 0.6, 0.9),
        ("untrained", "block1", 0.3, 0.25, 0.4, 0.8),
    ]
    return pd.DataFrame(rows, columns=["model", "layer", "sens", "sens_low", "sens_high", "cka"])


@pytest.fixture
def curve() -> pd.DataFrame:
    rows = [("hue", -0.5, 0.2, 0.1, 0.3), ("hue", 0.0, 0.0, 0.0, 0.0), ("hue", 0.5, 0.4, 0.3, 0.6)]
    return pd.DataFrame(rows, columns=["model", "magnitude", "distance", "low", "high"])


def test_a_line_for_each_model_with_its_interval(layers: pd.DataFrame) -> None:
    figure = layer_figure(layers, colours=COLOURS, titles={"hue": "trained on hue"})
    first, second = figure.data
    assert (first.name, second.name) == ("trained on hue", "untrained")
    assert list(first.x) == ["pixels", "block1"] and list(second.y) == [0.4, 0.3]
    assert list(first.error_y.array) == pytest.approx([0.2, 0.1])
    assert list(first.error_y.arrayminus) == pytest.approx([0.1, 0.05])
    assert first.text[1] == "0.100<br>95 % interval 0.05 to 0.20"
    looks = {(trace.line.color, trace.line.dash, trace.marker.symbol) for trace in figure.data}
    assert looks == {("#111111", "solid", "circle"), ("#222222", "dot", "diamond")}
    assert "sens-score" in figure.layout.yaxis.title.text


def test_a_measure_without_interval_has_no_error_bars(layers: pd.DataFrame) -> None:
    figure = layer_figure(layers, colours=COLOURS, score="cka")
    assert list(figure.data[0].y) == [0.9, 0.95] and figure.data[0].text[0] == "0.900"
    assert figure.data[0].error_y.array is None


def test_a_curve_lies_in_its_band_and_the_trained_range_is_shaded(curve: pd.DataFrame) -> None:
    figure = magnitude_figure(curve, colours=COLOURS, axis_title="angle (°)", trained=(-0.3, 0.3))
    high, low, line = figure.data
    assert (list(high.y), list(low.y)) == ([0.3, 0.0, 0.6], [0.1, 0.0, 0.3])
    assert low.fill == "tonexty" and not high.showlegend and line.name == "hue"
    assert figure.layout.xaxis.title.text == "angle (°)"
    (shade,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (shade.x0, shade.x1) == (-0.3, 0.3)
    assert [annotation.text for annotation in figure.layout.annotations] == ["what the data set draws"]


def test_angles_have_quarter_turns_below_them(curve: pd.DataFrame) -> None:
    turned = curve.assign(magnitude=360 * curve["magnitude"])
    assert magnitude_figure(turned, colours=COLOURS, axis_title="angle (°)", trained=None).layout.xaxis.dtick == 90
    assert magnitude_figure(turned, colours=COLOURS, axis_title="shift (px)", trained=None).layout.xaxis.dtick is None
    assert magnitude_figure(curve, colours=COLOURS, axis_title="angle (°)", trained=None).layout.xaxis.dtick is None


def test_where_everything_was_drawn_nothing_is_shaded(curve: pd.DataFrame) -> None:
    figure = magnitude_figure(curve, colours=COLOURS, axis_title="angle (°)", trained=None)
    assert not [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert not figure.layout.annotations
