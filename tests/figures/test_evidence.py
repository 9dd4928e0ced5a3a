"""Bars of Shapley values hold the table's numbers."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from invariance.figures.evidence import evidence_bars
from invariance.figures.palette import CATEGORICAL

TABLE = pd.DataFrame(
    {
        "model": ["first", "first", "a <b>", "a <b>"],
        "player": ["object", "sticker"] * 2,
        "shapley": [2.0, -1.0, 0.5, 0.0],
        "low": [1.5, -1.2, 0.1, -0.1],
        "high": [2.6, -0.9, 0.7, 0.2],
    }
)


def test_a_bar_for_each_part_and_network_with_its_interval() -> None:
    first, second = evidence_bars(TABLE, title="logits").data
    assert list(first.x) == ["object", "sticker"] and list(first.y) == [2.0, -1.0] and first.name == "first"
    assert list(first.error_y.array) == pytest.approx([0.6, 0.1]) and list(second.y) == [0.5, 0.0]
    assert list(first.error_y.arrayminus) == pytest.approx([0.5, 0.2])
    assert (first.marker.color, second.marker.color) == CATEGORICAL[:2]
    assert "&lt;" in second.hovertemplate and first.text is None


def test_without_intervals_there_are_no_whiskers() -> None:
    for table in (TABLE.drop(columns=["low", "high"]), TABLE.assign(low=math.nan, high=math.nan)):
        bars = evidence_bars(table, title="logits")
        assert bars.data[0].error_y.array is None and list(bars.data[0].text) == ["+2.0", "−1.0"]
        low, high = bars.layout.yaxis.range
        assert low < -1.0 and high > 2.0, "there is room for the numbers"
