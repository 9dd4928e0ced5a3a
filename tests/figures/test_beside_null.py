"""Points of scores beside their null hold the table's numbers."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from invariance.figures.beside_null import scores_beside_null

TITLES = {"mass": "relevance", "rank": "pixels"}
TABLE = pd.DataFrame(
    {
        "model": ["first", "first", "a <b>", "a <b>", "a <b>"],
        "score": ["mass", "rank", "mass", "rank", "other"],
        "mean": [0.6, 0.5, 0.4, 0.3, 9.0],
        "low": [0.5, math.nan, 0.3, 0.2, 9.0],
        "high": [0.8, math.nan, 0.5, 0.4, 9.0],
        "null": [0.35, 0.3, 0.3, 0.25, 9.0],
        "null_low": [0.3, 0.2, 0.2, 0.2, 9.0],
        "null_high": [0.4, 0.35, 0.4, 0.3, 9.0],
    }
)
COLOURS = ("#111111", "#222222")
COLUMNS = {"at": "score", "score": "mean", "ends": ("low", "high"), "axis_title": "share", "colours": COLOURS}


def test_a_filled_and_a_hollow_point_for_each_score_of_each_network() -> None:
    figure = scores_beside_null(TABLE, TITLES, **COLUMNS, null_title="others")
    first, null, second, _ = figure.data
    assert list(first.x) == ["relevance", "pixels"] and list(first.y) == [0.6, 0.5]
    assert first.error_y.array[0] == pytest.approx(0.2) and first.error_y.arrayminus[0] == pytest.approx(0.1)
    assert first.text == ("0.60 [0.50, 0.80]", "0.50")
    assert list(null.y) == [0.35, 0.3] and null.error_y.array[0] == pytest.approx(0.05)
    assert (null.name, null.marker.symbol) == ("first: others", "circle-open") and first.marker.symbol == "circle"
    assert len({trace.offsetgroup for trace in figure.data}) == 4, "side by side, so that none hides another"
    assert (first.marker.color, second.marker.color) == COLOURS and "&lt;" in second.hovertemplate
    assert list(second.y) == [0.4, 0.3], "what has no title is not shown"


def test_a_null_without_interval_and_a_table_without_null() -> None:
    null = scores_beside_null(
        TABLE.drop(columns=["null_low", "null_high"]), TITLES, **COLUMNS, null_title="others"
    ).data[1]
    assert null.error_y.array is None, "no caps across the point"
    assert len(scores_beside_null(TABLE.drop(columns="null"), TITLES, **COLUMNS).data) == 2
